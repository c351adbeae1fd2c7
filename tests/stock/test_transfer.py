"""A transfer between two clinics of one cell, who talk only through what each tells the network."""

from pathlib import Path
from uuid import UUID

import pytest

from services.stock.actions import transfer
from services.stock.actions.lots import hold_lot
from services.stock.actions.transfer import WantedLine
from services.stock.errors import (
    ClinicNotHeard,
    LineNotInTransfer,
    NotEnoughUnits,
    TransferNotFound,
    TransferNotReady,
)
from services.stock.rules.transfer import LEAST_LIFE_DAYS
from services.stock.store import lots
from services.stock.store import reservation as reservations
from shared.database import Database
from shared.events import stock as events
from shared.events.stock import AgreedLine, ProductName
from shared.ids import new_id
from tests.people import World
from tests.stock.clinic import (
    AMLIBON,
    AMLIBON_CODE,
    LEVOTHYROXINE_TOO,
    NORMODIN,
    open_clinic,
    owner_rows,
)
from tests.stock.transfers import TwoClinics, counted, side_of, two_clinics

pytestmark = pytest.mark.anyio


@pytest.fixture
async def both(world: World, stock: Database) -> TwoClinics:
    return await two_clinics(world, stock)


async def test_a_request_names_products_by_code_or_name_and_reaches_only_whom_it_asks(both: TwoClinics) -> None:
    wanted = [WantedLine(product_id=AMLIBON, units=60), WantedLine(product_id=LEVOTHYROXINE_TOO, units=50)]
    asked = await transfer.request_transfer(both.asking.work(), both.sending.clinic_id, wanted, "For July.")
    with pytest.raises(AssertionError):
        await side_of(both.sending, asked.transfer_id)
    [told] = await both.asking.told()
    assert told == events.TransferRequested(
        transfer_id=asked.transfer_id,
        to_clinic_id=both.sending.clinic_id,
        lines=(
            events.RequestedLine(
                line_number=1,
                product=ProductName(codes=(AMLIBON_CODE,), name="AMLIBON BES TAB 5MG/TAB"),
                units=60,
            ),
            events.RequestedLine(line_number=2, product=ProductName(codes=(), name="THYRO-4 TAB 100MCG/TAB"), units=50),
        ),
        note="For July.",
    )
    query = "SELECT subject FROM outbox WHERE clinic_id = $1 AND data ->> 'transfer_id' = $2"
    [row] = await owner_rows(both.world, "stock", query, both.asking.clinic_id, str(asked.transfer_id))
    assert row["subject"] == f"net.{both.asking.clinic_id}.stock.transfer_requested.v1"
    await both.carry()
    row = await both.both_tell(asked.transfer_id)
    assert (row.state, row.note) == ("requested", "For July.")
    assert await both.sending.told() == []


async def test_only_another_clinic_that_was_heard_is_asked(both: TwoClinics) -> None:
    wanted = [WantedLine(product_id=AMLIBON, units=1)]
    for clinic_id in (both.asking.clinic_id, new_id()):
        with pytest.raises(ClinicNotHeard):
            await transfer.request_transfer(both.asking.work(), clinic_id, wanted, None)
    assert await both.asking.told() == []


async def test_what_is_agreed_in_whole_is_set_apart_first_expired_first(both: TwoClinics) -> None:
    late = await both.sending.shelve(AMLIBON, 50, batch="LATE", days=300)
    early = await both.sending.shelve(AMLIBON, 20, batch="EARLY", days=100)
    expired = await both.sending.shelve(AMLIBON, 20, batch="EXPIRED", days=-1)
    held = await both.sending.shelve(AMLIBON, 20, batch="HELD", days=50)
    await hold_lot(both.sending.work(), held, "Recalled.")
    other_brand = await both.sending.shelve(NORMODIN, 50, days=60)
    transfer_id = await both.ask((AMLIBON, 60))
    await both.agree(transfer_id, 60)
    assert await both.sending.units(early) == {"reserved": 20}
    assert await both.sending.units(late) == {"shelf": 10, "reserved": 40}
    assert await both.sending.units(expired) == {"shelf": 20}
    assert await both.sending.units(other_brand) == {"shelf": 50}, "a clinic is sent what it asked for"
    async with both.sending.work().reading() as tx:
        assert await reservations.holders_of_lot(tx, late) == [("transfer", 40)]
    line = AgreedLine(line_number=1, units=60)
    assert await both.sending.told_of(events.TransferAgreed) == [
        events.TransferAgreed(transfer_id=transfer_id, to_clinic_id=both.asking.clinic_id, lines=(line,))
    ]
    assert (await both.both_tell(transfer_id)).state == "agreed"


