"""Units that stock has set apart: given from here, or released."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import asyncpg
from msgspec import Struct

from services.dispense.rules.giving import EscrowLot
from shared.database import Transaction
from shared.events.dispense import ReservedUnits
from shared.events.stock import ReservedLot

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


class VisitLot(Struct, frozen=True, kw_only=True):
    """A lot that is set apart for a line: what to take from which place."""

    line_id: UUID
    lot_id: UUID
    product_id: UUID
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
SELECT escrow.line_id, escrow.lot_id, escrow.product_id, escrow.product_name, escrow.batch, escrow.expires_on,
       escrow.opened, escrow.place, escrow.use_through_on,
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


ESCROW_TO_GIVE = """
SELECT escrow.line_id, escrow.lot_id, escrow.expires_on, escrow.use_through_on, escrow.reserved_units,
       escrow.given_units, escrow.released_units
FROM escrow
JOIN visit_line USING (line_id)
WHERE escrow.clinic_id = $1 AND visit_line.visit_id = $2 AND visit_line.state <> 'dropped'
ORDER BY escrow.line_id, escrow.expires_on, escrow.lot_id
FOR UPDATE OF escrow
"""


async def lock_lots(tx: Transaction, visit_id: UUID) -> list[EscrowLot]:
    """What is set apart for a visit's lines, locked."""
    return [EscrowLot(**dict(row)) for row in await tx.sql.fetch(ESCROW_TO_GIVE, tx.clinic_id, visit_id)]


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


async def give_from_escrow(tx: Transaction, handed: Sequence[Handed]) -> None:
    """Units leave the escrow (negative: they are back in it); the database refuses more than is there."""
    await tx.sql.execute(
        MOVE_ESCROW,
        tx.clinic_id,
        [one.line_id for one in handed],
        [one.lot_id for one in handed],
        [one.units for one in handed],
    )


_RELEASE = """
UPDATE escrow
SET released_units = escrow.reserved_units - escrow.given_units
FROM visit_line
JOIN visit USING (visit_id)
WHERE escrow.clinic_id = $1
    AND escrow.line_id = visit_line.line_id
    AND escrow.reserved_units > escrow.given_units + escrow.released_units
    AND {which}
RETURNING visit_line.line_id, visit_line.visit_id, visit.state AS visit_state, visit_line.reference, escrow.lot_id,
          escrow.reserved_units - escrow.given_units - old.released_units AS units
"""
RELEASE_LINES = _RELEASE.format(which="escrow.line_id = ANY($2)")
RELEASE_DAY = _RELEASE.format(which="visit.day_id = $2")


async def release_lines(tx: Transaction, line_ids: Sequence[UUID]) -> list[tuple[UUID, ReservedUnits]]:
    """All that is left of these lines goes back; what to tell stock: (visit, units)."""
    return _released(await tx.sql.fetch(RELEASE_LINES, tx.clinic_id, list(line_ids)))


async def release_day(tx: Transaction, day_id: UUID) -> list[tuple[UUID, ReservedUnits]]:
    """All that was not given on a day goes back; what to tell stock: (visit, units).

    Of a visit that was served in part it is short from now on: the line needs as much as before.
    """
    rows = await tx.sql.fetch(RELEASE_DAY, tx.clinic_id, day_id)
    await add_short(tx, [(row["line_id"], row["units"]) for row in rows if row["visit_state"] == "served"])
    return _released(rows)


ADD_SHORT = """
UPDATE visit_line
SET short_units = visit_line.short_units + given.units
FROM (
    SELECT line_id, sum(units)::integer AS units
    FROM unnest($2::uuid[], $3::integer[]) AS one (line_id, units)
    GROUP BY line_id
) AS given
WHERE visit_line.clinic_id = $1 AND visit_line.line_id = given.line_id
"""


async def add_short(tx: Transaction, short: Sequence[tuple[UUID, int]]) -> None:
    """Units that were set apart for a line and went back, while it needs them still: (line, units)."""
    await tx.sql.execute(ADD_SHORT, tx.clinic_id, [line_id for line_id, _ in short], [units for _, units in short])


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


async def stop_lot(tx: Transaction, lot_id: UUID, reason: str) -> list[tuple[UUID, UUID, ReservedUnits]]:
    """Nobody gives from the lot any more: (line, visit, what goes back)."""
    rows = await tx.sql.fetch(STOP_LOT, tx.clinic_id, lot_id, reason)
    return [(row["line_id"], *released) for row, released in zip(rows, _released(rows), strict=True)]


def _released(rows: Sequence[asyncpg.Record]) -> list[tuple[UUID, ReservedUnits]]:
    return [
        (row["visit_id"], ReservedUnits(reference=row["reference"], lot_id=row["lot_id"], units=row["units"]))
        for row in rows
    ]
