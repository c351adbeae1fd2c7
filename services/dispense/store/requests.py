"""Requests to stock, and how much of the answer is in."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct

from shared.database import Transaction

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


WAITING_REQUEST_OF_VISIT = """
SELECT request.request_id, request.wait_until
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


async def waits_until(tx: Transaction, visit_id: UUID) -> datetime | None:
    """Until when a walk-in waits for stock; None: it doesn't."""
    row = await tx.sql.fetchrow(WAITING_REQUEST_OF_VISIT, tx.clinic_id, visit_id)
    return row["wait_until"] if row else None


OLDEST_WAITING = "SELECT min(asked_at) FROM request WHERE clinic_id = $1 AND state = 'asked'"


async def oldest_waiting(tx: Transaction) -> datetime | None:
    """Since when a request waits for stock's answer; None: none waits."""
    since: datetime | None = await tx.sql.fetchval(OLDEST_WAITING, tx.clinic_id)
    return since
