"""Which reserved lots are handed over for how many units of each line."""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from msgspec import Struct


class EscrowLot(Struct, frozen=True, kw_only=True):
    """Units of a lot set apart for a line."""

    line_id: UUID
    lot_id: UUID
    expires_on: date
    use_through_on: date
    reserved_units: int
    given_units: int
    released_units: int

    @property
    def left_units(self) -> int:
        return self.reserved_units - self.given_units - self.released_units


def hand_over(
    wanted_units: Mapping[UUID, int], lots: Sequence[EscrowLot], today: date
) -> tuple[list[tuple[EscrowLot, int]], dict[UUID, int]]:
    """Lots and units for each line, what expires first first; and what is missing of each line.

    A lot that has expired by today is never handed over, however it came to be reserved.
    """
    handed: list[tuple[EscrowLot, int]] = []
    missing = dict(wanted_units)
    for lot in sorted(lots, key=lambda lot: (lot.expires_on, lot.lot_id)):
        units = min(missing.get(lot.line_id, 0), lot.left_units)
        if units > 0 and lot.expires_on >= today:
            handed.append((lot, units))
            missing[lot.line_id] -= units
    return handed, {line_id: units for line_id, units in missing.items() if units > 0}


def left_of_lines(lots: Sequence[EscrowLot], today: date) -> dict[UUID, int]:
    """What can be handed over of each line today."""
    left: dict[UUID, int] = {}
    for lot in lots:
        if lot.expires_on >= today:
            left[lot.line_id] = left.get(lot.line_id, 0) + lot.left_units
    return {line_id: units for line_id, units in left.items() if units > 0}


def needed_units(lots: Sequence[EscrowLot], short_units: int) -> int:
    """What a line needs in all: what was set apart and not sent back, and what was short."""
    return sum(lot.reserved_units - lot.released_units for lot in lots) + short_units
