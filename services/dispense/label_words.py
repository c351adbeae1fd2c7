"""What a label says in the patient's own language, which need not be one that the pages speak.

Directions are put together from the plan's own numbers, so nobody translates anything by hand. A language that has no
words here gets English ones. Each language's words have been read by nobody who prescribes in it until a clinic has had
that done: to add one is a row here.
"""

from collections.abc import Mapping
from fractions import Fraction
from typing import NamedTuple

from babel.dates import get_day_names

from services.dispense.rules import (
    AtTimes,
    EveryDays,
    EveryHours,
    OnWeekdays,
    Schedule,
    TimesADay,
)
from shared.exact import fraction_of

_SIGNS = {Fraction(1, 2): "½", Fraction(1, 3): "⅓", Fraction(2, 3): "⅔", Fraction(1, 4): "¼", Fraction(3, 4): "¾"}


class LabelWords(NamedTuple):
    """`times`: how often on a day, by number; 0 stands for all others."""

    language: str
    right_to_left: bool
    times: Mapping[int, str]
    every_hours: str
    every_days: str
    on_weekdays: str
    at_times: str
    expires: str
    batch: str
    units: Mapping[str, tuple[str, str]]
    """Of one and of more."""

    def amount(self, content: Fraction, unit: str) -> str:
        """½ tablet, 1½ tablets. Among words from right to left an isolate keeps the number's parts in their order."""
        one, more = self.units.get(unit, (unit, unit))
        number = f"\u2066{_number(content)}\u2069" if self.right_to_left else _number(content)
        return f"{number} {one if content <= 1 else more}".strip()

    @property
    def comma(self) -> str:
        return "، " if self.right_to_left else ", "

    def often(self, times: int) -> str:
        return (self.times.get(times) or self.times[0]).format(n=times)


