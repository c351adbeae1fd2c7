"""Escrow: what dispense asks for is set apart, first expired first out, and leaves only by its holder's word."""

import asyncio
from collections import Counter
from fractions import Fraction
from uuid import UUID

import pytest
from msgspec.structs import replace

from services.stock.actions import reservation
from services.stock.actions.lots import hold_lot
from services.stock.catalogue.actions import judge_product
from services.stock.rules import fefo
from services.stock.store import choosing, lots
from services.stock.store import reservation as reservations
from shared.database import Database
from shared.events.dispense import ReservationAbandoned
from shared.events.stock import ReservationAnswered, ReservedLot
from shared.ids import new_id
from tests.people import World
from tests.stock.clinic import (
    AMLIBON,
    ATORVASTATIN,
    INHALER,
    LEVOTHYROXINE,
    LEVOTHYROXINE_TOO,
    NORMODIN,
    NORVASC,
    SUSPENSION,
    OwnClinic,
    open_clinic,
    owner_rows,
)
from tests.stock.reserving import answers, ask, asked, part_of, reserved_for, short_of

pytestmark = pytest.mark.anyio


@pytest.fixture
async def clinic(world: World, stock: Database) -> OwnClinic:
    return await open_clinic(world, stock)


async def group_of(clinic: OwnClinic, product_id: UUID) -> str:
    query = "SELECT substitution_group FROM product WHERE product_id = $1"
    return (await owner_rows(clinic.world, "stock", query, product_id))[0]["substitution_group"]


async def test_what_is_held_in_the_very_moment_makes_way_for_what_could_be_given_instead(clinic: OwnClinic) -> None:
    """The allocation waits for the lot that somebody is just holding; then it looks again."""
    early = await clinic.shelve(AMLIBON, 30, batch="EARLY", days=100)
    late = await clinic.shelve(AMLIBON, 30, batch="LATE", days=200)
    async with clinic.work().transaction() as holding:
        await lots.lock_lots(holding, [early])
        asking = asyncio.create_task(ask(clinic, asked(clinic)))
        await _until_it_waits(clinic)
        await lots.set_hold(holding, early, "Recalled.")
    given = await reserved_for(clinic, await asking)
    assert [(lot.lot_id, lot.units) for lot in given] == [(late, 30)]


async def _until_it_waits(clinic: OwnClinic) -> None:
    """Somebody's lock is waited for in the database."""
    waits = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND locktype IN ('transactionid', 'tuple'))"
    for _ in range(200):
        if await clinic.stock.pool.fetchval(waits):
            return
        await asyncio.sleep(0.02)
    raise AssertionError("nobody waits for a lock")


async def test_what_is_reserved_is_told_with_all_that_the_counter_needs(clinic: OwnClinic) -> None:
    lot_id = await clinic.shelve(AMLIBON, 50, batch="B7", opened=True)
    line = asked(clinic)
    request_id = await ask(clinic, line)
    told = ReservedLot(
        reference=line.reference,
        lot_id=lot_id,
        product_id=AMLIBON,
        product_name="AMLIBON BES TAB 5MG/TAB",
        batch="B7",
        expires_on=clinic.day(400),
        opened=True,
        place=None,
        units=30,
        content_per_unit=1,
        use_through_on=clinic.day(29),
    )
    answer = ReservationAnswered(request_id=request_id, part=1, parts=1, lots=(told,), shortfalls=())
    assert await clinic.told() == [answer]
    assert await clinic.units(lot_id) == {"shelf": 20, "reserved": 30}
    assert (await clinic.movements(lot_id))[-1] == ("shelf", "reserved", 30)
    async with clinic.work().reading() as tx:
        assert await reservations.holders_of_lot(tx, lot_id) == [("visit_line", 30)]


