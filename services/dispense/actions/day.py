"""Pharmacy days: prepared, prepared again, closed, and opened again when that was too soon."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from uuid import UUID

import msgspec
from msgspec import Struct

from services.dispense import store
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
from shared import known
from shared.database import Transaction, Work
from shared.events import dispense as events
from shared.events.parts import in_parts
from shared.ids import new_id
from shared.policies import Policies, SharingRule


class DayPrepared(Struct, frozen=True, kw_only=True):
    """What preparing changed: lines that are new, asked for again, or dropped."""

    day_id: UUID
    added_lines: int
    asked_again_lines: int
    dropped_lines: int
    also_changed: list[date]
    """Days after it that were prepared before and need something else now."""


class DayEnded(Struct, frozen=True, kw_only=True):
    day_id: UUID
    released_units: int


async def prepare_pharmacy_day(work: Work, day_on: date) -> DayPrepared:
    """Ask stock to set apart what everybody expected needs. Again: only what has changed.

    Days after it that are prepared already are brought into line: what this day supplies they need no more.
    """
    async with work.transaction() as tx:
        return tx.done(await _prepare(tx, await _open_day(tx, day_on)))


async def _prepare(tx: Transaction, day: store.days.DayRow) -> DayPrepared:
    await store.owed.lapse_owed(tx, tx.today)
    policies = await known.policies_of(tx.sql, tx.clinic_id)
    calendar = await store.calendar.calendar_of(tx, day.day_on)
    later = [one for one in await store.days.lock_prepared_after(tx, day.day_on) if calendar.is_open(one.day_on)]
    # What goes back is told before anything is asked for: it may be what another day lacks.
    renewed = [await _renew(tx, one, calendar, policies) for one in (day, *later)]
    for one in renewed:
        await _ask(tx, one.day_id, one.request_id, one.asked, one.wanted, policies)
    changes = renewed[0].changes
    return DayPrepared(
        day_id=day.day_id,
        added_lines=len(changes.add),
        asked_again_lines=len(changes.ask_again),
        dropped_lines=len(changes.drop),
        also_changed=[one.day_on for one, what in zip(later, renewed[1:], strict=True) if what.changes_anything()],
    )


class _Renewed(Struct, frozen=True, kw_only=True):
    """A day's lines as they are wanted now, and what is left to ask of stock: (patient, line)."""

    day_id: UUID
    request_id: UUID
    changes: planning.Changes
    wanted: list[planning.Wanted]
    asked: list[tuple[UUID, events.AskedLine]]

    def changes_anything(self) -> bool:
        return bool(self.changes.add or self.changes.ask_again or self.changes.drop)


async def _renew(tx: Transaction, day: store.days.DayRow, calendar: planning.Calendar, policies: Policies) -> _Renewed:
    plans = await store.plans.plans(tx, day.day_on)
    wanted = planning.wanted_on(plans, day.day_on, calendar, policies.supply_days_most)
    prepared = await store.visit_lines.prepared_lines(tx, day.day_id)
    todo = planning.changes([line for line, _, _ in prepared], wanted)
    await _drop(tx, todo.drop)
    request_id = new_id()
    asked = await _add(tx, day.day_id, request_id, todo.add)
    again = {one.line_id: one for one in todo.ask_again}
    await store.visit_lines.ask_again(tx, request_id, list(again))
    for line, reference, patient_id in prepared:
        if line.line_id in again:
            asked.append((patient_id, _asked_again(line, reference, again[line.line_id])))
    await store.days.set_prepared(tx, day.day_id)
    return _Renewed(day_id=day.day_id, request_id=request_id, changes=todo, wanted=wanted, asked=asked)


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


async def _drop(tx: Transaction, line_ids: Sequence[UUID]) -> None:
    await store.visit_lines.drop_lines(tx, line_ids)
    tell_released(tx, await store.escrow.release_lines(tx, line_ids))


def tell_released(tx: Transaction, released: Sequence[tuple[UUID, events.ReservedUnits]]) -> None:
    """Stock takes units back: (visit, units). Told by the visit, as what it gave and undid before, so that the
    one never overtakes the other.
    """
    by_visit: dict[UUID, list[events.ReservedUnits]] = {}
    for visit_id, units in released:
        by_visit.setdefault(visit_id, []).append(units)
    for visit_id, lines in by_visit.items():
        for part in in_parts([line] for line in lines):
            tx.emit(visit_id, events.ReservationReleased(operation_id=new_id(), lines=tuple(part)))


async def _add(
    tx: Transaction, day_id: UUID, request_id: UUID, wanted: Sequence[planning.Wanted]
) -> list[tuple[UUID, events.AskedLine]]:
    visits = await store.visits.add_visits(tx, day_id, {need.patient_id: new_id() for need in wanted})
    lines = [
        store.visit_lines.NewLine(line_id=new_id(), visit_id=visits[need.patient_id], reference=new_id(), wanted=need)
        for need in wanted
    ]
    await store.visit_lines.add_lines(tx, request_id, lines)
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
    await store.requests.add_request(tx, request_id, day_id, wait_until)
    parts = in_parts([line] for line in lines)
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
    visits = await store.visits.add_visits(tx, day_id, {patient_id: new_id()}, walk_in=True)
    request_id = new_id()
    asked = await _add(tx, day_id, request_id, wanted)
    wait_until = tx.now + timedelta(seconds=policies.walk_in_wait_seconds)
    await _ask(tx, day_id, request_id, asked, wanted, policies, wait_until)
    return visits[patient_id]


async def close_pharmacy_day(work: Work, day_on: date) -> DayEnded:
    """Who did not come is noted, what was not given goes back, and nobody gives any more."""
    async with work.transaction() as tx:
        day = await store.days.lock_day(tx, day_on)
        if day is None:
            raise DayNotPrepared
        if day.state == "closed":
            raise DayClosed
        if day.day_on > tx.today:
            raise DayNotBegun
        for request_id in await store.requests.waiting_walk_ins(tx, day.day_id):
            if await store.requests.abandon_request(tx, request_id):
                tx.emit(request_id, events.ReservationAbandoned(request_id=request_id))
        await store.visits.mark_not_come(tx, day.day_id)
        released = await store.escrow.release_day(tx, day.day_id)
        await store.days.set_closed(tx, day.day_id)
        tell_released(tx, released)
        return tx.done(DayEnded(day_id=day.day_id, released_units=sum(one.units for _, one in released)))


async def reopen_pharmacy_day(work: Work, day_on: date) -> DayPrepared:
    """Open a day again that was closed too soon, and reserve again for who has not been served."""
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
        await store.visit_lines.drop_unserved(tx, day.day_id)
        return tx.done(await _prepare(tx, day))
