"""Requests for units, and the reservations that answer them."""

from collections.abc import Sequence
from typing import cast
from uuid import UUID

import msgspec
from msgspec import Struct

from shared.database import Transaction
from shared.events.dispense import AskedLine

ALLOCATE_ALONE = "SELECT pg_advisory_xact_lock(hashtextextended('allocate ' || $1::text, 0))"


async def allocate_alone(tx: Transaction) -> None:
    """One allocation of a clinic at a time: what one has chosen, no other is choosing."""
    await tx.sql.execute(ALLOCATE_ALONE, str(tx.clinic_id))


KEEP_REQUEST = """
INSERT INTO request (request_id, clinic_id, parts, state)
VALUES ($1, $2, $3, 'arriving')
ON CONFLICT (request_id) DO NOTHING
"""
KEEP_PART = "INSERT INTO request_part (request_id, clinic_id, part, asked) VALUES ($1, $2, $3, $4::jsonb)"
COUNT_PARTS = """
SELECT count(*)
FROM request_part
JOIN request USING (request_id)
WHERE request.clinic_id = $1 AND request.request_id = $2 AND request.state = 'arriving'
"""
PARTS = "SELECT asked::text AS asked FROM request_part WHERE clinic_id = $1 AND request_id = $2 ORDER BY part"


async def keep_part(tx: Transaction, request_id: UUID, part: int, parts: int, lines: Sequence[AskedLine]) -> int:
    """Store one part of a request; returns how many are in, of an abandoned one none."""
    await tx.sql.execute(KEEP_REQUEST, request_id, tx.clinic_id, parts)
    await tx.sql.execute(KEEP_PART, request_id, tx.clinic_id, part, msgspec.json.encode(lines).decode())
    return cast("int", await tx.sql.fetchval(COUNT_PARTS, tx.clinic_id, request_id))


async def lines_of(tx: Transaction, request_id: UUID) -> list[AskedLine]:
    rows = await tx.sql.fetch(PARTS, tx.clinic_id, request_id)
    return [line for row in rows for line in msgspec.json.decode(row["asked"], type=list[AskedLine])]


SET_STATE = "UPDATE request SET state = $3 WHERE clinic_id = $1 AND request_id = $2"


async def set_state(tx: Transaction, request_id: UUID, state: str) -> None:
    await tx.sql.execute(SET_STATE, tx.clinic_id, request_id, state)


ABANDON = """
INSERT INTO request (request_id, clinic_id, parts, state)
VALUES ($1, $2, 0, 'abandoned')
ON CONFLICT (request_id) DO UPDATE SET state = 'abandoned'
"""


async def abandon(tx: Transaction, request_id: UUID) -> None:
    """Nobody waits for a request, also for one that has not come yet."""
    await tx.sql.execute(ABANDON, request_id, tx.clinic_id)


class Reserved(Struct, frozen=True, kw_only=True):
    reference: UUID
    lot_id: UUID
    units: int


RESERVE = """
INSERT INTO reservation (clinic_id, reference, lot_id, holder, request_id, units)
SELECT $1, reference, lot_id, $2, $3, units
FROM unnest($4::uuid[], $5::uuid[], $6::integer[]) AS given (reference, lot_id, units)
ON CONFLICT (reference, lot_id) DO UPDATE SET units = reservation.units + excluded.units
"""


async def reserve(tx: Transaction, holder: str, request_id: UUID, reserved: Sequence[Reserved]) -> None:
    """Write down who holds what; a reference that already holds of a lot holds more of it."""
    await tx.sql.execute(
        RESERVE,
        tx.clinic_id,
        holder,
        request_id,
        [one.reference for one in reserved],
        [one.lot_id for one in reserved],
        [one.units for one in reserved],
    )


_DRAW = """
UPDATE reservation
SET {column} = reservation.{column} + given.units
FROM unnest($2::uuid[], $3::uuid[], $4::integer[]) AS given (reference, lot_id, units)
WHERE reservation.clinic_id = $1
    AND reservation.reference = given.reference
    AND reservation.lot_id = given.lot_id
RETURNING reservation.lot_id
"""
TAKE = _DRAW.format(column="taken_units")
RELEASE = _DRAW.format(column="released_units")


async def take(tx: Transaction, drawn: Sequence[Reserved]) -> int:
    """Units that left the reserve for good (negative: they are back); returns how many rows were found."""
    return await _draw(tx, TAKE, drawn)


async def release(tx: Transaction, drawn: Sequence[Reserved]) -> int:
    """Units that their holder gave back; returns how many rows were found."""
    return await _draw(tx, RELEASE, drawn)


async def _draw(tx: Transaction, statement: str, drawn: Sequence[Reserved]) -> int:
    rows = await tx.sql.fetch(
        statement,
        tx.clinic_id,
        [one.reference for one in drawn],
        [one.lot_id for one in drawn],
        [one.units for one in drawn],
    )
    return len(rows)


LEFT_OF_REQUEST = """
SELECT reference, lot_id, units - taken_units - released_units AS units
FROM reservation
WHERE clinic_id = $1 AND request_id = $2 AND units > taken_units + released_units
ORDER BY reference, lot_id
"""
LEFT_OF_REFERENCE = """
SELECT reference, lot_id, units - taken_units - released_units AS units
FROM reservation
WHERE clinic_id = $1 AND reference = $2 AND units > taken_units + released_units
ORDER BY reference, lot_id
"""


async def left_of_request(tx: Transaction, request_id: UUID) -> list[Reserved]:
    return [Reserved(**dict(row)) for row in await tx.sql.fetch(LEFT_OF_REQUEST, tx.clinic_id, request_id)]


async def left_of_reference(tx: Transaction, reference: UUID) -> list[Reserved]:
    return [Reserved(**dict(row)) for row in await tx.sql.fetch(LEFT_OF_REFERENCE, tx.clinic_id, reference)]


FOR_WHOM = """
SELECT reference, lot_id, holder, units - taken_units - released_units AS units
FROM reservation
WHERE clinic_id = $1 AND lot_id = $2 AND units > taken_units + released_units
ORDER BY reference
"""


async def holders_of_lot(tx: Transaction, lot_id: UUID) -> list[tuple[str, int]]:
    """Who holds units of a lot: (kind of holder, units)."""
    return [(row["holder"], row["units"]) for row in await tx.sql.fetch(FOR_WHOM, tx.clinic_id, lot_id)]
