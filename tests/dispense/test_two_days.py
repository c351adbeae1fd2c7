"""Two pharmacy days prepared at once: what the one supplies, the other does not reserve again."""

import pytest

from services.dispense.actions import calendar, counter
from tests.dispense.agreement import agree
from tests.dispense.clinic import SUPPLY_DAYS, OwnClinic

pytestmark = pytest.mark.anyio


async def test_what_an_earlier_day_will_supply_is_not_reserved_again(clinic: OwnClinic) -> None:
    lot_id = await clinic.donate(100)
    patient_id = await clinic.patient()
    await clinic.prepare()
    tomorrow = await clinic.prepare(clinic.on(1))
    assert tomorrow.added_lines == 0
    assert (await clinic.lot(lot_id)).reserved == SUPPLY_DAYS
    visit = await clinic.visit(patient_id)
    await counter.give(clinic.work, visit.visit_id, None)
    assert (await clinic.prepare(clinic.on(1))).added_lines == 0
    await agree(clinic)


async def test_a_day_prepared_before_an_earlier_one_gives_up_what_the_earlier_supplies(clinic: OwnClinic) -> None:
    """There is enough for one day only: what goes back from the one is there for the other."""
    lot_id = await clinic.donate(SUPPLY_DAYS)
    patient_id = await clinic.patient()
    assert (await clinic.prepare(clinic.on(1))).added_lines == 1
    prepared = await clinic.prepare()
    assert (prepared.added_lines, prepared.also_changed) == (1, [clinic.on(1)])
    assert (await clinic.lot(lot_id)).reserved == SUPPLY_DAYS
    line = await clinic.line(patient_id)
    assert (line.reserved_units, line.short_units) == (SUPPLY_DAYS, 0)
    assert await clinic.lines(patient_id, clinic.on(1)) == []
    assert (await clinic.prepare()).also_changed == []
    await agree(clinic)


async def test_who_did_not_come_is_wanted_on_the_next_day_that_is_prepared_already(clinic: OwnClinic) -> None:
    lot_id = await clinic.donate(SUPPLY_DAYS)
    patient_id = await clinic.patient()
    await clinic.prepare()
    await clinic.prepare(clinic.on(1))
    await clinic.close()
    await clinic.carry()
    assert (await clinic.line(patient_id, clinic.on(1))).reserved_units == SUPPLY_DAYS
    assert (await clinic.lot(lot_id)).reserved == SUPPLY_DAYS
    await agree(clinic)


async def test_what_is_owed_is_made_up_on_one_day_only(clinic: OwnClinic) -> None:
    await clinic.donate(20)
    patient_id = await clinic.patient()
    await clinic.prepare()
    await counter.give(clinic.work, (await clinic.visit(patient_id)).visit_id, None)
    lot_id = await clinic.donate(100)
    await clinic.prepare(clinic.on(1))
    owed = [line.reserved_units for line in await clinic.lines(patient_id, clinic.on(1)) if line.tops_up]
    assert owed == [8]
    assert (await clinic.prepare(clinic.on(2))).added_lines == 0
    assert (await clinic.lot(lot_id)).reserved == 8 + 1, "what is owed, and the day by which the next cycle ends later"
    await agree(clinic)


async def test_who_was_noted_as_not_come_and_comes_after_all_is_not_supplied_twice(clinic: OwnClinic) -> None:
    lot_id = await clinic.donate(100)
    patient_id = await clinic.patient()
    await clinic.prepare()
    await clinic.prepare(clinic.on(1))
    visit = await clinic.visit(patient_id)
    await counter.mark_not_come(clinic.work, visit.visit_id)
    await clinic.carry()
    assert (await clinic.line(patient_id, clinic.on(1))).reserved_units == SUPPLY_DAYS
    await counter.give(clinic.work, visit.visit_id, None)
    assert await clinic.lines(patient_id, clinic.on(1)) == []
    await agree(clinic)
    lot = await clinic.lot(lot_id)
    assert (lot.dispensed, lot.reserved) == (SUPPLY_DAYS, 0)


async def test_a_walk_in_today_is_not_reserved_for_tomorrow_too(clinic: OwnClinic) -> None:
    """There is enough once: what lies ready for tomorrow is given today."""
    lot_id = await clinic.donate(SUPPLY_DAYS)
    patient_id = await clinic.patient()
    await clinic.prepare(clinic.on(1))
    visit_id = (await counter.open_walk_in(clinic.work, patient_id)).visit_id
    assert await clinic.lines(patient_id, clinic.on(1)) == []
    await clinic.carry()
    assert (await clinic.line(patient_id)).reserved_units == SUPPLY_DAYS
    await counter.give(clinic.work, visit_id, None)
    await agree(clinic)
    assert (await clinic.lot(lot_id)).dispensed == SUPPLY_DAYS


async def test_a_walk_in_that_is_given_up_is_expected_tomorrow_again(clinic: OwnClinic) -> None:
    await clinic.donate(100)
    patient_id = await clinic.patient()
    await clinic.prepare(clinic.on(1))
    visit_id = (await counter.open_walk_in(clinic.work, patient_id)).visit_id
    await counter.abandon_walk_in(clinic.work, visit_id)
    await clinic.carry()
    assert (await clinic.line(patient_id, clinic.on(1))).reserved_units == SUPPLY_DAYS
    await agree(clinic)


async def test_what_lies_at_the_counter_is_not_reserved_for_tomorrow_too(clinic: OwnClinic) -> None:
    lot_id = await clinic.donate(100)
    patient_id = await clinic.patient()
    await clinic.prepare()
    line = await clinic.line(patient_id)
    await counter.give(clinic.work, line.visit_id, {line.line_id: 10})
    assert (await clinic.prepare(clinic.on(1))).added_lines == 0
    await counter.give(clinic.work, line.visit_id, None)
    await agree(clinic)
    assert (await clinic.lot(lot_id)).dispensed == SUPPLY_DAYS


@pytest.mark.parametrize("how", ["closure", "weekdays"])
async def test_who_was_expected_on_a_day_that_is_none_any_more_is_expected_on_the_next(
    clinic: OwnClinic, how: str
) -> None:
    lot_id = await clinic.donate(SUPPLY_DAYS)
    patient_id = await clinic.patient()
    gone = clinic.on(1)
    await clinic.prepare(gone)
    await clinic.prepare(clinic.on(2))
    if how == "closure":
        changed = (await calendar.close_on(clinic.work, gone, "strike")).given_up_days
    else:
        others = [day for day in range(1, 8) if day != gone.isoweekday()]
        changed = (await calendar.set_weekdays(clinic.work, others)).given_up_days
    assert changed == [gone]
    await clinic.carry()
    assert await clinic.lines(patient_id, gone) == []
    assert (await clinic.line(patient_id, clinic.on(2))).reserved_units == SUPPLY_DAYS
    assert (await clinic.lot(lot_id)).reserved == SUPPLY_DAYS
    await agree(clinic)


async def test_a_past_day_that_nobody_closed_is_closed_when_the_next_is_prepared(clinic: OwnClinic) -> None:
    lot_id = await clinic.donate(SUPPLY_DAYS)
    patient_id = await clinic.patient()
    await clinic.prepare()
    past = clinic.today
    clinic.set_days_ahead(1)
    prepared = await clinic.prepare()
    assert (prepared.closed_days, prepared.added_lines) == ([past], 1)
    assert (await clinic.visit(patient_id, past)).state == "not_come"
    assert (await clinic.line(patient_id)).reserved_units == SUPPLY_DAYS
    await agree(clinic)
    assert (await clinic.lot(lot_id)).reserved == SUPPLY_DAYS
