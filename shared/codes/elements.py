"""GS1 element strings: which field stands where, and whether the fields can be told apart.

biip's table says what each application identifier (AI) may hold. Its reading of whole messages is not used: it
notices no missing separator, and one unknown AI would end it.
"""

import functools
import itertools
import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple

from biip import ParseError
from biip.gs1_application_identifiers import GS1ApplicationIdentifier

from shared.codes import numbers
from shared.codes.reading import Possible, Unreadable
from shared.codes.sentences import RefusalReason

GTIN, BATCH, EXPIRY, SERIAL = "01", "10", "17", "21"
NATIONAL = tuple(f"71{digit}" for digit in range(8))
LEAST_NATIONAL = 5
"""No country's number is shorter, so that a batch like L7123 is not suspected."""
OTHER_EXPIRIES = ("15", "7003")
"""A best-before day, and an expiry with its hour: near an expiry, and not the same."""

# Fields of these numbers end by themselves, wherever they are assigned or not: their whole lengths, AI included
# (GS1 General Specifications, table of element strings with predefined length). All others end at a separator.
_DAYS = tuple(f"1{digit}" for digit in range(1, 10))
_MEASURES = tuple(f"3{digit}" for digit in range(1, 7))
LENGTHS = {"00": 20, "01": 16, "02": 16, "03": 16, "04": 18, "20": 4, "41": 16}
LENGTHS.update(dict.fromkeys(_DAYS, 8) | dict.fromkeys(_MEASURES, 10))

# What is met on packs of medicines: only these are thought of where a separator may be missing.
INTERNAL = tuple(str(number) for number in range(90, 100))
DATES = ("11", "12", "13", "15", "16", "17", "7003", "8008")
ON_PACKS = frozenset({GTIN, BATCH, SERIAL, *DATES, "20", "22", "30", "37", "240", "241", "250", *INTERNAL, *NATIONAL})
# A reading that would find one of these inside a batch or serial makes the plain reading uncertain.
NEEDED = frozenset({GTIN, BATCH, EXPIRY, SERIAL})
TELLING = NEEDED | {"11", "15", "16", "240", "7003", "8008", *NATIONAL}
# The same where other separators were sent: only what looks like nothing else, for hardly one is missing then.
DISTINCT = {
    **dict.fromkeys(("11", "15", "16"), r"[0-9]{6}"),
    "7003": r"[0-9]{10}",
    "8008": r"[0-9]{8,12}",
    "240": r".*[A-Za-z].*",
    "711": r"34009[0-9]{8}",
    "716": r"0[0-9]{8}",
}

MOST_STEPS = 10_000
MOST_RIVALS = 200
_AI = re.compile(r"[0-9]{2,4}")
_NOT_GS1 = re.compile(r"[^!%-?A-Z_a-z\x22]")


class Element(NamedTuple):
    ai: str
    value: str


class Split(NamedTuple):
    """The fields as they stand. `trouble`: a batch or serial that can't be so, perhaps as a separator is missing."""

    elements: list[Element]
    trouble: RefusalReason | None


@functools.cache
def _known(start: str) -> GS1ApplicationIdentifier | None:
    try:
        return GS1ApplicationIdentifier.extract(start)
    except ParseError:
        return None


def ai_of(text: str) -> GS1ApplicationIdentifier | None:
    """The AI that a text begins with, as far as the table knows it."""
    found = _AI.match(text)
    return _known(found[0]) if found else None


@functools.cache
def _pattern(ai: str) -> re.Pattern[str]:
    known = _known(ai)
    assert known is not None
    return re.compile(known.pattern, re.ASCII)


def fits(element: Element, today: date) -> bool:
    """Whether a known AI may hold this; a product number with its check digit, an expiry that is a day."""
    return _pattern(element.ai).fullmatch(element.ai + element.value) is not None and _trouble(element, today) is None


def _trouble(element: Element, today: date) -> RefusalReason | None:
    """What is wrong with a field that Dosis uses; what it doesn't use may hold anything."""
    try:
        if element.ai == GTIN:
            numbers.gtin_14(element.value)
        if element.ai == EXPIRY:
            numbers.day_of(element.value, today)
    except Unreadable as problem:
        return problem.reason
    if element.ai not in (BATCH, SERIAL, *NATIONAL) or _pattern(element.ai).fullmatch(element.ai + element.value):
        return None
    if not element.value:
        return RefusalReason.VALUE_EMPTY
    alphabet = _pattern(element.ai).fullmatch(element.ai + element.value[:20]) is not None
    return RefusalReason.VALUE_TOO_LONG if alphabet and len(element.value) > 20 else RefusalReason.BAD_CHARACTER


def check(elements: Sequence[Element], today: date) -> None:
    """Raise Unreadable for the first field that can't be so."""
    for element in elements:
        if trouble := _trouble(element, today):
            raise Unreadable(trouble)


def split(segments: Sequence[str], today: date) -> Split:
    """The fields as separators and lengths part them; what stands under an unknown AI is passed over.

    Raises Unreadable for what no missing separator explains.
    """
    elements: list[Element] = []
    trouble: RefusalReason | None = None
    for segment in segments:
        place = 0
        while place < len(segment):
            element, length = _first(segment[place:])
            place += length
            wrong = _trouble(element, today)
            if wrong is not None and element.ai in (GTIN, EXPIRY):
                raise Unreadable(wrong)
            trouble = trouble or wrong
            elements.append(element)
    if any(_NOT_GS1.search(element.value) for element in elements):
        trouble = trouble or RefusalReason.BAD_CHARACTER
    return Split(elements, trouble)


