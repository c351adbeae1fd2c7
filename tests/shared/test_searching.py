"""A product is found however its name is typed: the table of what people type, and what the table can't show."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from msgspec.structs import replace

from deploy.bench_products import vary_products
from deploy.cell import SERVICES, Cell
from services.stock.catalogue import read_seed
from shared import known, search
from shared.catalogue import Product
from shared.runtime import Runtime
from shared.search import Found, finding
from tests.scratch import Scratch, connected, scratch_database, until
from tests.shared.searching import BEGINNINGS, analyse, asked, real_products, share_found, with_french, write_products

pytestmark = pytest.mark.anyio

KNOWN = tuple(part for part in SERVICES["donations"].migrations if part[0] == "known")


@asynccontextmanager
async def catalogue_of(cell: Cell, products: list[Product]) -> AsyncGenerator[Scratch, None]:
    async with scratch_database(cell, KNOWN) as scratch:
        async with connected(scratch.app_url) as sql:
            await write_products(sql, products)
        async with connected(scratch.owner_url) as owner:
            await analyse(owner)
        yield scratch


@pytest.fixture(scope="module")
def seeded(cell: Cell) -> Iterator[Scratch]:
    """A database that knows the seed alone."""
    with asyncio.Runner() as runner:
        making = catalogue_of(cell, list(read_seed().products))
        yield runner.run(making.__aenter__())
        runner.run(making.__aexit__(None, None, None))


@pytest.fixture
async def sql(seeded: Scratch) -> AsyncIterator[asyncpg.Connection]:
    async with connected(seeded.app_url) as connection, connection.transaction():
        yield connection


async def names(sql: asyncpg.Connection, text: str, most: int = 10) -> list[str]:
    return [each.product.name for each in await known.products_named(sql, None, text, most)]


# What people type


def test_the_table_asks_at_least_two_hundred_different_questions() -> None:
    assert len({one.query for one in asked()}) >= 400


async def test_every_question_has_an_answer_in_the_catalogue(data_folder: Path) -> None:
    products = real_products(data_folder)
    assert [one for one in asked() if not any(one.is_met_by(product) for product in products)] == []


@pytest.mark.parametrize("half", [1, 0], ids=["for tuning", "for checking only"])
async def test_nine_of_ten_are_answered_by_the_first_product_and_nearly_all_by_three(
    cell: Cell, data_folder: Path, half: int
) -> None:
    async with catalogue_of(cell, real_products(data_folder)) as scratch, connected(scratch.app_url) as sql:
        share = await share_found(sql, [one for one in asked() if one.row % 2 == half])
    assert share.first >= 0.90 * share.asked, "\n".join(share.missed)
    assert share.among_three >= 0.97 * share.asked, "\n".join(share.missed)


# Beside a large foreign catalogue


@pytest.fixture(scope="module")
def large(cell: Cell, data_folder: Path) -> Iterator[Scratch]:
    """A database that knows the French products beside the Greek ones."""
    with asyncio.Runner() as runner:
        making = catalogue_of(cell, with_french(data_folder))
        yield runner.run(making.__aenter__())
        runner.run(making.__aexit__(None, None, None))


async def test_the_beginning_of_a_word_and_a_word_for_a_form_are_enough(large: Scratch) -> None:
    async with connected(large.app_url) as sql:
        share = await share_found(sql, asked(BEGINNINGS))
    assert share.asked >= 40
    assert share.first == share.asked, "\n".join(share.missed)


async def test_what_is_sold_in_greece_comes_before_the_same_from_abroad(large: Scratch) -> None:
    async with connected(large.app_url) as sql, sql.transaction():
        for text, greek in (("glucophage", 2), ("zocor", 3), ("μετφορμίνη", 4)):
            found = [each.product for each in await known.products_named(sql, None, text, greek + 1)]
            codes = ["".join(pack.code or "" for pack in product.packs) for product in found]
            assert [code.startswith("34009") for code in codes] == [False] * greek + [True], text


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("depon", Found.EXACT),
        ("ντεπόν σιρόπι", Found.EXACT),
        ("simva", Found.BEGINNING),
        ("φουρ", Found.BEGINNING),
        ("depn", Found.SIMILAR),
        ("depon wertyuiop", Found.SIMILAR),
        ("σιρόπι", Found.EXACT),
    ],
)
async def test_each_product_says_how_it_was_found(large: Scratch, text: str, match: Found) -> None:
    async with connected(large.app_url) as sql, sql.transaction():
        assert (await known.products_named(sql, None, text, 3))[0].match is match


async def test_a_word_within_another_is_worth_less_than_a_beginning(large: Scratch) -> None:
    async with connected(large.app_url) as sql, sql.transaction():
        assert [name[:5] for name in await names(sql, "lasix")] == ["LASIX"]


@pytest.mark.parametrize("text", ["λεξοτανιλ", "φολικο οξυ", "innohep", "βιταμινη d", "ηπαρινη"])
async def test_what_is_not_in_the_catalogue_is_not_given_another_name(sql: asyncpg.Connection, text: str) -> None:
    assert await names(sql, text) == []


# Strength, form and code


async def test_a_strength_ranks_and_never_takes_away(sql: asyncpg.Connection) -> None:
    glucophage = {"GLUCOPHAGE F.C.TAB 1000MG/TAB", "GLUCOPHAGE F.C.TAB 850MG/TAB"}
    for asked_for, first in (("850", "850MG"), ("1000", "1000MG"), ("1g", "1000MG"), ("1.000 mg", "1000MG")):
        found = await names(sql, f"glucophage {asked_for}")
        assert first in found[0]
        assert set(found[:2]) == glucophage
    assert set((await names(sql, "glucophage 777"))[:2]) == glucophage


async def test_the_strengths_of_a_combination_are_found_by_their_sum_too(sql: asyncpg.Connection) -> None:
    for text in ("augmentin 1g", "augmentin 1000", "augmentin 875", "augmentin 875/125"):
        assert (await names(sql, text))[0].startswith("AUGMENTIN F.C.TAB"), text


async def test_a_microgram_is_spoken_of_without_saying_so(sql: asyncpg.Connection) -> None:
    for text in ("T4 100", "t4 0,1", "t4 100mcg", "T4 100μg"):
        assert (await names(sql, text))[0].startswith("T4 "), text


async def test_a_whole_code_finds_its_product_alone(sql: asyncpg.Connection) -> None:
    coded = next(each for each in read_seed().products if (each.packs[0].code or "").startswith("280"))
    code = coded.packs[0].code
    assert code is not None
    for text in (code, f"0{code}", code[3:12], f" {code[:3]} {code[3:]} "):
        assert await names(sql, text) == [coded.name], text
    assert await names(sql, "2809999999998") == []


# Short, empty and hostile


async def test_one_letter_finds_names_that_begin_with_it(sql: asyncpg.Connection) -> None:
    assert {name[0] for name in (await names(sql, "k"))[:5]} <= {"C", "K", "Q"}
    # X at the beginning of a name is said, and folded, as Z is; so is the J of Januvia.
    assert {name[0] for name in await names(sql, "x", 5)} <= {"X", "Z", "J"}
    assert [name[:3] for name in (await names(sql, "de"))[:3]] == ["DEP", "DEP", "DEP"]


HOSTILE = ["", " ", "%", "_", "%%%", "\\", "'; DROP TABLE product; --", "<script>", "\x00", "\ud800", "\u202enopeD"]
ODD = ["😀", "أموكسيسيلين", "h", "®", "ς", "٣", "½", "ﬁ", "a b c d e f g h i j k l"]
LONG = ["-" * 5000, "α" * 5000, "9" * 5000, "1 " * 500]


@pytest.mark.parametrize("text", [*HOSTILE, *ODD, *LONG])
async def test_anything_may_be_typed(sql: asyncpg.Connection, text: str) -> None:
    assert len(await names(sql, text)) <= 10


async def test_a_wildcard_is_no_wildcard(sql: asyncpg.Connection) -> None:
    for text in ("%", "_", "%%", "_%"):
        assert await names(sql, text) == []


async def test_what_is_like_nothing_finds_nothing(sql: asyncpg.Connection) -> None:
    assert await names(sql, "wertyuiopas") == []


async def test_a_strength_alone_finds_what_has_it(sql: asyncpg.Connection) -> None:
    found = await names(sql, "850mg", 50)
    assert found
    assert all("850MG" in name for name in found)


# Order


async def test_the_same_question_has_the_same_answer_and_equals_stand_by_name(sql: asyncpg.Connection) -> None:
    found = await search.found(sql, "ατορβαστατινη", 10)
    assert found == await search.found(sql, "ατορβαστατινη", 10)
    facts = await known.products(sql, None, [match.product_id for match in found])
    order = [(-match.score, facts[match.product_id].product.name, match.product_id) for match in found]
    assert order == sorted(order)
    assert len(order) > 3


async def test_looking_at_fewer_products_first_changes_no_answer(
    sql: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The narrow rankings only save time: the wide one alone gives the same products in the same order."""
    texts = [one.query for one in asked() if one.row % 9 == 0]
    quick = [await search.found(sql, text, 3) for text in texts]
    every = finding.rankings
    monkeypatch.setattr(finding, "rankings", lambda typed, meant: every(typed, meant)[-1:])
    assert quick == [await search.found(sql, text, 3) for text in texts]


