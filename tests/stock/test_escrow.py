"""What becomes of reserved units: given, given back, undone; and answers that fit the bus."""

import pytest

from services.stock.actions import reservation
from services.stock.actions.lots import hold_lot, place_lot
from services.stock.actions.reservation import ReservationUnknown
from services.stock.errors import LotNotFound
from services.stock.store import lots as store
from services.stock.store import reservation as reservations
from shared.database import Database
from shared.events.base import Event
from shared.events.dispense import Dispensed, DispensingUndone, ReservationAbandoned, ReservedUnits
from shared.events.stock import LotHeld
from shared.ids import new_id
from shared.outbox import envelope
from tests.people import World
from tests.stock.clinic import AMLIBON, OF_CLINICS, OwnClinic, deliver, open_clinic, owner_rows
from tests.stock.network import sent
from tests.stock.reserving import answers, ask, asked, give, release, reserved_for, short_of, units_of

pytestmark = pytest.mark.anyio

BUS_BYTES = 256 * 1024


@pytest.fixture
async def clinic(world: World, stock: Database) -> OwnClinic:
    return await open_clinic(world, stock)


async def undo(clinic: OwnClinic, undoes: object, *lines: ReservedUnits) -> None:
    assert isinstance(undoes, type(new_id()))
    event = DispensingUndone(operation_id=new_id(), undoes=undoes, lines=lines)
    await reservation.undo_dispensed(clinic.work(), event)


async def test_what_the_counter_gave_leaves_the_reserve_for_good(clinic: OwnClinic) -> None:
    lot_id = await clinic.shelve(AMLIBON, 50)
    [lot] = await reserved_for(clinic, await ask(clinic, asked(clinic)))
    before = await clinic.told()
    operation_id = await give(clinic, units_of(lot, 14), units_of(lot, 6))
    assert await clinic.units(lot_id) == {"shelf": 20, "reserved": 10, "dispensed": 20}
    async with clinic.work().reading() as tx:
        moved = await store.movements_of_operation(tx, operation_id)
        assert await reservations.holders_of_lot(tx, lot_id) == [("visit_line", 10)]
    assert [(row["units"], row["cause_id"]) for row in moved] == [(20, lot.reference)]
    assert await clinic.told() == before, "giving tells nobody anything new"


async def test_what_was_not_given_is_back_on_the_shelf(clinic: OwnClinic) -> None:
    lot_id = await clinic.shelve(AMLIBON, 50)
    [lot] = await reserved_for(clinic, await ask(clinic, asked(clinic)))
    await give(clinic, units_of(lot, 12))
    await release(clinic, units_of(lot, 18))
    assert await clinic.units(lot_id) == {"shelf": 38, "dispensed": 12}
    again = await ask(clinic, asked(clinic, reference=lot.reference))
    assert [one.units for one in await reserved_for(clinic, again)] == [30], "it can be asked for again"
    assert await clinic.units(lot_id) == {"shelf": 8, "reserved": 30, "dispensed": 12}


async def test_what_is_released_of_a_held_lot_goes_to_quarantine(clinic: OwnClinic) -> None:
    lot_id = await clinic.shelve(AMLIBON, 50)
    first, second = asked(clinic, "20", days=20), asked(clinic, "10", days=10)
    kept_request, abandoned_request = await ask(clinic, first), await ask(clinic, second)
    [lot] = await reserved_for(clinic, kept_request)
    await hold_lot(clinic.work(), lot_id, "Recalled.")
    assert await clinic.units(lot_id) == {"quarantine": 20, "reserved": 30}, "the holder keeps what it has"
    await release(clinic, units_of(lot))
    assert await clinic.units(lot_id) == {"quarantine": 40, "reserved": 10}
    await reservation.abandon_request(clinic.work(), ReservationAbandoned(request_id=abandoned_request))
    assert await clinic.units(lot_id) == {"quarantine": 50}
    assert len(await clinic.told_of(LotHeld)) == 1


async def test_what_was_given_before_the_word_of_a_hold_came_is_applied(clinic: OwnClinic) -> None:
    lot_id = await clinic.shelve(AMLIBON, 50)
    [lot] = await reserved_for(clinic, await ask(clinic, asked(clinic)))
    await hold_lot(clinic.work(), lot_id, "Recalled.")
    await give(clinic, units_of(lot))
    assert await clinic.units(lot_id) == {"quarantine": 20, "dispensed": 30}


async def test_giving_undone_mirrors_each_movement_and_leaves_the_first_intact(clinic: OwnClinic) -> None:
    early = await clinic.shelve(AMLIBON, 10, batch="EARLY", days=100)
    late = await clinic.shelve(AMLIBON, 50, batch="LATE", days=200)
    both = [units_of(lot) for lot in await reserved_for(clinic, await ask(clinic, asked(clinic)))]
    operation_id = await give(clinic, *both)
    await undo(clinic, operation_id, *both)
    assert await clinic.units(early) == {"reserved": 10}
    assert await clinic.units(late) == {"shelf": 30, "reserved": 20}
    for lot_id, units in ((early, 10), (late, 20)):
        async with clinic.work().reading() as tx:
            given, back = (await store.movements_of(tx, lot_id, 0, 10))[-2:]
        assert (given.from_account, given.to_account, given.units) == ("reserved", "dispensed", units)
        assert (back.from_account, back.to_account, back.units) == ("dispensed", "reserved", units)
        assert back.reverses == given.movement_id
    await give(clinic, *both)
    assert await clinic.units(early) == {"dispensed": 10}, "it can be given after all"


