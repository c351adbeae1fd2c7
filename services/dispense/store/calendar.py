"""The calendar: the weekdays on which the clinic gives medicines, and the days on which it doesn't."""

from collections.abc import Sequence
from datetime import date

from msgspec import Struct

from services.dispense.rules.planning import Calendar
from shared.database import Transaction

SET_WEEKDAYS = """
INSERT INTO calendar (clinic_id, weekdays)
VALUES ($1, $2)
ON CONFLICT (clinic_id) DO UPDATE SET weekdays = excluded.weekdays
"""
WEEKDAYS = "SELECT weekdays FROM calendar WHERE clinic_id = $1"
CLOSURES = "SELECT day_on, reason FROM closure WHERE clinic_id = $1 AND day_on >= $2 ORDER BY day_on"
ADD_CLOSURE = "INSERT INTO closure (clinic_id, day_on, reason) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
REMOVE_CLOSURE = "DELETE FROM closure WHERE clinic_id = $1 AND day_on = $2"


CLINIC = "SELECT name, phone FROM clinic WHERE clinic_id = $1"


class Clinic(Struct, frozen=True, kw_only=True):
    """What stands on cards and labels."""

    name: str
    phone: str | None


async def clinic(tx: Transaction) -> Clinic:
    row = await tx.sql.fetchrow(CLINIC, tx.clinic_id)
    assert row is not None, "a clinic whose people are let in is known"
    return Clinic(**dict(row))


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
