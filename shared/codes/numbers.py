"""Product numbers and days: what GS1 says of check digits and of years of two digits."""

import calendar
import re
from datetime import date

from biip.checksums import gs1_standard_check_digit

from shared.codes.reading import RefusalReason, Unreadable

GTIN_LENGTHS = (8, 12, 13, 14)
EOF_PREFIX = "280"
_DIGITS = re.compile(r"[0-9]+")


def is_digits(text: str) -> bool:
    """ASCII digits only: Python's own isdigit also takes those of other scripts, and biip's patterns do."""
    return _DIGITS.fullmatch(text) is not None


def gtin_14(digits: str) -> str:
    """A GTIN of 8, 12, 13 or 14 digits, written with 14; raises Unreadable when its check digit is wrong."""
    if not is_digits(digits) or len(digits) not in GTIN_LENGTHS:
        raise Unreadable(RefusalReason.NOT_A_CODE)
    if gs1_standard_check_digit(digits[:-1]) != int(digits[-1]) or not digits.strip("0"):
        raise Unreadable(RefusalReason.CHECK_DIGIT)
    return digits.zfill(14)


def is_gtin(text: str) -> bool:
    """Whether this is a GTIN as Dosis keeps it: 14 digits and the right check digit."""
    if len(text) != 14 or not is_digits(text):
        return False
    return gs1_standard_check_digit(text[:-1]) == int(text[-1]) and bool(text.strip("0"))


def is_of_a_shop(digits: str) -> bool:
    """Whether an EAN-13 or UPC-A begins as those that each shop gives out itself: 2, but for EOF's 280."""
    return len(digits) in (12, 13) and digits.startswith("2") and not digits.startswith(EOF_PREFIX)


def code_of_eof(eof_code: str) -> str:
    """The pack code of an EOF code of nine digits: 280, the code, and a check digit."""
    return f"{EOF_PREFIX}{eof_code}{gs1_standard_check_digit(EOF_PREFIX + eof_code)}"


def day_of(value: str, today: date) -> date:
    """YYMMDD as a day; DD 00 is the month's last day. Raises Unreadable if there is no such day.

    The century is the one that brings the year within 49 years back and 50 ahead (GS1 General Specifications 7.12).
    """
    if len(value) != 6 or not is_digits(value):
        raise Unreadable(RefusalReason.IMPOSSIBLE_DATE)
    year, month, day = int(value[:2]), int(value[2:4]), int(value[4:])
    distance = year - today.year % 100
    century = today.year // 100 + (-1 if distance > 50 else 1 if distance < -49 else 0)
    try:
        full_year = century * 100 + year
        return date(full_year, month, day or calendar.monthrange(full_year, month)[1])
    except ValueError as problem:
        raise Unreadable(RefusalReason.IMPOSSIBLE_DATE) from problem
