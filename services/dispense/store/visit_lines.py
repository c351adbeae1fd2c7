"""What a visit is for, line by line: asked for, answered, given."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from msgspec import Struct

from services.dispense.rules.planning import Wanted
from services.dispense.rules.renewal import Prepared
from shared.database import Transaction
from shared.exact import fraction_of

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
       visit.state <> 'expected' OR visit.walk_in AS settled,
       visit_line.state = 'asked' OR EXISTS (
           SELECT
           FROM escrow
           WHERE escrow.line_id = visit_line.line_id
               AND escrow.reserved_units > escrow.given_units + escrow.released_units
       ) AS holds,
       visit.state <> 'not_come' AND coalesce(owed.state, 'open') = 'open' AS needs_what_is_short
FROM visit_line
JOIN visit USING (visit_id)
LEFT JOIN owed ON owed.supply_id = coalesce(visit_line.supply_id, visit_line.tops_up)
WHERE visit.clinic_id = $1 AND visit.day_id = $2 AND visit_line.state <> 'dropped'
    AND ($3::uuid IS NULL OR visit.patient_id = $3)
ORDER BY visit_line.line_id
"""


async def prepared_lines(
    tx: Transaction, day_id: UUID, patient_id: UUID | None = None
) -> list[tuple[Prepared, UUID, UUID]]:
    """The live lines of a day, everybody's or one patient's, each with its reference and its patient."""
    found: list[tuple[Prepared, UUID, UUID]] = []
    for row in await tx.sql.fetch(PREPARED, tx.clinic_id, day_id, patient_id):
        fields = dict(row)
        reference, whose = fields.pop("reference"), fields.pop("patient_id")
        fields["content_needed"] = fraction_of(fields["content_needed"])
        if fields["content_per_day"] is not None:
            fields["content_per_day"] = fraction_of(fields["content_per_day"])
        found.append((Prepared(**fields), reference, whose))
    return found


ASK_AGAIN = """
UPDATE visit_line
SET state = 'asked', request_id = $2
WHERE clinic_id = $1 AND line_id = ANY($3)
"""
DROP = "UPDATE visit_line SET state = 'dropped' WHERE clinic_id = $1 AND line_id = ANY($2)"
UNSERVED = """
SELECT visit_line.line_id
FROM visit_line
JOIN visit USING (visit_id)
WHERE visit_line.clinic_id = $1 AND visit.day_id = $2 AND visit.state = 'expected' AND visit_line.state <> 'dropped'
ORDER BY visit_line.line_id
FOR UPDATE OF visit_line
"""


async def ask_again(tx: Transaction, request_id: UUID, line_ids: Sequence[UUID]) -> None:
    await tx.sql.execute(ASK_AGAIN, tx.clinic_id, request_id, list(line_ids))


async def drop_lines(tx: Transaction, line_ids: Sequence[UUID]) -> None:
    await tx.sql.execute(DROP, tx.clinic_id, list(line_ids))


async def unserved_lines(tx: Transaction, day_id: UUID) -> list[UUID]:
    """The live lines of a day's visits that have not begun, locked."""
    return [row["line_id"] for row in await tx.sql.fetch(UNSERVED, tx.clinic_id, day_id)]


LINES_OF_REQUEST = """
SELECT line_id, reference
FROM visit_line
WHERE clinic_id = $1 AND request_id = $2 AND state <> 'dropped' AND reference = ANY($3)
ORDER BY line_id
FOR UPDATE
"""
MARK_ANSWERED = """
UPDATE visit_line
SET state = 'answered', short_units = given.short_units,
    content_per_unit = coalesce(given.content_per_unit, visit_line.content_per_unit)
FROM unnest($2::uuid[], $3::integer[], $4::integer[]) AS given (line_id, short_units, content_per_unit)
WHERE visit_line.clinic_id = $1 AND visit_line.line_id = given.line_id
"""


async def lines_of_request(tx: Transaction, request_id: UUID, references: Sequence[UUID]) -> dict[UUID, UUID]:
    """The lines that still wait under a request: {reference: line}."""
    rows = await tx.sql.fetch(LINES_OF_REQUEST, tx.clinic_id, request_id, list(references))
    return {row["reference"]: row["line_id"] for row in rows}


async def mark_answered(tx: Transaction, answered: Sequence[tuple[UUID, int, int | None]]) -> None:
    """(line, units short, content of one unit where it is known)."""
    await tx.sql.execute(
        MARK_ANSWERED,
        tx.clinic_id,
        [line_id for line_id, _, _ in answered],
        [short for _, short, _ in answered],
        [content for _, _, content in answered],
    )


class VisitLine(Struct, frozen=True, kw_only=True):
    """A line of a visit; `waits`: stock has not answered yet."""

    line_id: UUID
    visit_id: UUID
    therapy_line_id: UUID
    product_id: UUID
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
SELECT visit_line.line_id, visit_line.visit_id, visit_line.therapy_line_id, visit_line.product_id,
       product.name AS product_name, therapy_line.per_intake, visit_line.from_on, visit_line.through_on,
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


LINES_TO_GIVE = """
SELECT visit_line.line_id, visit_line.therapy_line_id, visit_line.reference, visit_line.supply_id,
       visit_line.tops_up, visit_line.from_on, visit_line.through_on, visit_line.short_units,
       visit_line.state = 'asked' AS waits
FROM visit_line
WHERE visit_line.clinic_id = $1 AND visit_line.visit_id = $2 AND visit_line.state <> 'dropped'
ORDER BY visit_line.line_id
FOR UPDATE
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


async def lock_lines(tx: Transaction, visit_id: UUID) -> list[LineToGive]:
    """A visit's lines, locked; lines before their escrow, everywhere."""
    return [LineToGive(**dict(row)) for row in await tx.sql.fetch(LINES_TO_GIVE, tx.clinic_id, visit_id)]
