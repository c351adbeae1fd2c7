"""Preparing a pharmacy day again: only what has changed, and nothing for a day that is closed."""

from fractions import Fraction

import pytest

from services.dispense import store
from services.dispense.actions import counter, day, patients
from services.dispense.actions.day import DayPrepared
from services.dispense.errors import (
    AlreadyExpected,
    DayClosed,
    DayNotBegun,
    DayNotClosed,
    DayNotPrepared,
    DayTooFar,
    NotToday,
)
from services.dispense.rules.planning import FURTHEST_DAY
from shared.events.dispense import Dispensed, ReservationAsked, ReservationReleased
from tests.dispense.agreement import agree
from tests.dispense.clinic import LIPITOR, SUPPLY_DAYS, OwnClinic
from tests.dispense.preparing import lines_of_today, reserved

pytestmark = pytest.mark.anyio


async def test_preparing_twice_changes_nothing(clinic: OwnClinic) -> None:
    await clinic.donate(40)
    patient_id = await clinic.patient()
    await clinic.patient(LIPITOR)
    await clinic.prepare()
    lines, told = await lines_of_today(clinic), await clinic.told_in_all()
    # Of what is short, and only of that, stock is asked once more.
    again = await clinic.prepare()
    assert (again.added_lines, again.asked_again_lines, again.dropped_lines) == (0, 1, 0)
    assert (await lines_of_today(clinic), await clinic.told_in_all()) == (lines, told + 1)
    assert await reserved(clinic, patient_id) == SUPPLY_DAYS
    await agree(clinic)


async def test_preparing_while_stock_has_not_answered_asks_for_nothing_more(clinic: OwnClinic) -> None:
    await clinic.donate(40)
    await clinic.patient()
    first = await day.prepare_pharmacy_day(clinic.work, clinic.today)
    again = await day.prepare_pharmacy_day(clinic.work, clinic.today)
    assert again == DayPrepared(
        day_id=first.day_id, added_lines=0, asked_again_lines=0, dropped_lines=0, also_changed=[], closed_days=[]
    )
    assert len(await clinic.told(ReservationAsked)) == 1
    await agree(clinic)


async def test_a_new_patient_changes_only_what_is_theirs(clinic: OwnClinic) -> None:
    await clinic.donate(100)
    old = await clinic.patient()
    await clinic.prepare()
    before = await clinic.line(old)
    new = await clinic.patient()
    prepared = await clinic.prepare()
    assert (prepared.added_lines, prepared.asked_again_lines, prepared.dropped_lines) == (1, 0, 0)
    assert await clinic.line(old) == before
    assert await reserved(clinic, new) == SUPPLY_DAYS
    await agree(clinic)


async def test_a_changed_dose_changes_only_its_line_and_sends_its_units_back(clinic: OwnClinic) -> None:
    lot_id = await clinic.donate(100)
    other, patient_id = await clinic.patient(), await clinic.register()
    line_id = (await clinic.plan(patient_id)).therapy_line_id
    await clinic.prepare()
    before = await clinic.line(other)
    await patients.end_therapy_line(clinic.work, patient_id, line_id, clinic.on(-1))
    await clinic.plan(patient_id, per_intake="1/2")
    prepared = await clinic.prepare()
    assert (prepared.added_lines, prepared.dropped_lines) == (1, 0), "what was stopped went back at once"
    (released,) = await clinic.told(ReservationReleased)
    assert sum(units.units for units in released.lines) == SUPPLY_DAYS
    assert await clinic.line(other) == before
    assert await reserved(clinic, patient_id) == 14
    await agree(clinic)
    assert (await clinic.lot(lot_id)).shelf == 100 - SUPPLY_DAYS - 14


async def test_what_is_short_is_asked_for_again_and_added_to_what_is_there(clinic: OwnClinic) -> None:
    first = await clinic.donate(20)
    patient_id = await clinic.patient()
    await clinic.prepare()
    await clinic.donate(100)
    await clinic.prepare()
    assert (await reserved(clinic, patient_id), (await clinic.line(patient_id)).short_units) == (SUPPLY_DAYS, 0)
    asked_again = (await clinic.told(ReservationAsked))[1].lines[0]
    assert (Fraction(asked_again.content_needed), asked_again.from_on) == (8, clinic.on(20))
    await agree(clinic)
    assert (await clinic.lot(first)).reserved == 20


async def test_a_visit_that_was_served_is_left_as_it_is(clinic: OwnClinic) -> None:
    await clinic.donate(100)
    patient_id = await clinic.patient()
    await clinic.prepare()
    line = await clinic.line(patient_id)
    await counter.give(clinic.work, line.visit_id, {line.line_id: 20})
    prepared = await clinic.prepare()
    assert (prepared.added_lines, prepared.asked_again_lines, prepared.dropped_lines) == (0, 0, 0)
    assert await reserved(clinic, patient_id) == 8
    await counter.give(clinic.work, line.visit_id, None)
    assert len(await clinic.told(Dispensed)) == 2
    await agree(clinic)


async def test_a_day_closes_once_and_not_before_it_has_begun_and_is_prepared_no_more(clinic: OwnClinic) -> None:
    with pytest.raises(DayNotPrepared):
        await clinic.close()
    await clinic.prepare()
    await clinic.prepare(clinic.on(1))
    with pytest.raises(DayNotBegun):
        await clinic.close(clinic.on(1))
    await clinic.close()
    with pytest.raises(DayClosed):
        await clinic.prepare()
    with pytest.raises(DayClosed):
        await clinic.close()


