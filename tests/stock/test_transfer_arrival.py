"""A transfer arrives: counted by whom it reached, settled by whom it left."""

from pathlib import Path
from typing import Literal
from uuid import UUID

import pytest

from services.stock.actions import transfer
from services.stock.actions.lots import hold_lot
from services.stock.errors import LineNotInTransfer, TransferNotReady
from services.stock.rules.transfer import LEAST_LIFE_DAYS
from shared.catalogue import product_id_for
from shared.database import Database
from shared.events import stock as events
from tests.people import World
from tests.stock.clinic import AMLIBON, NORMODIN
from tests.stock.transfers import TwoClinics, counted, side_of, two_clinics

pytestmark = pytest.mark.anyio

GAUZE = product_id_for("dosis:gauze-sterile-10x10")
MILK = product_id_for("dosis:infant-milk-1-400")


@pytest.fixture
async def both(world: World, stock: Database) -> TwoClinics:
    return await two_clinics(world, stock)


async def received_lot(both: TwoClinics, transfer_id: UUID, number: int = 1) -> UUID:
    """The receiving clinic's own lot of what was shipped."""
    _, _, found = await side_of(both.asking, transfer_id)
    lot_id = next(lot.lot_id for lot in found if lot.lot_number == number)
    assert lot_id is not None
    return lot_id


async def test_all_that_was_shipped_arrives_as_the_same_lot_and_closes_the_transfer(both: TwoClinics) -> None:
    sent = await both.sending.shelve(AMLIBON, 30, batch="S1", opened=True)
    transfer_id = await both.shipped(30)
    assert await both.receive(transfer_id, counted(30)) == "closed"
    assert (await both.both_tell(transfer_id)).state == "closed"
    assert await both.sending.units(sent) == {"sent": 30}
    arrived = await both.asking.lot(await received_lot(both, transfer_id))
    assert arrived.lot_id != sent
    assert (arrived.product_id, arrived.batch, arrived.opened) == (AMLIBON, "S1", True)
    assert arrived.expires_on == both.sending.day(400)
    assert await both.asking.units(arrived.lot_id) == {"shelf": 30}
    assert await both.asking.movements(arrived.lot_id) == [("received_from_clinic", "shelf", 30)]
    assert await both.asking.told_of(events.TransferReceived) == [
        events.TransferReceived(
            transfer_id=transfer_id,
            to_clinic_id=both.sending.clinic_id,
            lots=(events.CountedLot(lot_number=1, units=30),),
        )
    ]


@pytest.mark.parametrize("item", [GAUZE, MILK], ids=["with a code", "by name alone"])
async def test_what_is_no_medicine_travels_as_medicines_do(both: TwoClinics, item: UUID) -> None:
    sent = await both.sending.shelve(item, 25, batch=None)
    transfer_id = await both.ask((item, 10))
    await both.agree(transfer_id, 10)
    await both.ship(transfer_id)
    assert await both.receive(transfer_id, counted(10)) == "closed"
    assert await both.sending.units(sent) == {"shelf": 15, "sent": 10}
    arrived = await both.asking.lot(await received_lot(both, transfer_id))
    assert (arrived.product_id, arrived.batch) == (item, None)
    assert await both.asking.units(arrived.lot_id) == {"shelf": 10}


async def test_what_did_not_arrive_stays_in_transit_at_the_sender_until_people_settle_it(both: TwoClinics) -> None:
    sent = await both.sending.shelve(AMLIBON, 30)
    transfer_id = await both.shipped(30)
    assert await both.receive(transfer_id, counted(28)) == "received"
    assert (await both.both_tell(transfer_id)).state == "received"
    assert await both.sending.units(sent) == {"in_transit": 2, "sent": 28}
    assert await both.asking.units(await received_lot(both, transfer_id)) == {"shelf": 28}


@pytest.mark.parametrize(("outcome", "account"), [("lost", "lost"), ("returned", "quarantine")])
async def test_people_of_the_sender_settle_what_is_missing_and_both_read_how(
    both: TwoClinics, outcome: Literal["lost", "returned"], account: str
) -> None:
    sent = await both.sending.shelve(AMLIBON, 30)
    transfer_id = await both.shipped(30)
    await both.receive(transfer_id, counted(28))
    settled = await transfer.settle_transfer(both.sending.work(), transfer_id, outcome, "We asked the driver.")
    assert settled.state == "closed"
    assert await both.sending.units(sent) == {"sent": 28, account: 2}
    assert await both.sending.told_of(events.TransferSettled) == [
        events.TransferSettled(
            transfer_id=transfer_id,
            to_clinic_id=both.asking.clinic_id,
            outcome=outcome,
            note="We asked the driver.",
        )
    ]
    await both.carry()
    row = await both.both_tell(transfer_id)
    assert row.state == "closed"
    assert row.reason is not None
    assert outcome in row.reason
    assert "We asked the driver." in row.reason
    with pytest.raises(TransferNotReady):
        await transfer.settle_transfer(both.sending.work(), transfer_id, outcome, "Again.")


