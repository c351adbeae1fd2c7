"""Reading a code from a pack, as scanners and people send it: what is certain, what must be asked, what is refused.

EAN-8, EAN-13 and UPC-A, GTIN-14, GS1 element strings as scanned or as printed in brackets, and GS1 Digital Links.
Nothing here reads or writes; nothing is guessed.
"""

import re
from collections.abc import Callable
from datetime import date

from shared.codes import elements, links, messages, numbers, typed
from shared.codes.numbers import is_gtin
from shared.codes.reading import (
    Possible,
    Question,
    Reading,
    Recognised,
    Refusal,
    RefusalReason,
    Unreadable,
    asked,
    certain,
    codes_of,
    refused,
)
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
    "codes_of",
    "is_gtin",
    "read_code",
]

MOST_CHARACTERS = 500

KEYBOARD = "The keyboard's layout left letters uncertain. Which is printed on the box?"
CAPITALS = "Caps Lock was on while it was scanned, so capitals are uncertain. Which is printed on the box?"
SPACES = "There are spaces in the code where a separator may have been. Is this what is printed on the box?"
EOF_CODE = "Nine digits may be an EOF code. Is it this pack?"
LAST_DIGIT_LOST = "A Greek pack's code has thirteen digits, and the last is missing here. Is it this pack?"

# Not \s: to Python the separator itself is a space.
_SPACE = re.compile(r"[ \t\u00a0]+")
_LOST_LETTERS = re.compile(r"[^A-Za-z]*[;:][^A-Za-z]*")
# No value may hold one of these, and scanners are set up to send them in the separator's place.
_STAND_INS = re.compile(r"[|~^\]]")


_OF_GS1 = (RefusalReason.NO_PRODUCT, RefusalReason.CUT_OFF)
"""Said of a GS1 code only: any other text that begins with digits is none."""


def read_code(text: str, today: date) -> Reading:
    """Read whatever was scanned or typed. `today` decides the century of years of two digits; nothing is raised."""
    if len(text) > MOST_CHARACTERS:
        return refused(RefusalReason.TOO_LONG)
    try:
        return _read(typed.bare(text), today)
    except Unreadable as problem:
        return refused(problem.reason)


def _read(text: str, today: date) -> Reading:
    if address := links.address_in(text):
        return links.read_link(address, today)
    if typed.is_greek(text):
        return _one_of(typed.from_greek_keys(text), today, KEYBOARD)
    if _LOST_LETTERS.fullmatch(text):
        return _one_of(typed.from_lost_letters(text), today, KEYBOARD)
    return _read_latin(text, today)


def _one_of(meant: list[str], today: date, question: str) -> Reading:
    """The reading, if all that may have been meant comes to the same; else which of them it is."""
    return _agreed([_tried(lambda t=text: _read_latin(t, today)) for text in meant], question)


def _tried(read: Callable[[], Reading]) -> Reading:
    try:
        return read()
    except Unreadable as problem:
        return refused(problem.reason)


def _agreed(readings: list[Reading], question: str) -> Reading:
    first = readings[0]
    if all(reading == first for reading in readings):
        return first
    possible = [each for reading in readings for each in _possible(reading)]
    return asked(question, possible) if possible else first


def _possible(reading: Reading) -> tuple[Possible, ...]:
    match reading:
        case Recognised():
            return (_as_possible(reading),)
        case Question():
            return reading.readings
        case Refusal():
            return ()


def _as_possible(reading: Recognised) -> Possible:
    return Possible(
        gtin=reading.gtin,
        batch=reading.batch,
        expires_on=reading.expires_on,
        serial=reading.serial,
        national_numbers=reading.national_numbers,
    )


def _read_latin(text: str, today: date) -> Reading:
    code = typed.carried(text)
    if not code.text.strip(GS):
        raise Unreadable(RefusalReason.EMPTY)
    if not code.case_swapped:
        return _read_carried(code.text, code.prefix, today)
    both = (code.text, code.text.swapcase())
    return _agreed([_tried(lambda t=text: _read_carried(t, code.prefix, today)) for text in both], CAPITALS)


