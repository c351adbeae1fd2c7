"""The French packs: a sample that was checked by hand, the traps one by one, and the whole file."""

import csv
from pathlib import Path

import pytest

from services.stock.catalogue import OpenReason, Reading, read_bdpm
from services.stock.catalogue.planning import Standing, plan
from services.stock.catalogue.preview import PreviewRow, preview_rows
from shared.catalogue import FormGroup, Route, substitution_group
from tests.stock.catalogue_files import DATA_FOLDER, reasons, write_csv

FRENCH_FILE = DATA_FOLDER / "bdpm_2017_packs.csv"
SAMPLE = Path(__file__).with_name("french_packs.csv")
"""Rows of the real file, and beside them, in the columns `is_…`, what a person read on them."""

FRENCH_ROW = {
    "cip13": "3400934969935",
    "cis": "60000001",
    "name": "RANITIDINE BIOGARAN 150 mg, comprimé pelliculé",
    "form": "comprimé pelliculé",
    "route": "orale",
    "substances": "CHLORHYDRATE DE RANITIDINE",
    "strengths": "167,4 mg",
    "per": "un comprimé",
    "pack_label": "plaquette(s) thermoformée(s) PVC de 30 comprimé(s)",
}


def sample() -> list[dict[str, str]]:
    with SAMPLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def joined(texts: tuple[str, ...] | None) -> str:
    return " + ".join(texts or ())


def test_the_sample_that_was_checked_by_hand_is_read_as_it_was_checked(tmp_path: Path) -> None:
    rows = sample()
    found = read_bdpm(write_csv(tmp_path / "packs.csv", rows))
    told = {row.code: row for row in preview_rows(plan(found, Standing()))}
    assert len(rows) == len(told) >= 80
    assert len({row["is_form_group"] for row in rows}) > 15
    wrong = {row["cip13"]: (row, told[row["cip13"]]) for row in rows if as_checked(row) != as_told(told[row["cip13"]])}
    assert not wrong


def as_checked(row: dict[str, str]) -> list[str]:
    return [value for column, value in row.items() if column.startswith("is_")]


def as_told(row: PreviewRow) -> list[str]:
    numbers = [row.units_per_pack, row.content_per_unit]
    return [
        joined(row.substances),
        joined(row.strengths),
        row.strength_unit or "",
        row.form_group or "",
        *("" if number is None else str(number) for number in numbers),
        row.content_unit or "",
        " ".join(row.open),
    ]


def french(tmp_path: Path, **changes: str) -> Reading:
    return read_bdpm(write_csv(tmp_path / "packs.csv", [FRENCH_ROW | changes]))


def strength(found: Reading) -> list[tuple[str, str | None, str | None]]:
    (product,) = found.products
    return [(part.moiety, part.strength, part.strength_unit) for part in product.ingredients]


def test_the_box_has_the_word_where_the_column_weighs_the_salt(tmp_path: Path) -> None:
    assert strength(french(tmp_path)) == [("ranitidine", "150", "mg")]
    assert strength(french(tmp_path, strengths="")) == [("ranitidine", "150", "mg")]


TRIPLE = {
    "name": "TRIPLIXAM 10 mg/2,5 mg/5 mg, comprimé pelliculé",
    "substances": "INDAPAMIDE + PÉRINDOPRIL ARGININE + BÉSILATE D'AMLODIPINE",
    "strengths": "2,5 mg + 10 mg + 6,935 mg",
}


