"""What is owed, until it is given, cancelled or past; and lots that are held while they are reserved or given."""

import asyncio
from uuid import UUID

import pytest

from services.dispense import store
from services.dispense.actions import counter, hearing
from services.dispense.errors import (
    MoreThanReserved,
    NothingToGive,
    NothingToUndo,
    OwedNotFound,
    SomethingToGive,
    VisitServed,
)
from shared.events.dispense import DispensingUndone, ReservationAsked, ReservationReleased
from shared.events.stock import LotHeld
from shared.ids import new_id
from tests.dispense.agreement import agree
from tests.dispense.clinic import LIPITOR, NORVASC, SUPPLY_DAYS, OwnClinic

pytestmark = pytest.mark.anyio

OWED_STATES = "SELECT state FROM owed WHERE clinic_id = $1"
WAITING_FOR_A_LOCK = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND usename = current_user"


async def owed(clinic: OwnClinic) -> list[store.owed.OwedRow]:
    async with clinic.work.reading() as tx:
        return await store.owed.owed_rows(tx, 10)


async def owed_states(clinic: OwnClinic) -> list[str]:
    async with clinic.work.reading() as tx:
        return [row["state"] for row in await tx.sql.fetch(OWED_STATES, clinic.clinic_id)]


async def call_backs(clinic: OwnClinic) -> list[tuple[UUID, UUID, int]]:
    async with clinic.work.reading() as tx:
        return [(row.patient_id, row.lot_id, row.units) for row in await store.held.call_backs(tx, 10)]


async def give(clinic: OwnClinic, patient_id: UUID, units: int | None = None) -> int:
    """Give all that is reserved for today's visit, or so many units of its first line."""
    (line, *_) = await clinic.lines(patient_id)
    wanted = None if units is None else {line.line_id: units}
    return sum(row.units for row in (await counter.give(clinic.work, line.visit_id, wanted)).given)


async def undo(clinic: OwnClinic, patient_id: UUID) -> None:
    await counter.undo_last(clinic.work, (await clinic.visit(patient_id)).visit_id)


async def given_in_part(clinic: OwnClinic, units: int = 20) -> UUID:
    """A patient who was given so many of 28 today; the day is closed, and it is the next one."""
    patient_id = await clinic.patient()
    await clinic.prepare()
    await give(clinic, patient_id, units)
    await clinic.close()
    clinic.set_days_ahead(1)
    return patient_id


async def next_day(clinic: OwnClinic, days_ahead: int) -> None:
    clinic.set_days_ahead(days_ahead)
    await clinic.prepare()


# Owed


async def test_what_was_not_given_is_owed_with_its_reason(clinic: OwnClinic) -> None:
    await clinic.donate(100)
    await clinic.donate(20, name=LIPITOR)
    part, short = await clinic.patient(NORVASC), await clinic.patient(LIPITOR)
    await clinic.prepare()
    await give(clinic, part, 3)
    await give(clinic, short)
    found = {row.patient_id: (row.units, row.reason, row.from_on, row.through_on) for row in await owed(clinic)}
    last_day = clinic.on(SUPPLY_DAYS - 1)
    assert found == {
        part: (25, "given_in_part", clinic.today, last_day),
        short: (8, "short", clinic.today, last_day),
    }
    await agree(clinic)


async def test_what_is_owed_is_closed_by_giving_the_rest_on_the_same_visit(clinic: OwnClinic) -> None:
    await clinic.donate(100)
    patient_id = await clinic.patient()
    await clinic.prepare()
    await give(clinic, patient_id, 3)
    await give(clinic, patient_id)
    assert (await owed(clinic), await owed_states(clinic)) == ([], ["given"])
    await undo(clinic, patient_id)
    assert [row.units for row in await owed(clinic)] == [25]
    await agree(clinic)


async def test_the_next_preparation_tops_up_what_is_owed(clinic: OwnClinic) -> None:
    lot_id = await clinic.donate(100)
    patient_id = await given_in_part(clinic)
    assert (await clinic.prepare()).added_lines == 2
    topped_up, further_on = await clinic.lines(patient_id)
    assert (topped_up.tops_up, topped_up.reserved_units) == (True, 8)
    assert (further_on.tops_up, further_on.reserved_units) == (False, 1)
    await give(clinic, patient_id)
    assert (await owed(clinic), await owed_states(clinic)) == ([], ["given"])
    await agree(clinic)
    assert (await clinic.lot(lot_id)).dispensed == SUPPLY_DAYS + 1


async def test_an_undone_top_up_is_owed_again(clinic: OwnClinic) -> None:
    await clinic.donate(100)
    patient_id = await given_in_part(clinic)
    await clinic.prepare()
    await give(clinic, patient_id)
    await undo(clinic, patient_id)
    assert [row.units for row in await owed(clinic)] == [8]
    assert len(await clinic.told(DispensingUndone)) == 1
    assert await give(clinic, patient_id) == 9
    await agree(clinic)


