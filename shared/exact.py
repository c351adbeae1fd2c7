"""Exact amounts: as they travel, the text of a fraction, "28" or "7/2"; and as people write them, "½" or "0,5"."""

import re
from fractions import Fraction
from functools import lru_cache
from unicodedata import normalize

LARGEST_FRACTION = 1000
LARGEST_DENOMINATOR = 1000
LONGEST_FRACTION_TEXT = 20


@lru_cache(maxsize=4096)
def fraction_of(text: str) -> Fraction:
    """The fraction that a text says; the same few stand in thousands of lines."""
    return Fraction(text)


def divide_up(number: int, by: int) -> int:
    """Divide, rounded up."""
    return -(-number // by)


class NotAFractionError(ValueError):
    """The text is no whole number, decimal, fraction or mixed number."""


class FractionOutOfRangeError(ValueError):
    """The number is zero, more than 1000, or finer than thousandths."""


def parse_fraction(text: str) -> Fraction:
    """Read "1", "1/2", "1 1/2", "½", "1½", "0.5" or "0,5" exactly.

    Raises NotAFractionError, or FractionOutOfRangeError.
    """
    if len(text) > LONGEST_FRACTION_TEXT:
        raise NotAFractionError
    plain = " ".join(text.translate(_SPELLED_OUT).replace("\N{FRACTION SLASH}", "/").split())
    if match := _MIXED.fullmatch(plain):
        value = _mixed(int(match["whole"] or 0), int(match["above"]), int(match["below"]))
    elif _DECIMAL.fullmatch(plain):
        value = Fraction(plain.replace(",", "."))
    else:
        raise NotAFractionError
    if not 0 < value <= LARGEST_FRACTION or value.denominator > LARGEST_DENOMINATOR:
        raise FractionOutOfRangeError
    return value


def format_fraction(value: Fraction) -> str:
    """Write it as a mixed number, "1 1/2", which parse_fraction reads back."""
    whole, above = divmod(value.numerator, value.denominator)
    part = f"{above}/{value.denominator}"
    if not above:
        return str(whole)
    return f"{whole} {part}" if whole else part


def _mixed(whole: int, above: int, below: int) -> Fraction:
    # "1 3/2" is a slip of the hand: nobody can know whether 1 1/2 or 2 1/2 was meant.
    if below == 0 or (whole and above >= below):
        raise NotAFractionError
    return whole + Fraction(above, below)


_SIGNS = "½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅐⅛⅜⅝⅞⅑⅒"
# With a space on both sides, so that "1½" is not read as 11/2, nor "½2" as 1/22.
_SPELLED_OUT = str.maketrans({sign: f" {normalize('NFKC', sign)} " for sign in _SIGNS})
_MIXED = re.compile(r"(?:(?P<whole>[0-9]+) )?(?P<above>[0-9]+) ?/ ?(?P<below>[0-9]+)")
_DECIMAL = re.compile(r"[0-9]+(?:[.,][0-9]+)?")
