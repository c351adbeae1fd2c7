"""The catalogue that ships with Dosis, and the door its rows come in by."""

from collections import Counter
from pathlib import Path

import pytest

from services.stock.catalogue import OpenReason, Reading, read_seed, read_unicom, seed, tables
from services.stock.catalogue.reading import has_valid_check_digit
from shared.catalogue import FormGroup, Kind, is_decimal, product_id_for, substitution_group
from tests.stock.catalogue_files import BULLETIN_FILE, NO_DATA, UNICOM_FILE, named, reasons, write_csv

SEED_ROW = {
    "name": "EXFORGE F.C.TAB (5+160)MG/TAB",
    "kind": "medicine",
    "moiety": "amlodipine + valsartan",
    "strength": "5 mg + 160 mg",
    "form": "film-coated tablet",
    "route": "oral",
    "unit": "tablet",
    "content_per_unit": "1",
    "content_unit": "tablet",
    "units_per_pack": "28",
    "pack": "BTx28",
    "code": "",
    "atc": "",
    "holder": "",
    "cold_chain": "no",
    "moiety_el": "",
    "key": "dosis:exforge-5-160",
}


@pytest.fixture(scope="module")
def shipped() -> Reading:
    return read_seed()


def test_the_shipped_catalogue_has_no_open_row(shipped: Reading) -> None:
    assert shipped.open_rows == ()
    assert (len(shipped.products), sum(len(product.packs) for product in shipped.products)) == (164, 168)
    assert {product.kind for product in shipped.products} == set(Kind)


def test_the_shipped_catalogue_is_sorted_and_its_keys_follow_its_codes() -> None:
    rows = [row.values or {} for row in tables.read_rows(seed.SEED_FILE, seed.COLUMNS)]
    kinds = [kind.value for kind in Kind]
    order = [(kinds.index(row["kind"]), row["moiety"], row["name"], int(row["units_per_pack"])) for row in rows]
    assert order == sorted(order)
    for row in rows:
        coded = row["code"].startswith("280")
        assert row["key"].startswith(f"eof:{row['code'][3:10]}" if coded else "dosis:")


def test_every_code_shipped_has_a_valid_check_digit_and_is_real_or_for_demonstrations(
    shipped: Reading,
) -> None:
    codes = [pack.code for product in shipped.products for pack in product.packs if pack.code]
    assert all(has_valid_check_digit(code) for code in codes)
    assert Counter(code[:4] for code in codes if code[:3] != "280") == {"9520": 23}
    assert len([code for code in codes if code[:3] == "280"]) == 56


def test_a_280_code_is_shipped_only_as_the_sources_have_it(shipped: Reading) -> None:
    if not (UNICOM_FILE.exists() and BULLETIN_FILE.exists()):
        pytest.skip(NO_DATA)
    bulletin = {line.split("|")[0] for line in BULLETIN_FILE.read_text("utf-8").splitlines()}
    unicom_products = {product.product_id: product for product in read_unicom(UNICOM_FILE).products}
    for product in shipped.products:
        same = unicom_products.get(product.product_id)
        known = {pack.code for pack in same.packs} if same else bulletin
        assert {pack.code for pack in product.packs if pack.code and pack.code[:3] == "280"} <= known
        if same:
            assert substitution_group(same) == substitution_group(product)
            assert (same.unit, same.form, same.name) == (product.unit, product.form, product.name)


def test_the_shipped_catalogue_can_show_substitution_and_refusal(shipped: Reading) -> None:
    solids = [product for product in shipped.products if product.form_group is FormGroup.ORAL_SOLID]
    assert (len(solids), len({substitution_group(product) for product in solids})) == (89, 64)
    sizes = Counter(substitution_group(product) for product in shipped.products)
    assert len([size for size in sizes.values() if size > 1]) == 22
    controlled = {product.name.split()[0] for product in shipped.products if product.controlled}
    assert controlled == {"DUROGESIC", "LONARID-N", "RIVOTRIL", "STEDON", "STILNOX", "XANAX", "ZALDIAR"}
    cold = {product.name.split()[0] for product in shipped.products if product.cold_chain}
    assert cold == {"LANTUS", "MIXTARD", "NOVORAPID", "OZEMPIC", "SAFLUTAN", "XALATAN"}