def test_each_substance_of_a_combination_has_its_own_strength(tmp_path: Path) -> None:
    assert strength(french(tmp_path, **TRIPLE)) == [
        ("indapamide", "2.5", "mg"),
        ("perindopril", "10", "mg"),
        ("amlodipine", "5", "mg"),
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"strengths": "140 mg"},  # less than the box says
        {"strengths": "400 mg"},  # no salt is so heavy
        {"substances": "RANITIDINE"},  # no salt is named
        {"name": "RANITIDINE 150, comprimé"},  # the box says nothing, the salt may be weighed
        {"name": "RANITIDINE 150 mg/300 mg, comprimé"},
        {"name": "RANITIDINE 150/300 mg, comprimé"},
        {"name": "RANITIDINE 150 mg (base), comprimé"},
        {"strengths": "qs"} | {"name": "RANITIDINE, comprimé"},
        {"strengths": "150 mg + 12 mg"},
        {"per": "1 ml"},
        TRIPLE | {"strengths": "2,5 mg + 13 mg + 6,935 mg"},  # two of three don't agree
        {"substances": "SULFATE DE MACHINÉINE", "strengths": "167 mg"},  # not in the table
        {"substances": "CARBONATE DE CALCIUM", "strengths": "", "name": "CALCIUM 500 mg, comprimé"},  # of calcium?
    ],
)
def test_a_strength_that_is_not_certain_stays_open(tmp_path: Path, changes: dict[str, str]) -> None:
    found = french(tmp_path, **changes)
    if changes == {"per": "1 ml"}:
        # The column is no tablet's, and the box alone is certain.
        assert strength(found) == [("ranitidine", "150", "mg")]
        return
    assert found.products == ()
    assert set(reasons(found)) <= {OpenReason.STRENGTH_MISSING, OpenReason.STRENGTH_CONTRADICTED}
    assert found.open_rows[0].known.strengths is None


@pytest.mark.parametrize(
    ("label", "units"),
    [
        ("plaquette(s) thermoformée(s) PVC de 30  comprimé(s)", 30),
        ("3 plaquette(s) thermoformée(s) PVC-Aluminium de 28 comprimé(s)", 84),
        ("100 plaquette(s) PVC de 1 comprimé(s)", 100),
        ("flacon(s) polyéthylène haute densité (PEHD) avec fermeture de sécurité enfant de 60 comprimé(s)", 60),
        ("2 tube(s) polypropylène de 20 comprimé(s) ( abrogée le 31/03/2016)", 40),
    ],
)
def test_what_a_label_counts_is_handed_out_one_by_one(tmp_path: Path, label: str, units: int) -> None:
    (product,) = french(tmp_path, pack_label=label).products
    assert (product.packs[0].units_per_pack, product.unit, product.content_per_unit) == (units, "tablet", 1)


@pytest.mark.parametrize(
    "label",
    [
        "",
        "30",
        "plaquette(s) PVC de 21 comprimé(s) - plaquette(s) PVC de 7 comprimé(s)",
        "plaquette(s) PVC de 20 gélule(s)",  # the form is a tablet
        "1 flacon(s) en verre de 150 ml",
        "plaquette(s) PVC de 30 comprimé(s) + 1 flacon(s)",
        "plaquette(s) PVC de 2,5 comprimé(s)",
        "1 boîte(s) (2 x 15) de 30 comprimé(s)",
        "99999 plaquette(s) PVC de 30 comprimé(s)",
    ],
)
def test_a_label_that_is_not_certain_stays_open(tmp_path: Path, label: str) -> None:
    found = french(tmp_path, pack_label=label)
    assert (found.products, reasons(found)) == ((), [OpenReason.PACK_SIZE_MISSING])
    assert found.open_rows[0].known.substances == ("ranitidine",)
    assert found.open_rows[0].known.units_per_pack is None


LIQUID = {
    "name": "RISPERDAL 1 mg/ml, solution buvable",
    "form": "solution buvable",
    "substances": "RISPÉRIDONE",
    "strengths": "0,1 g",
    "per": "100 ml de solution",
    "pack_label": "1 flacon(s) en verre brun de 30 ml avec seringue(s) pour administration orale",
}


