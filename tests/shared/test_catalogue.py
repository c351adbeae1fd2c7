"""What may stand in for what, what never does by itself, and what is never accepted."""

from collections.abc import Iterable
from uuid import UUID

import pytest
from msgspec.structs import replace

from shared.catalogue import (
    FormGroup,
    Ingredient,
    Kind,
    Product,
    Route,
    is_cold_chain,
    is_controlled,
    is_decimal,
    is_never_automatic,
    product_id_for,
    substitution_group,
)


def medicine(key: str, *ingredients: tuple[str, str | None, str | None], **changes: object) -> Product:
    described = tuple(Ingredient(*ingredient) for ingredient in ingredients)
    product = Product(
        product_id=product_id_for(key),
        source_key=key,
        name=key.upper(),
        kind=Kind.MEDICINE,
        ingredients=described,
        form_group=FormGroup.ORAL_SOLID,
        form="tablet",
        route=Route.ORAL,
        unit="tablet",
        content_unit="tablet",
        atc=None,
        holder=None,
        controlled=False,
        never_automatic=is_never_automatic(described, FormGroup.ORAL_SOLID),
        cold_chain=False,
        packs=(),
    )
    return replace(product, **changes)


def groups(products: Iterable[Product]) -> set[str]:
    return {substitution_group(product) for product in products}


AMLODIPINE_5 = medicine("norvasc", ("amlodipine", "5", "mg"))


def test_a_source_key_gives_the_same_product_id_in_every_cell_for_ever() -> None:
    assert product_id_for("eof:2043001") == UUID("1e5835bd-98ad-5d9d-854d-2c2527029357")


def test_two_brands_of_one_medicine_share_a_group_even_as_tablet_and_capsule() -> None:
    other = medicine("normodin", ("amlodipine", "5", "mg"), form="capsule, hard", unit="capsule")
    other = replace(other, content_unit="capsule", atc="C08CA01", holder="GENEPHARM")
    assert len(groups([AMLODIPINE_5, other])) == 1


@pytest.mark.parametrize(
    "difference",
    [
        {"ingredients": (Ingredient("amlodipine", "10", "mg"),)},
        {"ingredients": (Ingredient("felodipine", "5", "mg"),)},
        {"form_group": FormGroup.ORAL_PROLONGED},
        {"form_group": FormGroup.ORAL_GASTRO_RESISTANT},
        {"form_group": FormGroup.ORAL_MODIFIED},
        {"form_group": FormGroup.ORAL_ORODISPERSIBLE},
        {"route": Route.SUBLINGUAL},
        {"content_unit": "ml"},
    ],
)
def test_another_strength_substance_form_route_or_measure_is_another_group(
    difference: dict[str, object],
) -> None:
    assert len(groups([AMLODIPINE_5, replace(AMLODIPINE_5, **difference)])) == 2


@pytest.mark.parametrize(
    ("one", "same"),
    [
        (("1000", "mg"), ("1", "g")),
        (("0.5", "mg"), ("500", "microgram")),
        (("0.50", "mg"), ("0.5", "MG")),
        (("25", "microgram"), ("25", "mcg")),
        (("25", "µg"), ("25", "μg")),
        (("100", "mg/5 ml"), ("20", "mg/ml")),
        (("100", "mg/5ml"), ("0.02", "g/ml")),
        (("10", "g/15 ml"), ("20", "g/30 ml")),
        (("240", "mg/24 h"), ("10", "mg/h")),
    ],
)
def test_one_strength_written_in_two_ways_is_one_group(one: tuple[str, str], same: tuple[str, str]) -> None:
    assert len(groups([medicine("a", ("metformin", *one)), medicine("b", ("metformin", *same))])) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("1", "%"), ("10", "mg/ml")),
        (("100", "mg"), ("100", "iu")),
        (("100", "mg"), ("100", "mg/ml")),
        (("5", "mg/ml"), ("5", "mg/g")),
        (("10", "g/15 ml"), ("0.667", "g/ml")),
    ],
)
def test_strengths_that_only_look_alike_stay_apart(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert len(groups([medicine("a", ("metformin", *one)), medicine("b", ("metformin", *other))])) == 2


def test_the_order_of_a_combination_makes_no_difference() -> None:
    one = medicine("exforge", ("amlodipine", "5", "mg"), ("valsartan", "160", "mg"))
    other = medicine("other", ("valsartan", "0.16", "g"), ("amlodipine", "5", "mg"))
    assert len(groups([one, other])) == 1


def test_a_combination_is_neither_its_parts_nor_itself_with_the_strengths_exchanged() -> None:
    combination = medicine("a", ("amlodipine", "5", "mg"), ("valsartan", "160", "mg"))
    exchanged = medicine("b", ("amlodipine", "160", "mg"), ("valsartan", "5", "mg"))
    assert len(groups([combination, exchanged, AMLODIPINE_5])) == 3


def test_a_known_misspelling_of_a_substance_is_the_substance() -> None:
    one = medicine("a", ("simvastatin", "20", "mg"))
    other = medicine("b", ("Simvastatine", "20", "mg"))
    assert len(groups([one, other])) == 1


@pytest.mark.parametrize(
    "ingredients",
    [
        [],
        [("amlodipine", None, None)],
        [("amlodipine", "5", None)],
        [("amlodipine", "0", "mg")],
        [("amlodipine", "5", "mg/0 ml")],
        [("amlodipine", "5", "mg"), ("valsartan", None, "mg")],
    ],
)
def test_an_unknown_strength_stands_in_for_nothing(
    ingredients: list[tuple[str, str | None, str | None]],
) -> None:
    one, other = medicine("a", *ingredients), medicine("b", *ingredients)
    assert substitution_group(one) == f"product:{one.product_id}" != substitution_group(other)


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": Kind.SANITARY},
        {"kind": Kind.PARAPHARMACEUTICAL},
        {"form_group": FormGroup.OTHER},
        {"route": Route.OTHER},
        {"never_automatic": True},
    ],
)
def test_what_is_no_medicine_or_not_known_to_be_alike_has_a_group_of_its_own(
    changes: dict[str, object],
) -> None:
    changed = replace(AMLODIPINE_5, **changes)
    assert substitution_group(changed) == f"product:{changed.product_id}"


