"""Two pharmacy days prepared at once: what the one supplies, the other does not reserve again."""

import pytest

from services.dispense.actions import counter
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


async def test_who_did_not_come_is_wanted_on_the_next_day(clinic: OwnClinic) -> None:
    lot_id = await clinic.donate(SUPPLY_DAYS)
    await clinic.patient()
    await clinic.prepare()
    await clinic.prepare(clinic.on(1))
    await clinic.close()
    await clinic.carry()
    assert (await clinic.lot(lot_id)).reserved == 0
    assert (await clinic.prepare(clinic.on(1))).added_lines == 1
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


async def test_who_marked_themselves_away_today_is_expected_tomorrow(clinic: OwnClinic) -> None:
    """Somebody marked as not come may yet come: the day after counts them only once that is undone or over."""
    await clinic.donate(100)
    patient_id = await clinic.patient()
    await clinic.prepare()
    visit = await clinic.visit(patient_id)
    await counter.mark_not_come(clinic.work, visit.visit_id)
    assert (await clinic.prepare(clinic.on(1))).added_lines == 1
    await counter.undo_last(clinic.work, visit.visit_id)
    assert (await clinic.prepare(clinic.on(1))).dropped_lines == 1
    await agree(clinic)
