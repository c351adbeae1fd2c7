"""Expiries as they are printed for people: 06/2027, 30.06.2027, JUN 2027, 2027-06."""

import re
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from shared.codes import numbers
from shared.codes.reading import Unreadable
from shared.codes.typed import folded

# Greek names as folded: without accents; three letters tell the months apart, but for June and July.
MONTHS = {
    1: ("JAN", "ΙΑΝ"),
    2: ("FEB", "ΦΕΒ"),
    3: ("MAR", "ΜΑΡ"),
    4: ("APR", "ΑΠΡ"),
    5: ("MAY", "ΜΑΙ", "ΜΑΥ"),
    6: ("JUN", "ΙΟΥΝ"),
    7: ("JUL", "ΙΟΥΛ"),
    8: ("AUG", "ΑΥΓ"),
    9: ("SEP", "ΣΕΠ"),
    10: ("OCT", "ΟΚΤ"),
    11: ("NOV", "ΝΟΕ"),
    12: ("DEC", "ΔΕΚ"),
}
# Day, month and year in the orders in which packs of any country have them; or run together, a letter for a digit.
ORDERS = {2: ("MY", "YM"), 3: ("DMY", "MDY", "YMD")}
RUN_TOGETHER = {
    4: ("MMYY", "YYMM"),
    6: ("YYMMDD", "DDMMYY", "MMYYYY", "YYYYMM"),
    8: ("DDMMYYYY", "MMDDYYYY", "YYYYMMDD"),
}
USUAL = {"MY", "MMYY", "DMY"}
"""Of those with a year of two digits: whatever else one may be, it is asked."""
YEARS_ON_SHELVES = 5
"""Boxes that expired within these years are still brought."""
_PART = re.compile(r"[0-9]+|[^\W\d_]+")
_BETWEEN = re.compile(r"[\s./,\u2010-\u2015-]*")


class Days(NamedTuple):
    """Every day that may be meant, as YYMMDD with 00 for a month's end. `sure`: it is one, written as is usual.

    `too_far`: it is a date, of a year that no box has.
    """

    values: list[str]
    sure: bool
    too_far: bool = False


class _Found(NamedTuple):
    value: str
    usual: bool


def days_written(text: str, today: date) -> Days:
    """The days that a text may mean; none: it is no date."""
    text = folded(text)
    parts = _PART.findall(text)
    if not all(_BETWEEN.fullmatch(each) for each in _PART.split(text)):
        return Days([], sure=False)
    ways = _run_together(parts[0]) if len(parts) == 1 else _in_order(parts)
    found: dict[date, _Found] = {}
    too_far = False
    for order, way in ways:
        day = _day(way, today)
        if day is None:
            continue
        if str(day.year).endswith(way["Y"]):
            found.setdefault(day, _Found(_value(way), order in USUAL or len(way["Y"]) == 4))
        else:
            too_far = True
    sure = [each.usual for each in found.values()] == [True]
    return Days(_likely(found, today), sure, too_far=too_far and not found)


def day_printed(text: str, today: date) -> date | None:
    """The one day that a text means as expiries are usually printed (0627, 06/2027, 30.6.2027); else None."""
    days = days_written(text, today)
    return numbers.day_of(days.values[0], today) if days.sure else None


def _likely(found: dict[date, _Found], today: date) -> list[str]:
    """Without days long past that only an unusual order gives, where the usual one gives a year that is not over."""
    to_come = any(each.usual and day.year >= today.year for day, each in found.items())
    return [
        each.value
        for day, each in found.items()
        if each.usual or not to_come or day.year >= today.year - YEARS_ON_SHELVES
    ]


def _in_order(parts: list[str]) -> Iterator[tuple[str, dict[str, str]]]:
    for order in ORDERS.get(len(parts), ()):
        if order.startswith("Y") and len(parts[0]) != 4 and not numbers.is_digits(parts[1]):
            continue  # 27 JUN may be a day of June, and 31 DEC 27 is one of December.
        yield order, dict(zip(order, parts, strict=True))


def _run_together(digits: str) -> Iterator[tuple[str, dict[str, str]]]:
    for shape in RUN_TOGETHER.get(len(digits), ()):
        way: dict[str, str] = {}
        for letter, digit in zip(shape, digits, strict=True):
            way[letter] = way.get(letter, "") + digit
        yield shape, way


def _value(way: dict[str, str]) -> str:
    """YYMMDD of a year, a month and perhaps a day; empty: these are none."""
    year, month, day = way["Y"], _month(way["M"]), way.get("D", "00")
    if month is None or not numbers.is_digits(year + day) or len(year) not in (2, 4) or len(day) > 2:
        return ""
    return f"{year[-2:]}{month:02}{day:>02}"


def _day(way: dict[str, str], today: date) -> date | None:
    """The day in the century that is nearest, if there is one: only the year's last two digits count."""
    try:
        return numbers.day_of(_value(way), today)
    except Unreadable:
        return None


def _month(written: str) -> int | None:
    if numbers.is_digits(written):
        return int(written) if len(written) <= 2 and 1 <= int(written) <= 12 else None
    return next((month for month, names in MONTHS.items() if written.startswith(names)), None)