def _first(text: str) -> tuple[Element, int]:
    """The first field of a segment, and how long it is with its AI."""
    two = text[:2]
    if len(two) < 2 or not numbers.is_digits(two):
        raise Unreadable(RefusalReason.NOT_A_CODE if len(two) == 2 else RefusalReason.CUT_OFF)
    length = LENGTHS.get(two, len(text))
    if length > len(text):
        raise Unreadable(RefusalReason.CUT_OFF)
    known = ai_of(text)
    ai = known.ai if known is not None else two
    return Element(ai, text[len(ai) : length]), length


class Rivals(NamedTuple):
    """`all_seen`: there are no others; else there were more ways than anybody could choose from."""

    ways: list[list[Element]]
    all_seen: bool


def rivals(segments: Sequence[str], plain: Split, today: date) -> Rivals:
    """Other ways to part the fields, if separators are missing, that would find more than the plain way.

    Where a separator was sent, it is hardly another that is missing: then only a field counts that a pack should
    have and the plain reading lacks, or one that looks like nothing else. A count or a company's own field that ran
    into a batch can't be told from the batch: two of its digits in ten would be suspected.
    """
    some_sent = len(segments) > 1
    lacking = TELLING - {element.ai for element in plain.elements}
    if not lacking:
        return Rivals([], all_seen=True)
    found: list[list[Element]] = []
    all_seen = True
    # First without the many ways in which two digits may be some company's own field.
    for likely in (TELLING, ON_PACKS):
        search = _Search(segments, today, likely)
        ways = (
            way
            for way in search.all()
            if any(_tells(each, today, some_sent=some_sent) for each in way if each.ai in lacking)
            or (not some_sent and _parted_by_signs(way))
        )
        found += itertools.islice(ways, MOST_RIVALS)
        all_seen = all_seen and search.steps <= MOST_STEPS
    return Rivals(found, all_seen)


def _parted_by_signs(way: Sequence[Element]) -> bool:
    """Whether a field ends in a sign that scanners are set up to send in the separator's place."""
    return any(each.value.endswith((",", ";")) for each in way[:-1])


def _tells(element: Element, today: date, *, some_sent: bool) -> bool:
    """Whether finding this field, which the plain reading lacks, makes that one uncertain."""
    if not some_sent or element.ai in NEEDED:
        return True
    shape = DISTINCT.get(element.ai)
    if shape is None or not re.fullmatch(shape, element.value):
        return False
    return element.ai in (*NATIONAL, "240") or numbers.is_near(element.value[:6], today)


class _Search:
    """Goes through every way to part the fields, in which each field may hold what it holds."""

    def __init__(self, segments: Sequence[str], today: date, likely: frozenset[str]) -> None:
        self.segments = segments
        self.likely = likely
        self.today = today
        self.steps = 0
        self.dead: set[tuple[int, int, bool]] = set()

    def all(self) -> Iterator[list[Element]]:
        for elements in self._from(0, 0, (), sure=True):
            yield list(elements)

    def _from(
        self, segment: int, place: int, before: tuple[Element, ...], *, sure: bool
    ) -> Iterator[tuple[Element, ...]]:
        """All ways from this place on. `sure`: a field begins here, wherever separators are missing."""
        if segment == len(self.segments):
            yield before
            return
        text = self.segments[segment]
        if place == len(text):
            yield from self._from(segment + 1, 0, before, sure=True)
            return
        if (segment, place, sure) in self.dead:
            return
        possible = False
        for element, length in self._starts(text[place:], sure=sure):
            if self.steps > MOST_STEPS:
                return
            possible = True
            if all(other.ai != element.ai or other.value == element.value for other in before):
                still_sure = sure and text[place : place + 2] in LENGTHS
                yield from self._from(segment, place + length, (*before, element), sure=still_sure)
        if not possible:
            self.dead.add((segment, place, sure))

    def _starts(self, rest: str, *, sure: bool) -> Iterator[tuple[Element, int]]:
        """The fields that may stand at the beginning of a rest, with their lengths; an odd one where one is sure."""
        known = ai_of(rest)
        likely = known is not None and known.ai in self.likely
        if not likely and not (sure and numbers.is_digits(rest[:2])):
            return
        ai = known.ai if known is not None else rest[:2]
        lengths = (LENGTHS[rest[:2]],) if rest[:2] in LENGTHS else range(len(ai) + 1, len(rest) + 1)
        for length in lengths:
            self.steps += 1
            element = Element(ai, rest[len(ai) : length])
            short = ai in NATIONAL and len(element.value) < LEAST_NATIONAL
            if length <= len(rest) and not short and (not likely or fits(element, self.today)):
                yield element, length


def possible_of(elements: Sequence[Element], today: date) -> Possible:
    """What the fields say; of fields that stand there twice, the first."""
    values = {element.ai: element.value for element in reversed(elements)}
    return Possible(
        gtin=numbers.gtin_14(values[GTIN]) if GTIN in values else None,
        batch=values.get(BATCH),
        expires_on=numbers.day_of(values[EXPIRY], today) if EXPIRY in values else None,
        serial=values.get(SERIAL),
        national_numbers={ai: values[ai] for ai in NATIONAL if ai in values},
    )
