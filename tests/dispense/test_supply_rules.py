"""How much a therapy needs, which days the clinic gives it, and who is expected."""

from collections.abc import Callable
from datetime import date, timedelta
from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dispense.rules import (
    AtTimes,
    EveryDays,
    EveryHours,
    FractionOutOfRangeError,
    NotAFractionError,
    OnWeekdays,
    Schedule,
    TimesADay,
    content_needed,
    days_covered,
    format_fraction,
    intakes,
    intakes_per_day,
    is_expected,
    is_pharmacy_day,
    next_visit_on,
    parse_fraction,
    pharmacy_days,
    supply_through,
)

MONDAY = date(2027, 3, 1)
TWO_TIMES = AtTimes(times_of_day=("08:00", "20:00"))
SCHEDULES = st.one_of(
    st.builds(TimesADay, times=st.integers(1, 24)),
    st.builds(EveryHours, hours=st.integers(1, 168)),
    st.builds(EveryDays, days=st.integers(1, 366), times=st.integers(1, 24)),
    st.builds(
        OnWeekdays,
        weekdays=st.sets(st.integers(1, 7), min_size=1).map(lambda chosen: tuple(sorted(chosen))),
        times=st.integers(1, 24),
    ),
    st.just(TWO_TIMES),
)
DAYS = st.dates(date(2026, 12, 1), date(2028, 12, 31))


def day(number: int, from_on: date = MONDAY) -> date:
    """Counted from 1."""
    return from_on + timedelta(days=number - 1)


def intakes_on(schedule: Schedule, starts_on: date, day_on: date) -> int:
    """The intakes of one day, told naively: each hour, day and weekday looked at by itself."""
    line_day = (day_on - starts_on).days
    if line_day < 0:
        return 0
    match schedule:
        case TimesADay(times=times):
            return times
        case EveryHours(hours=hours):
            return sum((line_day * 24 + hour) % hours == 0 for hour in range(24))
        case EveryDays(days=days, times=times):
            return times if line_day % days == 0 else 0
        case OnWeekdays(weekdays=weekdays, times=times):
            return times if day_on.isoweekday() in weekdays else 0
        case AtTimes(times_of_day=times_of_day):
            return len(times_of_day)


@given(SCHEDULES, DAYS, st.integers(-40, 400), st.integers(0, 90))
def test_intakes_are_those_of_each_day_added_up(
    schedule: Schedule, starts_on: date, offset_days: int, span_days: int
) -> None:
    from_on = starts_on + timedelta(days=offset_days)
    days = [day(number, from_on) for number in range(1, span_days + 1)]
    expected = sum(intakes_on(schedule, starts_on, day_on) for day_on in days)
    assert intakes(schedule, starts_on, from_on, from_on + timedelta(days=span_days - 1)) == expected


@given(SCHEDULES, DAYS)
def test_an_even_rhythm_is_the_same_number_every_day_and_any_other_has_none(
    schedule: Schedule, starts_on: date
) -> None:
    of_each_day = {intakes(schedule, starts_on, day(n, starts_on), day(n, starts_on)) for n in range(1, 400)}
    per_day = intakes_per_day(schedule)
    assert of_each_day == {per_day} if per_day is not None else len(of_each_day) > 1


@pytest.mark.parametrize(
    ("schedule", "per_day"),
    [
        (TimesADay(times=3), 3),
        (EveryHours(hours=8), 3),
        (EveryHours(hours=9), None),
        (EveryHours(hours=48), None),
        (EveryDays(days=1, times=2), 2),
        (EveryDays(days=2), None),
        (OnWeekdays(weekdays=(1, 3, 5)), None),
        (OnWeekdays(weekdays=(1, 2, 3, 4, 5, 6, 7), times=2), 2),
        (TWO_TIMES, 2),
    ],
)
def test_intakes_per_day(schedule: Schedule, per_day: int | None) -> None:
    assert intakes_per_day(schedule) == per_day


def test_a_third_three_times_a_day_for_thirty_days_is_exactly_thirty() -> None:
    assert content_needed(TimesADay(times=3), Fraction(1, 3), MONDAY, MONDAY, day(30)) == 30


