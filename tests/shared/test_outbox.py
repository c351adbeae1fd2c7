"""Events are written in the transaction of their effect, and numbered in the order of their aggregate."""

from collections.abc import AsyncGenerator
from uuid import UUID

import asyncpg
import pytest

from deploy.cell import Cell
from shared import outbox
from shared.database import Database
from shared.events import Event, decode_event
from shared.events.stock import LotHoldLifted
from shared.ids import new_id
from tests.scratch import Scratch, empty_event_tables, work_of
from tests.shared.outbox_writing import WRITERS, held, scratch_with_effects, write_at_random

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
async def scratch(cell: Cell) -> AsyncGenerator[Scratch, None]:
    async with scratch_with_effects(cell) as made:
        yield made


@pytest.fixture
async def database(scratch: Scratch) -> AsyncGenerator[Database, None]:
    await empty_event_tables(scratch)
    made = await Database.connect(scratch.app_url, WRITERS + 2)
    yield made
    await made.close()


# With the effect


async def take_effect(cell: Cell, database: Database, note: str, *events: Event, fail: bool = False) -> UUID:
    aggregate_id = new_id()
    async with work_of(cell, database, None).transaction() as tx:
        await tx.sql.execute("INSERT INTO effect (note) VALUES ($1)", note)
        tx.emit(aggregate_id, *events)
        if fail:
            raise RuntimeError
    return aggregate_id


async def happened(database: Database, note: str) -> bool:
    return bool(await database.pool.fetchval("SELECT EXISTS (SELECT FROM effect WHERE note = $1)", note))


async def told(database: Database, aggregate_id: UUID | None = None) -> list[tuple[int, Event | None]]:
    rows = await database.pool.fetch(
        "SELECT version, data FROM outbox WHERE $1::uuid IS NULL OR aggregate_id = $1 ORDER BY number", aggregate_id
    )
    return [(row["version"], decode_event(row["data"].encode())) for row in rows]


async def test_effect_and_events_are_committed_together(cell: Cell, database: Database) -> None:
    events = [held("first"), LotHoldLifted(lot_id=new_id()), held("Καταγγελία “x” \\ 'y'")]
    aggregate_id = await take_effect(cell, database, "together", *events)
    assert await happened(database, "together")
    assert await told(database, aggregate_id) == [(1, events[0]), (2, events[1]), (3, events[2])]
    assert database.outbox_written.is_set()


async def test_an_effect_that_fails_takes_its_events_with_it(cell: Cell, database: Database) -> None:
    with pytest.raises(RuntimeError):
        await take_effect(cell, database, "undone", held(), fail=True)
    assert not await happened(database, "undone")
    assert await told(database) == []
    assert not database.outbox_written.is_set()


async def test_an_event_that_can_not_be_written_takes_its_effect_with_it(cell: Cell, database: Database) -> None:
    with pytest.raises(asyncpg.DataError):
        await take_effect(cell, database, "untold", held(), held("a NUL: \0"))
    assert not await happened(database, "untold")
    assert await told(database) == []


async def test_a_failure_leaves_no_gap_in_the_versions(cell: Cell, database: Database) -> None:
    aggregate_id = new_id()
    for fails in (False, True, False, True, True, False):
        try:
            async with work_of(cell, database, None).transaction() as tx:
                tx.emit(aggregate_id, held())
                await outbox.append(tx.sql, tx.events, tx.now)
                tx.events.clear()
                if fails:
                    raise RuntimeError
        except RuntimeError:
            continue
    assert [version for version, _ in await told(database, aggregate_id)] == [1, 2, 3]


# Many writers


async def test_ten_writers_leave_versions_without_a_gap_in_the_order_of_their_numbers(
    cell: Cell, database: Database
) -> None:
    aggregates = [new_id() for _ in range(3)]
    written = await write_at_random(cell, database, aggregates, 30)
    for aggregate_id in aggregates:
        versions = [version for version, _ in await told(database, aggregate_id)]
        assert versions == list(range(1, written[aggregate_id] + 1))


async def test_aggregates_in_any_order_never_deadlock(cell: Cell, database: Database) -> None:
    aggregates = [new_id() for _ in range(40)]
    written = await write_at_random(cell, database, aggregates, 15)
    assert await database.pool.fetchval("SELECT count(*) FROM outbox") == written.total()
