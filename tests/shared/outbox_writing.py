"""Effects with their events, and a relay for them on a bus of its own."""

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import AsyncGenerator
from uuid import UUID

from deploy.cell import Cell
from deploy.embedded import Nats
from shared import outbox
from shared.bus import Bus
from shared.database import Database
from shared.events.stock import LotHeld
from shared.ids import new_id
from shared.inbox import Inbox
from shared.service import EVENT_MIGRATIONS
from shared.tasks import end_tasks
from tests.scratch import Scratch, connected, scratch_database, settings_apart, streams_of, work_of

WRITERS = 10


@contextlib.asynccontextmanager
async def scratch_with_effects(cell: Cell) -> AsyncGenerator[Scratch, None]:
    """A database with the tables of events, and one in which effects are written down."""
    async with scratch_database(cell, (EVENT_MIGRATIONS,)) as made, connected(made.owner_url) as owner:
        await owner.execute("CREATE TABLE effect (note text NOT NULL); GRANT SELECT, INSERT ON effect TO dosis_stock")
        yield made


def held(reason: str = "recalled") -> LotHeld:
    return LotHeld(lot_id=new_id(), reason=reason)


async def write_at_random(cell: Cell, database: Database, aggregates: list[UUID], rounds: int) -> Counter[UUID]:
    """Ten writers, each transaction with several aggregates in any order; returns how many events each got."""
    written: Counter[UUID] = Counter()

    async def writer(number: int) -> None:
        chance = random.Random(number)
        for _ in range(rounds):
            chosen = chance.sample(aggregates, chance.randint(1, len(aggregates)))
            events = {aggregate_id: chance.randint(1, 3) for aggregate_id in chosen}
            async with work_of(cell, database, None).transaction() as tx:
                for aggregate_id, count in events.items():
                    tx.emit(aggregate_id, *(held(str(number)) for _ in range(count)))
            written.update(events)

    async with asyncio.TaskGroup() as group:
        for number in range(WRITERS):
            group.create_task(writer(number))
    return written


def bus_of(cell: Cell, scratch: Scratch, server: Nats, database: Database) -> Bus:
    """Stock's relay; what it reads has no consumer here."""
    settings = settings_apart(cell, scratch, server)
    return Bus("stock", settings, Inbox(database, settings.clock(), {}), reads=("donations", "net"))


@contextlib.asynccontextmanager
async def relaying(cell: Cell, scratch: Scratch, server: Nats, database: Database) -> AsyncGenerator[Bus, None]:
    """The relay while it runs."""
    bus = bus_of(cell, scratch, server, database)
    task = asyncio.create_task(bus.run())
    try:
        yield bus
    finally:
        await end_tasks([task])


async def publish(server: Nats, database: Database) -> int:
    """One batch of the relay, over a connection of its own."""
    async with streams_of(server, "stock") as stream:
        return await outbox.publish_waiting("stock", database.pool, stream)


async def unpublished(database: Database) -> list[str]:
    rows = await database.pool.fetch("SELECT event_id FROM outbox WHERE published_at IS NULL ORDER BY number")
    return [str(row["event_id"]) for row in rows]


async def all_published(database: Database) -> bool:
    return not await unpublished(database)


async def ids_by_number(database: Database) -> list[str]:
    rows = await database.pool.fetch("SELECT event_id FROM outbox ORDER BY number")
    return [str(row["event_id"]) for row in rows]
