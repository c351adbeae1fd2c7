"""Which balances each movement changes, and that any sequence of calls leaves what a replay in Python says."""

from collections import Counter
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from itertools import pairwise
from uuid import UUID

import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.cell import Cell
from shared.ids import new_id
from tests.stock.ledger import (
    CAME_IN,
    ENDS,
    GONE,
    INSIDE,
    SOURCES,
    WAYS,
    Ledger,
    Move,
    Moved,
    a_ledger,
    mirrored,
    replay,
)

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
async def ledger(cell: Cell) -> AsyncGenerator[Ledger, None]:
    async with a_ledger(cell) as made:
        yield made


async def a_lot_with_units_everywhere(ledger: Ledger) -> UUID:
    """20 units in each account inside, all found."""
    lot_id = await ledger.make_lot(ledger.north)
    await ledger.post(*(Move(lot_id, "found", account, 20) for account in INSIDE))
    return lot_id


@pytest.mark.parametrize(("source", "target"), [way for way in WAYS if "recast" not in way])
async def test_a_movement_changes_its_two_balances_and_its_reversal_restores_them(
    ledger: Ledger, source: str, target: str
) -> None:
    lot_id = await a_lot_with_units_everywhere(ledger)
    before = await ledger.balances(lot_id)
    moved = Move(lot_id, source, target, 7, new_id())
    await ledger.post(moved)
    change = {source: 7 if source in SOURCES else -7, target: 7}
    after = await ledger.balances(lot_id)
    assert after == {account: before[account] + change.get(account, 0) for account in {*before, *change}}
    await ledger.post(mirrored((await ledger.movements(lot_id))[-1]))
    assert await ledger.balances(lot_id) == before


@pytest.mark.parametrize("out_of", INSIDE)
@pytest.mark.parametrize("into", INSIDE)
async def test_a_recast_is_an_end_of_one_lot_and_a_source_of_the_other(ledger: Ledger, out_of: str, into: str) -> None:
    wrong, right = [await a_lot_with_units_everywhere(ledger) for _ in range(2)]
    before = await ledger.balances(wrong)
    await ledger.post(Move(wrong, out_of, "recast", 7), Move(right, "recast", into, 7))
    assert await ledger.balances(wrong) == before - Counter({out_of: 7}) + Counter({"recast_out": 7})
    assert await ledger.balances(right) == before + Counter({"recast_in": 7, into: 7})
    halves = [(await ledger.movements(lot_id))[-1] for lot_id in (wrong, right)]
    await ledger.post(*(mirrored(half) for half in halves))
    assert await ledger.balances(wrong) == before == await ledger.balances(right)


async def test_one_operation_moves_units_of_a_lot_through_several_accounts(ledger: Ledger) -> None:
    lot_id = await ledger.make_lot(ledger.north)
    way = ("donated", "quarantine", "shelf", "reserved", "dispensed")
    await ledger.post(*(Move(lot_id, *step, 9, new_id()) for step in pairwise(way)))
    assert await ledger.balances(lot_id) == {"donated": 9, "dispensed": 9}
    assert len(await ledger.movements(lot_id)) == 4


async def test_nothing_to_move_is_no_error(ledger: Ledger) -> None:
    assert await ledger.post() == []


# Any sequence of calls


@dataclass
class Told:
    """The ledger of a few lots told a second time: what a call would leave behind, or that it is refused."""

    movements: dict[UUID, list[Moved]]
    causes: set[UUID] = field(default_factory=set[UUID])
    reversed: set[int] = field(default_factory=set[int])

    def allows(self, moves: list[Move]) -> bool:
        return (
            all(move.units > 0 for move in moves)
            and all(self._fits(move) for move in moves)
            and self._are_new(moves)
            and sum(m.units for m in moves if m.target == "recast")
            == sum(m.units for m in moves if m.source == "recast")
            and all(min(self._after(lot_id, moves).values(), default=0) >= 0 for lot_id in self.movements)
        )

    def _fits(self, move: Move) -> bool:
        if move.reverses is None:
            return (move.source, move.target) in WAYS
        first = [x for x in self.movements[move.lot_id] if x.movement_id == move.reverses and x.reverses is None]
        return bool(first) and mirrored(first[0]) == move._replace(cause_id=None)

    def _are_new(self, moves: list[Move]) -> bool:
        causes = [x.cause_id for x in moves if x.source == "donated" and x.reverses is None and x.cause_id]
        reversals = [x.reverses for x in moves if x.reverses is not None]
        return (
            len({*causes}) == len(causes)
            and len({*reversals}) == len(reversals)
            and not self.causes & {*causes}
            and not self.reversed & {*reversals}
        )

    def _after(self, lot_id: UUID, moves: list[Move]) -> Counter[str]:
        return replay([*self.movements[lot_id], *_as_moved([m for m in moves if m.lot_id == lot_id], [])])

    def take(self, moves: list[Move], ids: list[int]) -> None:
        for moved in _as_moved(moves, ids):
            self.movements[moved.lot_id].append(moved)
        self.causes |= {m.cause_id for m in moves if m.source == "donated" and m.reverses is None and m.cause_id}
        self.reversed |= {m.reverses for m in moves if m.reverses is not None}


