"""The counter: visits with what is reserved, what is given, owed and undone."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct

from services.dispense.rules.giving import EscrowLot
from shared.database import Transaction

VisitState = Literal["expected", "served", "not_come"]


class VisitRow(Struct, frozen=True, kw_only=True):
    visit_id: UUID
    patient_id: UUID
    day_on: date
    day_state: Literal["open", "closed"]
    state: VisitState
    walk_in: bool


_VISIT = """
SELECT visit.visit_id, visit.patient_id, pharmacy_day.day_on, pharmacy_day.state AS day_state, visit.state,
       visit.walk_in
FROM visit
JOIN pharmacy_day USING (day_id)
"""
FIND_VISIT = _VISIT + "WHERE visit.clinic_id = $1 AND visit.visit_id = $2"
LOCK_VISIT = FIND_VISIT + " FOR UPDATE OF visit"
VISIT_OF_PATIENT = _VISIT + "WHERE visit.clinic_id = $1 AND visit.patient_id = $2 AND pharmacy_day.day_on = $3"


async def find_visit(tx: Transaction, visit_id: UUID, *, lock: bool = False) -> VisitRow | None:
    row = await tx.sql.fetchrow(LOCK_VISIT if lock else FIND_VISIT, tx.clinic_id, visit_id)
    return VisitRow(**dict(row)) if row else None


async def visit_of_patient(tx: Transaction, patient_id: UUID, day_on: date) -> VisitRow | None:
    row = await tx.sql.fetchrow(VISIT_OF_PATIENT, tx.clinic_id, patient_id, day_on)
    return VisitRow(**dict(row)) if row else None


class VisitLine(Struct, frozen=True, kw_only=True):
    """A line of a visit; `waits`: stock has not answered yet."""

    line_id: UUID
    visit_id: UUID
    therapy_line_id: UUID
    product_name: str
    per_intake: str
    from_on: date
    through_on: date
    waits: bool
    short_units: int
    reserved_units: int
    given_units: int
    tops_up: bool


_LINES = """
SELECT visit_line.line_id, visit_line.visit_id, visit_line.therapy_line_id, product.name AS product_name,
       therapy_line.per_intake, visit_line.from_on, visit_line.through_on,
       visit_line.state = 'asked' AS waits, visit_line.short_units,
       coalesce(sum(escrow.reserved_units - escrow.given_units - escrow.released_units), 0)::int AS reserved_units,
       coalesce(sum(escrow.given_units), 0)::int AS given_units, visit_line.tops_up IS NOT NULL AS tops_up
FROM visit_line
JOIN product ON product.product_id = visit_line.product_id
JOIN therapy_line ON therapy_line.therapy_line_id = visit_line.therapy_line_id
JOIN visit ON visit.visit_id = visit_line.visit_id
LEFT JOIN escrow ON escrow.line_id = visit_line.line_id
WHERE visit_line.clinic_id = $1 AND visit_line.state <> 'dropped' AND {which}
GROUP BY visit_line.line_id, product.name, therapy_line.per_intake
ORDER BY {order}
"""
LINES_OF_VISIT = _LINES.format(which="visit_line.visit_id = $2", order="visit_line.line_id")
# Shortages first, then what still waits; within them by visit.
LINES_OF_DAY = _LINES.format(
    which="visit.day_id = $2",
    order="visit_line.short_units = 0, visit_line.state <> 'asked', visit_line.visit_id, visit_line.line_id",
)


async def lines_of_visit(tx: Transaction, visit_id: UUID) -> list[VisitLine]:
    return [VisitLine(**dict(row)) for row in await tx.sql.fetch(LINES_OF_VISIT, tx.clinic_id, visit_id)]


async def lines_of_day(tx: Transaction, day_id: UUID) -> list[VisitLine]:
    """All lines of a day: shortages first."""
    return [VisitLine(**dict(row)) for row in await tx.sql.fetch(LINES_OF_DAY, tx.clinic_id, day_id)]


class VisitLot(Struct, frozen=True, kw_only=True):
    """A lot that is set apart for a line: what to take from which place."""

    line_id: UUID
    lot_id: UUID
    product_name: str
    batch: str | None
    expires_on: date
    opened: bool
    place: str | None
    use_through_on: date
    reserved_units: int
    given_units: int
    stopped_reason: str | None


LOTS_OF_VISIT = """
SELECT escrow.line_id, escrow.lot_id, escrow.product_name, escrow.batch, escrow.expires_on, escrow.opened,
       escrow.place, escrow.use_through_on,
       escrow.reserved_units - escrow.given_units - escrow.released_units AS reserved_units, escrow.given_units,
       escrow.stopped_reason
