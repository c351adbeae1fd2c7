"""Product numbers and days: what GS1 says of check digits, of whose numbers are whose, and of years of two digits."""

import calendar
import re
from datetime import date

from biip.checksums import gs1_standard_check_digit

from shared.codes.reading import Unreadable
from shared.codes.sentences import RefusalReason

GTIN_LENGTHS = (8, 12, 13, 14)
EOF_PREFIX = "280"
SPACES = " \t\u00a0\u2009\u202f"
DASHES = "-.\u00b7\u2010\u2011\u2012\u2013\u2014\u2212"
TRAILING = ",;.:/-"
"""What a scanner may be set up to send behind a code, or a person to type."""

_LOOK_LIKE = str.maketrans("OoIl", "0011")
_DIGITS = re.compile(r"[0-9]+")
_WITH_SPACES = re.compile(rf"[0-9]+(?:[{SPACES}]+[0-9]+)*")
_WITH_DASHES = re.compile(rf"[0-9]+(?:[{SPACES}]*[{DASHES}][{SPACES}]*[0-9]+|[{SPACES}]+[0-9]+)*")
_WHOLE_AND_MORE = re.compile(rf"[0-9]{{13,14}}[{DASHES}{SPACES}]")
_IN_FOURS = re.compile(rf"[0-9]{{4}}[{SPACES}][0-9]{{4}}")

# How numbers of 13 digits begin that are no maker's (GS1's list of prefixes). 280 is EOF's by agreement.
OF_SHOPS = ("02", "04", "2")
OF_NO_MEDICINE = ("05", "977", "978", "979", "980", "981", "982", "983", "984", "99")
SHOPS_OF_EIGHT = ("0", "2")


def is_digits(text: str) -> bool:
    """ASCII digits only: Python's own isdigit also takes those of other scripts, and biip's patterns do."""
    return _DIGITS.fullmatch(text) is not None


def digits_of(text: str) -> str | None:
    """The digits of a number as people write it, with spaces, dashes or dots; None: it is no such number.

    With dashes or dots, only of 9, 13 or 14 digits, and of 8 only by fours: else it is rather a date or a telephone.
    """
    text = text.rstrip(TRAILING + SPACES)
    if _WHOLE_AND_MORE.match(text):
        return None  # It is whole already, and what follows is something else.
    found = _WITH_SPACES.fullmatch(text) or _WITH_DASHES.fullmatch(text)
    if found is None:
        return None
    digits = re.sub(r"[^0-9]", "", text)
    if is_digits(text) or len(digits) in (9, 13, 14):
        return digits
    if len(digits) == 8:
        return digits if _IN_FOURS.fullmatch(text) else None
    return digits if _WITH_SPACES.fullmatch(text) else None


def with_digits_for_letters(text: str) -> str | None:
    """A number of 13 digits in which O was typed for 0, or I or l for 1; None: it is something else."""
    digits = text.translate(_LOOK_LIKE)
    return digits if digits != text and len(digits) == 13 and is_digits(digits) else None


def gtin_14(digits: str) -> str:
    """A GTIN of 8, 12, 13 or 14 digits, written with 14; raises Unreadable where no medicine has it."""
    if not is_digits(digits):
        raise Unreadable(RefusalReason.NOT_A_CODE)
    if len(digits) not in GTIN_LENGTHS:
        raise Unreadable(RefusalReason.WRONG_LENGTH)
    if gs1_standard_check_digit(digits[:-1]) != int(digits[-1]) or not digits.strip("0"):
        raise Unreadable(RefusalReason.CHECK_DIGIT)
    gtin = digits.zfill(14)
    if owner := _other_owner(gtin):
        raise Unreadable(owner)
    return gtin


def is_number(digits: str) -> bool:
    """Whether a medicine may have this number."""
    try:
        gtin_14(digits)
    except Unreadable:
        return False
    return True


def _other_owner(gtin: str) -> RefusalReason | None:
    """Whose number it is, if it is neither a maker's nor EOF's."""
    if gtin.startswith("000000"):
        return RefusalReason.OF_A_SHOP if gtin[6:].startswith(SHOPS_OF_EIGHT) else None
    thirteen = gtin[1:]
    if thirteen.startswith(OF_SHOPS) and not thirteen.startswith(EOF_PREFIX):
        return RefusalReason.OF_A_SHOP
    return RefusalReason.NOT_A_MEDICINE if thirteen.startswith(OF_NO_MEDICINE) else None


def may_be_a_day(digits: str, today: date) -> bool:
    """Whether eight digits, as a person types them, may be a day of these years."""
    both = (f"{digits[6:]}{digits[2:4]}{digits[:2]}", digits[4:6]), (digits[2:], digits[:2])
    return any(century == "20" and is_day(day, today) for day, century in both)


def is_near(value: str, today: date) -> bool:
    """Whether YYMMDD is a day that a pack of these years may have."""
    return is_day(value, today) and -15 <= day_of(value, today).year - today.year <= 10


def is_day(value: str, today: date) -> bool:
    """Whether YYMMDD is a day."""
    try:
        return bool(day_of(value, today))
    except Unreadable:
        return False


def is_gtin(text: str) -> bool:
    """Whether this is a GTIN as Dosis keeps it: 14 digits and the right check digit."""
    if len(text) != 14 or not is_digits(text):
        return False
    return gs1_standard_check_digit(text[:-1]) == int(text[-1]) and bool(text.strip("0"))


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
