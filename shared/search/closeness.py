"""How near a word of the catalogue is to one that was typed: 1 for the same, 0 for no likeness worth showing."""

from collections.abc import Collection
from enum import StrEnum

from rapidfuzz.distance import OSA

SAME = 1.0
BEGINNING = 0.86
BEGINNING_OF_STEM = 0.78
INSIDE = 0.65
SLIP = 0.85
SLIP_IN_BEGINNING = 0.8
LEAST_LIKENESS = 0.6
LETTERS_FOR_A_SLIP = 4
LETTERS_FOR_INSIDE = 3

# What is easily heard or written for one another costs half a slip: it is none among these coarser letters.
_COARSE = str.maketrans({"z": "s", "x": "k", "d": "t", "p": "b", "f": "b", "g": "k", "i": "e", "u": "o"})


class Found(StrEnum):
    """How a product was found; of several words that were typed, the one that fits least tells."""

    EXACT = "exact"
    BEGINNING = "beginning"
    SIMILAR = "similar"


def found_by(typed: str, word: str, likeness: float) -> Found:
    """How a word of the catalogue was found."""
    if typed == word:
        return Found.EXACT
    return Found.BEGINNING if likeness >= BEGINNING else Found.SIMILAR


def closeness(typed: str, word: str, beginnings: Collection[str] = ()) -> float:
    """Both are folded and without their last vowels; `beginnings` are those of a word that was typed in part.

    A whole word comes before a beginning, and that before whatever is only like it.
    """
    if typed == word:
        return SAME
    if word.startswith(tuple(beginnings) or typed):
        if len(typed) < LETTERS_FOR_INSIDE:
            return BEGINNING
        return BEGINNING + 0.1 * len(typed) / len(word)
    if word.startswith(typed):
        return BEGINNING_OF_STEM + 0.05 * len(typed) / len(word)
    inside = INSIDE if len(typed) >= LETTERS_FOR_INSIDE and typed in word else 0.0
    if len(typed) < LETTERS_FOR_A_SLIP:
        return inside
    longer = max(len(typed), len(word))
    return max(inside, SLIP * _likeness(typed, word, longer), SLIP_IN_BEGINNING * _likeness_of_beginning(typed, word))


def _likeness(typed: str, word: str, letters: int) -> float:
    """1 less the slips for each letter: one left out, put in or changed, or two turned round. 0 if that is little."""
    coarse = OSA.distance(typed.translate(_COARSE), word.translate(_COARSE))
    likeness = 1 - (OSA.distance(typed, word) + coarse) / 2 / letters
    return likeness if likeness >= LEAST_LIKENESS else 0.0


def _likeness_of_beginning(typed: str, word: str) -> float:
    if len(word) <= len(typed):
        return 0.0
    lengths = (len(typed) - 1, len(typed), len(typed) + 1)
    return max(_likeness(typed, word[:length], len(typed)) for length in lengths)