@pytest.mark.parametrize("arrival", [(1, 2, 3), (3, 1, 2), (2, 3, 1)])
async def test_a_request_in_several_parts_is_allocated_once_when_all_are_in(
    clinic: OwnClinic, arrival: tuple[int, ...]
) -> None:
    lot_id = await clinic.shelve(AMLIBON, 70)
    request_id = new_id()
    lines = {part: asked(clinic, order=part) for part in arrival}
    for part in arrival[:-1]:
        await reservation.take_request_part(clinic.work(), part_of(request_id, [lines[part]], part, 3))
        assert await clinic.units(lot_id) == {"shelf": 70}
    assert await clinic.told() == []
    last = part_of(request_id, [lines[arrival[-1]]], arrival[-1], 3)
    await reservation.take_request_part(clinic.work(), last)
    assert len(await answers(clinic, request_id)) == 1
    given = {lot.reference: lot.units for lot in await reserved_for(clinic, request_id)}
    assert [given[lines[part].reference] for part in (1, 2, 3)] == [30, 30, 10]
    assert await short_of(clinic, request_id) == {lines[3].reference: 20}
    assert await clinic.units(lot_id) == {"reserved": 70}


async def test_what_expires_first_goes_first_over_all_products_that_may_stand_in(clinic: OwnClinic) -> None:
    third = await clinic.shelve(AMLIBON, 20, days=300)
    first = await clinic.shelve(NORMODIN, 20, days=100)
    second = await clinic.shelve(NORVASC, 20, days=200)
    other_medicine = await clinic.shelve(ATORVASTATIN, 20, days=90)
    request_id = await ask(clinic, asked(clinic, "50", days=50))
    found = [(lot.lot_id, lot.product_id, lot.units) for lot in await reserved_for(clinic, request_id)]
    assert found == [(first, NORMODIN, 20), (second, NORVASC, 20), (third, AMLIBON, 10)]
    assert await clinic.units(other_medicine) == {"shelf": 20}


async def test_a_lot_covers_only_the_days_through_which_it_is_valid(clinic: OwnClinic) -> None:
    expired = await clinic.shelve(AMLIBON, 30, days=-1)
    short_lived = await clinic.shelve(AMLIBON, 30, days=9)
    long_lived = await clinic.shelve(AMLIBON, 30, days=29)
    request_id = await ask(clinic, asked(clinic))
    found = {lot.lot_id: (lot.units, lot.use_through_on) for lot in await reserved_for(clinic, request_id)}
    assert found == {short_lived: (10, clinic.day(9)), long_lived: (20, clinic.day(29))}
    assert await clinic.units(expired) == {"shelf": 30}


async def test_a_lot_that_is_held_or_reserved_for_another_is_not_given(clinic: OwnClinic) -> None:
    held = await clinic.shelve(AMLIBON, 30, batch="HELD", days=100)
    await hold_lot(clinic.work(), held, "Recalled.")
    taken = await clinic.shelve(AMLIBON, 30, batch="TAKEN", days=200)
    await ask(clinic, asked(clinic))
    line = asked(clinic)
    request_id = await ask(clinic, line)
    assert await reserved_for(clinic, request_id) == []
    assert await short_of(clinic, request_id) == {line.reference: 30}
    need = fefo.Need(
        reference=new_id(),
        order=0,
        product_ids=frozenset({AMLIBON}),
        content_needed=Fraction(30),
        content_per_day=Fraction(1),
        from_on=clinic.today,
        through_on=clinic.day(29),
    )
    async with clinic.work().reading() as tx:
        known = await choosing.all_lots_of(tx, [AMLIBON], clinic.today, 10)
    free = [
        fefo.Lot(
            lot_id=lot.lot_id,
            product_id=lot.product_id,
            expires_on=lot.expires_on,
            opened=lot.opened,
            content_per_unit=1,
            free_units=lot.shelf,
            held=lot.held,
        )
        for lot in known
    ]
    _, passed_over = fefo.explain(need, free)
    reasons = {one.lot_id: one.reason for one in passed_over}
    assert reasons == {held: fefo.Reason.HELD, taken: fefo.Reason.NOTHING_FREE}


