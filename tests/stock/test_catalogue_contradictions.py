"""What is in a known box changes only by a person: a file that says otherwise waits."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from services.stock.catalogue import OpenReason, Reading, read_file, read_items, read_seed
from services.stock.catalogue.corrections import Correction
from services.stock.catalogue.planning import Plan, Standing, plan
from shared.catalogue import FormGroup, Ingredient, Kind, Pack, Product, Route, product_id_for
from tests.stock.catalogue_files import BULLETIN_FILE, UNICOM_FILE, write_csv
from tests.stock.clinic import NORMODIN

CODE = "2800000000001"


def a_product(**changes: Any) -> Product:
    seed = next(product for product in read_seed().products if product.product_id == NORMODIN)
    key = "test:contradictions"
    packs = (Pack(CODE, 30, "BTx30"),)
    return replace(seed, product_id=product_id_for(key), source_key=key, packs=packs, **changes)


def of(*parts: tuple[str, str | None, str | None]) -> tuple[Ingredient, ...]:
    return tuple(Ingredient(*part) for part in parts)


def standing_of(*products: Product) -> Standing:
    owners = {pack.code: one.product_id for one in products for pack in one.packs if pack.code}
    return Standing(products={one.product_id: one for one in products}, owner_of_code=owners)


def read_over(stands: Product, read: Product) -> Plan:
    return plan(Reading((read,), ()), standing_of(stands))


@pytest.mark.parametrize(
    ("otherwise", "reason"),
    [
        ({"kind": Kind.SANITARY}, OpenReason.KIND_CONTRADICTED),
        ({"ingredients": of(("ramipril", "5", "mg"))}, OpenReason.SUBSTANCE_CONTRADICTED),
        ({"ingredients": of(("amlodipine", "5", "mg"), ("ramipril", "5", "mg"))}, OpenReason.SUBSTANCE_CONTRADICTED),
        ({"ingredients": of(("amlodipine", "50", "mg"))}, OpenReason.STRENGTH_CONTRADICTED),
        ({"ingredients": of(("amlodipine", "5", "g"))}, OpenReason.STRENGTH_CONTRADICTED),
        ({"form_group": FormGroup.ORAL_PROLONGED}, OpenReason.FORM_CONTRADICTED),
        ({"route": Route.VAGINAL}, OpenReason.ROUTE_CONTRADICTED),
    ],
)
def test_what_is_in_a_known_box_is_otherwise_only_by_a_person(otherwise: dict[str, Any], reason: OpenReason) -> None:
    before = a_product(ingredients=of(("amlodipine", "5", "mg")), route=Route.ORAL)
    read = replace(before, name="NAMED ANEW", **otherwise)
    planned = read_over(before, read)
    assert planned.products == ()
    [row] = planned.open_rows
    assert ([gap.reason for gap in row.row.gaps], row.row.known.code) == ([reason], CODE)
    by_hand = replace(before, **otherwise)
    said = {before.product_id: [Correction(**otherwise)]}
    settled = replace(standing_of(by_hand), corrections=said)
    for one in (read, replace(before, name="NAMED ANEW")):
        [agreed] = plan(Reading((one,), ()), settled).products
        assert agreed.after.name == "NAMED ANEW"
        assert all(getattr(agreed.after, fact) == value for fact, value in otherwise.items())


def test_a_contradiction_tells_what_stands_and_what_was_read() -> None:
    before = a_product(ingredients=of(("amlodipine", "5", "mg")))
    planned = read_over(before, replace(before, ingredients=of(("amlodipine", "50", "mg"))))
    [keyed] = planned.open_rows
    assert [gap.found for gap in keyed.row.gaps] == ["amlodipine 5 mg / amlodipine 50 mg"]
    assert (keyed.row.known.strengths, keyed.row.known.units_per_pack) == (None, 30)


@pytest.mark.parametrize(
    "less",
    [("insulin", "100", "iu/ml"), ("insulin human", "200", "iu/2 ml"), ("insulin human", None, None)],
    ids=["a part of the name", "in other words", "no strength"],
)
def test_what_only_says_less_or_the_same_takes_nothing_away(less: tuple[str, str | None, str | None]) -> None:
    before = a_product(ingredients=of(("insulin human", "100", "iu/ml")))
    [one] = read_over(before, replace(before, ingredients=of(less))).products
    assert one.after == before


def test_what_says_more_is_for_a_person_unless_nothing_was_known() -> None:
    human = of(("insulin human", "100", "iu/ml"))
    before = a_product(ingredients=of(("insulin", "100", "iu/ml")))
    assert read_over(before, replace(before, ingredients=human)).products == ()
    before = a_product(ingredients=of(("insulin human", None, None)))
    [one] = read_over(before, replace(before, ingredients=human)).products
    assert one.after.ingredients == human


GAUZE = {"code": "5200007770011", "name": "Gauze 10x10", "kind": "sanitary", "unit": "piece", "units_per_pack": "10"}


@pytest.mark.parametrize(
    "otherwise",
    [
        {"name": "Syringe 5 ml", "units_per_pack": "100"},
        {"name": "Syringe 5 ml"},
        {"name": "GAUZE  10x10", "unit": "Pack", "units_per_pack": "10"},
    ],
)
def test_a_code_that_names_another_thing_waits_for_a_person(tmp_path: Path, otherwise: dict[str, str]) -> None:
    stands = read_items(write_csv(tmp_path / "first.csv", [GAUZE])).products
    planned = plan(read_items(write_csv(tmp_path / "second.csv", [GAUZE | otherwise])), standing_of(*stands))
    [keyed] = planned.open_rows
    assert [gap.reason for gap in keyed.row.gaps] == [OpenReason.CODE_OF_ANOTHER_PRODUCT]
    assert (planned.products, planned.known_elsewhere) == ((), 0)


def test_a_medicine_of_another_name_is_counted_but_of_another_pack_size_waits() -> None:
    stands = a_product()
    moved = replace(stands, name="NAMED ANEW", product_id=product_id_for("test:moved"))
    planned = read_over(stands, moved)
    assert (planned.products, planned.open_rows, planned.known_elsewhere) == ((), (), 1)
    planned = read_over(stands, replace(moved, packs=(Pack(CODE, 300, "BTx300"),)))
    [keyed] = planned.open_rows
    assert (keyed.row.gaps[0].reason, planned.known_elsewhere) == (OpenReason.CODE_OF_ANOTHER_PRODUCT, 0)
    assert keyed.row.gaps[0].found.endswith("30 / 300")


def test_the_real_files_do_not_contradict_one_another(data_folder: Path) -> None:
    assert data_folder == UNICOM_FILE.parent
    stands = {product.product_id: product for product in read_seed().products}
    for file in (UNICOM_FILE, BULLETIN_FILE, UNICOM_FILE):
        reading = read_file(file)
        planned = plan(reading, standing_of(*stands.values()))
        assert len(planned.open_rows) == len(reading.open_rows)
        stands |= {one.after.product_id: one.after for one in planned.products}
