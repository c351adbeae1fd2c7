"""First expired, first out: no lot past its day, none too much, none out of turn, and a reason for each."""

from collections import Counter
from datetime import date
from fractions import Fraction
from math import ceil
from random import Random
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from services.stock.rules.fefo import Lot, Need, Reason, allocate, explain
from shared.policies import SharingRule
from tests.stock.fefo_clinic import (
    ANY_RULE,
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


@given(a_clinic(), ANY_RULE)
def test_a_lot_is_never_given_expired_or_held_or_for_another_medicine_or_twice(
    clinic: Clinic, rule: SharingRule
) -> None:
    needs, lots = clinic
    need_of, lot_of = {need.reference: need for need in needs}, {lot.lot_id: lot for lot in lots}
    left = {lot.lot_id: lot.free_units for lot in lots}
    for pick in allocate(needs, lots, rule=rule).picks:
        need, lot = need_of[pick.reference], lot_of[pick.lot_id]
        assert lot.expires_on >= need.from_on
        assert not lot.held
        assert lot.product_id in need.product_ids
        assert pick.units > 0
        left[pick.lot_id] -= pick.units
    assert min(left.values(), default=0) >= 0


@given(a_clinic(), ANY_RULE)
def test_every_lot_is_valid_through_the_last_day_of_the_use_it_covers(clinic: Clinic, rule: SharingRule) -> None:
    needs, lots = clinic
    need_of, lot_of = {need.reference: need for need in needs}, {lot.lot_id: lot for lot in lots}
    for pick in allocate(needs, lots, rule=rule).picks:
        need = need_of[pick.reference]
        assert need.from_on <= pick.use_from_on <= pick.use_through_on <= need.through_on
        assert pick.use_through_on <= lot_of[pick.lot_id].expires_on


@given(a_clinic(rates=tuple(EVEN_RATES)))
def test_the_use_of_a_need_runs_through_its_lots_in_the_order_of_expiry(clinic: Clinic) -> None:
    needs, lots = clinic
    allocation = allocate(needs, lots)
    for need in needs:
        picks = [pick for pick in allocation.picks if pick.reference == need.reference]
        used = Fraction(0)
        for pick, content in zip(picks, content_given(need, allocation, lots), strict=True):
            assert need.content_per_day
            assert pick.use_from_on == day(used // need.content_per_day + 1, need.from_on)
            used += content
            used_days = ceil(min(used, need.content_needed) / need.content_per_day)
            assert pick.use_through_on == day(used_days, need.from_on)


@given(a_clinic())
def test_nobody_is_given_a_unit_more_than_needed_and_what_lacks_is_said(clinic: Clinic) -> None:
    needs, lots = clinic
    allocation = allocate(needs, lots)
    short = {shortage.reference: shortage.content_short for shortage in allocation.shortages}
    unit = {lot.lot_id: lot.content_per_unit for lot in lots}
    for need in needs:
        given = sum(content_given(need, allocation, lots))
        units = [unit[pick.lot_id] for pick in allocation.picks if pick.reference == need.reference]
        assert given - (units[-1] if units else 0) < need.content_needed
        assert short.get(need.reference, 0) == max(need.content_needed - given, 0)


def hand_out_one_by_one(needs: list[Need], lots: list[Lot]) -> Counter[tuple[int, int]]:
    """The rule told naively, for units of one: each comes from the first lot to expire that lasts its use."""
    free = {lot.lot_id: 0 if lot.held else lot.free_units for lot in lots}
    given: Counter[tuple[int, int]] = Counter()
    for need in sorted(needs, key=lambda need: (need.order, need.reference)):
        for unit in range(ceil(need.content_needed)):
            last_use_on = need.through_on
            if need.content_per_day:
                used = min(Fraction(unit + 1), need.content_needed)
                last_use_on = day(ceil(used / need.content_per_day), need.from_on)
            fit = [
                lot
                for lot in lots
                if lot.product_id in need.product_ids and free[lot.lot_id] and lot.expires_on >= last_use_on
            ]
            if fit:
                lot = min(fit, key=lambda lot: (lot.expires_on, lot.lot_id))
                free[lot.lot_id] -= 1
                given[need.reference.int, lot.lot_id.int] += 1
    return given


@given(a_clinic(contents=(1,)))
def test_no_later_lot_is_given_while_an_earlier_one_lasts(clinic: Clinic) -> None:
    needs, lots = clinic
    assert units_given(allocate(needs, lots)) == hand_out_one_by_one(needs, lots)


@given(a_clinic(), ANY_RULE, st.randoms(use_true_random=False))
def test_the_answer_is_the_same_for_any_order_of_input(clinic: Clinic, rule: SharingRule, random: Random) -> None:
    needs, lots = clinic
    expected = allocate(needs, lots, rule=rule)
    random.shuffle(needs)
    random.shuffle(lots)
    assert allocate(needs, lots, rule=rule) == expected


@given(a_clinic())
def test_every_lot_is_given_or_has_one_reason(clinic: Clinic) -> None:
    (need, *_), lots = clinic
    picks, passed_over = explain(need, lots)
    assert tuple(picks) == allocate([need], lots).picks
    told = [pick.lot_id for pick in picks] + [each.lot_id for each in passed_over]
    assert sorted(told) == sorted(lot.lot_id for lot in lots)


def test_each_reason_is_the_one_a_person_would_give() -> None:
    need = a_need(days=30)
    lots = [
        a_lot(1, expires_on=day(0), units=9),
        a_lot(2, expires_on=day(90), units=9, held=True),
        a_lot(3, expires_on=day(90), units=0),
        a_lot(4, expires_on=day(90), units=9, product=INSULIN),
        a_lot(5, expires_on=day(9), units=1, content=10),
        a_lot(6, expires_on=day(91), units=30),
        a_lot(7, expires_on=day(92), units=30),
    ]
    picks, passed_over = explain(need, lots)
    assert [(pick.lot_id.int, pick.units) for pick in picks] == [(6, 30)]
    assert {each.lot_id.int: each.reason for each in passed_over} == {
        1: Reason.EXPIRED,
        2: Reason.HELD,
        3: Reason.NOTHING_FREE,
        4: Reason.NOT_THIS_MEDICINE,
        5: Reason.EXPIRES_TOO_SOON,
        7: Reason.EXPIRES_LATER,
    }


def test_each_lot_needs_to_last_only_its_own_share_of_the_days() -> None:
    lots = [a_lot(1, expires_on=day(10), units=50), a_lot(2, expires_on=day(30), units=50)]
    first, second = allocate([a_need(days=30)], lots).picks
    assert (first.units, first.use_from_on, first.use_through_on) == (10, day(1), day(10))
    assert (second.units, second.use_from_on, second.use_through_on) == (20, day(11), day(30))


@pytest.mark.parametrize(("expires_on", "units"), [(day(30), 1), (day(29), 0)])
def test_an_inhaler_is_given_only_if_it_lasts_its_whole_use(expires_on: date, units: int) -> None:
    need = a_need(days=30, rate=Fraction(2))
    inhaler = a_lot(1, expires_on=expires_on, units=3, content=120)
    assert units_given(allocate([need], [inhaler])) == Counter({(1, 1): units} if units else {})


@pytest.mark.parametrize(("expires_on", "short"), [(day(30), 0), (day(29), 30)])
def test_without_an_even_rhythm_a_lot_lasts_the_whole_period_or_is_not_given(expires_on: date, short: int) -> None:
    allocation = allocate([a_need(days=30, rate=None)], [a_lot(1, expires_on=expires_on, units=90)])
    assert sum(shortage.content_short for shortage in allocation.shortages) == short


def test_content_for_fewer_days_than_the_period_needs_to_last_only_those_days() -> None:
    need = replace(a_need(days=30, rate=Fraction(1, 2)), content_needed=Fraction(5, 2))
    assert units_given(allocate([need], [a_lot(1, expires_on=day(5), units=9)])) == {(1, 1): 3}


def test_order_goes_before_reference_and_reference_breaks_ties() -> None:
    lots = [a_lot(1, expires_on=day(90), units=30)]
    last, second, first = a_need(1), replace(a_need(2), order=0), replace(a_need(1, days=5), order=0)
    first = replace(first, reference=UUID(int=0))
    assert units_given(allocate([last, second, first], lots)) == {(0, 1): 5, (2, 1): 25}


def test_a_shortage_is_counted_in_the_smallest_unit_known_of_its_products() -> None:
    need = a_need(days=30, rate=Fraction(2), products=frozenset({METFORMIN, METFORMIN_TOO}))
    lots = [
        a_lot(1, expires_on=day(90), units=0, content=50),
        a_lot(2, expires_on=day(0), units=9, content=25, product=METFORMIN_TOO),
        a_lot(3, expires_on=day(90), units=9, content=7, product=INSULIN),
    ]
    (shortage,) = allocate([need], lots).shortages
    assert (shortage.content_short, shortage.units_short) == (60, 3)
    (shortage,) = allocate([need], []).shortages
    assert shortage.units_short == 60
