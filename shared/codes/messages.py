"""From fields to a reading: what is certain is said, all else is asked."""

import itertools
import re
from collections.abc import Sequence
from datetime import date

from shared.codes import elements, numbers
from shared.codes.elements import Element
from shared.codes.reading import Possible, Reading, RefusalReason, Unreadable, asked, certain, refused

RUN_TOGETHER = (
    "Fields may run together, for the separator between them is missing. Which of these is printed on the box?"
)
TWICE = "A field stands in the code twice, with different values. Which is printed on the box?"
NO_EXPIRY = "The code has a best-before day or hour, and no expiry. Is this the expiry printed on the box?"
NO_PRODUCT = "The code holds no product number. Which product is it?"
IN_BRACKETS = "A number in brackets may be a field, or a part of the value before it. Which is printed on the box?"

_BRACKETS = re.compile(r"\(([0-9]{2,4})\)")


def read_segments(segments: Sequence[str], today: date, *, marked: bool) -> Reading:
    """Read an element string, parted where separators stood. `marked`: something else says that it is one."""
    plain = elements.split(segments, today)
    ways, all_seen = elements.rivals(segments, plain, today)
    readings = [reading for reading in (elements.possible_of(each, today) for each in ways) if reading.gtin]
    if plain.trouble is None and (readings or not all_seen):
        readings.append(elements.possible_of(plain.elements, today))
    if any(reading.gtin for reading in readings):
        return asked(RUN_TOGETHER, readings)
    if plain.trouble is not None:
        return refused(plain.trouble)
    return settle(plain.elements, today, marked=marked)


def settle(found: Sequence[Element], today: date, *, marked: bool = True) -> Reading:
    """The reading of fields that are told apart with certainty."""
    elements.check(found, today)
    ais = {element.ai for element in found}
    variants = _variants(found, today)
    if len(variants) > 1:
        return asked(TWICE, variants)
    if elements.GTIN not in ais:
        if ais & {"00", "02"}:
            return refused(RefusalReason.NOT_A_PACK)
        if marked and ais & (elements.NEEDED | set(elements.NATIONAL)):
            return asked(NO_PRODUCT, variants)
        return refused(RefusalReason.NO_PRODUCT)
    if elements.EXPIRY not in ais and ais & set(elements.OTHER_EXPIRIES):
        return _ask_of_expiry(found, variants[0], today)
    return certain(variants[0])


def _variants(found: Sequence[Element], today: date) -> list[Possible]:
    """Every reading there is if a field that counts stands there twice; one, if each has one value."""
    counting = (*sorted(elements.NEEDED), *elements.NATIONAL)
    values = [list(dict.fromkeys(e for e in found if e.ai == ai)) for ai in counting]
    # Written differently, the same number or day is no difference.
    read = [
        elements.possible_of(each, today) for each in itertools.islice(itertools.product(*filter(None, values)), 50)
    ]
    return [reading for place, reading in enumerate(read) if reading not in read[:place]]


def _ask_of_expiry(found: Sequence[Element], reading: Possible, today: date) -> Reading:
    days = [element.value[:6] for element in found if element.ai in elements.OTHER_EXPIRIES]
    readings: list[Possible] = []
    for day in days:
        try:
            readings += [elements.possible_of([*found, Element(elements.EXPIRY, day)], today)]
        except Unreadable:
            continue
    return asked(NO_EXPIRY, [*readings, reading])


def read_brackets(text: str, today: date) -> Reading:
    """Read what is printed for people: (01)…(17)…. A value may have brackets too, and these are not lost."""
    parts = _BRACKETS.split(text)
    found = [_bracketed(ai, value) for ai, value in zip(parts[1::2], parts[2::2], strict=True)]
    every = settle(found, today)
    joined = _unknown_joined(found)
    if joined is None:
        return every
    try:
        elements.check(joined, today)
    except Unreadable:
        return every
    readings = [elements.possible_of(each, today) for each in (found, joined)]
    return every if readings[0] == readings[1] else asked(IN_BRACKETS, readings)


def _bracketed(ai: str, value: str) -> Element:
    value = value.strip()
    # A person writes the 13 digits that are printed; the check digit says whether they are right.
    if ai == elements.GTIN:
        value = numbers.gtin_14("".join(value.split()))
    return Element(ai, value)


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
