"""Where the bench plays: a fresh cell with its three services as three processes, clinics, and who looks on."""

import asyncio
import contextlib
import shutil
import tempfile
import time
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import asyncpg

from deploy import operator
from deploy.bench.caller import Caller
from deploy.bench.processes import Processes
from deploy.cell import SERVICES, Cell
from deploy.embedded import Postgres
from services.stock.registry.actions import Decision
from shared.ids import new_id
from shared.roles import Role

OPTIONS = ("track_commit_timestamp=on", "autovacuum=off")
"""When something was committed is to be known to the microsecond; and tables are vacuumed between the runs, not in
the middle of one: the floor's rows and ours need it alike.
"""
MOST_CLIENTS = 8
PATIENCE_SECONDS = 120.0


@dataclass(frozen=True, kw_only=True)
class Clinic:
    clinic_id: UUID
    pharmacy_id: UUID
    number: int
    """Counts the clinics of the bench: ids that are laid directly are made of it."""


@dataclass
class Stage:
    """A running cell, with two kinds of connections of the tables' owners: the floor's own, and those that look on."""

    cell: Cell
    processes: Processes
    urls: dict[str, str]
    person_id: UUID
    token: str
    floor: dict[str, asyncpg.Pool]
    watch: dict[str, asyncpg.Connection]
    clinics: list[Clinic] = field(default_factory=list[Clinic])
    looking: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Who looks on shares a connection with the others."""
    taken_boxes: int = 0
    products: list[UUID] = field(default_factory=list[UUID])
    """Laid for the bench, besides those of the seed."""

    @property
    def today(self) -> date:
        return self.cell.settings_of("stock").clock().today()

    def caller(self, clinic: Clinic) -> Caller:
        return Caller(self.urls, self.token, clinic.clinic_id)

    async def new_clinic(self) -> Clinic:
        """A clinic with a partner pharmacy, where our one person has all the roles that the bench needs."""
        number = len(self.clinics) + 1
        founding = Decision(
            body="Bench", text="We open.", decided_on=self.today, reevaluate_on=self.today + timedelta(days=365)
        )
        added = await operator.create_clinic(self.cell, f"Bench {number}", None, founding)
        pharmacy_id = await operator.create_pharmacy(self.cell, added.clinic_id, f"Bench pharmacy {number}", self.today)
        for role in (Role.PARTNER_PHARMACIST, Role.CLINIC_PHARMACIST):
            place_id = pharmacy_id if role is Role.PARTNER_PHARMACIST else added.clinic_id
            last = await operator.delegate(
                self.cell, added.clinic_id, self.person_id, role, place_id, added.decision_id
            )
        for service in ("donations", "dispense"):
            await self.until(service, "SELECT EXISTS (SELECT FROM delegation WHERE delegation_id = $1)", last)
        clinic = Clinic(clinic_id=added.clinic_id, pharmacy_id=pharmacy_id, number=number)
        self.clinics.append(clinic)
        return clinic

    async def until(self, service: str, question: str, *arguments: object) -> None:
        """Ask a database until it says true."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not await self.watch[service].fetchval(question, *arguments):
            if time.monotonic() > deadline:
                raise TimeoutError(f"waited in vain at {service}: {question}")
            await asyncio.sleep(0.005)

    async def last_number(self, producer: str) -> int:
        """Of the last event that a service has written."""
        number: int | None = await self.watch[producer].fetchval("SELECT max(number) FROM outbox")
        return number or 0

    async def events_after(self, producer: str, number: int) -> list[UUID]:
        rows = await self.watch[producer].fetch("SELECT event_id FROM outbox WHERE number > $1", number)
        return [row["event_id"] for row in rows]

    async def until_read(self, producer: str, consumer: str, after: int) -> list[UUID]:
        """Wait until a consumer has committed the effects of all events after a number; returns them."""
        events = await self.events_after(producer, after)
        question = "SELECT count(*) = $2 FROM inbox WHERE event_id = ANY($1)"
        await self.until(consumer, question, events, len(events))
        return events

    async def events_a_transaction(self, consumer: str, events: Sequence[UUID]) -> int:
        """So many events a consumer took in one transaction, on average: the floor is to do the same."""
        question = "SELECT count(*)::float8 / count(DISTINCT received_at) FROM inbox WHERE event_id = ANY($1)"
        return max(round(await self.watch[consumer].fetchval(question, list(events)) or 1.0), 1)

    async def tidy(self) -> None:
        """Vacuum, analyze and write out what is dirty, so that no run pays for what was before it."""
        for connection in self.watch.values():
            await connection.execute("VACUUM ANALYZE")
        await _checkpoint(self.cell.postgres)


async def _checkpoint(postgres: Postgres) -> None:
    server = await asyncpg.connect(postgres.url("postgres"))
    try:
        await server.execute("CHECKPOINT")
    finally:
        await server.close()


@contextlib.asynccontextmanager
async def open_stage() -> AsyncGenerator[Stage, None]:
    """A stage in a temporary folder, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="dosis-bench-"))
    cell = Cell(folder, postgres_options=OPTIONS)
    try:
        await cell.start_servers()
        await operator.import_file(cell, None)
        with contextlib.ExitStack() as stack:
            services = {name: stack.enter_context(cell.service_process(name)) for name in SERVICES}
            pids = [one.process.pid for one in services.values() if one.process is not None]
            async with contextlib.AsyncExitStack() as connections:
                yield await _made(cell, {name: one.url for name, one in services.items()}, pids, connections)
    finally:
        cell.stop_servers()
        shutil.rmtree(folder, ignore_errors=True)


async def _made(cell: Cell, urls: dict[str, str], pids: list[int], connections: contextlib.AsyncExitStack) -> Stage:
    assert cell.nats.process is not None
    processes = Processes(pids, cell.nats.process.pid, cell.postgres.postmaster_pid())
    floor: dict[str, asyncpg.Pool] = {}
    watch: dict[str, asyncpg.Connection] = {}
    for name in SERVICES:
        floor[name] = await connections.enter_async_context(
            asyncpg.create_pool(cell.owner_url(name), min_size=1, max_size=MOST_CLIENTS, server_settings={"jit": "off"})
        )
        watch[name] = await asyncpg.connect(cell.owner_url(name), server_settings={"jit": "off"}, command_timeout=600)
        connections.push_async_callback(watch[name].close)
        processes.instruments.add(watch[name].get_server_pid())
    person_id = await operator.create_person(cell, f"bench-{new_id()}", "Bench")
    signed = await operator.make_token(cell, str(person_id), "bench")
    return Stage(cell, processes, urls, person_id, signed.token, floor, watch)
