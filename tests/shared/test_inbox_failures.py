"""What can't be applied is parked with its reason and holds nobody up; what only went wrong now comes again."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from deploy.cell import Cell
from shared.database import Database, Work
from shared.events.stock import LotHoldLifted
from shared.ids import new_id
from shared.inbox import Together
from tests.scratch import Scratch, connected, empty_event_tables
from tests.shared.inbox_story import (
    IS_FORBIDDEN,
    TELL,
    Story,
    WordForbidden,
    enveloped,
    id_of,
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
    made = Story(cell, scratch, database)
    await made.as_owner("TRUNCATE story, forbidden, counted")
    yield made
    await database.close()


@pytest.fixture
def lot_id() -> UUID:
    return new_id()


# Together


def taking(sizes: list[int]) -> Together:
    """A consumer that writes down several events at once, and how many they were; it fails where one alone would."""

    async def take(work: Work, events: Sequence[LotHoldLifted]) -> None:
        sizes.append(len(events))
        async with work.transaction() as tx:
            for event in events:
                await tx.sql.execute(TELL, event.lot_id, f"of {len(events)}")
                if await tx.sql.fetchval(IS_FORBIDDEN, str(event.lot_id)):
                    raise WordForbidden(str(event.lot_id))

    return Together(take)


async def test_neighbours_of_one_kind_and_clinic_are_taken_together_others_apart(story: Story) -> None:
    sizes: list[int] = []
    here, there = new_id(), new_id()
    lots = [new_id() for _ in range(5)]
    batch = [
        *(enveloped(LotHoldLifted(lot_id=lot_id), lot_id, 1, clinic_id=here) for lot_id in lots[:2]),
        enveloped(LotHoldLifted(lot_id=lots[2]), lots[2], 1, clinic_id=there),
        told(lots[3], 1),
        enveloped(LotHoldLifted(lot_id=lots[4]), lots[4], 1, clinic_id=there),
    ]
    apart = replace(story, more={LotHoldLifted: taking(sizes)})
    await apart.take_in(*batch, batch[0])
    assert sizes == [2, 1, 1]
    words = [await story.words(lot_id) for lot_id in lots]
    assert words == [["of 2"], ["of 2"], ["of 1"], ["1"], ["of 1"]]


async def test_of_several_taken_together_only_the_culprit_is_parked(story: Story) -> None:
    sizes: list[int] = []
    clinic_id, lots = new_id(), [new_id() for _ in range(3)]
    await story.forbid(str(lots[1]))
    batch = [enveloped(LotHoldLifted(lot_id=lot_id), lot_id, 1, clinic_id=clinic_id) for lot_id in lots]
    await replace(story, more={LotHoldLifted: taking(sizes)}).take_in(*batch)
    assert sizes == [3, 1, 1, 1]
    assert [await story.words(lot_id) for lot_id in lots] == [["of 1"], [], ["of 1"]]
    assert await story.waiting() == {id_of(batch[1]): "failed"}


# Parked


async def test_a_failing_event_is_parked_while_the_rest_of_its_batch_is_applied(story: Story, lot_id: UUID) -> None:
    await story.forbid("bad")
    before, after = new_id(), new_id()
    bad, next_of_it = told(lot_id, 1, "bad"), told(lot_id, 2)
    await story.take_in(told(before, 1), bad, next_of_it, told(after, 1))
    assert [await story.words(one) for one in (before, lot_id, after)] == [["1"], [], ["1"]]
    assert await story.waiting() == {id_of(bad): "failed", id_of(next_of_it): "early"}
    assert (await story.details())[id_of(bad)] == "WordForbidden: bad"
    assert await story.database.pool.fetchval("SELECT count(*) FROM outbox WHERE aggregate_id = $1", lot_id) == 0


async def test_a_parked_event_is_applied_when_it_is_tried_after_its_cause_is_mended(story: Story, lot_id: UUID) -> None:
    await story.forbid("bad")
    bad = told(lot_id, 1, "bad")
    await story.take_in(bad, told(lot_id, 2))
    assert await story.inbox.retry() == 0
    assert await story.waiting() != {}
    await story.allow("bad")
    assert await story.inbox.retry() == 1
    assert await story.words(lot_id) == ["bad", "2"]
    assert await story.waiting() == {}
    await story.take_in(bad)
    assert await story.words(lot_id) == ["bad", "2"]


async def test_one_event_is_tried_again_alone(story: Story, lot_id: UUID) -> None:
    other_id = new_id()
    await story.forbid("bad")
    bad, worse = told(lot_id, 1, "bad"), told(other_id, 1, "bad")
    await story.take_in(bad, worse)
    await story.allow("bad")
    assert await story.inbox.retry(id_of(bad)) == 1
    assert await story.waiting() == {id_of(worse): "failed"}
    assert await story.inbox.retry(new_id()) == 0
    assert await story.inbox.retry() == 1
    assert [await story.words(one) for one in (lot_id, other_id)] == [["bad"], ["bad"]]


async def test_a_parked_event_that_is_delivered_again_is_tried_again(story: Story, lot_id: UUID) -> None:
    await story.forbid("bad")
    bad = told(lot_id, 1, "bad")
    await story.take_in(bad)
    await story.take_in(bad)
    assert await story.waiting() == {id_of(bad): "failed"}
    await story.allow("bad")
    await story.take_in(bad)
    assert await story.words(lot_id) == ["bad"]
    assert await story.waiting() == {}


@pytest.mark.parametrize("bad_version", [2, 3, 4])
async def test_of_events_whose_turn_comes_only_the_culprit_is_parked(
    story: Story, lot_id: UUID, bad_version: int
) -> None:
    """What came before it stays applied, though all waited for the first: an innocent event is never parked."""
    await story.forbid("bad")
    events = {n: told(lot_id, n, "bad" if n == bad_version else None) for n in range(1, 6)}
    await story.take_in(*(events[n] for n in (2, 3, 4, 5)))
    await story.take_in(events[1])
    assert await story.words(lot_id) == [str(n) for n in range(1, bad_version)]
    waiting = {id_of(events[n]): "early" for n in range(bad_version + 1, 6)}
    assert await story.waiting() == waiting | {id_of(events[bad_version]): "failed"}
    await story.allow("bad")
    assert await story.inbox.retry() == 1
    assert len(await story.words(lot_id)) == 5
    assert await story.waiting() == {}


# What can't be read or stored

HELD = {"type": "stock.lot_held.v1"}
UNREADABLE = {
    "nothing": b"",
    "no JSON": b"\x00\xff\xfe",
    "half an envelope": b'{"event_id": "0197a2f0-0000-7000-8000-000000000000", "producer": "stock"',
    "no UTF-8": told(UUID(int=7), 1).replace(b'"test"', b'"\xff"'),
    "nested without end": b'{"event_id": ' + b"[" * 200_000,
    "nested data without end": told(UUID(int=7), 1).replace(b'"reason":"1"', b'"reason":' + b"[" * 200_000),
    "no such version": enveloped(HELD, UUID(int=7), 0),
    "a version beyond all numbers": enveloped(HELD, UUID(int=7), 2**31),
    "a producer that can't be stored": enveloped(HELD, UUID(int=7), 1, producer="sto\0ck"),
}


@pytest.mark.parametrize("what", UNREADABLE)
async def test_an_unreadable_envelope_is_parked_and_does_not_jam_the_rest(
    story: Story, lot_id: UUID, what: str
) -> None:
    raw = UNREADABLE[what]
    batch = [told(lot_id, 1), raw, told(lot_id, 2)]
    for _ in range(2):
        await story.take_in(*batch)
    assert await story.words(lot_id) == ["1", "2"]
    kept = await story.database.pool.fetch("SELECT producer, envelope, reason FROM inbox_waiting")
    assert [tuple(row) for row in kept] == [("unreadable", raw, "failed")]
    assert await story.inbox.retry() == 0


FAULTY: dict[str, dict[str, Any]] = {
    "a field is missing": HELD,
    "a field is of another type": HELD | {"lot_id": str(UUID(int=7)), "reason": 5},
    "a text that can't be stored": HELD | {"lot_id": str(UUID(int=7)), "reason": "\0"},
    "a word that can't be repeated": {
        "type": "stock.transfer_settled.v1",
        "transfer_id": str(UUID(int=7)),
        "to_clinic_id": str(UUID(int=7)),
        "outcome": "sto\0len",
        "note": "",
    },
    "no kind": {"lot_id": str(UUID(int=7))},
}


@pytest.mark.parametrize("what", FAULTY)
async def test_a_faulty_event_is_parked_under_its_own_id_and_does_not_jam_the_rest(
    story: Story, lot_id: UUID, what: str
) -> None:
    faulty, other_id = enveloped(FAULTY[what], lot_id, 1), new_id()
    await story.take_in(told(other_id, 1), faulty, told(other_id, 2))
    assert await story.words(other_id) == ["1", "2"]
    assert await story.waiting() == {id_of(faulty): "failed"}


async def test_data_nested_without_measure_is_parked_and_does_not_jam_the_rest(story: Story, lot_id: UUID) -> None:
    deep = told(lot_id, 1).replace(b'"reason":"1"', b'"reason":' + b"[" * 200_000 + b"]" * 200_000)
    other_id = new_id()
    await story.take_in(told(other_id, 1), deep, told(other_id, 2))
    assert await story.words(other_id) == ["1", "2"]
    assert list((await story.waiting()).values()) == ["failed"]


async def test_a_number_that_its_column_can_not_hold_is_the_events_own_fault(story: Story, lot_id: UUID) -> None:
    """asyncpg refuses it before PostgreSQL sees it."""

    async def count_beyond(work: Work, _event: LotHoldLifted) -> None:
        async with work.transaction() as tx:
            await tx.sql.execute("INSERT INTO counted (units) VALUES ($1)", 2**31)

    beyond, other_id = enveloped(LotHoldLifted(lot_id=lot_id), lot_id, 1), new_id()
    await replace(story, more={LotHoldLifted: count_beyond}).take_in(told(other_id, 1), beyond, told(other_id, 2))
    assert await story.words(other_id) == ["1", "2"]
    assert await story.waiting() == {id_of(beyond): "failed"}


async def test_a_reason_that_quotes_what_can_not_be_stored_is_kept_all_the_same(story: Story, lot_id: UUID) -> None:
    async def refuse(_work: Work, _event: LotHoldLifted) -> None:
        raise ValueError("not \0 nor \ud800 nor Ω")

    faulty = enveloped(LotHoldLifted(lot_id=lot_id), lot_id, 1)
    await replace(story, more={LotHoldLifted: refuse}).take_in(faulty)
    assert await story.details() == {id_of(faulty): r"ValueError: not \0 nor \ud800 nor Ω"}


# What only went wrong now

Consumer = Callable[[Work, Any], Awaitable[None]]


async def wait_in_vain(work: Work, _event: LotHoldLifted) -> None:
    async with work.transaction() as tx:
        await tx.sql.execute("SET LOCAL lock_timeout = '20ms'")
        await tx.sql.execute("INSERT INTO counted (units) VALUES (1)")


async def take_too_long(work: Work, _event: LotHoldLifted) -> None:
    async with work.transaction() as tx:
        await tx.sql.execute("SET LOCAL statement_timeout = '20ms'")
        await tx.sql.execute("SELECT pg_sleep(5)")


async def lose_the_connection(work: Work, _event: LotHoldLifted) -> None:
    async with work.transaction() as tx:
        await tx.sql.execute("SELECT pg_terminate_backend(pg_backend_pid())")


async def write_where_nothing_can_be_written(work: Work, _event: LotHoldLifted) -> None:
    """As on a server that has just become the standby."""
    async with work.transaction() as tx:
        await tx.sql.execute("SET TRANSACTION READ ONLY")
        await tx.sql.execute("INSERT INTO story (aggregate_id, words) VALUES (uuidv7(), '{}')")


async def run_out_of_time(_work: Work, _event: LotHoldLifted) -> None:
    raise TimeoutError


TRANSIENT: list[Consumer] = [
    wait_in_vain,
    take_too_long,
    lose_the_connection,
    write_where_nothing_can_be_written,
    run_out_of_time,
]


@pytest.mark.parametrize("consumer", TRANSIENT)
async def test_a_transient_failure_is_raised_and_parks_nothing(story: Story, lot_id: UUID, consumer: Consumer) -> None:
    batch = [told(lot_id, 1), enveloped(LotHoldLifted(lot_id=lot_id), lot_id, 2), told(lot_id, 3)]
    ill = replace(story, more={LotHoldLifted: consumer})
    async with connected(story.scratch.owner_url) as owner, owner.transaction():
        await owner.execute("LOCK TABLE counted IN ACCESS EXCLUSIVE MODE")
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError, ConnectionError)):
            await ill.take_in(*batch)
    assert await story.waiting() == {}
    assert await story.words(lot_id) == []
    await story.take_in(*batch)
    assert await story.words(lot_id) == ["1", "3"]


async def test_a_transient_failure_beside_a_faulty_event_still_comes_again(story: Story, lot_id: UUID) -> None:
    """Taken in one by one, what was applied stays so, the faulty one is parked, and the batch comes again whole."""
    await story.forbid("bad")
    bad, other_id = told(new_id(), 1, "bad"), new_id()
    batch = [told(lot_id, 1), bad, enveloped(LotHoldLifted(lot_id=lot_id), lot_id, 2), told(other_id, 1)]
    with pytest.raises(TimeoutError):
        await replace(story, more={LotHoldLifted: run_out_of_time}).take_in(*batch)
    assert await story.waiting() == {id_of(bad): "failed"}
    await story.take_in(*batch)
    assert [await story.words(one) for one in (lot_id, other_id)] == [["1"], ["1"]]
    assert await story.waiting() == {id_of(bad): "failed"}


async def test_statements_that_a_migration_made_stale_are_prepared_anew(story: Story, lot_id: UUID) -> None:
    """The table changed under a running service: no event is to blame."""

    async def read_words(work: Work, event: LotHoldLifted) -> None:
        async with work.transaction() as tx:
            await tx.sql.fetch("SELECT units FROM counted")
            await tx.sql.execute(TELL, event.lot_id, "read")

    reading = replace(story, more={LotHoldLifted: read_words})
    lifted = [enveloped(LotHoldLifted(lot_id=lot_id), lot_id, version) for version in (2, 3)]
    await reading.take_in(told(lot_id, 1), lifted[0])
    await story.as_owner("ALTER TABLE counted ALTER units TYPE bigint")
    try:
        with pytest.raises(asyncpg.InvalidCachedStatementError):
            await reading.take_in(lifted[1])
        await reading.take_in(lifted[1])
    finally:
        await story.as_owner("ALTER TABLE counted ALTER units TYPE integer")
    assert await story.words(lot_id) == ["1", "read", "read"]
    assert await story.waiting() == {}
