"""What each thing that was typed may mean, and what finding it is worth. Plain values: nothing here reads.

A product's score is a sum of weights, each for having one of some tokens. Sets of tokens are nested, the best ones in
all of them, so that of the words that a typed one could mean only the best that a product has counts.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from shared.search.closeness import LETTERS_FOR_INSIDE, closeness
from shared.search.reading import Amount, Typed
from shared.search.tokens import FIRST_WORD, FURTHER_WORD, ONE_SUBSTANCE, ONLY_SUBSTANCE, amount_tokens

WORDS_MEANT_AT_MOST = 10
LEAST_OF_THE_BEST = 0.7
"""Beside a word that is very like what was typed, those much less like it are noise."""
NEARLY_THE_BEST = 0.01
LETTERS_THAT_WEIGH = 8

AMOUNT_WEIGHT, FORM_WEIGHT, PACK_SIZE = 0.2, 0.15, 0.5
CANDIDATE_SETS = 4
PLACES = (FIRST_WORD, ONLY_SUBSTANCE, FURTHER_WORD, ONE_SUBSTANCE)
# Where one of the best words stands is worth this much more than the next of PLACES; the last is worth nothing.
PLACE_WEIGHTS = (0.02, 0.02, 0.04)
WORD_WEIGHT = 1 - sum(PLACE_WEIGHTS)

Words = Sequence[tuple[float, str]]
"""Words of the catalogue with their likeness, the best first."""


class Slot(Struct, frozen=True):
    """`weight` counts for a product that has any of the tokens."""

    tokens: tuple[str, ...]
    weight: float


class Ranking(Struct, frozen=True, kw_only=True):
    """`candidates`: a product must have one of each of these sets. `beyond`: no other product scores more than this."""

    slots: tuple[Slot, ...]
    candidates: tuple[tuple[str, ...], ...]
    beyond: float


def words_meant(typed: str, similar: Sequence[str]) -> list[tuple[float, str]]:
    """The words that somebody may have meant, with their likeness from 0 to 1."""
    near = sorted((-round(closeness(typed, word), 2), word) for word in similar)
    if len(typed) >= LETTERS_FOR_INSIDE:  # of fewer letters every word that begins with them is as good
        near = near[:WORDS_MEANT_AT_MOST]
    best = -near[0][0] if near else 0.0
    return [(-less, word) for less, word in near if less < 0 and -less >= LEAST_OF_THE_BEST * best]


def rankings(typed: Typed, meant: Mapping[str, Words]) -> list[Ranking]:
    """From the one with fewest candidates on; the last looks at every product that may fit at all."""
    return [*_narrow(typed, meant), _wide(typed, meant)]


def _narrow(typed: Typed, meant: Mapping[str, Words]) -> list[Ranking]:
    """Only products with all that was typed, and only the best words: few rows where one word is common.

    What another product would lose by lacking one of the sets, or having a lesser word only, is `beyond` its reach.
    """
    shares = _shares(meant)
    if not typed.named or not shares:
        return []
    best = {word: _best(meant[word]) for word in shares}
    worth = {word: share * (WORD_WEIGHT * meant[word][0][0] + sum(PLACE_WEIGHTS)) for word, share in shares.items()}
    full = sum(worth.values()) + AMOUNT_WEIGHT * bool(typed.amounts) + FORM_WEIGHT * bool(typed.forms)
    lesser = [
        shares[word] * WORD_WEIGHT * (words[0][0] - meant[word][len(words)][0])
        for word, words in best.items()
        if len(words) < len(meant[word])
    ]
    needed = [(_tokens_of_words(best[word], PLACES), worth[word]) for word in shares]
    if typed.amounts:
        needed.append((_united(_amount_slots(typed.amounts)), AMOUNT_WEIGHT))
    if typed.forms:
        needed.append((_united(_form_slots(typed)), FORM_WEIGHT))
    needed = needed[:CANDIDATE_SETS]
    slots = (*_word_slots(best, shares), *_extra_slots(typed))
    ranking = Ranking(
        slots=slots,
        candidates=tuple(tokens for tokens, _ in needed),
        beyond=full - min(*lesser, *(loss for _, loss in needed), 1.0),
    )
    if len(shares) > 1:
        return [ranking]
    word = next(iter(shares))
    first = (_tokens_of_words(best[word], PLACES[:1]), *ranking.candidates[1:])
    missing_first = full - PLACE_WEIGHTS[0] * shares[word]
    return [Ranking(slots=slots, candidates=first, beyond=max(ranking.beyond, missing_first)), ranking]


def _wide(typed: Typed, meant: Mapping[str, Words]) -> Ranking:
    """Every word that may have been meant; amounts and forms only rank, unless nothing else was typed."""
    slots = (*_word_slots(meant, _shares(meant)), *_extra_slots(typed))
    named = tuple(token for words in meant.values() for token in _tokens_of_words(words, PLACES))
    found_by = named if typed.named else _united(slots)
    return Ranking(slots=slots, candidates=(found_by,), beyond=0.0)


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
    return [*_amount_slots(typed.amounts), *_form_slots(typed)]


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
    share = FORM_WEIGHT / max(1, len(typed.forms))
    return [Slot(tuple(f"@{group}" for group in sorted(groups)), share) for groups in typed.forms]


def _tokens_of_words(words: Words, places: Sequence[str]) -> tuple[str, ...]:
    return tuple(place + word for _, word in words for place in places)


def _united(slots: Sequence[Slot]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(token for slot in slots for token in slot.tokens))
