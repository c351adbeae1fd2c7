"""How a medicine is taken, in words: what a short code says, for pages and labels."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from babel.lists import format_list

from services.dispense.rules import AtTimes, EveryDays, EveryHours, OnWeekdays, Schedule, TimesADay
from services.dispense.rules.short_codes import BEDTIME, EVENING, MIDDAY, MORNING
from shared.language import N_, Words
from shared.words import UNITS

TIMES_OF_DAY: Mapping[str, str] = {
    MORNING: N_("in the morning ({time})"),
    MIDDAY: N_("at midday ({time})"),
    EVENING: N_("in the evening ({time})"),
    BEDTIME: N_("at bedtime ({time})"),
}
AT_TIME = N_("at {time}")
_SIGNS = {Fraction(1, 2): "½", Fraction(1, 3): "⅓", Fraction(2, 3): "⅔", Fraction(1, 4): "¼", Fraction(3, 4): "¾"}


def in_words(words: Words, per_intake: Fraction, schedule: Schedule, unit: str) -> str:
    """1½ tablets 2 times a day. `unit`: what the product's content is counted in."""
    taken = amount(words, per_intake, unit)
    match schedule:
        case TimesADay(times=1) | EveryDays(days=1, times=1):
            return words.say("{amount} once a day", amount=taken)
        case TimesADay(times=times) | EveryDays(days=1, times=times):
            text = words.ngettext("{amount} {n} time a day", "{amount} {n} times a day", times)
            return text.format(amount=taken, n=times)
        case EveryHours(hours=1):
            return words.say("{amount} every hour", amount=taken)
        case EveryHours(hours=hours):
            text = words.ngettext("{amount} every {n} hour", "{amount} every {n} hours", hours)
            return text.format(amount=taken, n=hours)
        case EveryDays(days=days, times=1):
            return words.say("{amount} every {days} days", amount=taken, days=days)
        case EveryDays(days=days, times=times):
            return words.say("{amount} {times} times a day, every {days} days", amount=taken, times=times, days=days)
        case OnWeekdays(weekdays=weekdays, times=1):
            return words.say("{amount} every {weekdays}", amount=taken, weekdays=_weekdays(words, weekdays))
        case OnWeekdays(weekdays=weekdays, times=times):
            named = _weekdays(words, weekdays)
            return words.say(
                "{amount} {times} times a day, every {weekdays}", amount=taken, times=times, weekdays=named
            )
        case AtTimes(times_of_day=times_of_day):
            return words.say("{amount} {times_of_day}", amount=taken, times_of_day=_times(words, times_of_day))


def amount(words: Words, content: Fraction, unit: str) -> str:
    """½ tablet, 1 tablet, 1½ tablets; a unit that somebody wrote into a list of items stands as it was written."""
    number = _number(content)
    if unit not in UNITS:
        return f"{number} {unit}"
    return words.ngettext(*UNITS[unit], 1 if content <= 1 else 2).format(n=number)


def _number(value: Fraction) -> str:
    whole, part = divmod(value, 1)
    if not part:
        return str(whole)
    if part in _SIGNS:
        return f"{whole or ''}{_SIGNS[part]}"
    return f"{whole} {part}" if whole else str(part)


def _weekdays(words: Words, weekdays: Sequence[int]) -> str:
    return format_list([words.weekday(weekday) for weekday in weekdays], locale=words.language)


def _times(words: Words, times_of_day: Sequence[str]) -> str:
    said = [words.say(TIMES_OF_DAY.get(time, AT_TIME), time=time) for time in times_of_day]
    return format_list(said, locale=words.language)