def test_the_leap_day_is_a_day_of_supply() -> None:
    starts_on, through_on = date(2028, 2, 28), date(2028, 3, 1)
    assert intakes(TimesADay(times=1), starts_on, starts_on, through_on) == 3
    assert intakes(EveryDays(days=2), starts_on, starts_on, through_on) == 2
    assert intakes(EveryHours(hours=36), starts_on, date(2028, 2, 29), date(2028, 2, 29)) == 1
    assert supply_through(date(2028, 2, 1), None, 30, None) == date(2028, 3, 1)


@pytest.mark.parametrize("change_on", [date(2027, 3, 28), date(2027, 10, 31)])
def test_a_day_on_which_the_clocks_change_counts_like_any_other(change_on: date) -> None:
    for schedule, expected in [(TimesADay(times=3), 3), (EveryHours(hours=1), 24), (TWO_TIMES, 2)]:
        assert intakes(schedule, MONDAY, change_on, change_on) == expected
    eve = change_on - timedelta(days=1)
    assert intakes(EveryHours(hours=5), eve, eve, change_on) == 10


def test_every_second_day_counts_from_the_first_day_of_the_line() -> None:
    assert intakes(EveryDays(days=2), MONDAY, day(2), day(4)) == 1
    assert intakes(EveryDays(days=2), day(2), day(2), day(4)) == 2


@given(SCHEDULES)
def test_a_schedule_is_read_back_as_it_was_written(schedule: Schedule) -> None:
    assert msgspec.json.decode(msgspec.json.encode(schedule), type=Schedule) == schedule


def test_the_kind_of_a_schedule_is_readable() -> None:
    assert msgspec.to_builtins(EveryDays(days=2)) == {"every": "days", "days": 2, "times": 1}


@pytest.mark.parametrize(
    "text",
    [
        '{"every": "day", "times": 0}',
        '{"every": "day", "times": 25}',
        '{"every": "day", "times": 1.5}',
        '{"every": "hours", "hours": 169}',
        '{"every": "days", "days": 367}',
        '{"every": "weekdays", "weekdays": []}',
        '{"every": "weekdays", "weekdays": [8]}',
        '{"every": "weekdays", "weekdays": [1, 1]}',
        '{"every": "weekdays", "weekdays": [3, 1]}',
        '{"every": "times", "times_of_day": []}',
        '{"every": "times", "times_of_day": ["24:00"]}',
        '{"every": "times", "times_of_day": ["8:00"]}',
        '{"every": "times", "times_of_day": ["08:00\\n"]}',
        '{"every": "times", "times_of_day": ["20:00", "08:00"]}',
        '{"every": "month"}',
    ],
)
def test_a_schedule_that_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(text, type=Schedule)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", Fraction(1)),
        ("1/2", Fraction(1, 2)),
        (" 1  1/2 ", Fraction(3, 2)),
        ("½", Fraction(1, 2)),
        ("1½", Fraction(3, 2)),
        ("2 ⅓", Fraction(7, 3)),
        ("3⁄4", Fraction(3, 4)),
        ("0.1", Fraction(1, 10)),
        ("0,5", Fraction(1, 2)),
        ("1000", Fraction(1000)),
        ("1/1000", Fraction(1, 1000)),
    ],
)
def test_an_amount_is_read_exactly(text: str, value: Fraction) -> None:
    assert parse_fraction(text) == value


@pytest.mark.parametrize("text", ["0", "0/5", "0.0", "1001", "1000 1/2", "1/1001", "0.0001"])
def test_an_amount_out_of_range_is_refused(text: str) -> None:
    with pytest.raises(FractionOutOfRangeError):
        parse_fraction(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "one",
        "-1",
        "1/0",
        "1 3/2",
        "½1",
        "½½",
        "1/½",
        "1 2",
        "1.",
        ".5",
        "1e2",
        "1_0",
        "٣",
        "nan",
        "0" * 21,
    ],
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(NotAFractionError):
        parse_fraction(text)


