"""Two codes that came as one, since the scanner sent nothing between them."""

import re

from shared.codes import numbers
from shared.codes.typed import EAN_PREFIXES, GS, GS1_PREFIXES

_PREFIX = re.compile("|".join(re.escape(prefix) for prefix in sorted(EAN_PREFIXES | GS1_PREFIXES)))
_BETWEEN = f"{GS} \t"
_GTIN = re.compile(r"01(?=([0-9]{14}))")


def two_numbers(digits: str) -> tuple[str, str] | None:
    """Two numbers of thirteen digits, one behind the other."""
    two = digits[:13], digits[13:]
    return two if len(digits) == 26 and all(map(numbers.is_number, two)) else None


def number_and_rest(text: str) -> tuple[str, str] | None:
    """A number of thirteen digits and the GS1 code behind it: one that begins with its own number, or has this one."""
    number, rest = text[:13], text[13:].lstrip(_BETWEEN)
    if not numbers.is_digits(number) or len(number) < 13 or not numbers.is_number(number):
        return None
    begins = rest.startswith("(") or (rest.startswith("01") and numbers.is_number(rest[2:16]))
    return (number, rest) if begins or f"010{number}" in rest else None


def number_and_words(text: str) -> tuple[str, str] | None:
    """A whole number, and after a space something that is no part of it."""
    number, _, rest = text.replace("\t", " ").partition(" ")
    whole = numbers.is_digits(number) and len(number) in (13, 14) and numbers.is_number(number)
    return (number, rest.strip()) if whole and rest else None


def without_more(text: str) -> str | None:
    """A GS1 code without what came behind it: itself again, or its own number, or any of EOF's.

    Other numbers are rather a part of the serial.
    """
    half = len(text) // 2
    if text[:half] == text[half:].lstrip(GS):
        return text[:half]
    gtins = [(found.start(), found[1]) for found in _GTIN.finditer(text) if numbers.is_number(found[1])]
    for place, gtin in gtins[1:]:
        if gtin == gtins[0][1] or gtin[1:].startswith(numbers.EOF_PREFIX):
            return text[:place]
    behind = text[-13:]
    if not gtins or gtins[0][0] > len(text) - 17 or not numbers.is_digits(behind) or not numbers.is_number(behind):
        return None
    known = behind.zfill(14) == gtins[0][1] or behind.startswith(numbers.EOF_PREFIX)
    return text[:-13] if known else None


def has_inner_prefix(text: str) -> bool:
    """Whether a scanner's prefix stands within: no field begins with a letter, whatever ] may stand for."""
    return _PREFIX.search(text, 1) is not None
