"""What a catalogue file gives: the products that could be read, and the rows that a person must complete.

Here stands what every format shares: the door through which a file comes in, with its limits, and the putting
together of packs into products. Each format knows its own columns (`formats`).
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from services.stock.catalogue.facts import PackFacts, facts_of_pack
from shared.catalogue import FormGroup, Product, product_id_for

Found = TypeVar("Found")

MAX_ROWS = 200_000
MAX_FIELD_CHARACTERS = 4_000
MAX_FILE_BYTES = 200_000_000


class CatalogueFileUnreadable(ValueError):
    """The file as a whole can't be taken in. The message says what is wrong and what to do."""


class OpenReason(StrEnum):
    """Why a row is left for a person. The page puts it into words."""

    NAME_MISSING = "name_missing"
    SUBSTANCE_MISSING = "substance_missing"
    SEVERAL_SUBSTANCES = "several_substances"  # in one field, with one strength: whose is it?
    STRENGTH_MISSING = "strength_missing"
    STRENGTH_CONTRADICTED = "strength_contradicted"
    FORM_UNKNOWN = "form_unknown"
    FORM_CONTRADICTED = "form_contradicted"
    ROUTE_UNKNOWN = "route_unknown"
    UNIT_MISSING = "unit_missing"
    UNIT_CONTRADICTED = "unit_contradicted"
    PACK_SIZE_MISSING = "pack_size_missing"
    PACK_SIZE_CONTRADICTED = "pack_size_contradicted"
    CONTENT_MISSING = "content_missing"
    CODE_INVALID = "code_invalid"
    CODE_REPEATED = "code_repeated"
    COLUMNS_SHIFTED = "columns_shifted"  # more or fewer fields than the header has
    KIND_UNKNOWN = "kind_unknown"
    STORAGE_UNKNOWN = "storage_unknown"  # neither cold nor not
    KEY_MISSING = "key_missing"
    PACKS_DISAGREE = "packs_disagree"  # two rows of one product describe it differently
    CODE_OF_ANOTHER_PRODUCT = "code_of_another_product"  # another source gave this code to another product


FIELDS_LEFT_OPEN: Mapping[OpenReason, tuple[str, ...]] = {
    OpenReason.NAME_MISSING: ("name",),
    OpenReason.SUBSTANCE_MISSING: ("substances", "strengths", "strength_unit"),
    OpenReason.SEVERAL_SUBSTANCES: ("substances", "strengths", "strength_unit"),
    OpenReason.STRENGTH_MISSING: ("strengths", "strength_unit"),
    OpenReason.STRENGTH_CONTRADICTED: ("strengths", "strength_unit"),
    OpenReason.FORM_UNKNOWN: ("form_group",),
    OpenReason.FORM_CONTRADICTED: ("form_group",),
    OpenReason.ROUTE_UNKNOWN: ("route",),
    OpenReason.UNIT_MISSING: ("unit", "units_per_pack", "content_per_unit", "content_unit"),
    OpenReason.UNIT_CONTRADICTED: ("unit", "units_per_pack", "content_per_unit", "content_unit"),
    OpenReason.PACK_SIZE_MISSING: ("units_per_pack",),
    OpenReason.PACK_SIZE_CONTRADICTED: ("units_per_pack",),
    OpenReason.CONTENT_MISSING: ("content_per_unit", "content_unit"),
    OpenReason.CODE_INVALID: ("code",),
    OpenReason.CODE_REPEATED: ("code",),
    OpenReason.KEY_MISSING: ("source_key",),
    OpenReason.KIND_UNKNOWN: ("kind",),
    OpenReason.STORAGE_UNKNOWN: ("cold_chain",),
}
"""What of a pack a reason leaves for a person; the other reasons leave a question about the whole row."""


class Gap(Struct, frozen=True):
    """One thing that a person must put right, and what the row says there now."""

    reason: OpenReason
    found: str


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