async def test_a_part_is_agreed_with_its_reason_and_a_line_left_out_gets_nothing(both: TwoClinics) -> None:
    lot_id = await both.sending.shelve(AMLIBON, 40)
    transfer_id = await both.ask((AMLIBON, 60), (NORMODIN, 14))
    some = AgreedLine(line_number=1, units=30, reason="We need ten ourselves.")
    await transfer.agree_transfer(both.sending.work(), transfer_id, [some])
    await both.carry()
    await both.both_tell(transfer_id)
    _, lines, _ = await side_of(both.asking, transfer_id)
    assert [(line.asked_units, line.agreed_units, line.reason) for line in lines] == [
        (60, 30, "We need ten ourselves."),
        (14, 0, None),
    ]
    assert await both.sending.units(lot_id) == {"shelf": 10, "reserved": 30}


async def test_no_more_is_agreed_than_was_asked_for_or_is_there(both: TwoClinics) -> None:
    lot_id = await both.sending.shelve(AMLIBON, 40)
    transfer_id = await both.ask((AMLIBON, 60), (AMLIBON, 10))

    async def agree(*lines: tuple[int, int]) -> None:
        agreed = [AgreedLine(line_number=number, units=units) for number, units in lines]
        await transfer.agree_transfer(both.sending.work(), transfer_id, agreed)

    with pytest.raises(NotEnoughUnits) as refused:
        await agree((2, 11))
    assert refused.value.facts == {"line_number": 2}
    with pytest.raises(NotEnoughUnits) as refused:
        await agree((1, 35), (2, 10))
    assert refused.value.facts == {"line_number": 2, "units_there": 5}
    for lines in (((3, 1),), ((1, 5), (1, 5))):
        with pytest.raises(LineNotInTransfer):
            await agree(*lines)
    assert await both.sending.units(lot_id) == {"shelf": 40}
    assert await both.sending.told() == []
    await agree((1, 30), (2, 10))
    assert await both.sending.units(lot_id) == {"reserved": 40}


async def test_a_request_is_declined_with_a_reason_that_both_read(both: TwoClinics) -> None:
    transfer_id = await both.ask((AMLIBON, 60))
    await transfer.decline_transfer(both.sending.work(), transfer_id, "We have none.")
    assert await both.sending.told() == [
        events.TransferDeclined(transfer_id=transfer_id, to_clinic_id=both.asking.clinic_id, reason="We have none.")
    ]
    await both.carry()
    row = await both.both_tell(transfer_id)
    assert (row.state, row.reason) == ("declined", "We have none.")
    with pytest.raises(TransferNotReady):
        await transfer.agree_transfer(both.sending.work(), transfer_id, [AgreedLine(line_number=1, units=1)])


async def test_what_was_agreed_and_then_declined_goes_back_where_its_lot_belongs(both: TwoClinics) -> None:
    free = await both.sending.shelve(AMLIBON, 30, batch="FREE")
    held = await both.sending.shelve(AMLIBON, 30, batch="HELD", days=90)
    transfer_id = await both.ask((AMLIBON, 60))
    await both.agree(transfer_id, 60)
    await hold_lot(both.sending.work(), held, "Recalled.")
    await transfer.decline_transfer(both.sending.work(), transfer_id, "Half of it is recalled.")
    await both.carry()
    assert (await both.sending.units(free), await both.sending.units(held)) == ({"shelf": 30}, {"quarantine": 30})
    assert (await both.both_tell(transfer_id)).state == "declined"


