"""The way to a service's database: pools, and the transaction that every action opens.

An action asks its `Work` for a transaction. A request's work opens one, remembers the answer under the
request's idempotency key, and hands the events to the outbox in the same commit; an event's work joins the
transaction in which the inbox marks that event as read.
"""

import asyncio
import contextlib
import copy
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
import msgspec

from shared import outbox
from shared.clock import Clock
from shared.errors import DosisError, KeyUsedForAnotherRequest, StillBeingDone, Unavailable
from shared.events import Event
from shared.identity import STANDING, Admission

T = TypeVar("T")

BEGIN_READING = """
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SELECT set_config('app.clinic', '{clinic_id}', true);
"""
"""In one round trip. What is put in is a UUID or nothing."""

Sql = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy

SEARCH_PATH = "pg_catalog, public, pg_temp"
"""As in `post_movements`: where the two differ, PostgreSQL forgets its plans of foreign keys at every change."""

AWAY: tuple[type[Exception], ...] = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a connection cut in the middle of a word
    asyncpg.OperatorInterventionError,
    asyncpg.TooManyConnectionsError,
    asyncpg.QueryCanceledError,
    ConnectionError,
    TimeoutError,
)
"""How it shows that the database can't be reached."""


def fact_of(error: Exception, constraints: Mapping[str, type[DosisError]]) -> DosisError | None:
    """The fact behind a database's error that a person can understand; None behind a programmer's mistake."""
    if isinstance(error, AWAY):
        return Unavailable("The database can't be reached. Try again in a moment.")
    fact = constraints.get(getattr(error, "constraint_name", None) or "")
    return fact() if fact is not None else None


class Database:
    """The pool of one service, and the bell that wakes its relay after a commit."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self.pool = pool
        self.outbox_written = asyncio.Event()

    @classmethod
    async def connect(cls, url: str, connections: int) -> "Database":
        pool = await asyncpg.create_pool(
            url,
            min_size=1,
            max_size=connections,
            command_timeout=30,
            server_settings={"application_name": "dosis", "jit": "off", "search_path": SEARCH_PATH},
            reset=_keep_nothing,
        )
        return cls(pool)

    async def close(self) -> None:
        await asyncio.wait_for(self.pool.close(), timeout=10)


async def _keep_nothing(_connection: object) -> None:
    """Settings are made with SET LOCAL only, so a returned connection needs no round trip to be clean."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """What makes a repeated request the same request; and by what standing it was let in, if by any."""

    operation: str
    key: str
    request_mac: bytes
    status: int
    admission: Admission | None = None


class AlreadyAnswered(Exception):
    def __init__(self, status: int, answer: bytes) -> None:
        super().__init__()
        self.status = status
        self.answer = answer


@dataclass(kw_only=True)
class Transaction:
    """One transaction of one clinic. `sql` is the connection that the statements of `store` run on."""

    sql: Sql
    clinic_id: UUID | None
    person_id: UUID | None
    request_id: str
    now: datetime
    today: date
    events: list[outbox.Outgoing] = field(default_factory=list[outbox.Outgoing])
    answer: msgspec.Struct | None = None

    def emit(self, aggregate_id: UUID, *events: Event) -> None:
        """Hand events of one aggregate to the outbox; they are written when the action is done."""
        self.events += [
            outbox.Outgoing(aggregate_id, self.clinic_id, self.person_id, self.request_id, event) for event in events
        ]

    def done(self, answer: T) -> T:
        """The action's answer, kept under the idempotency key: ids and outcomes, never a name."""
        assert isinstance(answer, msgspec.Struct)
        self.answer = answer
        return answer


