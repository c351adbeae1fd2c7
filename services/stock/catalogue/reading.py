"""What a catalogue file gives: the products that could be read, and the rows that a person must complete.

Here stands what every format shares: leaving a row open, and the putting together of packs into products. Each
format knows its own columns (`formats`).
"""

from collections.abc import Iterable
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from services.stock.catalogue.facts import PackFacts, facts_of_pack
from services.stock.catalogue.reasons import FIELDS_LEFT_OPEN, Gap, OpenReason
from services.stock.catalogue.tables import Row
from shared.catalogue import FormGroup, Product, product_id_for

Found = TypeVar("Found")


class Gaps:
    """What a row lacks, noted while going on, so that a person sees everything at once."""

    def __init__(self) -> None:
        self.noted: list[Gap] = []

    def take(self, found: Found | Gap, otherwise: Found) -> Found:
        """Give what was found; after a gap, a stand-in, only good for looking at the row's other fields."""
        if isinstance(found, Gap):
            self.noted.append(found)
            return otherwise
        return found


class OpenRow(Struct, frozen=True):
    row_number: int  # as a spreadsheet counts: the header is row 1
    text: str
    gaps: tuple[Gap, ...]
    known: PackFacts = PackFacts()
    """What could be read all the same; a field with a gap is None."""


class Reading(Struct, frozen=True):
    products: tuple[Product, ...]
    open_rows: tuple[OpenRow, ...]


class PackLine(Struct, frozen=True):
    """One row that could be read: a product with its one pack."""

    row: Row
    product: Product


def has_valid_check_digit(code: str) -> bool:
    """Whether an EAN-13 is thirteen ASCII digits of which the last fits the others."""
    if len(code) != 13 or not (code.isascii() and code.isdigit()):
        return False
    weighted = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(code[:12]))
    return (10 - weighted % 10) % 10 == int(code[12])


def open_row(row: Row, gaps: Iterable[Gap], name: str = "", product: Product | None = None) -> OpenRow:
    """Leave a row for a person, with what is known of it: `product` may hold stand-ins where there are gaps."""
    noted = tuple(gaps)
    known = PackFacts() if product is None else known_facts(product, noted)
    return OpenRow(row.number, name or row.text, noted, known)


def known_facts(product: Product, gaps: Iterable[Gap]) -> PackFacts:
    """What a row's product says where it has no gap."""
    left = {name: None for gap in gaps for name in FIELDS_LEFT_OPEN.get(gap.reason, ()) if name in _FACTS}
    per_measure = any("/" in (part.strength_unit or "") for part in product.ingredients)
    if not product.unit and product.form_group not in _COUNTED and not per_measure:
        # In one ml or in five, in one ampoule or in all: without the unit a number says nothing.
        left |= {"strengths": None, "strength_unit": None}
    return replace(facts_of_pack(product, product.packs[0]), **left)


_FACTS = frozenset(PackFacts.__struct_fields__)
_COUNTED = frozenset(
    {
        FormGroup.ORAL_SOLID,
        FormGroup.ORAL_PROLONGED,
        FormGroup.ORAL_MODIFIED,
        FormGroup.ORAL_GASTRO_RESISTANT,
        FormGroup.ORAL_ORODISPERSIBLE,
        FormGroup.ORAL_EFFERVESCENT,
        FormGroup.ORAL_CHEWABLE,
    }
)


def set_aside_repeated_codes(lines: Iterable[PackLine]) -> tuple[list[PackLine], list[OpenRow]]:
    """Keep the first row of each code. Which of two is right, the file can't say."""
    kept: list[PackLine] = []
    repeated: list[OpenRow] = []
    first_row: dict[str, int] = {}
    for line in lines:
        code = line.product.packs[0].code
        if code is not None and code in first_row:
            found = f"{code}, row {first_row[code]}"
            gap = Gap(OpenReason.CODE_REPEATED, found)
            repeated.append(open_row(line.row, [gap], line.product.name, line.product))
            continue
        if code is not None:
            first_row[code] = line.row.number
        kept.append(line)
    return kept, repeated


def lines_by_product(lines: Iterable[PackLine]) -> list[list[PackLine]]:
    """Put the rows of one source key together, in the order of the file."""
    together: dict[str, list[PackLine]] = {}
    for line in lines:
        together.setdefault(line.product.source_key, []).append(line)
    return list(together.values())


def describe_one_product(lines: list[PackLine]) -> bool:
    """Whether these rows differ only in pack, holder and the spaces and capitals of the name."""
    facts = [
        replace(line.product, name="".join(line.product.name.lower().split()), holder=None, packs=()) for line in lines
    ]
    return all(fact == facts[0] for fact in facts)


def joined(lines: list[PackLine]) -> Product:
    """Make one product of its packs. An authorisation that changed hands keeps both holders' names."""
    first = lines[0].product
    holders = {line.product.holder: None for line in lines if line.product.holder is not None}
    packs = [pack for line in lines for pack in line.product.packs]
    ordered = sorted(packs, key=lambda pack: (pack.units_per_pack, pack.code or "", pack.label))
    return replace(first, holder=" / ".join(holders) or None, packs=tuple(ordered))


def as_its_own(line: PackLine) -> Product:
    """A product of this row alone: other rows of its key describe something else."""
    pack = line.product.packs[0]
    key = f"{line.product.source_key}/{pack.code or pack.label}"
    return replace(line.product, source_key=key, product_id=product_id_for(key))
