"""UNICOM's packs, and bad files: every row is read, or left open with its reason; nothing is guessed."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from services.stock.catalogue import (
    CatalogueFileUnreadable,
    OpenReason,
    Reading,
    read_unicom,
    tables,
    unicom,
)
from services.stock.catalogue.reading import has_valid_check_digit
from shared.catalogue import FormGroup, Route, is_decimal, substitution_group
from tests.stock.catalogue_files import NO_DATA, UNICOM_FILE, named, reasons, write_csv

UNICOM_ROW = {
    "barcode_280": "2802043001024",
    "eof_code": "204300102",
    "full_name": "NORVASC CAPS 5MG/CAP ΒΤΧ14(BLIST 1X14)",
    "moiety": "amlodipine",
    "atc": "C08CA01",
    "form_edqm": "10210000",
    "form_label": "capsule, hard",
    "unit": "capsule",
    "pack_size": "14",
    "pack_volume_unit": "",
    "pack_local": "ΒΤΧ14(BLIST 1X14)",
    "strength_value": "5",
    "strength_unit": "mg",
    "strength_local": "5MG/CAP",
    "route": "oral use",
    "mah": "UPJOHN HELLAS Ε.Π.Ε.",
}
SYRUP = {
    "full_name": "TEGRETOL SYR 100MG/5ML FLX250ML",
    "form_edqm": "10117000",
    "form_label": "syrup",
    "unit": "",
    "pack_size": "250",
    "pack_volume_unit": "mL",
    "pack_local": "FLX250ML",
    "strength_value": "100",
    "strength_local": "100MG/5ML",
}
AMPOULE = {
    "full_name": "PEDEA SOL.IV.INF 10MG/2ML BTX4AMPX2ML",
    "form_edqm": "11210000",
    "form_label": "solution for infusion",
    "unit": "",
    "pack_size": "4",
    "pack_volume_unit": "ampoule",
    "pack_local": "BTX4AMPX2ML",
    "strength_value": "10",
    "strength_local": "10MG/2ML",
    "route": "Intravenous use",
}
SECOND_PACK = {"barcode_280": "2802043001017", "eof_code": "204300101"}


def unicom_of(tmp_path: Path, *changes: dict[str, str]) -> Reading:
    return read_unicom(write_csv(tmp_path / "packs.csv", [UNICOM_ROW | change for change in changes]))


@pytest.fixture(scope="module")
def greek_packs() -> Reading:
    if not UNICOM_FILE.exists():
        pytest.skip(NO_DATA)
    return read_unicom(UNICOM_FILE)


def test_every_unicom_row_is_a_pack_or_open_with_its_reason(greek_packs: Reading) -> None:
    packs = sum(len(product.packs) for product in greek_packs.products)
    assert (len(greek_packs.products), packs, len(greek_packs.open_rows)) == (190, 232, 6)
    assert {row.row_number: [gap.reason for gap in row.gaps] for row in greek_packs.open_rows} == {
        8: [OpenReason.PACK_SIZE_CONTRADICTED],  # the column says 20, the name BTx30
        54: [OpenReason.FORM_CONTRADICTED],  # a tablet's code with a capsule's label
        84: [OpenReason.UNIT_CONTRADICTED],  # capsules in ml
        87: [OpenReason.UNIT_CONTRADICTED],
        94: [OpenReason.UNIT_CONTRADICTED],  # a suspension in tablets
        101: [OpenReason.UNIT_MISSING],  # 150 of what?
    }
    assert all(row.text and gap.found is not None for row in greek_packs.open_rows for gap in row.gaps)


def test_unicom_brands_meet_in_groups_by_substance_strength_and_form(greek_packs: Reading) -> None:
    sizes = Counter(substitution_group(product) for product in greek_packs.products)
    norvasc = named(greek_packs, "NORVASC CAPS 5MG/CAP")
    assert substitution_group(norvasc) == substitution_group(named(greek_packs, "NORMODIN TAB 5MG/TAB"))
    assert len([size for size in sizes.values() if size > 1]) == 8
    assert sizes["simvastatin 40 mg; oral_solid; oral; piece"] == 58


def test_unicom_tells_prolonged_release_liquids_and_injections_apart(greek_packs: Reading) -> None:
    forms = {
        product.form_group: (product.unit, product.content_per_unit, product.content_unit)
        for product in greek_packs.products
    }
    assert forms == {
        FormGroup.ORAL_SOLID: forms[FormGroup.ORAL_SOLID],
        FormGroup.ORAL_PROLONGED: ("tablet", 1, "tablet"),
        FormGroup.ORAL_LIQUID: ("bottle", 250, "ml"),
        FormGroup.INJECTION: ("vial", 1, "vial"),
        FormGroup.RECTAL: ("suppository", 1, "suppository"),
    }
    tegretol = [p for p in greek_packs.products if p.name.startswith("TEGRETOL")]
    assert len({substitution_group(product) for product in tegretol}) == 4
    assert all(product.never_automatic for product in tegretol)


def test_packs_of_one_brand_strength_and_form_are_one_product(greek_packs: Reading) -> None:
    vassor = named(greek_packs, "VASSOR F.C.TAB 40MG/TAB")
    assert [pack.units_per_pack for pack in vassor.packs] == [10, 30, 60]
    assert vassor.packs[0].label == "BTx10(1 BLIST x10)"
    uncoded = named(greek_packs, "AMLODIPINE MALEATE/GENERICS TAB 5MG/TAB")
    assert [(pack.code, pack.units_per_pack, pack.label) for pack in uncoded.packs] == [
        (None, 14, "BTx14"),
        (None, 28, "BTx28"),
    ]


def test_both_holders_of_an_authorisation_that_changed_hands_are_kept(greek_packs: Reading) -> None:
    assert named(greek_packs, "LIPEXAL F.C.TAB 40MG/TAB").holder == "INNOVIS PHARMA A.E.B.E / ΦΑΡΜΑΤΕΝ ΕΛΛΑΣ ΑΕΒΕ"


def test_strengths_stay_decimal_text_and_codes_keep_their_zeros(greek_packs: Reading) -> None:
    for product in greek_packs.products:
        for ingredient in product.ingredients:
            assert isinstance(ingredient.strength, str) and is_decimal(ingredient.strength)
            assert ingredient.moiety == ingredient.moiety.lower() != "simvastatine"
    assert named(greek_packs, "TEGRETOL TAB 200MG/TAB").source_key == "eof:0304401"


def test_packs_whose_rows_disagree_are_products_of_their_own(tmp_path: Path) -> None:
    found = unicom_of(tmp_path, {}, SECOND_PACK | {"strength_value": "10", "strength_local": "10MG/CAP"})
    assert [product.ingredients[0].strength for product in found.products] == ["5", "10"]
    assert len({product.product_id for product in found.products}) == 2


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"full_name": ""}, OpenReason.NAME_MISSING),
        ({"moiety": ""}, OpenReason.SUBSTANCE_MISSING),
        ({"moiety": "amlodipine, valsartan"}, OpenReason.SEVERAL_SUBSTANCES),
        ({"strength_value": ""}, OpenReason.STRENGTH_MISSING),
        ({"strength_value": "1,000"}, OpenReason.STRENGTH_MISSING),
        ({"strength_value": "10"}, OpenReason.STRENGTH_CONTRADICTED),
        ({"strength_unit": "microgram"}, OpenReason.STRENGTH_CONTRADICTED),
        ({"form_label": "magic bean", "form_edqm": ""}, OpenReason.FORM_UNKNOWN),
        ({"form_label": "capsule, soft"}, OpenReason.FORM_CONTRADICTED),
        ({"route": "by post"}, OpenReason.ROUTE_UNKNOWN),
        ({"unit": ""}, OpenReason.UNIT_MISSING),
        ({"unit": "tablet"}, OpenReason.UNIT_CONTRADICTED),
        ({"pack_size": ""}, OpenReason.PACK_SIZE_MISSING),
        ({"pack_size": "0"}, OpenReason.PACK_SIZE_MISSING),
        ({"pack_size": "28"}, OpenReason.PACK_SIZE_CONTRADICTED),
        ({"barcode_280": "2802043001025"}, OpenReason.CODE_INVALID),
        ({"barcode_280": "2802043002021"}, OpenReason.CODE_INVALID),
        ({"eof_code": "20430010"}, OpenReason.CODE_INVALID),
        (SYRUP | {"strength_local": ""}, OpenReason.STRENGTH_MISSING),
        (SYRUP | {"strength_value": "50"}, OpenReason.STRENGTH_CONTRADICTED),
        (SYRUP | {"strength_unit": "microgram"}, OpenReason.STRENGTH_CONTRADICTED),
        (SYRUP | {"pack_size": "150"}, OpenReason.PACK_SIZE_CONTRADICTED),
        (AMPOULE | {"pack_local": ""}, OpenReason.STRENGTH_MISSING),
        (AMPOULE | {"strength_value": "5"}, OpenReason.STRENGTH_CONTRADICTED),
    ],
)
def test_a_row_that_lacks_or_contradicts_something_is_open_for_that_reason(
    tmp_path: Path, change: dict[str, str], reason: OpenReason
) -> None:
    found = unicom_of(tmp_path, change)
    assert (found.products, reasons(found)) == ((), [reason])


def test_everything_a_row_lacks_is_said_at_once(tmp_path: Path) -> None:
    found = unicom_of(tmp_path, {"moiety": "", "route": "", "pack_size": ""})
    missing = {OpenReason.SUBSTANCE_MISSING, OpenReason.ROUTE_UNKNOWN, OpenReason.PACK_SIZE_MISSING}
    assert set(reasons(found)) == missing


def test_a_syrup_may_give_its_strength_for_the_printed_measure_or_for_one_ml(tmp_path: Path) -> None:
    for value in ("100", "20"):
        (syrup,) = unicom_of(tmp_path, SYRUP | {"strength_value": value}).products
        assert (syrup.ingredients[0].strength, syrup.ingredients[0].strength_unit) == ("100", "mg/5 ml")
        assert (syrup.packs[0].units_per_pack, syrup.content_per_unit, syrup.content_unit) == (1, 250, "ml")


def test_an_ampoule_holds_its_concentration_times_its_volume(tmp_path: Path) -> None:
    (ampoule,) = unicom_of(tmp_path, AMPOULE).products
    assert (ampoule.ingredients[0].strength, ampoule.ingredients[0].strength_unit) == ("10", "mg")
    assert (ampoule.route, ampoule.packs[0].units_per_pack) == (Route.INTRAVENOUS, 4)


def test_a_controlled_substance_is_flagged_by_the_import(tmp_path: Path) -> None:
    (product,) = unicom_of(tmp_path, {"moiety": "Tramadol hydrochloride"}).products
    assert product.controlled


def test_a_substance_that_is_mostly_kept_cold_is_flagged_by_the_import(tmp_path: Path) -> None:
    (insulin,) = unicom_of(tmp_path, {"moiety": "insulin human"}).products
    assert insulin.cold_chain and insulin.never_automatic


def test_a_code_met_twice_is_open_the_second_time(tmp_path: Path) -> None:
    found = unicom_of(tmp_path, {}, {})
    assert (len(found.products), reasons(found)) == (1, [OpenReason.CODE_REPEATED])


def test_a_row_with_a_field_too_many_does_not_shift_its_columns(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "packs.csv", [UNICOM_ROW])
    path.write_text(path.read_text("utf-8").replace("C08CA01", "C08CA01,stray"), "utf-8")
    assert reasons(read_unicom(path)) == [OpenReason.COLUMNS_SHIFTED]


def test_a_byte_order_mark_and_blank_lines_do_no_harm(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "packs.csv", [UNICOM_ROW])
    path.write_text(path.read_text("utf-8").replace("\n", "\n\n"), "utf-8-sig")
    assert len(read_unicom(path).products) == 1


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (",".join(unicom.COLUMNS).encode(), "no rows"),
        (b"barcode_280,eof_code\n1,2\n", "lacks the columns full_name"),
        (b"PK\x03\x04\x14\x00\x06\x00", "is a workbook: save it as CSV"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "is a workbook: save it as CSV"),
        ((",".join(unicom.COLUMNS) + ",atc\nx\n").encode(), "atc twice"),
        ("όνομα,μορφή\n".encode("iso-8859-7"), "UTF-8"),
        ("name,form\n".encode("utf-16"), "UTF-8"),
        ((",".join(unicom.COLUMNS) + '\n"never closed').encode(), "proper CSV.*row 2"),
        ((",".join(unicom.COLUMNS) + '\n1\n\n2,"one ampoule\n3\n4\n').encode(), "row 4 opens a quotation mark"),
        ((",".join(unicom.COLUMNS) + '\n1\n2,"5" mg\n4\n').encode(), "row 3 .* or has one too many"),
        ((",".join(unicom.COLUMNS) + "\na\0b\n").encode(), "zero byte"),
        ((",".join(unicom.COLUMNS) + "\n" + "x" * 4001 + "\n").encode(), "row 2, has a field of over 4,000"),
    ],
)
def test_a_bad_file_says_what_is_wrong_with_it(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "packs.csv"
    path.write_bytes(content)
    with pytest.raises(CatalogueFileUnreadable, match=says):
        read_unicom(path)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_the_columns_may_be_parted_as_a_spreadsheet_parts_them(tmp_path: Path, separator: str) -> None:
    path = tmp_path / "packs.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=separator).writerows([UNICOM_ROW, UNICOM_ROW.values()])
    assert read_unicom(path) == read_unicom(write_csv(tmp_path / "commas.csv", [UNICOM_ROW]))


def test_a_file_that_is_not_there_or_is_a_folder_says_so(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.csv", tmp_path):
        with pytest.raises(CatalogueFileUnreadable, match="check the path"):
            read_unicom(path)


def test_a_file_over_the_limits_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_csv(tmp_path / "packs.csv", [UNICOM_ROW, UNICOM_ROW | SECOND_PACK])
    monkeypatch.setattr(tables, "MAX_ROWS", 2)
    assert len(read_unicom(path).products) == 1
    monkeypatch.setattr(tables, "MAX_ROWS", 1)
    with pytest.raises(CatalogueFileUnreadable, match="more than 1 rows"):
        read_unicom(path)
    monkeypatch.setattr(tables, "MAX_FILE_BYTES", 100)
    with pytest.raises(CatalogueFileUnreadable, match="over 100 bytes"):
        read_unicom(path)


@pytest.mark.parametrize(
    ("code", "valid"),
    [("2802043001024", True), ("2802043001025", False), ("280204300102", False), ("٢802043001024", False)],
)
def test_a_check_digit_is_checked(code: str, valid: bool) -> None:
    assert has_valid_check_digit(code) is valid
