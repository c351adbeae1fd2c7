"""Exact amounts, as they travel: the text of a fraction, "28" or "7/2"."""

from fractions import Fraction
from functools import lru_cache


@lru_cache(maxsize=4096)
def fraction_of(text: str) -> Fraction:
    """The fraction that a text says; the same few stand in thousands of lines."""
    return Fraction(text)


def divide_up(number: int, by: int) -> int:
    """Divide, rounded up."""
    return -(-number // by)
