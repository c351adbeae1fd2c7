"""The clinic's calendar: its weekdays, and the days on which it is closed."""

from collections.abc import Sequence
from datetime import date

from msgspec import Struct

from services.dispense import store
from services.dispense.actions.day import give_up_closed_days
from shared.database import Work


class CalendarChanged(Struct, frozen=True, kw_only=True):
    weekdays: list[int]
    given_up_days: list[date]
    """Days that were prepared and are no pharmacy days any more: what was reserved went back."""


class ClosureChanged(Struct, frozen=True, kw_only=True):
    day_on: date
    given_up_days: list[date] = []


async def set_weekdays(work: Work, weekdays: Sequence[int]) -> CalendarChanged:
    """The weekdays on which the clinic gives medicines."""
    async with work.transaction() as tx:
        await store.calendar.set_weekdays(tx, weekdays)
        return tx.done(CalendarChanged(weekdays=list(weekdays), given_up_days=await give_up_closed_days(tx)))


async def close_on(work: Work, day_on: date, reason: str) -> ClosureChanged:
    async with work.transaction() as tx:
        await store.calendar.add_closure(tx, day_on, reason)
        return tx.done(ClosureChanged(day_on=day_on, given_up_days=await give_up_closed_days(tx)))


async def open_after_all(work: Work, day_on: date) -> ClosureChanged:
    async with work.transaction() as tx:
        await store.calendar.remove_closure(tx, day_on)
        return tx.done(ClosureChanged(day_on=day_on))
