"""Differences planted inside one service, and in what a service knows of another."""

from deploy.check import Kind
from tests.check.plants import A_LOT, AGREED_ONLY, OPEN_ESCROW, Plant

IN_STOCK = [
    Plant(
        "units in another account",
        "stock",
        f"UPDATE lot SET shelf = shelf - 1, quarantine = quarantine + 1 {A_LOT}",
        {Kind.LEDGER},
    ),
    Plant(
        "a lot without movements",
        "stock",
        """
        INSERT INTO lot (lot_id, clinic_id, product_id, batch, expires_on, opened, found, shelf)
        SELECT gen_random_uuid(), clinic_id, product_id, 'NEW', expires_on, opened, 5, 5 FROM lot LIMIT 1
        """,
        {Kind.LEDGER},
    ),
    Plant(
        "a movement that is gone",
        "stock",
        "DELETE FROM movement WHERE business_step = 'holding'",
        {Kind.LEDGER},
    ),
    Plant(
        "units of a movement changed",
        "stock",
        "UPDATE movement SET units = units + 1 WHERE to_account = 'lost'",
        {Kind.LEDGER},
    ),
    Plant(
        "a reversal of another movement",
        "stock",
        """
        UPDATE movement SET reverses = (SELECT min(movement_id) FROM movement)
        WHERE movement_id = (SELECT max(movement_id) FROM movement WHERE reverses IS NOT NULL)
        """,
        {Kind.REVERSAL},
    ),
    Plant(
        "half a recast",
        "stock",
        "UPDATE movement SET operation_id = gen_random_uuid() WHERE from_account = 'recast'",
        {Kind.RECAST},
    ),
    Plant(
        "units reserved for nobody",
        "stock",
        f"UPDATE lot SET shelf = shelf - 1, reserved = reserved + 1 {A_LOT}",
        {Kind.LEDGER, Kind.RESERVED},
    ),
    Plant(
        "a movement made for another reservation",
        "stock",
        f"""
        UPDATE movement SET cause_id = gen_random_uuid()
        WHERE to_account = 'reserved' AND cause_id IN (
            SELECT side_id FROM transfer WHERE side = 'sending' AND transfer_id IN ({AGREED_ONLY})
        )
        """,
        {Kind.RESERVATION_MOVEMENTS},
    ),
    Plant(
        "more told to others than is there",
        "stock",
        f"""
        INSERT INTO surplus (surplus_id, clinic_id, lot_id, units, offered_by, offered_at)
        SELECT gen_random_uuid(), clinic_id, lot_id, shelf + 1, gen_random_uuid(), now() FROM lot {A_LOT}
        """,
        {Kind.SURPLUS},
    ),
]
IN_DISPENSE = [
    Plant(
        "units of a dropped line",
        "dispense",
        f"UPDATE visit_line SET state = 'dropped' WHERE line_id IN (SELECT line_id FROM escrow {OPEN_ESCROW})",
        {Kind.ESCROW_LEFT},
    ),
    Plant(
        "units of a closed day",
        "dispense",
        "UPDATE pharmacy_day SET state = 'closed', closed_at = now()",
        {Kind.ESCROW_LEFT},
    ),
    Plant(
        "units of a held lot",
        "dispense",
        f"INSERT INTO lot_state SELECT lot_id, clinic_id, 'wet' FROM escrow {OPEN_ESCROW}",
        {Kind.ESCROW_LEFT, Kind.LOT_STATE},
    ),
    Plant(
        "units dispensed of another lot",
        "dispense",
        "UPDATE dispensed SET lot_id = gen_random_uuid() WHERE undone_at IS NULL",
        {Kind.GIVEN},
    ),
    Plant(
        "something given that is gone",
        "dispense",
        "DELETE FROM dispensed WHERE undone_at IS NULL",
        {Kind.GIVEN, Kind.SUPPLY},
    ),
    Plant(
        "a supply that counts too much",
        "dispense",
        "UPDATE supply SET needed_units = needed_units + 1, given_units = given_units + 1 WHERE voided_at IS NULL",
        {Kind.SUPPLY},
    ),
    Plant(
        "more owed than is missing",
        "dispense",
        "UPDATE owed SET units = units + 1 WHERE state = 'open'",
        {Kind.OWED},
    ),
    Plant("nothing owed though units are missing", "dispense", "DELETE FROM owed", {Kind.OWED}),
]
OF_THE_REGISTRY = [
    Plant(what, service, statement, {Kind.PROJECTION})
    for what, service, statement in (
        ("clinic", "dispense", "UPDATE clinic SET phone = '1'"),
        ("partnership", "donations", "DELETE FROM partnership"),
        ("person", "dispense", "UPDATE person SET display_name = 'Somebody'"),
        ("delegation", "donations", "UPDATE delegation SET ended_at = NULL"),
        ("ended session", "dispense", "DELETE FROM ended_session"),
        ("binding", "dispense", "UPDATE gtin_binding SET units_per_pack = 28 WHERE state = 'confirmed'"),
        ("binding that is missing", "donations", "DELETE FROM gtin_binding WHERE state = 'refused'"),
        ("policy", "donations", "UPDATE policy SET value = '20' WHERE name = 'supply_days_usual'"),
        (
            "policy that was never decided",
            "dispense",
            "INSERT INTO policy SELECT clinic_id, 'x', '1', clinic_id FROM clinic",
        ),
        ("product", "dispense", "UPDATE product SET controlled = NOT controlled"),
        ("product's facts", "donations", 'UPDATE product SET facts = facts || \'{"name": "x"}\''),
        ("pack", "dispense", "UPDATE pack SET units_per_pack = units_per_pack + 1"),
        ("override", "donations", "UPDATE product_override SET controlled = NULL"),
    )
]
OF_EVENTS = [
    Plant(
        "an event passed over",
        "stock",
        "DELETE FROM inbox WHERE event_id = (SELECT event_id FROM inbox ORDER BY event_id LIMIT 1)",
        {Kind.EVENT_PASSED_OVER},
    ),
    Plant(
        "a producer from a backup",
        "dispense",
        "UPDATE outbox_aggregate SET version = version - 1 WHERE version > 1",
        {Kind.EVENT_UNKNOWN},
    ),
    Plant(
        "events of nobody",
        "stock",
        "INSERT INTO inbox_aggregate (producer, aggregate_id, version) VALUES ('dispense', gen_random_uuid(), 1)",
        {Kind.EVENT_UNKNOWN},
    ),
]
