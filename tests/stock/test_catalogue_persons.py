"""What persons say of the catalogue: rows completed, products corrected; no import undoes or repeats it."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from deploy import operator
from deploy.cell import Cell
from services.stock.catalogue import OpenReason, read_items, read_unicom, store
from services.stock.catalogue.actions import (
    complete_row,
    correct_product,
    import_catalogue,
    preview_catalogue,
)
from services.stock.catalogue.completing import FullFacts
from services.stock.catalogue.corrections import Correction, PackSize
from services.stock.catalogue.planning import Change, Plan, plan
from services.stock.catalogue.preview import preview_rows
from services.stock.catalogue.reading import Reading
from services.stock.errors import FactsWrong, NothingCorrected, OpenRowNotFound
from shared import known
from shared.catalogue import FormGroup, Ingredient, Kind, Product, Route, substitution_group
from shared.database import Work
from shared.events.stock import ProductListed
from shared.ids import new_id
from shared.known import ProductNotKnown
from tests.people import World
from tests.stock.catalogue_files import write_csv
from tests.stock.clinic import owner_rows
from tests.stock.test_catalogue_reading import UNICOM_ROW

pytestmark = pytest.mark.anyio

PHARMACIST, CLINIC = new_id(), new_id()
OPEN = UNICOM_ROW | {"barcode_280": "2802559701029", "eof_code": "255970102", "unit": "", "pack_volume_unit": "mL"}
"""Capsules in ml: nobody but a person knows what the pack holds."""
FACTS = FullFacts(
    name="AMLOPEN CAPS 5MG/CAP",
    kind=Kind.MEDICINE,
    ingredients=(Ingredient("amlodipine besilate", "5", "mg"),),
    form_group=FormGroup.ORAL_SOLID,
    form="capsule, hard",
    route=Route.ORAL,
    unit="capsule",
    content_per_unit=1,
    content_unit="capsule",
    units_per_pack=28,
    pack_label="BTx28",
    code=None,
    atc="C08CA01",
    holder=None,
    cold_chain=False,
)


@pytest.fixture(scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A cell of its own: what is said of products here is met by no other test."""
    cell = Cell(tmp_path_factory.mktemp("persons"), demo=True, postgres_options=("fsync=off",))
    try:
        asyncio.run(cell.start_servers())
        yield World(cell, None, None)  # pyright: ignore[reportArgumentType] - nobody works here
    finally:
        cell.stop_servers()


@pytest.fixture
async def work(apart: World) -> AsyncIterator[Work]:
    """A pharmacist's work. Each test begins with an empty catalogue."""
    async with operator.stock_work(apart.cell) as made:
        made.person_id = PHARMACIST
        yield made.at(CLINIC)
    await owner_rows(apart, "stock", "TRUNCATE product_correction, open_row, pack, product, outbox CASCADE")


def unicom(tmp_path: Path, *rows: dict[str, str]) -> Reading:
    return read_unicom(write_csv(tmp_path / "unicom.csv", list(rows)))


async def take_in(work: Work, reading: Reading, source: str = "file") -> tuple[int, int, int, int]:
    told = await import_catalogue(work, source, reading)
    return told.new, told.changed, told.same, told.open_rows


async def waiting(work: Work) -> list[store.WaitingRow]:
    async with work.reading() as tx:
        return await store.waiting_rows(tx.sql, 500, 0)


async def product_of_code(work: Work, code: str) -> Product:
    async with work.reading() as tx:
        return (await known.product_of(tx.sql, None, await known.product_id_of_code(tx.sql, code))).product


async def told(world: World) -> list[ProductListed]:
    rows = await owner_rows(world, "stock", "SELECT data::text AS data FROM outbox ORDER BY number")
    return [msgspec.json.decode(row["data"], type=ProductListed) for row in rows]