async def test_what_may_never_be_replaced_by_itself_is_met_by_its_own_product_only(clinic: OwnClinic) -> None:
    other_brand = await clinic.shelve(LEVOTHYROXINE_TOO, 60, days=100)
    lot_id = await clinic.shelve(LEVOTHYROXINE, 20, days=300)
    line = asked(clinic, group=await group_of(clinic, LEVOTHYROXINE))
    request_id = await ask(clinic, line)
    assert [(lot.lot_id, lot.units) for lot in await reserved_for(clinic, request_id)] == [(lot_id, 20)]
    assert await short_of(clinic, request_id) == {line.reference: 10}
    assert await clinic.units(other_brand) == {"shelf": 60}


async def test_who_needs_just_one_product_of_a_group_is_given_that_one(clinic: OwnClinic) -> None:
    earlier = await clinic.shelve(NORMODIN, 30, days=100)
    lot_id = await clinic.shelve(AMLIBON, 40, days=300)
    just_one, any_of_them = asked(clinic, group=f"product:{AMLIBON}"), asked(clinic, "40", days=40)
    given = await reserved_for(clinic, await ask(clinic, just_one))
    assert [(lot.lot_id, lot.units) for lot in given] == [(lot_id, 30)]
    given = await reserved_for(clinic, await ask(clinic, any_of_them))
    assert [(lot.lot_id, lot.units) for lot in given] == [(earlier, 30), (lot_id, 10)]


async def test_a_clinic_that_puts_a_product_into_another_group_is_given_so_and_no_other_clinic_is(
    clinic: OwnClinic, world: World, stock: Database
) -> None:
    elsewhere = await open_clinic(world, stock)
    group = await group_of(clinic, LEVOTHYROXINE)
    await judge_product(
        clinic.work(), LEVOTHYROXINE_TOO, controlled=None, substitution_group=group, reason="We know both."
    )
    for place in (clinic, elsewhere):
        await place.shelve(LEVOTHYROXINE_TOO, 30)
    here, there = await ask(clinic, asked(clinic, group=group)), await ask(elsewhere, asked(elsewhere, group=group))
    assert [lot.product_id for lot in await reserved_for(clinic, here)] == [LEVOTHYROXINE_TOO]
    assert await reserved_for(elsewhere, there) == []


@pytest.mark.parametrize(
    ("product_id", "content", "per_day", "units"),
    [
        (INHALER, "120", "4", 1),
        (INHALER, "124", "4", 2),
        (SUSPENSION, "150", "5", 3),
        (SUSPENSION, "141/2", "47/20", 2),
        (AMLIBON, "45/2", "3/4", 23),
    ],
)
async def test_plans_count_in_content_and_units_are_rounded_up(
    clinic: OwnClinic, product_id: UUID, content: str, per_day: str, units: int
) -> None:
    lot_id = await clinic.shelve(product_id, 40)
    line = asked(clinic, content, per_day=per_day, days=31, group=await group_of(clinic, product_id))
    request_id = await ask(clinic, line)
    [lot] = await reserved_for(clinic, request_id)
    assert (lot.lot_id, lot.units) == (lot_id, units)
    assert lot.content_per_unit == {INHALER: 120, SUSPENSION: 70}.get(lot.product_id, 1)
    assert await clinic.units(lot_id) == {"shelf": 40 - units, "reserved": units}


async def test_when_there_is_not_enough_the_order_decides_and_what_is_short_is_told(clinic: OwnClinic) -> None:
    await clinic.shelve(AMLIBON, 40)
    last, first = asked(clinic, order=2), asked(clinic, order=1)
    nothing_there = asked(clinic, group=await group_of(clinic, INHALER), content="121", per_day="4")
    unheard_of = asked(clinic, group="no such medicine")
    request_id = await ask(clinic, last, first, nothing_there, unheard_of)
    given = {lot.reference: lot.units for lot in await reserved_for(clinic, request_id)}
    assert given == {first.reference: 30, last.reference: 10}
    assert await short_of(clinic, request_id) == {
        last.reference: 20,
        nothing_there.reference: 2,
        unheard_of.reference: 30,
    }


