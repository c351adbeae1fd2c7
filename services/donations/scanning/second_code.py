"""Whether a scan is the other code of the box that was logged last: many packs have a 2D code and a plain number.

Pure decisions: a box is counted once however many of its codes are read, and only where nothing speaks for another.
"""

from uuid import UUID

from services.donations.rules import Storage
from services.donations.scanning.deciding import ScannedItem, code_kind
from services.donations.store.lines import LineRow
from shared.codes import Recognised


def is_second_code(
    line: LineRow,
    item: ScannedItem,
    reading: Recognised,
    *,
    product_id: UUID | None,
    units_per_pack: int | None,
    units_of_line: int | None,
) -> bool:
    """Whether the line is this box: one of the two codes is bare and the other full, and nothing contradicts.

    `line`: of which one code was read. `product_id`, `units_per_pack`: what the scanned number stands for;
    `units_of_line`: how much a full pack of the line's number has. None: nobody knows.
    """
    expires_on = reading.expires_on or item.expires_on
    return (
        {line.scanned, code_kind(reading)} == {"number", "pack"}
        and line.product_id == product_id
        and (expires_on is None or (expires_on.year, expires_on.month) == (line.expires_on.year, line.expires_on.month))
        and _agree(reading.batch or item.batch, line.batch)
        and not (item.batch_unreadable and line.batch is not None)
        and _agree(units_per_pack, units_of_line)
        and _is_said_alike(line, item)
    )


def _is_said_alike(line: LineRow, item: ScannedItem) -> bool:
    """What a person says of the box besides; sealed and kept in the room is also what is said of nothing."""
    return (
        _agree(item.units, line.units)
        and (line.opened or not item.opened)
        and item.source_kind == line.source_kind
        and _agree(item.source_name, line.source_name)
        and item.storage in (Storage.ROOM, line.storage)
    )


def _agree(one: object, other: object) -> bool:
    """Whether they are the same, as far as both are known."""
    return one is None or other is None or one == other
