"""What people do to a plan while it is supplied: it is moved, stopped, taken beside another; something is owed."""

from datetime import date
from uuid import UUID

import pytest

from services.dispense import store
from services.dispense.actions import calendar, counter, patients
from services.dispense.actions.patients import TherapyAlert
from services.dispense.errors import OwedFirst, PlannedAlready
from services.dispense.rules import EveryDays, OnWeekdays
from services.dispense.store.visit_lines import VisitLine
from tests.dispense.agreement import agree
from tests.dispense.clinic import LIPITOR, NORMODIN, NORVASC, SUPPLY_DAYS, OwnClinic
from tests.dispense.test_changed_lines import change, end_first, give, lines_of

pytestmark = pytest.mark.anyio

NEEDLES = "ΒΕΛΟΝΕΣ ΠΕΝΑΣ ΙΝΣΟΥΛΙΝΗΣ 31Gx5MM"
WORKING_DAYS, WEEKEND = OnWeekdays(weekdays=(1, 2, 3, 4, 5)), OnWeekdays(weekdays=(6, 7))


async def bag(clinic: OwnClinic, patient_id: UUID) -> list[VisitLine]:
    async with clinic.work.reading() as tx:
        visit = await store.visits.visit_of_patient(tx, patient_id, clinic.today)
        return await store.visit_lines.lines_of_visit(tx, visit.visit_id) if visit else []


async def reserved(clinic: OwnClinic, patient_id: UUID) -> list[int]:
    return [line.reserved_units for line in await bag(clinic, patient_id)]


async def prepare_on(clinic: OwnClinic, days_ahead: int) -> None:
    clinic.set_days_ahead(days_ahead)
    await clinic.prepare()


async def given_on_the_first_day(clinic: OwnClinic, units: int | None = None) -> UUID:
    """Somebody who takes one a day, with a whole supply or so many units of it."""
    patient_id = await clinic.patient()
    await clinic.prepare()
    (line,) = await bag(clinic, patient_id)
    await counter.give(clinic.work, line.visit_id, None if units is None else {line.line_id: units})
    await clinic.close()
    return patient_id


async def covered(clinic: OwnClinic, patient_id: UUID, line_id: UUID) -> date:
    async with clinic.work.reading() as tx:
        return (await store.plans.covered_through(tx, patient_id))[line_id]


async def test_two_that_are_taken_together_for_some_days_use_up_what_is_there_together(clinic: OwnClinic) -> None:
    await clinic.donate(300)
    patient_id = await given_on_the_first_day(clinic)
    clinic.set_days_ahead(1)
    await end_first(clinic, patient_id, 9)
    other = (await clinic.plan(patient_id, NORMODIN)).therapy_line_id
    assert await covered(clinic, patient_id, other) == clinic.on(16), "27 are there: twice ten, and seven more"
    clinic.set_days_ahead(18)
    await clinic.prepare()
    assert await reserved(clinic, patient_id) == [SUPPLY_DAYS]


@pytest.mark.parametrize(("moved_to", "units"), [(0, 56), (8, 8 + 40), (20, 20 + 16)])
async def test_a_change_that_has_not_begun_is_moved(clinic: OwnClinic, moved_to: int, units: int) -> None:
    """Two a day from the fourteenth day on; then from another: until that day it is one a day, and never three."""
    await clinic.donate(300)
    patient_id = await clinic.patient()
    (first,) = await lines_of(clinic, patient_id)
    second = await change(clinic, patient_id, first.therapy_line_id, "2", 14)
    await change(clinic, patient_id, second, "2", moved_to)
    await clinic.prepare()
    assert await give(clinic, patient_id) == units
    await agree(clinic)


