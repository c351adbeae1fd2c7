"""A line of a plan that is changed: what was supplied of it, or lies in a bag, is never given once more."""

import asyncio
from datetime import date
from uuid import UUID

import pytest

from services.dispense import store
from services.dispense.actions import changing, counter, patients
from services.dispense.errors import NothingToGive, TherapyLineOver
from services.dispense.rules import Schedule, TimesADay
from tests.dispense.agreement import agree
from tests.dispense.clinic import NORMODIN, NORVASC, SUPPLY_DAYS, OwnClinic

pytestmark = pytest.mark.anyio


async def lines_of(clinic: OwnClinic, patient_id: UUID) -> list[store.patients.TherapyLineRow]:
    async with clinic.work.reading() as tx:
        return await store.patients.therapy_lines_of(tx, patient_id)


async def change(
    clinic: OwnClinic,
    patient_id: UUID,
    line_id: UUID,
    per_intake: str = "1",
    days: int = 0,
    schedule: Schedule | None = None,
) -> UUID:
    line = changing.ChangedLine(
        per_intake=per_intake,
        schedule=schedule or TimesADay(times=1),
        starts_on=clinic.on(days),
        until_on=None,
        only_this_product=False,
        prescribed_by=f"Dr. Demo {per_intake}",
    )
    done = await changing.change_therapy_line(clinic.work, clinic.keys, patient_id, line_id, line)
    return done.therapy_line_id


async def change_last(clinic: OwnClinic, patient_id: UUID, per_intake: str = "1", days: int = 0) -> UUID:
    return await change(clinic, patient_id, (await lines_of(clinic, patient_id))[-1].therapy_line_id, per_intake, days)


async def give(clinic: OwnClinic, patient_id: UUID) -> int:
    visit_id = (await clinic.visit(patient_id)).visit_id
    return sum(row.units for row in (await counter.give(clinic.work, visit_id, None)).given)


async def has_a_bag(clinic: OwnClinic, patient_id: UUID, day_on: date | None = None) -> bool:
    async with clinic.work.reading() as tx:
        visit = await store.visits.visit_of_patient(tx, patient_id, day_on or clinic.today)
        return visit is not None and bool(await store.visit_lines.lines_of_visit(tx, visit.visit_id))


async def test_another_prescriber_leaves_the_line_as_it_is(clinic: OwnClinic) -> None:
    await clinic.donate(100)
    patient_id = await clinic.patient()
    await clinic.prepare()
    assert await give(clinic, patient_id) == SUPPLY_DAYS
    [before] = await lines_of(clinic, patient_id)
    assert await change(clinic, patient_id, before.therapy_line_id) == before.therapy_line_id
    [after] = await lines_of(clinic, patient_id)
    assert after.covered_through == before.covered_through and after.sealed_prescriber != before.sealed_prescriber
    await clinic.prepare()
    with pytest.raises(NothingToGive):
        await give(clinic, patient_id)
    await agree(clinic)


