"""The clinic's weekdays and closures, and whom its pharmacy expects on a day, by its patients' plans and supply."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import pytest

from services.dispense import store
from services.dispense.actions import calendar, counter
from services.dispense.errors import DayIsPast, NotAPharmacyDay
from services.dispense.rules.planning import Calendar, Wanted, wanted_on
from shared import known
from tests.dispense.agreement import agree
from tests.dispense.clinic import LIPITOR, NORVASC, SUPPLY_DAYS, OwnClinic

pytestmark = pytest.mark.anyio


async def calendar_of(clinic: OwnClinic) -> Calendar:
    async with clinic.work.reading() as tx:
        return await store.calendar.calendar_of(tx, clinic.today)


async def expected(clinic: OwnClinic, day_on: date) -> list[Wanted]:
    """What the expected list of a day is made of."""
    async with clinic.work.reading() as tx:
        policies = await known.policies_of(tx.sql, tx.clinic_id)
        calendar = await store.calendar.calendar_of(tx, day_on)
        return wanted_on(await store.plans.plans(tx, day_on), day_on, calendar, policies.supply_days_most)


async def who_is_expected(clinic: OwnClinic, day_on: date) -> set[UUID]:
    return {need.patient_id for need in await expected(clinic, day_on)}


async def open_only_on(clinic: OwnClinic, days_on: Sequence[int]) -> None:
    """Pharmacy days so many days from today, and each week again."""
    weekdays = sorted({clinic.on(days).isoweekday() for days in days_on})
    await calendar.set_weekdays(clinic.work, weekdays)


async def give_all(clinic: OwnClinic, patient_id: UUID) -> None:
    await clinic.prepare()
    await counter.give(clinic.work, (await clinic.visit(patient_id)).visit_id, None)
    await clinic.carry()


# The calendar


async def test_the_weekdays_are_those_that_were_set_last(clinic: OwnClinic) -> None:
    told = await clinic.told_in_all()
    await calendar.set_weekdays(clinic.work, [2, 5])
    assert (await calendar_of(clinic)).weekdays == {2, 5}
    await calendar.set_weekdays(clinic.work, [1])
    assert (await calendar_of(clinic)).weekdays == {1}
    assert await clinic.told_in_all() == told


async def test_a_clinic_is_closed_on_its_closures_until_they_are_lifted(clinic: OwnClinic) -> None:
    await calendar.close_on(clinic.work, clinic.today, "strike")
    await calendar.close_on(clinic.work, clinic.today, "strike, said twice")
    assert not (await calendar_of(clinic)).is_open(clinic.today)
    with pytest.raises(NotAPharmacyDay):
        await clinic.prepare()
    await calendar.open_after_all(clinic.work, clinic.today)
    assert (await calendar_of(clinic)).is_open(clinic.today)
    await clinic.prepare()


async def test_a_day_that_is_no_pharmacy_day_or_past_is_not_prepared(clinic: OwnClinic) -> None:
    await open_only_on(clinic, [1])
    with pytest.raises(NotAPharmacyDay):
        await clinic.prepare(clinic.today)
    with pytest.raises(NotAPharmacyDay):
        await counter.open_walk_in(clinic.work, await clinic.patient())
    with pytest.raises(DayIsPast):
        await clinic.prepare(clinic.on(-6))
    await clinic.prepare(clinic.on(1))


async def test_the_calendar_of_one_clinic_is_its_own(clinic: OwnClinic) -> None:
    await calendar.close_on(clinic.work, clinic.today, "strike")
    elsewhere = clinic.world.work(clinic.databases["dispense"], "dispense", clinic.world.south)
    async with elsewhere.reading() as tx:
        assert clinic.today not in (await store.calendar.calendar_of(tx, clinic.today)).closures


# Who is expected


async def test_a_new_patient_is_expected_on_the_next_pharmacy_day(clinic: OwnClinic) -> None:
    await open_only_on(clinic, [2, 5])
    patient_id = await clinic.patient()
    (need,) = await expected(clinic, clinic.on(2))
    assert (need.patient_id, need.from_on) == (patient_id, clinic.on(2))


async def test_a_covered_patient_is_not_expected_until_they_run_out_before_the_following_day(
    clinic: OwnClinic,
) -> None:
    await open_only_on(clinic, [0, 3])
    await clinic.donate(100)
    patient_id = await clinic.patient(cycle_days=7)
    await give_all(clinic, patient_id)
    assert await who_is_expected(clinic, clinic.on(3)) == set()
    assert await who_is_expected(clinic, clinic.on(7)) == {patient_id}
    await calendar.close_on(clinic.work, clinic.on(7), "strike")
    assert await who_is_expected(clinic, clinic.on(3)) == {patient_id}
    await agree(clinic)


async def test_a_giving_that_was_undone_covers_nobody(clinic: OwnClinic) -> None:
    await clinic.donate(100)
    patient_id = await clinic.patient()
    await give_all(clinic, patient_id)
    assert await who_is_expected(clinic, clinic.on(1)) == set()
    await counter.undo_last(clinic.work, (await clinic.visit(patient_id)).visit_id)
    (need,) = await expected(clinic, clinic.today)
    assert (need.patient_id, need.tops_up, need.content_needed) == (patient_id, None, SUPPLY_DAYS)
    await agree(clinic)


async def test_what_is_owed_brings_a_patient_back_until_its_days_are_past(clinic: OwnClinic) -> None:
    await clinic.donate(20)
    patient_id = await clinic.patient()
    await give_all(clinic, patient_id)
    assert (await clinic.line(patient_id)).short_units == 8
    (owed, *_) = await expected(clinic, clinic.on(1))
    assert (owed.patient_id, owed.content_needed) == (patient_id, 8)
    assert owed.tops_up is not None
    # Of the 28 days the last eight are lacking: what is given for them must be valid through their end.
    assert (owed.from_on, owed.through_on) == (clinic.on(20), clinic.on(27))
    assert all(need.tops_up is None for need in await expected(clinic, clinic.on(28)))
    await agree(clinic)


async def test_the_earliest_of_what_is_owed_and_still_of_use_is_topped_up(clinic: OwnClinic) -> None:
    """An earlier debt whose days will be past by then does not stand before a later one."""
    await clinic.donate(4)
    patient_id = await clinic.patient(cycle_days=5)
    await give_all(clinic, patient_id)
    clinic.set_days_ahead(3)
    for_what_is_owed = await clinic.donate(1, expires_on=clinic.on(30))
    await clinic.donate(2)
    await clinic.prepare()
    await clinic.hold(for_what_is_owed)
    await clinic.carry()
    (of_its_own,) = [line for line in await clinic.lines(patient_id) if not line.tops_up]
    await counter.give(clinic.work, of_its_own.visit_id, {of_its_own.line_id: 1})
    await clinic.close()
    both = [need for need in await expected(clinic, clinic.on(1)) if need.tops_up]
    later = [need for need in await expected(clinic, clinic.on(2)) if need.tops_up]
    assert both and later
    assert both[0].through_on < later[0].through_on
    await agree(clinic)


async def test_every_patient_is_planned_in_the_group_of_their_medicine(clinic: OwnClinic) -> None:
    one, other = await clinic.patient(NORVASC), await clinic.patient(LIPITOR)
    groups = {need.patient_id: need.substitution_group for need in await expected(clinic, clinic.today)}
    assert groups[one].startswith("amlodipine 5 mg")
    assert groups[other].startswith("atorvastatin 10 mg")


async def test_a_line_that_is_over_or_has_not_begun_is_not_supplied(clinic: OwnClinic) -> None:
    patient_id = await clinic.register()
    await clinic.plan(patient_id, NORVASC, starts_on=clinic.on(-9), until_on=clinic.on(-1))
    await clinic.plan(patient_id, LIPITOR, starts_on=clinic.on(40))
    assert await who_is_expected(clinic, clinic.today) == set()
    assert await who_is_expected(clinic, clinic.on(39)) == set()
    assert await who_is_expected(clinic, clinic.on(40)) == {patient_id}