async def test_another_dose_before_a_change_has_begun_takes_the_place_of_both(clinic: OwnClinic) -> None:
    await clinic.donate(300)
    patient_id = await clinic.patient()
    (first,) = await lines_of(clinic, patient_id)
    second = await change(clinic, patient_id, first.therapy_line_id, "2", 14)
    third = await change(clinic, patient_id, second, "3", 7)
    await change(clinic, patient_id, third, "1/2", 0)
    await clinic.prepare()
    assert await give(clinic, patient_id) == SUPPLY_DAYS // 2


async def test_who_comes_late_for_what_is_owed_gets_what_the_days_left_need_and_no_more(clinic: OwnClinic) -> None:
    await clinic.donate(300)
    patient_id = await given_on_the_first_day(clinic, 14)
    await prepare_on(clinic, 20)
    assert await reserved(clinic, patient_id) == [8, 20]
    await give(clinic, patient_id)
    await clinic.close()
    for days_ahead in (21, 24, 27):
        await prepare_on(clinic, days_ahead)
        assert await bag(clinic, patient_id) == [], "what is owed for days that are past is needed no more"
    await agree(clinic)


async def test_what_was_made_up_before_is_used_up_first(clinic: OwnClinic) -> None:
    await clinic.donate(4)
    patient_id = await given_on_the_first_day(clinic)
    clinic.set_days_ahead(10)
    await clinic.donate(8)
    await clinic.prepare()
    assert await give(clinic, patient_id) == 8
    await clinic.close()
    await clinic.donate(100)
    await prepare_on(clinic, 12)
    assert (await reserved(clinic, patient_id))[0] == 10, "sixteen days are left of it, and six tablets"
    await agree(clinic)


@pytest.mark.parametrize(("last_day", "units"), [(2, [3]), (0, [1])])
async def test_what_is_owed_beyond_the_last_day_is_not_given(
    clinic: OwnClinic, last_day: int, units: list[int]
) -> None:
    await clinic.donate(4)
    patient_id = await given_on_the_first_day(clinic)
    clinic.set_days_ahead(4)
    await clinic.donate(100)
    await end_first(clinic, patient_id, last_day)
    await clinic.prepare()
    assert await reserved(clinic, patient_id) == units


async def test_what_was_stopped_is_not_asked_for_again(clinic: OwnClinic) -> None:
    await clinic.donate(4)
    patient_id = await clinic.patient()
    await clinic.prepare()
    await give(clinic, patient_id)
    await end_first(clinic, patient_id, -1)
    await clinic.donate(100)
    await clinic.prepare()
    assert await reserved(clinic, patient_id) == [0]


async def test_what_is_stopped_goes_out_of_a_bag_that_lies_ready(clinic: OwnClinic) -> None:
    lot_id = await clinic.donate(100)
    patient_id = await clinic.patient()
    await clinic.prepare(clinic.on(1))
    await end_first(clinic, patient_id)
    await clinic.carry()
    assert (await clinic.lot(lot_id)).shelf == 100
    clinic.set_days_ahead(1)
    assert await bag(clinic, patient_id) == []


async def test_a_line_does_not_go_on_beside_another_of_the_same_medicine(clinic: OwnClinic) -> None:
    patient_id = await clinic.patient()
    (first,) = await lines_of(clinic, patient_id)
    await patients.end_therapy_line(clinic.work, patient_id, first.therapy_line_id, clinic.on(5))
    await clinic.plan(patient_id, NORMODIN, starts_on=clinic.on(6))
    for until_on in (None, clinic.on(400)):
        with pytest.raises(PlannedAlready):
            await patients.end_therapy_line(clinic.work, patient_id, first.therapy_line_id, until_on)
    with pytest.raises(PlannedAlready):
        await change(clinic, patient_id, first.therapy_line_id)
    await patients.end_therapy_line(clinic.work, patient_id, first.therapy_line_id, clinic.on(3))


