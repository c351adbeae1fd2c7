"""Reading a file of separated columns row by row, with its limits. What a row means, its format knows."""

import csv
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

MAX_ROWS = 200_000
MAX_FIELD_CHARACTERS = 4_000
MAX_FILE_BYTES = 200_000_000


class CatalogueFileUnreadable(ValueError):
    """The file as a whole can't be taken in. The message says what is wrong and what to do."""


class Row(Struct, frozen=True):
    """One line of a file: trimmed text under its column's name; None if the fields don't fit the header."""

    number: int
    text: str
    values: dict[str, str] | None


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
