"""Which days the clinic gives medicines, and through which day a patient is supplied."""

from collections.abc import Callable
from datetime import date, timedelta
from fractions import Fraction

ONE_DAY = timedelta(days=1)


def is_pharmacy_day(day_on: date, *, weekdays: frozenset[int], closures: frozenset[date]) -> bool:
    """The weekdays are ISO's: 1 is Monday."""
    return day_on.isoweekday() in weekdays and day_on not in closures


def pharmacy_days(weekdays: frozenset[int], closures: frozenset[date], from_on: date, through_on: date) -> list[date]:
    span_days = (through_on - from_on).days + 1
    days = (from_on + timedelta(days=offset) for offset in range(span_days))
    return [day_on for day_on in days if is_pharmacy_day(day_on, weekdays=weekdays, closures=closures)]


def next_visit_on(today: date, cycle_days: int, max_days: int, is_open: Callable[[date], bool]) -> date | None:
    """Choose the first pharmacy day after a cycle; else the last that `max_days` of supply reach; else none.

    Today's supply of `max_days` lasts through the day before today + `max_days`.
    """
    assert cycle_days > 0
    on_cycle = range(cycle_days, max_days + 1)
    before_it = reversed(range(1, min(cycle_days, max_days + 1)))
    for days in (*on_cycle, *before_it):
        day_on = today + timedelta(days=days)
        if is_open(day_on):
            return day_on
    return None


def supply_through(visit_on: date, next_visit_on: date | None, max_days: int, line_until: date | None) -> date:
    """The last day that a visit supplies; before `visit_on` if the line has ended by then."""
    through_on = visit_on + timedelta(days=max_days - 1)
    if next_visit_on is not None:
        through_on = min(through_on, next_visit_on - ONE_DAY)
    return through_on if line_until is None else min(through_on, line_until)


def is_expected(
    covered_through: date | None,
    starts_on: date,
    until: date | None,
    day_on: date,
    following_day_on: date | None,
) -> bool:
    """Whether a therapy line brings its patient to the clinic on the pharmacy day `day_on`.

    It does if the line is in force before the following pharmacy day, and its supply ends before the eve of
    that day, or before the line's own end. Where no following day is known, only the line's end is enough.
    """
    needed_through = date.max if following_day_on is None else following_day_on - ONE_DAY
    if until is not None:
        needed_through = min(needed_through, until)
    in_force = starts_on <= needed_through and (until is None or until >= day_on)
    return in_force and (covered_through is None or covered_through < needed_through)


def days_covered(content_given: Fraction, content_per_day: Fraction) -> int:
    """Whole days: a day that is covered in part is not covered."""
    return content_given // content_per_day
