"""Each event of another service is applied once, in the order of its aggregate, or waits where people can see it."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from itertools import pairwise
from uuid import UUID, uuid5

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploy.cell import Cell
from shared.database import Database, Work
from shared.events.stock import LotHoldLifted
from shared.ids import new_id
from tests.scratch import Scratch, empty_event_tables, until
from tests.shared.inbox_story import (
    Story,
    enveloped,
    id_of,
    numbered,
    of_no_use,
    scratch_with_stories,
    told,
)

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
async def scratch(cell: Cell) -> AsyncGenerator[Scratch, None]:
    async with scratch_with_stories(cell) as made:
        yield made


@pytest.fixture
async def story(cell: Cell, scratch: Scratch) -> AsyncGenerator[Story, None]:
    await empty_event_tables(scratch)
    database = await Database.connect(scratch.app_url, 4)
    yield Story(cell, scratch, database)
    await database.close()


@pytest.fixture
def lot_id() -> UUID:
    """The aggregate of which most is told."""
    return new_id()


# Once


async def test_an_event_is_applied_and_what_it_causes_is_told_with_it(story: Story, lot_id: UUID) -> None:
    await story.take_in(told(lot_id, 1), told(lot_id, 2))
    assert await story.words(lot_id) == ["1", "2"]
    assert await story.waiting() == {}
    query = "SELECT version, data ->> 'type' AS type, request_id FROM outbox WHERE aggregate_id = $1 ORDER BY number"
    caused = await story.database.pool.fetch(query, lot_id)
    assert [tuple(row) for row in caused] == [(n, "stock.lot_hold_lifted.v1", "test") for n in (1, 2)]
    assert story.database.outbox_written.is_set()


@pytest.mark.parametrize("together", [True, False])
async def test_a_duplicate_changes_nothing(story: Story, lot_id: UUID, together: bool) -> None:
    first, second = told(lot_id, 1), told(lot_id, 2)
    for batch in [(first, first, second, first, second)] if together else [(first,), (first,), (second, first)]:
        await story.take_in(*batch)
    assert await story.words(lot_id) == ["1", "2"]
    assert await story.waiting() == {}
    assert await story.database.pool.fetchval("SELECT count(*) FROM outbox") == 2


async def test_a_duplicate_taken_in_by_two_at_once_changes_nothing(story: Story, lot_id: UUID) -> None:
    batch = [told(lot_id, version) for version in range(1, 30)]
    await asyncio.gather(*(story.take_in(*batch) for _ in range(3)))
    assert numbered(await story.words(lot_id)) == list(range(1, 30))
    assert await story.waiting() == {}


async def test_the_same_version_of_another_producer_is_another_event(story: Story, lot_id: UUID) -> None:
    await story.take_in(told(lot_id, 1))
    event = LotHoldLifted(lot_id=lot_id)
    await story.take_in(enveloped(event, lot_id, 1, producer="donations"), told(lot_id, 2))
    assert await story.words(lot_id) == ["1", "2"]
    assert await story.waiting() == {}


# In order


async def test_an_early_event_waits_and_holds_back_only_its_own_aggregate(story: Story, lot_id: UUID) -> None:
    other_id = new_id()
    first, second, third = (told(lot_id, version) for version in (1, 2, 3))
    await story.take_in(third, second, told(other_id, 1))
    assert await story.words(lot_id) == []
    assert await story.words(other_id) == ["1"]
    assert await story.waiting() == {id_of(second): "early", id_of(third): "early"}
    await story.take_in(first)
    assert await story.words(lot_id) == ["1", "2", "3"]
    assert await story.waiting() == {}


async def test_only_what_follows_without_a_gap_is_applied(story: Story, lot_id: UUID) -> None:
    fourth = told(lot_id, 4)
    await story.take_in(fourth, told(lot_id, 2))
    await story.take_in(told(lot_id, 1))
    assert await story.words(lot_id) == ["1", "2"]
    assert await story.waiting() == {id_of(fourth): "early"}
    await story.take_in(told(lot_id, 3))
    assert await story.words(lot_id) == ["1", "2", "3", "4"]


async def test_more_than_a_thousand_wait_for_one(story: Story, lot_id: UUID) -> None:
    await story.take_in(*(told(lot_id, version) for version in range(2, 1201)))
    assert len(await story.waiting()) == 1199
    await story.take_in(told(lot_id, 1))
    assert numbered(await story.words(lot_id)) == list(range(1, 1201))
    assert await story.waiting() == {}


@pytest.mark.parametrize(
    "kind", [{"type": "stock.event_of_tomorrow.v1", "who": "knows"}, {"type": "stock.lot_held.v99"}]
)
async def test_an_unknown_kind_of_event_only_advances_the_version(
    story: Story, lot_id: UUID, kind: dict[str, str]
) -> None:
    await story.take_in(enveloped(kind, lot_id, 1))
    await story.take_in(told(lot_id, 2))
    assert await story.words(lot_id) == ["2"]
    assert await story.waiting() == {}


async def test_a_known_event_of_no_use_only_advances_the_version(story: Story, lot_id: UUID) -> None:
    await story.take_in(told(lot_id, 3))
    await story.take_in(of_no_use(lot_id, 1), of_no_use(lot_id, 2))
    assert await story.words(lot_id) == ["3"]
    assert await story.waiting() == {}


# Forks


async def test_an_old_version_under_an_unknown_id_is_a_fork_and_parked(story: Story, lot_id: UUID) -> None:
    for version in (1, 2):
        await story.take_in(told(lot_id, version))
    forks = [told(lot_id, 1, "another"), told(lot_id, 2, "another")]
    await story.take_in(*forks, told(lot_id, 3))
    assert await story.words(lot_id) == ["1", "2", "3"]
    assert await story.waiting() == {id_of(fork): "fork" for fork in forks}
    assert "restored from a backup" in (await story.details())[id_of(forks[0])]


async def test_a_fork_behind_the_event_it_follows_in_a_batch_holds_nothing_back(story: Story, lot_id: UUID) -> None:
    for version in (1, 2, 4):
        await story.take_in(told(lot_id, version))
    fork = told(lot_id, 2, "another")
    await story.take_in(told(lot_id, 3), fork)
    assert await story.words(lot_id) == ["1", "2", "3", "4"]
    assert await story.waiting() == {id_of(fork): "fork"}


async def test_trying_a_fork_again_does_not_apply_it(story: Story, lot_id: UUID) -> None:
    fork = told(lot_id, 1, "another")
    await story.take_in(told(lot_id, 1), fork)
    assert await story.inbox.retry(id_of(fork)) == 0
    assert await story.words(lot_id) == ["1"]
    assert await story.waiting() == {id_of(fork): "fork"}


@pytest.mark.parametrize("closing", [1, 2])
async def test_of_two_early_events_of_one_version_one_is_seen_to_be_a_fork(
    story: Story, lot_id: UUID, closing: int
) -> None:
    """Both waited, and one turn came: the other is shown for what it is, and what follows is not held back."""
    twins = [told(lot_id, 2, "one"), told(lot_id, 2, "other")]
    for early in (*twins, told(lot_id, 3)):
        await story.take_in(early)
    if closing == 1:
        await story.take_in(told(lot_id, 1))
        assert await story.words(lot_id) == ["1", "one", "3"]
        assert await story.waiting() == {id_of(twins[1]): "fork"}
    else:
        await story.take_in(told(lot_id, 1), twins[1])
        assert await story.words(lot_id) == ["1", "other", "3"]
        assert await story.waiting() == {id_of(twins[0]): "fork"}


# Any order, any repetition


VERSIONS = 7
BATCHES = st.permutations([(lot, version) for lot in range(3) for version in range(1, VERSIONS + 1)] * 2)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    order=BATCHES, cuts=st.sets(st.integers(1, 41), max_size=8), known=st.lists(st.booleans(), min_size=7, max_size=7)
)
async def test_any_order_and_repetition_leaves_the_same_as_in_order_once(
    story: Story, order: list[tuple[int, int]], cuts: set[int], known: list[bool]
) -> None:
    """Three lots, some of whose versions are events of no use; all twice, in batches cut anywhere."""
    lots = [new_id() for _ in range(3)]
    made = {
        (lot, version): told(lots[lot], version, event_id=uuid5(lots[lot], str(version)))
        if known[version - 1]
        else of_no_use(lots[lot], version)
        for lot, version in set(order)
    }
    edges = [0, *sorted(cuts), len(order)]
    for start, end in pairwise(edges):
        await story.take_in(*(made[one] for one in order[start:end]))
    in_order = [version for version in range(1, VERSIONS + 1) if known[version - 1]]
    assert [numbered(await story.words(lot)) for lot in lots] == [in_order] * 3
    assert await story.waiting() == {}
    query = "SELECT array_agg(version ORDER BY number) FROM outbox WHERE aggregate_id = $1"
    caused = [await story.database.pool.fetchval(query, lot) or [] for lot in lots]
    assert caused == [list(range(1, len(in_order) + 1))] * 3


# Locks


async def test_batches_that_entangle_are_both_applied_whole(story: Story) -> None:
    """Two consumers lock the same two rows in opposite order; one batch is undone, and taken in event by event."""
    lots = [new_id(), new_id()]
    for lot in lots:
        await story.take_in(told(lot, 1))
    first_writes: list[UUID] = []
    both_wrote = asyncio.Event()

    async def write_and_meet(work: Work, event: LotHoldLifted) -> None:
        """The event's own aggregate is new; the lot that it writes to is what is fought over."""
        async with work.transaction() as tx:
            await tx.sql.execute(
                "UPDATE story SET words = words || ARRAY['more'] WHERE aggregate_id = $1", event.lot_id
            )
        if len(first_writes) < 2:
            first_writes.append(event.lot_id)
            if len(first_writes) == 2:
                both_wrote.set()
            await both_wrote.wait()

    both = replace(story, more={LotHoldLifted: write_and_meet})
    batches = [[enveloped(LotHoldLifted(lot_id=lot), new_id(), 1) for lot in order] for order in (lots, lots[::-1])]
    await asyncio.gather(*(both.take_in(*batch) for batch in batches))
    assert [await story.words(lot) for lot in lots] == [["1", "more", "more"]] * 2
    assert await story.waiting() == {}
    assert set(first_writes) == set(lots)


WAITS_FOR_A_LOCK = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


async def test_an_event_taken_in_beside_its_predecessor_does_not_miss_its_turn(story: Story, lot_id: UUID) -> None:
    """The third comes while the second is being applied: it waits for it, rather than being kept as early for good."""
    beside: list[asyncio.Task[None]] = []

    async def take_in_the_third(_work: Work, _event: LotHoldLifted) -> None:
        beside.append(asyncio.create_task(story.take_in(told(lot_id, 3))))

        async def is_waiting_or_done() -> object:
            return beside[0].done() or await story.database.pool.fetchval(WAITS_FOR_A_LOCK)

        await until(is_waiting_or_done, "the third is being taken in")

    await story.take_in(told(lot_id, 1))
    second = enveloped(LotHoldLifted(lot_id=lot_id), lot_id, 2)
    await replace(story, more={LotHoldLifted: take_in_the_third}).take_in(second)
    await beside[0]
    assert await story.words(lot_id) == ["1", "3"]
    assert await story.waiting() == {}
