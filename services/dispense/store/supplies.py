"""Which days of a therapy line are supplied, and what was dispensed for them."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from msgspec import Struct

from services.dispense.store.escrow import Handed
from shared.database import Transaction


class NewSupply(Struct, frozen=True, kw_only=True):
    supply_id: UUID
    line_id: UUID
    therapy_line_id: UUID
    from_on: date
    through_on: date
    needed_units: int


ADD_SUPPLY = """
INSERT INTO supply (supply_id, clinic_id, therapy_line_id, patient_id, days, needed_units)
SELECT supply_id, $1, therapy_line_id, $2, daterange(from_on, through_on, '[]'), needed_units
FROM unnest($3::uuid[], $4::uuid[], $5::date[], $6::date[], $7::integer[])
    AS given (supply_id, therapy_line_id, from_on, through_on, needed_units)
"""
LINK_SUPPLY = """
UPDATE visit_line
SET supply_id = given.supply_id
FROM unnest($2::uuid[], $3::uuid[]) AS given (line_id, supply_id)
WHERE visit_line.clinic_id = $1 AND visit_line.line_id = given.line_id
"""
ADD_TO_SUPPLY = """
UPDATE supply
SET given_units = supply.given_units + given.units
FROM (
    SELECT supply_id, sum(units)::integer AS units
    FROM unnest($2::uuid[], $3::integer[]) AS one (supply_id, units)
    GROUP BY supply_id
) AS given
WHERE supply.clinic_id = $1 AND supply.supply_id = given.supply_id
"""


async def add_supplies(tx: Transaction, patient_id: UUID, supplies: Sequence[NewSupply]) -> None:
    """These days of these lines are supplied from now on; the database refuses the same days twice."""
    await tx.sql.execute(
        ADD_SUPPLY,
        tx.clinic_id,
        patient_id,
        [supply.supply_id for supply in supplies],
        [supply.therapy_line_id for supply in supplies],
        [supply.from_on for supply in supplies],
        [supply.through_on for supply in supplies],
        [supply.needed_units for supply in supplies],
    )


async def link_supplies(tx: Transaction, supply_of_line: dict[UUID, UUID]) -> None:
    await tx.sql.execute(LINK_SUPPLY, tx.clinic_id, list(supply_of_line), list(supply_of_line.values()))


async def add_to_supplies(tx: Transaction, given: Sequence[tuple[UUID, int]]) -> None:
    """What is given for a period adds up inside it: (supply, units)."""
    await tx.sql.execute(
        ADD_TO_SUPPLY, tx.clinic_id, [supply_id for supply_id, _ in given], [units for _, units in given]
    )


ADD_DISPENSED = """
INSERT INTO dispensed (dispensed_id, clinic_id, operation_id, visit_id, line_id, supply_id, lot_id, units, given_by,
                       given_at)
SELECT dispensed_id, $1, $2, $3, line_id, supply_id, lot_id, units, $4, $5
FROM unnest($6::uuid[], $7::uuid[], $8::uuid[], $9::uuid[], $10::integer[])
    AS given (dispensed_id, line_id, supply_id, lot_id, units)
"""


async def add_dispensed(
    tx: Transaction,
    operation_id: UUID,
    visit_id: UUID,
    handed: Sequence[Handed],
    supply_of_line: dict[UUID, UUID],
    dispensed_ids: Sequence[UUID],
) -> None:
    await tx.sql.execute(
        ADD_DISPENSED,
        tx.clinic_id,
        operation_id,
        visit_id,
        tx.person_id,
        tx.now,
        list(dispensed_ids),
        [one.line_id for one in handed],
        [supply_of_line[one.line_id] for one in handed],
        [one.lot_id for one in handed],
        [one.units for one in handed],
    )


LAST_OPERATION = """
SELECT operation_id
FROM dispensed
WHERE clinic_id = $1 AND visit_id = $2 AND undone_at IS NULL
ORDER BY given_at DESC, operation_id DESC
LIMIT 1
"""
UNDO_OPERATION = """
UPDATE dispensed
SET undone_at = $3
WHERE clinic_id = $1 AND operation_id = $2 AND undone_at IS NULL
RETURNING line_id, lot_id, units, supply_id
"""
VOID_EMPTY = """
UPDATE supply
SET voided_at = $3
FROM visit_line
WHERE supply.clinic_id = $1
    AND visit_line.visit_id = $2
    AND visit_line.supply_id = supply.supply_id
    AND visit_line.tops_up IS NULL
    AND supply.given_units = 0
    AND NOT EXISTS (
        SELECT FROM dispensed WHERE dispensed.visit_id = $2 AND dispensed.undone_at IS NULL
    )
RETURNING supply.supply_id
"""
UNLINK_VOID = """
UPDATE visit_line SET supply_id = NULL WHERE clinic_id = $1 AND visit_id = $2 AND supply_id = ANY($3)
"""
IS_SERVED = "SELECT EXISTS (SELECT FROM dispensed WHERE clinic_id = $1 AND visit_id = $2 AND undone_at IS NULL)"


class Undone(Struct, frozen=True, kw_only=True):
    line_id: UUID
    lot_id: UUID
    units: int
    supply_id: UUID


async def last_operation(tx: Transaction, visit_id: UUID) -> UUID | None:
    operation_id: UUID | None = await tx.sql.fetchval(LAST_OPERATION, tx.clinic_id, visit_id)
    return operation_id


async def undo_operation(tx: Transaction, operation_id: UUID) -> list[Undone]:
    rows = await tx.sql.fetch(UNDO_OPERATION, tx.clinic_id, operation_id, tx.now)
    return [Undone(**dict(row)) for row in rows]


async def void_empty_supplies(tx: Transaction, visit_id: UUID) -> list[UUID]:
    """When nothing given on a visit is left, its days are not supplied after all."""
    rows = await tx.sql.fetch(VOID_EMPTY, tx.clinic_id, visit_id, tx.now)
    supply_ids = [row["supply_id"] for row in rows]
    await tx.sql.execute(UNLINK_VOID, tx.clinic_id, visit_id, supply_ids)
    return supply_ids


async def is_served(tx: Transaction, visit_id: UUID) -> bool:
    return bool(await tx.sql.fetchval(IS_SERVED, tx.clinic_id, visit_id))