async def test_what_is_cancelled_is_owed_no_more_and_nobody_is_asked_for_it(clinic: OwnClinic) -> None:
    await clinic.donate(100)
    patient_id = await given_in_part(clinic)
    (row,) = await owed(clinic)
    asked = len(await clinic.told(ReservationAsked))
    await counter.cancel_owed(clinic.work, row.supply_id)
    assert (await owed(clinic), await owed_states(clinic)) == ([], ["cancelled"])
    with pytest.raises(OwedNotFound):
        await counter.cancel_owed(clinic.work, row.supply_id)
    with pytest.raises(OwedNotFound):
        await counter.cancel_owed(clinic.work, new_id())
    assert (await clinic.prepare()).added_lines == 0
    assert len(await clinic.told(ReservationAsked)) == asked
    await agree(clinic)
    assert patient_id not in {row.patient_id for row in await owed(clinic)}


async def test_what_is_reserved_for_a_debt_goes_back_when_it_is_cancelled(clinic: OwnClinic) -> None:
    lot_id = await clinic.donate(100)
    patient_id = await given_in_part(clinic)
    await clinic.prepare()
    (row,) = await owed(clinic)
    released = len(await clinic.told(ReservationReleased))
    await counter.cancel_owed(clinic.work, row.supply_id)
    assert len(await clinic.told(ReservationReleased)) == released + 1
    assert await clinic.lines(patient_id) == [], "only what was owed had brought them back"
    await agree(clinic)
    lot = await clinic.lot(lot_id)
    assert (lot.dispensed, lot.reserved) == (20, 0)


async def test_what_is_owed_lapses_when_its_days_are_past(clinic: OwnClinic) -> None:
    await clinic.donate(5)
    await given_in_part(clinic, 5)
    await next_day(clinic, SUPPLY_DAYS - 1)
    assert await owed_states(clinic) == ["open"]
    await next_day(clinic, SUPPLY_DAYS)
    assert (await owed(clinic), await owed_states(clinic)) == ([], ["lapsed"])
    await agree(clinic)


async def test_a_debt_that_was_undone_is_not_topped_up_on_the_day_it_was_prepared_for(clinic: OwnClinic) -> None:
    await clinic.donate(20)
    patient_id = await clinic.patient()
    await clinic.prepare()
    await give(clinic, patient_id)
    lot_id = await clinic.donate(100)
    await clinic.prepare(clinic.on(1))
    assert [line.tops_up for line in await clinic.lines(patient_id, clinic.on(1))] == [True, False]
    await undo(clinic, patient_id)
    assert await clinic.lines(patient_id, clinic.on(1)) == []
    assert await owed_states(clinic) == ["undone"]
    await agree(clinic)
    assert (await clinic.lot(lot_id)).reserved == 0


# Held


async def test_a_lot_that_is_held_while_reserved_is_given_no_more(clinic: OwnClinic) -> None:
    held, kept = await clinic.donate(10, expires_on=clinic.on(60)), await clinic.donate(100)
    patient_id = await clinic.patient()
    await clinic.prepare()
    await clinic.hold(held)
    await clinic.carry_from("stock")
    line = await clinic.line(patient_id)
    assert (line.reserved_units, line.short_units) == (18, 10)
    with pytest.raises(MoreThanReserved):
        await give(clinic, patient_id, 19)
    assert await give(clinic, patient_id) == 18
    (released,) = await clinic.told(ReservationReleased)
    assert [(units.lot_id, units.units) for units in released.lines] == [(held, 10)]
    assert [(row.units, row.reason) for row in await owed(clinic)] == [(10, "short")]
    assert await call_backs(clinic) == []
    await agree(clinic)
    assert ((await clinic.lot(held)).quarantine, (await clinic.lot(kept)).dispensed) == (10, 18)


async def test_what_is_owed_because_a_lot_was_held_says_so_though_it_was_given_in_part_before(
    clinic: OwnClinic,
) -> None:
    held = await clinic.donate(10, expires_on=clinic.on(60))
    await clinic.donate(100)
    patient_id = await clinic.patient()
    await clinic.prepare()
    await give(clinic, patient_id, 3)
    assert [(row.units, row.reason) for row in await owed(clinic)] == [(25, "given_in_part")]
    await clinic.hold(held)
    await clinic.carry()
    await give(clinic, patient_id)
    assert [(row.units, row.reason) for row in await owed(clinic)] == [(7, "short")]
    await agree(clinic)


async def test_who_was_given_of_a_lot_before_word_came_is_to_be_called(clinic: OwnClinic) -> None:
    lot_id = await clinic.donate(100)
    given, waiting = await clinic.patient(), await clinic.patient()
    await clinic.prepare()
    await clinic.hold(lot_id)
    await give(clinic, given, 20)
    await clinic.carry_from("stock")
    assert await call_backs(clinic) == [(given, lot_id, 20)]
    for patient_id in (given, waiting):
        with pytest.raises(NothingToGive):
            await give(clinic, patient_id)
    await agree(clinic)
    lot = await clinic.lot(lot_id)
    assert (lot.dispensed, lot.quarantine, lot.shelf, lot.reserved) == (20, 80, 0, 0)


