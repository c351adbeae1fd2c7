"""Pharmacy days: the calendar, plans to supply, visits with their lines, requests to stock, the escrow."""

from collections.abc import Sequence
from datetime import date, datetime
from fractions import Fraction
from typing import Literal
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct

from services.dispense.rules import Schedule
from services.dispense.rules.planning import Calendar, OwedBefore, Plan, Prepared, Wanted
from shared.database import Sql, Transaction
from shared.events.dispense import ReservedUnits
from shared.events.stock import ReservedLot

# The calendar

SET_WEEKDAYS = """
INSERT INTO calendar (clinic_id, weekdays)
VALUES ($1, $2)
ON CONFLICT (clinic_id) DO UPDATE SET weekdays = excluded.weekdays
"""
WEEKDAYS = "SELECT weekdays FROM calendar WHERE clinic_id = $1"
CLOSURES = "SELECT day_on, reason FROM closure WHERE clinic_id = $1 AND day_on >= $2 ORDER BY day_on"
ADD_CLOSURE = "INSERT INTO closure (clinic_id, day_on, reason) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
REMOVE_CLOSURE = "DELETE FROM closure WHERE clinic_id = $1 AND day_on = $2"


class Closure(Struct, frozen=True, kw_only=True):
    day_on: date
    reason: str


async def set_weekdays(tx: Transaction, weekdays: Sequence[int]) -> None:
    await tx.sql.execute(SET_WEEKDAYS, tx.clinic_id, list(weekdays))


async def closures(tx: Transaction, from_on: date) -> list[Closure]:
    return [Closure(**dict(row)) for row in await tx.sql.fetch(CLOSURES, tx.clinic_id, from_on)]


async def calendar_of(tx: Transaction, from_on: date) -> Calendar:
    """The clinic's weekdays and the closures from a day on; no weekdays before any were set."""
    weekdays: list[int] | None = await tx.sql.fetchval(WEEKDAYS, tx.clinic_id)
    closed = frozenset(closure.day_on for closure in await closures(tx, from_on))
    return Calendar(weekdays=frozenset(weekdays or []), closures=closed)


async def add_closure(tx: Transaction, day_on: date, reason: str) -> None:
    await tx.sql.execute(ADD_CLOSURE, tx.clinic_id, day_on, reason)


async def remove_closure(tx: Transaction, day_on: date) -> None:
    await tx.sql.execute(REMOVE_CLOSURE, tx.clinic_id, day_on)


# Days


class DayRow(Struct, frozen=True, kw_only=True):
    day_id: UUID
    day_on: date
    state: Literal["open", "closed"]
    prepared_at: datetime | None
    closed_at: datetime | None


MAKE_DAY = """
INSERT INTO pharmacy_day (day_id, clinic_id, day_on)
VALUES ($1, $2, $3)
ON CONFLICT (clinic_id, day_on) DO NOTHING
"""
FIND_DAY = """
SELECT day_id, day_on, state, prepared_at, closed_at
FROM pharmacy_day
WHERE clinic_id = $1 AND day_on = $2
"""
LOCK_DAY = FIND_DAY + " FOR UPDATE"
SHARE_DAY_OF_VISIT = """
SELECT pharmacy_day.day_id, pharmacy_day.day_on, pharmacy_day.state, pharmacy_day.prepared_at,
       pharmacy_day.closed_at
FROM pharmacy_day
JOIN visit USING (day_id)
WHERE pharmacy_day.clinic_id = $1 AND visit.visit_id = $2
FOR SHARE OF pharmacy_day
"""
SET_PREPARED = "UPDATE pharmacy_day SET prepared_at = $3 WHERE clinic_id = $1 AND day_id = $2"
SET_CLOSED = "UPDATE pharmacy_day SET state = 'closed', closed_at = $3 WHERE clinic_id = $1 AND day_id = $2"


async def find_day(tx: Transaction, day_on: date) -> DayRow | None:
    row = await tx.sql.fetchrow(FIND_DAY, tx.clinic_id, day_on)
    return DayRow(**dict(row)) if row else None


async def lock_day(tx: Transaction, day_on: date) -> DayRow | None:
    """The day, with nobody giving, preparing or closing it at the same time."""
    row = await tx.sql.fetchrow(LOCK_DAY, tx.clinic_id, day_on)
    return DayRow(**dict(row)) if row else None