async def test_a_row_that_a_person_completed_is_listed_and_neither_undone_nor_asked_again(
    work: Work, apart: World, tmp_path: Path
) -> None:
    reading = unicom(tmp_path, UNICOM_ROW, OPEN)
    assert await take_in(work, reading) == (1, 0, 0, 1)
    (row,) = await waiting(work)
    assert (row.known.code, row.known.substances, row.known.units_per_pack) == ("2802559701029", ("amlodipine",), None)
    assert [gap.reason for gap in row.gaps] == [OpenReason.UNIT_CONTRADICTED]
    done = await complete_row(work, row.row_key, FACTS, "Read on the box.")
    product = await product_of_code(work, "2802559701029")
    assert product.product_id == done.product_id
    assert [(i.moiety, i.strength) for i in product.ingredients] == [("amlodipine", "5")]
    assert product.packs[0].units_per_pack == 28
    assert (await told(apart))[-1] == ProductListed(product=product, substitution_group=substitution_group(product))
    assert substitution_group(product) == "amlodipine 5 mg; oral_solid; oral; piece"
    assert await waiting(work) == []
    events = len(await told(apart))
    for source in ("file", "newer file"):
        assert await take_in(work, reading, source) == (0, 0, 1, 0)
        assert await waiting(work) == []
    assert await product_of_code(work, "2802559701029") == product
    assert len(await told(apart)) == events
    with pytest.raises(OpenRowNotFound):
        await complete_row(work, row.row_key, FACTS, "Again.")


async def test_who_completed_a_row_is_kept_with_when_and_why(work: Work, tmp_path: Path) -> None:
    await take_in(work, unicom(tmp_path, OPEN))
    (row,) = await waiting(work)
    done = await complete_row(work, row.row_key, FACTS, "Read on the box.")
    async with work.reading() as tx:
        (kept,) = await store.corrections_of(tx.sql, done.product_id)
    assert (kept.corrected_by, kept.corrected_for, kept.reason) == (PHARMACIST, CLINIC, "Read on the box.")
    assert kept.completed_row and kept.corrected_at is not None
    assert kept.facts.packs == (PackSize(code="2802559701029", label="BTx28", units_per_pack=28),)


async def test_a_newer_file_that_tells_the_row_otherwise_does_not_undo_the_person(work: Work, tmp_path: Path) -> None:
    await take_in(work, unicom(tmp_path, OPEN))
    (row,) = await waiting(work)
    await complete_row(work, row.row_key, FACTS, "Read on the box.")
    product = await product_of_code(work, "2802559701029")
    readable = OPEN | {"unit": "capsule", "pack_volume_unit": "", "pack_size": "14", "strength_value": "5"}
    assert (await take_in(work, unicom(tmp_path, readable)))[3] == 0
    after = await product_of_code(work, "2802559701029")
    assert [(p.code, p.units_per_pack) for p in after.packs] == [(p.code, p.units_per_pack) for p in product.packs]
    assert after.product_id == product.product_id


async def test_a_row_that_a_newer_file_tells_completely_waits_no_more(work: Work, tmp_path: Path) -> None:
    await take_in(work, unicom(tmp_path, OPEN), "old file")
    readable = OPEN | {"unit": "capsule", "pack_volume_unit": ""}
    assert await take_in(work, unicom(tmp_path, readable), "new file") == (1, 0, 0, 0)
    assert await waiting(work) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"ingredients": ()},
        {"kind": Kind.SANITARY},
        {"code": "2802043001024"},
        {"ingredients": (Ingredient("amlodipine", None, "mg"),)},
        {"ingredients": (Ingredient("amlodipine", "0", "mg"),)},
        {"ingredients": (Ingredient("amlodipine", "5", "mg"), Ingredient("amlodipine besilate", "5", "mg"))},
    ],
)
async def test_facts_that_describe_no_product_list_nothing(work: Work, tmp_path: Path, wrong: dict[str, Any]) -> None:
    await take_in(work, unicom(tmp_path, OPEN))
    (row,) = await waiting(work)
    with pytest.raises(FactsWrong):
        await complete_row(work, row.row_key, replace(FACTS, **wrong), "So.")
    assert len(await waiting(work)) == 1


