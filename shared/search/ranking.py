"""What each thing that was typed may mean, and what finding it is worth. Plain values: nothing here reads.

A product's score is a sum of weights, each for having one of some tokens. Sets of tokens are nested, the best ones in
all of them, so that of the words that a typed one could mean only the best that a product has counts.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from shared.search.closeness import LETTERS_FOR_INSIDE, SAME, Found, closeness, found_by
from shared.search.reading import Amount, Typed
from shared.search.tokens import FIRST_WORD, FURTHER_WORD, GREEK, ONE_SUBSTANCE, ONLY_SUBSTANCE, amount_tokens

WORDS_MEANT_AT_MOST = 10
LEAST_WORTH_SHOWING = 0.62
"""What is less like it than this is another medicine: better none than a wrong one."""
LEAST_OF_THE_BEST = 0.75
"""Beside a word that is very like what was typed, those much less like it are noise."""
NEARLY_THE_BEST = 0.01
LETTERS_THAT_WEIGH = 8
LETTERS_OF_A_PART = 5
GOES_ON = 0.97
"""The likeness of the commonest word that goes on after what was typed."""

AMOUNT_WEIGHT, FORM_WEIGHT, PACK_SIZE = 0.2, 0.15, 0.5
GREEK_WEIGHT = 0.03
"""More than the place of a word: abroad a substance's name begins many a product's."""
CANDIDATE_SETS = 4
PLACES = (FIRST_WORD, ONLY_SUBSTANCE, FURTHER_WORD, ONE_SUBSTANCE)
# Where one of the best words stands is worth this much more than the next of PLACES; the last is worth nothing.
PLACE_WEIGHTS = (0.02, 0.02, 0.04)
WORD_WEIGHT = 1 - sum(PLACE_WEIGHTS)

Words = Sequence[tuple[float, str]]
"""Words of the catalogue with their likeness, the best first."""


class Common(NamedTuple):
    """Of how many products a word is the name or a substance: those sold in Greece, and all. Both up to a bound."""

    greek: int
    every: int

    @property
    def order(self) -> tuple[int, int]:
        return -self.greek, -self.every


class Slot(Struct, frozen=True):
    """`weight` counts for a product that has any of the tokens."""

    tokens: tuple[str, ...]
    weight: float


class Ranking(Struct, frozen=True, kw_only=True):
    """`candidates`: a product must have one of each of these sets. `beyond`: no other product scores more than this."""

    slots: tuple[Slot, ...]
    candidates: tuple[tuple[str, ...], ...]
    beyond: float


def words_near(typed: str, similar: Iterable[str], beginnings: Sequence[str]) -> Words:
    """The words that somebody may have meant, with their likeness from 0 to 1."""
    near = sorted((-round(closeness(typed, word, beginnings), 2), word) for word in similar)
    return [(-less, word) for less, word in near if -less >= LEAST_WORTH_SHOWING]


def half_typed(typed: str, near: Words) -> list[str]:
    """The words that the typed one may be or become, if that isn't told by its letters alone."""
    if len(typed) < LETTERS_FOR_INSIDE or not near:  # of fewer letters every word that begins with them is as good
        return []
    if near[0][0] == SAME and len(typed) > LETTERS_OF_A_PART:
        return []
    return [word for likeness, word in near if found_by(typed, word, likeness) is not Found.SIMILAR]


def by_commonness(typed: str, near: Words, common: Mapping[str, Common]) -> Words:
    """Beginnings in the order of what people here most often mean.

    A few letters that are also a whole word abroad, as para is of paracetamol, are no more than a beginning.
    """
    whole = [(SAME, typed)] if typed in common and common[typed].greek else []
    if typed in common and not whole:
        whole = [(GOES_ON, typed)]
    words = sorted((word for word in common if word != typed), key=lambda word: (*common[word].order, len(word), word))
    going_on = [(round(GOES_ON - 0.01 * place, 2), word) for place, word in enumerate(words[:WORDS_MEANT_AT_MOST])]
    return [*whole, *going_on, *((likeness, word) for likeness, word in near if word not in common)]


def words_meant(typed: str, near: Words) -> Words:
    """The best of the words that are near."""
    if len(typed) >= LETTERS_FOR_INSIDE:
        near = near[:WORDS_MEANT_AT_MOST]
    return [one for one in near if one[0] >= LEAST_OF_THE_BEST * near[0][0]]


def how_found(typed: Typed, meant: Mapping[str, Words], tokens: Collection[str]) -> Found:
    """How a product with these tokens was found: as its least word was."""
    ways = [_how_word_found(word, meant[word], tokens) for word in typed.words]
    return max(ways, key=list(Found).index, default=Found.EXACT)


def _how_word_found(typed: str, words: Words, tokens: Collection[str]) -> Found:
    had = [found_by(typed, word, likeness) for likeness, word in words if any(at + word in tokens for at in PLACES)]
    return min(had, key=list(Found).index, default=Found.SIMILAR)


def rankings(typed: Typed, meant: Mapping[str, Words]) -> list[Ranking]:
    """From the one with fewest candidates on; the last looks at every product that may fit at all."""
    return [*_narrow(typed, meant), _wide(typed, meant)]


