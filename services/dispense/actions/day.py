"""Pharmacy days: prepared, prepared again, closed, and opened again when that was too soon."""

from datetime import date, timedelta
from uuid import UUID

from msgspec import Struct

from services.dispense import store
from services.dispense.actions.preparing import bring_into_line, drop_lines, tell_released
from services.dispense.errors import (
    DayClosed,
    DayIsPast,
    DayNotBegun,
    DayNotClosed,
    DayNotPrepared,
    DayTooFar,
    NotAPharmacyDay,
    NotToday,
)
from services.dispense.rules import planning
from shared.database import Transaction, Work
from shared.events import dispense as events
from shared.ids import new_id


class DayPrepared(Struct, frozen=True, kw_only=True):
    """What preparing changed: lines that are new, asked for again, or dropped."""

    day_id: UUID
    added_lines: int
    asked_again_lines: int
    dropped_lines: int
    also_changed: list[date]
    """Days after it that were prepared before and need something else now."""
    closed_days: list[date]
    """Past days that nobody had closed: what lay reserved for them went back."""


class DayEnded(Struct, frozen=True, kw_only=True):
    day_id: UUID
    released_units: int


async def prepare_pharmacy_day(work: Work, day_on: date) -> DayPrepared:
    """Ask stock to set apart what everybody expected needs. Again: only what has changed.

    Days after it that are prepared already are brought into line. Past days that nobody closed are closed: nobody
    gives anything on them any more.
    """
    async with work.transaction() as tx:
        past = await store.days.lock_open_before(tx, tx.today)
        day = await _open_day(tx, day_on)
        for one in past:
            await _close(tx, one)
        return tx.done(await _prepare(tx, day, [one.day_on for one in past]))


async def _prepare(tx: Transaction, day: store.days.DayRow, closed_days: list[date]) -> DayPrepared:
    await store.owed.lapse_owed(tx, tx.today)
    later = await _later_days(tx, day.day_on)
    changes, *of_later = await bring_into_line(tx, [day, *later])
    await store.days.set_prepared(tx, day.day_id)
    return DayPrepared(
        day_id=day.day_id,
        added_lines=len(changes.add),
        asked_again_lines=len(changes.ask_again),
        dropped_lines=len(changes.drop),
        also_changed=[
            one.day_on for one, what in zip(later, of_later, strict=True) if what.add or what.ask_again or what.drop
        ],
        closed_days=closed_days,
    )


async def _later_days(tx: Transaction, day_on: date) -> list[store.days.DayRow]:
    """Days after one that are prepared and that the calendar still has, locked."""
    calendar = await store.calendar.calendar_of(tx, day_on)
    days = await store.days.prepared_from(tx, day_on + timedelta(days=1), lock="UPDATE")
    return [day for day in days if calendar.is_open(day.day_on)]


async def _open_day(tx: Transaction, day_on: date) -> store.days.DayRow:
    if day_on < tx.today:
        raise DayIsPast
    if day_on > tx.today + timedelta(days=planning.FURTHEST_DAY):
        raise DayTooFar(days=planning.FURTHEST_DAY)
    if not (await store.calendar.calendar_of(tx, day_on)).is_open(day_on):
        raise NotAPharmacyDay
    await store.days.make_day(tx, new_id(), day_on)
    day = await store.days.lock_day(tx, day_on)
    assert day is not None
    if day.state == "closed":
        raise DayClosed
    return day


async def close_pharmacy_day(work: Work, day_on: date) -> DayEnded:
    """Who did not come is noted, what was not given goes back, and nobody gives any more.

    Who did not come is expected on the next day that is prepared already.
    """
    async with work.transaction() as tx:
        day = await store.days.lock_day(tx, day_on)
        if day is None:
            raise DayNotPrepared
        if day.state == "closed":
            raise DayClosed
        if day.day_on > tx.today:
            raise DayNotBegun
        released_units = await _close(tx, day)
        await bring_into_line(tx, await _later_days(tx, tx.today))
        return tx.done(DayEnded(day_id=day.day_id, released_units=released_units))


async def _close(tx: Transaction, day: store.days.DayRow) -> int:
    for request_id in await store.requests.waiting_walk_ins(tx, day.day_id):
        if await store.requests.abandon_request(tx, request_id):
            tx.emit(request_id, events.ReservationAbandoned(request_id=request_id))
    await store.visits.mark_not_come(tx, day.day_id)
    released = await store.escrow.release_day(tx, day.day_id)
    await store.days.set_closed(tx, day.day_id)
    tell_released(tx, released)
    return sum(units.units for _, units in released)


async def reopen_pharmacy_day(work: Work, day_on: date) -> DayPrepared:
    """Open a day again that was closed too soon, and reserve again what is still needed."""
    async with work.transaction() as tx:
        day = await store.days.lock_day(tx, day_on)
        if day is None:
            raise DayNotPrepared
        if day.state == "open":
            raise DayNotClosed
        if day.day_on != tx.today:
            raise NotToday(day_on=str(day.day_on))
        await store.days.set_open(tx, day.day_id)
        # What was reserved for them has gone back: they are asked for anew.
        await store.visits.expect_again(tx, day.day_id)
        await drop_lines(tx, await store.visit_lines.unserved_lines(tx, day.day_id))
        return tx.done(await _prepare(tx, day, []))


async def give_up_closed_days(tx: Transaction) -> list[date]:
    """The calendar has changed: what is reserved on days that are no pharmacy days any more goes back.

    Whoever was expected there is expected on the following day, if that is prepared already.
    """
    calendar = await store.calendar.calendar_of(tx, tx.today)
    days = await store.days.prepared_from(tx, tx.today, lock="UPDATE")
    given_up = [day for day in days if not calendar.is_open(day.day_on)]
    for day in given_up:
        await drop_lines(tx, await store.visit_lines.unserved_lines(tx, day.day_id))
    if given_up:
        await bring_into_line(tx, [day for day in days if calendar.is_open(day.day_on)])
    return [day.day_on for day in given_up]
