"""The counter: what is reserved is handed over, in whole or in part, once; and undone within its day."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from uuid import UUID

import asyncpg
import pytest

from services.dispense import store
from services.dispense.actions import counter, day
from services.dispense.errors import (
    AlreadySupplied,
    DayClosed,
    LineNotInVisit,
    MoreThanReserved,
    NothingToGive,
    NothingToUndo,
    NotToday,
    VisitNotFound,
    VisitServed,
)
from services.dispense.store.supplies import NewSupply
from shared.errors import DosisError
from shared.events.dispense import Dispensed, DispensingUndone, ReservationReleased, ReservedUnits
from shared.ids import new_id
from tests.dispense.agreement import agree
from tests.dispense.clinic import LIPITOR, NORVASC, SUPPLY_DAYS, OwnClinic, fact_of

pytestmark = pytest.mark.anyio


@contextmanager
def refused_as(fact: type[DosisError]) -> Generator[None, None, None]:
    """The database refuses it, and the edge tells it as this fact."""
    with pytest.raises(asyncpg.IntegrityConstraintViolationError) as refused:
        yield
    assert fact_of(refused.value) is fact


async def prepared(clinic: OwnClinic, *names: str) -> UUID:
    """A patient of these medicines whose bag is prepared today; returns the visit."""
    patient_id = await clinic.register()
    for name in names:
        await clinic.plan(patient_id, name)
    await clinic.prepare()
    return (await clinic.visit(patient_id)).visit_id


async def lines_of(clinic: OwnClinic, visit_id: UUID) -> list[store.visit_lines.VisitLine]:
    async with clinic.work.reading() as tx:
        return await store.visit_lines.lines_of_visit(tx, visit_id)


async def state_of(clinic: OwnClinic, visit_id: UUID) -> str:
    async with clinic.work.reading() as tx:
        visit = await store.visits.find_visit(tx, visit_id)
    assert visit is not None
    return visit.state


async def give(clinic: OwnClinic, visit_id: UUID, **units: int) -> int:
    """Give all, or so many units of the first and second line; returns how many were given."""
    lines = await lines_of(clinic, visit_id)
    places = {"first": 0, "second": 1}
    wanted = {lines[places[place]].line_id: number for place, number in units.items()} or None
    return sum(row.units for row in (await counter.give(clinic.work, visit_id, wanted)).given)


# Giving


async def test_all_that_is_reserved_is_given_and_told(clinic: OwnClinic) -> None:
    lot_id = await clinic.donate(40)
    visit_id = await prepared(clinic, NORVASC)
    given = await counter.give(clinic.work, visit_id, None)
    assert given.state == await state_of(clinic, visit_id) == "served"
    assert [(row.lot_id, row.units) for row in given.given] == [(lot_id, SUPPLY_DAYS)]
    (told,) = await clinic.told(Dispensed)
    assert [(units.lot_id, units.units) for units in told.lines] == [(lot_id, SUPPLY_DAYS)]
    (line,) = await lines_of(clinic, visit_id)
    assert (line.reserved_units, line.given_units) == (0, SUPPLY_DAYS)
    await agree(clinic)
    assert ((await clinic.lot(lot_id)).dispensed, (await clinic.lot(lot_id)).shelf) == (SUPPLY_DAYS, 12)


async def test_who_gave_and_what_stands_with_the_patient(clinic: OwnClinic) -> None:
    lot_id = await clinic.donate(40, expires_on=clinic.on(200))
    visit_id = await prepared(clinic, NORVASC)
    await give(clinic, visit_id)
    async with clinic.work.reading() as tx:
        visit = await store.visits.find_visit(tx, visit_id)
        assert visit is not None
        (row,) = await store.patients.given_to(tx, visit.patient_id, 10)
        given_by = await tx.sql.fetchval("SELECT given_by FROM dispensed WHERE visit_id = $1", visit_id)
    assert (row.product_name, row.batch, row.units) == (NORVASC, (await clinic.lot(lot_id)).batch, SUPPLY_DAYS)
    assert given_by == clinic.person_id
    await agree(clinic)


async def test_the_counter_gives_in_part_what_expires_first(clinic: OwnClinic) -> None:
    late, soon = await clinic.donate(100), await clinic.donate(10, expires_on=clinic.on(9))
    visit_id = await prepared(clinic, NORVASC)
    assert await give(clinic, visit_id, first=12) == 12
    (told,) = await clinic.told(Dispensed)
    assert [(units.lot_id, units.units) for units in told.lines] == [(soon, 10), (late, 2)]
    await agree(clinic)


async def test_given_again_on_the_same_visit_it_adds_up_inside_the_period(clinic: OwnClinic) -> None:
    await clinic.donate(100)
    visit_id = await prepared(clinic, NORVASC)
    assert [await give(clinic, visit_id, first=10), await give(clinic, visit_id, first=5)] == [10, 5]
    assert await give(clinic, visit_id) == 13
    async with clinic.work.reading() as tx:
        supplies = await tx.sql.fetch("SELECT needed_units, given_units FROM supply")
    assert [tuple(supply) for supply in supplies] == [(SUPPLY_DAYS, SUPPLY_DAYS)]
    assert len(await clinic.told(Dispensed)) == 3
    with pytest.raises(NothingToGive):
        await give(clinic, visit_id)
    await agree(clinic)


async def test_more_than_is_reserved_is_refused_whole(clinic: OwnClinic) -> None:
    await clinic.donate(100)
    await clinic.donate(10, name=LIPITOR)
    visit_id = await prepared(clinic, NORVASC, LIPITOR)
    short = (await lines_of(clinic, visit_id))[1]
    with pytest.raises(MoreThanReserved) as refused:
        await give(clinic, visit_id, first=1, second=11)
    assert refused.value.facts == {"lines": {str(short.line_id): 10}}
    assert await clinic.told(Dispensed) == []
    assert await state_of(clinic, visit_id) == "expected"
    await agree(clinic)


async def test_a_line_of_another_visit_is_refused(clinic: OwnClinic) -> None:
    await clinic.donate(100)
    mine, other = await prepared(clinic, NORVASC), await prepared(clinic, NORVASC)
    (line,) = await lines_of(clinic, other)
    with pytest.raises(LineNotInVisit):
        await counter.give(clinic.work, mine, {line.line_id: 1})
    with pytest.raises(VisitNotFound):
        await counter.give(clinic.work, new_id(), None)
    assert await clinic.told(Dispensed) == []
    await agree(clinic)


async def test_two_who_give_at_once_give_the_units_once(clinic: OwnClinic) -> None:
    await clinic.donate(100)
    visit_id = await prepared(clinic, NORVASC)
    both = await asyncio.gather(*(counter.give(clinic.work, visit_id, None) for _ in range(2)), return_exceptions=True)
    assert [type(one) for one in sorted(both, key=lambda one: isinstance(one, Exception))] == [
        counter.VisitChanged,
        NothingToGive,
    ]
    assert len(await clinic.told(Dispensed)) == 1
    await agree(clinic)


async def test_the_same_days_are_never_supplied_twice(clinic: OwnClinic) -> None:
    await clinic.donate(100)
    patient_id = await clinic.patient()
    await clinic.prepare()
    line = await clinic.line(patient_id)
    await give(clinic, line.visit_id)
    again = NewSupply(
        supply_id=new_id(),
        line_id=line.line_id,
        therapy_line_id=line.therapy_line_id,
        from_on=line.through_on,
        through_on=line.through_on,
        needed_units=1,
    )
    with refused_as(AlreadySupplied):
        async with clinic.work.transaction() as tx:
            await store.supplies.add_supplies(tx, patient_id, [again])
    await agree(clinic)


# The day


async def test_a_visit_of_another_day_is_not_served(clinic: OwnClinic) -> None:
    await clinic.donate(100)
    patient_id = await clinic.patient()
    await clinic.prepare(clinic.on(1))
    visit_id = (await clinic.visit(patient_id, clinic.on(1))).visit_id
    for act in (counter.give(clinic.work, visit_id, None), counter.mark_not_come(clinic.work, visit_id)):
        with pytest.raises(NotToday):
            await act
    clinic.set_days_ahead(1)
    assert await give(clinic, visit_id) == SUPPLY_DAYS
    await agree(clinic)


async def test_on_a_closed_day_nothing_is_given_or_undone(clinic: OwnClinic) -> None:
    await clinic.donate(100)
    visit_id = await prepared(clinic, NORVASC)
    await give(clinic, visit_id, first=1)
    await clinic.close()
    for act in (counter.give(clinic.work, visit_id, None), counter.undo_last(clinic.work, visit_id)):
        with pytest.raises(DayClosed):
            await act
    assert len(await clinic.told(Dispensed)) == 1
    await agree(clinic)


async def test_a_lot_is_given_on_its_last_day_and_never_after(clinic: OwnClinic) -> None:
    lot_id = await clinic.donate(5, expires_on=clinic.today)
    patient_id = await clinic.register()
    await clinic.plan(patient_id, until_on=clinic.today, per_intake="2")
    await clinic.prepare()
    visit_id = (await clinic.visit(patient_id)).visit_id
    assert await give(clinic, visit_id, first=1) == 1
    clinic.set_days_ahead(1)
    with pytest.raises(NotToday):
        await give(clinic, visit_id)
    assert (await day.close_pharmacy_day(clinic.work, clinic.on(-1))).released_units == 1
    await agree(clinic)
    assert ((await clinic.lot(lot_id)).dispensed, (await clinic.lot(lot_id)).shelf) == (1, 4)


async def test_closing_sends_back_what_was_not_given_and_notes_who_did_not_come(clinic: OwnClinic) -> None:
    lot_id = await clinic.donate(100)
    came, stayed_away = await prepared(clinic, NORVASC), await prepared(clinic, NORVASC)
    await give(clinic, came, first=20)
    assert (await clinic.close()).released_units == 8 + SUPPLY_DAYS
    assert [await state_of(clinic, came), await state_of(clinic, stayed_away)] == ["served", "not_come"]
    released = await clinic.told(ReservationReleased)
    assert sorted(units.units for event in released for units in event.lines) == [8, SUPPLY_DAYS]
    await agree(clinic)
    lot = await clinic.lot(lot_id)
    assert (lot.dispensed, lot.shelf, lot.reserved) == (20, 80, 0)


async def test_who_did_not_come_may_come_yet(clinic: OwnClinic) -> None:
    told = await clinic.told_in_all()
    await clinic.donate(100)
    visit_id = await prepared(clinic, NORVASC)
    assert (await counter.mark_not_come(clinic.work, visit_id)).state == "not_come"
    assert await clinic.told_in_all() == told + 1
    assert await give(clinic, visit_id) == SUPPLY_DAYS
    with pytest.raises(VisitServed):
        await counter.mark_not_come(clinic.work, visit_id)
    await agree(clinic)


# Undoing


async def test_an_undone_giving_is_reserved_again_and_can_be_given_again(clinic: OwnClinic) -> None:
    lot_id = await clinic.donate(100)
    visit_id = await prepared(clinic, NORVASC)
    await give(clinic, visit_id)
    assert (await counter.undo_last(clinic.work, visit_id)).state == "expected"
    (given,), (undone,) = await clinic.told(Dispensed), await clinic.told(DispensingUndone)
    assert (undone.undoes, undone.lines) == (given.operation_id, given.lines)
    await agree(clinic)
    assert ((await clinic.lot(lot_id)).dispensed, (await clinic.lot(lot_id)).reserved) == (0, SUPPLY_DAYS)
    assert await give(clinic, visit_id) == SUPPLY_DAYS
    await agree(clinic)
    assert (await clinic.lot(lot_id)).dispensed == SUPPLY_DAYS


async def test_only_the_last_giving_is_undone(clinic: OwnClinic) -> None:
    await clinic.donate(100)
    visit_id = await prepared(clinic, NORVASC)
    await give(clinic, visit_id, first=10)
    await give(clinic, visit_id, first=5)
    assert (await counter.undo_last(clinic.work, visit_id)).state == "served"
    (line,) = await lines_of(clinic, visit_id)
    assert (line.given_units, line.reserved_units) == (10, 18)
    assert (await counter.undo_last(clinic.work, visit_id)).state == "expected"
    with pytest.raises(NothingToUndo):
        await counter.undo_last(clinic.work, visit_id)
    assert [[line.units for line in undone.lines] for undone in await clinic.told(DispensingUndone)] == [[5], [10]]
    await agree(clinic)


async def test_that_somebody_did_not_come_is_undone_without_a_word(clinic: OwnClinic) -> None:
    await clinic.donate(100)
    visit_id = await prepared(clinic, NORVASC)
    await counter.mark_not_come(clinic.work, visit_id)
    assert (await counter.undo_last(clinic.work, visit_id)).state == "expected"
    assert await clinic.told(DispensingUndone) == []
    await agree(clinic)


async def test_the_units_that_were_undone_of_one_line_leave_the_other_as_it_was(clinic: OwnClinic) -> None:
    await clinic.donate(100)
    lipitor = await clinic.donate(100, name=LIPITOR)
    visit_id = await prepared(clinic, NORVASC, LIPITOR)
    await give(clinic, visit_id, first=28)
    await give(clinic, visit_id, second=28)
    await counter.undo_last(clinic.work, visit_id)
    (undone,) = await clinic.told(DispensingUndone)
    assert [(units.lot_id, units.units) for units in undone.lines] == [(lipitor, 28)]
    assert all(isinstance(units, ReservedUnits) for units in undone.lines)
    assert [line.given_units for line in await lines_of(clinic, visit_id)] == [28, 0]
    await agree(clinic)
