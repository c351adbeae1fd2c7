"""Reading a file of separated columns row by row, with its limits. What a row means, its format knows."""

import contextlib
import csv
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TextIO

from msgspec import Struct

MAX_ROWS = 200_000
MAX_FIELD_CHARACTERS = 4_000
MAX_FILE_BYTES = 200_000_000
MAX_HEADER_CHARACTERS = 10_000
SEPARATORS = ",|;\t"

# How the files of spreadsheet programs begin, of today (zip) and of before.
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


class CatalogueFileUnreadable(ValueError):
    """The file as a whole can't be taken in. The message says what is wrong and what to do."""


class Row(Struct, frozen=True):
    """One line of a file: trimmed text under its column's name; None if the fields don't fit the header."""

    number: int
    text: str
    values: dict[str, str] | None


def read_rows(path: Path, required_columns: tuple[str, ...]) -> list[Row]:
    """Read a separated file in UTF-8, with or without a byte order mark, that has these columns.

    Raises CatalogueFileUnreadable; a row that is wrong by itself is no reason to refuse the others.
    """
    separator = separator_of(header_line(path))
    with _opened(path) as file:
        return list(
            _rows(_numbered(csv.reader(file, strict=True, delimiter=separator), path.name), required_columns, path.name)
        )


def header_line(path: Path) -> str:
    """The first line of a file; raises CatalogueFileUnreadable."""
    with _opened(path) as file:
        line = file.readline(MAX_HEADER_CHARACTERS)
    if not line.strip():
        raise CatalogueFileUnreadable(f"{path.name} is empty, or its first row is: export it again.")
    return line


def separator_of(header: str) -> str:
    """The sign that parts the columns: a spreadsheet in Greek writes semicolons."""
    return max(SEPARATORS, key=header.count)


@contextlib.contextmanager
def _opened(path: Path) -> Generator[TextIO]:
    try:
        _check_file(path)
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield file
    except UnicodeDecodeError as error:
        message = f"{path.name} is not in UTF-8: save it again as “CSV UTF-8”, then import it."
        raise CatalogueFileUnreadable(message) from error
    except OSError as error:
        message = f"{path.name} can't be opened ({error.strerror}): check who may read it."
        raise CatalogueFileUnreadable(message) from error


def _check_file(path: Path) -> None:
    if not path.is_file():
        raise CatalogueFileUnreadable(f"{path.name} is not there, or is no file: check the path.")
    if path.stat().st_size > MAX_FILE_BYTES:
        raise CatalogueFileUnreadable(f"{path.name} is over {MAX_FILE_BYTES:,} bytes: split it.")
    with path.open("rb") as file:
        if file.read(4) in _WORKBOOKS:
            raise CatalogueFileUnreadable(f"{path.name} is a workbook: save it as CSV (UTF-8), then import that.")


def _numbered(lines: Iterator[list[str]], file_name: str) -> Iterator[tuple[int, list[str]]]:
    """Each row with its number; a quotation mark out of place is told with the row where it opens."""
    number = 0
    try:
        for number, cells in enumerate(lines, start=1):
            yield number, cells
    except csv.Error as error:
        message = f"{file_name} is not a proper CSV file ({error}): row {number + 1} opens a quotation mark that"
        raise CatalogueFileUnreadable(f"{message} is not closed, or has one too many. Put that row right.") from error


def _rows(lines: Iterator[tuple[int, list[str]]], required_columns: tuple[str, ...], file_name: str) -> Iterator[Row]:
    header = [cell.strip() for cell in next(lines, (1, []))[1]]
    _check_header(header, required_columns, file_name)
    count = 0
    for number, cells in lines:
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
        advice = "its first row must name the columns as the source does"
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