def _read_carried(text: str, prefix: str, today: date) -> Reading:
    digits = _SPACE.sub("", text)
    if numbers.is_digits(digits) and (prefix not in typed.GS1_PREFIXES or (prefix == "]e0" and len(digits) == 13)):
        if prefix == "]E3":
            digits = digits[:13]
        if len(digits) in numbers.GTIN_LENGTHS or prefix in typed.EAN_PREFIXES:
            return _read_number(digits)
        if len(digits) == 9:
            return asked(EOF_CODE, [Possible(gtin=numbers.code_of_eof(digits).zfill(14))])
    if prefix in typed.EAN_PREFIXES:
        raise Unreadable(RefusalReason.NOT_A_CODE)
    if text.lstrip(GS).startswith("("):
        return messages.read_brackets(text.replace(GS, " "), today)
    return _read_elements(text, prefix, today)


def _read_number(digits: str) -> Reading:
    if len(digits) == 12 and digits.startswith(numbers.EOF_PREFIX):
        # No maker has such a UPC-A; one in ten of them would pass its check.
        return asked(LAST_DIGIT_LOST, [Possible(gtin=numbers.code_of_eof(digits[3:]).zfill(14))])
    if numbers.is_of_a_shop(digits):
        raise Unreadable(RefusalReason.OF_A_SHOP)
    return certain(Possible(gtin=numbers.gtin_14(digits)))


def _read_elements(text: str, prefix: str, today: date) -> Reading:
    marked = prefix in typed.GS1_PREFIXES or GS in text
    inner = text.lstrip(GS)
    if _SPACE.search(inner):
        return _read_spaced(inner, today, marked=marked)
    if _STAND_INS.search(inner):
        inner, marked = _with_separators(inner, today), True
    segments = [segment for segment in inner.split(GS) if segment]
    if len(segments) == 1 and inner.endswith(GS):
        segments.append("")  # A separator was sent, at the end: the scanner does send them.
    return _read_segments(segments, today, marked=marked)


def _read_segments(segments: list[str], today: date, *, marked: bool) -> Reading:
    reading = _tried(lambda: messages.read_segments(segments, today, marked=marked))
    begins = marked or segments[0].startswith(elements.GTIN)
    if isinstance(reading, Refusal) and reading.reason in _OF_GS1 and not begins:
        return refused(RefusalReason.NOT_A_CODE)
    return reading


def _with_separators(text: str, today: date) -> str:
    """Write GS for the characters that stand in for it; raises Unreadable unless a known field follows each."""
    meant = _STAND_INS.sub(GS, text)
    segments = [segment for segment in meant.split(GS) if segment]
    try:
        found = elements.split(segments, today)
    except Unreadable as problem:
        misread = problem.reason in (RefusalReason.CHECK_DIGIT, RefusalReason.IMPOSSIBLE_DATE)
        raise problem if misread else Unreadable(RefusalReason.BAD_CHARACTER) from problem
    if found.trouble is not None or not all(_is_known(element, today) for element in found.elements):
        raise Unreadable(RefusalReason.BAD_CHARACTER)
    return meant


def _is_known(element: elements.Element, today: date) -> bool:
    known = elements.ai_of(element.ai)
    return known is not None and known.ai == element.ai and elements.fits(element, today)


def _read_spaced(text: str, today: date, *, marked: bool) -> Reading:
    """No field may hold a space: as people write them between fields, and some programs in a separator's place."""
    segments = [segment for segment in _SPACE.sub(GS, text).split(GS) if segment]
    reading = _read_segments(segments, today, marked=marked)
    return asked(SPACES, list(_possible(reading))) if isinstance(reading, Recognised | Question) else reading
