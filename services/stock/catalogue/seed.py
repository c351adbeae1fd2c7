"""Read the catalogue that ships with Dosis: `seed.csv`, written from public facts for a clinic to begin with.

One row a pack, sorted by kind, substance, name and pack; rows with the same `key` are packs of one product.

name              as on the box, without the pack
kind              medicine, sanitary or parapharmaceutical
moiety            English INN without the salt (an ester that acts by itself stays); several joined by " + "
strength          of each moiety in the same order, with its unit: "5 mg + 160 mg", "100 mg/5 ml", "2 %"
form              the EDQM label for a medicine, free words for anything else
route             a word of shared.catalogue.Route; empty for what is no medicine
unit              the smallest thing that can be handed out
content_per_unit  how many content_unit one unit holds: 1 tablet, 120 doses, 150 ml, 300 iu
units_per_pack    how many units are in the pack
pack              the pack as printed
code              the pack's EAN-13, or empty where it isn't known for certain
atc, holder       empty where they aren't known
cold_chain        yes or no: kept at 2-8 °C before first use
moiety_el         the Greek name of the substance, for searching; several joined by " + "
key               "eof:" and the first seven digits of the EOF code, else "dosis:" and words that never change

Codes beginning with 280 are real and stand in the Greek price bulletin or the UNICOM pilot data. Those that
begin with 952 are made up, so that scanning can be tried: GS1 keeps that prefix for demonstrations and examples.
They are printed on no pack and mean nothing outside.
Names and pack sizes without a 280 code are as known, not checked against the bulletin.
"""

from collections.abc import Mapping
from pathlib import Path

from services.stock.catalogue.forms import FORMS
from services.stock.catalogue.reading import (
    Gaps,
    OpenRow,
    PackLine,
    Reading,
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
    is_controlled,
    is_decimal,
    is_never_automatic,
    moiety_name,
    product_id_for,
)

SEED_FILE = Path(__file__).with_name("seed.csv")

COLUMNS = (
    "name",
    "kind",
    "moiety",
    "strength",
    "form",
    "route",
    "unit",
    "content_per_unit",
    "content_unit",
    "units_per_pack",
    "pack",
    "code",
    "atc",
    "holder",
    "cold_chain",
    "moiety_el",
    "key",
)

MAX_CONTENT_OR_UNITS = 10_000

Values = Mapping[str, str]


def read_seed(path: Path = SEED_FILE) -> Reading:
    """Read the shipped catalogue, or a file with the same columns."""
    read = [_read_row(row) for row in read_rows(path, COLUMNS)]
    open_rows = [line for line in read if isinstance(line, OpenRow)]
    lines, repeated = set_aside_repeated_codes(line for line in read if isinstance(line, PackLine))
    products: list[Product] = []
    for group in lines_by_product(lines):
        if describe_one_product(group):
            products.append(joined(group))
        else:
            open_rows += [_disagreeing(line) for line in group]
    return Reading(tuple(products), tuple(sorted(open_rows + repeated, key=lambda row: row.row_number)))


def _disagreeing(line: PackLine) -> OpenRow:
    gap = Gap(OpenReason.PACKS_DISAGREE, line.product.source_key)
    return open_row(line.row, [gap], line.product.name, line.product)


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
    kind = gaps.take(_kind(values), Kind.MEDICINE)
    ingredients = gaps.take(_ingredients(values, kind), ())
    group = gaps.take(_form_group(values, kind), FormGroup.OTHER)
    moieties = [ingredient.moiety for ingredient in ingredients]
    return Product(
        product_id=product_id_for(values["key"]),
        source_key=gaps.take(_required(values["key"], OpenReason.KEY_MISSING), ""),
        name=gaps.take(_required(values["name"], OpenReason.NAME_MISSING), ""),
        kind=kind,
        ingredients=ingredients,
        form_group=group,
        form=values["form"],
        route=gaps.take(_route(values, kind), Route.OTHER),
        unit=gaps.take(_required(values["unit"], OpenReason.UNIT_MISSING), ""),
        content_per_unit=gaps.take(_count(values["content_per_unit"], OpenReason.CONTENT_MISSING), 1),
        content_unit=gaps.take(_required(values["content_unit"], OpenReason.CONTENT_MISSING), ""),
        atc=values["atc"] or None,
        holder=values["holder"] or None,
        controlled=is_controlled(moieties),
        never_automatic=is_never_automatic(ingredients, group),
        cold_chain=gaps.take(_cold_chain(values), otherwise=False),
        packs=(_pack(values, gaps),),
        other_names=tuple(_parts(values["moiety_el"])),
    )


def _pack(values: Values, gaps: Gaps) -> Pack:
    code = values["code"]
    if code and not has_valid_check_digit(code):
        gaps.noted.append(Gap(OpenReason.CODE_INVALID, code))
    units_per_pack = gaps.take(_count(values["units_per_pack"], OpenReason.PACK_SIZE_MISSING), 1)
    return Pack(code or None, units_per_pack, values["pack"])


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(" + ") if part.strip()]


def _required(text: str, reason: OpenReason) -> str | Gap:
    return text or Gap(reason, "")


def _count(text: str, reason: OpenReason) -> int | Gap:
    if text.isascii() and text.isdigit() and 0 < int(text) <= MAX_CONTENT_OR_UNITS:
        return int(text)
    return Gap(reason, text)


def _kind(values: Values) -> Kind | Gap:
    return Kind(values["kind"]) if values["kind"] in set(Kind) else Gap(OpenReason.KIND_UNKNOWN, values["kind"])


def _ingredients(values: Values, kind: Kind) -> tuple[Ingredient, ...] | Gap:
    moieties, strengths = _parts(values["moiety"]), _parts(values["strength"])
    if kind is not Kind.MEDICINE:
        return ()
    if not moieties:
        return Gap(OpenReason.SUBSTANCE_MISSING, "")
    amounts = [strength.partition(" ") for strength in strengths]
    if len(amounts) != len(moieties) or not all(is_decimal(number) and unit for number, _, unit in amounts):
        return Gap(OpenReason.STRENGTH_MISSING, values["strength"])
    return tuple(
        Ingredient(moiety_name(moiety), number, unit)
        for moiety, (number, _, unit) in zip(moieties, amounts, strict=True)
    )


def _form_group(values: Values, kind: Kind) -> FormGroup | Gap:
    if kind is not Kind.MEDICINE:
        return FormGroup.OTHER if values["form"] else Gap(OpenReason.FORM_UNKNOWN, "")
    form = FORMS.get(values["form"])
    if form is None:
        return Gap(OpenReason.FORM_UNKNOWN, values["form"])
    if values["unit"] not in form.units:
        return Gap(OpenReason.UNIT_CONTRADICTED, f"{values['unit']}, {values['form']}")
    return form.group


def _route(values: Values, kind: Kind) -> Route | Gap:
    route = values["route"]
    if kind is not Kind.MEDICINE and not route:
        return Route.OTHER
    return Route(route) if route in set(Route) else Gap(OpenReason.ROUTE_UNKNOWN, route)


def _cold_chain(values: Values) -> bool | Gap:
    answer = values["cold_chain"]
    return answer == "yes" if answer in {"yes", "no"} else Gap(OpenReason.STORAGE_UNKNOWN, answer)