FROM escrow
JOIN visit_line USING (line_id)
WHERE escrow.clinic_id = $1 AND visit_line.visit_id = $2 AND visit_line.state <> 'dropped'
ORDER BY escrow.line_id, escrow.expires_on, escrow.lot_id
"""


async def lots_of_visit(tx: Transaction, visit_id: UUID) -> list[VisitLot]:
    """The lots of a visit's lines, what expires first first; those that may no longer be given say why."""
    return [VisitLot(**dict(row)) for row in await tx.sql.fetch(LOTS_OF_VISIT, tx.clinic_id, visit_id)]


VISITS_OF_DAY = (
    _VISIT
    + """
WHERE visit.clinic_id = $1
    AND visit.day_id = $2
    AND EXISTS (
        SELECT FROM visit_line WHERE visit_line.visit_id = visit.visit_id AND visit_line.state <> 'dropped'
    )
ORDER BY visit.patient_id
"""
)


async def visits_of_day(tx: Transaction, day_id: UUID) -> list[VisitRow]:
    return [VisitRow(**dict(row)) for row in await tx.sql.fetch(VISITS_OF_DAY, tx.clinic_id, day_id)]


# Giving

LINES_TO_GIVE = """
SELECT visit_line.line_id, visit_line.therapy_line_id, visit_line.reference, visit_line.supply_id,
       visit_line.tops_up, visit_line.from_on, visit_line.through_on, visit_line.short_units,
       visit_line.state = 'asked' AS waits
FROM visit_line
WHERE visit_line.clinic_id = $1 AND visit_line.visit_id = $2 AND visit_line.state <> 'dropped'
ORDER BY visit_line.line_id
FOR UPDATE
"""
ESCROW_TO_GIVE = """
SELECT escrow.line_id, escrow.lot_id, escrow.expires_on, escrow.use_through_on, escrow.reserved_units,
       escrow.given_units, escrow.released_units
FROM escrow
JOIN visit_line USING (line_id)
WHERE escrow.clinic_id = $1 AND visit_line.visit_id = $2 AND visit_line.state <> 'dropped'
ORDER BY escrow.line_id, escrow.expires_on, escrow.lot_id
FOR UPDATE OF escrow
"""


class LineToGive(Struct, frozen=True, kw_only=True):
    line_id: UUID
    therapy_line_id: UUID
    reference: UUID
    supply_id: UUID | None
    tops_up: UUID | None
    from_on: date
    through_on: date
    short_units: int
    waits: bool


async def lock_lines(tx: Transaction, visit_id: UUID) -> tuple[list[LineToGive], list[EscrowLot]]:
    """A visit's lines and what is reserved for them, locked."""
    lines = [LineToGive(**dict(row)) for row in await tx.sql.fetch(LINES_TO_GIVE, tx.clinic_id, visit_id)]
    lots = [EscrowLot(**dict(row)) for row in await tx.sql.fetch(ESCROW_TO_GIVE, tx.clinic_id, visit_id)]
    return lines, lots


class Handed(Struct, frozen=True, kw_only=True):
    """Units of one lot handed over for one line."""

    line_id: UUID
    lot_id: UUID
    units: int


