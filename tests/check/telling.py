"""How a story is told: what people do, and a bus that carries one event at a time, in an order of chance."""

import random
from collections.abc import AsyncGenerator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import asyncpg

from deploy.cell import SERVICES, Cell
from deploy.check import CheckReport, Kind, check_cell, checking
from deploy.check.on_the_way import OnTheWay
from deploy.check.reading import reading
from shared.database import Database, Work
from shared.inbox import Inbox
from shared.outbox import envelope
from shared.roles import Role
from tests.people import Clinic, World

LOOKS_PER_EVENT = 0.4

UNREAD = """
SELECT number, event_id, aggregate_id, version, subject, clinic_id, person_id, request_id, recorded_at,
       data::text AS data
FROM outbox
WHERE event_id <> ALL ($1::uuid[]) AND subject LIKE ANY ($2::text[])
ORDER BY number
"""
READ = "SELECT event_id FROM inbox"


@dataclass(kw_only=True)
class Story:
    world: World
    any_order: random.Random
    databases: dict[str, Database] = field(default_factory=dict[str, Database])
    reports: list[CheckReport] = field(default_factory=list[CheckReport])
    blindly: set[Kind] = field(default_factory=set[Kind])
    """What would have been found at any moment without counting in what is on the way."""

    @asynccontextmanager
    async def connected(self) -> AsyncGenerator["Story", None]:
        self.databases = {name: await Database.connect(self.world.cell.app_url(name), 4) for name in SERVICES}
        try:
            yield self
        finally:
            for database in self.databases.values():
                await database.close()

    def work(self, service: str, clinic: Clinic | None = None, role: Role = Role.CLINIC_PHARMACIST) -> Work:
        at = clinic or self.world.north
        return self.world.work(self.databases[service], service, at, at.people[role])

    @property
    def today(self) -> date:
        return self.work("stock").clock.today()

    async def value(self, service: str, statement: str, *arguments: object) -> Any:
        """One value, seen past the walls between clinics."""
        async with owner(self.world.cell, service) as connection:
            return await connection.fetchval(statement, *arguments)

    # The bus, one event at a time

    async def look(self) -> CheckReport:
        self.reports.append(await check_cell(self.world.cell, pause_seconds=0))
        return self.reports[-1]

    async def look_blindly(self) -> None:
        async with reading(self.world.cell) as at_once:
            for compare in checking.COMPARISONS:
                self.blindly |= {found.kind async for found in compare(at_once, OnTheWay())}

    async def unread(self, consumer: str, *, producer: str | None = None) -> list[bytes]:
        """The envelopes that a service has yet to read, of one producer or of all."""
        read = [row["event_id"] for row in await self.databases[consumer].pool.fetch(READ)]
        found: list[bytes] = []
        for name, database in self.databases.items():
            patterns = ["net.%"] if "net" in SERVICES[consumer].reads else []
            patterns += [f"cell.{name}.%"] if name in SERVICES[consumer].reads else []
            if producer in (None, name):
                found += [envelope(name, row) for row in await database.pool.fetch(UNREAD, read, patterns)]
        return found

    async def take_in(self, consumer: str, raw: bytes) -> None:
        clock = self.world.cell.settings_of(consumer).clock()
        await Inbox(self.databases[consumer], clock, SERVICES[consumer].consumers).take_in([raw])

    async def carry(self, looks_per_event: float = LOOKS_PER_EVENT) -> None:
        """Carry every event, one by one in an order of chance, and look in between, as chance has it."""
        tried: set[tuple[str, bytes]] = set()
        while True:
            waiting = [(name, raw) for name in SERVICES for raw in await self.unread(name)]
            left = [one for one in waiting if one not in tried]
            if not left:
                assert not waiting, "an event could not be applied"
                return
            one = self.any_order.choice(left)
            # An event that came early is read when its turn comes.
            tried.add(one)
            await self.take_in(*one)
            if self.any_order.random() < looks_per_event:
                await self.look()

    async def then(self, *steps: Awaitable[object]) -> None:
        """What people do, one after the other, before any event of it arrives."""
        for step in steps:
            await step
            await self.look()
        await self.look_blindly()
        await self.carry()


@asynccontextmanager
async def owner(cell: Cell, service: str) -> AsyncGenerator[asyncpg.Connection, None]:
    connection = await asyncpg.connect(cell.owner_url(service))
    try:
        yield connection
    finally:
        await connection.close()
