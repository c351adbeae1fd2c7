"""Sanitary and parapharmaceutical items: read from a list, shipped with Dosis, donated, stocked, found."""

from pathlib import Path

import pytest

from services.donations.actions.collecting import DonatedItem
from services.stock.catalogue import OpenReason, read_file, read_items, read_seed
from shared import known
from shared.catalogue import Kind, Product, substitution_group
from shared.database import Database
from tests.donations.pharmacy import open_pharmacy
from tests.people import World
from tests.stock.catalogue_files import reasons, write_csv
from tests.stock.clinic import carry

pytestmark = pytest.mark.anyio

ITEM = {
    "code": "2900000000179",
    "name": "Γάζες αποστειρωμένες 10x10",
    "kind": "sanitary",
    "unit": "Piece",
    "units_per_pack": "25",
}


def test_an_item_needs_no_substance_strength_or_atc(tmp_path: Path) -> None:
    (product,) = read_items(write_csv(tmp_path / "items.csv", [ITEM])).products
    assert (product.kind, product.ingredients, product.atc, product.controlled) == (Kind.SANITARY, (), None, False)
    assert (product.unit, product.packs[0].code, product.packs[0].units_per_pack) == ("piece", "2900000000179", 25)
    assert substitution_group(product) == f"product:{product.product_id}"


def test_a_list_from_a_spreadsheet_in_greek_is_parted_by_semicolons(tmp_path: Path) -> None:
    file = tmp_path / "items.csv"
    file.write_text("\n".join(";".join(line) for line in (ITEM, ITEM.values())), "utf-8-sig")
    (product,) = read_file(file).products
    assert (product.name, product.packs[0].units_per_pack) == (ITEM["name"], 25)


def test_two_packs_of_one_item_are_one_product(tmp_path: Path) -> None:
    rows = [ITEM, ITEM | {"code": "", "units_per_pack": "100"}]
    (product,) = read_items(write_csv(tmp_path / "items.csv", rows)).products
    assert [pack.units_per_pack for pack in product.packs] == [25, 100]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"code": "2900000000178"}, OpenReason.CODE_INVALID),
        ({"name": ""}, OpenReason.NAME_MISSING),
        ({"kind": "medicine"}, OpenReason.KIND_UNKNOWN),
        ({"unit": ""}, OpenReason.UNIT_MISSING),
        ({"units_per_pack": "0"}, OpenReason.PACK_SIZE_MISSING),
        ({"units_per_pack": "ten"}, OpenReason.PACK_SIZE_MISSING),
    ],
)
def test_an_item_that_lacks_something_is_open_for_that_reason(
    tmp_path: Path, change: dict[str, str], reason: OpenReason
) -> None:
    found = read_items(write_csv(tmp_path / "items.csv", [ITEM | change]))
    assert (found.products, reasons(found)) == ((), [reason])


def shipped() -> list[Product]:
    return [product for product in read_seed().products if product.kind is not Kind.MEDICINE]


def test_some_twenty_items_are_shipped_and_none_needs_what_only_a_medicine_has() -> None:
    items = shipped()
    assert len(items) >= 20
    assert {product.kind for product in items} == {Kind.SANITARY, Kind.PARAPHARMACEUTICAL}
    assert not any(product.ingredients or product.atc or product.never_automatic for product in items)


@pytest.mark.parametrize("kind", [Kind.SANITARY, Kind.PARAPHARMACEUTICAL])
async def test_an_item_is_donated_accepted_shelved_and_found(
    world: World, stock: Database, donations: Database, kind: Kind
) -> None:
    item = next(product for product in shipped() if product.kind is kind and any(pack.code for pack in product.packs))
    pharmacy = await open_pharmacy(world, stock, donations)
    collection_id, (line_id,) = await pharmacy.handed_in({"product_id": item.product_id, "units": 7, "batch": None})
    checked = await pharmacy.check(collection_id, line_id, "accept")
    assert checked.state == "accepted"
    lot_id = await pharmacy.clinic.shelve(item.product_id, 7)
    assert (await pharmacy.clinic.lot(lot_id)).product_id == item.product_id
    await carry(world, pharmacy.clinic)
    async with pharmacy.work().reading() as tx:
        named = await known.products_named(tx.sql, tx.clinic_id, item.name.split()[0], 20)
    assert item.product_id in {one.product.product_id for one in named}


def test_what_is_donated_names_no_substance() -> None:
    """A donated item is told by product or code; nothing of a medicine is asked."""
    assert not {"moiety", "strength", "atc"} & set(DonatedItem.__struct_fields__)
