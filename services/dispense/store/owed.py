"""What is owed of a supply: it was short, or given in part."""

from datetime import date
from uuid import UUID

from msgspec import Struct

from shared.database import Transaction

LAPSE_OWED = """
UPDATE owed
SET state = 'lapsed', changed_at = $3
FROM supply
WHERE owed.clinic_id = $1 AND owed.supply_id = supply.supply_id AND owed.state = 'open'
    AND upper(supply.days) <= $2
"""


async def lapse_owed(tx: Transaction, day_on: date) -> None:
    """What was owed for days that are over is owed no more."""
    await tx.sql.execute(LAPSE_OWED, tx.clinic_id, day_on, tx.now)


# What is less than needed is owed; what has been made up is owed no more.
SETTLE_OWED = """
INSERT INTO owed AS known (supply_id, clinic_id, units, reason, state, changed_at)
SELECT supply.supply_id, $1, supply.needed_units - supply.given_units,
       CASE WHEN given.short THEN 'short' ELSE 'given_in_part' END, 'open', $4
FROM unnest($2::uuid[], $3::boolean[]) AS given (supply_id, short)
JOIN supply USING (supply_id)
WHERE supply.clinic_id = $1 AND supply.needed_units > supply.given_units AND supply.voided_at IS NULL
ON CONFLICT (supply_id) DO UPDATE
SET units = excluded.units, reason = excluded.reason, state = 'open', changed_at = excluded.changed_at
WHERE known.state <> 'cancelled'
"""
CLOSE_OWED = """
UPDATE owed
SET units = 0, state = CASE WHEN supply.voided_at IS NULL THEN 'given' ELSE 'undone' END, changed_at = $3
FROM supply
WHERE owed.clinic_id = $1
    AND owed.supply_id = ANY($2)
    AND supply.supply_id = owed.supply_id
    AND (supply.needed_units = supply.given_units OR supply.voided_at IS NOT NULL)
    AND owed.state = 'open'
"""


async def settle_owed(tx: Transaction, supplies: dict[UUID, bool]) -> None:
    """Bring what is owed into line with what was given: {supply: whether it was short at the clinic}."""
    await tx.sql.execute(SETTLE_OWED, tx.clinic_id, list(supplies), list(supplies.values()), tx.now)
    await tx.sql.execute(CLOSE_OWED, tx.clinic_id, list(supplies), tx.now)


class OwedRow(Struct, frozen=True, kw_only=True):
    supply_id: UUID
    patient_id: UUID
    product_id: UUID
    product_name: str
    units: int
    reason: str
    from_on: date
    through_on: date


_OWED = """
SELECT owed.supply_id, supply.patient_id, product.product_id, product.name AS product_name, owed.units, owed.reason,
       lower(supply.days) AS from_on, upper(supply.days) - 1 AS through_on
FROM owed
JOIN supply USING (supply_id)
JOIN therapy_line ON therapy_line.therapy_line_id = supply.therapy_line_id
JOIN product USING (product_id)
WHERE owed.clinic_id = $1 AND owed.state = 'open' AND {which}
ORDER BY upper(supply.days), owed.supply_id
LIMIT $3
"""
OWED = _OWED.format(which="upper(supply.days) > $2 AND ($4::uuid IS NULL OR supply.patient_id = $4)")
# What visits of a day left owed, or topped up without making it whole.
OWED_OF_DAY = _OWED.format(
    which="""owed.supply_id IN (
    SELECT unnest(ARRAY[visit_line.supply_id, visit_line.tops_up])
    FROM visit_line
    JOIN visit USING (visit_id)
    WHERE visit.day_id = $2 AND visit.state = 'served' AND visit_line.state <> 'dropped'
)"""
)
OWED_OF_VISIT = OWED_OF_DAY.replace("visit.day_id = $2 AND visit.state = 'served'", "visit.visit_id = $2")
FIND_OWED = _OWED.format(which="owed.supply_id = $2")
CANCEL_OWED = """
UPDATE owed
SET state = 'cancelled', changed_at = $3
FROM supply
WHERE owed.clinic_id = $1 AND owed.supply_id = $2 AND owed.state = 'open' AND supply.supply_id = owed.supply_id
RETURNING supply.patient_id
"""


async def owed_rows(tx: Transaction, most: int, patient_id: UUID | None = None) -> list[OwedRow]:
    """What is owed, to everybody or to one patient."""
    return [OwedRow(**dict(row)) for row in await tx.sql.fetch(OWED, tx.clinic_id, tx.today, most, patient_id)]


async def owed_of_day(tx: Transaction, day_id: UUID, most: int) -> list[OwedRow]:
    return [OwedRow(**dict(row)) for row in await tx.sql.fetch(OWED_OF_DAY, tx.clinic_id, day_id, most)]


async def owed_of_visit(tx: Transaction, visit_id: UUID, most: int) -> list[OwedRow]:
    return [OwedRow(**dict(row)) for row in await tx.sql.fetch(OWED_OF_VISIT, tx.clinic_id, visit_id, most)]


async def find_owed(tx: Transaction, supply_id: UUID) -> OwedRow | None:
    row = await tx.sql.fetchrow(FIND_OWED, tx.clinic_id, supply_id, 1)
    return OwedRow(**dict(row)) if row else None


async def cancel_owed(tx: Transaction, supply_id: UUID) -> UUID | None:
    """What is owed will not be given. Returns whose it was; None when nothing was owed."""
    patient_id: UUID | None = await tx.sql.fetchval(CANCEL_OWED, tx.clinic_id, supply_id, tx.now)
    return patient_id
