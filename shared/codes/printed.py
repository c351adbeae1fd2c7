"""What is printed beside a code for people, as they type or copy it: (01)…(17)…, LOT … EXP …"""

import re
from collections.abc import Sequence
from datetime import date

from shared.codes import elements, messages, numbers, sentences, typed
from shared.codes.days import days_written
from shared.codes.doubts import Meanings, agreed, doubted, tried, ways
from shared.codes.elements import Element
from shared.codes.labels import PASSED_OVER, Labelled, before_another_label
from shared.codes.reading import Question, Reading, Recognised, Unreadable
from shared.codes.sentences import RefusalReason

_BRACKETS = re.compile(r"\(([0-9]{2,4})\)")
_SAYS_SOMETHING = re.compile(r"[^\W_]")
_OTHER_BRACKETS = re.compile(r"[\[（]([0-9]{2,4})[\]）]")


def with_round_brackets(text: str) -> str:
    """[01]… as (01)…: no value may hold the square ones."""
    return _OTHER_BRACKETS.sub(r"(\1)", text) if _OTHER_BRACKETS.match(text) else text


def read_brackets(text: str, today: date) -> Reading:
    """Read (01)…(17)…. A value may have brackets too, and these are not lost."""
    found = _bracketed(text)
    every = _read(found, [_in_brackets(each, today) for each in found], today)
    joined = _unknown_joined(found)
    if joined is None:
        return every
    other = tried(lambda: _read(joined, [_in_brackets(each, today) for each in joined], today))
    return agreed([every, other], sentences.IN_BRACKETS) if isinstance(other, Recognised | Question) else every


def _bracketed(text: str) -> list[Element]:
    before, *parts = _BRACKETS.split(text)
    if before or not parts:
        raise Unreadable(RefusalReason.NOT_A_CODE)
    return [Element(ai, value.strip()) for ai, value in zip(parts[::2], parts[1::2], strict=True)]


def _unknown_joined(found: Sequence[Element]) -> list[Element] | None:
    """The same with every unknown AI as a part of the value before it; None: all are known."""
    joined: list[Element] = []
    for element in found:
        known = elements.ai_of(element.ai)
        if (known is None or known.ai != element.ai) and joined:
            joined[-1] = Element(joined[-1].ai, f"{joined[-1].value}({element.ai}){element.value}")
        else:
            joined.append(element)
    return None if len(joined) == len(found) else joined


def read_labelled(found: Labelled, today: date) -> Reading:
    """Read LOT … EXP …, with the product's number before it or among it if it is there."""
    if found.before.startswith("("):
        before, unread = _bracketed(found.before), ""
    else:
        unread, number = _number_among(found.before)
        before = [Element(elements.GTIN, number)] if number else []
    behind = [field for ai, value in found.values for field in _fields_behind(ai, value)]
    meanings = [_in_brackets(each, today) for each in before] + [_behind_a_label(each, today) for each in behind]
    reading = _read([*before, *behind], meanings, today)
    unread += "".join(_unread_behind(value, today) for ai, value in found.values if ai == PASSED_OVER)
    if _SAYS_SOMETHING.search(unread):
        return doubted([reading], sentences.UNREAD_WORDS)
    return reading


def _number_among(text: str) -> tuple[str, str | None]:
    """The words that say nothing, and the product's number at their end, or else where there is one."""
    rest, number = _number_behind(text)
    if number is not None:
        return rest, number
    words = text.split()
    found = [each for each in words if len(each) in (13, 14) and numbers.is_number(each)]
    return (text, None) if len(found) != 1 else (" ".join(each for each in words if each != found[0]), found[0])


def _unread_behind(value: str, today: date) -> str:
    """The words behind a label that is passed over, but for its own value: a date, or one word."""
    rest, number = _number_behind(value)
    if number is None or not numbers.is_number(number):
        rest = value
    return "" if days_written(rest, today).values else " ".join(rest.split()[1:])


