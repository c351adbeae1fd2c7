"""The catalogue is taken in: only what changed is written and told, and a second source adds to the first."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from deploy import operator
from deploy.cell import Cell
from services.stock.catalogue import OpenReason, Reading, read_seed, read_unicom
from services.stock.catalogue.actions import Imported, import_catalogue, judge_product
from services.stock.catalogue.corrections import Correction
from services.stock.catalogue.planning import Standing, merged, plan
from services.stock.errors import ControlledStays
from services.stock.store import choosing
from shared import known
from shared.catalogue import Pack, Product, Route, product_id_for, substitution_group
from shared.database import Database
from shared.events.stock import ProductListed, ProductOverridden
from shared.ids import new_id
from shared.known import ProductNotKnown
from tests.people import World
from tests.stock.catalogue_files import UNICOM_FILE, write_csv
from tests.stock.clinic import ALPRAZOLAM, AMLIBON, NORMODIN, OwnClinic, open_clinic, owner_rows

pytestmark = pytest.mark.anyio

PRODUCTS = "SELECT product_id, name, substitution_group, controlled, facts::text AS facts FROM product"
PACKS = "SELECT code, product_id, units_per_pack FROM pack"
OPEN_ROWS = "SELECT source, row_number, text, missing FROM open_row"


@pytest.fixture(scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A cell of its own, without clinics: what is imported here is met by no other test."""
    cell = Cell(tmp_path_factory.mktemp("catalogue"), demo=True, postgres_options=("fsync=off",))
    try:
        asyncio.run(cell.start_servers())
        yield World(cell, None, None)  # pyright: ignore[reportArgumentType] - nobody works here
    finally:
        cell.stop_servers()


@pytest.fixture
async def clinic(world: World, stock: Database) -> OwnClinic:
    return await open_clinic(world, stock)


async def catalogue(world: World) -> dict[str, set[tuple[Any, ...]]]:
    """All that stock knows of products, and how much it has told."""
    queries = {"products": PRODUCTS, "packs": PACKS, "open rows": OPEN_ROWS, "told": "SELECT number FROM outbox"}
    return {name: {tuple(row) for row in await owner_rows(world, "stock", query)} for name, query in queries.items()}


async def told_of(world: World, product: Product) -> list[dict[str, Any]]:
    query = "SELECT version, data ->> 'type' AS tag, subject FROM outbox WHERE aggregate_id = $1 ORDER BY version"
    return [dict(row) for row in await owner_rows(world, "stock", query, product.product_id)]


async def test_a_second_import_of_the_seed_changes_nothing_and_tells_nothing(apart: World) -> None:
    seed = read_seed().products
    first = await operator.import_file(apart.cell, None)
    before = await catalogue(apart)
    assert (first.new + first.same, first.changed, first.open_rows) == (len(seed), 0, 0)
    assert len(before["products"]) >= len(seed)
    assert await operator.import_file(apart.cell, None) == Imported(new=0, changed=0, same=len(seed), open_rows=0)
    assert await catalogue(apart) == before


async def test_each_product_is_told_once_as_it_stands_with_its_group_and_packs(apart: World) -> None:
    await operator.import_file(apart.cell, None)
    query = "SELECT data::text AS data FROM outbox WHERE aggregate_id = $1"
    for product in read_seed().products[::20]:
        rows = await owner_rows(apart, "stock", query, product.product_id)
        assert len(rows) == 1
        told = ProductListed(product=product, substitution_group=substitution_group(product))
        assert decoded(rows[0]["data"]) == told
        stored = await owner_rows(apart, "stock", f"{PACKS} WHERE product_id = $1", product.product_id)
        assert {row["code"] for row in stored} == {pack.code for pack in product.packs if pack.code}


def decoded(data: str) -> object:
    return msgspec.json.decode(data, type=ProductListed)


