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
_PART = re.compile(r"[0-9]+|[^\W\d_]+")
_BETWEEN = re.compile(r"[\s./,\u2010-\u2015-]*")


class Days(NamedTuple):
    """Every day that may be meant, as YYMMDD with 00 for a month's end. `sure`: it is one, written as is usual."""

    values: list[str]
    sure: bool


def days_written(text: str, today: date) -> Days:
    """The days that a text may mean; none: it is no date."""
    text = folded(text)
    parts = _PART.findall(text)
    if not all(_BETWEEN.fullmatch(each) for each in _PART.split(text)):
        return Days([], sure=False)
    ways = _run_together(parts[0]) if len(parts) == 1 else _in_order(parts)
    found: dict[date, tuple[str, bool]] = {}
    for order, way in ways:
        if day := _day(way, today):
            found.setdefault(day[0], (day[1], order in USUAL or len(way["Y"]) == 4))
    return Days([value for value, _ in found.values()], sure=[usual for _, usual in found.values()] == [True])


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


def _day(way: dict[str, str], today: date) -> tuple[date, str] | None:
    """The day of a year, a month and perhaps a day, if there is one."""
    year, month, day = way["Y"], _month(way["M"]), way.get("D", "00")
    if month is None or not numbers.is_digits(year + day) or len(year) not in (2, 4) or len(day) > 2:
        return None
    value = f"{year[-2:]}{month:02}{day:>02}"
    try:
        found = numbers.day_of(value, today)
    except Unreadable:
        return None
    return (found, value) if str(found.year).endswith(year) else None


def _month(written: str) -> int | None:
    if numbers.is_digits(written):
        return int(written) if len(written) <= 2 and 1 <= int(written) <= 12 else None
    return next((month for month, names in MONTHS.items() if written.startswith(names)), None)