def _narrow(typed: Typed, meant: Mapping[str, Words]) -> list[Ranking]:
    """Only products with all that was typed, and only the best words: few rows where one word is common.

    First those that are sold in Greece. What was no name at all is looked for by its forms and amounts.

    What another product would lose by lacking one of the sets, or having a lesser word only, is `beyond` its reach.
    """
    shares = _shares(meant)
    if not shares and (typed.words or not typed.forms):
        return []
    best = {word: _best(meant[word]) for word in shares}
    worth = {word: share * (WORD_WEIGHT * meant[word][0][0] + sum(PLACE_WEIGHTS)) for word, share in shares.items()}
    forms = _form_slots(typed)
    full = sum((*worth.values(), AMOUNT_WEIGHT * bool(typed.amounts), *(slot.weight for slot in forms), GREEK_WEIGHT))
    lesser = [
        shares[word] * WORD_WEIGHT * (words[0][0] - meant[word][len(words)][0])
        for word, words in best.items()
        if len(words) < len(meant[word])
    ]
    needed = [(_tokens_of_words(best[word], PLACES), worth[word]) for word in shares]
    if typed.amounts:
        needed.append((_united(_amount_slots(typed.amounts)), AMOUNT_WEIGHT))
    needed += [(slot.tokens, slot.weight) for slot in forms]
    needed = needed[: CANDIDATE_SETS - 1]
    slots = (*_word_slots(best, shares), *_extra_slots(typed))
    ranking = Ranking(
        slots=slots,
        candidates=tuple(tokens for tokens, _ in needed),
        beyond=full - min(*lesser, *(loss for _, loss in needed), 1.0),
    )
    greek = replace(
        ranking,
        candidates=(*ranking.candidates, (GREEK,)),
        beyond=max(ranking.beyond, full - GREEK_WEIGHT),
    )
    if len(shares) != 1:
        return [greek, ranking]
    word = next(iter(shares))
    named_so = replace(
        greek,
        candidates=(_tokens_of_words(best[word], PLACES[:1]), *greek.candidates[1:]),
        beyond=max(greek.beyond, full - PLACE_WEIGHTS[0] * shares[word]),
    )
    return [named_so, greek, ranking]


def _wide(typed: Typed, meant: Mapping[str, Words]) -> Ranking:
    """Every word that may have been meant; amounts and forms only rank, unless nothing else was typed."""
    words, extra = _word_slots(meant, _shares(meant)), _extra_slots(typed)
    named = tuple(token for words in meant.values() for token in _tokens_of_words(words, PLACES))
    needed = named if typed.named else _united([*words, *_amount_slots(typed.amounts), *_form_slots(typed)])
    return Ranking(slots=(*words, *extra), candidates=(needed,), beyond=0.0)


def _shares(meant: Mapping[str, Words]) -> dict[str, float]:
    """Longer words say more; all that were typed, found or not, weigh 1 together."""
    letters = {word: min(len(word), LETTERS_THAT_WEIGH) for word in meant}
    return {word: count / sum(letters.values()) for word, count in letters.items() if meant[word]}


def _word_slots(meant: Mapping[str, Words], shares: Mapping[str, float]) -> list[Slot]:
    slots: list[Slot] = []
    for typed, share in shares.items():
        words = meant[typed]
        steps = sorted({likeness for likeness, _ in words}, reverse=True)
        for likeness, following in zip(steps, [*steps[1:], 0.0], strict=True):
            tokens = _tokens_of_words([one for one in words if one[0] >= likeness], PLACES)
            slots.append(Slot(tokens, (likeness - following) * WORD_WEIGHT * share))
        for count, weight in enumerate(PLACE_WEIGHTS, 1):
            slots.append(Slot(_tokens_of_words(_best(words), PLACES[:count]), weight * share))
    return slots


def _best(words: Words) -> list[tuple[float, str]]:
    return [one for one in words if one[0] >= words[0][0] - NEARLY_THE_BEST]


def _extra_slots(typed: Typed) -> list[Slot]:
    return [*_amount_slots(typed.amounts), *_form_slots(typed), Slot((GREEK,), GREEK_WEIGHT)]


def _amount_slots(amounts: Sequence[Amount]) -> list[Slot]:
    slots: list[Slot] = []
    for amount in amounts:
        share = AMOUNT_WEIGHT / len(amounts)
        strength = tuple(amount_tokens(amount))
        if amount.unit:
            slots.append(Slot(strength, share))
        else:  # 20 may be a strength, or less likely the units in a pack
            slots += [Slot(strength, share * PACK_SIZE), Slot((*strength, f"={amount.numbers[0]}"), share * PACK_SIZE)]
    return slots


def _form_slots(typed: Typed) -> list[Slot]:
    share = (FORM_WEIGHT if typed.words else WORD_WEIGHT) / max(1, len(typed.forms))
    return [Slot(tuple(f"@{group}" for group in sorted(groups)), share) for groups in typed.forms]


def _tokens_of_words(words: Words, places: Sequence[str]) -> tuple[str, ...]:
    return tuple(place + word for _, word in words for place in places)


def _united(slots: Sequence[Slot]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(token for slot in slots for token in slot.tokens))