async def make_day(tx: Transaction, day_id: UUID, day_on: date) -> None:
    await tx.sql.execute(MAKE_DAY, day_id, tx.clinic_id, day_on)


async def share_day_of_visit(tx: Transaction, visit_id: UUID) -> DayRow | None:
    """A visit's day; it can't be closed or prepared anew until the transaction is over. Visits go on side by side."""
    row = await tx.sql.fetchrow(SHARE_DAY_OF_VISIT, tx.clinic_id, visit_id)
    return DayRow(**dict(row)) if row else None


async def set_prepared(tx: Transaction, day_id: UUID) -> None:
    await tx.sql.execute(SET_PREPARED, tx.clinic_id, day_id, tx.now)


async def set_closed(tx: Transaction, day_id: UUID) -> None:
    await tx.sql.execute(SET_CLOSED, tx.clinic_id, day_id, tx.now)


# Plans to supply

LAPSE_OWED = """
UPDATE owed
SET state = 'lapsed', changed_at = $3
FROM supply
WHERE owed.clinic_id = $1 AND owed.supply_id = supply.supply_id AND owed.state = 'open'
    AND upper(supply.days) <= $2
"""
# Every line in force with what has been supplied of it; supply that a visit of this same day gave counts too.
PLANS = """
SELECT therapy_line.patient_id, therapy_line.therapy_line_id, therapy_line.product_id,
       CASE
           WHEN therapy_line.only_this_product THEN 'product:' || therapy_line.product_id
           ELSE coalesce(product_override.substitution_group, product.substitution_group)
       END AS substitution_group,
       coalesce((product.facts ->> 'content_per_unit')::integer, 1) AS content_per_unit,
       therapy_line.per_intake, therapy_line.schedule::text AS schedule, therapy_line.starts_on,
       therapy_line.until_on, patient.cycle_days, supplied.covered_through, open_owed.supply_id AS owed_supply_id,
       open_owed.units AS owed_units, open_owed.through_on AS owed_through_on
FROM therapy_line
JOIN patient ON patient.patient_id = therapy_line.patient_id
JOIN product ON product.product_id = therapy_line.product_id
LEFT JOIN product_override
    ON product_override.product_id = product.product_id AND product_override.clinic_id = $1
LEFT JOIN LATERAL (
    SELECT max(upper(supply.days) - 1) AS covered_through
    FROM supply
    WHERE supply.therapy_line_id = therapy_line.therapy_line_id AND supply.voided_at IS NULL
) AS supplied ON true
LEFT JOIN LATERAL (
    SELECT owed.supply_id, owed.units, upper(supply.days) - 1 AS through_on
    FROM owed
    JOIN supply USING (supply_id)
    WHERE supply.therapy_line_id = therapy_line.therapy_line_id AND owed.state = 'open' AND upper(supply.days) > $3
    ORDER BY lower(supply.days)
    LIMIT 1
) AS open_owed ON true
WHERE therapy_line.clinic_id = $1
    AND patient.forgotten_at IS NULL
    AND ($2::uuid IS NULL OR therapy_line.patient_id = $2)
    AND (therapy_line.until_on IS NULL OR therapy_line.until_on >= $3)
ORDER BY therapy_line.patient_id, therapy_line.therapy_line_id
"""


async def lapse_owed(tx: Transaction, day_on: date) -> None:
    """What was owed for days that are over is owed no more."""
    await tx.sql.execute(LAPSE_OWED, tx.clinic_id, day_on, tx.now)


async def plans(tx: Transaction, day_on: date, patient_id: UUID | None = None) -> list[Plan]:
    """All plans in force on a day or later, or one patient's."""
    found: list[Plan] = []
    for row in await tx.sql.fetch(PLANS, tx.clinic_id, patient_id, day_on):
        owed = None
        if row["owed_supply_id"] is not None:
            owed = OwedBefore(
                supply_id=row["owed_supply_id"], units=row["owed_units"], through_on=row["owed_through_on"]
            )
        found.append(
            Plan(
                patient_id=row["patient_id"],
                therapy_line_id=row["therapy_line_id"],
                product_id=row["product_id"],
                substitution_group=row["substitution_group"],
                content_per_unit=row["content_per_unit"],
                per_intake=Fraction(row["per_intake"]),
                schedule=msgspec.json.decode(row["schedule"], type=Schedule),
                starts_on=row["starts_on"],
                until_on=row["until_on"],
                cycle_days=row["cycle_days"],
                covered_through=row["covered_through"],
                owed=owed,
            )
        )
    return found