def test_shipped_pens_inhalers_and_bottles_say_what_one_of_them_contains(shipped: Reading) -> None:
    content = {
        product.name.split()[0]: (product.unit, product.content_per_unit, product.content_unit)
        for product in shipped.products
    }
    assert content["LANTUS"] == ("pen", 300, "iu")
    assert content["AEROLIN"] == ("inhaler", 200, "dose")
    assert content["GLUCOFORMIN"] == ("bottle", 300, "ml")
    assert content["FUCIDIN"] == ("tube", 15, "g")


def test_shipped_combinations_keep_each_substance_with_its_own_strength(shipped: Reading) -> None:
    parts = [part for product in shipped.products for part in product.ingredients]
    assert all(isinstance(part.strength, str) and is_decimal(part.strength) for part in parts)
    stalevo = named(shipped, "STALEVO F.C.TAB (100+25+200)MG/TAB")
    assert [(part.moiety, part.strength) for part in stalevo.ingredients] == [
        ("levodopa", "100"),
        ("carbidopa", "25"),
        ("entacapone", "200"),
    ]
    assert stalevo.other_names == ("λεβοντόπα", "καρβιντόπα", "εντακαπόνη")


def test_two_brands_of_levothyroxine_are_shipped_and_never_exchanged_by_themselves(shipped: Reading) -> None:
    brands = [p for p in shipped.products if [i.moiety for i in p.ingredients] == ["levothyroxine"]]
    assert len(brands) == len({substitution_group(product) for product in brands}) == 2


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"key": ""}, OpenReason.KEY_MISSING),
        ({"name": ""}, OpenReason.NAME_MISSING),
        ({"kind": "toy"}, OpenReason.KIND_UNKNOWN),
        ({"moiety": ""}, OpenReason.SUBSTANCE_MISSING),
        ({"strength": "5 mg"}, OpenReason.STRENGTH_MISSING),
        ({"strength": "5 mg + 160"}, OpenReason.STRENGTH_MISSING),
        ({"strength": "5 mg + x mg"}, OpenReason.STRENGTH_MISSING),
        ({"form": "pebble"}, OpenReason.FORM_UNKNOWN),
        ({"kind": "sanitary", "form": ""}, OpenReason.FORM_UNKNOWN),
        ({"unit": "capsule"}, OpenReason.UNIT_CONTRADICTED),
        ({"route": ""}, OpenReason.ROUTE_UNKNOWN),
        ({"content_per_unit": "0"}, OpenReason.CONTENT_MISSING),
        ({"content_unit": ""}, OpenReason.CONTENT_MISSING),
        ({"units_per_pack": "28.0"}, OpenReason.PACK_SIZE_MISSING),
        ({"code": "2900000000002"}, OpenReason.CODE_INVALID),
        ({"cold_chain": ""}, OpenReason.STORAGE_UNKNOWN),
    ],
)
def test_a_seed_row_that_lacks_something_is_open_for_that_reason(
    tmp_path: Path, change: dict[str, str], reason: OpenReason
) -> None:
    found = read_seed(write_csv(tmp_path / "seed.csv", [SEED_ROW | change]))
    assert (found.products, reasons(found)) == ((), [reason])


def test_seed_rows_of_one_key_that_disagree_are_all_open(tmp_path: Path) -> None:
    rows = [SEED_ROW, SEED_ROW | {"strength": "10 mg + 160 mg", "units_per_pack": "56"}]
    found = read_seed(write_csv(tmp_path / "seed.csv", rows))
    assert (found.products, reasons(found)) == ((), [OpenReason.PACKS_DISAGREE] * 2)


def test_seed_rows_of_one_key_are_packs_of_one_product(tmp_path: Path) -> None:
    rows = [SEED_ROW | {"units_per_pack": "56"}, SEED_ROW]
    (product,) = read_seed(write_csv(tmp_path / "seed.csv", rows)).products
    assert [pack.units_per_pack for pack in product.packs] == [28, 56]
    assert product.product_id == product_id_for("dosis:exforge-5-160")