# Kept with the product


async def test_a_product_that_is_renamed_is_found_by_its_new_name_alone(seeded: Scratch) -> None:
    depon = next(each for each in read_seed().products if each.name.startswith("DEPON TAB"))
    async with connected(seeded.app_url) as sql, sql.transaction():
        await known.write_product(sql, replace(depon, name="ΚΑΙΝΟΥΡΓΙΟ TAB 500MG"), "group")
        assert (await names(sql, "kenurgio"))[0] == "ΚΑΙΝΟΥΡΓΙΟ TAB 500MG"
        assert all(not name.startswith("ΚΑΙΝ") for name in await names(sql, "depon"))
        await known.write_product(sql, depon, "group")


async def test_products_from_before_there_was_search_are_found_once_the_service_runs(cell: Cell, world: object) -> None:
    async with connected(cell.owner_url("donations")) as owner:
        await owner.execute("UPDATE product SET search_tokens = '{}', search_version = 0 WHERE name LIKE 'DEPON%'")
        assert all(not name.startswith("DEPON") for name in await names(owner, "depon"))
        async with Runtime("donations", cell.settings_of("donations"), {}, ()).running():
            await until(
                lambda: owner.fetchval("SELECT NOT EXISTS (SELECT FROM product WHERE search_version = 0)"),
                "every product has its tokens",
            )
        async with owner.transaction():
            assert all(name.startswith("DEPON") for name in (await names(owner, "depon"))[:2])
        assert await search.refresh_search_tokens(owner) == 0


async def test_searching_goes_through_the_indexes(cell: Cell, data_folder: Path) -> None:
    async with (
        catalogue_of(cell, vary_products(real_products(data_folder), 3000)) as scratch,
        connected(scratch.owner_url) as owner,
        owner.transaction(),
    ):
        asking = f"EXPLAIN {finding.SIMILAR_WORDS}"
        plan = "\n".join(row[0] for row in await owner.fetch(asking, ["amlodipin"], 60, ["amlodipin"]))
        assert "search_word_trigram_idx" in plan
        assert "search_word_pkey" in plan
        sets = [["depon", "+depon"]] * 4
        ranked = await owner.fetch(f"EXPLAIN {finding.RANKED}", ["depon"], [1.0], *sets, 10)
        assert "product_search_idx" in "\n".join(row[0] for row in ranked)