# Visits and their lines

ADD_VISITS = """
INSERT INTO visit (visit_id, clinic_id, day_id, patient_id, walk_in)
SELECT visit_id, $1, $2, patient_id, $5
FROM unnest($3::uuid[], $4::uuid[]) AS given (visit_id, patient_id)
ON CONFLICT (day_id, patient_id) DO NOTHING
"""
VISITS_OF_DAY = "SELECT visit_id, patient_id FROM visit WHERE clinic_id = $1 AND day_id = $2"
ADD_LINES = """
INSERT INTO visit_line (line_id, clinic_id, visit_id, therapy_line_id, tops_up, reference, request_id, product_id,
                        substitution_group, content_needed, content_per_day, from_on, through_on, content_per_unit)
SELECT line_id, $1, visit_id, therapy_line_id, tops_up, reference, $2, product_id, substitution_group,
       content_needed, content_per_day, from_on, through_on, content_per_unit
FROM unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[], $7::uuid[], $8::uuid[], $9::text[], $10::text[],
            $11::text[], $12::date[], $13::date[], $14::integer[])
    AS given (line_id, visit_id, therapy_line_id, tops_up, reference, product_id, substitution_group,
              content_needed, content_per_day, from_on, through_on, content_per_unit)
"""


async def add_visits(
    tx: Transaction, day_id: UUID, visits: dict[UUID, UUID], *, walk_in: bool = False
) -> dict[UUID, UUID]:
    """Visits for patients ({patient: new visit id}); returns every visit of the day by patient."""
    await tx.sql.execute(ADD_VISITS, tx.clinic_id, day_id, list(visits.values()), list(visits.keys()), walk_in)
    rows = await tx.sql.fetch(VISITS_OF_DAY, tx.clinic_id, day_id)
    return {row["patient_id"]: row["visit_id"] for row in rows}


class NewLine(Struct, frozen=True, kw_only=True):
    line_id: UUID
    visit_id: UUID
    reference: UUID
    wanted: Wanted


async def add_lines(tx: Transaction, request_id: UUID, lines: Sequence[NewLine]) -> None:
    wanted = [line.wanted for line in lines]
    await tx.sql.execute(
        ADD_LINES,
        tx.clinic_id,
        request_id,
        [line.line_id for line in lines],
        [line.visit_id for line in lines],
        [need.therapy_line_id for need in wanted],
        [need.tops_up for need in wanted],
        [line.reference for line in lines],
        [need.product_id for need in wanted],
        [need.substitution_group for need in wanted],
        [str(need.content_needed) for need in wanted],
        [None if need.content_per_day is None else str(need.content_per_day) for need in wanted],
        [need.from_on for need in wanted],
        [need.through_on for need in wanted],
        [need.content_per_unit for need in wanted],
    )


# What a day was prepared for, as the comparison needs it. What a walk-in asked for stays: a person let them in.
PREPARED = """
SELECT visit_line.line_id, visit_line.therapy_line_id, visit_line.supply_id, visit_line.tops_up,
       visit_line.reference, visit_line.substitution_group, visit_line.content_needed, visit_line.content_per_day,
       visit_line.from_on, visit_line.through_on, visit_line.state = 'asked' AS waits, visit_line.short_units,
       visit_line.content_per_unit, visit.patient_id,
       visit.state <> 'expected' OR request.wait_until IS NOT NULL AS settled
FROM visit_line
JOIN visit USING (visit_id)
JOIN request USING (request_id)
WHERE visit.clinic_id = $1 AND visit.day_id = $2 AND visit_line.state <> 'dropped'
ORDER BY visit_line.line_id
"""


async def prepared_lines(tx: Transaction, day_id: UUID) -> list[tuple[Prepared, UUID, UUID]]:
    """The live lines of a day, each with its reference and its patient."""
    found: list[tuple[Prepared, UUID, UUID]] = []
    for row in await tx.sql.fetch(PREPARED, tx.clinic_id, day_id):
        fields = dict(row)
        reference, patient_id = fields.pop("reference"), fields.pop("patient_id")
        fields["content_needed"] = Fraction(fields["content_needed"])
        if fields["content_per_day"] is not None:
            fields["content_per_day"] = Fraction(fields["content_per_day"])
        found.append((Prepared(**fields), reference, patient_id))
    return found


