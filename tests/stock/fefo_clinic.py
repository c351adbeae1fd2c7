"""Needs and lots for the tests of first expired, first out."""

from collections import Counter
from datetime import date, timedelta
from fractions import Fraction
from uuid import UUID

from hypothesis import strategies as st

from services.stock.rules.fefo import Allocation, Lot, Need
from shared.policies import SharingRule

MONDAY = date(2027, 3, 1)
METFORMIN, METFORMIN_TOO, INSULIN = UUID(int=1), UUID(int=2), UUID(int=3)
# Runs of days over a leap day, both changes of the clocks in Greece, and a new year.
FIRST_DAYS = [MONDAY, date(2028, 2, 25), date(2027, 3, 25), date(2027, 10, 28), date(2026, 12, 28)]
EVEN_RATES = [Fraction(1), Fraction(2), Fraction(1, 2), Fraction(3, 2), Fraction(1, 3)]
ANY_RULE = st.sampled_from(SharingRule)

Clinic = tuple[list[Need], list[Lot]]


def day(number: int, from_on: date = MONDAY) -> date:
    """The days of a need are counted from 1."""
    return from_on + timedelta(days=number - 1)


def a_need(
    number: int = 1,
    *,
    days: int = 30,
    rate: Fraction | None = Fraction(1),
    products: frozenset[UUID] = frozenset({METFORMIN}),
    from_on: date = MONDAY,
) -> Need:
    return Need(
        reference=UUID(int=number),
        order=number,
        product_ids=products,
        content_needed=days * (rate or Fraction(1)),
        content_per_day=rate,
        from_on=from_on,
        through_on=day(days, from_on),
    )


def a_lot(
    number: int,
    *,
    expires_on: date,
    units: int,
    content: int = 1,
    product: UUID = METFORMIN,
    held: bool = False,
) -> Lot:
    return Lot(
        lot_id=UUID(int=number),
        product_id=product,
        expires_on=expires_on,
        opened=False,
        content_per_unit=content,
        free_units=units,
        held=held,
    )


def units_given(allocation: Allocation) -> Counter[tuple[int, int]]:
    """(need, lot) → units."""
    return Counter({(pick.reference.int, pick.lot_id.int): pick.units for pick in allocation.picks})


def content_given(need: Need, allocation: Allocation, lots: list[Lot]) -> list[int]:
    """The content of each of the need's picks, in their order."""
    content = {lot.lot_id: lot.content_per_unit for lot in lots}
    picks = [pick for pick in allocation.picks if pick.reference == need.reference]
    return [pick.units * content[pick.lot_id] for pick in picks]


@st.composite
def some_needs(draw: st.DrawFn, rates: list[Fraction | None], *, group_only: bool = False) -> list[Need]:
    groups = [{METFORMIN}] if group_only else [{METFORMIN}, {METFORMIN, METFORMIN_TOO}, {METFORMIN_TOO}, {INSULIN}]
    numbers = draw(st.lists(st.integers(1, 9), min_size=1, max_size=5, unique=True))
    from_on = draw(st.sampled_from(FIRST_DAYS))
    return [
        a_need(
            number,
            days=draw(st.integers(1, 12)),
            rate=draw(st.sampled_from(rates)),
            products=frozenset(draw(st.sampled_from(groups))),
            from_on=from_on + timedelta(days=0 if group_only else draw(st.integers(0, 2))),
        )
        for number in numbers
    ]


@st.composite
def some_lots(draw: st.DrawFn, needs: list[Need], contents: list[int]) -> list[Lot]:
    numbers = draw(st.lists(st.integers(1, 20), max_size=8, unique=True))
    return [
        a_lot(
            number,
            expires_on=needs[0].from_on + timedelta(days=draw(st.integers(-3, 14))),
            units=draw(st.integers(0, 9)),
            content=draw(st.sampled_from(contents)),
            product=draw(st.sampled_from([METFORMIN, METFORMIN, METFORMIN_TOO])),
            held=draw(st.integers(0, 5)) == 0,
        )
        for number in numbers
    ]


@st.composite
def a_clinic(
    draw: st.DrawFn,
    *,
    rates: tuple[Fraction | None, ...] = (*EVEN_RATES, None),
    contents: tuple[int, ...] = (1, 1, 4, 7),
    group_only: bool = False,
) -> Clinic:
    needs = draw(some_needs(list(rates), group_only=group_only))
    return needs, draw(some_lots(needs, list(contents)))
