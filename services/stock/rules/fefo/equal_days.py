"""Equal days for all: share out what is not enough, so that each gets as many days as the others."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from math import gcd
from uuid import UUID

from services.stock.rules.fefo.walk import Demand, Goal, Stock, put_back, serve
from shared.exact import divide_up


def competing(demands: list[Demand], stock: Stock) -> Iterable[list[Demand]]:
    """Group the needs that share a product, directly or through others.

    A product with nothing to give connects nobody: else one patient whose medicine is not there at all would
    bring the equal days of all the others to nought.
    """
    leader: dict[UUID, UUID] = {}
    first_product: list[tuple[Demand, UUID]] = []
    for demand in demands:
        there = [each for each in demand.need.product_ids if _can_be_given(stock, each, demand)]
        for each in there:
            leader.setdefault(each, each)
            leader[_leader_of(leader, each)] = _leader_of(leader, there[0])
        if there:
            first_product.append((demand, there[0]))
    groups: defaultdict[UUID, list[Demand]] = defaultdict(list)
    for demand, product_id in first_product:
        groups[_leader_of(leader, product_id)].append(demand)
    return groups.values()


def _can_be_given(stock: Stock, product_id: UUID, demand: Demand) -> bool:
    return product_id in stock.slots and stock.slots[product_id][-1].expires >= demand.first


def _leader_of(leader: dict[UUID, UUID], product_id: UUID) -> UUID:
    while leader[product_id] != product_id:
        leader[product_id] = leader[leader[product_id]]
        product_id = leader[product_id]
    return product_id


def give_equal_days(group: list[Demand], stock: Stock) -> None:
    """Give every need of the group its first days, the largest number of them for which all are met.

    It is looked for from above, since with unlike products fewer days are not always easier than more.
    """
    for days in range(_most_days(group, stock), 0, -1):
        if all(serve(demand, _first_days(demand, days)) for demand in group):
            return
        for demand in group:
            put_back(demand)


def _most_days(group: list[Demand], stock: Stock) -> int:
    """More days than these would need more content than there is, even if nothing expired."""
    slots = stock.slots_of({product_id for demand in group for product_id in demand.need.product_ids})
    on_hand = sum(slot.free * slot.content for slot in slots)
    grain = gcd(*(slot.content for slot in slots))  # whatever units are given, they hold a multiple of it

    def content_taken(days: int) -> int:
        return sum(divide_up(_first_days(demand, days).wanted, demand.scale * grain) * grain for demand in group)

    longest = max(demand.days for demand in group)
    return bisect_right(range(1, longest + 1), on_hand, key=content_taken)


def _first_days(demand: Demand, days: int) -> Goal:
    """Cut a need to its first days and their content.

    Without an even rhythm that is the days' share of the whole, rounded up to a whole content.
    """
    if days >= demand.days:
        return demand.whole
    share = days * demand.per_day
    if not demand.per_day:
        share = divide_up(demand.whole.wanted * days, demand.days * demand.scale) * demand.scale
    return Goal(min(share, demand.whole.wanted), demand.first + days - 1)