ASK_AGAIN = """
UPDATE visit_line
SET state = 'asked', request_id = $2
WHERE clinic_id = $1 AND line_id = ANY($3)
"""
DROP = "UPDATE visit_line SET state = 'dropped' WHERE clinic_id = $1 AND line_id = ANY($2)"
# What is prepared to top up these supplies, of visits that have not begun.
DROP_TOP_UPS = """
UPDATE visit_line
SET state = 'dropped'
FROM visit
WHERE visit_line.clinic_id = $1
    AND visit_line.tops_up = ANY($2)
    AND visit_line.state <> 'dropped'
    AND visit.visit_id = visit_line.visit_id
    AND visit.state = 'expected'
RETURNING visit_line.line_id
"""


async def ask_again(tx: Transaction, request_id: UUID, line_ids: Sequence[UUID]) -> None:
    await tx.sql.execute(ASK_AGAIN, tx.clinic_id, request_id, list(line_ids))


async def drop_lines(tx: Transaction, line_ids: Sequence[UUID]) -> None:
    await tx.sql.execute(DROP, tx.clinic_id, list(line_ids))


async def drop_top_ups(tx: Transaction, supply_ids: Sequence[UUID]) -> list[UUID]:
    rows = await tx.sql.fetch(DROP_TOP_UPS, tx.clinic_id, list(supply_ids))
    return [row["line_id"] for row in rows]


# Requests

ADD_REQUEST = """
INSERT INTO request (request_id, clinic_id, day_id, asked_at, wait_until)
VALUES ($1, $2, $3, $4, $5)
"""
LOCK_REQUEST = """
SELECT request.state, request.day_id, pharmacy_day.state AS day_state
FROM request
JOIN pharmacy_day USING (day_id)
WHERE request.clinic_id = $1 AND request.request_id = $2
FOR UPDATE OF request
FOR SHARE OF pharmacy_day
"""
PART_IS_IN = """
UPDATE request
SET parts_in = parts_in + 1, state = CASE WHEN parts_in + 1 >= $3 THEN 'answered' ELSE state END
WHERE clinic_id = $1 AND request_id = $2
"""
ABANDON = """
UPDATE request
SET state = 'abandoned'
WHERE clinic_id = $1 AND request_id = $2 AND state = 'asked'
RETURNING request_id
"""
WAITING_WALK_INS = """
SELECT request_id
FROM request
WHERE clinic_id = $1 AND day_id = $2 AND state = 'asked' AND wait_until IS NOT NULL
ORDER BY request_id
"""
DROP_LINES_OF_REQUEST = """
UPDATE visit_line SET state = 'dropped' WHERE clinic_id = $1 AND request_id = $2 AND state = 'asked'
"""


class RequestState(Struct, frozen=True, kw_only=True):
    state: Literal["asked", "answered", "abandoned"]
    day_id: UUID
    day_state: Literal["open", "closed"]


async def add_request(tx: Transaction, request_id: UUID, day_id: UUID, wait_until: datetime | None = None) -> None:
    await tx.sql.execute(ADD_REQUEST, request_id, tx.clinic_id, day_id, tx.now, wait_until)


async def lock_request(tx: Transaction, request_id: UUID) -> RequestState | None:
    row = await tx.sql.fetchrow(LOCK_REQUEST, tx.clinic_id, request_id)
    return RequestState(**dict(row)) if row else None


async def note_answer_part(tx: Transaction, request_id: UUID, parts: int) -> None:
    await tx.sql.execute(PART_IS_IN, tx.clinic_id, request_id, parts)


async def abandon_request(tx: Transaction, request_id: UUID) -> bool:
    """False when an answer came first. Its lines are dropped."""
    if await tx.sql.fetchval(ABANDON, tx.clinic_id, request_id) is None:
        return False
    await tx.sql.execute(DROP_LINES_OF_REQUEST, tx.clinic_id, request_id)
    return True


async def waiting_walk_ins(tx: Transaction, day_id: UUID) -> list[UUID]:
    rows = await tx.sql.fetch(WAITING_WALK_INS, tx.clinic_id, day_id)
    return [row["request_id"] for row in rows]


# Escrow

