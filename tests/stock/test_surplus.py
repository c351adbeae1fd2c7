"""What a clinic could do without: said by its people of a lot, heard by the others, and never more than is there."""

import asyncio
from random import Random
from uuid import UUID

import pytest

from services.stock.actions import lots, surplus
from services.stock.errors import (
    ExpiresTooSoonToSend,
    LotIsHeld,
    LotNotFound,
    NotEnoughUnits,
    SurplusNotOffered,
)
from services.stock.rules.ledger import Account
from services.stock.rules.transfer import LEAST_LIFE_DAYS, earliest_expiry
from services.stock.store import surplus as store
from services.stock.store import transfer as transfers
from shared.database import Database
from shared.errors import DosisError
from shared.events.stock import ClinicAnnounced, ProductName, SurplusOffered
from shared.ids import new_id
from tests.people import World
from tests.stock.clinic import (
    AMLIBON,
    AMLIBON_CODE,
    ATORVASTATIN,
    LEVOTHYROXINE_TOO,
    NORMODIN,
    OwnClinic,
    deliver,
    owner_rows,
)
from tests.stock.network import sent
from tests.stock.reserving import ask, asked, release, reserved_for, units_of
from tests.stock.transfers import TwoClinics, two_clinics

pytestmark = pytest.mark.anyio


@pytest.fixture
async def both(world: World, stock: Database) -> TwoClinics:
    return await two_clinics(world, stock)


async def offer(clinic: OwnClinic, lot_id: UUID, units: int) -> None:
    changed = await surplus.offer_surplus(clinic.work(), lot_id, units)
    assert (changed.lot_id, changed.units) == (lot_id, units)


async def said(clinic: OwnClinic) -> list[int]:
    """The figures that a clinic told the network, in their order."""
    return [event.units for event in await clinic.told_of(SurplusOffered)]


async def own(clinic: OwnClinic) -> dict[UUID, int]:
    async with clinic.work().reading() as tx:
        return {each.lot_id: each.units for each in await store.ours(tx, 500)}


async def heard(clinic: OwnClinic, of: OwnClinic, which: store.Sought | None = None) -> list[store.NeighbourSurplus]:
    """What a clinic sees of another's surplus, in its order."""
    async with clinic.work().reading() as tx:
        found, number = await store.theirs(tx, earliest_expiry(tx.today), which, 500)
    assert number == len(found)
    return [each for each in found if each.clinic_id == of.clinic_id]


# Saying so


async def test_what_one_clinic_offers_the_others_hear_by_codes_and_never_by_a_local_id(both: TwoClinics) -> None:
    lot_id = await both.sending.shelve(AMLIBON, 90, batch="OURS", days=200)
    await offer(both.sending, lot_id, 60)
    [told] = await both.sending.told_of(SurplusOffered)
    assert told.product == ProductName(codes=(AMLIBON_CODE,), name="AMLIBON BES TAB 5MG/TAB")
    assert (told.units, told.opened, told.expires_on) == (60, False, both.sending.day(200))
    query = "SELECT subject, aggregate_id FROM outbox WHERE clinic_id = $1 AND data ->> 'surplus_id' = $2"
    [row] = await owner_rows(both.world, "stock", query, both.sending.clinic_id, str(told.surplus_id))
    assert row["subject"] == f"net.{both.sending.clinic_id}.stock.surplus_offered.v1"
    assert row["aggregate_id"] == told.surplus_id != lot_id
    assert await heard(both.asking, both.sending) == []
    await both.carry()
    [there] = await heard(both.asking, both.sending)
    assert (there.product_id, there.units, there.shelf) == (AMLIBON, 60, 0)
    assert await heard(both.sending, both.sending) == [], "one's own isn't another clinic's"


async def test_of_a_lot_counts_what_was_said_last(both: TwoClinics) -> None:
    lot_id = await both.sending.shelve(AMLIBON, 90)
    for units in (60, 90, 90, 10):
        await offer(both.sending, lot_id, units)
    assert await said(both.sending) == [60, 90, 10], "what is so already is not told again"
    assert len({event.surplus_id for event in await both.sending.told_of(SurplusOffered)}) == 1
    await both.carry()
    assert [each.units for each in await heard(both.asking, both.sending)] == [10]