GREEK = LabelWords(
    language="el",
    right_to_left=False,
    times={1: "μία φορά την ημέρα", 0: "{n} φορές την ημέρα"},
    every_hours="κάθε {n} ώρες",
    every_days="κάθε {n} ημέρες",
    on_weekdays="κάθε {days}",
    at_times="στις {times}",
    expires="Λήξη",
    batch="Παρτίδα",
    units={
        "tablet": ("δισκίο", "δισκία"),
        "capsule": ("καψάκιο", "καψάκια"),
        "dose": ("δόση", "δόσεις"),
        "sachet": ("φακελάκι", "φακελάκια"),
        "bottle": ("φιάλη", "φιάλες"),
        "inhaler": ("συσκευή εισπνοής", "συσκευές εισπνοής"),
        "pen": ("πένα", "πένες"),
        "tube": ("σωληνάριο", "σωληνάρια"),
        "patch": ("έμπλαστρο", "έμπλαστρα"),
        "suppository": ("υπόθετο", "υπόθετα"),
        "ampoule": ("αμπούλα", "αμπούλες"),
        "vial": ("φιαλίδιο", "φιαλίδια"),
        "piece": ("τεμάχιο", "τεμάχια"),
        "iu": ("μονάδες", "μονάδες"),
    },
)
ENGLISH = LabelWords(
    language="en",
    right_to_left=False,
    times={1: "once a day", 2: "twice a day", 0: "{n} times a day"},
    every_hours="every {n} hours",
    every_days="every {n} days",
    on_weekdays="on {days}",
    at_times="at {times}",
    expires="Expires",
    batch="Batch",
    units={
        "tablet": ("tablet", "tablets"),
        "capsule": ("capsule", "capsules"),
        "dose": ("dose", "doses"),
        "sachet": ("sachet", "sachets"),
        "bottle": ("bottle", "bottles"),
        "inhaler": ("inhaler", "inhalers"),
        "pen": ("pen", "pens"),
        "tube": ("tube", "tubes"),
        "patch": ("patch", "patches"),
        "suppository": ("suppository", "suppositories"),
        "ampoule": ("ampoule", "ampoules"),
        "vial": ("vial", "vials"),
        "piece": ("piece", "pieces"),
        "iu": ("units", "units"),
    },
)
FRENCH = LabelWords(
    language="fr",
    right_to_left=False,
    times={1: "une fois par jour", 0: "{n} fois par jour"},
    every_hours="toutes les {n} heures",
    every_days="tous les {n} jours",
    on_weekdays="chaque {days}",
    at_times="à {times}",
    expires="Péremption",
    batch="Lot",
    units={
        "tablet": ("comprimé", "comprimés"),
        "capsule": ("gélule", "gélules"),
        "dose": ("dose", "doses"),
        "sachet": ("sachet", "sachets"),
        "bottle": ("flacon", "flacons"),
        "inhaler": ("inhalateur", "inhalateurs"),
        "pen": ("stylo", "stylos"),
        "tube": ("tube", "tubes"),
        "patch": ("patch", "patchs"),
        "suppository": ("suppositoire", "suppositoires"),
        "ampoule": ("ampoule", "ampoules"),
        "vial": ("flacon", "flacons"),
        "piece": ("pièce", "pièces"),
        "iu": ("unités", "unités"),
    },
)
# The number before the noun, as labels write it: "(2) قرص" needs no plural.
ARABIC = LabelWords(
    language="ar",
    right_to_left=True,
    times={1: "مرة واحدة في اليوم", 2: "مرتين في اليوم", 0: "{n} مرات في اليوم"},
    every_hours="كل {n} ساعات",
    every_days="كل {n} أيام",
    on_weekdays="كل {days}",
    at_times="الساعة {times}",
    expires="الانتهاء",
    batch="التشغيلة",
    units={
        "tablet": ("قرص", "قرص"),
        "capsule": ("كبسولة", "كبسولة"),
        "dose": ("جرعة", "جرعة"),
        "sachet": ("كيس", "كيس"),
        "bottle": ("زجاجة", "زجاجة"),
        "inhaler": ("بخاخ", "بخاخ"),
        "pen": ("قلم", "قلم"),
        "tube": ("أنبوب", "أنبوب"),
        "patch": ("لصقة", "لصقة"),
        "suppository": ("تحميلة", "تحميلة"),
        "ampoule": ("أمبولة", "أمبولة"),
        "vial": ("قارورة", "قارورة"),
        "piece": ("قطعة", "قطعة"),
        "iu": ("وحدة", "وحدة"),
        "ml": ("مل", "مل"),
        "g": ("غ", "غ"),
    },
)
WORDS: Mapping[str, LabelWords] = {each.language: each for each in (GREEK, ENGLISH, FRENCH, ARABIC)}


def label_words(language: str) -> LabelWords:
    return WORDS.get(language, ENGLISH)


def directions(words: LabelWords, per_intake: str, schedule: Schedule, unit: str) -> str:
    """How much at a time and how often: "1 1/2 tablets, twice a day"."""
    return words.comma.join((words.amount(fraction_of(per_intake), unit), *_often(words, schedule)))


def _number(content: Fraction) -> str:
    whole, part = divmod(content, 1)
    if not part:
        return str(whole)
    if part in _SIGNS:
        return f"{whole or ''}{_SIGNS[part]}"
    return f"{whole} {part}" if whole else str(part)


def _often(words: LabelWords, schedule: Schedule) -> tuple[str, ...]:
    match schedule:
        case TimesADay(times=times):
            return (words.often(times),)
        case EveryHours(hours=hours):
            return (words.every_hours.format(n=hours),)
        case EveryDays(days=1, times=times):
            return (words.often(times),)
        case EveryDays(days=days, times=times):
            return (words.every_days.format(n=days), words.often(times))
        case OnWeekdays(weekdays=weekdays, times=times):
            names = get_day_names("wide", locale=words.language)
            days = words.on_weekdays.format(days=words.comma.join(names[day - 1] for day in weekdays))
            return (days, words.often(times))
        case AtTimes(times_of_day=times_of_day):
            return (words.at_times.format(times=words.comma.join(times_of_day)),)
