"""Read the Greek price bulletin: one row a pack, whose name tells its form, strength and pack.

Its columns are barcode, name, ATC, substance and otc, separated by "|", ";", "," or tabs. Two things it doesn't
carry are set by rule and may be put right by a person: whether a substance is controlled, and whether it is kept
cold. The route of an injection it doesn't tell either, but for the substances that are only given under the skin;
it is then "other", and stands in for nothing.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from msgspec.structs import replace

from services.stock.catalogue.bulletin_counts import Measured, measured
from services.stock.catalogue.bulletin_substances import pairing_is_plausible, slow_by_substance, substances_of
from services.stock.catalogue.eof import eof_code_of, product_key
from services.stock.catalogue.facts import PackFacts, strengths_in_one_unit
from services.stock.catalogue.names import Field, PackName, read_pack_name
from services.stock.catalogue.names.letters import fold
from services.stock.catalogue.reading import (
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
    Route,
    is_cold_chain,
    is_controlled,
    is_never_automatic,
    product_id_for,
)

COLUMNS = ("barcode", "name", "atc", "substance")

_ATC = re.compile(r"[A-Z][0-9]{2}[A-Z]{2}[0-9]{2}")
# Insulins, GLP-1 analogues, and the low-molecular-weight heparins: all under the skin.
_UNDER_THE_SKIN = re.compile(r"A10A|A10BJ|B01AB(?:0[4-9]|1[0-2])")

Values = Mapping[str, str]


def read_bulletin(path: Path) -> Reading:
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
    """Packs of one code are one product unless their rows disagree; a spelling, or a second ATC code, is no other.

    Of two ATC codes neither is the product's: which holds depends on what it is given for.
    """
    first = group[0].product
    atc = first.atc if all(line.product.atc == first.atc for line in group) else None
    alike = [PackLine(line.row, replace(line.product, name=first.name, form=first.form, atc=atc)) for line in group]
    if describe_one_product(alike):
        return [joined(alike)]
    return [as_its_own(line) for line in group]


def _read_row(row: Row) -> PackLine | OpenRow:
    values = row.values
    if values is None:
        return open_row(row, [Gap(OpenReason.COLUMNS_SHIFTED, "")])
    name = read_pack_name(values["name"])
    substances = substances_of(values["substance"])
    units = tuple(_unit_of(unit, substances) for unit in name.strength_units)
    name = _held_against(name, substances, values)
    counted = measured(name, units if name.strengths else ())
    code = values["barcode"] or None
    gaps = _gaps(values, name, substances, counted)
    if gaps:
        return OpenRow(row.number, values["name"] or row.text, tuple(gaps), _facts(values, name, substances, counted))
    return PackLine(row, _product(values, name, substances, counted, code))


def _unit_of(unit: str, substances: tuple[str, ...]) -> str:
    """A unit of insulin, printed U, is the international one; of botulinum toxin it is not."""
    is_insulin = any("insulin" in substance for substance in substances)
    what, slash, per = unit.partition("/")
    return f"iu{slash}{per}" if what == "u" and is_insulin else unit


def _held_against(name: PackName, substances: tuple[str, ...], values: Values) -> PackName:
    """Leave open what the row's substances contradict."""
    left: set[Field] = set()
    if substances and name.strengths and not pairing_is_plausible(substances, name.strengths, name.strength_units):
        left |= {Field.STRENGTHS, Field.STRENGTH_UNIT}
        name = replace(name, strengths=(), strength_units=())
    if name.form_group is FormGroup.INJECTION and slow_by_substance(values["substance"]):
        left.add(Field.FORM_GROUP)
        name = replace(name, form_group=None)
    return replace(name, open=name.open | left)


