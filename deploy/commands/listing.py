"""How lists are printed: every value in full, in columns; or one JSON object a line, for programs."""

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from rich.cells import cell_len

from deploy.commands.common import print_json

Row = TypeVar("Row")


def print_list(
    rows: Sequence[Row], columns: Mapping[str, Callable[[Row], object]], *, as_json: bool, nothing: str
) -> None:
    """Print rows under their columns' names. Nothing is cut, however narrow the terminal is."""
    if as_json:
        for row in rows:
            print_json(row)
    elif not rows:
        sys.stdout.write(f"{nothing}\n")
    else:
        _print_columns([tuple(columns), *(tuple(_text(cell(row)) for cell in columns.values()) for row in rows)])


def _text(value: object) -> str:
    return "-" if value is None else " ".join(str(value).split())


def _print_columns(lines: Sequence[tuple[str, ...]]) -> None:
    widths = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        padded = (text + " " * (width - cell_len(text)) for text, width in zip(line, widths, strict=True))
        sys.stdout.write("  ".join(padded).rstrip() + "\n")
