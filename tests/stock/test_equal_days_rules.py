"""Equal days for all: as many days for each as all can have, and what is left in order."""

from fractions import Fraction
from math import ceil

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from services.stock.rules.fefo import Need, allocate
from shared.policies import SharingRule
from tests.stock.fefo_clinic import (
    EVEN_RATES,
    INSULIN,
    METFORMIN,
    METFORMIN_TOO,
    Clinic,
    a_clinic,
    a_lot,
    a_need,
    content_given,
    day,
    units_given,
)


@given(a_clinic(group_only=True), st.integers(1, 4))
def test_equal_days_gives_all_the_most_days_that_all_can_have(clinic: Clinic, one_content: int) -> None:
    needs, lots = clinic[0], [replace(lot, content_per_unit=one_content) for lot in clinic[1]]

    def first_days(days: int) -> list[Need]:
        return [cut_to(need, days) for need in needs]

    enough = [days for days in range(1, 13) if not allocate(first_days(days), lots).shortages]
    allocation = allocate(needs, lots, rule=SharingRule.EQUAL_DAYS)
    for need in first_days(max(enough)) if enough else []:
        assert sum(content_given(need, allocation, lots)) >= need.content_needed


def cut_to(need: Need, days: int) -> Need:
    period_days = (need.through_on - need.from_on).days + 1
    if days >= period_days:
        return need
    content = need.content_needed * days / period_days
    return replace(
        need,
        content_needed=content if need.content_per_day else Fraction(ceil(content)),
        through_on=day(days, need.from_on),
    )


@given(a_clinic(rates=tuple(EVEN_RATES)))
def test_equal_days_counts_only_what_can_be_used_before_it_expires(clinic: Clinic) -> None:
    needs, lots = clinic
    allocation = allocate(needs, lots, rule=SharingRule.EQUAL_DAYS)
    short = {shortage.reference: shortage.content_short for shortage in allocation.shortages}
    expires_on = {lot.lot_id: lot.expires_on for lot in lots}
    for need in needs:
        used = Fraction(0)
        picks = [pick for pick in allocation.picks if pick.reference == need.reference]
        for pick, content in zip(picks, content_given(need, allocation, lots), strict=True):
            assert need.content_per_day
            valid_days = (expires_on[pick.lot_id] - need.from_on).days + 1
            used = min(used + content, valid_days * need.content_per_day)
        assert short.get(need.reference, 0) == max(need.content_needed - used, 0)


@given(a_clinic())
def test_equal_days_gives_less_than_a_unit_too_much_for_each_part_of_the_days(
    clinic: Clinic,
) -> None:
    needs, lots = clinic
    allocation = allocate(needs, lots, rule=SharingRule.EQUAL_DAYS)
    largest_unit = max((lot.content_per_unit for lot in lots), default=0)
    for need in needs:
        given_content = sum(content_given(need, allocation, lots))
        assert given_content < need.content_needed + 2 * largest_unit or not given_content


@given(a_clinic(group_only=True))
def test_equal_days_is_first_come_where_there_is_enough(clinic: Clinic) -> None:
    needs, lots = clinic
    allocation = allocate(needs, lots)
    if not allocation.shortages:
        assert allocate(needs, lots, rule=SharingRule.EQUAL_DAYS) == allocation


def test_equal_days_shares_what_first_come_gives_to_the_first() -> None:
    needs = [a_need(1), a_need(2, rate=Fraction(2)), a_need(3, rate=None)]
    lots = [a_lot(1, expires_on=day(90), units=43)]
    assert units_given(allocate(needs, lots)) == {(1, 1): 30, (2, 1): 13}
    assert units_given(allocate(needs, lots, rule=SharingRule.MOST_URGENT)) == {(1, 1): 30, (2, 1): 13}
    # Ten days for each, and the three tablets that are left to the first.
    assert units_given(allocate(needs, lots, rule=SharingRule.EQUAL_DAYS)) == {
        (1, 1): 13,
        (2, 1): 20,
        (3, 1): 10,
    }


