"""The Greek price bulletin: every row becomes a pack of a product, or is left open with its reasons."""

from pathlib import Path

import pytest

from services.stock.catalogue import CatalogueFileUnreadable, Format, OpenReason, Reading, read_file, read_unicom
from services.stock.catalogue.bulletin import read_bulletin
from services.stock.catalogue.formats import format_of
from shared.catalogue import FormGroup, Product, Route, substitution_group
from tests.stock.catalogue_files import reasons
from tests.stock.greek_tables import table

HEADER = ("barcode", "name", "atc", "substance", "otc")
SALOSPIR = ("2801925501027", "SALOSPIR GR.TAB 325MG/TAB ΒΤx 20(BLIST 2 x 10)", "B01AC06", "ACETYLSALICYLIC ACID", "0")


def bulletin_of(tmp_path: Path, *rows: tuple[str, ...], separator: str = "|", mark: str = "") -> Reading:
    path = tmp_path / "bulletin.txt"
    path.write_text(mark + "\n".join(separator.join(row) for row in (HEADER, *rows)) + "\n", encoding="utf-8")
    return read_bulletin(path)


def one(tmp_path: Path, name: str, substance: str, atc: str = "", barcode: str = "") -> Product:
    (product,) = bulletin_of(tmp_path, (barcode, name, atc, substance, "0")).products
    return product


def left_open(tmp_path: Path, name: str, substance: str, atc: str = "", barcode: str = "") -> list[OpenReason]:
    reading = bulletin_of(tmp_path, (barcode, name, atc, substance, "0"))
    assert reading.products == ()
    return reasons(reading)


def test_every_row_of_the_bulletin_is_read_right(data_folder: Path) -> None:
    found = read_file(data_folder / "greek_bulletin_part.psv")
    packs = {pack.code: (product, pack) for product in found.products for pack in product.packs}
    wrong: list[str] = []
    for row in table("bulletin_part.psv"):
        if row["barcode"] in packs and (said := _as_table(*packs[row["barcode"]])) != row:
            wrong.append(f"{row}\n{said}")
    assert not wrong, "\n".join(wrong)
    assert not found.open_rows
    assert (len(found.products), len(packs), len(table("bulletin_part.psv"))) == (42, 44, 44)


def _as_table(product: Product, pack: object) -> dict[str, str]:
    (one_pack,) = [own for own in product.packs if own == pack]
    return {
        "barcode": one_pack.code or "",
        "name": product.name,
        "substances": " + ".join(part.moiety for part in product.ingredients),
        "strengths": " + ".join(f"{part.strength} {part.strength_unit}" for part in product.ingredients),
        "form_group": product.form_group.value,
        "route": product.route.value,
        "pack": f"{one_pack.units_per_pack} {product.unit}",
        "content": f"{product.content_per_unit} {product.content_unit}",
        "atc": product.atc or "-",
    }


@pytest.mark.parametrize("separator", ["|", ";", "\t", ","])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_columns_may_be_parted_by_any_usual_sign(tmp_path: Path, separator: str, mark: str) -> None:
    found = bulletin_of(tmp_path, SALOSPIR, separator=separator, mark=mark)
    assert [product.name for product in found.products] == ["SALOSPIR GR.TAB 325MG/TAB"]
    assert format_of(tmp_path / "bulletin.txt") is Format.BULLETIN


def test_a_file_in_another_encoding_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "bulletin.txt"
    path.write_bytes("barcode|name|atc|substance|otc\n1|ΝΤΕΠΟΝ|||\n".encode("iso-8859-7"))
    with pytest.raises(CatalogueFileUnreadable, match="UTF-8"):
        read_bulletin(path)


def test_a_pack_that_unicom_knows_is_the_same_product(data_folder: Path) -> None:
    unicom = {product.source_key: product for product in read_unicom(data_folder / "unicom_greece_packs.csv").products}
    bulletin = read_bulletin(data_folder / "greek_bulletin_part.psv").products
    both = [(product, unicom[product.source_key]) for product in bulletin if product.source_key in unicom]
    assert len(both) == 2
    for read, known in both:
        assert read.product_id == known.product_id
        assert (read.ingredients, read.form_group, read.route) == (known.ingredients, known.form_group, known.route)
        assert substitution_group(read) == substitution_group(known)
        assert {pack.code for pack in read.packs} <= {pack.code for pack in known.packs}


def test_packs_of_one_brand_strength_and_form_are_one_product(tmp_path: Path) -> None:
    (globel,) = bulletin_of(
        tmp_path,
        ("2802887701012", "GLOBEL F.C.TAB 75MG/TAB BTx14", "B01AC04", "CLOPIDOGREL", "0"),
        ("2802887701029", "GLOBEL  FC TAB 75 MG/TAB BTx28", "B01AC04", "CLOPIDOGREL", "0"),
    ).products
    assert globel.source_key == "eof:2887701"
    assert [(pack.code, pack.units_per_pack) for pack in globel.packs] == [("2802887701012", 14), ("2802887701029", 28)]


