"""How often a medicine is taken, how much at a time, and exactly how much that makes.

In JSON the field `every` names the kind of schedule. Supply is counted in calendar days of 24 nominal hours:
a day on which the clocks change is like any other.
"""

from datetime import date
from fractions import Fraction
from typing import Annotated

from msgspec import Meta, Struct

HOURS_PER_DAY = 24
DAYS_PER_WEEK = 7

Times = Annotated[int, Meta(ge=1, le=24)]
Weekday = Annotated[int, Meta(ge=1, le=7)]  # ISO: 1 is Monday
# The length keeps out a line end, which "$" would let pass.
TimeOfDay = Annotated[str, Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$", max_length=5)]


class _Kind(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="every"):
    """One kind of schedule. A misspelt number of times is refused, not taken for once a day."""


class TimesADay(_Kind, frozen=True, kw_only=True, tag="day"):
    times: Times


class EveryHours(_Kind, frozen=True, kw_only=True, tag="hours"):
    hours: Annotated[int, Meta(ge=1, le=168)]


class EveryDays(_Kind, frozen=True, kw_only=True, tag="days"):
    days: Annotated[int, Meta(ge=1, le=366)]
    times: Times = 1


class OnWeekdays(_Kind, frozen=True, kw_only=True, tag="weekdays"):
    weekdays: Annotated[tuple[Weekday, ...], Meta(min_length=1, max_length=7)]
    times: Times = 1

    def __post_init__(self) -> None:
        _refuse_unless_ascending(self.weekdays)


class AtTimes(_Kind, frozen=True, kw_only=True, tag="times"):
    times_of_day: Annotated[tuple[TimeOfDay, ...], Meta(min_length=1, max_length=24)]

    def __post_init__(self) -> None:
        _refuse_unless_ascending(self.times_of_day)


Schedule = TimesADay | EveryHours | EveryDays | OnWeekdays | AtTimes


def intakes_per_day(schedule: Schedule) -> Fraction | None:
    """The same number every day, or None where the days are unlike one another."""
    match schedule:
        case TimesADay(times=times) | EveryDays(days=1, times=times):
            return Fraction(times)
        case EveryHours(hours=hours) if HOURS_PER_DAY % hours == 0:
            return Fraction(HOURS_PER_DAY // hours)
        case OnWeekdays(weekdays=weekdays, times=times) if len(weekdays) == DAYS_PER_WEEK:
            return Fraction(times)
        case AtTimes(times_of_day=times_of_day):
            return Fraction(len(times_of_day))
        case _:
            return None


def intakes(schedule: Schedule, starts_on: date, from_on: date, through_on: date) -> int:
    """Count the intakes of the days `from_on` to `through_on`, both included.

    Every n days or hours counts from 00:00 of the line's first day, `starts_on`: the first intake is then.
    Before that day there is none.
    """
    first_day = max((from_on - starts_on).days, 0)
    end_day = (through_on - starts_on).days + 1
    if first_day >= end_day:
        return 0
    match schedule:
        case EveryHours(hours=hours):
            return _multiples(hours, first_day * HOURS_PER_DAY, end_day * HOURS_PER_DAY)
        case EveryDays(days=days, times=times):
            return _multiples(days, first_day, end_day) * times
        case OnWeekdays(weekdays=weekdays, times=times):
            monday = 1 - starts_on.isoweekday()  # as a day of the line, like first_day and end_day
            offsets = [monday + weekday - 1 for weekday in weekdays]
            return times * sum(_multiples(DAYS_PER_WEEK, first_day - offset, end_day - offset) for offset in offsets)
        case TimesADay(times=times):
            return times * (end_day - first_day)
        case AtTimes(times_of_day=times_of_day):
            return len(times_of_day) * (end_day - first_day)


def content_needed(
    schedule: Schedule, per_intake: Fraction, starts_on: date, from_on: date, through_on: date
) -> Fraction:
    return per_intake * intakes(schedule, starts_on, from_on, through_on)


def _multiples(step: int, start: int, end: int) -> int:
    """Count the multiples of `step` from `start` up to, but without, `end`."""
    return start // -step - end // -step


def _refuse_unless_ascending(values: tuple[int, ...] | tuple[str, ...]) -> None:
    if list(values) != sorted(set(values)):
        raise ValueError("must be in ascending order, each once")
