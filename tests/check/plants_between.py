"""Differences planted between two services, and between two clinics."""

from deploy.check import Kind
from tests.check.plants import A_LOT, AGREED_ONLY, ONE_DONATED, OPEN_ESCROW, Plant

BETWEEN_DONATIONS_AND_STOCK = [
    Plant(
        "a donated movement of another line",
        "stock",
        f"UPDATE movement SET cause_id = gen_random_uuid() {ONE_DONATED}",
        {Kind.DONATED_LINE},
    ),
    Plant(
        "a donated movement of no line",
        "stock",
        f"UPDATE movement SET cause_id = NULL {ONE_DONATED}",
        {Kind.DONATED_LINE},
    ),
    Plant(
        "a donated movement that is gone",
        "stock",
        f"DELETE FROM movement {ONE_DONATED}",
        {Kind.DONATED_LINE, Kind.LEDGER},
    ),
    Plant(
        "other units accepted than taken in",
        "donations",
        "UPDATE line SET accepted_units = accepted_units + 1 WHERE line_number = 1",
        {Kind.DONATED_LINE, Kind.DONATED_LOT},
    ),
    Plant(
        "another lot accepted than taken in",
        "donations",
        "UPDATE line SET checked_opened = NOT checked_opened WHERE line_number = 2",
        {Kind.DONATED_LINE, Kind.DONATED_LOT},
    ),
    Plant(
        "a line accepted without a word to stock",
        "donations",
        "UPDATE line SET state = 'accepted', accepted_units = units WHERE state = 'held'",
        {Kind.DONATED_LINE, Kind.DONATED_LOT},
    ),
    Plant(
        "more in the lot than was accepted",
        "stock",
        f"UPDATE lot SET donated = donated + 1, shelf = shelf + 1 {A_LOT}",
        {Kind.DONATED_LOT, Kind.LEDGER},
    ),
]
BETWEEN_STOCK_AND_DISPENSE = [
    Plant(
        "a request that nobody answers",
        "dispense",
        "UPDATE request SET state = 'asked' WHERE request_id = (SELECT request_id FROM request LIMIT 1)",
        {Kind.REQUEST},
    ),
    Plant(
        "a request that stock never heard",
        "dispense",
        """
        INSERT INTO request (request_id, clinic_id, day_id, asked_at)
        SELECT gen_random_uuid(), clinic_id, day_id, now() FROM pharmacy_day LIMIT 1
        """,
        {Kind.REQUEST},
    ),
    Plant(
        "an abandoned request that stock goes on with",
        "stock",
        "UPDATE request SET state = 'answered' WHERE state = 'abandoned'",
        {Kind.REQUEST},
    ),
    Plant(
        "more in escrow than reserved",
        "dispense",
        f"UPDATE escrow SET reserved_units = reserved_units + 1 {OPEN_ESCROW}",
        {Kind.ESCROW},
    ),
    Plant(
        "units given that stock has not taken out",
        "dispense",
        f"UPDATE escrow SET given_units = given_units + 1 {OPEN_ESCROW}",
        {Kind.ESCROW, Kind.GIVEN},
    ),
    Plant(
        "an escrow that is gone",
        "dispense",
        f"DELETE FROM escrow {OPEN_ESCROW}",
        {Kind.ESCROW},
    ),
    Plant(
        "units taken out that nobody gave",
        "stock",
        """
        UPDATE reservation SET taken_units = taken_units + 1
        WHERE (reference, lot_id) = (
            SELECT reference, lot_id FROM reservation
            WHERE holder = 'visit_line' AND units > taken_units + released_units
            LIMIT 1
        )
        """,
        {Kind.ESCROW, Kind.RESERVED, Kind.RESERVATION_MOVEMENTS},
    ),
    Plant(
        "units released that dispense never sent back",
        "dispense",
        "DELETE FROM outbox WHERE subject = 'cell.dispense.reservation_released.v1'",
        {Kind.ESCROW},
    ),
    Plant(
        "an escrow of another lot",
        "dispense",
        f"UPDATE escrow SET batch = 'OTHER' {OPEN_ESCROW}",
        {Kind.ESCROW_LOT},
    ),
    Plant(
        "a held lot that dispense calls free",
        "dispense",
        "UPDATE lot_state SET held_reason = NULL",
        {Kind.LOT_STATE},
    ),
    Plant(
        "a free lot that dispense calls held",
        "stock",
        "UPDATE lot SET held_at = NULL, held_reason = NULL",
        {Kind.LOT_STATE},
    ),
]
BETWEEN_TWO_CLINICS = [
    Plant(
        "a side that is behind",
        "stock",
        "UPDATE transfer SET state = 'agreed' WHERE side = 'asking' AND state = 'declined'",
        {Kind.TRANSFER_STATE},
    ),
    Plant(
        "a request that the other clinic never heard",
        "stock",
        """
        WITH lost AS (SELECT clinic_id, transfer_id FROM transfer WHERE side = 'sending' AND state = 'requested'),
        steps AS (DELETE FROM transfer_step WHERE (clinic_id, transfer_id) IN (TABLE lost)),
        lines AS (DELETE FROM transfer_line WHERE (clinic_id, transfer_id) IN (SELECT clinic_id, transfer_id FROM lost))
        DELETE FROM transfer WHERE (clinic_id, transfer_id) IN (SELECT clinic_id, transfer_id FROM lost)
        """,
        {Kind.TRANSFER_STATE},
    ),
    Plant(
        "fewer units agreed on one side",
        "stock",
        f"""
        UPDATE transfer_line SET agreed_units = 1
        FROM transfer
        WHERE transfer_line.clinic_id = transfer.clinic_id AND transfer_line.transfer_id = transfer.transfer_id
            AND transfer.side = 'asking' AND transfer.transfer_id IN ({AGREED_ONLY})
        """,
        {Kind.TRANSFER_LINE},
    ),
    Plant(
        "another count on one side",
        "stock",
        """
        UPDATE transfer_lot SET counted_units = 10
        WHERE counted_units = 11 AND clinic_id IN (SELECT clinic_id FROM transfer WHERE side = 'sending')
        """,
        {Kind.TRANSFER_LOT},
    ),
    Plant(
        "a lot that was shipped and is not awaited",
        "stock",
        """
        DELETE FROM transfer_lot
        WHERE counted_units = 11 AND clinic_id IN (SELECT clinic_id FROM transfer WHERE side = 'asking')
        """,
        {Kind.TRANSFER_LOT, Kind.RECEIVED},
    ),
    Plant(
        "more agreed than set apart",
        "stock",
        f"UPDATE transfer_line SET agreed_units = 3 WHERE transfer_id IN ({AGREED_ONLY})",
        {Kind.TRANSFER_AGREED},
    ),
    Plant(
        "agreed, and nothing is set apart any more",
        "stock",
        "UPDATE transfer SET state = 'agreed' WHERE state = 'declined'",
        {Kind.TRANSFER_RESERVED},
    ),
    Plant(
        "units in transit with no transfer",
        "stock",
        f"UPDATE lot SET shelf = shelf - 1, in_transit = in_transit + 1 {A_LOT}",
        {Kind.IN_TRANSIT, Kind.LEDGER},
    ),
    Plant(
        "closed while a unit is missing",
        "stock",
        "UPDATE transfer SET state = 'closed' WHERE state = 'received'",
        {Kind.IN_TRANSIT, Kind.SENT},
    ),
    Plant(
        "sent for another transfer",
        "stock",
        "UPDATE movement SET cause_id = gen_random_uuid() WHERE to_account = 'sent'",
        {Kind.SENT},
    ),
    Plant(
        "a count that the movements don't show",
        "stock",
        "UPDATE transfer_lot SET counted_units = 8 WHERE counted_units = 9",
        {Kind.RECEIVED, Kind.SENT, Kind.IN_TRANSIT},
    ),
    Plant(
        "found for another transfer",
        "stock",
        "UPDATE movement SET cause_id = gen_random_uuid() WHERE from_account = 'found'",
        {Kind.RECEIVED},
    ),
]