async def test_a_row_without_a_code_is_completed_with_the_code_on_the_box_or_without(
    work: Work, tmp_path: Path
) -> None:
    file = tmp_path / "items.csv"
    rows = [{"code": "", "name": name, "kind": "toy", "unit": "piece", "units_per_pack": "1"} for name in ("A", "A")]
    await take_in(work, read_items(write_csv(file, rows)))
    first, second = await waiting(work)
    facts = replace(FACTS, kind=Kind.SANITARY, ingredients=(), form_group=FormGroup.OTHER, route=Route.OTHER)
    with pytest.raises(FactsWrong):
        await complete_row(work, first.row_key, replace(facts, code="2900000000002"), "A wrong digit.")
    await complete_row(work, first.row_key, replace(facts, code="2900000000179"), "With its code.")
    await complete_row(work, second.row_key, facts, "Without one.")
    assert (await product_of_code(work, "2900000000179")).kind is Kind.SANITARY
    assert (await take_in(work, read_items(file)))[3] == 0


async def test_a_correction_outlives_every_import(work: Work, apart: World, tmp_path: Path) -> None:
    reading = unicom(tmp_path, UNICOM_ROW)
    await take_in(work, reading)
    before = await product_of_code(work, UNICOM_ROW["barcode_280"])
    said = Correction(
        form_group=FormGroup.ORAL_PROLONGED,
        ingredients=(Ingredient("αμλοδιπίνη", "7.5", "mg"),),
        content_per_unit=2,
        packs=(PackSize(code=UNICOM_ROW["barcode_280"], units_per_pack=15),),
    )
    await correct_product(work, before.product_id, said, "The file is wrong.")
    product = await product_of_code(work, UNICOM_ROW["barcode_280"])
    assert substitution_group(product) == "amlodipine 15/2 mg; oral_prolonged; oral; piece"
    assert (product.content_per_unit, product.packs[0].units_per_pack) == (2, 15)
    assert (await told(apart))[-1].product == product
    assert await take_in(work, reading) == (0, 0, 1, 0)
    better = unicom(tmp_path, UNICOM_ROW | {"mah": "ANOTHER", "strength_value": "10", "strength_local": "10MG/CAP"})
    assert await take_in(work, better) == (0, 1, 0, 0)
    after = await product_of_code(work, UNICOM_ROW["barcode_280"])
    assert after == replace(product, holder="ANOTHER")
    with pytest.raises(NothingCorrected):
        await correct_product(work, before.product_id, said, "Again.")
    with pytest.raises(ProductNotKnown):
        await correct_product(work, new_id(), said, "Of nothing.")


async def test_a_correction_to_a_narcotic_makes_the_product_controlled(work: Work, tmp_path: Path) -> None:
    await take_in(work, unicom(tmp_path, UNICOM_ROW))
    product_id = (await product_of_code(work, UNICOM_ROW["barcode_280"])).product_id
    said = Correction(ingredients=(Ingredient("CODÉINE (PHOSPHATE DE)", "15", "mg"),))
    await correct_product(work, product_id, said, "It is another substance.")
    assert (await product_of_code(work, UNICOM_ROW["barcode_280"])).controlled


OTHER_KEY = UNICOM_ROW | {"eof_code": "", "strength_value": "10", "strength_local": "10MG/CAP"}


async def test_a_known_code_stays_with_its_product_and_a_person_hears_what_another_source_says(
    work: Work, tmp_path: Path
) -> None:
    await take_in(work, unicom(tmp_path, UNICOM_ROW), "first")
    owner = await product_of_code(work, UNICOM_ROW["barcode_280"])
    stranger = unicom(tmp_path, OTHER_KEY)
    moved = replace(stranger, products=tuple(replace(p, product_id=new_id()) for p in stranger.products))
    assert await take_in(work, moved, "second") == (0, 0, 0, 1)
    assert await product_of_code(work, UNICOM_ROW["barcode_280"]) == owner
    (row,) = await waiting(work)
    assert [gap.reason for gap in row.gaps] == [OpenReason.CODE_OF_ANOTHER_PRODUCT]
    assert (row.known.strengths, owner.ingredients[0].strength) == (("10",), "5")
    facts = replace(FACTS, ingredients=(Ingredient("amlodipine", "10", "mg"),), units_per_pack=14)
    done = await complete_row(work, row.row_key, facts, "The second is right.")
    assert done.product_id == owner.product_id
    assert (await product_of_code(work, UNICOM_ROW["barcode_280"])).ingredients[0].strength == "10"
    assert (await take_in(work, moved, "second"))[3] == 0