LINES_OF_REQUEST = """
SELECT line_id, reference
FROM visit_line
WHERE clinic_id = $1 AND request_id = $2 AND state <> 'dropped' AND reference = ANY($3)
ORDER BY line_id
FOR UPDATE
"""
ADD_ESCROW = """
INSERT INTO escrow (clinic_id, line_id, lot_id, product_id, product_name, batch, expires_on, opened, place,
                    use_through_on, reserved_units)
SELECT $1, line_id, lot_id, product_id, product_name, batch, expires_on, opened, place, use_through_on, units
FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::date[], $8::boolean[], $9::text[],
            $10::date[], $11::integer[])
    AS given (line_id, lot_id, product_id, product_name, batch, expires_on, opened, place, use_through_on, units)
ON CONFLICT (line_id, lot_id) DO UPDATE
SET reserved_units = escrow.reserved_units + excluded.reserved_units,
    use_through_on = greatest(escrow.use_through_on, excluded.use_through_on)
"""
MARK_ANSWERED = """
UPDATE visit_line
SET state = 'answered', short_units = given.short_units,
    content_per_unit = coalesce(given.content_per_unit, visit_line.content_per_unit)
FROM unnest($2::uuid[], $3::integer[], $4::integer[]) AS given (line_id, short_units, content_per_unit)
WHERE visit_line.clinic_id = $1 AND visit_line.line_id = given.line_id
"""
HELD_LOTS = "SELECT lot_id FROM lot_state WHERE clinic_id = $1 AND lot_id = ANY($2) AND held_reason IS NOT NULL"


async def lines_of_request(tx: Transaction, request_id: UUID, references: Sequence[UUID]) -> dict[UUID, UUID]:
    """The lines that still wait under a request: {reference: line}."""
    rows = await tx.sql.fetch(LINES_OF_REQUEST, tx.clinic_id, request_id, list(references))
    return {row["reference"]: row["line_id"] for row in rows}


async def add_escrow(tx: Transaction, lots: Sequence[tuple[UUID, ReservedLot]]) -> None:
    """Units set apart: (line, lot) pairs."""
    await tx.sql.execute(
        ADD_ESCROW,
        tx.clinic_id,
        [line_id for line_id, _ in lots],
        [lot.lot_id for _, lot in lots],
        [lot.product_id for _, lot in lots],
        [lot.product_name for _, lot in lots],
        [lot.batch for _, lot in lots],
        [lot.expires_on for _, lot in lots],
        [lot.opened for _, lot in lots],
        [lot.place for _, lot in lots],
        [lot.use_through_on for _, lot in lots],
        [lot.units for _, lot in lots],
    )


async def mark_answered(tx: Transaction, answered: Sequence[tuple[UUID, int, int | None]]) -> None:
    """(line, units short, content of one unit where it is known)."""
    await tx.sql.execute(
        MARK_ANSWERED,
        tx.clinic_id,
        [line_id for line_id, _, _ in answered],
        [short for _, short, _ in answered],
        [content for _, _, content in answered],
    )


async def held_lots(tx: Transaction, lot_ids: Sequence[UUID]) -> set[UUID]:
    rows = await tx.sql.fetch(HELD_LOTS, tx.clinic_id, list(lot_ids))
    return {row["lot_id"] for row in rows}


_RELEASE = """
UPDATE escrow
SET released_units = escrow.reserved_units - escrow.given_units
FROM visit_line
JOIN visit USING (visit_id)
WHERE escrow.clinic_id = $1
    AND escrow.line_id = visit_line.line_id
    AND escrow.reserved_units > escrow.given_units + escrow.released_units
    AND {which}
RETURNING visit_line.visit_id, visit_line.reference, escrow.lot_id,
          escrow.reserved_units - escrow.given_units - old.released_units AS units
"""
RELEASE_LINES = _RELEASE.format(which="escrow.line_id = ANY($2)")
RELEASE_DAY = _RELEASE.format(which="visit.day_id = $2")


async def release_lines(tx: Transaction, line_ids: Sequence[UUID]) -> list[tuple[UUID, ReservedUnits]]:
    """All that is left of these lines goes back; what to tell stock: (visit, units)."""
    return _released(await tx.sql.fetch(RELEASE_LINES, tx.clinic_id, list(line_ids)))


async def release_day(tx: Transaction, day_id: UUID) -> list[tuple[UUID, ReservedUnits]]:
    """All that was not given on a day goes back; what to tell stock: (visit, units)."""
    return _released(await tx.sql.fetch(RELEASE_DAY, tx.clinic_id, day_id))


def _released(rows: Sequence[asyncpg.Record]) -> list[tuple[UUID, ReservedUnits]]:
    return [
        (row["visit_id"], ReservedUnits(reference=row["reference"], lot_id=row["lot_id"], units=row["units"]))
        for row in rows
    ]


