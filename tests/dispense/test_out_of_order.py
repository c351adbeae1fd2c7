"""The counter's events may overtake one another on their way; in the end stock has moved every unit all the same."""

import pytest

from services.dispense.actions import counter
from shared.events.dispense import ReservationReleased
from tests.dispense.agreement import agree
from tests.dispense.clinic import SUPPLY_DAYS, OwnClinic

pytestmark = pytest.mark.anyio


async def test_given_undone_and_closed_may_arrive_backwards(clinic: OwnClinic) -> None:
    lot_id = await clinic.donate(100)
    patient_id = await clinic.patient()
    await clinic.prepare()
    visit_id = (await clinic.visit(patient_id)).visit_id
    await counter.give(clinic.work, visit_id, None)
    await counter.undo_last(clinic.work, visit_id)
    await clinic.close()
    await clinic.carry_from("dispense", backwards=True)
    await agree(clinic)
    assert (await clinic.lot(lot_id)).shelf == 100


async def test_given_undone_and_stopped_may_arrive_backwards(clinic: OwnClinic) -> None:
    lot_id = await clinic.donate(100)
    patient_id = await clinic.patient()
    await clinic.prepare()
    visit_id = (await clinic.visit(patient_id)).visit_id
    await counter.give(clinic.work, visit_id, None)
    await counter.undo_last(clinic.work, visit_id)
    await clinic.hold(lot_id)
    await clinic.carry_from("stock")
    (released,) = await clinic.told(ReservationReleased)
    assert [units.units for units in released.lines] == [SUPPLY_DAYS]
    await clinic.carry_from("dispense", backwards=True)
    await agree(clinic)
    assert (await clinic.lot(lot_id)).quarantine == 100


async def test_given_undone_and_dropped_may_arrive_backwards(clinic: OwnClinic) -> None:
    lot_id = await clinic.donate(100)
    patient_id = await clinic.patient()
    await clinic.prepare()
    visit_id = (await clinic.visit(patient_id)).visit_id
    await counter.give(clinic.work, visit_id, {(await clinic.line(patient_id)).line_id: 20})
    await clinic.prepare(clinic.on(1))
    await counter.undo_last(clinic.work, visit_id)
    await clinic.close()
    await clinic.carry_from("dispense", backwards=True)
    clinic.set_days_ahead(1)
    await clinic.close()
    await agree(clinic)
    assert (await clinic.lot(lot_id)).shelf == 100