def _gaps(values: Values, name: PackName, substances: tuple[str, ...], counted: Measured) -> list[Gap]:
    found = name.pack or values["name"]
    checks = [
        (not values["name"], Gap(OpenReason.NAME_MISSING, "")),
        (not substances, Gap(OpenReason.SUBSTANCE_MISSING, "")),
        (not _is_code(values["barcode"]), Gap(OpenReason.CODE_INVALID, values["barcode"])),
        (Field.STRENGTHS in name.open, Gap(OpenReason.STRENGTH_MISSING, values["name"])),
        (Field.FORM_GROUP in name.open, Gap(OpenReason.FORM_UNKNOWN, name.form or values["name"])),
        (Field.UNIT in name.open, Gap(OpenReason.UNIT_MISSING, found)),
        (Field.UNITS_PER_PACK in name.open, Gap(OpenReason.PACK_SIZE_MISSING, found)),
        (counted.content_per_unit is None, Gap(OpenReason.CONTENT_MISSING, found)),
    ]
    return [gap for is_open, gap in checks if is_open]


def _is_code(barcode: str) -> bool:
    return not barcode or has_valid_check_digit(barcode)


def _facts(values: Values, name: PackName, substances: tuple[str, ...], counted: Measured) -> PackFacts:
    """Give what is known of a row that a person must complete."""
    ingredients = _ingredients(substances, counted)
    strengths, unit = strengths_in_one_unit(ingredients) if counted.strengths else (None, None)
    return PackFacts(
        code=values["barcode"] if values["barcode"] and _is_code(values["barcode"]) else None,
        name=name.head or None,
        substances=substances or None,
        strengths=strengths,
        strength_unit=unit,
        form_group=name.form_group.value if name.form_group else None,
        form=name.form or None,
        route=_route(name, values).value,
        unit=name.unit or None,
        content_per_unit=counted.content_per_unit,
        content_unit=counted.content_unit or None,
        units_per_pack=name.units_per_pack,
        pack_label=name.pack or None,
        atc=_atc(values),
        source_key=_source_key(values, name),
    )


def _product(
    values: Values, name: PackName, substances: tuple[str, ...], counted: Measured, code: str | None
) -> Product:
    ingredients = _ingredients(substances, counted)
    group = name.form_group or FormGroup.OTHER
    source_key = _source_key(values, name)
    return Product(
        product_id=product_id_for(source_key),
        source_key=source_key,
        name=name.head,
        kind=Kind.MEDICINE,
        ingredients=ingredients,
        form_group=group,
        form=name.form,
        route=_route(name, values),
        unit=name.unit,
        content_per_unit=counted.content_per_unit or 1,
        content_unit=counted.content_unit,
        atc=_atc(values),
        holder=None,
        controlled=is_controlled(substances),
        never_automatic=is_never_automatic(ingredients, group),
        cold_chain=is_cold_chain(substances),
        packs=(Pack(code, name.units_per_pack or 1, name.pack),),
    )


def _ingredients(substances: tuple[str, ...], counted: Measured) -> tuple[Ingredient, ...]:
    strengths = counted.strengths if len(counted.strengths) == len(substances) else ((None, None),) * len(substances)
    return tuple(Ingredient(substance, *strength) for substance, strength in zip(substances, strengths, strict=True))


def _route(name: PackName, values: Values) -> Route:
    if name.route is not None:
        return name.route
    injected = name.form_group is not None and name.form_group.startswith("injection")
    return Route.SUBCUTANEOUS if injected and _UNDER_THE_SKIN.match(values["atc"]) else Route.OTHER


def _atc(values: Values) -> str | None:
    """Give the whole code; NOTAS and a group's letters (A03) are none."""
    return values["atc"] if _ATC.fullmatch(values["atc"]) else None


def _source_key(values: Values, name: PackName) -> str:
    """The key by the EOF code is UNICOM's and the seed's too; without a code the name without its pack must do."""
    eof_code = eof_code_of(values["barcode"])
    return product_key(eof_code) if len(eof_code) == 9 else f"bulletin:{fold(name.head or values['name']).lower()}"