async def test_the_real_packs_merge_over_the_seed_and_neither_file_read_again_changes_anything(
    apart: World, data_folder: Path
) -> None:
    assert data_folder == UNICOM_FILE.parent
    reading = read_unicom(UNICOM_FILE)
    seed = {product.product_id: product for product in read_seed().products}
    shared_ids = seed.keys() & {product.product_id for product in reading.products}
    assert shared_ids, "the two sources have products in common"
    await operator.import_file(apart.cell, None)
    first = await operator.import_file(apart.cell, UNICOM_FILE)
    after = await catalogue(apart)
    assert first.open_rows == len(reading.open_rows) > 0
    assert len([row for row in after["open rows"] if row[0] == UNICOM_FILE.name]) == first.open_rows
    assert len(after["products"]) == len(seed.keys() | {product.product_id for product in reading.products})
    stored = {row[0]: row for row in after["products"]}
    codes = {row[0] for row in after["packs"]}
    for product in (*seed.values(), *reading.products):
        assert product.product_id in stored
        assert {pack.code for pack in product.packs if pack.code} <= codes
        assert all(name in stored[product.product_id][4] for name in product.other_names)
    for file in (UNICOM_FILE, None, UNICOM_FILE):
        again = await operator.import_file(apart.cell, file)
        assert (again.new, again.changed) == (0, 0)
        assert await catalogue(apart) == after


UNICOM_ROW = {
    "barcode_280": "",
    "eof_code": "",
    "full_name": "MADE UP TAB 5MG/TAB BTx30",
    "moiety": "madeupine",
    "atc": "",
    "form_edqm": "",
    "form_label": "Tablet",
    "unit": "Tablet",
    "pack_size": "30",
    "pack_volume_unit": "",
    "pack_local": "BTx30",
    "strength_value": "5",
    "strength_unit": "mg",
    "strength_local": "5MG/TAB",
    "route": "Oral",
    "mah": "",
}


async def test_rows_that_could_not_be_read_wait_for_a_person_until_the_file_is_better(
    apart: World, tmp_path: Path
) -> None:
    source = f"{new_id()}.csv"
    nameless = UNICOM_ROW | {"full_name": ""}
    file = write_csv(tmp_path / source, [nameless, UNICOM_ROW | {"moiety": "one; two"}])
    first = await operator.import_file(apart.cell, file)
    assert (first.new, first.open_rows) == (0, 2)
    query = f"{OPEN_ROWS} WHERE source = $1 ORDER BY row_number"
    rows = await owner_rows(apart, "stock", query, source)
    assert OpenReason.NAME_MISSING in rows[0]["missing"].split(", ")
    assert OpenReason.SEVERAL_SUBSTANCES in rows[1]["missing"].split(", ")
    assert rows[1]["text"] == UNICOM_ROW["full_name"]
    better = write_csv(tmp_path / source, [nameless])
    await operator.import_file(apart.cell, better)
    assert len(await owner_rows(apart, "stock", query, source)) == 1


def a_product(*packs: Pack, key: str = "test:import", **changes: Any) -> Product:
    seed = next(product for product in read_seed().products if product.product_id == NORMODIN)
    return replace(seed, product_id=product_id_for(key), source_key=key, packs=packs, **changes)


def test_a_second_source_has_the_word_and_keeps_the_packs_and_names_only_the_first_had() -> None:
    thirty, ninety, coded = Pack(None, 30, "BTx30"), Pack(None, 90, "BTx90"), Pack("2800000000001", 14, "BTx14")
    first = a_product(thirty, ninety, other_names=("παλιό",), holder="Then")
    read = a_product(Pack(None, 30, "BT x 30"), coded, other_names=("νέο",), holder="Now")
    both = merged(first, read)
    assert both.packs == (Pack(None, 30, "BT x 30"), ninety, coded)
    assert (both.other_names, both.holder) == (("νέο", "παλιό"), "Now")
    assert merged(both, read) == both
    assert merged(read, read) == read


def test_a_source_that_knows_no_route_takes_none_away() -> None:
    first, read = a_product(route=Route.SUBCUTANEOUS), a_product(route=Route.OTHER)
    assert merged(first, read).route is Route.SUBCUTANEOUS
    assert merged(read, first).route is Route.SUBCUTANEOUS


