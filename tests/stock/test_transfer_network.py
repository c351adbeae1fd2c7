"""Transfers over the network: events of a clinic in another cell, as they come, again and out of order."""

import random
from collections.abc import Sequence
from uuid import UUID

import pytest

from services.stock.actions import transfer
from services.stock.errors import ProductMustBeNamed
from services.stock.store import transfer as store
from shared.database import Database
from shared.events import Event
from shared.events import stock as events
from shared.ids import new_id
from shared.known import ProductNotKnown
from shared.outbox import envelope
from tests.people import World
from tests.stock.clinic import AMLIBON, OF_CLINICS, deliver, open_clinic, owner_rows
from tests.stock.network import UNHEARD_OF, FarClinic
from tests.stock.transfers import TwoClinics, counted, side_of, two_clinics

pytestmark = pytest.mark.anyio

IN_ORDER = None


@pytest.fixture
async def far(world: World, stock: Database) -> FarClinic:
    clinic = FarClinic(await open_clinic(world, stock))
    await clinic.announce()
    return clinic


async def waiting(far: FarClinic, side_id: UUID) -> list[str]:
    query = "SELECT detail FROM inbox_waiting WHERE aggregate_id = $1"
    return [row["detail"] for row in await owner_rows(far.home.world, "stock", query, side_id)]


async def test_a_clinic_of_another_cell_is_a_neighbour_once_it_has_announced_itself(far: FarClinic) -> None:
    async with far.home.work().reading() as tx:
        found = await store.neighbours(tx.sql, far.home.clinic_id)
    assert (far.clinic_id, "Far clinic") in {(one.clinic_id, one.name) for one in found}
    assert far.home.clinic_id not in {one.clinic_id for one in found}


async def test_what_is_for_a_clinic_of_another_cell_is_only_counted(far: FarClinic) -> None:
    transfer_id, side_id, elsewhere = new_id(), new_id(), new_id()
    lines = (events.AgreedLine(line_number=1, units=1),)
    told: list[Event] = [
        far.requested(transfer_id, 30, elsewhere),
        events.TransferAgreed(transfer_id=transfer_id, to_clinic_id=elsewhere, lines=lines),
        events.TransferDeclined(transfer_id=transfer_id, to_clinic_id=elsewhere, reason="No."),
        events.TransferShipped(transfer_id=transfer_id, to_clinic_id=elsewhere, lots=()),
        events.TransferReceived(transfer_id=transfer_id, to_clinic_id=elsewhere, lots=()),
        events.TransferSettled(transfer_id=transfer_id, to_clinic_id=elsewhere, outcome="lost", note="So."),
    ]
    await far.hear(*(far.says(side_id, version, event) for version, event in enumerate(told, start=1)))
    query = "SELECT version FROM inbox_aggregate WHERE aggregate_id = $1"
    assert [row["version"] for row in await owner_rows(far.home.world, "stock", query, side_id)] == [6]
    assert await waiting(far, side_id) == []
    query = "SELECT clinic_id FROM transfer WHERE transfer_id = $1"
    assert await owner_rows(far.home.world, "stock", query, transfer_id) == []


async def test_a_product_that_our_catalogue_does_not_know_is_named_by_a_person(far: FarClinic) -> None:
    transfer_id, side_id = await far.asked_by_us(30), new_id()
    await far.hear(
        far.says(side_id, 1, far.agreed(transfer_id, 30)),
        far.says(side_id, 2, far.shipped(transfer_id, 30, UNHEARD_OF)),
    )
    with pytest.raises(ProductMustBeNamed) as refused:
        await transfer.receive_transfer(far.home.work(), transfer_id, [counted(30)])
    assert refused.value.facts == {"lot_number": 1, "product_name": "A brand that only they know"}
    with pytest.raises(ProductNotKnown):
        await transfer.receive_transfer(far.home.work(), transfer_id, [counted(30, 1, new_id())])
    await transfer.receive_transfer(far.home.work(), transfer_id, [counted(30, 1, AMLIBON)])
    lot_id = await far.home.lot_of(AMLIBON, "FAR", far.home.day(300))
    assert await far.home.units(lot_id) == {"shelf": 30}


async def test_a_product_that_did_not_arrive_need_not_be_named(far: FarClinic) -> None:
    transfer_id, side_id = await far.asked_by_us(30), new_id()
    await far.hear(
        far.says(side_id, 1, far.agreed(transfer_id, 30)),
        far.says(side_id, 2, far.shipped(transfer_id, 30, UNHEARD_OF)),
    )
    received = await transfer.receive_transfer(far.home.work(), transfer_id, [counted(0)])
    assert received.state == "received"


