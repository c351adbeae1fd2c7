"""Stock and dispense compared to the unit, after every event has been carried."""

from uuid import UUID

from shared.database import Sql
from tests.dispense.clinic import OwnClinic

# What a line's reservation of a lot still holds, and what has been given of it. Both services tell it; a row
# with neither is left out, for units that dispense released at once never stand in its escrow.
RESERVED_IN_STOCK = """
SELECT reference, lot_id, units - taken_units - released_units AS left_units, taken_units AS given_units
FROM reservation
WHERE clinic_id = $1
"""
ESCROW_IN_DISPENSE = """
SELECT visit_line.reference, escrow.lot_id,
       escrow.reserved_units - escrow.given_units - escrow.released_units AS left_units, escrow.given_units
FROM escrow
JOIN visit_line USING (line_id)
WHERE escrow.clinic_id = $1
"""
LOTS = "SELECT lot_id, reserved, dispensed FROM lot WHERE clinic_id = $1"
UNITS_LOST = """
SELECT lot_id
FROM lot
WHERE clinic_id = $1
    AND donated + received_from_clinic + found + recast_in
        <> quarantine + shelf + reserved + in_transit + dispensed + sent + expired + destroyed + lost + recast_out
"""
MISCOUNTED_ESCROW = """
SELECT escrow.line_id
FROM escrow
LEFT JOIN (
    SELECT line_id, lot_id, sum(units) AS units FROM dispensed WHERE undone_at IS NULL GROUP BY line_id, lot_id
) AS given USING (line_id, lot_id)
WHERE escrow.clinic_id = $1 AND escrow.given_units <> coalesce(given.units, 0)
"""
MISCOUNTED_SUPPLY = """
SELECT supply.supply_id
FROM supply
LEFT JOIN (
    SELECT supply_id, sum(units) AS units FROM dispensed WHERE undone_at IS NULL GROUP BY supply_id
) AS given USING (supply_id)
WHERE supply.clinic_id = $1
    AND (supply.given_units <> coalesce(given.units, 0) OR (supply.voided_at IS NOT NULL AND supply.given_units > 0))
"""
MISCOUNTED_OWED = """
SELECT owed.supply_id
FROM owed
JOIN supply USING (supply_id)
WHERE owed.clinic_id = $1 AND owed.state = 'open' AND owed.units <> supply.needed_units - supply.given_units
"""
STUCK = """
SELECT reason, detail FROM inbox_waiting WHERE convert_from(envelope, 'UTF8')::jsonb ->> 'clinic_id' = $1::text
"""


async def agree(clinic: OwnClinic) -> None:
    """Carry all that waits; then both ledgers say the same of every reservation and lot, and nothing is parked."""
    await clinic.carry()
    for name, database in clinic.databases.items():
        stuck = await database.pool.fetch(STUCK, str(clinic.clinic_id))
        assert not stuck, f"{name} could not apply: {stuck}"
    async with clinic.work_at("stock").reading() as tx:
        stock = await _reservations(tx.sql, RESERVED_IN_STOCK, clinic.clinic_id)
        lots = {row["lot_id"]: row for row in await tx.sql.fetch(LOTS, clinic.clinic_id)}
        assert not await tx.sql.fetch(UNITS_LOST, clinic.clinic_id)
    async with clinic.work.reading() as tx:
        dispense = await _reservations(tx.sql, ESCROW_IN_DISPENSE, clinic.clinic_id)
        for miscounted in (MISCOUNTED_ESCROW, MISCOUNTED_SUPPLY, MISCOUNTED_OWED):
            assert not await tx.sql.fetch(miscounted, clinic.clinic_id), miscounted
    assert stock == dispense
    for lot_id, lot in lots.items():
        held = [units for (_, of_lot), units in dispense.items() if of_lot == lot_id]
        assert lot["reserved"] == sum(left for left, _ in held)
        assert lot["dispensed"] == sum(given for _, given in held)


async def _reservations(sql: Sql, query: str, clinic_id: UUID) -> dict[tuple[UUID, UUID], tuple[int, int]]:
    """{(reference, lot): (units left, units given)}"""
    rows = await sql.fetch(query, clinic_id)
    return {
        (row["reference"], row["lot_id"]): (row["left_units"], row["given_units"])
        for row in rows
        if row["left_units"] or row["given_units"]
    }