async def test_of_two_beside_one_another_the_changed_one_takes_over_its_own(clinic: OwnClinic) -> None:
    """One on working days, a half at weekends."""
    await clinic.donate(300)
    patient_id = await clinic.register()
    working = (await clinic.plan(patient_id, schedule=WORKING_DAYS)).therapy_line_id
    weekend = (await clinic.plan(patient_id, per_intake="1/2", schedule=WEEKEND)).therapy_line_id
    await clinic.prepare()
    assert await give(clinic, patient_id) == 24
    await clinic.close()
    clinic.set_days_ahead(1)
    before = await covered(clinic, patient_id, weekend)
    changed = await change(clinic, patient_id, working, "3/2", schedule=WORKING_DAYS)
    await clinic.prepare()
    assert await bag(clinic, patient_id) == []
    assert await covered(clinic, patient_id, weekend) == before
    assert clinic.today < await covered(clinic, patient_id, changed) < before


async def test_a_raised_dose_is_made_up_on_the_very_day(clinic: OwnClinic) -> None:
    await calendar.set_weekdays(clinic.work, [clinic.today.isoweekday()])
    await clinic.donate(300)
    patient_id = await clinic.patient(cycle_days=7)
    await clinic.prepare()
    assert await give(clinic, patient_id) == 7
    (first,) = await lines_of(clinic, patient_id)
    await change(clinic, patient_id, first.therapy_line_id, "2")
    await clinic.prepare()
    assert await give(clinic, patient_id) == 8, "three days are there: of the fourteen eight more are needed"
    await agree(clinic)


async def test_what_is_not_there_is_given_as_another_once_that_is_allowed(clinic: OwnClinic) -> None:
    await clinic.donate(100, name=NORMODIN)
    patient_id = await clinic.register()
    line = patients.NewLine(
        product_id=await clinic.product(NORVASC),
        only_this_product=True,
        per_intake="1",
        schedule=EveryDays(days=1),
        starts_on=clinic.today,
        until_on=None,
        prescribed_by=None,
    )
    only = await patients.plan_therapy(clinic.work, clinic.keys, patient_id, line)
    await counter.open_walk_in(clinic.work, patient_id)
    await clinic.carry()
    assert await reserved(clinic, patient_id) == [0]
    await change(clinic, patient_id, only.therapy_line_id)
    await clinic.prepare()
    assert await give(clinic, patient_id) == SUPPLY_DAYS


async def test_the_same_thing_without_a_substance_is_told_too(clinic: OwnClinic) -> None:
    patient_id = await clinic.register()
    assert (await clinic.plan(patient_id, NEEDLES)).alerts == []
    assert (await clinic.plan(patient_id, NEEDLES)).alerts == [TherapyAlert.SAME_SUBSTANCE_TWICE]


async def test_what_is_owed_is_given_before_what_is_for_later_days(clinic: OwnClinic) -> None:
    await clinic.donate(300)
    patient_id = await given_on_the_first_day(clinic, 14)
    await prepare_on(clinic, 24)
    owed, later = await bag(clinic, patient_id)
    assert owed.tops_up and not later.tops_up
    for wanted in ({later.line_id: 24}, {owed.line_id: 3, later.line_id: 1}):
        with pytest.raises(OwedFirst):
            await counter.give(clinic.work, owed.visit_id, wanted)
    assert len((await counter.give(clinic.work, owed.visit_id, {owed.line_id: 4, later.line_id: 2})).given) == 2


async def test_what_is_taken_every_other_month_brings_nobody_in_between(clinic: OwnClinic) -> None:
    await clinic.donate(300)
    await clinic.donate(300, name=LIPITOR)
    patient_id = await clinic.register()
    await clinic.plan(patient_id, schedule=EveryDays(days=60))
    await clinic.plan(patient_id, LIPITOR)
    for days_ahead, units in ((0, [1, 28]), (28, [28]), (29, []), (33, [])):
        await prepare_on(clinic, days_ahead)
        assert await reserved(clinic, patient_id) == units, days_ahead
        if units:
            await give(clinic, patient_id)
        await clinic.close()
