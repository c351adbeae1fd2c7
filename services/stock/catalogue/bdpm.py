"""Read the packs of the public French medicines database (BDPM), one row a pack.

Names and packs stay in French; substances are written in their English INN where the table of moieties has them, and
otherwise as the source spells them, which `shared.moieties.is_known_moiety` tells. What isn't certain is left open.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from services.stock.catalogue.bdpm_forms import POWDER_IN_BOTTLE, FrenchForm, form_of, route_of
from services.stock.catalogue.bdpm_packs import Packed, packed
from services.stock.catalogue.bdpm_strengths import strengths_of
from services.stock.catalogue.reading import (
    Gaps,
    OpenRow,
    PackLine,
    Reading,
    as_its_own,
    describe_one_product,
    has_valid_check_digit,
    joined,
    lines_by_product,
    open_row,
    set_aside_repeated_codes,
)
from services.stock.catalogue.reasons import Gap, OpenReason
from services.stock.catalogue.tables import Row, read_rows
from shared.catalogue import (
    FormGroup,
    Ingredient,
    Kind,
    Pack,
    Product,
    is_cold_chain,
    is_controlled,
    is_never_automatic,
    product_id_for,
)
from shared.moieties import moiety_name

COLUMNS = ("cip13", "cis", "name", "form", "route", "substances", "strengths", "per", "pack_label")

_CIS = re.compile(r"[0-9]{8}")
_NO_PACK = Packed("", 1, 1, "")

Values = Mapping[str, str]


def read_bdpm(path: Path) -> Reading:
    """Read the packs of this file as products; every row is either in one or left open with its reasons."""
    lines: list[PackLine] = []
    open_rows: list[OpenRow] = []
    for row in read_rows(path, COLUMNS):
        line = _read_row(row)
        if isinstance(line, OpenRow):
            open_rows.append(line)
        else:
            lines.append(line)
    kept, repeated = set_aside_repeated_codes(lines)
    products: list[Product] = []
    for group in lines_by_product(kept):
        products += [joined(group)] if describe_one_product(group) else [as_its_own(line) for line in group]
    return Reading(tuple(products), tuple(sorted(open_rows + repeated, key=lambda row: row.row_number)))


def _read_row(row: Row) -> PackLine | OpenRow:
    values = row.values
    if values is None:
        return open_row(row, [Gap(OpenReason.COLUMNS_SHIFTED, "")])
    gaps = Gaps()
    product = _product(values, gaps)
    if gaps.noted:
        return open_row(row, gaps.noted, values["name"], product)
    return PackLine(row, product)


def _product(values: Values, gaps: Gaps) -> Product:
    """Describe the row's product with its one pack; meaningless once a gap is noted."""
    form = gaps.take(_form(values), None)
    found = gaps.take(packed(values["pack_label"], form) if form else _no_form(values), None)
    pack = found or _NO_PACK
    if pack.content_per_unit == 0:
        gaps.take(Gap(OpenReason.CONTENT_MISSING, values["pack_label"]), None)
    ingredients = _ingredients(values, form, found, gaps)
    moieties = [ingredient.moiety for ingredient in ingredients]
    group = form.group if form else FormGroup.OTHER
    source_key = _source_key(values, pack)
    code = gaps.take(_code(values["cip13"]), None)
    return Product(
        product_id=product_id_for(source_key),
        source_key=gaps.take(source_key or Gap(OpenReason.KEY_MISSING, values["cis"]), ""),
        name=gaps.take(values["name"] or Gap(OpenReason.NAME_MISSING, ""), ""),
        kind=Kind.MEDICINE,
        ingredients=ingredients,
        form_group=group,
        form=form.label if form else values["form"],
        route=route_of(values["route"]),
        unit=pack.unit,
        content_per_unit=pack.content_per_unit,
        content_unit=pack.content_unit,
        atc=None,
        holder=None,
        controlled=is_controlled(moieties),
        never_automatic=is_never_automatic(ingredients, group),
        cold_chain=is_cold_chain(moieties),
        packs=(Pack(code, pack.units_per_pack, values["pack_label"]),),
    )


def _form(values: Values) -> FrenchForm | Gap:
    form = form_of(values["form"], values["route"], single_doses="unidose" in values["name"].lower())
    if form is not None and form.group is FormGroup.ORAL_POWDER and "sachet" not in values["pack_label"]:
        form = POWDER_IN_BOTTLE
    return form or Gap(OpenReason.FORM_UNKNOWN, f"{values['form']}, {values['route']}")


def _no_form(values: Values) -> Gap:
    """Without its form, what the pack's label counts can't be held against anything."""
    return Gap(OpenReason.UNIT_MISSING, values["pack_label"])


def _ingredients(values: Values, form: FrenchForm | None, pack: Packed | None, gaps: Gaps) -> tuple[Ingredient, ...]:
    substances = [part for part in values["substances"].split(" + ") if part]
    if not substances:
        gaps.take(Gap(OpenReason.SUBSTANCE_MISSING, ""), None)
    moieties = [moiety_name(substance) for substance in substances]
    if len(set(moieties)) < len(moieties):
        gaps.take(Gap(OpenReason.SEVERAL_SUBSTANCES, values["substances"]), None)
    if form is None:
        strengths = Gap(OpenReason.STRENGTH_MISSING, values["strengths"])
    else:
        strengths = strengths_of(values["name"], substances, values["strengths"], values["per"], form, pack)
    known = gaps.take(strengths, [])
    parts = known or [(None, None)] * len(moieties)
    return tuple(Ingredient(moiety, *part) for moiety, part in zip(moieties, parts, strict=True))


def _source_key(values: Values, pack: Packed) -> str:
    """One product an authorisation; but bottles of another size are another product of it."""
    if not _CIS.fullmatch(values["cis"]):
        return ""
    measured = pack.content_unit != pack.unit
    size = f"/{pack.content_per_unit} {pack.content_unit}" if measured else f"/{pack.unit}"
    return f"cis:{values['cis']}{size}"


def _code(code: str) -> str | Gap:
    return code if has_valid_check_digit(code) else Gap(OpenReason.CODE_INVALID, code)