async def test_a_code_that_another_source_only_names_otherwise_is_no_question(work: Work, tmp_path: Path) -> None:
    await take_in(work, unicom(tmp_path, UNICOM_ROW), "first")
    again = unicom(tmp_path, UNICOM_ROW | {"full_name": "NORVASC 5 BTX14"})
    moved = replace(again, products=tuple(replace(p, product_id=new_id()) for p in again.products))
    assert await take_in(work, moved, "second") == (0, 0, 0, 0)
    assert (await import_catalogue(work, "second", moved)).known_elsewhere == 1


async def test_a_preview_is_what_the_import_then_does(work: Work, apart: World, tmp_path: Path) -> None:
    second = UNICOM_ROW | {"barcode_280": "2802043002021", "eof_code": "204300202", "strength_value": "10"}
    second |= {"full_name": "NORVASC CAPS 10MG/CAP ΒΤΧ14(BLIST1X14)", "strength_local": "10MG/CAP"}
    first = unicom(tmp_path, UNICOM_ROW, OPEN)
    newer = unicom(tmp_path, UNICOM_ROW | {"mah": "ANOTHER"}, second, OPEN)
    for reading in (first, newer, newer):
        before = len(await told(apart))
        planned = await preview_catalogue(work, reading)
        assert len(await told(apart)) == before
        changes = [one.change for one in planned.products]
        counted = (*(changes.count(change) for change in (Change.NEW, Change.CHANGED, Change.SAME)),)
        assert await take_in(work, reading) == (*counted, len(planned.open_rows))
        for one in planned.products:
            async with work.reading() as tx:
                assert (await known.product_of(tx.sql, None, one.after.product_id)).product == one.after
        assert {row.row_key for row in await waiting(work)} == {keyed.row_key for keyed in planned.open_rows}
    assert list(changes) == [Change.SAME, Change.SAME]


async def test_a_preview_says_which_facts_change_from_what_to_what(work: Work, tmp_path: Path) -> None:
    await take_in(work, unicom(tmp_path, UNICOM_ROW))
    planned = await preview_catalogue(work, unicom(tmp_path, UNICOM_ROW | {"mah": "ANOTHER", "pack_local": "BTx14"}))
    (row,) = preview_rows(planned)
    assert row.change is Change.CHANGED
    assert [(one.field, one.after) for one in row.differences] == [
        ("holder", "ANOTHER"),
        ("packs", "2802043001024 14 BTx14"),
    ]


async def test_a_preview_tells_apart_what_changes_only_in_a_label(work: Work, tmp_path: Path) -> None:
    await take_in(work, unicom(tmp_path, UNICOM_ROW))
    for change, labels_only in (
        ({"pack_local": "PRINTED ANEW"}, True),
        ({"pack_local": "PRINTED ANEW", "mah": "ANOTHER"}, False),
        ({}, False),
    ):
        planned = await preview_catalogue(work, unicom(tmp_path, UNICOM_ROW | change))
        assert [row.labels_only for row in preview_rows(planned)] == [labels_only]


def lines(planned: Plan) -> list[dict[str, Any]]:
    return [json.loads(msgspec.json.encode(row)) for row in preview_rows(planned)]


def test_a_previewed_row_has_every_field_and_null_where_it_is_open(tmp_path: Path) -> None:
    whole, part = lines(plan(unicom(tmp_path, UNICOM_ROW, OPEN), standing_of_nothing()))
    assert {name: whole[name] for name in list(whole)[:11]} == {
        "code": "2802043001024",
        "name": "NORVASC CAPS 5MG/CAP",
        "substances": ["amlodipine"],
        "strengths": ["5"],
        "strength_unit": "mg",
        "form_group": "oral_solid",
        "units_per_pack": 14,
        "content_per_unit": 1,
        "content_unit": "capsule",
        "open": [],
        "change": "new",
    }
    assert (part["change"], part["code"], part["substances"]) == ("open", "2802559701029", ["amlodipine"])
    assert {"units_per_pack", "content_per_unit", "content_unit"} <= set(part["open"])
    assert all(part[name] is None for name in part["open"] if name in part)


def standing_of_nothing() -> Any:
    from services.stock.catalogue.planning import Standing

    return Standing()
