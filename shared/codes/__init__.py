"""Reading a code from a pack, as scanners and people send it: what is certain, what must be asked, what is refused.

EAN-8, EAN-13 and UPC-A, GTIN-14, GS1 element strings as scanned, what is printed beside them for people, and GS1
Digital Links. Nothing here reads or writes; nothing is guessed.
"""

import re
from datetime import date

from shared.codes import links, numbers, sentences, typed
from shared.codes.doubts import asked_of_small_letters, one_of, tried
from shared.codes.labels import labelled
from shared.codes.numbers import is_gtin
from shared.codes.offered import with_texts
from shared.codes.printed import read_brackets, read_labelled, with_round_brackets
from shared.codes.reading import (
    Possible,
    Question,
    Reading,
    Recognised,
    Refusal,
    Unreadable,
    certain,
    codes_of,
    refused,
)
from shared.codes.scanned import read_latin
from shared.codes.sentences import RefusalReason
from shared.codes.typed import GS

__all__ = [
    "GS",
    "MOST_CHARACTERS",
    "Possible",
    "Question",
    "Reading",
    "Recognised",
    "Refusal",
    "RefusalReason",
    "certain",
    "codes_of",
    "is_gtin",
    "read_code",
]

MOST_CHARACTERS = 500
LINK_IN_GREEK = "ΗΤΤΠ"
"""http through a Greek layout, whose key for : is a dead one: what follows is lost."""

_LOST_LETTERS = re.compile(r"[^A-Za-z]*[;:][^A-Za-z]*")


def read_code(text: str, today: date) -> Reading:
    """Read whatever was scanned or typed. `today` decides the century of years of two digits; nothing is raised."""
    if len(text) > MOST_CHARACTERS:
        return refused(RefusalReason.TOO_LONG)
    reading = _tried_whole(text, today)
    if isinstance(reading, Question):
        return with_texts(reading, lambda each: _tried_whole(each, today))
    return reading


def _tried_whole(text: str, today: date) -> Reading:
    return tried(lambda: _read_whole(typed.bare(text), today))


def _read_whole(text: str, today: date) -> Reading:
    """Read it with and without a dot or comma at its end, which nobody can tell from a batch's own."""
    bare = text.rstrip(numbers.TRAILING)
    if bare in ("", text) or numbers.digits_of(bare):
        return _read(bare or text, today)
    return one_of((bare, text), lambda each: _read(each, today), sentences.PUNCTUATION)


def _read(text: str, today: date) -> Reading:
    line = with_round_brackets(typed.on_one_line(text))
    if found := labelled(line):
        return asked_of_small_letters(read_labelled(found, today))
    if line.startswith("("):
        return asked_of_small_letters(read_brackets(typed.with_separators(line).replace(GS, " "), today))
    if line != text:
        raise Unreadable(RefusalReason.SEVERAL_CODES)
    if address := links.address_in(text):
        return links.read_link(address, today)
    if typed.folded(text).startswith(LINK_IN_GREEK):
        raise Unreadable(RefusalReason.GREEK_LETTERS)
    if typed.is_greek(text):
        return one_of(typed.from_greek_keys(text), lambda each: read_latin(each, today), sentences.GREEK_KEYBOARD)
    if _LOST_LETTERS.fullmatch(text):
        return one_of(typed.from_lost_letters(text), lambda each: read_latin(each, today), sentences.GREEK_KEYBOARD)
    return read_latin(text, today)