async def test_more_than_was_shipped_is_found_and_waits_in_quarantine(both: TwoClinics) -> None:
    sent = await both.sending.shelve(AMLIBON, 30)
    transfer_id = await both.shipped(30)
    assert await both.receive(transfer_id, counted(33)) == "closed"
    assert (await both.both_tell(transfer_id)).state == "closed"
    assert await both.sending.units(sent) == {"sent": 30}
    arrived = await received_lot(both, transfer_id)
    assert await both.asking.units(arrived) == {"shelf": 30, "quarantine": 3}
    assert await both.asking.movements(arrived) == [
        ("received_from_clinic", "shelf", 30),
        ("found", "quarantine", 3),
    ]


async def test_a_box_that_never_came_leaves_everything_in_transit(both: TwoClinics) -> None:
    sent = await both.sending.shelve(AMLIBON, 30)
    transfer_id = await both.shipped(30)
    assert await both.receive(transfer_id) == "received"
    await both.both_tell(transfer_id)
    assert await both.sending.units(sent) == {"in_transit": 30}
    _, _, [lot] = await side_of(both.asking, transfer_id)
    assert (lot.counted_units, lot.lot_id) == (0, None)
    await transfer.settle_transfer(both.sending.work(), transfer_id, "lost", "Stolen.")
    assert await both.sending.units(sent) == {"lost": 30}


async def test_each_lot_is_counted_by_itself(both: TwoClinics) -> None:
    first = await both.sending.shelve(AMLIBON, 10, batch="FIRST", days=100)
    second = await both.sending.shelve(AMLIBON, 10, batch="SECOND", days=200)
    third = await both.sending.shelve(NORMODIN, 14, batch="THIRD")
    transfer_id = await both.ask((AMLIBON, 20), (NORMODIN, 14))
    await both.agree(transfer_id, 20, 14)
    await both.ship(transfer_id)
    assert await both.receive(transfer_id, counted(14, 3), counted(12, 1)) == "received"
    await both.both_tell(transfer_id)
    assert [await both.sending.units(lot_id) for lot_id in (first, second, third)] == [
        {"sent": 10},
        {"in_transit": 10},
        {"sent": 14},
    ], "what is too much of one lot does not make up for what is missing of another"
    [told] = await both.asking.told_of(events.TransferReceived)
    assert [(lot.lot_number, lot.units) for lot in told.lots] == [(1, 12), (2, 0), (3, 14)]


async def test_units_of_a_lot_that_the_receiver_holds_arrive_in_quarantine(both: TwoClinics) -> None:
    here = await both.asking.shelve(AMLIBON, 5, batch="S1")
    await hold_lot(both.asking.work(), here, "Recalled.")
    await both.sending.shelve(AMLIBON, 30, batch="S1")
    transfer_id = await both.shipped(30)
    await both.receive(transfer_id, counted(30))
    assert await received_lot(both, transfer_id) == here
    assert await both.asking.units(here) == {"quarantine": 35}


async def test_what_expired_on_the_way_arrives_in_quarantine(both: TwoClinics, tmp_path: Path) -> None:
    await both.sending.shelve(AMLIBON, 30, days=LEAST_LIFE_DAYS)
    transfer_id = await both.shipped(30)
    late = both.asking.work_later(LEAST_LIFE_DAYS + 1, tmp_path)
    await transfer.receive_transfer(late, transfer_id, [counted(30)])
    assert await both.asking.units(await received_lot(both, transfer_id)) == {"quarantine": 30}


async def test_a_transfer_is_counted_once_and_only_what_was_in_it(both: TwoClinics) -> None:
    sent = await both.sending.shelve(AMLIBON, 30)
    transfer_id = await both.ask((AMLIBON, 30))
    await both.agree(transfer_id, 30)
    with pytest.raises(TransferNotReady):
        await transfer.receive_transfer(both.asking.work(), transfer_id, [counted(30)])
    await both.ship(transfer_id)
    for counts in ([counted(30), counted(1, 2)], [counted(30), counted(30)]):
        with pytest.raises(LineNotInTransfer):
            await transfer.receive_transfer(both.asking.work(), transfer_id, counts)
    assert await both.receive(transfer_id, counted(30)) == "closed"
    for again in (30, 0):
        with pytest.raises(TransferNotReady):
            await transfer.receive_transfer(both.asking.work(), transfer_id, [counted(again)])
    with pytest.raises(TransferNotReady):
        await transfer.settle_transfer(both.sending.work(), transfer_id, "lost", "Nothing is missing.")
    await both.carry()
    assert await both.sending.units(sent) == {"sent": 30}
    assert len(await both.asking.told_of(events.TransferReceived)) == 1