async def test_an_undoing_is_applied_once(clinic: OwnClinic) -> None:
    lot_id = await clinic.shelve(AMLIBON, 30)
    [lot] = await reserved_for(clinic, await ask(clinic, asked(clinic)))
    operation_id = await give(clinic, units_of(lot))
    await undo(clinic, operation_id, units_of(lot))
    with pytest.raises(Exception, match="movement_reversed_once_key"):
        await undo(clinic, operation_id, units_of(lot))
    assert await clinic.units(lot_id) == {"reserved": 30}


async def test_nothing_is_taken_out_of_a_reservation_that_stock_never_made(clinic: OwnClinic) -> None:
    lot_id = await clinic.shelve(AMLIBON, 50)
    await ask(clinic, asked(clinic))
    stranger = ReservedUnits(reference=new_id(), lot_id=lot_id, units=5)
    with pytest.raises(ReservationUnknown):
        await give(clinic, stranger)
    with pytest.raises(ReservationUnknown):
        await release(clinic, stranger)
    with pytest.raises(LotNotFound):
        await release(clinic, ReservedUnits(reference=new_id(), lot_id=new_id(), units=5))
    assert await clinic.units(lot_id) == {"shelf": 20, "reserved": 30}


async def test_nobody_takes_more_than_was_reserved_for_them(clinic: OwnClinic) -> None:
    lot_id = await clinic.shelve(AMLIBON, 60)
    [mine] = await reserved_for(clinic, await ask(clinic, asked(clinic)))
    await ask(clinic, asked(clinic))
    with pytest.raises(Exception, match="reservation_not_overdrawn"):
        await give(clinic, units_of(mine, 31))
    await give(clinic, units_of(mine, 20))
    with pytest.raises(Exception, match="reservation_not_overdrawn"):
        await release(clinic, units_of(mine, 11))
    assert await clinic.units(lot_id) == {"reserved": 40, "dispensed": 20}


async def test_an_event_that_cannot_be_applied_is_parked_and_shown_with_its_reason(clinic: OwnClinic) -> None:
    lot_id = await clinic.shelve(AMLIBON, 50)
    await ask(clinic, asked(clinic))
    stranger = ReservedUnits(reference=new_id(), lot_id=lot_id, units=5)
    event: Event = Dispensed(operation_id=new_id(), lines=(stranger,))
    visit_id = new_id()
    await deliver(clinic.world, "stock", [sent("dispense", clinic.clinic_id, visit_id, 1, event)], clinic.stock)
    query = "SELECT reason, detail FROM inbox_waiting WHERE aggregate_id = $1"
    [waiting] = await owner_rows(clinic.world, "stock", query, visit_id)
    assert waiting["reason"] == "failed"
    assert waiting["detail"].startswith("ReservationUnknown")
    assert await clinic.units(lot_id) == {"shelf": 20, "reserved": 30}


@pytest.mark.parametrize(("units", "held", "lines_given"), [(2001, False, 1001), (5000, False, 1600), (10, True, 0)])
async def test_answers_come_in_parts_that_fit_the_bus_and_each_line_is_answered_in_one(
    clinic: OwnClinic, units: int, held: bool, lines_given: int
) -> None:
    lot_id = await clinic.shelve(AMLIBON, units, batch="ΠΑΡΤΙΔΑ-ΧΩΡΙΣ-ΤΕΛΟΣ")
    await place_lot(clinic.work(), lot_id, "Ω" * 120)
    if held:
        await hold_lot(clinic.work(), lot_id, "Recalled.")
    lines = [asked(clinic, "2", per_day=None, order=number) for number in range(1600)]
    request_id = await ask(clinic, *lines)
    parts = await answers(clinic, request_id)
    assert [(part.part, part.parts) for part in parts] == [(n + 1, len(parts)) for n in range(len(parts))]
    found = [lot.reference for lot in await reserved_for(clinic, request_id)]
    assert found == [line.reference for line in lines][:lines_given]
    assert sum((await short_of(clinic, request_id)).values()) == 3200 - (0 if held else min(units, 3200))
    named = [{row.reference for row in (*part.lots, *part.shortfalls)} for part in parts]
    assert sum(len(references) for references in named) == 1600, "no line stands in two parts"
    rows = await owner_rows(clinic.world, "stock", OF_CLINICS, [clinic.clinic_id])
    assert max(len(envelope("stock", row)) for row in rows) < BUS_BYTES


async def test_a_request_for_nothing_is_answered_with_nothing(clinic: OwnClinic) -> None:
    [answer] = await answers(clinic, await ask(clinic))
    assert (answer.part, answer.parts, answer.lots, answer.shortfalls) == (1, 1, (), ())