async def test_the_clinics_rule_of_sharing_decides_who_gets_what(clinic: OwnClinic) -> None:
    await clinic.shelve(AMLIBON, 30)
    lines = [asked(clinic, order=1), asked(clinic, order=2)]
    equal = replace(part_of(new_id(), lines), sharing_rule="equal_days")
    await reservation.take_request_part(clinic.work(), equal)
    given = {lot.reference: lot.units for lot in await reserved_for(clinic, equal.request_id)}
    assert given == {lines[0].reference: 15, lines[1].reference: 15}


async def test_an_abandoned_request_gives_everything_back(clinic: OwnClinic) -> None:
    lot_id = await clinic.shelve(AMLIBON, 50)
    request_id, kept = await ask(clinic, asked(clinic)), await ask(clinic, asked(clinic, "5", days=5))
    await reservation.abandon_request(clinic.work(), ReservationAbandoned(request_id=request_id))
    assert await clinic.units(lot_id) == {"shelf": 45, "reserved": 5}
    await reservation.abandon_request(clinic.work(), ReservationAbandoned(request_id=request_id))
    assert await clinic.units(lot_id) == {"shelf": 45, "reserved": 5}, "only once"
    assert {told.request_id for told in await clinic.told_of(ReservationAnswered)} == {request_id, kept}


@pytest.mark.parametrize("parts_before", [0, 1])
async def test_a_request_abandoned_before_it_is_complete_reserves_nothing(clinic: OwnClinic, parts_before: int) -> None:
    lot_id = await clinic.shelve(AMLIBON, 60)
    request_id = new_id()
    parts = [part_of(request_id, [asked(clinic)], part, 2) for part in (1, 2)]
    for part in parts[:parts_before]:
        await reservation.take_request_part(clinic.work(), part)
    await reservation.abandon_request(clinic.work(), ReservationAbandoned(request_id=request_id))
    for part in parts[parts_before:]:
        await reservation.take_request_part(clinic.work(), part)
    assert await clinic.units(lot_id) == {"shelf": 60}
    assert await clinic.told() == []


async def test_a_thousand_needs_in_one_request_leave_the_stock_exact(clinic: OwnClinic) -> None:
    shelved = [await clinic.shelve(AMLIBON, 997, batch=f"L{n}", days=40 + n) for n in range(27)]
    lines = [asked(clinic, order=number) for number in range(1000)]
    request_id = await ask(clinic, *lines)
    found = await reserved_for(clinic, request_id)
    per_lot: Counter[object] = Counter()
    per_line: Counter[object] = Counter()
    for lot in found:
        per_lot[lot.lot_id] += lot.units
        per_line[lot.reference] += lot.units
    assert sum(per_lot.values()) == 27 * 997
    assert [per_line[line.reference] for line in lines[:897]] == [30] * 897
    short = await short_of(clinic, request_id)
    assert all(per_line[line.reference] + short.get(line.reference, 0) == 30 for line in lines)
    for lot_id in shelved:
        assert await clinic.units(lot_id) == {"reserved": per_lot[lot_id]}
    booked = await owner_rows(
        clinic.world,
        "stock",
        "SELECT lot_id, sum(units)::int AS units FROM reservation WHERE clinic_id = $1 GROUP BY lot_id",
        clinic.clinic_id,
    )
    assert {row["lot_id"]: row["units"] for row in booked} == per_lot


async def test_requests_at_the_same_time_never_share_a_unit(clinic: OwnClinic) -> None:
    lot_ids = [await clinic.shelve(AMLIBON, 50, batch=f"L{n}", days=100 + n) for n in range(4)]
    requests = await asyncio.gather(*(ask(clinic, asked(clinic), asked(clinic)) for _ in range(8)))
    given = [sum(lot.units for lot in await reserved_for(clinic, request)) for request in requests]
    short = [sum((await short_of(clinic, request)).values()) for request in requests]
    assert (sum(given), sum(short)) == (200, 8 * 60 - 200)
    assert [await clinic.units(lot_id) for lot_id in lot_ids] == [{"reserved": 50}] * 4
