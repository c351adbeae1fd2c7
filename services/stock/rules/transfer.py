"""What a transfer may do next, and what a count means."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Literal
from uuid import UUID

from msgspec import Struct

from services.stock.rules.ledger import Account, Movement

Side = Literal["asking", "sending"]
State = Literal["requested", "agreed", "declined", "shipped", "received", "closed"]
Step = Literal["answer", "send", "count", "settle"]

NEXT: Mapping[State, tuple[Step, Side]] = {
    "requested": ("answer", "sending"),
    "agreed": ("send", "sending"),
    "shipped": ("count", "asking"),
    "received": ("settle", "sending"),
}
"""What a transfer waits for, and of which side; in the other states it is over."""

LEAST_LIFE_DAYS = 14
"""What leaves must still be of use where it arrives: until its next pharmacy day, and some days of use."""


class AgreedPick(Struct, frozen=True, kw_only=True):
    """Units of one lot set apart for a transfer's line."""

    line_number: int
    lot_id: UUID
    units: int


class ShelfLot(Struct, frozen=True, kw_only=True):
    lot_id: UUID
    product_id: UUID
    expires_on: date
    shelf: int
    held: bool


def earliest_expiry(today: date) -> date:
    """What expires before it is not sent any more."""
    return today + timedelta(days=LEAST_LIFE_DAYS)


def pick_for_transfer(
    wanted: Sequence[tuple[int, UUID, int]], lots: Sequence[ShelfLot], today: date
) -> list[AgreedPick]:
    """Lots for (line number, product, units): what expires first goes first, nothing held or about to expire.

    Gives less where there is less; the caller compares.
    """
    least_on = earliest_expiry(today)
    left = {lot.lot_id: lot.shelf for lot in lots}
    picks: list[AgreedPick] = []
    for line_number, product_id, units in wanted:
        missing = units
        for lot in sorted(lots, key=lambda lot: (lot.expires_on, lot.lot_id)):
            if lot.product_id != product_id or lot.held or lot.expires_on < least_on:
                continue
            given = min(missing, left[lot.lot_id])
            if given > 0:
                picks.append(AgreedPick(line_number=line_number, lot_id=lot.lot_id, units=given))
                left[lot.lot_id] -= given
                missing -= given
    return picks


def movements_on_arrival(lot_id: UUID, shipped: int, counted: int, cause_id: UUID, *, fit: bool) -> list[Movement]:
    """What was counted comes in: up to what was shipped to the shelf, more than that found, in quarantine.

    All of it to quarantine unless the lot is `fit`: neither held nor expired on the way.
    """
    shelf = Account.SHELF if fit else Account.QUARANTINE
    arrived = min(shipped, counted)
    ways = [
        (Account.RECEIVED_FROM_CLINIC, shelf, arrived),
        (Account.FOUND, Account.QUARANTINE, counted - arrived),
    ]
    return [
        Movement(lot_id=lot_id, source=source, target=target, units=units, cause_id=cause_id)
        for source, target, units in ways
        if units > 0
    ]


def missing_units(shipped: Mapping[int, int], counted: Mapping[int, int]) -> int:
    """Units that were shipped and not counted on arrival, over all lots."""
    return sum(max(0, units - counted.get(number, 0)) for number, units in shipped.items())
