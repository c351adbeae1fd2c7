"""The counter: giving, owing, undoing. All from this service's own database: a patient is standing there."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from msgspec import Struct

from services.dispense import store
from services.dispense.actions.preparing import (
    ask_for_walk_in,
    bring_into_line,
    bring_patient_into_line,
    tell_released,
)
from services.dispense.errors import (
    AlreadyExpected,
    DayClosed,
    LineNotInVisit,
    MoreThanReserved,
    NotAPharmacyDay,
    NothingNeeded,
    NothingToGive,
    NothingToUndo,
    NothingWaits,
    NotToday,
    OwedFirst,
    OwedNotFound,
    PatientForgotten,
    PatientNotFound,
    SomethingToGive,
    VisitNotFound,
    VisitServed,
)
from services.dispense.rules import giving, planning
from services.dispense.store.escrow import Handed
from services.dispense.store.visit_lines import LineToGive
from shared import known
from shared.database import Transaction, Work
from shared.events import dispense as events
from shared.ids import new_id


class GivenLine(Struct, frozen=True, kw_only=True):
    line_id: UUID
    lot_id: UUID
    units: int


class VisitChanged(Struct, frozen=True, kw_only=True):
    visit_id: UUID
    state: store.visits.VisitState
    given: list[GivenLine] = []


class OwedChanged(Struct, frozen=True, kw_only=True):
    supply_id: UUID


async def give(work: Work, visit_id: UUID, wanted: Mapping[UUID, int] | None) -> VisitChanged:
    """Hand over what is reserved, all of it or so many units of the lines named; the rest is owed."""
    async with work.transaction() as tx:
        visit = await _open_visit(tx, visit_id)
        await _refuse_forgotten(tx, visit.patient_id)
        lines = await store.visit_lines.lock_lines(tx, visit_id)
        lots = await store.escrow.lock_lots(tx, visit_id)
        left = giving.left_of_lines(lots, tx.today)
        if not left:
            raise NothingToGive
        if wanted is not None and wanted.keys() - {line.line_id for line in lines}:
            raise LineNotInVisit
        handed, missing = giving.hand_over(left if wanted is None else wanted, lots, tx.today)
        if missing:
            raise MoreThanReserved(lines={str(line_id): left.get(line_id, 0) for line_id in missing})
        _refuse_later_first(lines, left, handed)
        lines = _answered(lines, lots)
        supplies = await _supplies(tx, visit, lines, lots)
        rows = [Handed(line_id=lot.line_id, lot_id=lot.lot_id, units=units) for lot, units in handed]
        operation_id = new_id()
        await store.escrow.give_from_escrow(tx, rows)
        await store.supplies.add_to_supplies(tx, [(supplies[row.line_id], row.units) for row in rows])
        await store.supplies.add_dispensed(tx, operation_id, visit_id, rows, supplies, [new_id() for _ in rows])
        await store.owed.settle_owed(tx, {supplies[x.line_id]: x.short_units > 0 for x in lines})
        await store.visits.set_visit_state(tx, visit_id, "served")
        tx.emit(visit_id, events.Dispensed(operation_id=operation_id, lines=_told(rows, lines)))
        await _bring_coming_days_into_line(tx, visit.patient_id)
        given = [GivenLine(line_id=row.line_id, lot_id=row.lot_id, units=row.units) for row in rows]
        return tx.done(VisitChanged(visit_id=visit_id, state="served", given=given))


async def owe_everything(work: Work, visit_id: UUID) -> VisitChanged:
    """They came, and nothing of what they need was there: all of it is owed."""
    async with work.transaction() as tx:
        visit = await _open_visit(tx, visit_id)
        await _refuse_forgotten(tx, visit.patient_id)
        lines = await store.visit_lines.lock_lines(tx, visit_id)
        lots = await store.escrow.lock_lots(tx, visit_id)
        if giving.left_of_lines(lots, tx.today):
            raise SomethingToGive
        lacking = [line for line in _answered(lines, lots) if line.short_units and line.supply_id is None]
        if not lacking:
            raise NothingToGive
        supplies = await _supplies(tx, visit, lacking, lots)
        await store.owed.settle_owed(tx, dict.fromkeys(supplies.values(), True))
        await store.visits.set_visit_state(tx, visit_id, "served")
        await _bring_coming_days_into_line(tx, visit.patient_id)
        return tx.done(VisitChanged(visit_id=visit_id, state="served"))


def _refuse_later_first(
    lines: Sequence[LineToGive], left: Mapping[UUID, int], handed: Sequence[tuple[giving.EscrowLot, int]]
) -> None:
    """What is given goes into the first days: else those that are owed for lapse, and the later ones end too soon."""
    given: dict[UUID, int] = {}
    for lot, units in handed:
        given[lot.line_id] = given.get(lot.line_id, 0) + units
    lacking = {
        line.therapy_line_id
        for line in lines
        if line.tops_up and left.get(line.line_id, 0) > given.get(line.line_id, 0)
    }
    if any(line.therapy_line_id in lacking for line in lines if line.tops_up is None and line.line_id in given):
        raise OwedFirst


def _answered(lines: Sequence[LineToGive], lots: Sequence[giving.EscrowLot]) -> list[LineToGive]:
    """Without those that stock has told nothing of yet: what they need, and what is owed of it, nobody knows."""
    with_lots = {lot.line_id for lot in lots}
    return [line for line in lines if not line.waits or line.line_id in with_lots]


def _told(rows: Sequence[Handed], lines: Sequence[LineToGive]) -> tuple[events.ReservedUnits, ...]:
    references = {line.line_id: line.reference for line in lines}
    return tuple(
        events.ReservedUnits(reference=references[row.line_id], lot_id=row.lot_id, units=row.units) for row in rows
    )


async def _supplies(
    tx: Transaction,
    visit: store.visits.VisitRow,
    lines: Sequence[LineToGive],
    lots: Sequence[giving.EscrowLot],
) -> dict[UUID, UUID]:
    """The supply that each line of the visit counts in: its own, made now, or the one that it tops up."""
    supplies = {line.line_id: line.supply_id or line.tops_up or new_id() for line in lines}
    new = [
        store.supplies.NewSupply(
            supply_id=supplies[line.line_id],
            line_id=line.line_id,
            therapy_line_id=line.therapy_line_id,
            from_on=line.from_on,
            through_on=line.through_on,
            needed_units=giving.needed_units([lot for lot in lots if lot.line_id == line.line_id], line.short_units),
        )
        for line in lines
        if line.supply_id is None and line.tops_up is None
    ]
    await store.supplies.add_supplies(tx, visit.patient_id, new)
    await store.supplies.link_supplies(tx, supplies)
    return supplies


async def mark_not_come(work: Work, visit_id: UUID) -> VisitChanged:
    """The patient did not come. What is reserved waits until the day is closed: they may come yet."""
    async with work.transaction() as tx:
        visit = await _open_visit(tx, visit_id)
        if visit.state == "served":
            raise VisitServed
        await store.visits.set_visit_state(tx, visit_id, "not_come")
        await _bring_coming_days_into_line(tx, visit.patient_id)
        return tx.done(VisitChanged(visit_id=visit_id, state="not_come"))


async def undo_last(work: Work, visit_id: UUID) -> VisitChanged:
    """Take back the last giving of a visit, within its day: the units are reserved again."""
    async with work.transaction() as tx:
        visit = await _open_visit(tx, visit_id)
        undoes = await store.supplies.last_operation(tx, visit_id)
        if undoes is None:
            if visit.state == "expected":
                raise NothingToUndo
            if visit.state == "served":
                await _settle_supplies(tx, visit_id, await store.visit_lines.lock_lines(tx, visit_id))
            await store.visits.set_visit_state(tx, visit_id, "expected")
            await _bring_coming_days_into_line(tx, visit.patient_id)
            return tx.done(VisitChanged(visit_id=visit_id, state="expected"))
        lines = await store.visit_lines.lock_lines(tx, visit_id)
        await store.escrow.lock_lots(tx, visit_id)
        undone = await store.supplies.undo_operation(tx, undoes)
        rows = [Handed(line_id=row.line_id, lot_id=row.lot_id, units=row.units) for row in undone]
        back = [Handed(line_id=row.line_id, lot_id=row.lot_id, units=-row.units) for row in undone]
        await store.escrow.give_from_escrow(tx, back)
        await store.supplies.add_to_supplies(tx, [(row.supply_id, -row.units) for row in undone])
        await _settle_supplies(tx, visit_id, lines)
        state: store.visits.VisitState = "served" if await store.supplies.is_served(tx, visit_id) else "expected"
        await store.visits.set_visit_state(tx, visit_id, state)
        told = events.DispensingUndone(operation_id=new_id(), undoes=undoes, lines=_told(rows, lines))
        tx.emit(visit_id, told)
        await _release_held(tx, [row.lot_id for row in undone])
        await _bring_coming_days_into_line(tx, visit.patient_id)
        return tx.done(VisitChanged(visit_id=visit_id, state=state))


async def _settle_supplies(tx: Transaction, visit_id: UUID, lines: Sequence[LineToGive]) -> None:
    """After something was taken back: days of which nothing is given are supplied no more, nor is anything owed."""
    await store.supplies.void_empty_supplies(tx, visit_id)
    supplies = {line.supply_id: line.short_units > 0 for line in lines if line.supply_id is not None}
    await store.owed.settle_owed(tx, supplies)


async def _bring_coming_days_into_line(tx: Transaction, patient_id: UUID) -> None:
    """What a day to come has reserved for a patient follows what happened today at the counter."""
    await bring_patient_into_line(tx, patient_id, tx.today + timedelta(days=1))


async def _release_held(tx: Transaction, lot_ids: Sequence[UUID]) -> None:
    """Units that came back of a lot that is held meanwhile are not given again."""
    for lot_id in await store.held.held_lots(tx, lot_ids):
        stopped = await store.escrow.stop_lot(tx, lot_id, "held")
        await store.escrow.add_short(tx, [(line_id, units.units) for line_id, _, units in stopped])
        tell_released(tx, [(visit_id, units) for _, visit_id, units in stopped])


async def open_walk_in(work: Work, patient_id: UUID) -> VisitChanged:
    """Somebody who isn't expected: their needs are asked for now, with a short limit."""
    async with work.transaction() as tx:
        await _refuse_forgotten(tx, patient_id)
        calendar = await store.calendar.calendar_of(tx, tx.today)
        if not calendar.is_open(tx.today):
            raise NotAPharmacyDay
        await store.days.make_day(tx, new_id(), tx.today)
        day = await store.days.lock_day(tx, tx.today)
        assert day is not None
        if day.state == "closed":
            raise DayClosed
        visit = await store.visits.visit_of_patient(tx, patient_id, tx.today)
        lines = await store.visit_lines.lines_of_visit(tx, visit.visit_id) if visit else []
        if visit and lines:
            if visit.state == "not_come" or not any(line.short_units and not line.waits for line in lines):
                raise AlreadyExpected
            await bring_into_line(tx, [day], patient_id)  # what was short is asked for again
            return tx.done(VisitChanged(visit_id=visit.visit_id, state=visit.state))
        policies = await known.policies_of(tx.sql, tx.clinic_id)
        plans = await store.plans.plans(tx, tx.today, patient_id)
        wanted = planning.needed_by(plans, tx.today, calendar.is_open, policies.supply_days_most)
        if not wanted:
            raise NothingNeeded
        visit_id = await ask_for_walk_in(tx, day.day_id, wanted)
        return tx.done(VisitChanged(visit_id=visit_id, state="expected"))


