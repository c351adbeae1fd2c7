"""Numbers as the bulletin writes them, on folded text. What can be read two ways is not read."""

import re
from fractions import Fraction

from msgspec import Struct

# A decimal without its zero (.5MG, FLX.5ML) is one sign and no number: what it means is left open.
_TOKEN = re.compile(r"(?<![^ (+/X])[.,][0-9]+|[0-9]+(?:[.,][0-9]+)*|[^\W\d_]+|\S")
_GROUPED = re.compile(r"[1-9][0-9]{0,2}(?:\.[0-9]{3})+|[1-9][0-9]{0,2}(?:,[0-9]{3})+")
_GROUPED_WITH_DECIMALS = re.compile(
    r"(?P<whole>[1-9][0-9]{0,2}(?:(?:\.[0-9]{3})+(?=,)|(?:,[0-9]{3})+(?=\.)))[.,](?P<rest>[0-9]+)"
)
_PLAIN = re.compile(r"(?P<whole>[0-9]+)(?:[.,](?P<rest>[0-9]+))?")
MAX_DIGITS = 9


class Token(Struct, frozen=True):
    text: str
    start: int
    end: int

    @property
    def is_number(self) -> bool:
        return self.text[0] in "0123456789"


def tokens_of(folded: str) -> list[Token]:
    return [Token(match.group(), match.start(), match.end()) for match in _TOKEN.finditer(folded)]


def decimal_of(text: str, unit: str = "") -> str | None:
    """Give a number as a decimal string, or None where the sign in it may part either thousands or decimals.

    Greek writes 1.000,5, English 1,000.5, and both are printed. 1.000 is a thousand in units (no thousandth of a
    unit is ever printed), and one in grams and per cent; in milligrams it is either.
    """
    mixed = _GROUPED_WITH_DECIMALS.fullmatch(text)
    if mixed is not None:
        return _canonical(re.sub("[.,]", "", mixed["whole"]), mixed["rest"])
    if _GROUPED.fullmatch(text):
        if text.count(".") + text.count(",") > 1 or ("." in text and unit in {"iu", "u"}):
            return _canonical(re.sub("[.,]", "", text), "")
        if unit not in {"g", "%"}:
            return None
    plain = _PLAIN.fullmatch(text)
    return None if plain is None else _canonical(plain["whole"], plain["rest"] or "")


def _canonical(whole: str, rest: str) -> str | None:
    whole, rest = whole.lstrip("0") or "0", rest.rstrip("0")
    if len(whole) > MAX_DIGITS or len(rest) > MAX_DIGITS or (whole == "0" and not rest):
        return None
    return f"{whole}.{rest}" if rest else whole


def decimal_from(number: Fraction) -> str | None:
    """Write a fraction as a decimal string; None where it has no end."""
    if number.denominator == 1:
        return str(number)
    digits = next((digits for digits in range(1, MAX_DIGITS + 1) if (number * 10**digits).denominator == 1), None)
    if digits is None:
        return None
    whole, rest = divmod(int(number * 10**digits), 10**digits)
    return f"{whole}.{rest:0{digits}d}"


def text_at(tokens: list[Token], at: int) -> str:
    return tokens[at].text if 0 <= at < len(tokens) else ""
