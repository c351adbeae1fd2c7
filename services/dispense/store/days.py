"""Pharmacy days: made, prepared, closed."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct

from shared.database import Transaction


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
PREPARED_FROM = """
SELECT day_id, day_on, state, prepared_at, closed_at
FROM pharmacy_day
WHERE clinic_id = $1 AND day_on >= $2 AND state = 'open' AND prepared_at IS NOT NULL
ORDER BY day_on
FOR {lock}
"""
LOCK_OPEN_BEFORE = """
SELECT day_id, day_on, state, prepared_at, closed_at
FROM pharmacy_day
WHERE clinic_id = $1 AND day_on < $2 AND state = 'open'
ORDER BY day_on
FOR UPDATE
"""
SHARE_DAY_OF_VISIT = """
SELECT pharmacy_day.day_id, pharmacy_day.day_on, pharmacy_day.state, pharmacy_day.prepared_at,
       pharmacy_day.closed_at
FROM pharmacy_day
JOIN visit USING (day_id)
WHERE pharmacy_day.clinic_id = $1 AND visit.visit_id = $2
FOR SHARE OF pharmacy_day
"""
SET_PREPARED = "UPDATE pharmacy_day SET prepared_at = $3 WHERE clinic_id = $1 AND day_id = $2"
SET_OPEN = "UPDATE pharmacy_day SET state = 'open', closed_at = NULL WHERE clinic_id = $1 AND day_id = $2"
SET_CLOSED = "UPDATE pharmacy_day SET state = 'closed', closed_at = $3 WHERE clinic_id = $1 AND day_id = $2"


async def find_day(tx: Transaction, day_on: date) -> DayRow | None:
    row = await tx.sql.fetchrow(FIND_DAY, tx.clinic_id, day_on)
    return DayRow(**dict(row)) if row else None


async def lock_day(tx: Transaction, day_on: date) -> DayRow | None:
    """The day, with nobody giving, preparing or closing it at the same time."""
    row = await tx.sql.fetchrow(LOCK_DAY, tx.clinic_id, day_on)
    return DayRow(**dict(row)) if row else None


async def prepared_from(tx: Transaction, day_on: date, *, lock: Literal["SHARE", "UPDATE"]) -> list[DayRow]:
    """Days from one on that are prepared and not closed, locked in their order."""
    return [DayRow(**dict(row)) for row in await tx.sql.fetch(PREPARED_FROM.format(lock=lock), tx.clinic_id, day_on)]


async def lock_open_before(tx: Transaction, day_on: date) -> list[DayRow]:
    """Past days that nobody closed, locked in their order."""
    return [DayRow(**dict(row)) for row in await tx.sql.fetch(LOCK_OPEN_BEFORE, tx.clinic_id, day_on)]


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


async def set_open(tx: Transaction, day_id: UUID) -> None:
    """Open a closed day again."""
    await tx.sql.execute(SET_OPEN, tx.clinic_id, day_id)