async def test_what_is_withdrawn_is_gone_for_everybody_and_can_be_offered_anew(both: TwoClinics) -> None:
    lot_id = await both.sending.shelve(AMLIBON, 90)
    await offer(both.sending, lot_id, 60)
    await surplus.withdraw_surplus(both.sending.work(), lot_id)
    await both.carry()
    assert (await own(both.sending), await heard(both.asking, both.sending)) == ({}, [])
    with pytest.raises(SurplusNotOffered):
        await surplus.withdraw_surplus(both.sending.work(), lot_id)
    await offer(both.sending, lot_id, 60)
    await both.carry()
    assert [each.units for each in await heard(both.asking, both.sending)] == [60]
    assert await said(both.sending) == [60, 0, 60]


async def test_more_than_is_on_the_shelf_is_not_offered(both: TwoClinics) -> None:
    lot_id = await both.sending.shelve(AMLIBON, 90)
    [reserved] = await reserved_for(both.sending, await ask(both.sending, asked(both.sending, "30")))
    assert reserved.lot_id == lot_id
    with pytest.raises(NotEnoughUnits) as refused:
        await surplus.offer_surplus(both.sending.work(), lot_id, 61)
    assert refused.value.facts == {"units_there": 60}
    await offer(both.sending, lot_id, 60)


async def test_what_is_held_is_not_offered(both: TwoClinics) -> None:
    lot_id = await both.sending.shelve(AMLIBON, 90)
    await lots.hold_lot(both.sending.work(), lot_id, "A recall.")
    with pytest.raises(LotIsHeld):
        await surplus.offer_surplus(both.sending.work(), lot_id, 1)


@pytest.mark.parametrize("days", [-1, 0, LEAST_LIFE_DAYS - 1])
async def test_what_could_not_be_sent_any_more_is_not_offered(both: TwoClinics, days: int) -> None:
    lot_id = await both.sending.shelve(AMLIBON, 90, days=days)
    with pytest.raises(ExpiresTooSoonToSend):
        await surplus.offer_surplus(both.sending.work(), lot_id, 1)
    still = await both.sending.shelve(AMLIBON, 90, days=LEAST_LIFE_DAYS)
    await offer(both.sending, still, 1)


async def test_nobody_offers_or_withdraws_a_lot_of_another_clinic(both: TwoClinics) -> None:
    lot_id = await both.sending.shelve(AMLIBON, 90)
    await offer(both.sending, lot_id, 1)
    for not_ours in (lot_id, new_id()):
        with pytest.raises(LotNotFound):
            await surplus.offer_surplus(both.asking.work(), not_ours, 1)
        with pytest.raises(LotNotFound):
            await surplus.withdraw_surplus(both.asking.work(), not_ours)
    assert await said(both.asking) == []
    assert await own(both.sending) == {lot_id: 1}


# Keeping it true


async def test_what_is_reserved_for_a_patient_is_no_longer_offered(both: TwoClinics) -> None:
    lot_id = await both.sending.shelve(AMLIBON, 90)
    await offer(both.sending, lot_id, 80)
    [reserved] = await reserved_for(both.sending, await ask(both.sending, asked(both.sending, "30")))
    assert await own(both.sending) == {lot_id: 60}
    await release(both.sending, units_of(reserved))
    assert await own(both.sending) == {lot_id: 60}, "people say when there is more to share again"
    assert await said(both.sending) == [80, 60]


async def test_what_leaves_the_shelf_without_touching_what_was_offered_changes_nothing(both: TwoClinics) -> None:
    lot_id = await both.sending.shelve(AMLIBON, 90)
    await offer(both.sending, lot_id, 40)
    await ask(both.sending, asked(both.sending, "30"))
    assert await said(both.sending) == [40]


async def test_what_is_agreed_for_a_transfer_is_no_longer_offered(both: TwoClinics) -> None:
    lot_id = await both.sending.shelve(AMLIBON, 90)
    await offer(both.sending, lot_id, 90)
    transfer_id = await both.ask((AMLIBON, 70))
    await both.agree(transfer_id, 70)
    assert [each.units for each in await heard(both.asking, both.sending)] == [20]
    assert await own(both.sending) == {lot_id: 20}


async def test_of_a_lot_that_is_held_nothing_is_offered_until_people_say_so_again(both: TwoClinics) -> None:
    lot_id = await both.sending.shelve(AMLIBON, 90)
    await offer(both.sending, lot_id, 90)
    await lots.hold_lot(both.sending.work(), lot_id, "A recall.")
    await lots.lift_hold(both.sending.work(), lot_id, "Ours isn't recalled.")
    await both.carry()
    assert await heard(both.asking, both.sending) == []
    assert await said(both.sending) == [90, 0]


