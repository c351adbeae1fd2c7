"""The clinic's calendar: its weekdays, and the days on which it is closed."""

from collections.abc import Sequence
from datetime import date

from msgspec import Struct

from services.dispense import store
from shared.database import Work


class CalendarChanged(Struct, frozen=True, kw_only=True):
    weekdays: list[int]


class ClosureChanged(Struct, frozen=True, kw_only=True):
    day_on: date


async def set_weekdays(work: Work, weekdays: Sequence[int]) -> CalendarChanged:
    """The weekdays on which the clinic gives medicines."""
    async with work.transaction() as tx:
        await store.calendar.set_weekdays(tx, weekdays)
        return tx.done(CalendarChanged(weekdays=list(weekdays)))


async def close_on(work: Work, day_on: date, reason: str) -> ClosureChanged:
    async with work.transaction() as tx:
        await store.calendar.add_closure(tx, day_on, reason)
        return tx.done(ClosureChanged(day_on=day_on))


async def open_after_all(work: Work, day_on: date) -> ClosureChanged:
    async with work.transaction() as tx:
        await store.calendar.remove_closure(tx, day_on)
        return tx.done(ClosureChanged(day_on=day_on))