async def abandon_walk_in(work: Work, visit_id: UUID) -> VisitChanged:
    """No answer came in time: the screen says "not reserved", and stock takes back whatever it sets apart."""
    async with work.transaction() as tx:
        visit = await _open_visit(tx, visit_id)
        request_id = await store.requests.waiting_request_of_visit(tx, visit_id)
        if request_id is None or not await store.requests.abandon_request(tx, request_id):
            raise NothingWaits
        tx.emit(request_id, events.ReservationAbandoned(request_id=request_id))
        await store.visits.forget_walk_in(tx, visit_id)
        await _bring_coming_days_into_line(tx, visit.patient_id)
        return tx.done(VisitChanged(visit_id=visit_id, state=visit.state))


async def cancel_owed(work: Work, supply_id: UUID) -> OwedChanged:
    """What is owed will not be given: the patient got it elsewhere, or needs it no more."""
    async with work.transaction() as tx:
        patient_id = await store.owed.cancel_owed(tx, supply_id)
        if patient_id is None:
            raise OwedNotFound
        await bring_patient_into_line(tx, patient_id, tx.today)
        return tx.done(OwedChanged(supply_id=supply_id))


async def _open_visit(tx: Transaction, visit_id: UUID) -> store.visits.VisitRow:
    """The visit, locked, on a day that is today and stays open meanwhile."""
    day = await store.days.share_day_of_visit(tx, visit_id)
    visit = await store.visits.find_visit(tx, visit_id, lock=True)
    if day is None or visit is None:
        raise VisitNotFound
    if day.state == "closed":
        raise DayClosed
    if day.day_on != tx.today:
        raise NotToday(day_on=str(day.day_on))
    return visit


async def _refuse_forgotten(tx: Transaction, patient_id: UUID) -> None:
    """Nobody is given anything whom the clinic could not call back."""
    patient = await store.patients.find_patient(tx, patient_id)
    if patient is None:
        raise PatientNotFound
    if patient.forgotten_at is not None:
        raise PatientForgotten