def test_a_bottle_is_measured_in_ml_and_half_a_ml_is_left_open(tmp_path: Path) -> None:
    (product,) = french(tmp_path, **LIQUID).products
    assert (product.form_group, product.unit, product.content_per_unit) == (FormGroup.ORAL_LIQUID, "bottle", 30)
    assert [(part.strength, part.strength_unit) for part in product.ingredients] == [("1", "mg/ml")]
    found = french(tmp_path, **LIQUID | {"pack_label": "1 flacon(s) en verre de 2,5 ml"})
    assert reasons(found) == [OpenReason.CONTENT_MISSING]
    assert (found.open_rows[0].known.units_per_pack, found.open_rows[0].known.content_per_unit) == (1, None)


def test_an_ampoule_holds_its_concentration_times_its_volume(tmp_path: Path) -> None:
    found = french(
        tmp_path,
        name="LARGACTIL 25 mg/5 ml, solution injectable",
        form="solution injectable",
        route="intramusculaire;intraveineuse",
        substances="CHLORPROMAZINE",
        strengths="5 mg",
        per="1 ml",
        pack_label="5 ampoule(s) en verre de 5 ml",
    )
    assert strength(found) == [("chlorpromazine", "25", "mg")]
    (product,) = found.products
    assert (product.route, product.packs[0].units_per_pack, product.unit) == (Route.OTHER, 5, "ampoule")
    assert substitution_group(product) == f"product:{product.product_id}", "by which route, is for a person"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"form": "machin"}, OpenReason.FORM_UNKNOWN),
        ({"route": "vaginale"}, OpenReason.FORM_UNKNOWN),
        ({"route": "orale;vaginale"}, OpenReason.FORM_UNKNOWN),
        ({"form": "comprimé et  comprimé"}, OpenReason.FORM_UNKNOWN),
        ({"substances": ""}, OpenReason.SUBSTANCE_MISSING),
        ({"substances": "RANITIDINE + CHLORHYDRATE DE RANITIDINE"}, OpenReason.SEVERAL_SUBSTANCES),
        ({"cip13": "3400934969936"}, OpenReason.CODE_INVALID),
        ({"cis": "6"}, OpenReason.KEY_MISSING),
        ({"name": ""}, OpenReason.NAME_MISSING),
    ],
)
def test_a_french_row_that_lacks_something_is_open_for_that_reason(
    tmp_path: Path, changes: dict[str, str], reason: OpenReason
) -> None:
    found = french(tmp_path, **changes)
    assert found.products == ()
    assert reason in reasons(found)


def test_bottles_of_two_sizes_are_two_products_and_packs_of_tablets_one(tmp_path: Path) -> None:
    small, large = LIQUID | {"cip13": "3400949497294"}, LIQUID | {"pack_label": "1 flacon(s) de 60 ml"}
    assert len(read_bdpm(write_csv(tmp_path / "a.csv", [FRENCH_ROW | small, FRENCH_ROW | large])).products) == 2
    packs = [FRENCH_ROW, FRENCH_ROW | {"cip13": "3400949497294", "pack_label": "plaquette(s) de 90 comprimé(s)"}]
    (product,) = read_bdpm(write_csv(tmp_path / "b.csv", packs)).products
    assert [pack.units_per_pack for pack in product.packs] == [30, 90]


def test_every_row_of_the_real_file_is_a_pack_or_open(data_folder: Path) -> None:
    found = read_bdpm(data_folder / FRENCH_FILE.name)
    packs = sum(len(product.packs) for product in found.products)
    assert packs + len(found.open_rows) == 20_080
    assert packs > 13_000
    assert all(row.gaps for row in found.open_rows)
    narcotics = {"morphine", "fentanyl", "codeine", "alprazolam", "tramadol", "zolpidem"}
    named = [p for p in found.products if any(i.moiety in narcotics for i in p.ingredients)]
    assert len(named) > 100
    assert all(product.controlled for product in named)
    groups = {substitution_group(p) for p in found.products if [i.moiety for i in p.ingredients] == ["amlodipine"]}
    assert {f"amlodipine {mg} mg; oral_solid; oral; piece" for mg in (5, 10)} <= groups
