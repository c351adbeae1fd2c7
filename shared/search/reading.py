"""What was typed, taken apart: words to look for, strengths and numbers, forms. Only words find; the rest ranks."""

import re
from fractions import Fraction

from msgspec import Struct

from shared.catalogue import FormGroup
from shared.search.folding import folded, latin, stem, with_letters_for_digits
from shared.search.forms import FORM_WORDS, NOISE

MAX_CHARACTERS = 200
MAX_WORDS = 6
MAX_AMOUNTS = 4

_MG = {"mg": Fraction(1), "g": Fraction(1000), "gr": Fraction(1000)} | dict.fromkeys(
    ("mcg", "ug", "microgram"), Fraction(1, 1000)
)
_OTHER_UNITS = frozenset({"iu", "ml", "%"})

_AMOUNT = re.compile(r"(?<![0-9.,])([0-9]{1,7}(?:[.,][0-9]{1,4})?)(?![0-9])\s?(%|[a-z]+)?")
_THOUSANDS = re.compile(r"([1-9][0-9]{0,2})[.,]000")
# T4, B12, D3: the number belongs to the name.
_SHORT_NAME = re.compile(r"(?<![a-z0-9])[a-z]{1,3}[0-9]{1,2}(?![a-z0-9])")
_LETTERS = re.compile(r"[a-z]+")


def is_a_name(text: str) -> bool:
    """Whether somebody means a name: T4, B12, or two letters and no more digits. No whole code is like that."""
    letters, digits = sum(sign.isalpha() for sign in text), sum(sign.isdigit() for sign in text)
    return letters >= max(2, digits) or _SHORT_NAME.fullmatch(text.strip().lower()) is not None


class Amount(Struct, frozen=True):
    """A number as typed, and what else it may mean; `unit` is mg (for every mass), iu, ml, % or empty."""

    numbers: tuple[Fraction, ...]
    unit: str


class Typed(Struct, frozen=True):
    """`words` are folded, without their last vowels. Not `named`: nothing but a form, a strength or noise was typed."""

    words: tuple[str, ...]
    named: bool
    spelled: dict[str, str]  # each word as it was typed, in Latin letters
    amounts: tuple[Amount, ...]
    forms: tuple[frozenset[FormGroup], ...]


def read_typed(text: str) -> Typed:
    """Take a search text, or a product's name, apart. Anything may be typed: nothing is raised."""
    plain = with_letters_for_digits(latin(text[:MAX_CHARACTERS]))
    found = _SHORT_NAME.findall(plain)
    amounts: list[Amount] = []

    def without_amount(match: re.Match[str]) -> str:
        amount, is_unit = _amount(match[1], match[2] or "")
        amounts.append(amount)
        return " " if is_unit else f" {match[2] or ''} "

    rest = _AMOUNT.sub(without_amount, _SHORT_NAME.sub(" ", plain))
    found += _LETTERS.findall(rest)
    keys = [(key, word) for word in found if (key := folded(word))]
    names = {stem(key): word for key, word in keys if key not in FORM_WORDS and key not in NOISE and len(key) > 1}
    forms = [FORM_WORDS[key] for key, _ in keys if key in FORM_WORDS]
    spelled = names if names or forms else {stem(key): word for key, word in keys}
    return Typed(
        tuple(spelled)[:MAX_WORDS],
        bool(names),
        spelled,
        tuple(amounts[:MAX_AMOUNTS]),
        tuple(dict.fromkeys(forms)),
    )


def in_mg(number: Fraction, unit: str) -> tuple[Fraction, str]:
    """Give a mass in mg; anything else as it is."""
    return (number * _MG[unit], "mg") if unit in _MG else (number, unit)


def _amount(digits: str, letters: str) -> tuple[Amount, bool]:
    """The amount, and whether the letters after it are its unit; if not, they are a word."""
    number = Fraction(digits.replace(",", "."))
    thousands = _THOUSANDS.fullmatch(digits)
    numbers = (number, Fraction(thousands[1]) * 1000) if thousands else (number,)
    if letters in _MG:
        return Amount(tuple(in_mg(one, letters)[0] for one in numbers), "mg"), True
    return Amount(numbers, letters if letters in _OTHER_UNITS else ""), letters in _OTHER_UNITS