def test_equal_days_holds_between_patients_who_compete_only_through_a_third() -> None:
    either = frozenset({METFORMIN, METFORMIN_TOO})
    needs = [a_need(1), a_need(2, products=either), a_need(3, products=frozenset({METFORMIN_TOO}))]
    lots = [
        a_lot(1, expires_on=day(90), units=15),
        a_lot(2, expires_on=day(91), units=15, product=METFORMIN_TOO),
    ]
    expected = {(1, 1): 10, (2, 1): 5, (2, 2): 5, (3, 2): 10}
    assert units_given(allocate(needs, lots, rule=SharingRule.EQUAL_DAYS)) == expected


def test_a_medicine_that_lacks_takes_no_equal_days_from_another() -> None:
    too, insulin = frozenset({METFORMIN_TOO}), frozenset({INSULIN})
    needs = [
        a_need(1),
        a_need(2, products=too | {METFORMIN}),
        a_need(3, products=too),
        a_need(4, products=insulin),
    ]
    lots = [a_lot(1, expires_on=day(90), units=20), a_lot(2, expires_on=day(90), units=4, product=INSULIN)]
    expected = {(1, 1): 10, (2, 1): 10, (4, 2): 4}
    assert units_given(allocate(needs, lots, rule=SharingRule.EQUAL_DAYS)) == expected


def test_equal_days_finds_the_most_days_even_where_fewer_are_harder() -> None:
    # Cut to five days, the first need could be given the lot that the second needs.
    needs = [a_need(1, days=6, rate=None, products=frozenset({METFORMIN, METFORMIN_TOO})), a_need(2, days=5)]
    lots = [
        a_lot(1, expires_on=day(5), units=5),
        a_lot(2, expires_on=day(90), units=9, product=METFORMIN_TOO),
    ]
    assert not allocate(needs, lots, rule=SharingRule.EQUAL_DAYS).shortages


def test_what_is_left_in_an_inhaler_when_it_expires_covers_nothing() -> None:
    needs = [a_need(1, days=60, rate=Fraction(2)), a_need(2, days=60, rate=Fraction(2))]
    lots = [
        a_lot(1, expires_on=day(20), units=2, content=120),
        a_lot(2, expires_on=day(90), units=1, content=120),
    ]
    allocation = allocate(needs, lots, rule=SharingRule.EQUAL_DAYS)
    assert [(pick.lot_id.int, pick.use_from_on, pick.use_through_on) for pick in allocation.picks] == [
        (1, day(1), day(20)),
        (2, day(21), day(60)),
        (1, day(1), day(20)),
    ]
    (shortage,) = allocation.shortages
    assert (shortage.reference.int, shortage.content_short) == (2, 80)


def test_without_an_even_rhythm_a_lot_is_given_for_the_equal_days_that_it_lasts() -> None:
    needs = [a_need(1, rate=None), a_need(2, rate=None)]
    lots = [a_lot(1, expires_on=day(20), units=20), a_lot(2, expires_on=day(90), units=7)]
    allocation = allocate(needs, lots, rule=SharingRule.EQUAL_DAYS)
    # Thirteen days for each, and the tablet that is left to the first, for the rest of the days.
    assert [(pick.lot_id.int, pick.units, pick.use_through_on) for pick in allocation.picks] == [
        (1, 13, day(13)),
        (2, 1, day(30)),
        (1, 7, day(13)),
        (2, 6, day(30)),
    ]


def test_a_lot_that_was_tried_for_too_many_days_is_still_the_first_to_be_given() -> None:
    needs = [a_need(1, days=5), a_need(2, days=30)]
    lots = [a_lot(1, expires_on=day(5), units=5), a_lot(2, expires_on=day(20), units=25)]
    allocation = allocate(needs, lots, rule=SharingRule.EQUAL_DAYS)
    assert units_given(allocation) == {(1, 1): 5, (2, 2): 20}
