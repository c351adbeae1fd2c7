"""How a pack is counted: "BTx3 BLISTx10" as a chain of levels, and what brackets and tails say of it besides.

All on folded text. Words that only describe (ΠΛΑΣΤΙΚΕΣ, HDPE) are passed over; a word that isn't known ends the chain.
"""

import re
from collections.abc import Iterator
from fractions import Fraction

from msgspec import Struct
from msgspec.structs import replace

from services.stock.catalogue.names.accessories import is_accessory
from services.stock.catalogue.names.amounts import decimal_of
from services.stock.catalogue.names.pack_words import (
    BOXES,
    HOLDS,
    MATERIALS,
    MEASURES,
    PASSED_OVER,
    TIMES,
    Holds,
    holds_in,
    is_unknown_word,
    items_of,
)

MAX_UNITS = 10_000
_BRACKET = re.compile(r"[(\[][^()\[\]]*(?:[)\]]|$)")
_PLUS = re.compile(r"[+&]")


class Level(Struct, frozen=True):
    """So many of these in each of what the level before counts. An implied one is the single FL of "FLX30"."""

    count: str
    holds: Holds | None = None
    implied: bool = False
    is_whole: bool = True  # BTx3.0 may be three or thirty


class Chain(Struct, frozen=True):
    levels: tuple[Level, ...]
    after: int  # the item at which it ends

    @property
    def counted(self) -> list[Level]:
        """The levels that count containers or pieces."""
        return [level for level in self.levels if level.holds not in MEASURES]

    @property
    def measures(self) -> list[Level]:
        return [level for level in self.levels if level.holds in MEASURES]

    @property
    def units(self) -> Fraction:
        total = Fraction(1)
        for level in self.counted:
            total *= Fraction(level.count)
        return total


class Packed(Struct, frozen=True):
    """A pack understood: its units, what the innermost are, and each measure of what is in one."""

    chain: Chain
    units: int
    kind: Holds | None
    measures: dict[Holds, str]
    words: frozenset[str]  # everything that the pack's text says anywhere

    @property
    def named(self) -> frozenset[Holds]:
        return frozenset(holds_in(list(self.words)))


class _Reader:
    """Goes from item to item; what it has read so far is a chain of levels."""

    def __init__(self) -> None:
        self.levels: list[Level] = []
        self.waiting: Holds | None = None  # a kind whose number comes after it: BLIST 3x10, or FL x 30
        self.after_times = False
        self.complete = False  # the last level has its number, and no times sign has followed
        self.boxed = False
        self.kind_first = False  # the last level's kind stood before its number
        self.broken = False

    @property
    def counts_bare(self) -> bool:
        """Whether all that was read is one number, of nothing that was named."""
        return self.complete and len(self.levels) == 1 and self.levels[0].holds is None

    def take(self, item: str) -> bool:
        """Read one item more; False where the chain ends before it."""
        if item[0].isdigit():
            return self._number(item)
        if item == TIMES:
            self.complete, self.after_times = False, self.waiting is not None and not self.boxed
            return True
        if item in BOXES:
            return self._box()
        return self._kind(HOLDS[item]) if item in HOLDS else item in PASSED_OVER

    def _number(self, item: str) -> bool:
        count = decimal_of(item)
        if self.complete or count is None:
            self.broken = True
            return False
        if self.waiting is not None and self.after_times:
            self.levels.append(Level("1", self.waiting, implied=True))
            self.waiting = None
        self.levels.append(Level(count, self.waiting, is_whole=item.isdigit() and item[0] != "0"))
        self.kind_first = self.waiting is not None
        self.waiting, self.complete = None, True
        return True

    def _box(self) -> bool:
        if self.levels not in ([], [Level("1")]):
            self.broken = True
            return False
        self.levels, self.complete, self.boxed = [], False, True  # 1 BT x 2 PENS: the box itself is no level
        self.waiting = None if self.waiting is Holds.BLISTER else self.waiting
        return True

    def _kind(self, kind: Holds) -> bool:
        if not self.complete:
            if self.waiting not in (None, kind):
                return False
            self.waiting, self.after_times, self.boxed = kind, False, False
            return True
        last = self.levels[-1]
        if kind in MEASURES and last.holds not in (None, kind):
            return self._measured_without_times(last, kind)
        if last.holds is None or Holds.SINGLE_DOSE in (kind, last.holds):
            self.levels[-1] = replace(last, holds=kind if last.holds is None else Holds.SINGLE_DOSE)
            return True
        return kind in {Holds.BLISTER, last.holds}  # 30 TABS BLISTER: in blisters

    def _measured_without_times(self, last: Level, kind: Holds) -> bool:
        """FL 150ML is one bottle of 150 ml, and no 150 bottles; 150 FL ML is nothing."""
        self.broken = not self.kind_first
        self.levels[-1:] = [Level("1", last.holds, implied=True), Level(last.count, kind)]
        return not self.broken