async def test_an_undone_giving_of_a_held_lot_is_released_and_nobody_is_called(clinic: OwnClinic) -> None:
    lot_id = await clinic.donate(100)
    patient_id = await clinic.patient()
    await clinic.prepare()
    await give(clinic, patient_id)
    await clinic.hold(lot_id)
    await clinic.carry()
    assert len(await call_backs(clinic)) == 1
    await undo(clinic, patient_id)
    assert await call_backs(clinic) == []
    line = await clinic.line(patient_id)
    assert (line.reserved_units, line.short_units) == (0, SUPPLY_DAYS)
    assert len(await clinic.told(ReservationReleased)) == 1
    await agree(clinic)
    assert ((await clinic.lot(lot_id)).quarantine, (await clinic.lot(lot_id)).dispensed) == (100, 0)


@pytest.mark.parametrize("left_units", [0, 8])
async def test_a_hold_that_comes_during_a_giving_or_undoing_waits_for_it(clinic: OwnClinic, left_units: int) -> None:
    """Lines are locked before their escrow, here as at the counter: neither is undone for the other's sake."""
    lot_id = await clinic.donate(100)
    patient_id = await clinic.patient()
    await clinic.prepare()
    await give(clinic, patient_id, SUPPLY_DAYS - left_units)
    visit_id = (await clinic.visit(patient_id)).visit_id
    await clinic.hold(lot_id)
    async with clinic.work.transaction() as tx:
        await tx.sql.fetch(store.visit_lines.LINES_TO_GIVE, clinic.clinic_id, visit_id)
        stopping = asyncio.create_task(
            hearing.stop_held_lot(clinic.work, LotHeld(lot_id=lot_id, reason="recall by EOF"))
        )
        while not await clinic.databases["dispense"].pool.fetchval(WAITING_FOR_A_LOCK):
            await asyncio.sleep(0.01)
            assert not stopping.done()
        await tx.sql.fetch(store.escrow.ESCROW_TO_GIVE, clinic.clinic_id, visit_id)
    await stopping
    assert len(await call_backs(clinic)) == 1
    await agree(clinic)


# Who comes in vain


async def test_who_comes_in_vain_is_owed_all_of_it_and_is_not_noted_as_not_come(clinic: OwnClinic) -> None:
    patient_id = await clinic.patient()
    await clinic.prepare()
    visit_id = (await clinic.visit(patient_id)).visit_id
    assert (await counter.owe_everything(clinic.work, visit_id)).state == "served"
    for again in (counter.owe_everything(clinic.work, visit_id), counter.mark_not_come(clinic.work, visit_id)):
        with pytest.raises((NothingToGive, VisitServed)):
            await again
    await clinic.close()
    assert (await clinic.visit(patient_id)).state == "served"
    await clinic.donate(100)
    clinic.set_days_ahead(3)
    await clinic.prepare()
    owed, later = await clinic.lines(patient_id)
    assert (owed.reserved_units, later.reserved_units) == (SUPPLY_DAYS - 3, 3)
    assert owed.tops_up is not None
    await agree(clinic)


async def test_what_is_owed_since_somebody_came_in_vain_is_undone(clinic: OwnClinic) -> None:
    patient_id = await clinic.patient()
    await clinic.prepare()
    visit_id = (await clinic.visit(patient_id)).visit_id
    await counter.owe_everything(clinic.work, visit_id)
    assert (await counter.undo_last(clinic.work, visit_id)).state == "expected"
    async with clinic.work.reading() as tx:
        assert await store.owed.owed_rows(tx, 10, patient_id) == []
    with pytest.raises(NothingToUndo):
        await counter.undo_last(clinic.work, visit_id)
    await clinic.donate(100)
    await clinic.prepare()
    with pytest.raises(SomethingToGive):
        await counter.owe_everything(clinic.work, visit_id)
    assert sum(row.units for row in (await counter.give(clinic.work, visit_id, None)).given) == SUPPLY_DAYS
    await agree(clinic)


async def test_what_comes_on_the_very_day_is_given_to_who_came_in_vain(clinic: OwnClinic) -> None:
    patient_id = await clinic.patient()
    await clinic.prepare()
    visit_id = (await clinic.visit(patient_id)).visit_id
    await counter.owe_everything(clinic.work, visit_id)
    await clinic.donate(100)
    await clinic.prepare()
    assert sum(row.units for row in (await counter.give(clinic.work, visit_id, None)).given) == SUPPLY_DAYS
    async with clinic.work.reading() as tx:
        assert await store.owed.owed_rows(tx, 10, patient_id) == []
    await agree(clinic)
