"""Stock's answers that come when nobody waits for them any more, lots held meanwhile, and walk-ins."""

from uuid import UUID

import pytest

from services.dispense.actions import counter, day, patients
from services.dispense.errors import (
    AlreadyExpected,
    DayClosed,
    MoreThanReserved,
    NothingNeeded,
    NothingToGive,
    NothingWaits,
    PatientNotFound,
    VisitNotFound,
)
from shared.events.dispense import Dispensed, ReservationAbandoned, ReservationAsked, ReservationReleased
from shared.events.stock import LotHeld, LotHoldLifted, ReservationAnswered
from shared.ids import new_id
from tests.dispense.agreement import agree
from tests.dispense.clinic import LIPITOR, NORVASC, SUPPLY_DAYS, OwnClinic

pytestmark = pytest.mark.anyio


async def walk_in(clinic: OwnClinic, patient_id: UUID) -> UUID:
    return (await counter.open_walk_in(clinic.work, patient_id)).visit_id


async def answered_but_not_heard(clinic: OwnClinic) -> UUID:
    """Today is prepared and stock has set the only lot's units apart, but dispense has not heard of it yet."""
    lot_id = await clinic.donate(100)
    await day.prepare_pharmacy_day(clinic.work, clinic.today)
    await clinic.carry_from("dispense")
    assert (await clinic.lot(lot_id)).reserved == SUPPLY_DAYS
    return lot_id


# Late answers


async def test_an_answer_for_a_closed_day_is_released_at_once(clinic: OwnClinic) -> None:
    patient_id = await clinic.patient()
    lot_id = await answered_but_not_heard(clinic)
    assert (await clinic.close()).released_units == 0
    await agree(clinic)
    assert (await clinic.lot(lot_id)).shelf == 100
    assert (await clinic.line(patient_id)).reserved_units == 0
    (released,) = await clinic.told(ReservationReleased)
    assert [units.units for units in released.lines] == [SUPPLY_DAYS]


async def test_an_answer_for_a_dropped_line_is_released_at_once(clinic: OwnClinic) -> None:
    patient_id = await clinic.register()
    line_id = (await clinic.plan(patient_id)).therapy_line_id
    kept = await clinic.patient(LIPITOR)
    lot_id = await answered_but_not_heard(clinic)
    await patients.end_therapy_line(clinic.work, patient_id, line_id, clinic.on(-1))
    await agree(clinic)
    assert (await clinic.lot(lot_id)).shelf == 100
    assert not (await clinic.line(kept)).waits


async def test_an_answer_with_a_lot_that_is_held_meanwhile_releases_it(clinic: OwnClinic) -> None:
    patient_id = await clinic.patient()
    lot_id = await answered_but_not_heard(clinic)
    await clinic.hold(lot_id)
    assert len(await clinic.told(LotHeld, by="stock")) == 1
    await clinic.carry_from("stock", backwards=True)
    line = await clinic.line(patient_id)
    assert (line.waits, line.reserved_units, line.short_units) == (False, 0, SUPPLY_DAYS)
    await agree(clinic)
    assert ((await clinic.lot(lot_id)).quarantine, (await clinic.lot(lot_id)).shelf) == (100, 0)


async def test_a_lot_whose_hold_was_lifted_is_set_apart_again(clinic: OwnClinic) -> None:
    patient_id = await clinic.patient()
    lot_id = await clinic.donate(100)
    await clinic.prepare()
    await clinic.hold(lot_id)
    await clinic.carry()
    assert (await clinic.line(patient_id)).short_units == SUPPLY_DAYS
    await clinic.lift_hold(lot_id)
    await clinic.carry()
    assert len(await clinic.told(LotHoldLifted, by="stock")) == 1
    assert (await clinic.line(patient_id)).reserved_units == 0
    await clinic.prepare()
    assert (await clinic.line(patient_id)).reserved_units == SUPPLY_DAYS
    await agree(clinic)
    assert ((await clinic.lot(lot_id)).reserved, (await clinic.lot(lot_id)).shelf) == (28, 72)


async def test_a_line_that_waits_is_not_supplied_by_giving_the_others(clinic: OwnClinic) -> None:
    """Its answer comes while the patient is still there: then it is given too."""
    await clinic.donate(100)
    await clinic.donate(100, name=LIPITOR)
    patient_id = await clinic.patient(NORVASC)
    await clinic.prepare()
    await clinic.plan(patient_id, LIPITOR)
    await day.prepare_pharmacy_day(clinic.work, clinic.today)
    there, waiting = await clinic.lines(patient_id)
    assert (there.waits, waiting.waits) == (False, True)
    with pytest.raises(MoreThanReserved):
        await counter.give(clinic.work, there.visit_id, {waiting.line_id: 1})
    await counter.give(clinic.work, there.visit_id, None)
    await clinic.carry()
    given = await counter.give(clinic.work, there.visit_id, None)
    assert [(row.line_id, row.units) for row in given.given] == [(waiting.line_id, SUPPLY_DAYS)]
    await agree(clinic)


