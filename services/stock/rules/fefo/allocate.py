"""Give lots to needs, and say why a lot is not given."""

from collections.abc import Iterable
from fractions import Fraction

from services.stock.rules.fefo.equal_days import competing, give_equal_days
from services.stock.rules.fefo.facts import (
    Allocation,
    Lot,
    Need,
    PassedOver,
    Pick,
    Reason,
    Shortage,
)
from services.stock.rules.fefo.walk import (
    Demand,
    Stock,
    demand_of,
    expiry_order,
    is_met,
    picks_of,
    serve,
)
from shared.exact import divide_up
from shared.policies import SharingRule


def allocate(needs: Iterable[Need], lots: Iterable[Lot], *, rule: SharingRule = SharingRule.FIRST_COME) -> Allocation:
    """Give the lots to the needs, in the needs' order, the same for any order of input.

    FIRST_COME and MOST_URGENT differ only in how the caller numbers that order. With EQUAL_DAYS, needs that
    compete are first all given the same number of days, the largest for which there is enough; what remains
    is then given in order, for the rest of their days.
    """
    ordered = sorted(needs, key=lambda need: (need.order, need.reference.int))
    if not ordered:
        return Allocation(picks=(), shortages=())
    stock = Stock(lots, from_on=min(need.from_on for need in ordered))
    demands = [demand_of(need, stock) for need in ordered]
    if rule is SharingRule.EQUAL_DAYS:
        for group in competing(demands, stock):
            give_equal_days(group, stock)
    for demand in demands:
        serve(demand, demand.whole)
    return Allocation(
        picks=tuple(pick for demand in demands for pick in picks_of(demand)),
        shortages=tuple(_shortage(demand, stock) for demand in demands if not is_met(demand, demand.whole)),
    )


def explain(need: Need, lots: Iterable[Lot]) -> tuple[list[Pick], list[PassedOver]]:
    """Which lots this need alone would be given, and for each other lot the one reason it would not."""
    known = sorted(lots, key=expiry_order)
    demand = demand_of(need, Stock(known, from_on=need.from_on))
    enough = serve(demand, demand.whole)
    picks = picks_of(demand)
    picked = {pick.lot_id for pick in picks}
    last_picked = demand.takes[-1].slot.order if enough else None
    return picks, [
        PassedOver(lot_id=lot.lot_id, reason=_reason(need, lot, last_picked))
        for lot in known
        if lot.lot_id not in picked
    ]


def _reason(need: Need, lot: Lot, last_picked: tuple[int, int] | None) -> Reason:
    if lot.product_id not in need.product_ids:
        return Reason.NOT_THIS_MEDICINE
    if lot.expires_on < need.from_on:
        return Reason.EXPIRED
    if lot.held:
        return Reason.HELD
    if not lot.free_units:
        return Reason.NOTHING_FREE
    if last_picked is not None and expiry_order(lot) > last_picked:
        return Reason.EXPIRES_LATER
    return Reason.EXPIRES_TOO_SOON


def _shortage(demand: Demand, stock: Stock) -> Shortage:
    sizes = [stock.smallest_unit[each] for each in demand.need.product_ids if each in stock.smallest_unit]
    short = demand.whole.wanted - demand.covered
    return Shortage(
        reference=demand.need.reference,
        content_short=Fraction(short, demand.scale),
        units_short=divide_up(short, min(sizes, default=1) * demand.scale),
    )
