"""What a user reads, in their language: English stands in the code, every other language in `locale`.

A text is marked where it stands (`N_`, `say`, or `_` in a template), is a value of a table in a `words.py`, or is the
title or detail of an error. `make translations` finds all three and brings the catalogues into line with them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from functools import cache, lru_cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Literal

from babel import Locale
from babel.dates import format_date, get_day_names
from babel.messages import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from jinja2 import Environment

from shared.errors import DosisError
from shared.roles import Role
from shared.words import ROLES, UNITS

Language = Literal["el", "en"]
LANGUAGES: tuple[Language, ...] = ("el", "en")
DEFAULT: Language = "el"
LOCALE = Path(__file__).parent / "locale"


def N_(text: str) -> str:  # noqa: N802, as gettext's tools know it
    """Mark a text that is translated where it is shown."""
    return text


@dataclass(frozen=True)
class Words:
    """How one language says things."""

    language: Language
    translations: NullTranslations

    def gettext(self, text: str) -> str:
        return self.translations.gettext(text)

    def ngettext(self, one: str, many: str, number: int) -> str:
        return self.translations.ngettext(one, many, number)

    def speak_in(self, environment: Environment) -> None:
        """Let the templates of an environment speak this language; blocks are trimmed, as their extraction is."""
        environment.add_extension("jinja2.ext.i18n")
        environment.policies["ext.i18n.trimmed"] = True
        # The extension adds this method to its environment.
        environment.install_gettext_callables(self.gettext, self.ngettext, newstyle=True)  # pyright: ignore[reportAttributeAccessIssue]

    def say(self, text: str, **facts: object) -> str:
        """A text with places for facts, translated and filled in."""
        return self.gettext(text).format_map({name: self._fact(fact) for name, fact in facts.items()})

    def said(self, error: DosisError) -> str:
        """What an error says to do."""
        return self.say(error.template, **error.facts)

    def title(self, error: DosisError) -> str:
        return self.gettext(error.title)

    def day(self, day: date) -> str:
        """30 Jun 2027, 30 Ιουν 2027."""
        return _day(day.year, day.month, day.day, self.language)

    def month(self, day: date) -> str:
        """As an expiry is printed: 06/2027."""
        return f"{day:%m/%Y}"

    def weekday(self, iso_weekday: int) -> str:
        """1 is Monday."""
        return get_day_names("wide", locale=self.language)[iso_weekday - 1]

    def language_name(self, code: str) -> str:
        """A language by its name: el is ελληνικά; one without a name here is its code."""
        return Locale.parse(self.language).languages.get(code, code)

    def time(self, moment: datetime, zone: tzinfo) -> str:
        return f"{moment.astimezone(zone):%H:%M}"

    def number(self, number: int) -> str:
        return _number(number, self.language)

    def units(self, units: int, unit: str) -> str:
        """20 tablets. A unit that somebody wrote into a list of items is said as it was written."""
        if unit not in UNITS:
            return f"{self.number(units)} {unit}"
        return self.ngettext(*UNITS[unit], units).format(n=self.number(units))

    def packs(self, units: int, units_per_pack: int, unit: str) -> str:
        """2 packs of 30 and 14 tablets: whole numbers only, as nobody can count a part of a pack."""
        packs, rest = divmod(units, units_per_pack)
        if packs == 0 or units_per_pack == 1:
            return self.units(units, unit)
        full = self.ngettext("{n} pack of {size}", "{n} packs of {size}", packs)
        full = full.format(n=self.number(packs), size=self.number(units_per_pack))
        return self.say("{packs} and {units}", packs=full, units=self.units(rest, unit)) if rest else full

    def _fact(self, fact: object) -> str:
        match fact:
            case Role():
                word = self.gettext(ROLES[fact])
                return word[:1].lower() + word[1:]
            case tuple():
                return ", ".join(self._fact(one) for one in fact)
            case date():
                return self.day(fact)
            case int():
                return self.number(fact)
            case _:
                return str(fact)


# A page has hundreds of days and numbers, and Babel takes 0.1 and 0.02 ms for each.
@lru_cache(maxsize=8192)
def _day(year: int, month: int, day: int, language: Language) -> str:
    return format_date(date(year, month, day), "d MMM y", locale=language)


@lru_cache(maxsize=8192)
def _number(number: int, language: Language) -> str:
    return format_decimal(number, locale=language)


@cache
def words_in(language: Language) -> Words:
    return Words(language, _read(language) if language != "en" else NullTranslations())


def messages(language: Language) -> Iterator[Message]:
    """Everything that stands in a language's catalogues."""
    for path in sorted((LOCALE / language).glob("*.po")):
        with path.open("rb") as file:
            yield from (message for message in read_po(file, language, abort_invalid=True) if message.id)


def _read(language: Language) -> GNUTranslations:
    catalogue, compiled = Catalog(language), BytesIO()
    for message in messages(language):
        catalogue[message.id] = message
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)