async def test_what_is_shipped_is_in_transit_and_told_lot_by_lot(both: TwoClinics) -> None:
    lot_id = await both.sending.shelve(AMLIBON, 50, batch="S1", opened=True)
    transfer_id = await both.shipped(30)
    assert await both.sending.units(lot_id) == {"shelf": 20, "in_transit": 30}
    product = ProductName(codes=(AMLIBON_CODE,), name="AMLIBON BES TAB 5MG/TAB")
    lot = events.ShippedLot(
        lot_number=1,
        line_number=1,
        product=product,
        batch="S1",
        expires_on=both.sending.day(400),
        opened=True,
        units=30,
    )
    assert await both.sending.told_of(events.TransferShipped) == [
        events.TransferShipped(transfer_id=transfer_id, to_clinic_id=both.asking.clinic_id, lots=(lot,))
    ]
    assert (await both.both_tell(transfer_id)).state == "shipped"
    with pytest.raises(TransferNotReady):
        await transfer.ship_transfer(both.sending.work(), transfer_id)
    with pytest.raises(TransferNotReady):
        await transfer.decline_transfer(both.sending.work(), transfer_id, "Too late.")


async def test_a_lot_held_since_it_was_agreed_stops_the_shipment_and_is_named(both: TwoClinics) -> None:
    lot_id = await both.sending.shelve(AMLIBON, 30)
    transfer_id = await both.ask((AMLIBON, 30))
    await both.agree(transfer_id, 30)
    await hold_lot(both.sending.work(), lot_id, "Recalled.")
    with pytest.raises(TransferNotReady) as refused:
        await transfer.ship_transfer(both.sending.work(), transfer_id)
    assert refused.value.facts == {"lots": [lot_id]}
    assert await both.sending.units(lot_id) == {"reserved": 30}
    assert await both.sending.told_of(events.TransferShipped) == []


async def test_a_lot_expired_since_it_was_agreed_stops_the_shipment_and_is_named(
    both: TwoClinics, tmp_path: Path
) -> None:
    lot_id = await both.sending.shelve(AMLIBON, 30, days=LEAST_LIFE_DAYS)
    transfer_id = await both.ask((AMLIBON, 30))
    await both.agree(transfer_id, 30)
    later = both.sending.work_later(LEAST_LIFE_DAYS + 1, tmp_path)
    with pytest.raises(TransferNotReady) as refused:
        await transfer.ship_transfer(later, transfer_id)
    assert refused.value.facts == {"lots": [lot_id]}
    await both.ship(transfer_id)


async def test_nothing_is_shipped_where_nothing_was_agreed(both: TwoClinics) -> None:
    transfer_id = await both.ask((AMLIBON, 30))
    with pytest.raises(TransferNotReady):
        await transfer.ship_transfer(both.sending.work(), transfer_id)
    await both.agree(transfer_id, 0)
    with pytest.raises(TransferNotReady):
        await transfer.ship_transfer(both.sending.work(), transfer_id)


async def test_each_side_does_only_its_own_part_and_a_third_clinic_sees_nothing(
    both: TwoClinics, world: World, stock: Database
) -> None:
    lot_id = await both.sending.shelve(AMLIBON, 30)
    third = await open_clinic(world, stock)
    transfer_id = await both.ask((AMLIBON, 30))
    one = [AgreedLine(line_number=1, units=1)]
    with pytest.raises(TransferNotReady):
        await transfer.agree_transfer(both.asking.work(), transfer_id, one)
    with pytest.raises(TransferNotFound):
        await transfer.agree_transfer(third.work(), transfer_id, one)
    await both.agree(transfer_id, 30)
    await both.ship(transfer_id)
    with pytest.raises(TransferNotReady):
        await transfer.receive_transfer(both.sending.work(), transfer_id, [counted(30)])
    with pytest.raises(TransferNotFound):
        await transfer.receive_transfer(third.work(), transfer_id, [counted(30)])
    assert await both.receive(transfer_id, counted(30)) == "closed"

    for clinic_id in (both.asking.clinic_id, third.clinic_id):
        async with both.asking.work().at(clinic_id).reading() as tx:
            assert await lots.find_lot(tx, lot_id) is None
            for table in ("transfer", "transfer_line", "transfer_lot"):
                rows = await tx.sql.fetch(f"SELECT DISTINCT clinic_id FROM {table}")
                mine = {clinic_id} if clinic_id == both.asking.clinic_id else set[UUID]()
                assert {row["clinic_id"] for row in rows} == mine
