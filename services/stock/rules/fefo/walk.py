"""The walk of one need through the lots, first expired first.

A need's contents are multiplied by one denominator at the start (its `scale`) and dates become ordinals, so
that what follows is arithmetic of whole numbers: as exact as fractions, and many times faster.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from fractions import Fraction
from math import lcm
from uuid import UUID

import msgspec

from services.stock.rules.fefo.facts import Lot, Need, Pick
from shared.exact import divide_up


class Slot(msgspec.Struct, kw_only=True):
    """A lot that can be given, and what is still free of it."""

    lot_id: UUID
    order: tuple[int, int]
    expires: int
    content: int
    free: int


class Shelf:
    """The slots of one set of products, first expired first."""

    def __init__(self, slots: list[Slot]) -> None:
        self.slots = slots
        self.expiries = [slot.expires for slot in slots]
        self.smallest_unit = min((slot.content for slot in slots), default=1)
        self.head = 0  # all before it are used up

    def position_of(self, soonest: int) -> int:
        """The first slot not used up, as far as is known, that expires on the day `soonest` or later."""
        while self.head < len(self.slots) and not self.slots[self.head].free:
            self.head += 1
        return bisect_left(self.expiries, soonest, lo=self.head)


class Goal(msgspec.Struct, frozen=True):
    """How much a need is to be given for its days through `last`."""

    wanted: int
    last: int


class Take(msgspec.Struct, kw_only=True):
    """Units of a slot, for the need's content from `start` to `end`, used by the day `last` at the latest."""

    slot: Slot
    units: int
    start: int
    end: int
    last: int


class Demand(msgspec.Struct, kw_only=True):
    """A need in whole numbers, and what it was given so far."""

    need: Need
    scale: int
    per_day: int  # 0 without an even rhythm: then no lot that expires before the end has a share of the days
    first: int
    whole: Goal
    shelf: Shelf
    covered: int = 0
    takes: list[Take]

    @property
    def days(self) -> int:
        return self.whole.last - self.first + 1


class Stock:
    """The lots that can be given from a day on, by product."""

    def __init__(self, lots: Iterable[Lot], *, from_on: date) -> None:
        """Leave out the lots that nobody can be given; of their units only the size counts."""
        self.slots: defaultdict[UUID, list[Slot]] = defaultdict(list)
        self.smallest_unit: dict[UUID, int] = {}
        self._shelves: dict[frozenset[UUID], Shelf] = {}
        for lot in sorted(lots, key=expiry_order):
            known = self.smallest_unit.get(lot.product_id, lot.content_per_unit)
            self.smallest_unit[lot.product_id] = min(known, lot.content_per_unit)
            if lot.free_units and not lot.held and lot.expires_on >= from_on:
                self.slots[lot.product_id].append(_slot(lot))

    def slots_of(self, product_ids: Iterable[UUID]) -> list[Slot]:
        return sorted(
            (slot for product_id in product_ids for slot in self.slots.get(product_id, ())),
            key=lambda slot: slot.order,
        )

    def shelf(self, product_ids: frozenset[UUID]) -> Shelf:
        if product_ids not in self._shelves:
            self._shelves[product_ids] = Shelf(self.slots_of(product_ids))
        return self._shelves[product_ids]


def expiry_order(lot: Lot) -> tuple[int, int]:
    return lot.expires_on.toordinal(), lot.lot_id.int


def _slot(lot: Lot) -> Slot:
    order = expiry_order(lot)
    return Slot(lot_id=lot.lot_id, order=order, expires=order[0], content=lot.content_per_unit, free=lot.free_units)


def demand_of(need: Need, stock: Stock) -> Demand:
    rate = need.content_per_day or Fraction(0)
    scale = lcm(need.content_needed.denominator, rate.denominator)
    wanted, per_day = _scaled(need.content_needed, scale), _scaled(rate, scale)
    first, last = need.from_on.toordinal(), need.through_on.toordinal()
    if per_day:  # content for fewer days than the period is used up before the period ends
        last = min(last, first + divide_up(wanted, per_day) - 1)
    return Demand(
        need=need,
        scale=scale,
        per_day=per_day,
        first=first,
        whole=Goal(wanted, last),
        shelf=stock.shelf(need.product_ids),
        takes=[],
    )


def _scaled(content: Fraction, scale: int) -> int:
    return content.numerator * (scale // content.denominator)


def is_met(demand: Demand, goal: Goal) -> bool:
    return demand.covered >= goal.wanted


def serve(demand: Demand, goal: Goal) -> bool:
    """Take what the goal still lacks, and say whether it is met.

    What a need has taken only grows, so a lot that had no share of its days never has one later: going on
    from a nearer goal to a farther one never comes back to a lot before the last one taken.
    """
    if is_met(demand, goal):
        return True
    slots = demand.shelf.slots
    for position in range(demand.shelf.position_of(_soonest(demand, goal)), len(slots)):
        slot = slots[position]
        units = _units_for(demand, goal, slot) if slot.free else 0
        if units:
            _take(demand, goal, slot, units)
            if is_met(demand, goal):
                return True
    return False


def _soonest(demand: Demand, goal: Goal) -> int:
    """The day by which the smallest unit would be used up: what expires sooner has no share of the days."""
    if not demand.per_day:
        return goal.last
    first_end = demand.covered + demand.shelf.smallest_unit * demand.scale
    return min(goal.last, demand.first + divide_up(first_end, demand.per_day) - 1)


def _units_for(demand: Demand, goal: Goal, slot: Slot) -> int:
    content = slot.content * demand.scale
    units = min(slot.free, divide_up(goal.wanted - demand.covered, content))
    if slot.expires >= goal.last:
        return units
    usable = (slot.expires - demand.first + 1) * demand.per_day - demand.covered
    return min(units, max(usable // content, 0))


def _take(demand: Demand, goal: Goal, slot: Slot, units: int) -> None:
    end = demand.covered + units * slot.content * demand.scale
    last = demand.whole.last
    if slot.expires < last:
        # A unit taken for a nearer goal may hold more than is used until it expires: the rest covers nothing.
        last = goal.last
        usable = (slot.expires - demand.first + 1) * demand.per_day if demand.per_day else goal.wanted
        end = min(end, usable)
    if demand.takes and demand.takes[-1].slot is slot:
        take = demand.takes[-1]
        take.units, take.end, take.last = take.units + units, end, last
    else:
        demand.takes.append(Take(slot=slot, units=units, start=demand.covered, end=end, last=last))
    slot.free -= units
    demand.covered = end


def picks_of(demand: Demand) -> list[Pick]:
    return [_pick(demand, take) for take in demand.takes]


def _pick(demand: Demand, take: Take) -> Pick:
    use_from, use_through = demand.first, take.last
    if demand.per_day:
        last = demand.whole.last
        end = min(take.end, demand.whole.wanted)
        use_from = min(demand.first + take.start // demand.per_day, last)
        use_through = min(demand.first + divide_up(end, demand.per_day) - 1, last)
    return Pick(
        reference=demand.need.reference,
        lot_id=take.slot.lot_id,
        units=take.units,
        use_from_on=date.fromordinal(use_from),
        use_through_on=date.fromordinal(use_through),
    )


def put_back(demand: Demand) -> None:
    for take in demand.takes:
        take.slot.free += take.units
    demand.takes.clear()
    demand.covered = 0
    demand.shelf.head = 0