NOT_COME = "UPDATE visit SET state = 'not_come' WHERE clinic_id = $1 AND day_id = $2 AND state = 'expected'"


async def mark_not_come(tx: Transaction, day_id: UUID) -> None:
    await tx.sql.execute(NOT_COME, tx.clinic_id, day_id)


# Lots that are held

KEEP_STATE = """
INSERT INTO lot_state (lot_id, clinic_id, held_reason)
VALUES ($1, $2, $3)
ON CONFLICT (lot_id) DO UPDATE SET held_reason = excluded.held_reason
"""
# Every line of an open day that has or had units of the lot: one that is being given back would come too late.
LOCK_LINES_OF_LOT = """
SELECT visit_line.line_id
FROM visit_line
JOIN visit USING (visit_id)
JOIN pharmacy_day USING (day_id)
WHERE visit_line.clinic_id = $1
    AND pharmacy_day.state = 'open'
    AND visit_line.line_id IN (SELECT line_id FROM escrow WHERE lot_id = $2)
ORDER BY visit_line.line_id
FOR UPDATE OF visit_line
"""
STOP_LOT = """
UPDATE escrow
SET released_units = escrow.reserved_units - escrow.given_units, stopped_reason = $3
FROM visit_line
WHERE escrow.clinic_id = $1
    AND escrow.lot_id = $2
    AND escrow.line_id = visit_line.line_id
    AND escrow.reserved_units > escrow.given_units + escrow.released_units
RETURNING visit_line.line_id, visit_line.visit_id, visit_line.reference, escrow.lot_id,
          escrow.reserved_units - escrow.given_units - old.released_units AS units
"""
ADD_SHORT = """
UPDATE visit_line
SET short_units = visit_line.short_units + given.units
FROM unnest($2::uuid[], $3::integer[]) AS given (line_id, units)
WHERE visit_line.clinic_id = $1 AND visit_line.line_id = given.line_id
"""
CALL_BACK = """
INSERT INTO call_back (clinic_id, dispensed_id, lot_id, reason, noticed_at)
SELECT clinic_id, dispensed_id, lot_id, $3, $4
FROM dispensed
WHERE clinic_id = $1 AND lot_id = $2 AND undone_at IS NULL
ON CONFLICT (dispensed_id) DO NOTHING
"""


async def keep_lot_state(sql: Sql, clinic_id: UUID | None, lot_id: UUID, held_reason: str | None) -> None:
    await sql.execute(KEEP_STATE, lot_id, clinic_id, held_reason)


async def lock_lines_of_lot(tx: Transaction, lot_id: UUID) -> None:
    """Nobody gives of the lot or gives it back until the transaction is over; lines before escrow, as there."""
    await tx.sql.execute(LOCK_LINES_OF_LOT, tx.clinic_id, lot_id)


async def stop_lot(tx: Transaction, lot_id: UUID, reason: str) -> list[tuple[UUID, UUID, ReservedUnits]]:
    """Nobody gives from the lot any more: (line, visit, what goes back)."""
    rows = await tx.sql.fetch(STOP_LOT, tx.clinic_id, lot_id, reason)
    return [(row["line_id"], *released) for row, released in zip(rows, _released(rows), strict=True)]


async def add_short(tx: Transaction, short: Sequence[tuple[UUID, int]]) -> None:
    await tx.sql.execute(ADD_SHORT, tx.clinic_id, [line_id for line_id, _ in short], [units for _, units in short])


async def list_for_call_back(tx: Transaction, lot_id: UUID, reason: str) -> None:
    """What had been given of the lot: these patients are to be called."""
    await tx.sql.execute(CALL_BACK, tx.clinic_id, lot_id, reason, tx.now)


WAITING_REQUEST_OF_VISIT = """
SELECT request.request_id
FROM request
JOIN visit_line USING (request_id)
WHERE request.clinic_id = $1
    AND visit_line.visit_id = $2
    AND request.state = 'asked'
    AND request.wait_until IS NOT NULL
LIMIT 1
"""


async def waiting_request_of_visit(tx: Transaction, visit_id: UUID) -> UUID | None:
    """The request of a walk-in that stock has not answered."""
    request_id: UUID | None = await tx.sql.fetchval(WAITING_REQUEST_OF_VISIT, tx.clinic_id, visit_id)
    return request_id
