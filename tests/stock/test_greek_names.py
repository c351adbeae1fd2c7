"""A Greek pack's name is read right or left open, never wrong."""

import csv
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.stock.catalogue.forms import FORMS
from services.stock.catalogue.names import Field, PackName, read_pack_name
from services.stock.catalogue.names.amounts import decimal_of
from services.stock.catalogue.names.form_codes import LABELS
from services.stock.catalogue.names.letters import fold
from shared.catalogue import Route, is_decimal
from tests.stock.greek_tables import as_written, table

NAMES = table("greek_names.psv")
GREEK_OF_LATIN = str.maketrans("ABEZHIKMNOPTYXabezhikmnoptyx", "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ" * 2)


@pytest.mark.parametrize("row", NAMES, ids=[row["name"] for row in NAMES])
def test_a_name_says_what_the_table_says(row: dict[str, str]) -> None:
    assert as_written(read_pack_name(row["name"])) == {key: row[key] for key in row if key != "name"}


def test_most_names_of_the_table_are_read_whole() -> None:
    """The table is full of traps on purpose; it says where the line runs, and is not to be all open."""
    whole = [row["name"] for row in NAMES if "?" not in "".join(row.values())]
    assert len(NAMES) >= 300
    assert len(whole) >= 0.75 * len(NAMES)


def test_no_code_is_of_two_forms() -> None:
    labels: dict[str, set[str]] = {}
    for label, codes in LABELS.items():
        for code in codes.split():
            labels.setdefault(code.replace(".", ""), set()).add(label)
    assert not {code: found for code, found in labels.items() if len(found) > 1}


def test_every_form_of_the_bulletin_has_a_group() -> None:
    assert {label for label in LABELS if label not in FORMS} == set()


UNICOM_ITSELF_IS_WRONG = {
    "AMLIBON TAB 5MG/TAB BTx30 (BLISTER)",  # its column says 20
    "NUROFEN FOR CHILDREN\xa0 oral.SUSP 100MG/5ML FLx150 ML",  # 150 tablets of a suspension
}


