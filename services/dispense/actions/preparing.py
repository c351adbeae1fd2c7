"""Reserving what is needed: a day's lines are brought into line with what is wanted now, and stock is asked."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from uuid import UUID

import msgspec
from msgspec import Struct

from services.dispense import store
from services.dispense.rules import planning, renewal
from shared import known
from shared.database import Transaction
from shared.events import dispense as events
from shared.events.parts import in_parts
from shared.ids import new_id
from shared.policies import Policies, SharingRule


class _Renewed(Struct, frozen=True, kw_only=True):
    """A day's lines as they are wanted now, and what is left to ask of stock: (patient, line)."""

    day_id: UUID
    request_id: UUID
    changes: renewal.Changes
    wanted: list[planning.Wanted]
    asked: list[tuple[UUID, events.AskedLine]]


async def bring_into_line(
    tx: Transaction, days: Sequence[store.days.DayRow], patient_id: UUID | None = None
) -> list[renewal.Changes]:
    """Have reserved on each of these days what everybody (or one patient) needs, and nothing else.

    The days are locked and in their order: what an earlier one supplies a later one needs no more. Returns what
    changed on each.
    """
    if not days:
        return []
    policies = await known.policies_of(tx.sql, tx.clinic_id)
    calendar = await store.calendar.calendar_of(tx, days[0].day_on)
    # What goes back is told before anything is asked for: it may be what another day lacks.
    renewed = [await _renew(tx, day, calendar, policies, patient_id) for day in days]
    for one in renewed:
        await _ask(tx, one.day_id, one.request_id, one.asked, one.wanted, policies)
    return [one.changes for one in renewed]


async def bring_patient_into_line(tx: Transaction, patient_id: UUID, from_on: date) -> None:
    """After something at the counter: what days that are prepared already reserve for one patient."""
    days = await store.days.prepared_from(tx, from_on, lock="SHARE")
    if days:
        calendar = await store.calendar.calendar_of(tx, from_on)
        await bring_into_line(tx, [day for day in days if calendar.is_open(day.day_on)], patient_id)


async def _renew(
    tx: Transaction,
    day: store.days.DayRow,
    calendar: planning.Calendar,
    policies: Policies,
    patient_id: UUID | None,
) -> _Renewed:
    plans = await store.plans.plans(tx, day.day_on, patient_id)
    wanted = planning.wanted_on(plans, day.day_on, calendar, policies.supply_days_most)
    prepared = await store.visit_lines.prepared_lines(tx, day.day_id, patient_id)
    todo = renewal.changes([line for line, _, _ in prepared], wanted)
    await drop_lines(tx, todo.drop)
    request_id = new_id()
    asked = await _add(tx, day.day_id, request_id, todo.add)
    again = {one.line_id: one for one in todo.ask_again}
    await store.visit_lines.ask_again(tx, request_id, list(again))
    for line, reference, whose in prepared:
        if line.line_id in again:
            asked.append((whose, _asked_again(line, reference, again[line.line_id])))
    return _Renewed(day_id=day.day_id, request_id=request_id, changes=todo, wanted=wanted, asked=asked)


async def ask_for_walk_in(tx: Transaction, day_id: UUID, wanted: Sequence[planning.Wanted]) -> UUID:
    """A walk-in asks under a reservation of its own, with a short limit; returns the visit's id."""
    policies = await known.policies_of(tx.sql, tx.clinic_id)
    patient_id = wanted[0].patient_id
    visits = await store.visits.add_visits(tx, day_id, {patient_id: new_id()}, walk_in=True)
    request_id = new_id()
    asked = await _add(tx, day_id, request_id, wanted)
    # What a day to come has reserved for the same need goes back first: it may be all there is.
    await bring_patient_into_line(tx, patient_id, tx.today + timedelta(days=1))
    wait_until = tx.now + timedelta(seconds=policies.walk_in_wait_seconds)
    await _ask(tx, day_id, request_id, asked, wanted, policies, wait_until)
    return visits[patient_id]


async def drop_lines(tx: Transaction, line_ids: Sequence[UUID]) -> None:
    """These lines are wanted no more; what was reserved for them goes back."""
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


def _asked_again(line: renewal.Prepared, reference: UUID, again: renewal.AskAgain) -> events.AskedLine:
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
    # Who is wanted no more, having been served in part, comes after all others.
    lines = [msgspec.structs.replace(line, order=order.get(patient_id, len(order))) for patient_id, line in asked]
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