MOVE_ESCROW = """
UPDATE escrow
SET given_units = escrow.given_units + given.units
FROM unnest($2::uuid[], $3::uuid[], $4::integer[]) AS given (line_id, lot_id, units)
WHERE escrow.clinic_id = $1 AND escrow.line_id = given.line_id AND escrow.lot_id = given.lot_id
"""
ADD_DISPENSED = """
INSERT INTO dispensed (dispensed_id, clinic_id, operation_id, visit_id, line_id, supply_id, lot_id, units, given_by,
                       given_at)
SELECT dispensed_id, $1, $2, $3, line_id, supply_id, lot_id, units, $4, $5
FROM unnest($6::uuid[], $7::uuid[], $8::uuid[], $9::uuid[], $10::integer[])
    AS given (dispensed_id, line_id, supply_id, lot_id, units)
"""


async def give_from_escrow(tx: Transaction, handed: Sequence[Handed]) -> None:
    """Units leave the escrow (negative: they are back in it); the database refuses more than is there."""
    await tx.sql.execute(
        MOVE_ESCROW,
        tx.clinic_id,
        [one.line_id for one in handed],
        [one.lot_id for one in handed],
        [one.units for one in handed],
    )


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


SET_VISIT = "UPDATE visit SET state = $3 WHERE clinic_id = $1 AND visit_id = $2"


async def set_visit_state(tx: Transaction, visit_id: UUID, state: VisitState) -> None:
    await tx.sql.execute(SET_VISIT, tx.clinic_id, visit_id, state)


# Undoing

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


# Lists


class OwedRow(Struct, frozen=True, kw_only=True):
    supply_id: UUID
    patient_id: UUID
    product_name: str
    units: int
    reason: str
    from_on: date
    through_on: date


OWED = """
SELECT owed.supply_id, supply.patient_id, product.name AS product_name, owed.units, owed.reason,
       lower(supply.days) AS from_on, upper(supply.days) - 1 AS through_on
FROM owed
JOIN supply USING (supply_id)
JOIN therapy_line ON therapy_line.therapy_line_id = supply.therapy_line_id
JOIN product USING (product_id)
WHERE owed.clinic_id = $1 AND owed.state = 'open' AND upper(supply.days) > $2
ORDER BY upper(supply.days), owed.supply_id
LIMIT $3
"""
CANCEL_OWED = """
UPDATE owed
SET state = 'cancelled', changed_at = $3
WHERE clinic_id = $1 AND supply_id = $2 AND state = 'open'
RETURNING supply_id
"""


async def owed_rows(tx: Transaction, most: int) -> list[OwedRow]:
    return [OwedRow(**dict(row)) for row in await tx.sql.fetch(OWED, tx.clinic_id, tx.today, most)]


async def cancel_owed(tx: Transaction, supply_id: UUID) -> bool:
    return await tx.sql.fetchval(CANCEL_OWED, tx.clinic_id, supply_id, tx.now) is not None


class CallBackRow(Struct, frozen=True, kw_only=True):
    """Somebody who was given of a lot before word came that it is held."""

    patient_id: UUID
    lot_id: UUID
    product_name: str
    batch: str | None
    units: int
    reason: str
    given_at: datetime
    noticed_at: datetime


CALL_BACKS = """
SELECT visit.patient_id, call_back.lot_id, escrow.product_name, escrow.batch, dispensed.units, call_back.reason,
       dispensed.given_at, call_back.noticed_at
FROM call_back
JOIN dispensed USING (dispensed_id)
JOIN visit USING (visit_id)
JOIN escrow ON escrow.line_id = dispensed.line_id AND escrow.lot_id = dispensed.lot_id
WHERE call_back.clinic_id = $1 AND dispensed.undone_at IS NULL
ORDER BY call_back.noticed_at DESC, call_back.dispensed_id
LIMIT $2
"""


async def call_backs(tx: Transaction, most: int) -> list[CallBackRow]:
    return [CallBackRow(**dict(row)) for row in await tx.sql.fetch(CALL_BACKS, tx.clinic_id, most)]