@pytest.mark.parametrize("outcome", [Account.DESTROYED, Account.LOST])
async def test_what_is_written_off_is_no_longer_offered(both: TwoClinics, outcome: Account) -> None:
    lot_id = await both.sending.shelve(AMLIBON, 90)
    await offer(both.sending, lot_id, 90)
    await lots.write_off_units(both.sending.work(), lot_id, 89, Account.SHELF, outcome, "It rained in.")
    assert await said(both.sending) == [90, 1]


async def test_units_that_belong_to_another_lot_are_not_offered_under_the_old_one(both: TwoClinics) -> None:
    lot_id = await both.sending.shelve(AMLIBON, 90, batch="WRONG")
    await offer(both.sending, lot_id, 90)
    day = both.sending.day(400)
    await lots.correct_lot(both.sending.work(), lot_id, 50, "RIGHT", day, opened=False, reason="Misread.")
    assert await own(both.sending) == {lot_id: 40}


async def test_all_lots_of_one_allocation_are_told_anew_together(both: TwoClinics) -> None:
    here = both.sending
    ids = [await here.shelve(AMLIBON, 10, batch=f"B{n}", days=100 + n) for n in range(5)]
    for lot_id in ids:
        await offer(here, lot_id, 10)
    await ask(here, asked(here, "35", per_day="1", days=35))
    assert sorted((await own(here)).values()) == [5, 10]
    await both.carry()
    assert sorted(each.units for each in await heard(both.asking, here)) == [5, 10]


