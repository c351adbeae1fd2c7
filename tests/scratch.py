"""Databases and a bus apart: the same servers, tables and roles, but nobody else is at work in them.

The tests that read every waiting event, or wipe a stream, would disturb services that run beside them.
"""

import asyncio
import contextlib
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import asyncpg
import msgspec
import nats
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig

from deploy.cell import Cell
from deploy.embedded import Nats, free_port
from shared.clock import Clock
from shared.database import Command, Database, Work
from shared.events import Envelope
from shared.ids import new_id
from shared.migrate import migrate
from shared.settings import Settings

Parts = Sequence[tuple[str, Path]]


@dataclass(frozen=True)
class Scratch:
    """One database with the roles of stock: an owner of all tables, and the application's own."""

    name: str
    app_url: str
    owner_url: str


@contextlib.asynccontextmanager
async def scratch_database(cell: Cell, parts: Parts) -> AsyncGenerator[Scratch, None]:
    """A new database with these migrations; dropped in the end."""
    name = f"scratch_{new_id().hex}"
    server = await asyncpg.connect(cell.postgres.url("postgres"))
    try:
        await server.execute(f"CREATE DATABASE {name} OWNER dosis_stock_owner")
        await server.execute(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC")
        await server.execute(f"GRANT CONNECT ON DATABASE {name} TO dosis_stock")
        passwords = cell.secrets
        scratch = Scratch(
            name,
            cell.postgres.url(name, "dosis_stock", passwords.app_passwords["stock"]),
            cell.postgres.url(name, "dosis_stock_owner", passwords.owner_passwords["stock"]),
        )
        async with connected(scratch.owner_url) as owner:
            await migrate(owner, parts, "dosis_stock")
        yield scratch
    finally:
        await server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await server.close()


@contextlib.asynccontextmanager
async def connected(url: str) -> AsyncGenerator[asyncpg.Connection, None]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


@contextlib.asynccontextmanager
async def in_clinic(connection: asyncpg.Connection, clinic_id: UUID | None) -> AsyncGenerator[None, None]:
    """A transaction of one clinic, as the application opens it; None: of no clinic."""
    async with connection.transaction():
        if clinic_id is not None:
            await connection.execute("SELECT set_config('app.clinic', $1, true)", str(clinic_id))
        yield


def work_of(
    cell: Cell,
    database: Database,
    clinic_id: UUID | None,
    person_id: UUID | None = None,
    command: Command | None = None,
) -> Work:
    clock: Clock = cell.settings_of("stock").clock()
    return Work(
        database=database,
        clock=clock,
        clinic_id=clinic_id,
        person_id=person_id,
        request_id="test",
        command=command,
    )


@contextlib.contextmanager
def nats_apart() -> Generator[Nats, None, None]:
    """A NATS server of its own, with stock's user, and one of the tests that reads every stream."""
    with tempfile.TemporaryDirectory(prefix="dosis-nats-") as folder:
        users = {"stock": "stock-password", "tests": "tests-password"}
        server = Nats(Path(folder), free_port(), users, of_the_network=users)
        server.start()
        try:
            yield server
        finally:
            server.stop()


def settings_apart(cell: Cell, scratch: Scratch, server: Nats) -> Settings:
    """What stock would be told if it worked on this database and this bus."""
    told = {field: getattr(cell.settings_of("stock"), field) for field in Settings.__struct_fields__}
    told |= {
        "database_url": scratch.app_url,
        "nats_servers": (server.url,),
        "nats_user": "stock",
        "nats_password": server.users["stock"],
    }
    return Settings(**told)


@contextlib.asynccontextmanager
async def streams_of(server: Nats, user: str) -> AsyncGenerator[JetStreamContext, None]:
    client = await nats.connect(
        server.url,
        user=user,
        password=server.users[user],
        inbox_prefix=f"_INBOX_{user}".encode(),
        allow_reconnect=False,
    )
    try:
        yield client.jetstream(timeout=5)
    finally:
        await client.close()


EVENT_TABLES = "outbox, outbox_aggregate, outbox_stream, inbox, inbox_aggregate, inbox_waiting, idempotency"


async def empty_event_tables(scratch: Scratch) -> None:
    async with connected(scratch.owner_url) as owner:
        await owner.execute(f"TRUNCATE {EVENT_TABLES}")


async def until(holds: Callable[[], Awaitable[object]], what: str, seconds: float = 20) -> None:
    """Ask until the answer is true. Raises TimeoutError naming what was awaited."""
    deadline = time.monotonic() + seconds
    while not await holds():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds} s in vain: {what}")
        await asyncio.sleep(0.02)


class Message(NamedTuple):
    subject: str
    message_id: str
    envelope: Envelope


async def read_stream(server: Nats, name: str) -> list[Message]:
    """All that a stream holds, in its order. Once for each stream of a server: then it has been read."""
    read: list[Message] = []
    async with streams_of(server, "tests") as stream:
        await stream.add_consumer(name, ConsumerConfig(durable_name="tests", ack_policy=AckPolicy.NONE))
        subscription = await stream.pull_subscribe_bind(durable="tests", stream=name)
        while (await stream.consumer_info(name, "tests")).num_pending:
            for message in await subscription.fetch(256, timeout=1):
                headers = message.headers or {}
                envelope = msgspec.json.decode(message.data, type=Envelope)
                read.append(Message(message.subject, headers["Nats-Msg-Id"], envelope))
    return read
