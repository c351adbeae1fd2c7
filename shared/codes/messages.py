"""From fields to a reading: what is certain is said, all else is asked."""

import itertools
from collections.abc import Sequence
from datetime import date

from msgspec.structs import replace

from shared.codes import elements
from shared.codes.elements import Element
from shared.codes.reading import Possible, Reading, Unreadable, asked, certain, refused
from shared.codes.sentences import NO_EXPIRY, NO_PRODUCT, RUN_TOGETHER, TWICE, RefusalReason

OF_PARCELS = {"00", "02"}
SIGNS = "!\"%&'()*+,-./_:;<=>?"
"""All that GS1 allows in a value beside letters and digits."""


def read_segments(segments: Sequence[str], today: date, *, marked: bool) -> Reading:
    """Read an element string, parted where separators stood. `marked`: something else says that it is one."""
    plain = elements.split(segments, today)
    ways, all_seen = elements.rivals(segments, plain, today)
    readings = [reading for reading in (elements.possible_of(each, today) for each in ways) if reading.gtin]
    if plain.trouble is None and (readings or not all_seen):
        readings.append(elements.possible_of(plain.elements, today))
    if any(reading.gtin for reading in readings):
        return asked(RUN_TOGETHER, [each for reading in readings for each in _with_and_without_sign(reading)])
    if plain.trouble is not None:
        return refused(plain.trouble)
    return settle(plain.elements, today, marked=marked)


def _with_and_without_sign(reading: Possible) -> tuple[Possible, ...]:
    """A sign at the end of a batch or serial may have stood for the separator."""
    bare = replace(reading, batch=_without_sign(reading.batch), serial=_without_sign(reading.serial))
    return (reading,) if bare == reading else (bare, reading)


def _without_sign(value: str | None) -> str | None:
    return value and (value.rstrip(SIGNS) or value)


def settle(found: Sequence[Element], today: date, *, marked: bool = True) -> Reading:
    """The reading of fields that are told apart with certainty."""
    elements.check(found, today)
    ais = {element.ai for element in found}
    variants = _variants(found, today)
    if len(variants) > 1:
        return asked(TWICE, variants)
    if ais & OF_PARCELS:
        return refused(RefusalReason.NOT_A_PACK)
    if elements.GTIN not in ais:
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
