"""A line that was logged by a number which a pharmacist then judged: it isn't accepted without a word."""

from uuid import UUID

import asyncpg
import pytest

from services.donations import store
from services.donations.errors import GtinIsAnotherProduct, GtinRefused
from services.stock.actions.gtins import judge_gtin
from shared.database import Database
from shared.events.donations import LineAccepted
from tests.donations.pharmacy import Pharmacy, open_pharmacy
from tests.donations.test_scanning import added, code
from tests.people import World
from tests.stock.clinic import AMLIBON, AMLIBON_CODE, NORMODIN, carry, owner_rows
from tests.stock.new_gtins import NEW

pytestmark = pytest.mark.anyio


@pytest.fixture
async def pharmacy(world: World, stock: Database, donations: Database) -> Pharmacy:
    return await open_pharmacy(world, stock, donations)


async def learnt(pharmacy: Pharmacy, gtin: str) -> tuple[UUID, UUID]:
    """A handed-in collection whose one line taught the cell a number: its id and the line's."""
    collection_id = await pharmacy.open()
    answer = await added(pharmacy, collection_id, code(pharmacy, gtin), product_id=AMLIBON, units_per_pack=30)
    await pharmacy.hand_in(collection_id)
    await carry(pharmacy.clinic.world, pharmacy.clinic)
    return collection_id, answer.line.line_id


async def judge(pharmacy: Pharmacy, gtin: str, product_id: UUID | None) -> None:
    """A pharmacist's word on a number; None: it is no product's."""
    outcome = "refuse" if product_id is None else "confirm"
    await judge_gtin(pharmacy.clinic.work(), gtin, outcome, product_id, None, None)
    await carry(pharmacy.clinic.world, pharmacy.clinic)


async def accepted(pharmacy: Pharmacy) -> list[UUID]:
    return [told.product_id for told in await pharmacy.clinic.told_of(LineAccepted, "donations")]


async def test_a_line_of_a_number_that_is_another_product_by_now_is_not_accepted(pharmacy: Pharmacy) -> None:
    gtin = next(NEW)
    collection_id, line_id = await learnt(pharmacy, gtin)
    await judge(pharmacy, gtin, NORMODIN)
    with pytest.raises(GtinIsAnotherProduct) as refused:
        await pharmacy.check(collection_id, line_id, "accept")
    assert (refused.value.facts["gtin"], refused.value.facts["product_id"]) == (gtin, NORMODIN)
    assert "normodin" in str(refused.value.facts["product_name"]).casefold()
    assert (await pharmacy.line(collection_id, line_id)).state == "logged"
    assert await accepted(pharmacy) == []
    await pharmacy.check(collection_id, line_id, "missing")


async def test_a_line_of_a_number_that_was_refused_is_not_accepted(pharmacy: Pharmacy) -> None:
    gtin = next(NEW)
    collection_id, line_id = await learnt(pharmacy, gtin)
    await judge(pharmacy, gtin, None)
    with pytest.raises(GtinRefused):
        await pharmacy.check(collection_id, line_id, "accept")
    assert await accepted(pharmacy) == []
    await pharmacy.check(collection_id, line_id, "refuse")


@pytest.mark.parametrize("judged", [NORMODIN, None])
async def test_it_is_accepted_when_the_pharmacist_says_that_the_product_is_right(
    pharmacy: Pharmacy, judged: UUID | None
) -> None:
    gtin = next(NEW)
    collection_id, line_id = await learnt(pharmacy, gtin)
    await judge(pharmacy, gtin, judged)
    await pharmacy.check(collection_id, line_id, "accept", product_confirmed=True)
    assert await accepted(pharmacy) == [AMLIBON]


@pytest.mark.parametrize("confirmed", [False, True])
async def test_a_number_that_is_still_its_product_is_no_obstacle(pharmacy: Pharmacy, confirmed: bool) -> None:
    gtin = next(NEW)
    collection_id, line_id = await learnt(pharmacy, gtin)
    if confirmed:
        await judge(pharmacy, gtin, AMLIBON)
    await pharmacy.check(collection_id, line_id, "accept")
    assert await accepted(pharmacy) == [AMLIBON]


async def test_a_line_needs_a_look_until_its_number_is_confirmed_as_its_product(pharmacy: Pharmacy) -> None:
    gtin = next(NEW)
    collection_id, line_id = await learnt(pharmacy, gtin)
    looks = []
    for judged in (AMLIBON, NORMODIN, None):
        looks.append((await pharmacy.line(collection_id, line_id)).needs_look)
        await judge(pharmacy, gtin, judged)
    looks.append((await pharmacy.line(collection_id, line_id)).needs_look)
    assert looks == [True, False, True, True], "learnt, confirmed, another product, refused"
    await pharmacy.check(collection_id, line_id, "hold")
    async with pharmacy.work().reading() as tx:
        [waiting] = await store.lines.waiting_lines(tx, ["held"], 100)
    assert (waiting.gtin, waiting.needs_look) == (gtin, True)


async def test_a_number_of_the_catalogue_and_a_line_by_name_need_no_look(pharmacy: Pharmacy) -> None:
    collection_id = await pharmacy.open()
    scanned = await added(pharmacy, collection_id, code(pharmacy))
    named = await pharmacy.add(collection_id)
    line = await pharmacy.line(collection_id, scanned.line.line_id)
    assert (line.gtin, line.needs_look) == (f"0{AMLIBON_CODE}", False)
    line = await pharmacy.line(collection_id, named.line_id)
    assert (line.gtin, line.needs_look) == (None, False)


@pytest.mark.parametrize("gtin", ["", "2802818801057", "02802818801058", "0280281880105x"])
async def test_a_line_keeps_no_number_that_is_no_gtin(pharmacy: Pharmacy, gtin: str) -> None:
    collection_id = await pharmacy.open()
    line = await pharmacy.add(collection_id)
    change = "UPDATE line SET gtin = $2 WHERE line_id = $1"
    with pytest.raises(asyncpg.CheckViolationError, match="line_gtin_check_digit"):
        await owner_rows(pharmacy.clinic.world, "donations", change, line.line_id, gtin)