@pytest.mark.parametrize(
    "moiety",
    [
        *(
            "levothyroxine",
            "levothyroxine sodium",
            "acenocoumarol",
            "warfarin",
            "lithium",
            "Lithium carbonate",
        ),
        *("digoxin", "ciclosporin", "cyclosporine", "tacrolimus", "insulin glargine", "insulin human"),
        *("carbamazepine", "valproic acid", "sodium valproate", "lamotrigine", "levetiracetam", "pregabalin"),
        *("phenytoin", "phenobarbital", "topiramate", "oxcarbazepine", "gabapentin", "clonazepam"),
    ],
)
def test_two_brands_of_a_critical_substance_are_never_exchanged_by_themselves(moiety: str) -> None:
    assert len(groups([medicine("a", (moiety, "100", "mg")), medicine("b", (moiety, "100", "mg"))])) == 2


def test_a_combination_with_a_critical_substance_is_never_exchanged_by_itself() -> None:
    assert is_never_automatic(
        [Ingredient("metformin", "1", "g"), Ingredient("lithium", "1", "mg")], FormGroup.ORAL_SOLID
    )


def test_an_inhaler_is_never_exchanged_by_itself_but_a_nebuliser_liquid_may_be() -> None:
    salbutamol = [Ingredient("salbutamol", "100", "microgram/dose")]
    assert is_never_automatic(salbutamol, FormGroup.INHALATION)
    assert not is_never_automatic(salbutamol, FormGroup.NEBULISATION)


@pytest.mark.parametrize(
    "moiety",
    [
        *("morphine", "Morphine sulfate", "fentanyl", "oxycodone", "buprenorphine", "methadone", "pethidine"),
        *("codeine", "codeine phosphate", "tramadol", "tramadol hydrochloride", "methylphenidate"),
        *("diazepam", "alprazolam", "lorazepam", "bromazepam", "clonazepam", "midazolam", "zolpidem"),
        *("phenobarbital", "dipotassium clorazepate", "sodium oxybate"),
    ],
)
def test_a_narcotic_is_known_alone_and_in_combination(moiety: str) -> None:
    assert is_controlled([moiety])
    assert is_controlled(["paracetamol", moiety])


@pytest.mark.parametrize("moiety", ["paracetamol", "apomorphine", "pregabalin", "levomepromazine", "naloxone"])
def test_what_only_resembles_a_narcotic_is_not_refused(moiety: str) -> None:
    assert not is_controlled([moiety])


def test_insulin_is_cold_and_metformin_is_not() -> None:
    assert is_cold_chain(["insulin aspart"])
    assert not is_cold_chain(["metformin"])


@pytest.mark.parametrize("text", ["5", "0.25", "1000", "12.5"])
def test_a_decimal_strength_is_digits_and_a_point(text: str) -> None:
    assert is_decimal(text)


@pytest.mark.parametrize(
    "text", ["", "0", "0.0", "-5", "1,5", "1e3", "NaN", "Infinity", "5.", " 5", "٥", "5" * 13, "1/2"]
)
def test_anything_else_is_no_strength(text: str) -> None:
    assert not is_decimal(text)
