"""What goes into an allocation and what comes out of it, as plain values."""

from datetime import date
from enum import StrEnum
from fractions import Fraction
from uuid import UUID

import msgspec


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """What one patient needs of one medicine. `from_on` is today or later: nothing here knows the day."""

    reference: UUID
    order: int  # the place that the clinic's policy gives this patient; ties are broken by reference
    product_ids: frozenset[UUID]  # what may be given
    content_needed: Fraction
    content_per_day: Fraction | None  # None: no even rhythm, so every lot must be valid through the whole period
    from_on: date
    through_on: date

    def __post_init__(self) -> None:
        assert self.content_needed > 0
        assert self.content_per_day is None or self.content_per_day > 0
        assert self.from_on <= self.through_on


class Lot(msgspec.Struct, frozen=True, kw_only=True):
    lot_id: UUID
    product_id: UUID
    expires_on: date
    opened: bool
    content_per_unit: int  # 1 for a tablet, 120 for an inhaler of 120 doses, 150 for a bottle of 150 ml
    free_units: int
    held: bool

    def __post_init__(self) -> None:
        assert self.content_per_unit > 0
        assert self.free_units >= 0


class Pick(msgspec.Struct, frozen=True, kw_only=True):
    reference: UUID
    lot_id: UUID
    units: int
    use_from_on: date
    use_through_on: date


class Reason(StrEnum):
    EXPIRED = "expired"  # by the need's first day
    EXPIRES_TOO_SOON = "expires_too_soon"  # before a unit of it would be used up
    HELD = "held"
    NOTHING_FREE = "nothing_free"  # all reserved for someone, or none there
    NOT_THIS_MEDICINE = "not_this_medicine"
    EXPIRES_LATER = "expires_later"  # an earlier lot is enough


class PassedOver(msgspec.Struct, frozen=True, kw_only=True):
    lot_id: UUID
    reason: Reason


class Shortage(msgspec.Struct, frozen=True, kw_only=True):
    reference: UUID
    content_short: Fraction
    units_short: int  # of the smallest unit known of its products, so that as many of any of them are enough


class Allocation(msgspec.Struct, frozen=True, kw_only=True):
    picks: tuple[Pick, ...]
    shortages: tuple[Shortage, ...]