def test_rows_of_one_key_that_disagree_are_products_of_their_own(tmp_path: Path) -> None:
    found = bulletin_of(
        tmp_path,
        ("2802887701012", "GLOBEL F.C.TAB 75MG/TAB BTx14", "B01AC04", "CLOPIDOGREL", "0"),
        ("2802887701029", "GLOBEL F.C.TAB 300MG/TAB BTx28", "B01AC04", "CLOPIDOGREL", "0"),
    )
    assert {product.source_key for product in found.products} == {
        "eof:2887701/2802887701012",
        "eof:2887701/2802887701029",
    }


def test_one_substance_under_two_atc_codes_is_one_substance(tmp_path: Path) -> None:
    heart, pain = (
        one(tmp_path, f"X GR.TAB 325MG/TAB BTx{size}", "ACETYLSALICYLIC ACID", atc)
        for size, atc in ((20, "B01AC06"), (30, "N02BA01"))
    )
    assert substitution_group(heart) == substitution_group(pain)
    (both,) = bulletin_of(
        tmp_path,
        ("2802887701012", "X GR.TAB 325MG/TAB BTx20", "B01AC06", "ACETYLSALICYLIC ACID", "0"),
        ("2802887701029", "X GR.TAB 325MG/TAB BTx30", "N02BA01", "ACETYLSALICYLIC ACID", "0"),
    ).products
    assert both.atc is None
    assert len(both.packs) == 2


@pytest.mark.parametrize("atc", ["", "NOTAS", "A03", "C10AA5"])
def test_an_atc_code_that_is_none_is_left_out(tmp_path: Path, atc: str) -> None:
    assert one(tmp_path, "X TAB 5MG/TAB BTx30", "AMLODIPINE", atc).atc is None


def test_the_salt_in_the_substance_is_left_out(tmp_path: Path) -> None:
    product = one(
        tmp_path,
        "X INH.SUS.P (25+125)MCG/DOSE BTx1 ΣΥΣΚΕΥΗ x 120 DOSES",
        "SALMETEROL XINAFOATE, FLUTICASONE PROPIONATE",
    )
    assert [(part.moiety, part.strength, part.strength_unit) for part in product.ingredients] == [
        ("salmeterol", "25", "microgram/dose"),
        ("fluticasone propionate", "125", "microgram/dose"),
    ]


def test_a_mixture_of_one_substance_has_one_strength(tmp_path: Path) -> None:
    product = one(tmp_path, "X INJ.SUSP 100 IU/ML 5 ΓΥΑΛ.ΦΥΣΙΓ.Χ3ML", "INSULIN, INSULIN", "A10AD01")
    assert [(part.moiety, part.strength) for part in product.ingredients] == [("insulin", "100")]
    assert product.route is Route.SUBCUTANEOUS
    assert product.never_automatic
    assert product.cold_chain


@pytest.mark.parametrize(
    ("name", "substance"),
    [
        ("X F.C.TAB 5MG/TAB BTx30", "AMLODIPINE, VALSARTAN"),
        ("X F.C.TAB (5+160)MG/TAB BTx30", "AMLODIPINE"),
        ("X F.C.TAB (5+160+12,5)MG/TAB BTx30", "AMLODIPINE, VALSARTAN"),
        ("X F.C.TAB (5+160)MG/TAB BTx30", "VALSARTAN, AMLODIPINE"),  # 160 mg of amlodipine there is none
        ("X F.C.TAB (160+12,5)MG/TAB BTx30", "HYDROCHLOROTHIAZIDE, VALSARTAN"),
    ],
)
def test_strengths_that_do_not_fit_the_substances_stay_open(tmp_path: Path, name: str, substance: str) -> None:
    reading = bulletin_of(tmp_path, ("", name, "", substance, "0"))
    assert reasons(reading) == [OpenReason.STRENGTH_MISSING]
    known = reading.open_rows[0].known
    assert (known.strengths, known.strength_unit, known.units_per_pack, known.form_group) == (
        None,
        None,
        30,
        FormGroup.ORAL_SOLID,
    )


def test_an_open_row_keeps_what_is_known(tmp_path: Path) -> None:
    reading = bulletin_of(tmp_path, ("2801925501027", "X TAB 5MG/TAB BTx30 (BLIST 2x10)", "C08CA01", "AMLODIPINE", "0"))
    (row,) = reading.open_rows
    assert [gap.reason for gap in row.gaps] == [
        OpenReason.UNIT_MISSING,
        OpenReason.PACK_SIZE_MISSING,
        OpenReason.CONTENT_MISSING,
    ]
    assert (row.known.code, row.known.substances, row.known.strengths, row.known.strength_unit) == (
        "2801925501027",
        ("amlodipine",),
        ("5",),
        "mg",
    )
    assert (row.known.units_per_pack, row.known.source_key) == (None, "eof:1925501")


