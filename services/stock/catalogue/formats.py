"""The forms of files that the catalogue is taken in from, and knowing which one a file has by looking at it."""

import csv
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path

from services.stock.catalogue import bdpm, bulletin, items, seed, unicom
from services.stock.catalogue.reading import Reading
from services.stock.catalogue.tables import CatalogueFileUnreadable, header_line, separator_of


class Format(StrEnum):
    BULLETIN = "bulletin"  # the Greek price bulletin: barcode, name, ATC, substance, otc
    UNICOM = "unicom"
    BDPM = "bdpm"  # the public French medicines database
    ITEMS = "items"  # sanitary and parapharmaceutical items
    SEED = "seed"  # as the catalogue that ships with Dosis


READERS: Mapping[Format, Callable[[Path], Reading]] = {
    Format.BULLETIN: bulletin.read_bulletin,
    Format.UNICOM: unicom.read_unicom,
    Format.BDPM: bdpm.read_bdpm,
    Format.ITEMS: items.read_items,
    Format.SEED: seed.read_seed,
}

# Columns that no other form has; a form may have more of them.
_TOLD_BY: Mapping[Format, frozenset[str]] = {
    Format.BULLETIN: frozenset(bulletin.COLUMNS),
    Format.UNICOM: frozenset({"barcode_280", "eof_code", "full_name", "moiety"}),
    Format.BDPM: frozenset({"cip13", "cis", "substances", "pack_label"}),
    Format.SEED: frozenset(seed.COLUMNS),
    Format.ITEMS: frozenset(items.COLUMNS),
}


def read_file(path: Path, told: Format | None = None) -> Reading:
    """Read a file in the form that was told, or that its first row shows; raises CatalogueFileUnreadable."""
    return READERS[told or format_of(path)](path)


def format_of(path: Path) -> Format:
    """The form of a file by its columns, whatever their order, capitals and separator."""
    columns = _columns(path)
    for format_, needed in _TOLD_BY.items():
        if needed <= columns:
            return format_
    known = ", ".join(Format)
    raise CatalogueFileUnreadable(
        f"{path.name} has the columns of none of the forms that are known ({known}):"
        " its first row must name the columns as the source does. Or say which it is with --format."
    )


def _columns(path: Path) -> frozenset[str]:
    line = header_line(path)
    return frozenset(cell.strip().lower() for row in csv.reader([line], delimiter=separator_of(line)) for cell in row)
