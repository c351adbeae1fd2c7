"""Read the Greek packs of the UNICOM pilot: one row a pack, described in EDQM's words.

The columns are the truth; the name as printed is only used to notice where they can't be. Two things the
columns don't carry are set by rule and may be put right by a person: whether a substance is controlled, and
whether it is kept cold.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from services.stock.catalogue.eof import eof_code_of, product_key
from services.stock.catalogue.forms import FORMS, LABEL_OF_EDQM_CODE, ROUTES, Form
from services.stock.catalogue.names import read_pack_name
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
from services.stock.catalogue.unicom_amounts import NO_AMOUNT, amount_of, strength_of
from shared.catalogue import (
    FormGroup,
    Ingredient,
    Kind,
    Pack,
    Product,
    Route,
    is_cold_chain,
    is_controlled,
    is_never_automatic,
    moiety_name,
    product_id_for,
)

COLUMNS = (
    "barcode_280",
    "eof_code",
    "full_name",
    "moiety",
    "atc",
    "form_edqm",
    "form_label",
    "unit",
    "pack_size",
    "pack_volume_unit",
    "pack_local",
    "strength_value",
    "strength_unit",
    "strength_local",
    "route",
    "mah",
)

_SEVERAL = re.compile(r"[;,+/|]")
_ATC = re.compile(r"[A-Z][0-9]{2}[A-Z]{2}[0-9]{2}")

Values = Mapping[str, str]


def read_unicom(path: Path) -> Reading:
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
    products = [product for group in lines_by_product(kept) for product in _products_of(group)]
    return Reading(tuple(products), tuple(sorted(open_rows + repeated, key=lambda row: row.row_number)))


def _products_of(group: list[PackLine]) -> list[Product]:
    """Packs that share the code of brand, strength and form are one product, unless their rows disagree."""
    if describe_one_product(group):
        return [joined(group)]
    return [as_its_own(line) for line in group]


def _read_row(row: Row) -> PackLine | OpenRow:
    values = row.values
    if values is None:
        return open_row(row, [Gap(OpenReason.COLUMNS_SHIFTED, "")])
    gaps = Gaps()
    product = _product(values, gaps)
    if gaps.noted:
        return open_row(row, gaps.noted, values["full_name"], product)
    return PackLine(row, product)


def _product(values: Values, gaps: Gaps) -> Product:
    """Describe the row's product with its one pack; meaningless once a gap is noted."""
    name, pack_label = _name_and_pack(gaps.take(_full_name(values), ""))
    form = gaps.take(_form(values), None)
    group = form.group if form else FormGroup.OTHER
    known_amount = gaps.take(amount_of(values, form), None)
    strength, strength_unit = gaps.take(strength_of(values, known_amount), ("", ""))
    amount = known_amount or NO_AMOUNT
    code = gaps.take(_code(values), None)
    ingredient = Ingredient(gaps.take(_moiety(values), ""), strength, strength_unit)
    source_key = _source_key(values, name)
    return Product(
        product_id=product_id_for(source_key),
        source_key=source_key,
        name=name,
        kind=Kind.MEDICINE,
        ingredients=(ingredient,),
        form_group=group,
        form=values["form_label"].lower(),
        route=gaps.take(_route(values), Route.OTHER),
        unit=amount.unit,
        content_per_unit=amount.content_per_unit,
        content_unit=amount.content_unit,
        atc=values["atc"] if _ATC.fullmatch(values["atc"]) else None,
        holder=values["mah"] or None,
        controlled=is_controlled([ingredient.moiety]),
        never_automatic=is_never_automatic([ingredient], group),
        cold_chain=is_cold_chain([ingredient.moiety]),
        packs=(Pack(code, amount.units_per_pack, values["pack_local"] or pack_label),),
    )


def _full_name(values: Values) -> str | Gap:
    return values["full_name"] or Gap(OpenReason.NAME_MISSING, "")


def _name_and_pack(full_name: str) -> tuple[str, str]:
    name = read_pack_name(full_name)
    return name.head, name.pack


def _source_key(values: Values, name: str) -> str:
    """The last two digits of an EOF code are the pack; without a code the name without its pack must do."""
    eof_code = values["eof_code"] or eof_code_of(values["barcode_280"])
    return product_key(eof_code) if eof_code else f"unicom:{name.lower()}"


def _code(values: Values) -> str | Gap | None:
    barcode, eof_code = values["barcode_280"], values["eof_code"]
    found = f"{barcode}, {eof_code}"
    # A spreadsheet that took the codes for numbers has dropped their leading zeros.
    if eof_code and not (len(eof_code) == 9 and eof_code.isascii() and eof_code.isdigit()):
        return Gap(OpenReason.CODE_INVALID, found)
    if not barcode:
        return None
    if not has_valid_check_digit(barcode) or eof_code not in ("", eof_code_of(barcode)):
        return Gap(OpenReason.CODE_INVALID, found)
    return barcode


def _moiety(values: Values) -> str | Gap:
    moiety = values["moiety"]
    if not moiety:
        return Gap(OpenReason.SUBSTANCE_MISSING, "")
    if _SEVERAL.search(moiety):
        return Gap(OpenReason.SEVERAL_SUBSTANCES, moiety)
    return moiety_name(moiety)


def _route(values: Values) -> Route | Gap:
    return ROUTES.get(values["route"].lower(), Gap(OpenReason.ROUTE_UNKNOWN, values["route"]))


def _form(values: Values) -> Form | Gap:
    label = values["form_label"].lower()
    if LABEL_OF_EDQM_CODE.get(values["form_edqm"], label) != label:
        return Gap(OpenReason.FORM_CONTRADICTED, f"{values['form_edqm']}, {label}")
    return FORMS.get(label, Gap(OpenReason.FORM_UNKNOWN, label))