def test_what_a_row_lacks_is_its_reason(tmp_path: Path) -> None:
    assert left_open(tmp_path, "X TAB 5MG/TAB BTx30", "") == [OpenReason.SUBSTANCE_MISSING]
    assert left_open(tmp_path, "X TAB 5MG/TAB BTx30", "A", barcode="2801925501028") == [OpenReason.CODE_INVALID]
    assert left_open(tmp_path, "X SYR 5MG/5ML BTx1", "A") == [OpenReason.CONTENT_MISSING]
    assert OpenReason.NAME_MISSING in left_open(tmp_path, "", "A", barcode="2801925501027")
    assert OpenReason.FORM_UNKNOWN in left_open(tmp_path, "X XYZ.TAB 5MG/TAB BTx30", "A")
    assert reasons(bulletin_of(tmp_path, ("2801925501027", "X TAB 5MG/TAB BTx30"))) == [OpenReason.COLUMNS_SHIFTED]
    assert reasons(bulletin_of(tmp_path, SALOSPIR, SALOSPIR)) == [OpenReason.CODE_REPEATED]


def test_a_depot_that_only_its_salt_tells_is_not_called_an_injection(tmp_path: Path) -> None:
    name = "X INJ.SOL 50MG/ML BTx5AMPSx1ML"
    assert left_open(tmp_path, name, "HALOPERIDOL DECANOATE") == [OpenReason.FORM_UNKNOWN]
    assert one(tmp_path, name, "HALOPERIDOL").form_group is FormGroup.INJECTION


def test_an_injection_whose_route_is_not_told_stands_in_for_nothing(tmp_path: Path) -> None:
    product = one(tmp_path, "X INJ.SOL 75MG/3ML AMP BTx5AMPSx3ML", "DICLOFENAC SODIUM", "M01AB05")
    assert product.route is Route.OTHER
    assert substitution_group(product) == f"product:{product.product_id}"


@pytest.mark.parametrize(
    ("name", "strength", "content"),
    [
        ("X INJ.SOL 75MG/3ML BTx5AMPSx3ML", "75 mg", "1 ampoule"),  # what one ampoule holds
        ("X INJ.SOL 10MG/ML BTx5AMPSx1ML", "10 mg", "1 ampoule"),
        ("X INJ.SO.PFS 4.000 IU/0,4ML BTx2PF.SYRx0,4ML", "4000 iu", "1 pre-filled syringe"),
        ("X INJ.SOL 7,5MG/ML BTx20AMPSx10ML", "7.5 mg/ml", "10 ml"),  # part of it may be given
        ("X PD.INJ.SOL 1G/VIAL BTx1VIAL", "1 g", "1 vial"),
        ("X PD.INJ.SOL 1G/VIAL BTx10VIALSx30ML", "1 g", "1 vial"),  # the glass holds 30 ml
        ("X INJ.SOL 40MG/0,4ML BTx2 PF.SYR.", "40 mg", "1 pre-filled syringe"),
        ("X SOL.INF 5% BAGx1,5L", "5 %", "1500 ml"),  # 5 % of 500 ml is another amount
        ("X RECT.FOAM 1G/DOSE FLx14DOSES", "1 g/dose", "14 dose"),
        ("X SYR 120MG/5ML FLx150ML", "120 mg/5 ml", "150 ml"),
        ("X EY.DRO.SOL 0,5% FLX5ML", "0.5 %", "5 ml"),
        ("X EY.DRO.SOL 0,005% FLX2,5ML", "0.005 %", "1 bottle"),  # no whole number of ml
        ("X EY.DR.S.SD 15μg/ML BTx30FLx0,3ML", "15 microgram/ml", "1 single-dose container"),
    ],
)
def test_content_is_counted_in_whole_numbers_or_in_pieces(
    tmp_path: Path, name: str, strength: str, content: str
) -> None:
    product = one(tmp_path, name, "A")
    (part,) = product.ingredients
    assert f"{part.strength} {part.strength_unit}" == strength
    assert f"{product.content_per_unit} {product.content_unit}" == content


def test_units_of_insulin_are_international_ones_of_others_are_not(tmp_path: Path) -> None:
    insulin = one(tmp_path, "X INJ.SOL 100U/ML BTx5PF.PENSx3ML", "INSULIN ASPART", "A10AB05")
    assert (insulin.ingredients[0].strength_unit, insulin.content_per_unit, insulin.content_unit) == (
        "iu/ml",
        300,
        "iu",
    )
    toxin = one(tmp_path, "X PD.INJ.SOL 100U/VIAL BTx1VIAL", "BOTULINUM TOXIN TYPE A", "M03AX01")
    assert toxin.ingredients[0].strength_unit == "u"