# Walk-ins


async def test_a_walk_in_is_served_from_a_reservation_of_its_own(clinic: OwnClinic) -> None:
    lot_id = await clinic.donate(100)
    await clinic.prepare()
    patient_id = await clinic.patient()
    visit_id = await walk_in(clinic, patient_id)
    assert (await clinic.visit(patient_id)).walk_in
    (asked,) = await clinic.told(ReservationAsked)
    assert [line.content_needed for line in asked.lines] == ["28"]
    with pytest.raises(NothingToGive):
        await counter.give(clinic.work, visit_id, None)
    await clinic.carry()
    await counter.give(clinic.work, visit_id, None)
    (dispensed,) = await clinic.told(Dispensed)
    assert [units.units for units in dispensed.lines] == [SUPPLY_DAYS]
    await agree(clinic)
    assert (await clinic.lot(lot_id)).dispensed == SUPPLY_DAYS


async def test_a_walk_in_who_needs_nothing_or_is_expected_or_unknown_is_refused(clinic: OwnClinic) -> None:
    await clinic.donate(100)
    served, unplanned = await clinic.patient(), await clinic.register()
    await clinic.prepare()
    with pytest.raises(AlreadyExpected):
        await walk_in(clinic, served)
    with pytest.raises(NothingNeeded):
        await walk_in(clinic, unplanned)
    with pytest.raises(PatientNotFound):
        await walk_in(clinic, new_id())
    await clinic.close()
    with pytest.raises(DayClosed):
        await walk_in(clinic, await clinic.patient())
    assert len(await clinic.told(ReservationAsked)) == 1
    await agree(clinic)


async def test_what_a_walk_in_asked_for_stays_when_the_day_is_prepared_again(clinic: OwnClinic) -> None:
    """Somebody who is supplied until the following day and comes all the same is not expected: a person let them in."""
    await clinic.donate(100)
    patient_id = await clinic.patient(cycle_days=7)
    await clinic.prepare()
    await counter.give(clinic.work, (await clinic.visit(patient_id)).visit_id, None)
    await clinic.close()
    clinic.set_days_ahead(3)
    visit_id = await walk_in(clinic, patient_id)
    await clinic.carry()
    assert (await clinic.line(patient_id)).reserved_units == 3
    assert (await clinic.prepare()).dropped_lines == 0
    await counter.give(clinic.work, visit_id, None)
    await agree(clinic)


@pytest.mark.parametrize("asked_first", [True, False])
async def test_an_abandoned_walk_in_takes_back_its_units(clinic: OwnClinic, asked_first: bool) -> None:
    """Also when stock has set them apart already, and when it hears of the end before the beginning."""
    lot_id = await clinic.donate(100)
    patient_id = await clinic.patient()
    visit_id = await walk_in(clinic, patient_id)
    if asked_first:
        await clinic.carry_from("dispense")
        assert (await clinic.lot(lot_id)).reserved == SUPPLY_DAYS
    await counter.abandon_walk_in(clinic.work, visit_id)
    (asked,) = await clinic.told(ReservationAsked)
    assert await clinic.told(ReservationAbandoned) == [ReservationAbandoned(request_id=asked.request_id)]
    await clinic.carry_from("dispense", backwards=True)
    await agree(clinic)
    assert (await clinic.lot(lot_id)).shelf == 100
    assert len(await clinic.told(ReservationAnswered, by="stock")) == 1
    assert await clinic.lines(patient_id) == []
    with pytest.raises(NothingWaits):
        await counter.abandon_walk_in(clinic.work, visit_id)


async def test_whoever_was_abandoned_may_walk_in_again(clinic: OwnClinic) -> None:
    await clinic.donate(100)
    patient_id = await clinic.patient()
    await counter.abandon_walk_in(clinic.work, await walk_in(clinic, patient_id))
    visit_id = await walk_in(clinic, patient_id)
    await clinic.carry()
    await counter.give(clinic.work, visit_id, None)
    await agree(clinic)


async def test_an_answered_walk_in_is_not_abandoned(clinic: OwnClinic) -> None:
    await clinic.donate(100)
    patient_id = await clinic.patient()
    visit_id = await walk_in(clinic, patient_id)
    await clinic.carry()
    with pytest.raises(NothingWaits):
        await counter.abandon_walk_in(clinic.work, visit_id)
    with pytest.raises(VisitNotFound):
        await counter.abandon_walk_in(clinic.work, new_id())
    assert (await clinic.line(patient_id)).reserved_units == SUPPLY_DAYS
    await agree(clinic)


async def test_closing_the_day_abandons_the_walk_ins_that_still_wait(clinic: OwnClinic) -> None:
    lot_id = await clinic.donate(100)
    await walk_in(clinic, await clinic.patient())
    await clinic.carry_from("dispense")
    await clinic.close()
    assert len(await clinic.told(ReservationAbandoned)) == 1
    await agree(clinic)
    assert (await clinic.lot(lot_id)).shelf == 100