async def test_a_day_closed_too_soon_is_opened_again_and_what_is_needed_is_reserved_again(clinic: OwnClinic) -> None:
    lot_id = await clinic.donate(100)
    served, waiting = await clinic.patient(), await clinic.patient()
    await clinic.prepare()
    await counter.give(clinic.work, (await clinic.visit(served)).visit_id, None)
    with pytest.raises(DayNotClosed):
        await day.reopen_pharmacy_day(clinic.work, clinic.today)
    await clinic.close()
    await clinic.carry()
    assert (await clinic.lot(lot_id)).reserved == 0
    opened = await day.reopen_pharmacy_day(clinic.work, clinic.today)
    assert (opened.added_lines, opened.dropped_lines) == (1, 0)
    await clinic.carry()
    assert (await clinic.lot(lot_id)).reserved == SUPPLY_DAYS
    visit = await clinic.visit(waiting)
    assert (visit.state, visit.day_state) == ("expected", "open")
    await counter.give(clinic.work, visit.visit_id, None)
    await clinic.close()
    await agree(clinic)
    assert (await clinic.lot(lot_id)).dispensed == 2 * SUPPLY_DAYS


async def test_a_day_is_opened_again_on_its_own_day_only(clinic: OwnClinic) -> None:
    with pytest.raises(DayNotPrepared):
        await day.reopen_pharmacy_day(clinic.work, clinic.today)
    await clinic.prepare()
    await clinic.close()
    yesterday = clinic.today
    clinic.set_days_ahead(1)
    with pytest.raises(NotToday):
        await day.reopen_pharmacy_day(clinic.work, yesterday)
    await agree(clinic)


async def test_a_day_too_far_away_is_not_prepared(clinic: OwnClinic) -> None:
    assert (await clinic.prepare(clinic.on(FURTHEST_DAY))).added_lines == 0
    with pytest.raises(DayTooFar):
        await clinic.prepare(clinic.on(FURTHEST_DAY + 1))


async def test_who_was_served_in_part_is_given_the_rest_after_the_day_was_opened_again(clinic: OwnClinic) -> None:
    await clinic.donate(100)
    patient_id = await clinic.patient()
    await clinic.plan(patient_id, LIPITOR)
    await clinic.donate(100, name=LIPITOR)
    await clinic.prepare()
    first, second = await clinic.lines(patient_id)
    await counter.give(clinic.work, first.visit_id, {first.line_id: 10})
    await clinic.close()
    await clinic.carry()
    opened = await day.reopen_pharmacy_day(clinic.work, clinic.today)
    assert (opened.added_lines, opened.asked_again_lines) == (0, 2)
    await clinic.carry()
    assert [line.reserved_units for line in await clinic.lines(patient_id)] == [18, SUPPLY_DAYS]
    await counter.give(clinic.work, first.visit_id, None)
    assert await clinic.told(ReservationAsked)
    lines = {line.line_id: line for line in await clinic.lines(patient_id)}
    assert (lines[first.line_id].given_units, lines[second.line_id].given_units) == (SUPPLY_DAYS, SUPPLY_DAYS)
    await agree(clinic)


async def test_nobody_counts_as_supplied_without_being_given_after_close_reopen_and_undo(clinic: OwnClinic) -> None:
    await clinic.donate(100)
    patient_id = await clinic.patient()
    await clinic.prepare()
    line = await clinic.line(patient_id)
    await counter.give(clinic.work, line.visit_id, {line.line_id: 10})
    await clinic.close()
    await day.reopen_pharmacy_day(clinic.work, clinic.today)
    await counter.undo_last(clinic.work, line.visit_id)
    await clinic.prepare()
    assert (await clinic.line(patient_id)).reserved_units == SUPPLY_DAYS
    await counter.give(clinic.work, line.visit_id, {line.line_id: 10})
    async with clinic.work.reading() as tx:
        (owed,) = await store.owed.owed_rows(tx, 10)
    assert owed.units == SUPPLY_DAYS - 10
    await agree(clinic)


async def test_a_line_that_stock_answered_after_closing_waits_no_more_when_the_day_is_opened_again(
    clinic: OwnClinic,
) -> None:
    await clinic.donate(100)
    patient_id = await clinic.patient()
    await clinic.prepare()
    await counter.give(clinic.work, (await clinic.visit(patient_id)).visit_id, None)
    await clinic.donate(100, name=LIPITOR)
    await clinic.plan(patient_id, LIPITOR)
    await day.prepare_pharmacy_day(clinic.work, clinic.today)
    await clinic.close()
    await clinic.carry()
    await day.reopen_pharmacy_day(clinic.work, clinic.today)
    await clinic.carry()
    lines = await clinic.lines(patient_id)
    assert [(line.waits, line.reserved_units) for line in lines] == [(False, 0), (False, SUPPLY_DAYS)]
    await agree(clinic)


async def test_what_a_walk_in_lacked_is_asked_for_again_once_it_is_there(clinic: OwnClinic) -> None:
    patient_id = await clinic.patient()
    visit_id = (await counter.open_walk_in(clinic.work, patient_id)).visit_id
    await clinic.carry()
    assert (await clinic.line(patient_id)).short_units == SUPPLY_DAYS
    await clinic.donate(100)
    again = await counter.open_walk_in(clinic.work, patient_id)
    assert again.visit_id == visit_id
    await clinic.carry()
    assert (await clinic.line(patient_id)).reserved_units == SUPPLY_DAYS
    with pytest.raises(AlreadyExpected):
        await counter.open_walk_in(clinic.work, patient_id)
    await clinic.prepare()
    assert (await clinic.line(patient_id)).reserved_units == SUPPLY_DAYS, "it stays a walk-in's"
    await agree(clinic)