async def test_no_third_clinic_has_a_word_in_a_transfer(far: FarClinic) -> None:
    transfer_id, side_id = await far.asked_by_us(30), new_id()
    stranger = FarClinic(far.home)
    await stranger.announce()
    await stranger.hear(stranger.says(side_id, 1, stranger.agreed(transfer_id, 30)))
    refusal = events.TransferDeclined(transfer_id=transfer_id, to_clinic_id=far.home.clinic_id, reason="No.")
    await stranger.hear(stranger.says(new_id(), 1, refusal))
    assert (await side_of(far.home, transfer_id))[0].state == "requested"
    [detail] = await waiting(far, side_id)
    assert detail.startswith("TransferNotFound")


def as_they_come(envelopes: Sequence[bytes], seed: int | None) -> list[bytes]:
    """In order, or each twice and in any order."""
    if seed is None:
        return list(envelopes)
    chosen = [*envelopes, *envelopes]
    random.Random(seed).shuffle(chosen)
    return chosen


@pytest.mark.parametrize("seed", [IN_ORDER, 1, 2, 3])
async def test_however_often_and_in_whatever_order_events_come_the_asking_side_ends_the_same(
    far: FarClinic, seed: int | None
) -> None:
    sides = {await far.asked_by_us(units): (new_id(), units) for units in (30, 20, 10)}
    told = [
        envelope_
        for transfer_id, (side_id, units) in sides.items()
        for envelope_ in (
            far.says(side_id, 1, far.agreed(transfer_id, units)),
            far.says(side_id, 2, far.shipped(transfer_id, units)),
        )
    ]
    await far.hear(*as_they_come(told, seed))
    for transfer_id, (side_id, units) in sides.items():
        row, [line], [lot] = await side_of(far.home, transfer_id)
        assert (row.state, line.agreed_units, lot.shipped_units) == ("shipped", units, units)
        assert await waiting(far, side_id) == []
        await transfer.receive_transfer(far.home.work(), transfer_id, [counted(units - 1)])
    settled = [
        far.says(
            side_id,
            3,
            events.TransferSettled(
                transfer_id=transfer_id, to_clinic_id=far.home.clinic_id, outcome="lost", note="Torn."
            ),
        )
        for transfer_id, (side_id, _) in sides.items()
    ]
    await far.hear(*as_they_come([*told, *settled], seed))
    for transfer_id in sides:
        row = (await side_of(far.home, transfer_id))[0]
        assert (row.state, row.reason) == ("closed", "lost: Torn.")
    lot_id = await far.home.lot_of(AMLIBON, "FAR", far.home.day(300))
    assert await far.home.units(lot_id) == {"shelf": 57}


@pytest.mark.parametrize("seed", [IN_ORDER, 1, 2, 3])
async def test_however_often_and_in_whatever_order_events_come_the_sending_side_ends_the_same(
    far: FarClinic, seed: int | None
) -> None:
    lot_id = await far.home.shelve(AMLIBON, 100)
    sides = {new_id(): (new_id(), units) for units in (30, 20, 10)}
    asked = [far.says(side, 1, far.requested(transfer_id, n)) for transfer_id, (side, n) in sides.items()]
    await far.hear(*as_they_come(asked, seed))
    for transfer_id, (_, units) in sides.items():
        line = events.AgreedLine(line_number=1, units=units)
        await transfer.agree_transfer(far.home.work(), transfer_id, [line])
        await transfer.ship_transfer(far.home.work(), transfer_id)
    received = [
        far.says(
            side_id,
            2,
            events.TransferReceived(
                transfer_id=transfer_id,
                to_clinic_id=far.home.clinic_id,
                lots=(events.CountedLot(lot_number=1, units=units - 1),),
            ),
        )
        for transfer_id, (side_id, units) in sides.items()
    ]
    await far.hear(*as_they_come([*asked, *received], seed))
    assert {(await side_of(far.home, transfer_id))[0].state for transfer_id in sides} == {"received"}
    assert await far.home.units(lot_id) == {"shelf": 40, "in_transit": 3, "sent": 57}
    assert [await waiting(far, side_id) for side_id, _ in sides.values()] == [[], [], []]


async def test_a_whole_story_told_again_changes_nothing(world: World, stock: Database) -> None:
    both: TwoClinics = await two_clinics(world, stock)
    lot_id = await both.sending.shelve(AMLIBON, 30)
    transfer_id = await both.shipped(30)
    await both.receive(transfer_id, counted(31))
    before = (await side_of(both.asking, transfer_id), await side_of(both.sending, transfer_id))
    told_before = (await both.asking.told(), await both.sending.told())
    rows = await owner_rows(world, "stock", OF_CLINICS, [both.asking.clinic_id, both.sending.clinic_id])
    again = [envelope("stock", row) for row in rows if row["subject"].startswith("net.")]
    await deliver(world, "stock", as_they_come(again, 7), stock)
    assert (await side_of(both.asking, transfer_id), await side_of(both.sending, transfer_id)) == before
    assert (await both.asking.told(), await both.sending.told()) == told_before
    assert await both.sending.units(lot_id) == {"sent": 30}
