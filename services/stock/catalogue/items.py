"""Read sanitary and parapharmaceutical items: gauze, syringes, test strips, nappies, milk for babies.

One row a pack, in a file that a clinic writes itself:

code            the pack's EAN-13, or empty
name            as people call it
kind            sanitary or parapharmaceutical
unit            the smallest thing that can be handed out: piece, sachet, tin
units_per_pack  how many of them are in the pack
"""

from collections.abc import Mapping
from pathlib import Path

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
from shared.catalogue import FormGroup, Kind, Pack, Product, Route, product_id_for

COLUMNS = ("code", "name", "kind", "unit", "units_per_pack")
KINDS = (Kind.SANITARY, Kind.PARAPHARMACEUTICAL)
MAX_UNITS = 10_000

Values = Mapping[str, str]


def read_items(path: Path) -> Reading:
    """Read the items of this file as products; every row is either in one or left open with its reasons."""
    read = [_read_row(row) for row in read_rows(path, COLUMNS)]
    open_rows = [line for line in read if isinstance(line, OpenRow)]
    kept, repeated = set_aside_repeated_codes(line for line in read if isinstance(line, PackLine))
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
    """Describe the row's item with its one pack; meaningless once a gap is noted."""
    code, units = values["code"], values["units_per_pack"]
    if code and not has_valid_check_digit(code):
        gaps.take(Gap(OpenReason.CODE_INVALID, code), None)
    is_count = units.isascii() and units.isdigit() and 0 < int(units) <= MAX_UNITS
    units_per_pack = gaps.take(int(units) if is_count else Gap(OpenReason.PACK_SIZE_MISSING, units), 1)
    unit = gaps.take(values["unit"].lower() or Gap(OpenReason.UNIT_MISSING, ""), "")
    source_key = f"item:{' '.join(values['name'].lower().split())}/{unit}"
    return Product(
        product_id=product_id_for(source_key),
        source_key=source_key,
        name=gaps.take(values["name"] or Gap(OpenReason.NAME_MISSING, ""), ""),
        kind=gaps.take(_kind(values["kind"]), Kind.SANITARY),
        ingredients=(),
        form_group=FormGroup.OTHER,
        form=unit,
        route=Route.OTHER,
        unit=unit,
        content_per_unit=1,
        content_unit=unit,
        atc=None,
        holder=None,
        controlled=False,
        never_automatic=False,
        cold_chain=False,
        packs=(Pack(code or None, units_per_pack, f"{units_per_pack} {unit}"),),
    )


def _kind(text: str) -> Kind | Gap:
    word = text.lower()
    return Kind(word) if word in KINDS else Gap(OpenReason.KIND_UNKNOWN, text)