def _as_moved(moves: list[Move], ids: list[int]) -> list[Moved]:
    """Movements with the ids that they were given; before they have any, with ids that nobody has."""
    numbers = ids or [-place for place, _ in enumerate(moves, start=1)]
    return [
        Moved(number, move.lot_id, move.source, move.target, move.units, move.reverses)
        for number, move in zip(numbers, moves, strict=True)
    ]


# A movement to be: which lot, which way, units, which cause, and which earlier movement it takes back, if any.
ANY_WAY = (
    st.sampled_from(WAYS)
    | st.sampled_from(WAYS)
    | st.tuples(st.sampled_from((*SOURCES, *INSIDE)), st.sampled_from((*INSIDE, *ENDS)))
)
ANY_MOVE = st.tuples(
    st.integers(0, 1),
    ANY_WAY,
    st.sampled_from([1, 2, 3, 5, 8, 1, 2, 3, 21, 0]),
    st.integers(0, 3),
    st.none() | st.none() | st.integers(0, 20),
)
ANY_RECAST = st.tuples(st.integers(0, 1), st.sampled_from(INSIDE), st.sampled_from(INSIDE), st.integers(1, 6))
ANY_CALL = st.lists(ANY_MOVE, min_size=1, max_size=3) | ANY_RECAST.map(
    lambda r: [(r[0], (r[1], "recast"), r[3], 0, None), (1 - r[0], ("recast", r[2]), r[3], 0, None)]
)


def _move(
    told: Told, lots: list[UUID], causes: list[UUID | None], drawn: tuple[int, tuple[str, str], int, int, int | None]
) -> Move:
    lot, (source, target), units, cause, back = drawn
    earlier = [moved for lot_id in lots for moved in told.movements[lot_id]]
    if back is None or not earlier:
        return Move(lots[lot], source, target, units, causes[cause])
    first = mirrored(earlier[back % len(earlier)])
    # Now and then of the wrong lot or with other units.
    return (
        first._replace(lot_id=lots[lot]) if back % 7 == 6 else first._replace(units=units) if back % 7 == 5 else first
    )


@settings(max_examples=80, deadline=None)
@given(calls=st.lists(ANY_CALL, min_size=4, max_size=14))
async def test_any_calls_are_taken_or_refused_and_leave_what_a_replay_says(
    ledger: Ledger, calls: list[list[tuple[int, tuple[str, str], int, int, int | None]]]
) -> None:
    lots = [await a_lot_with_units_everywhere(ledger) for _ in range(2)]
    causes: list[UUID | None] = [None, new_id(), new_id(), new_id()]
    told = Told({lot_id: await ledger.movements(lot_id) for lot_id in lots})
    for call in calls:
        moves = [_move(told, lots, causes, drawn) for drawn in call]
        try:
            ids = await ledger.post(*moves)
        except asyncpg.IntegrityConstraintViolationError as refusal:
            assert not told.allows(moves), refusal
        else:
            assert told.allows(moves), moves
            told.take(moves, ids)
        for lot_id in lots:
            balances = await ledger.balances(lot_id)
            assert await ledger.movements(lot_id) == told.movements[lot_id]
            assert balances == replay(told.movements[lot_id])
            assert sum(balances[x] for x in CAME_IN) == sum(balances[x] for x in (*INSIDE, *GONE))
