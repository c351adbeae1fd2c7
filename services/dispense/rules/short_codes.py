"""How a medicine is taken, as it is written beside its name: 1x2, 1/2x1, 1 π β, 1/8h, 1 δευ,πεμ. Nothing is guessed."""

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Literal, NamedTuple
from unicodedata import combining, normalize

from services.dispense.rules.schedule import (
    HOURS_PER_DAY,
    AtTimes,
    EveryDays,
    EveryHours,
    OnWeekdays,
    Schedule,
    TimesADay,
)
from shared.exact import format_fraction, parse_fraction

MOST_HOURS, MOST_DAYS = 168, 366
DAYS_PER_WEEK = 7
LONGEST_CODE = 60

MORNING, MIDDAY, EVENING, BEDTIME = "08:00", "14:00", "20:00", "22:00"
"""What the named times of a day are: always said together with the name, so that nobody has to know them."""


def _spelled(rows: Mapping[str, str]) -> dict[str, str]:
    return {spelling: meant for meant, spellings in rows.items() for spelling in spellings.split()}


# Without accents, in small letters, σ also at the end. The first two of each row are what is written back.
_TIMES = _spelled(
    {
        MORNING: "π am πρ πρωι morning",
        MIDDAY: "μ noon μεσ μεσημερι midday",
        EVENING: "β pm βρ βραδυ evening",
        BEDTIME: "ν night νυχ νυχτα υπνο υπνοσ bedtime",
    }
)
_WEEKDAYS = _spelled(
    {
        "1": "δευ mon δε δευτερα monday",
        "2": "τρι tue τρ τριτη tues tuesday",
        "3": "τετ wed τε τεταρτη wednesday",
        "4": "πεμ thu πε πεμπτη thur thurs thursday",
        "5": "παρ fri πα παρασκευη friday",
        "6": "σαβ sat σα σαββατο saturday",
        "7": "κυρ sun κυ κυριακη sunday",
    }
)
_PERIODS = _spelled(
    {
        "hours": "h hr hrs hour hours ω ωρ ωρα ωρεσ",
        "days": "d day days ημ ημερα ημερεσ μερ μερα μερεσ",
        "weeks": "w wk week weeks εβδ εβδομαδα εβδομαδεσ",
    }
)

_X = "[xχ×*]"
_EVERY = re.compile(rf"(?P<amount>.+?)(?: ?{_X} ?(?P<times>[0-9]+))? ?/ ?(?P<number>[0-9]*) ?(?P<period>[^\W\d_]+)")
_TIMES_A_DAY = re.compile(rf"(?P<amount>.+?) ?{_X} ?(?P<times>[0-9]+)(?:[ ,]+(?P<when>.+))?")
_WHEN = re.compile(r"(?P<amount>[0-9][0-9 ./,½⅓⅔¼¾]*(?<![ ,])|[½⅓⅔¼¾])[ ,]+(?P<when>(?:[^\W\d_]|[0-9]{1,2}:).*)")
_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_BETWEEN = re.compile(r"[ ,+&]+(?:(?:και|and) )?")

Language = Literal["el", "en"]


class NotAShortCodeError(ValueError):
    """It can't be read, or it can be read in more than one way, or a plan can't hold it."""


class ContradictionError(NotAShortCodeError):
    """The number of times isn't the number of times of the day: 1x2 with three of them."""


class Taken(NamedTuple):
    per_intake: Fraction
    schedule: Schedule


def read_short_code(text: str) -> Taken:
    """Read how much at a time, and how often; raises NotAShortCodeError."""
    plain = _plain(text)
    if len(plain) > LONGEST_CODE:
        raise NotAShortCodeError
    found = _EVERY.fullmatch(plain)
    if found and found["period"] in _PERIODS:  # else it is half a tablet at some time, 1/2 π
        return Taken(_amount(found["amount"]), _every(found["number"], found["period"], found["times"]))
    if found := _TIMES_A_DAY.fullmatch(plain):
        times = _number(found["times"], HOURS_PER_DAY)
        schedule = TimesADay(times=times) if found["when"] is None else _when(found["when"], times)
        return Taken(_amount(found["amount"]), schedule)
    if found := _WHEN.fullmatch(plain):
        return Taken(_amount(found["amount"]), _when(found["when"], None))
    raise NotAShortCodeError