async def test_what_was_given_before_a_change_is_used_up_first(clinic: OwnClinic) -> None:
    await clinic.donate(200)
    patient_id = await clinic.patient()
    await clinic.prepare()
    assert await give(clinic, patient_id) == SUPPLY_DAYS
    await change_last(clinic, patient_id, "2")
    await clinic.prepare()
    with pytest.raises(NothingToGive):
        await give(clinic, patient_id)
    await clinic.close()
    # Twice as many a day last half as long: on the day before nothing, then as much as until the next visit.
    for days_ahead, expected in ((SUPPLY_DAYS // 2 - 2, False), (SUPPLY_DAYS // 2, True)):
        clinic.set_days_ahead(days_ahead)
        await clinic.prepare()
        assert await has_a_bag(clinic, patient_id) is expected, days_ahead
    assert await give(clinic, patient_id) == 2 * SUPPLY_DAYS
    await agree(clinic)


async def test_a_line_changed_twice_still_counts_what_was_given_of_the_first(clinic: OwnClinic) -> None:
    await clinic.donate(200)
    patient_id = await clinic.patient()
    await clinic.prepare()
    await give(clinic, patient_id)
    await change_last(clinic, patient_id, "2")
    await change_last(clinic, patient_id, "1/2")
    await clinic.close()
    clinic.set_days_ahead(SUPPLY_DAYS)
    await clinic.prepare()
    assert not await has_a_bag(clinic, patient_id)
    await agree(clinic)


# Stopped, and planned anew


async def end_first(clinic: OwnClinic, patient_id: UUID, days: int = 0) -> None:
    line_id = (await lines_of(clinic, patient_id))[0].therapy_line_id
    await patients.end_therapy_line(clinic.work, patient_id, line_id, clinic.on(days))


@pytest.mark.parametrize("name", [NORVASC, NORMODIN])
@pytest.mark.parametrize("stopped_first", [True, False])
async def test_what_was_given_is_not_given_again_when_it_is_planned_anew(
    clinic: OwnClinic, name: str, stopped_first: bool
) -> None:
    """The same or another house's, stopped before or after it."""
    await clinic.donate(200)
    patient_id = await clinic.patient()
    await clinic.prepare()
    assert await give(clinic, patient_id) == SUPPLY_DAYS
    await clinic.close()
    clinic.set_days_ahead(3)
    if stopped_first:
        await end_first(clinic, patient_id)
    await clinic.plan(patient_id, name)
    if not stopped_first:
        await end_first(clinic, patient_id)
    for days_ahead, expected in ((3, False), (SUPPLY_DAYS - 2, False), (SUPPLY_DAYS, True)):
        clinic.set_days_ahead(days_ahead)
        await clinic.prepare()
        assert await has_a_bag(clinic, patient_id) is expected, days_ahead
    assert await give(clinic, patient_id) == SUPPLY_DAYS
    await agree(clinic)


async def test_a_line_says_how_long_what_it_takes_over_lasts(clinic: OwnClinic) -> None:
    await clinic.donate(100)
    patient_id = await clinic.patient()
    await clinic.prepare()
    await give(clinic, patient_id)
    changed = await change_last(clinic, patient_id, "2", days=SUPPLY_DAYS // 2)
    async with clinic.work.reading() as tx:
        assert (await store.plans.covered_through(tx, patient_id))[changed] == clinic.on(SUPPLY_DAYS * 3 // 4 - 1)


async def test_a_walk_ins_bag_is_not_prepared_a_second_time_when_it_is_planned_anew(clinic: OwnClinic) -> None:
    await clinic.donate(200)
    patient_id = await clinic.patient()
    await counter.open_walk_in(clinic.work, patient_id)
    await clinic.carry()
    await end_first(clinic, patient_id)
    await clinic.plan(patient_id)
    await clinic.prepare()
    await clinic.prepare(clinic.on(1))
    assert not await has_a_bag(clinic, patient_id, clinic.on(1)), "what lies ready today is counted"
    assert await give(clinic, patient_id) == SUPPLY_DAYS
    await agree(clinic)


async def test_a_change_from_a_day_that_is_past_counts_from_that_day(clinic: OwnClinic) -> None:
    """They have taken two a day for ten days already: less is left."""
    await clinic.donate(200)
    patient_id = await clinic.patient()
    await clinic.prepare()
    await give(clinic, patient_id)
    await clinic.close()
    clinic.set_days_ahead(10)
    await change_last(clinic, patient_id, "2", days=-10)
    for days_ahead, expected in ((SUPPLY_DAYS // 2 - 2, False), (SUPPLY_DAYS // 2, True)):
        clinic.set_days_ahead(days_ahead)
        await clinic.prepare()
        assert await has_a_bag(clinic, patient_id) is expected, days_ahead
    await agree(clinic)


async def test_what_was_never_given_is_not_carried_over_once_its_days_are_past(clinic: OwnClinic) -> None:
    """Four of 28 were given, then the line changed: the new one starts from those four, whatever day it is."""
    await clinic.donate(100)
    patient_id = await clinic.patient()
    await clinic.prepare()
    [line] = await clinic.lines(patient_id)
    await counter.give(clinic.work, line.visit_id, {line.line_id: 4})
    await clinic.close()
    await change_last(clinic, patient_id, "1/2", days=1)
    clinic.set_days_ahead(SUPPLY_DAYS + 2)
    await clinic.prepare()
    assert await give(clinic, patient_id) == SUPPLY_DAYS // 2
    await agree(clinic)


async def test_what_is_owed_of_the_line_before_does_not_count_as_given(clinic: OwnClinic) -> None:
    await clinic.donate(100)
    patient_id = await clinic.patient()
    await clinic.prepare()
    [line] = await clinic.lines(patient_id)
    await counter.give(clinic.work, line.visit_id, {line.line_id: 4})
    await clinic.close()
    await change_last(clinic, patient_id, "2")
    clinic.set_days_ahead(2)
    await clinic.prepare()
    assert await give(clinic, patient_id) == 2 * SUPPLY_DAYS
    await agree(clinic)


async def test_a_walk_ins_bag_is_not_prepared_a_second_time_by_a_change(clinic: OwnClinic) -> None:
    await clinic.donate(200)
    patient_id = await clinic.patient()
    await counter.open_walk_in(clinic.work, patient_id)
    await clinic.carry()
    await change_last(clinic, patient_id, "2")
    await clinic.prepare()
    assert await give(clinic, patient_id) == SUPPLY_DAYS
    await clinic.close()
    clinic.set_days_ahead(1)
    await clinic.prepare()
    assert not await has_a_bag(clinic, patient_id)
    await agree(clinic)


async def test_a_bag_that_waits_is_prepared_anew_after_a_change(clinic: OwnClinic) -> None:
    await clinic.donate(200)
    patient_id = await clinic.patient()
    await clinic.prepare()
    await change_last(clinic, patient_id, "2")
    await clinic.prepare()
    assert await give(clinic, patient_id) == 2 * SUPPLY_DAYS
    await agree(clinic)


@pytest.mark.parametrize("days", [0, 7])
async def test_a_line_is_changed_only_once(clinic: OwnClinic, days: int) -> None:
    patient_id = await clinic.patient()
    [first] = await lines_of(clinic, patient_id)
    await change(clinic, patient_id, first.therapy_line_id, "2", days)
    for again in ("2", "3", "1"):
        with pytest.raises(TherapyLineOver):
            await change(clinic, patient_id, first.therapy_line_id, again, days)
    for until_on in (None, clinic.on(30)):
        with pytest.raises(TherapyLineOver):
            await patients.end_therapy_line(clinic.work, patient_id, first.therapy_line_id, until_on)
    assert len(await lines_of(clinic, patient_id)) == 2


async def test_of_two_who_change_a_line_at_once_one_is_told(clinic: OwnClinic) -> None:
    patient_id = await clinic.patient()
    [first] = await lines_of(clinic, patient_id)
    doing = [change(clinic, patient_id, first.therapy_line_id, amount) for amount in ("2", "3", "4")]
    done = await asyncio.gather(*doing, return_exceptions=True)
    assert sum(isinstance(each, TherapyLineOver) for each in done) == 2
    assert len(await lines_of(clinic, patient_id)) == 2


async def test_a_line_that_is_over_is_not_changed(clinic: OwnClinic) -> None:
    patient_id = await clinic.patient()
    [line] = await lines_of(clinic, patient_id)
    await patients.end_therapy_line(clinic.work, patient_id, line.therapy_line_id, clinic.on(-1))
    with pytest.raises(TherapyLineOver):
        await change(clinic, patient_id, line.therapy_line_id, "2")
