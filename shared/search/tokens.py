"""What is stored beside a product so that it is found: one token for each thing somebody may type.

The name's first word stands bare, "~word" is a further one; "+word" is a substance that is alone in the product,
"&word" one of several, in every spelling that the table of moieties has; "#500" is a number of its strength, "#500mg"
one with its unit; "=30" units in a pack; "@oral_liquid" its group of forms; "^": it is sold in Greece, or
at least no code of another country is known of it.
"""

import functools
import re
import zlib
from collections.abc import Iterable
from fractions import Fraction

import msgspec
from msgspec import Struct

from shared.catalogue import Ingredient, Kind, Product
from shared.moieties import MOIETY_OF
from shared.search.folding import folded, stem
from shared.search.forms import NOISE
from shared.search.reading import Amount, in_mg, read_typed

RULES = 2
"""Raised with every change of what is stored here, or of folding."""

FIRST_WORD, FURTHER_WORD, ONLY_SUBSTANCE, ONE_SUBSTANCE = "", "~", "+", "&"
GREEK = "^"
_GREEK_CODES = "280", "952"  # the second is of made-up codes, as the catalogue that ships with Dosis has

_STRENGTH_UNIT = re.compile(r"\s*([a-zμµ%]+)\s*(?:/.*)?", re.DOTALL)
_HYPHENED = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)+")


def _spellings() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for spelling, moiety in MOIETY_OF.items():
        found.setdefault(moiety, []).append(spelling)
    return found


_SPELLINGS = _spellings()
SEARCH_VERSION = zlib.crc32(msgspec.json.encode([RULES, sorted(MOIETY_OF.items())])) >> 1
"""Another one with other rules and with another table of moieties: rows written under another one are written anew."""


class ProductTokens(Struct, frozen=True):
    """`tokens` are kept with the product, `words` in the list of all words; both sorted."""

    tokens: list[str]
    words: list[str]


def tokens_of(product: Product) -> ProductTokens:
    """All that this product can be found by."""
    first, further = _name_words(product.name)
    substances = {word for ingredient in product.ingredients for word in _substance_words(ingredient.moiety)}
    substances |= {word for name in product.other_names for word in _words(name)}
    mark = ONLY_SUBSTANCE if len(product.ingredients) == 1 else ONE_SUBSTANCE
    if not product.ingredients:
        mark = FURTHER_WORD  # what is no medicine is known by its other names as by its name
    tokens = {*first, *(FURTHER_WORD + word for word in further), *(mark + word for word in substances)}
    tokens |= {*_amounts(product), f"@{product.form_group}", *(f"={pack.units_per_pack}" for pack in product.packs)}
    if _is_greek(product):
        tokens.add(GREEK)
    return ProductTokens(sorted(tokens), sorted(first | further | substances))


def _is_greek(product: Product) -> bool:
    """Foreign lists are of medicines only, and have a code for each: what is none, or has none, is of a Greek one."""
    codes = [pack.code for pack in product.packs if pack.code]
    return product.kind is not Kind.MEDICINE or not codes or any(code.startswith(_GREEK_CODES) for code in codes)


def amount_tokens(amount: Amount) -> list[str]:
    """How an amount is written among the tokens: with its unit, if it has one, and without."""
    written = [_number(number) for number in amount.numbers]
    return [f"#{number}{unit}" for unit in dict.fromkeys((amount.unit, "")) for number in written]


def _words(text: str) -> set[str]:
    return {stem(word) for word in folded(text).split() if len(word) > 1 and word not in NOISE}


@functools.lru_cache(maxsize=5_000)
def _substance_words(moiety: str) -> frozenset[str]:
    return frozenset({word for spelling in (moiety, *_SPELLINGS.get(moiety, ())) for word in _words(spelling)})


def _name_words(name: str) -> tuple[set[str], set[str]]:
    """The words that the name begins with, and those that follow. CO-DIOVAN begins with co and with codiovan."""
    words = read_typed(name).words or tuple(stem(word) for word in folded(name).split())  # a name of form words alone
    joined = {folded(word[0]): stem(folded(word[0].replace("-", ""))) for word in _HYPHENED.finditer(name)}
    begins = next((whole for parts, whole in joined.items() if folded(name).startswith(parts)), None)
    first = {*words[:1], *((begins,) if begins else ())}
    return first, {*words[1:], *joined.values()} - first


def _amounts(product: Product) -> set[str]:
    found = {token for amount in read_typed(product.name).amounts for token in amount_tokens(amount)}
    masses: list[Fraction] = []
    for ingredient in product.ingredients:
        amount = _strength(ingredient)
        if amount is None:
            continue
        found.update(amount_tokens(amount))
        found.add(f"#{ingredient.strength}")
        if amount.unit == "mg":
            masses.append(amount.numbers[0])
            found.update(_as_spoken(amount.numbers[0]))
    if len(masses) > 1:
        # Augmentin of 875 + 125 mg is asked for as one gram.
        found.update((*amount_tokens(Amount((sum(masses, Fraction()),), "mg")), *_as_spoken(sum(masses, Fraction()))))
    if product.content_per_unit > 1:
        found.update(amount_tokens(Amount((Fraction(product.content_per_unit),), product.content_unit)))
    return found


def _strength(ingredient: Ingredient) -> Amount | None:
    unit = _STRENGTH_UNIT.match(ingredient.strength_unit or "")
    if ingredient.strength is None or unit is None:
        return None
    number, name = in_mg(Fraction(ingredient.strength), folded_unit(unit[1]))
    return Amount((number,), name)


def folded_unit(unit: str) -> str:
    return "mcg" if unit in {"μg", "µg", "microgram", "ug"} else unit


def _as_spoken(mg: Fraction) -> Iterable[str]:
    """Small masses are spoken of in micrograms, large ones in grams, without saying so."""
    if mg < 1:
        yield f"#{_number(mg * 1000)}"
    if mg >= 1000:
        yield f"#{_number(mg / 1000)}"


def _number(number: Fraction) -> str:
    """A decimal without zeros at its end."""
    return f"{float(number):.6f}".rstrip("0").rstrip(".")