def test_unicom_names_are_read_as_its_columns_say(data_folder: Path) -> None:
    with (data_folder / "unicom_greece_packs.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    wrong: dict[str, list[str]] = {}
    still_open: dict[str, frozenset[Field]] = {}
    for row in rows:
        name = read_pack_name(row["full_name"])
        if found := _unlike_unicom(name, row):
            wrong[row["full_name"]] = found
        elif name.open:
            still_open[row["full_name"]] = name.open
    assert wrong.keys() == UNICOM_ITSELF_IS_WRONG, wrong
    assert not still_open, still_open
    right = len(rows) - len(wrong)
    assert (len(rows), right, len(wrong)) == (238, 236, 2)
    assert right >= 0.97 * len(rows)


def _unlike_unicom(name: PackName, row: dict[str, str]) -> list[str]:
    """What the columns say and the name was not read to say; open fields are looked at apart."""
    printed = re.match(r"[0-9.,]+", row["strength_local"])
    strengths = {row["strength_value"], decimal_of(printed.group()) if printed else None}
    group = FORMS[row["form_label"].lower()].group
    size = int(row["pack_size"])
    if row["unit"] or row["pack_volume_unit"] in {"ampoule", "vial"}:
        pack = (size, row["unit"] or row["pack_volume_unit"], name.content_per_unit)
    else:
        pack = (1, "bottle", str(size))
    checks = {
        "strengths": not name.strengths or (len(name.strengths) == 1 and name.strengths[0] in strengths),
        "form_group": name.form_group in {None, group},
        "pack": (name.units_per_pack, name.unit, name.content_per_unit) == pack,
        "route": name.route in {None, Route(row["route"].split()[0].lower())},
    }
    return [field for field, is_right in checks.items() if not is_right]


@pytest.mark.parametrize(
    ("text", "unit", "number"),
    [
        ("0,25", "mg", "0.25"),
        ("0.25", "mg", "0.25"),
        ("1,0", "mg", "1"),
        ("12.50", "mg", "12.5"),
        ("1.250,5", "mg", "1250.5"),
        ("1,250.5", "mg", "1250.5"),
        ("1.000.000", "iu", "1000000"),
        ("1,000,000", "iu", "1000000"),
        ("5.000", "iu", "5000"),
        ("0,500", "mg", "0.5"),
        ("2,810", "g", "2.81"),
        ("0.125", "mg", "0.125"),
        ("1.000", "mg", None),  # a thousand, or one
        ("1,500", "mg", None),
        ("2,500", "u", None),
        ("1.750", "", None),
        ("0", "mg", None),
        ("1.2.3", "mg", None),
        ("9" * 40, "mg", None),
    ],
)
def test_a_point_or_comma_parts_decimals_or_thousands_or_is_left_open(text: str, unit: str, number: str | None) -> None:
    assert decimal_of(text, unit) == number


def test_greek_capitals_are_read_as_the_latin_ones_they_look_like() -> None:
    assert fold("ΒΤΧ30 (ΒLΙSΤ 3χ10)") == "BTX30 (BLIST 3X10)"
    assert fold("Δισκία ή κάψουλες") == "ΔIΣKIA H KAΨOYΛEΣ"


def test_a_small_mu_is_a_millionth_and_a_capital_one_before_g_is_open() -> None:
    assert {fold(text) for text in ("15μg", "15 µg", "15mcg")} == {"15MCG", "15 MCG"}
    for text in ("X TAB 15μg/TAB BTx30", "X TAB 15µg/TAB BTx30", "X TAB 15MCG/TAB BTx30", "X TAB 15 μG/TAB BTx30"):
        assert (read_pack_name(text).strengths, read_pack_name(text).strength_unit) == (("15",), "microgram")
    assert Field.STRENGTHS in read_pack_name("X TAB 15ΜG/TAB BTx30").open


def test_a_bottle_of_30_tablets_is_no_bottle_of_5_ml() -> None:
    tablets, drops = read_pack_name("X TAB 5MG/TAB FLX30"), read_pack_name("X EY.DRO.SOL 0,5% FLX5ML")
    assert (tablets.units_per_pack, tablets.unit, tablets.content_per_unit) == (30, "tablet", "1")
    assert (drops.units_per_pack, drops.unit, drops.content_per_unit, drops.content_unit) == (1, "bottle", "5", "ml")
    assert Field.UNITS_PER_PACK in read_pack_name("X TAB 5MG/TAB FLX5ML").open


def test_a_count_that_brackets_contradict_stays_open() -> None:
    assert read_pack_name("X TAB 5MG/TAB BTx30 (BLIST 3x10)").units_per_pack == 30
    assert read_pack_name("X TAB 5MG/TAB BTx30 (BLIST 2x10)").units_per_pack is None
    assert read_pack_name("X TAB 5MG/TAB BTx30 (28 TABS)").units_per_pack is None


def test_units_printed_u_are_not_called_international() -> None:
    assert read_pack_name("BOTOX PD.INJ.SOL 100U/VIAL BTx1VIAL").strength_unit == "u"


def test_the_route_is_told_only_where_the_form_tells_it() -> None:
    assert read_pack_name("X F.C.TAB 5MG/TAB BTx30").route is Route.ORAL
    assert read_pack_name("X SOL.IV.INF 10MG/ML BTx1VIALx5ML").route is Route.INTRAVENOUS
    for elsewhere in ("GYNO-X CREAM 1% TUBx78G", "X SUBLINGUAL TAB 5MG/TAB BTx30", "X LINGUAL TAB 5MG/TAB BTx30"):
        assert {Field.ROUTE, Field.FORM_GROUP} <= read_pack_name(elsewhere).open
    assert read_pack_name("X SUBL.SPR 0,4MG/DOSE FLx200DOSES").route is Route.SUBLINGUAL
    assert read_pack_name("X XYZ 5MG TUBx30G").route is None
    injection = read_pack_name("X INJ.SOL 10MG/ML BTx5AMPSx1ML")
    assert injection.route is None
    assert injection.open == {Field.ROUTE}


# Spacing, capitals and alphabet say nothing. Not changed here: the M of mg and ml, as a Greek one is another unit.

WHOLE = [row["name"] for row in NAMES if not re.search(r"[µμΜ]", row["name"])]


@st.composite
def respelled(draw: st.DrawFn) -> tuple[str, str]:
    name = draw(st.sampled_from(WHOLE))
    spaced = "".join(draw(st.sampled_from((" ", "  ", "\t", "\xa0"))) if sign == " " else sign for sign in name)
    if draw(st.booleans()):
        spaced = re.sub(r"(?<=[0-9])(?=[a-zA-Z])", " ", spaced)
    spelled = draw(st.sampled_from((str, str.lower, str.upper)))(spaced)
    to_greek = draw(st.lists(st.booleans(), min_size=len(spelled), max_size=len(spelled)))
    return name, "".join(
        sign.upper().translate(GREEK_OF_LATIN) if swap and sign not in "mM" else sign
        for sign, swap in zip(spelled, to_greek, strict=True)
    )


def _said(name: PackName) -> object:
    said = as_written(name)
    return {key: said[key] for key in said if key != "brand"}, name.open


@settings(max_examples=400, deadline=None)
@given(respelled())
def test_spacing_capitals_and_alphabet_never_change_what_is_read(names: tuple[str, str]) -> None:
    written, changed = names
    assert _said(read_pack_name(changed)) == _said(read_pack_name(written))


WORDS = """
F.C.TAB TAB CAPS SYR INJ.SOL EY.DRO.SOL INH.SUS.P CREAM 5 850 1.000 0,3 MG MCG μg ML IU % / /TAB /5ML ( ) [ + - . , BT
BTx x X FL AMP VIAL BLIST 3x10 PF.SYR PENS DOSES SACHETS G ΔΙΣΚΙΑ σε PVC ® ΦΙΑΛΗ BTXBTXBTX
"""
PIECES = st.sampled_from(WORDS.split())


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.text(max_size=600), st.lists(PIECES, max_size=14).map(" ".join), st.lists(PIECES).map("".join)))
def test_nonsense_is_left_open_and_never_raises(text: str) -> None:
    name = read_pack_name(text)
    known = {
        Field.STRENGTHS: bool(name.strengths),
        Field.FORM_GROUP: name.form_group is not None,
        Field.UNITS_PER_PACK: name.units_per_pack is not None,
        Field.CONTENT_PER_UNIT: name.content_per_unit is not None,
        Field.UNIT: bool(name.unit),
        Field.ROUTE: name.route is not None,
    }
    assert {field for field, is_known in known.items() if not is_known} == name.open & known.keys()
    assert all(map(is_decimal, name.strengths))
    assert len(name.strength_units) == len(name.strengths)
    assert name.units_per_pack is None or 0 < name.units_per_pack <= 10_000
    assert name.content_per_unit is None or is_decimal(name.content_per_unit)


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("X CAPS 5MG/CAP BTx30", "capsule"),  # hard or soft, nothing says
        ("X PR.CAP 5MG/CAP BTx30", "prolonged-release capsule"),
        ("X SOFT.CAPS 5MG/CAP BTx30", "capsule, soft"),
        ("X PS.INJ.SOL 1G/VIAL BTx1VIAL+1AMPx10ML", "powder and solvent for solution for injection"),
        ("X PS.PR.IN.SU 1G/VIAL BTx1VIAL+1AMP", "powder and solvent for prolonged-release suspension for injection"),
        ("X AER.MD.INH 20MCG/DOSE FLx200DOSES", "pressurised inhalation"),
        ("X EY.DRO 1% FLx5ML", "eye drops"),
    ],
)
def test_a_form_is_called_no_more_than_its_code_says(name: str, form: str) -> None:
    assert read_pack_name(name).form == form


def test_a_form_that_is_not_known_keeps_its_pack() -> None:
    name = read_pack_name("X NAIL.LAC 5% BTx1 BOTTLEx2,5ML")
    assert (name.head, name.pack, name.brand, name.form) == ("X NAIL.LAC 5%", "BTx1 BOTTLEx2,5ML", "", "")
    assert (name.units_per_pack, name.unit, name.content_per_unit, name.content_unit) == (1, "bottle", "2.5", "ml")
    assert read_pack_name("X XYZ 100IU/ML FLx10ML").content_per_unit is None  # of insulin it would be counted in iu
