"""Pharmacy days: the calendar is set, a day is prepared, prepared again, and closed."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import TypeVar
from uuid import UUID

import msgspec
from msgspec import Struct

from services.dispense.errors import DayClosed, DayIsPast, DayNotBegun, DayNotPrepared, NotAPharmacyDay
from services.dispense.rules import planning
from services.dispense.store import day as store
from shared import known
from shared.database import Transaction, Work
from shared.events import dispense as events
from shared.ids import new_id
from shared.policies import Policies, SharingRule

Row = TypeVar("Row")

PART_BYTES = 200 * 1024
"""An event on the bus has at most 256 KB; the rest is room for its envelope."""


class CalendarChanged(Struct, frozen=True, kw_only=True):
    weekdays: list[int]


class ClosureChanged(Struct, frozen=True, kw_only=True):
    day_on: date


class DayPrepared(Struct, frozen=True, kw_only=True):
    """What preparing changed: lines that are new, asked for again, or dropped."""

    day_id: UUID
    added_lines: int
    asked_again_lines: int
    dropped_lines: int


class DayEnded(Struct, frozen=True, kw_only=True):
    day_id: UUID
    released_units: int


async def set_weekdays(work: Work, weekdays: Sequence[int]) -> CalendarChanged:
    """The weekdays on which the clinic gives medicines."""
    async with work.transaction() as tx:
        await store.set_weekdays(tx, weekdays)
        return tx.done(CalendarChanged(weekdays=list(weekdays)))


async def close_on(work: Work, day_on: date, reason: str) -> ClosureChanged:
    async with work.transaction() as tx:
        await store.add_closure(tx, day_on, reason)
        return tx.done(ClosureChanged(day_on=day_on))


async def open_after_all(work: Work, day_on: date) -> ClosureChanged:
    async with work.transaction() as tx:
        await store.remove_closure(tx, day_on)
        return tx.done(ClosureChanged(day_on=day_on))


async def prepare_pharmacy_day(work: Work, day_on: date) -> DayPrepared:
    """Ask stock to set apart what everybody expected needs. Again: only what has changed."""
    async with work.transaction() as tx:
        day = await _open_day(tx, day_on)
        await store.lapse_owed(tx, tx.today)
        policies = await known.policies_of(tx.sql, tx.clinic_id)
        calendar = await store.calendar_of(tx, day_on)
        wanted = planning.wanted_on(await store.plans(tx, day_on), day_on, calendar, policies.supply_days_most)
        prepared = await store.prepared_lines(tx, day.day_id)
        todo = planning.changes([line for line, _, _ in prepared], wanted)
        await _drop(tx, todo.drop)
        request_id = new_id()
        asked = await _add(tx, day.day_id, request_id, todo.add)
        again = {one.line_id: one for one in todo.ask_again}
        patients = {line.line_id: patient_id for line, _, patient_id in prepared}
        await store.ask_again(tx, request_id, list(again))
        for line, reference, _ in prepared:
            if line.line_id in again:
                asked.append((patients[line.line_id], _asked_again(line, reference, again[line.line_id])))
        await _ask(tx, day.day_id, request_id, asked, wanted, policies)
        await store.set_prepared(tx, day.day_id)
        return tx.done(
            DayPrepared(
                day_id=day.day_id,
                added_lines=len(todo.add),
                asked_again_lines=len(again),
                dropped_lines=len(todo.drop),
            )
        )


async def _open_day(tx: Transaction, day_on: date) -> store.DayRow:
    if day_on < tx.today:
        raise DayIsPast
    if not (await store.calendar_of(tx, day_on)).is_open(day_on):
        raise NotAPharmacyDay
    await store.make_day(tx, new_id(), day_on)
    day = await store.lock_day(tx, day_on)
    assert day is not None
    if day.state == "closed":
        raise DayClosed
    return day


async def _drop(tx: Transaction, line_ids: Sequence[UUID]) -> None:
    await store.drop_lines(tx, line_ids)
    tell_released(tx, await store.release_lines(tx, line_ids))


def tell_released(tx: Transaction, released: Sequence[tuple[UUID, events.ReservedUnits]]) -> None:
    """Stock takes units back: (visit, units). Told by the visit, as what it gave and undid before, so that the
    one never overtakes the other.
    """
    by_visit: dict[UUID, list[events.ReservedUnits]] = {}
    for visit_id, units in released:
        by_visit.setdefault(visit_id, []).append(units)
    for visit_id, lines in by_visit.items():
        for part in in_parts(lines):
            tx.emit(visit_id, events.ReservationReleased(operation_id=new_id(), lines=tuple(part)))


async def _add(
    tx: Transaction, day_id: UUID, request_id: UUID, wanted: Sequence[planning.Wanted]
) -> list[tuple[UUID, events.AskedLine]]:
    visits = await store.add_visits(tx, day_id, {need.patient_id: new_id() for need in wanted})
    lines = [
        store.NewLine(line_id=new_id(), visit_id=visits[need.patient_id], reference=new_id(), wanted=need)
        for need in wanted
    ]
    await store.add_lines(tx, request_id, lines)
    return [(line.wanted.patient_id, _asked(line.wanted, line.reference)) for line in lines]


def _asked(need: planning.Wanted, reference: UUID) -> events.AskedLine:
    return events.AskedLine(
        reference=reference,
        order=0,
        substitution_group=need.substitution_group,
        content_needed=str(need.content_needed),
        content_per_day=_text(need.content_per_day),
        from_on=need.from_on,
        through_on=need.through_on,
    )


def _asked_again(line: planning.Prepared, reference: UUID, again: planning.AskAgain) -> events.AskedLine:
    return events.AskedLine(
        reference=reference,
        order=0,
        substitution_group=line.substitution_group,
        content_needed=str(again.content_needed),
        content_per_day=_text(line.content_per_day),
        from_on=again.from_on,
        through_on=line.through_on,
    )


def _text(content: Fraction | None) -> str | None:
    return None if content is None else str(content)


async def _ask(
    tx: Transaction,
    day_id: UUID,
    request_id: UUID,
    asked: Sequence[tuple[UUID, events.AskedLine]],
    wanted: Sequence[planning.Wanted],
    policies: Policies,
    wait_until: datetime | None = None,
) -> None:
    if not asked:
        return
    first_come = policies.sharing_rule is SharingRule.FIRST_COME
    order = planning.by_registration(wanted) if first_come else planning.by_urgency(wanted)
    lines = [msgspec.structs.replace(line, order=order[patient_id]) for patient_id, line in asked]
    await store.add_request(tx, request_id, day_id, wait_until)
    parts = in_parts(lines)
    for number, part in enumerate(parts, start=1):
        told = events.ReservationAsked(
            request_id=request_id,
            part=number,
            parts=len(parts),
            sharing_rule=policies.sharing_rule,
            lines=tuple(part),
        )
        tx.emit(request_id, told)


async def ask_for_walk_in(tx: Transaction, day_id: UUID, wanted: Sequence[planning.Wanted], policies: Policies) -> UUID:
    """A walk-in asks under a reservation of its own, with a short limit; returns the visit's id."""
    patient_id = wanted[0].patient_id
    visits = await store.add_visits(tx, day_id, {patient_id: new_id()}, walk_in=True)
    request_id = new_id()
    asked = await _add(tx, day_id, request_id, wanted)
    wait_until = tx.now + timedelta(seconds=policies.walk_in_wait_seconds)
    await _ask(tx, day_id, request_id, asked, wanted, policies, wait_until)
    return visits[patient_id]


def in_parts(rows: Sequence[Row]) -> list[list[Row]]:
    """Rows in parts that fit the bus, however long each is."""
    parts: list[list[Row]] = []
    room = 0
    for row in rows:
        size = len(msgspec.json.encode(row)) + 1
        if size > room:
            parts.append([])
            room = PART_BYTES
        parts[-1].append(row)
        room -= size
    return parts


async def close_pharmacy_day(work: Work, day_on: date) -> DayEnded:
    """Who did not come is noted, what was not given goes back, and nobody gives any more."""
    async with work.transaction() as tx:
        day = await store.lock_day(tx, day_on)
        if day is None:
            raise DayNotPrepared
        if day.state == "closed":
            raise DayClosed
        if day.day_on > tx.today:
            raise DayNotBegun
        for request_id in await store.waiting_walk_ins(tx, day.day_id):
            if await store.abandon_request(tx, request_id):
                tx.emit(request_id, events.ReservationAbandoned(request_id=request_id))
        await store.mark_not_come(tx, day.day_id)
        released = await store.release_day(tx, day.day_id)
        await store.set_closed(tx, day.day_id)
        tell_released(tx, released)
        return tx.done(DayEnded(day_id=day.day_id, released_units=sum(one.units for _, one in released)))