def chain_at(items: list[str], at: int) -> Chain | None:
    """Read the chain of levels that begins at this item; None where none does, or where its numbers can't be read."""
    reader = _Reader()
    while at < len(items) and not (reader.counts_bare and _breaks_down(items, at)) and reader.take(items[at]):
        at += 1
    if reader.waiting is not None and reader.waiting not in MEASURES and not reader.levels:
        reader.levels.append(Level("1", reader.waiting, implied=True))
    return Chain(tuple(reader.levels), at) if reader.levels and not reader.broken else None


def _breaks_down(items: list[str], at: int) -> bool:
    """BTx30 BLIST 3x10 says its thirty once more."""
    here = at + 1 + (items[at + 1 : at + 2] == ["."])
    return HOLDS.get(items[at]) is Holds.BLISTER and items[here + 1 : here + 2] == [TIMES] and items[here][0].isdigit()


def claims_in(items: list[str]) -> Iterator[Chain]:
    """Find what brackets and tails say of numbers: products (3x10), and numbers of something known (120 DOSES).

    Behind the name of a material a number by itself is the material's: PVC 250μm/40, PVDC 60g/m2.
    """
    at, material = 0, False
    while at < len(items):
        chain = chain_at(items, at) if items[at][0].isdigit() or items[at] in HOLDS else None
        material = material or items[at] in MATERIALS
        if chain is None:
            at += 1
            continue
        said = [level for level in chain.levels if not level.implied]
        written = items[at : chain.after]
        known = TIMES in written or (bool(said) and said[0].holds is not None and written[0][0].isdigit())
        ratio = items[chain.after : chain.after + 1] == ["/"]
        if said and not ratio and (known or not material):
            yield chain
        at = max(chain.after, at + 1)


def packed_of(text: str, *, powder: bool) -> Packed | None:
    """Understand a pack's folded text; `powder` has its solvent beside it."""
    outside, *beside = _PLUS.split(_BRACKET.sub(" ", text))
    items = items_of(outside)
    start = next((at for at, item in enumerate(items) if item[0].isdigit() or holds_in([item]) or item in BOXES), None)
    chain = None if start is None else chain_at(items, start)
    if start is None or chain is None or any(item[0].isdigit() for item in items[:start]):
        return None
    if _is_of_something_unknown(items, start, chain):
        return None
    tail = items[chain.after :]
    if tail[:1] == ["/"] and HOLDS.get(items[chain.after - 1]) in MEASURES:
        return None  # what began as a pack is a strength: 1MG/0,74
    brackets = [items_of(bracket.group().strip("()[]")) for bracket in _BRACKET.finditer(_without_asides(text))]
    if not BOXES.isdisjoint(tail) or not all(is_accessory(items_of(part), powder=powder) for part in beside):
        return None
    words = frozenset(item for part in (items, *brackets) for item in part)
    return _agreeing(chain, [claim for part in (tail, *brackets) for claim in claims_in(part)], words)


def _without_asides(text: str) -> str:
    """Leave out a bracket before the pack that speaks of no part of it: (6 MIU) BTx4, (4,2MG/10,5CM2) BTx5."""
    aside = _BRACKET.match(text.lstrip())
    items = items_of(aside.group().strip("()[]")) if aside else []
    speaks = TIMES in items or ("/" not in items and (holds_in(items) or not any(map(is_unknown_word, items))))
    return text if aside is None or speaks else text.lstrip()[aside.end() :]


def _is_of_something_unknown(items: list[str], start: int, chain: Chain) -> bool:
    """BTx4 of a thing that isn't known, BTx3O: the number may be of another thing, or another number."""
    before, after = items[start - 1 : start], items[chain.after : chain.after + 1]
    nameless = chain.levels[-1].holds is None
    return (items[start][0].isdigit() and any(map(is_unknown_word, before))) or (
        nameless and any(map(is_unknown_word, after))
    )


def _agreeing(chain: Chain, claims: list[Chain], words: frozenset[str]) -> Packed | None:
    """Put together what the chain and the brackets say; None where they contradict one another."""
    kind = chain.counted[-1].holds if chain.counted else None
    measures: dict[Holds, str] = {}
    for said in (chain, *claims):
        for level in said.measures:
            if level.holds is None or measures.setdefault(level.holds, level.count) != level.count:
                return None
    for claim in claims:
        if claim.counted and not _divides(claim, chain.units):
            return None
        if kind is None and claim.counted and claim.counted[-1].holds is not Holds.BLISTER:
            kind = claim.counted[-1].holds
    if any(level.holds in MEASURES for level in chain.levels[:-1]):
        return None  # x10ML x1: what would come after a measure?
    if not all(level.is_whole for level in chain.counted) or not 0 < chain.units <= MAX_UNITS:
        return None
    return Packed(chain, int(chain.units), kind, measures, words)


def _divides(claim: Chain, units: Fraction) -> bool:
    """Whether 3x10 is the pack's 30; a part without its number of parts (BLIST x10, 3 BLIST) has to divide it."""
    part = claim.counted[0].implied or (len(claim.counted) == 1 and claim.counted[0].holds is Holds.BLISTER)
    return units % claim.units == 0 if part else claim.units == units