class Row(Struct, frozen=True):
    """One line of a file: trimmed text under its column's name; None if the fields don't fit the header."""

    number: int
    text: str
    values: dict[str, str] | None


class PackLine(Struct, frozen=True):
    """One row that could be read: a product with its one pack."""

    row: Row
    product: Product


def read_rows(path: Path, required_columns: tuple[str, ...], delimiter: str = ",") -> list[Row]:
    """Read a separated file in UTF-8, with or without a byte order mark, that has these columns.

    Raises CatalogueFileUnreadable; a row that is wrong by itself is no reason to refuse the others.
    """
    try:
        if not path.is_file():
            raise CatalogueFileUnreadable(f"{path.name} is not there, or is no file: check the path.")
        if path.stat().st_size > MAX_FILE_BYTES:
            raise CatalogueFileUnreadable(f"{path.name} is over {MAX_FILE_BYTES:,} bytes: split it.")
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = csv.reader(file, strict=True, delimiter=delimiter)
            return list(_rows(lines, required_columns, path.name))
    except UnicodeDecodeError as error:
        message = f"{path.name} is not in UTF-8: save it again as “CSV UTF-8”, then import it."
        raise CatalogueFileUnreadable(message) from error
    except csv.Error as error:
        message = f"{path.name} is not a proper CSV file ({error}): export it again from its source."
        raise CatalogueFileUnreadable(message) from error
    except OSError as error:
        message = f"{path.name} can't be opened ({error.strerror}): check who may read it."
        raise CatalogueFileUnreadable(message) from error


def _rows(lines: Iterator[list[str]], required_columns: tuple[str, ...], file_name: str) -> Iterator[Row]:
    header = [cell.strip() for cell in next(lines, [])]
    _check_header(header, required_columns, file_name)
    count = 0
    for number, cells in enumerate(lines, start=2):
        if not any(cell.strip() for cell in cells):
            continue
        count += 1
        if count > MAX_ROWS:
            raise CatalogueFileUnreadable(f"{file_name} has more than {MAX_ROWS:,} rows: split it.")
        _check_fields(cells, number, file_name)
        # No-break spaces come from web pages and Word; they would make two names of one.
        texts = [" ".join(cell.split()) for cell in cells]
        values = dict(zip(header, texts, strict=True)) if len(texts) == len(header) else None
        yield Row(number, ", ".join(text for text in texts if text)[:MAX_FIELD_CHARACTERS], values)
    if count == 0:
        raise CatalogueFileUnreadable(f"{file_name} has no rows under its header: export it again.")


def _check_header(header: list[str], required_columns: tuple[str, ...], file_name: str) -> None:
    if not any(header):
        raise CatalogueFileUnreadable(f"{file_name} is empty, or its first row is: export it again.")
    missing = [column for column in required_columns if column not in header]
    if missing:
        advice = (
            "it is separated by semicolons or tabs: save it with commas"
            if len(header) == 1 and any(sign in header[0] for sign in ";\t")
            else "its first row must name the columns as the source does"
        )
        raise CatalogueFileUnreadable(f"{file_name} lacks the columns {', '.join(missing)}: {advice}.")
    twice = sorted({column for column in header if column and header.count(column) > 1})
    if twice:
        raise CatalogueFileUnreadable(f"{file_name} has the column {', '.join(twice)} twice: remove one.")


def _check_fields(cells: list[str], number: int, file_name: str) -> None:
    if any(len(cell) > MAX_FIELD_CHARACTERS for cell in cells):
        limit = f"{MAX_FIELD_CHARACTERS:,} characters"
        message = f"{file_name}, row {number}, has a field of over {limit}: a quotation mark may be missing there."
        raise CatalogueFileUnreadable(message)
    if any("\0" in cell for cell in cells):
        raise CatalogueFileUnreadable(f"{file_name}, row {number}, holds a zero byte: it is no text file.")


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