@given(st.fractions(min_value=Fraction(1, 1000), max_value=1000, max_denominator=1000))
def test_an_amount_is_read_back_as_it_was_written(value: Fraction) -> None:
    assert parse_fraction(format_fraction(value)) == value


def test_an_amount_is_written_as_a_person_writes_it() -> None:
    assert [format_fraction(Fraction(n, 2)) for n in (1, 2, 3)] == ["1/2", "1", "1 1/2"]


def only_on(*days: date) -> Callable[[date], bool]:
    return lambda day_on: day_on in days


def test_the_next_visit_is_the_first_pharmacy_day_after_the_cycle() -> None:
    assert next_visit_on(MONDAY, 28, 30, only_on(day(28), day(29), day(30))) == day(29)
    assert next_visit_on(MONDAY, 28, 30, only_on(day(31))) == day(31)


def test_where_no_pharmacy_day_follows_in_time_the_next_visit_is_the_last_one_before() -> None:
    assert next_visit_on(MONDAY, 28, 30, only_on(day(20), day(25), day(32))) == day(25)
    assert next_visit_on(MONDAY, 60, 30, only_on(day(30), day(31), day(32))) == day(31)


def test_there_is_no_next_visit_where_supply_reaches_no_pharmacy_day() -> None:
    assert next_visit_on(MONDAY, 28, 30, only_on(MONDAY, day(32))) is None


@given(st.integers(1, 60), st.integers(1, 60), st.sets(st.integers(1, 70)))
def test_supply_always_reaches_the_next_visit(cycle_days: int, max_days: int, opened: set[int]) -> None:
    visit_on = next_visit_on(MONDAY, cycle_days, max_days, only_on(*(day(number) for number in opened)))
    if visit_on is not None:
        assert visit_on > MONDAY
        assert supply_through(MONDAY, visit_on, max_days, None) == visit_on - timedelta(days=1)


def test_supply_ends_on_the_eve_of_the_next_visit_at_the_longest_supply_or_with_the_line() -> None:
    assert supply_through(MONDAY, day(29), 30, None) == day(28)
    assert supply_through(MONDAY, day(40), 30, None) == day(30)
    assert supply_through(MONDAY, None, 30, None) == day(30)
    assert supply_through(MONDAY, day(29), 30, day(10)) == day(10)
    assert supply_through(MONDAY, None, 30, day(31)) == day(30)


def test_pharmacy_days_are_the_chosen_weekdays_without_the_closures() -> None:
    weekdays, closures = frozenset({1, 4}), frozenset({day(4)})
    assert pharmacy_days(weekdays, closures, MONDAY, day(11)) == [MONDAY, day(8), day(11)]
    assert pharmacy_days(weekdays, closures, day(2), MONDAY) == []
    assert not is_pharmacy_day(day(4), weekdays=weekdays, closures=closures)


@pytest.mark.parametrize(
    ("covered_through", "starts_on", "until", "expected"),
    [
        (None, MONDAY, None, True),
        (day(6), MONDAY, None, True),
        (day(7), MONDAY, None, False),
        (None, day(7), None, True),
        (None, day(8), None, False),
        (None, day(-9), day(0), False),
        (None, day(-9), MONDAY, True),
        (day(2), MONDAY, day(3), True),
        (day(3), MONDAY, day(3), False),
        (day(7), MONDAY, day(20), False),
    ],
)
def test_a_patient_is_expected_when_supply_ends_before_the_following_pharmacy_day(
    covered_through: date | None, starts_on: date, until: date | None, *, expected: bool
) -> None:
    assert is_expected(covered_through, starts_on, until, MONDAY, day(8)) is expected


def test_without_a_following_pharmacy_day_only_the_end_of_the_line_is_supply_enough() -> None:
    assert is_expected(day(60), MONDAY, None, MONDAY, None)
    assert is_expected(day(60), MONDAY, day(61), MONDAY, None)
    assert not is_expected(day(61), MONDAY, day(61), MONDAY, None)


def test_a_day_covered_in_part_is_not_covered() -> None:
    assert days_covered(Fraction(10), Fraction(3, 2)) == 6
    assert days_covered(Fraction(9), Fraction(3, 2)) == 6
