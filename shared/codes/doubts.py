"""Where a text may mean several things: each is read, and what they don't agree on is asked."""

import itertools
from collections.abc import Callable, Iterable
from typing import NamedTuple

from msgspec.structs import replace

from shared.codes.reading import Possible, Question, Reading, Recognised, Refusal, Unreadable, asked, refused
from shared.codes.sentences import SMALL_LETTERS

MOST_WAYS = 24


class Meanings(NamedTuple):
    """All that one value may be. `doubt`: the question that decides it, even over a single one; None: it is certain."""

    values: list[str]
    doubt: str | None = None


def tried(read: Callable[[], Reading]) -> Reading:
    try:
        return read()
    except Unreadable as problem:
        return refused(problem.reason)


def agreed(readings: list[Reading], question: str) -> Reading:
    """The reading, if all come to the same; else which of them it is; the first one's refusal if none can be."""
    first = readings[0]
    return first if all(reading == first for reading in readings) else doubted(readings, question)


def doubted(readings: list[Reading], question: str) -> Reading:
    """Which of the readings it is, though there be only one; the first one's refusal if none can be."""
    possible = [each for reading in readings for each in possible_in(reading)]
    return asked(question, possible) if possible else readings[0]


def one_of(meant: Iterable[str], read: Callable[[str], Reading], question: str) -> Reading:
    """What all the texts come to that may have been meant; else which of them it is."""
    return agreed([tried(lambda each=text: read(each)) for text in meant], question)


def ways(meanings: Iterable[Meanings]) -> list[tuple[str, ...]]:
    """Every way to take the values together."""
    return list(itertools.islice(itertools.product(*(each.values for each in meanings)), MOST_WAYS))


def possible_in(reading: Reading) -> tuple[Possible, ...]:
    match reading:
        case Recognised():
            return (as_possible(reading),)
        case Question():
            return reading.readings
        case Refusal():
            return ()


def as_possible(reading: Recognised) -> Possible:
    return Possible(
        gtin=reading.gtin,
        batch=reading.batch,
        expires_on=reading.expires_on,
        serial=reading.serial,
        national_numbers=reading.national_numbers,
    )


def asked_of_small_letters(reading: Reading) -> Reading:
    """Nothing shows that Caps Lock was off, and packs have capitals: small letters alone are asked about."""
    found = possible_in(reading)
    both = [each for possible in found for each in (possible, _in_capitals(possible))]
    if all(each in found for each in both):
        return reading
    return asked(reading.question if isinstance(reading, Question) else SMALL_LETTERS, both)


def _in_capitals(possible: Possible) -> Possible:
    letters = (possible.batch or "") + (possible.serial or "")
    if letters.upper() == letters or letters.lower() != letters:
        return possible
    return replace(
        possible,
        batch=possible.batch and possible.batch.upper(),
        serial=possible.serial and possible.serial.upper(),
    )