class Work:
    """Who wants something done, for which clinic, and how its transaction is opened.

    A plain class: what a handler is given is not data for Litestar to look through.
    """

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        clinic_id: UUID | None,
        person_id: UUID | None,
        request_id: str,
        command: Command | None = None,
        joined: Transaction | None = None,
    ) -> None:
        self.database = database
        self.clock = clock
        self.clinic_id = clinic_id
        self.person_id = person_id
        self.request_id = request_id
        self.command = command
        self.joined = joined

    def at(self, clinic_id: UUID) -> "Work":
        """The same work for another clinic: an event between clinics names whom it is for."""
        other = copy.copy(self)
        other.clinic_id = clinic_id
        return other

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Transaction, None]:
        """A transaction with the clinic set for row-level security; all or nothing, its events included."""
        if self.joined is not None:
            tx = replace(self.joined, clinic_id=self.clinic_id, answer=None)
            await _set_clinic(tx)
            yield tx
            return
        async with self.database.pool.acquire() as connection, connection.transaction():
            tx = self._begun(connection)
            await self._begin(tx)
            yield tx
            await self._finish(tx)
        if tx.events:
            self.database.outbox_written.set()

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncGenerator[Transaction, None]:
        """A read-only view of one moment, with the clinic set for row-level security."""
        async with self.database.pool.acquire() as connection:
            await connection.execute(BEGIN_READING.format(clinic_id=self.clinic_id or ""))
            try:
                yield self._begun(connection)
            finally:
                await connection.execute("ROLLBACK")

    def _begun(self, connection: Sql) -> Transaction:
        return Transaction(
            sql=connection,
            clinic_id=self.clinic_id,
            person_id=self.person_id,
            request_id=self.request_id,
            now=self.clock.now(),
            today=self.clock.today(),
        )

    async def _begin(self, tx: Transaction) -> None:
        if self.command is None:
            await _set_clinic(tx)
        else:
            await _begin_command(tx, self.command)

    async def _finish(self, tx: Transaction) -> None:
        if self.command is None:
            await outbox.append(tx.sql, tx.events, tx.now)
        else:
            await _keep_answer(tx, self.command)


async def _set_clinic(tx: Transaction) -> None:
    await tx.sql.execute("SELECT set_config('app.clinic', $1, true)", str(tx.clinic_id or ""))


# Set the clinic, take the key for this transaction, and look whether it has been answered before.
BEGIN_COMMAND = "SELECT taken, request_mac, status, answer FROM begin_command($1, $2, $3, $4)"
# The same, and the person's standing beside it.
_ADMITTED = """
SELECT taken, request_mac, status, answer, ended, roles
FROM begin_command(coalesce($3::text, ''), $1, $5, $6), standing
"""
BEGIN_ADMITTED = f"WITH standing AS ({STANDING})" + _ADMITTED
KEEP_ANSWER = """
INSERT INTO idempotency (person_id, operation, key, request_mac, status, answer)
VALUES ($1, $2, $3, $4, $5, $6::jsonb)
"""


async def _begin_command(tx: Transaction, command: Command) -> None:
    row = await _begun_row(tx, command)
    assert row is not None
    if not row["taken"]:
        raise StillBeingDone
    if row["status"] is None:
        return
    if row["request_mac"] != command.request_mac:
        raise KeyUsedForAnotherRequest
    raise AlreadyAnswered(row["status"], row["answer"].encode())


async def _begun_row(tx: Transaction, command: Command) -> asyncpg.Record | None:
    if command.admission is None:
        return await tx.sql.fetchrow(
            BEGIN_COMMAND, str(tx.clinic_id or ""), tx.person_id, command.operation, command.key
        )
    session_id = command.admission.statement.sid
    asked = (tx.person_id, session_id, tx.clinic_id, tx.today, command.operation, command.key)
    row = await tx.sql.fetchrow(BEGIN_ADMITTED, *asked)
    if row is not None:
        command.admission.confirm(row)
    return row


# The answer and the events in one step: a round trip less while the aggregates are locked.
KEEP_ANSWER_WITH_EVENTS = f"""
WITH kept AS ({KEEP_ANSWER})
SELECT outbox_append($7, $8, $9, $10, $11, $12, $13::jsonb[], $14)
"""


async def _keep_answer(tx: Transaction, command: Command) -> None:
    assert tx.answer is not None, "a command's action ends with tx.done(answer)"
    answer: Any = msgspec.json.encode(tx.answer).decode()
    kept = (tx.person_id, command.operation, command.key, command.request_mac, command.status, answer)
    if tx.events:
        await tx.sql.execute(KEEP_ANSWER_WITH_EVENTS, *kept, *outbox.columns(tx.events), tx.now)
    else:
        await tx.sql.execute(KEEP_ANSWER, *kept)