@pytest.mark.parametrize(
    "otherwise",
    [{"unit": "ml"}, {"content_per_unit": 5}, {"content_unit": "ml"}],
    ids=["another unit", "more in a unit", "another content"],
)
def test_what_is_counted_in_one_way_is_counted_in_another_only_by_a_person(otherwise: dict[str, Any]) -> None:
    """Thirty on the shelf stay thirty of the same thing, whatever a newer file or another source says."""
    before = a_product(Pack("2800000000001", 30, "BTx30"))
    read = replace(before, name="NAMED ANEW", **otherwise)
    standing = Standing(products={before.product_id: before}, owner_of_code={"2800000000001": before.product_id})
    planned = plan(Reading((read,), ()), standing)
    assert planned.products == ()
    [row] = planned.open_rows
    assert [gap.reason for gap in row.row.gaps] == [OpenReason.UNIT_CONTRADICTED]
    assert row.row.known.code == "2800000000001"
    said = {before.product_id: [Correction(unit=read.unit, content_per_unit=5, content_unit=read.content_unit)]}
    by_hand = replace(before, unit=read.unit, content_per_unit=5, content_unit=read.content_unit)
    settled = msgspec.structs.replace(standing, products={before.product_id: by_hand}, corrections=said)
    assert [one.after.name for one in plan(Reading((read,), ()), settled).products] == ["NAMED ANEW"]


async def test_what_changed_is_told_again_in_a_new_version(apart: World) -> None:
    key = f"test:{new_id()}"
    first = a_product(Pack(None, 30, "BTx30"), key=key)
    better = a_product(Pack(None, 60, "BTx60"), key=key, name="BETTER NAMED")
    answers: list[Imported] = []
    for product in (first, first, better, better):
        async with operator.stock_work(apart.cell) as work:
            answers.append(await import_catalogue(work, key, Reading((product,), ())))
    assert [(answer.new, answer.changed, answer.same) for answer in answers] == [
        (1, 0, 0),
        (0, 0, 1),
        (0, 1, 0),
        (0, 0, 1),
    ]
    told = {"tag": "stock.product_listed.v1", "subject": "cell.stock.product_listed.v1"}
    assert await told_of(apart, first) == [{"version": 1, **told}, {"version": 2, **told}]
    rows = await owner_rows(apart, "stock", f"{PRODUCTS} WHERE product_id = $1", first.product_id)
    assert [row["name"] for row in rows] == ["BETTER NAMED"]


async def test_a_clinic_judges_a_product_for_itself_and_says_so(clinic: OwnClinic) -> None:
    await judge_product(clinic.work(), AMLIBON, controlled=True, substitution_group="ours", reason="So.")
    assert await clinic.told() == [ProductOverridden(product_id=AMLIBON, controlled=True, substitution_group="ours")]
    async with clinic.work().reading() as tx:
        ours = await known.product_of(tx.sql, clinic.clinic_id, AMLIBON)
        theirs = await known.product_of(tx.sql, clinic.world.south.clinic_id, AMLIBON)
        members = await choosing.products_of_groups(tx.sql, clinic.clinic_id, ["ours"])
    assert (ours.controlled, ours.substitution_group) == (True, "ours")
    assert (theirs.controlled, theirs.substitution_group == "ours") == (False, False)
    assert [member.product_id for member in members] == [AMLIBON]
    await judge_product(clinic.work(), AMLIBON, controlled=None, substitution_group=None, reason="We were wrong.")
    async with clinic.work().reading() as tx:
        assert await known.product_of(tx.sql, clinic.clinic_id, AMLIBON) == theirs


async def test_no_clinic_says_that_a_controlled_product_is_not(clinic: OwnClinic) -> None:
    with pytest.raises(ControlledStays):
        await judge_product(clinic.work(), ALPRAZOLAM, controlled=False, substitution_group=None, reason="So.")
    with pytest.raises(ProductNotKnown):
        await judge_product(clinic.work(), new_id(), controlled=True, substitution_group=None, reason="So.")
    await judge_product(clinic.work(), ALPRAZOLAM, controlled=None, substitution_group=None, reason="So.")
    async with clinic.work().reading() as tx:
        assert (await known.product_of(tx.sql, clinic.clinic_id, ALPRAZOLAM)).controlled
    assert len(await clinic.told()) == 1