def _fields_behind(ai: str, value: str) -> list[Element]:
    """What stands behind a label, and a product's number behind that."""
    rest, number = _number_behind(value) if ai != elements.GTIN else (value, None)
    if ai == PASSED_OVER:
        return [Element(elements.GTIN, number)] if number and numbers.is_number(number) else []
    if number is None or not rest:
        return [Element(ai, value)] if value else []
    return [Element(ai, rest), Element(elements.GTIN, number)]


def _number_behind(text: str) -> tuple[str, str | None]:
    """What stands before a product's number, and the number; None: there is none at the end."""
    whole = numbers.digits_of(text)
    if whole is not None and len(whole) in (13, 14):
        return "", whole
    rest, _, last = text.rpartition(" ")
    return (rest.strip(" ,;|"), last) if numbers.is_digits(last) and len(last) in (13, 14) else (text, None)


def _read(fields: Sequence[Element], found: Sequence[Meanings], today: date) -> Reading:
    """All that the fields may be together; certain where every field is."""
    readings = [
        tried(
            lambda values=values: messages.settle(
                [Element(field.ai, value) for field, value in zip(fields, values, strict=True)], today
            )
        )
        for values in ways(found)
    ]
    doubt = next((each.doubt for each in found if each.doubt is not None), None)
    return readings[0] if doubt is None else doubted(readings, doubt)


def _in_brackets(field: Element, today: date) -> Meanings:
    if field.ai == elements.GTIN:
        return _number(field.value)
    if field.ai == elements.EXPIRY:
        return _day_of_code(field.value, today)
    return _letters(field.value) if field.ai in (elements.BATCH, elements.SERIAL) else Meanings([field.value])


def _behind_a_label(field: Element, today: date) -> Meanings:
    if field.ai == elements.GTIN:
        return _number(field.value)
    if field.ai == elements.EXPIRY:
        return _day(field.value, today)
    if field.ai not in (elements.BATCH, elements.SERIAL) or not field.value:
        return Meanings([field.value])
    first, *more = field.value.split()
    up_to_label = before_another_label(first)
    if not more and up_to_label == first:
        return _letters(field.value)
    # What follows may be a part of the batch, which is printed with a space, or something else.
    values = [each for text in (up_to_label, first + "".join(more)) for each in _letters(text).values]
    return Meanings(values, sentences.SPACES)


def _number(value: str) -> Meanings:
    """A person writes the 13 digits that are printed; the check digit says whether they are right."""
    return Meanings([numbers.gtin_14(numbers.digits_of(value) or value)])


def _day_of_code(value: str, today: date) -> Meanings:
    """YYMMDD, as the field has it; or a date as it is printed."""
    digits = "".join(value.split())
    written = not numbers.is_digits(digits) or (digits != value and not numbers.is_day(digits, today))
    return _day(value, today) if written else Meanings([digits])


def _day(value: str, today: date) -> Meanings:
    words, too_far = value.strip(numbers.TRAILING + "()").split(), False
    for count in range(len(words), 0, -1):
        days = days_written(" ".join(words[:count]), today)
        if days.values:
            rest = sentences.SPACES if count < len(words) else None
            return Meanings(days.values, rest if days.sure else sentences.DATE_ORDER)
        too_far = too_far or days.too_far
    raise Unreadable(RefusalReason.DATE_TOO_FAR if too_far else RefusalReason.IMPOSSIBLE_DATE)


def _letters(value: str) -> Meanings:
    """A batch or serial number: in Latin letters, in capitals, and without what ends a sentence."""
    latin, sure = typed.latin_of(value)
    doubt = None if sure else sentences.GREEK_LETTERS
    bare = [each.rstrip(numbers.TRAILING if "(" in each else numbers.TRAILING + ")") for each in latin]
    if bare != latin:
        latin, doubt = [each for each in (*bare, *latin) if each], sentences.PUNCTUATION
    return Meanings(list(dict.fromkeys(latin)), doubt)
