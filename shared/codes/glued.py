"""Two codes that came as one, since the scanner sent nothing between them."""

import re

from shared.codes import numbers
from shared.codes.typed import EAN_PREFIXES, GS, GS1_PREFIXES

_PREFIX = re.compile("|".join(re.escape(prefix) for prefix in sorted(EAN_PREFIXES | GS1_PREFIXES)))
_NUMBER_FIRST = re.compile(rf"(?P<number>[0-9]{{13}})[{GS} \t]*(?P<rest>01[0-9]{{14}}.*|\(.*)", re.DOTALL)
_AND_MORE = re.compile(
    r"(?P<code>01(?P<gtin>[0-9]{14}).*?)(?P<more>01(?P<gtin_again>[0-9]{14}).*|(?P<number>[0-9]{13}))", re.DOTALL
)


def two_numbers(digits: str) -> tuple[str, str] | None:
    """Two numbers of thirteen digits, one behind the other."""
    two = digits[:13], digits[13:]
    return two if len(digits) == 26 and all(map(numbers.is_number, two)) else None


def number_and_rest(text: str) -> tuple[str, str] | None:
    """A number of thirteen digits and the GS1 code behind it."""
    found = _NUMBER_FIRST.fullmatch(text)
    if found is None or not numbers.is_number(found["number"]):
        return None
    whole = found["rest"].startswith("(") or numbers.is_number(found["rest"][2:16])
    return (found["number"], found["rest"]) if whole else None


def without_more(text: str) -> str | None:
    """A GS1 code without the pack's own number, or any of EOF's, behind it: others are rather a part of the serial."""
    found = _AND_MORE.fullmatch(text)
    if found is None:
        return None
    number = found["gtin_again"] or found["number"].zfill(14)
    known = number == found["gtin"] or number[1:].startswith(numbers.EOF_PREFIX)
    return found["code"] if known and numbers.is_number(number) else None


def has_inner_prefix(text: str) -> bool:
    """Whether a scanner's prefix stands within: no field begins with a letter, whatever ] may stand for."""
    return _PREFIX.search(text, 1) is not None