def _plain(text: str) -> str:
    """Small letters without accents in single spaces; ½ stays as it is."""
    bare = "".join(sign for sign in normalize("NFD", text.casefold()) if not combining(sign))
    return " ".join(bare.replace("ς", "σ").split())


def _amount(text: str) -> Fraction:
    try:
        return parse_fraction(text.strip())
    except ValueError as problem:
        raise NotAShortCodeError from problem


def _number(text: str, most: int) -> int:
    if len(text) > 4 or not 1 <= int(text) <= most:
        raise NotAShortCodeError
    return int(text)


def _every(number: str, period: str, times: str | None) -> Schedule:
    count = _number(number or "1", MOST_DAYS)
    often = _number(times or "1", HOURS_PER_DAY)
    match _PERIODS[period]:
        case "hours" if times is None and count <= MOST_HOURS:
            return EveryHours(hours=count)
        case "days" if count > 1:
            return EveryDays(days=count, times=often)
        case "days":
            return TimesADay(times=often)
        case "weeks" if count * DAYS_PER_WEEK <= MOST_DAYS:
            return EveryDays(days=count * DAYS_PER_WEEK, times=often)
        case _:
            raise NotAShortCodeError


def _when(text: str, times: int | None) -> Schedule:
    """Weekdays, or times of the day: never both, each once, in whatever order they were typed."""
    words = list(_words(text))
    if all(word in _WEEKDAYS for word in words):
        weekdays = sorted({int(_WEEKDAYS[word]) for word in words})
        if len(weekdays) == len(words):
            return OnWeekdays(weekdays=tuple(weekdays), times=times or 1)
    at = sorted({_time(word) for word in words})
    if len(at) < len(words):
        raise NotAShortCodeError
    if times is not None and times != len(at):
        raise ContradictionError
    return AtTimes(times_of_day=tuple(at))


def _words(text: str) -> Iterator[str]:
    for word in _BETWEEN.split(text):
        parts = word.split("-")  # π-μ-β are times; whether δευ-παρ are two days or five, nobody can know
        yield from parts if all(part in _TIMES for part in parts) else [word]


def _time(word: str) -> str:
    if clock := _CLOCK.fullmatch(word):
        return f"{int(clock[1]):02}:{clock[2]}"
    if word not in _TIMES:
        raise NotAShortCodeError
    return _TIMES[word]


# Writing


def write_short_code(per_intake: Fraction, schedule: Schedule, language: Language) -> str:
    """The code that is read back as the same, as somebody of this language types it."""
    amount = format_fraction(per_intake)
    match schedule:
        case TimesADay(times=times) | EveryDays(days=1, times=times):
            return f"{amount}x{times}"
        case EveryHours(hours=hours):
            return f"{amount}/{hours}{_said(_PERIODS, 'hours', language)}"
        case EveryDays(days=days, times=times):
            return f"{amount}{_times(times)}/{days}{_said(_PERIODS, 'days', language)}"
        case OnWeekdays(weekdays=weekdays, times=times):
            days = ",".join(_said(_WEEKDAYS, str(weekday), language) for weekday in weekdays)
            return f"{amount}{_times(times)} {days}"
        case AtTimes(times_of_day=times_of_day):
            return f"{amount} {' '.join(_said(_TIMES, time, language) for time in times_of_day)}"


def _times(times: int) -> str:
    return "" if times == 1 else f"x{times}"


def _said(spellings: Mapping[str, str], meant: str, language: Language) -> str:
    """The shortest usual word of a language; a time that has no name is written as the clock shows it."""
    fitting = [word for word, means in spellings.items() if means == meant and word.isascii() == (language == "en")]
    return fitting[0] if fitting else meant