async def test_an_offer_and_what_takes_from_the_shelf_at_once_never_leave_more_offered_than_is_there(
    both: TwoClinics,
) -> None:
    here = both.sending
    for _ in range(5):
        lot_id = await here.shelve(ATORVASTATIN, 30, batch=f"R{new_id().hex[-8:]}")
        taking = [lots.write_off_units(here.work(), lot_id, 9, Account.SHELF, Account.LOST, "Gone.") for _ in range(3)]
        offering = [surplus.offer_surplus(here.work(), lot_id, units) for units in (30, 21, 12)]
        await asyncio.gather(*taking, *offering, return_exceptions=True)
        assert (await here.lot(lot_id)).shelf == 3
        assert (await own(here)).get(lot_id, 0) <= 3


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_happens_the_figure_never_stays_above_the_shelf(both: TwoClinics, seed: int) -> None:
    here, dice = both.sending, Random(seed)
    ids = [await here.shelve(AMLIBON, 40, batch=f"P{n}", days=60 + n) for n in range(4)]

    async def something(lot_id: UUID) -> None:
        units = dice.randint(1, 30)
        match dice.randint(0, 7):
            case 0 | 1 | 2:
                await surplus.offer_surplus(here.work(), lot_id, units)
            case 3:
                await ask(here, asked(here, str(units), per_day=None))
            case 4:
                await lots.write_off_units(here.work(), lot_id, units // 5 + 1, Account.SHELF, Account.LOST, "Gone.")
            case 5:
                await lots.hold_lot(here.work(), lot_id, "Held.")
            case 6:
                await lots.lift_hold(here.work(), lot_id, "Free.")
            case _:
                day = here.day(60 + dice.randint(0, 3))
                await lots.correct_lot(here.work(), lot_id, units, "P9", day, opened=False, reason="Misread.")

    refused = 0
    for _ in range(40):
        try:
            await something(dice.choice(ids))
        except DosisError:
            refused += 1
        for lot_id, units in (await own(here)).items():
            lot = await here.lot(lot_id)
            assert units <= lot.shelf
            assert lot.held_at is None
    assert refused < 40
    await both.carry()
    mine = sorted((await own(here)).values())
    assert sorted(each.units for each in await heard(both.asking, here)) == mine
    assert len(await said(here)) > len(mine)


# Reading what the others say


async def test_what_is_lacking_comes_first_and_then_what_expires_first(both: TwoClinics) -> None:
    there, here = both.sending, both.asking
    await here.shelve(AMLIBON, 5)
    await here.shelve(NORMODIN, 5, days=-1)
    for product_id, days in ((AMLIBON, 20), (NORMODIN, 90), (ATORVASTATIN, 30)):
        await offer(there, await there.shelve(product_id, 10, days=days), 10)
    await both.carry()
    found = await heard(here, there)
    assert [(each.product_id, each.shelf) for each in found] == [(ATORVASTATIN, 0), (NORMODIN, 0), (AMLIBON, 5)]


async def test_what_expires_too_soon_to_arrive_in_time_is_not_shown(both: TwoClinics) -> None:
    there = both.sending
    await offer(there, await there.shelve(AMLIBON, 10, days=LEAST_LIFE_DAYS), 10)
    await both.carry()
    async with both.asking.work().reading() as tx:
        today = await store.theirs(tx, earliest_expiry(there.day(0)), None, 500)
        tomorrow = await store.theirs(tx, earliest_expiry(there.day(1)), None, 500)
    assert there.clinic_id in {each.clinic_id for each in today[0]}
    assert there.clinic_id not in {each.clinic_id for each in tomorrow[0]}


NAMES = [
    (ProductName(codes=(AMLIBON_CODE,), name="As they call it"), AMLIBON),
    (ProductName(codes=("2809999999999",), name="AMLIBON BES TAB 5MG/TAB"), None),
    (ProductName(codes=("2809999999999", AMLIBON_CODE), name="x"), AMLIBON),
    (ProductName(codes=(), name="THYRO-4 TAB 100MCG/TAB"), LEVOTHYROXINE_TOO),
    (ProductName(codes=(), name="A brand that only they know"), None),
]


@pytest.mark.parametrize(("name", "product_id"), NAMES, ids=range(len(NAMES)))
async def test_a_product_of_another_cell_is_known_as_a_transfer_knows_it(
    both: TwoClinics, name: ProductName, product_id: UUID | None
) -> None:
    far, here = new_id(), both.asking
    await hear_from_afar(here, far, name, units=7)
    async with here.work().reading() as tx:
        found, _ = await store.theirs(tx, tx.today, None, 500)
        assert await transfers.product_named(tx.sql, name.codes, name.name) == product_id
    [theirs] = [each for each in found if each.clinic_id == far]
    assert (theirs.product_id, theirs.product_name, theirs.units) == (product_id, name.name, 7)


async def hear_from_afar(here: OwnClinic, far: UUID, name: ProductName, units: int) -> None:
    """A clinic of another cell announces itself, and tells of a lot of this product."""
    announced = sent("stock", far, new_id(), 1, ClinicAnnounced(name="Far clinic"))
    event = SurplusOffered(surplus_id=new_id(), product=name, expires_on=here.day(90), opened=False, units=units)
    await deliver(here.world, "stock", [announced, sent("stock", far, event.surplus_id, 1, event)], here.stock)


async def test_a_search_finds_products_by_substance_and_what_the_catalogue_lacks_by_its_name(
    both: TwoClinics,
) -> None:
    there, here = both.sending, both.asking
    await offer(there, await there.shelve(AMLIBON, 10), 10)
    await offer(there, await there.shelve(ATORVASTATIN, 10), 10)
    far = new_id()
    await hear_from_afar(here, far, ProductName(codes=(), name="Αμλοθέραπυ 5"), units=3)
    async with here.work().reading() as tx:
        amlodipine = await store.sought(tx, "αμλοδιπινη")
        unknown = await store.sought(tx, "ΑΜΛΟΘΈΡΑΠΥ")
    await both.carry()
    assert [each.product_id for each in await heard(here, there, amlodipine)] == [AMLIBON]
    async with here.work().reading() as tx:
        found, _ = await store.theirs(tx, tx.today, unknown, 500)
    assert far in {each.clinic_id for each in found}
    assert not [each for each in found if each.product_id == ATORVASTATIN]


async def test_of_events_that_come_again_or_out_of_order_the_last_one_counts(both: TwoClinics) -> None:
    here, far, surplus_id = both.asking, new_id(), new_id()

    def says(version: int, units: int) -> bytes:
        product = ProductName(codes=(AMLIBON_CODE,), name="AMLIBON")
        event = SurplusOffered(
            surplus_id=surplus_id, product=product, expires_on=here.day(90), opened=False, units=units
        )
        return sent("stock", far, surplus_id, version, event)

    first, second, third = says(1, 50), says(2, 20), says(3, 0)
    announced = sent("stock", far, new_id(), 1, ClinicAnnounced(name="Far clinic"))
    await deliver(here.world, "stock", [announced, second, first, second, first], here.stock)

    async def units() -> list[int]:
        async with here.work().reading() as tx:
            found, _ = await store.theirs(tx, tx.today, None, 500)
        return [each.units for each in found if each.clinic_id == far]

    assert await units() == [20]
    await deliver(here.world, "stock", [third, second], here.stock)
    assert await units() == []
