"""Long events in parts: what the bus takes in one piece is bounded."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

import msgspec

Row = TypeVar("Row")

PART_BYTES = 200 * 1024
"""An event on the bus has at most 256 KB; the rest is room for its envelope."""


def in_parts(groups: Iterable[Sequence[Row]]) -> list[list[Row]]:
    """Rows in parts that fit the bus; the rows of one group stand in the same part, in their order."""
    parts: list[list[Row]] = []
    room = 0
    for rows in groups:
        size = len(msgspec.json.encode(rows))
        if not parts or size > room:
            parts.append([])
            room = PART_BYTES
        parts[-1] += rows
        room -= size
    return parts
