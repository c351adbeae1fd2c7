"""What a scanner sends, in Latin letters: numbers under bars, and GS1 element strings with or without separators."""

import re
from datetime import date

from shared.codes import elements, glued, messages, numbers, sentences, typed
from shared.codes.doubts import agreed, asked_of_small_letters, doubted, one_of, possible_in, tried
from shared.codes.printed import read_brackets
from shared.codes.reading import Possible, Reading, Recognised, Refusal, Unreadable, asked, certain, refused
from shared.codes.sentences import RefusalReason
from shared.codes.typed import GS

# Not \s: to Python the separator itself is a space.
_SPACE = re.compile(r"[ \t\u00a0]+")
# No value may hold one of these, and scanners are set up to send them in the separator's place.
_STAND_INS = re.compile(r"[|~^\]}\x1c\x1e\x1f]")
# A pharmacy number of Germany, as its bars (Code 39) are sent: a minus sign and seven or eight digits.
_GERMAN = re.compile(r"-[0-9]{7,8}")
# Alt+029, of which the program dropped Alt, or as addresses have it: the separator's own number in its place.
_OWN_NUMBER = re.compile(r"(?:0?029|%1D)(?=01|1[0157]|2[14]|3[07]|71[0-7]|9[0-9])")

_OF_GS1 = (RefusalReason.NO_PRODUCT, RefusalReason.CUT_OFF)
"""Said of a GS1 code only: any other text that begins with digits is none."""


def read_latin(text: str, today: date) -> Reading:
    code = typed.carried(text)
    if not code.text.strip(GS):
        raise Unreadable(RefusalReason.EMPTY)
    if glued.has_inner_prefix(code.text):
        raise Unreadable(RefusalReason.SEVERAL_CODES)
    if code.case_swapped:
        both = (code.text, code.text.swapcase())
        return one_of(both, lambda each: _read(each, code.prefix, today), sentences.CAPS_LOCK)
    reading = _read(code.text, code.prefix, today)
    return reading if code.prefix else asked_of_small_letters(reading)


def _read(text: str, prefix: str, today: date) -> Reading:
    number = _number_in(text, prefix)
    if number is not None:
        return _read_number(number, prefix, today)
    if prefix in typed.EAN_PREFIXES:
        raise Unreadable(RefusalReason.NOT_A_CODE)
    if _GERMAN.fullmatch(text):
        raise Unreadable(RefusalReason.OTHER_SYSTEM)
    if text.lstrip(GS).startswith("("):
        return read_brackets(text.replace(GS, " "), today)
    if number := numbers.with_digits_for_letters(text):
        return asked(sentences.LETTER_FOR_DIGIT, list(possible_in(certain_number(number))))
    if parts := glued.number_and_rest(text):
        number, rest = parts
        readings = [tried(lambda: read_latin(rest, today)), tried(lambda: certain_number(number))]
        return agreed(readings, sentences.GLUED)
    if parts := glued.number_and_words(text):
        readings = [certain_number(each) for each in parts if numbers.is_number(each)]
        return doubted(readings, sentences.GLUED if len(readings) > 1 else sentences.MORE_BEHIND)
    return _read_elements(text, prefix, today)


def _number_in(text: str, prefix: str) -> str | None:
    """The digits under bars, if the text is such a number and nothing says that it is a GS1 code."""
    digits = numbers.digits_of(text.strip(GS))
    if digits is None or (prefix in typed.GS1_PREFIXES and not (prefix == "]e0" and len(digits) == 13)):
        return None
    if prefix == "]E3":
        return digits[:13]  # Behind it stands an add-on, as magazines have it.
    as_number = prefix in typed.EAN_PREFIXES or len(digits) in (9, *numbers.GTIN_LENGTHS)
    return digits if as_number or glued.two_numbers(digits) else None


def _read_number(digits: str, prefix: str, today: date) -> Reading:
    if len(digits) == 12 and digits.startswith(numbers.EOF_PREFIX):
        # No maker has such a UPC-A; one in ten of them would pass its check.
        return asked(sentences.LAST_DIGIT_LOST, [Possible(gtin=numbers.code_of_eof(digits[3:]).zfill(14))])
    if len(digits) == 9:
        return asked(sentences.EOF_CODE, [Possible(gtin=numbers.code_of_eof(digits).zfill(14))])
    if two := glued.two_numbers(digits):
        return asked(sentences.GLUED, [each for number in two for each in possible_in(certain_number(number))])
    reading = certain_number(digits)
    if len(digits) == 8 and not prefix and numbers.may_be_a_day(digits, today):
        return asked(sentences.MAY_BE_A_DATE, list(possible_in(reading)))
    return reading


def certain_number(digits: str) -> Reading:
    return certain(Possible(gtin=numbers.gtin_14(digits)))


def _read_elements(text: str, prefix: str, today: date) -> Reading:
    marked = prefix in typed.GS1_PREFIXES or GS in text
    inner = text.lstrip(GS)
    if _SPACE.search(inner):
        return _read_spaced(inner, today, marked=marked)
    if _STAND_INS.search(inner):
        inner, marked = _with_separators(inner, today), True
    reading = tried(lambda: _read_parted(inner, today, marked=marked))
    if without := glued.without_more(inner):
        if isinstance(reading, Refusal):
            return refused(RefusalReason.SEVERAL_CODES)
        reading = agreed([tried(lambda: _read_parted(without, today, marked=marked)), reading], sentences.GLUED)
    if GS not in inner and _OWN_NUMBER.search(inner):
        return _with_own_number(reading, _OWN_NUMBER.sub(GS, inner), today)
    return reading


def _with_own_number(reading: Reading, meant: str, today: date) -> Reading:
    """Ask, if the code can be read with the digits as separators."""
    other = tried(lambda: _read_parted(meant, today, marked=True))
    return agreed([other, reading], sentences.RUN_TOGETHER) if isinstance(other, Recognised) else reading


def _read_parted(text: str, today: date, *, marked: bool) -> Reading:
    segments = [segment for segment in text.split(GS) if segment]
    if not segments:
        raise Unreadable(RefusalReason.EMPTY)
    if len(segments) == 1 and text.endswith(GS):
        segments.append("")  # A separator was sent, at the end: the scanner does send them.
    return _read_segments(segments, today, marked=marked)


def _read_segments(segments: list[str], today: date, *, marked: bool) -> Reading:
    reading = tried(lambda: messages.read_segments(segments, today, marked=marked))
    begins = marked or segments[0].startswith(elements.GTIN)
    if reading == refused(RefusalReason.NOT_A_CODE) and segments[0].startswith(elements.GTIN):
        return refused(RefusalReason.BAD_CHARACTER)
    if isinstance(reading, Refusal) and reading.reason in _OF_GS1 and not begins:
        only_digits = numbers.is_digits(segments[0])
        return refused(RefusalReason.WRONG_LENGTH if only_digits else RefusalReason.NOT_A_CODE)
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
    pairs = [elements.Element(ai, value) for ai, value in zip(segments[::2], segments[1::2], strict=False)]
    if len(segments) % 2 == 0 and all(_is_known(each, today) for each in pairs):
        reading = tried(lambda: messages.settle(pairs, today))
    else:
        reading = _read_segments(segments, today, marked=marked)
    return asked(sentences.SPACES, list(possible_in(reading))) if possible_in(reading) else reading
