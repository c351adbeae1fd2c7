"""Events in: each applied once, in the order of its aggregate, in the transaction that marks it as read.

An event that came early waits in a table and holds back only its own aggregate; one that can't be applied is
parked there with its reason, shown to the operator, and can be tried again; nothing is dropped.
"""

import contextlib
import hashlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, cast
from uuid import UUID

import asyncpg
import msgspec
import structlog

from shared import outbox
from shared.clock import Clock
from shared.database import Database, Sql, Transaction, Work
from shared.events import Envelope, Event, decode_event
from shared.ids import derived_id
from shared.log import logger

log = logger(__name__)

Verdict = Literal["apply", "duplicate", "early", "fork"]

Consumers = Mapping[type[Any], Callable[[Work, Any], Awaitable[None]]]
"""What a service does on each event of another that it has a use for."""

TRANSIENT = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InvalidCachedStatementError,
    asyncpg.ReadOnlySQLTransactionError,
    ConnectionError,
    TimeoutError,
)
"""Failures that say nothing about the event: it is delivered again."""

TAKE = "SELECT inbox_take($1, $2, $3, $4)"
WAIT = """
INSERT INTO inbox_waiting (event_id, producer, aggregate_id, version, envelope, reason, detail)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (event_id) DO UPDATE SET reason = excluded.reason, detail = excluded.detail
"""
# An applied event waits no longer ($4; null: it is not applied). Then the event whose turn has come, if it is waiting
# only for that; or one whose turn somebody else has taken.
NEXT_WAITING = """
WITH applied AS (
    DELETE FROM inbox_waiting WHERE event_id = $4
)
SELECT envelope
FROM inbox_waiting
WHERE producer = $1 AND aggregate_id = $2 AND version <= $3 AND reason = 'early' AND event_id IS DISTINCT FROM $4
ORDER BY version, arrived_at
LIMIT 1
"""
FAILED = "SELECT event_id, envelope FROM inbox_waiting WHERE reason = 'failed' ORDER BY arrived_at LIMIT $1"
ONE_WAITING = "SELECT event_id, envelope FROM inbox_waiting WHERE event_id = $1"
STILL_WAITING = "SELECT count(*)::int FROM inbox_waiting WHERE event_id = ANY($1)"
COUNT_WAITING = "SELECT reason, count(*)::int AS events FROM inbox_waiting GROUP BY reason ORDER BY reason"


class Inbox:
    """Applies envelopes to one service's database."""

    def __init__(self, database: Database, clock: Clock, consumers: Consumers) -> None:
        self.database = database
        self.clock = clock
        self.consumers = consumers

    async def take_in(self, envelopes: Sequence[bytes]) -> None:
        """Apply a batch; when it returns, every envelope has its effect committed or is kept waiting.

        All in one transaction when all goes well; else one by one, so that only the culprit is parked.
        Raises one of TRANSIENT when nothing can be said: then the batch is to be delivered again.
        """
        try:
            await self._apply(envelopes)
        except Exception as problem:
            # A batch takes its locks event by event; one alone takes them in the one order.
            if isinstance(problem, TRANSIENT) and not isinstance(problem, asyncpg.DeadlockDetectedError):
                raise
            for raw in envelopes:
                await self._apply_or_park(raw)

    async def retry(self, event_id: UUID | None = None) -> int:
        """Try parked events again, one or all that failed; returns how many of them wait no longer."""
        query = (ONE_WAITING, event_id) if event_id else (FAILED, 10_000)
        rows = await self.database.pool.fetch(*query)
        for row in rows:
            await self._apply_or_park(row["envelope"])
        still = await self.database.pool.fetchval(STILL_WAITING, [row["event_id"] for row in rows])
        return len(rows) - cast("int", still)

    async def _apply_or_park(self, raw: bytes) -> None:
        """An event alone, then what waited only for its turn: each in its own transaction, each its own culprit."""
        turn: bytes | None = raw
        while turn is not None:
            try:
                async with self._committing() as (sql, outgoing):
                    following = await self._apply_one(sql, turn, outgoing)
            except TRANSIENT:
                raise
            except Exception as problem:
                log.exception("event_parked")
                await self._park(turn, problem)
                return
            turn = following

    async def _apply(self, envelopes: Sequence[bytes]) -> None:
        async with self._committing() as (sql, outgoing):
            for raw in envelopes:
                turn: bytes | None = raw
                while turn is not None:
                    turn = await self._apply_one(sql, turn, outgoing)

    @contextlib.asynccontextmanager
    async def _committing(self) -> AsyncGenerator[tuple[Sql, list[outbox.Outgoing]], None]:
        """A transaction, and the events that its end hands to the outbox."""
        outgoing: list[outbox.Outgoing] = []
        async with self.database.pool.acquire() as connection, connection.transaction():
            yield connection, outgoing
            await outbox.append(connection, outgoing, self.clock.now())
        if outgoing:
            self.database.outbox_written.set()

    async def _apply_one(self, sql: Sql, raw: bytes, outgoing: list[outbox.Outgoing]) -> bytes | None:
        """Apply an event, if its turn has come; returns one of its aggregate that waited only for that."""
        envelope = msgspec.json.decode(raw, type=Envelope)
        turn = (envelope.producer, envelope.event_id, envelope.aggregate_id, envelope.version)
        verdict = cast("Verdict", await sql.fetchval(TAKE, *turn))
        if verdict == "duplicate":
            return None
        if verdict != "apply":
            await _keep_waiting(sql, envelope, raw, verdict, _WHY[verdict])
        else:
            await self._handle(sql, envelope, outgoing)
        if verdict == "early":
            return None
        applied = envelope.event_id if verdict == "apply" else None
        turn = (envelope.producer, envelope.aggregate_id, envelope.version + 1, applied)
        return cast("bytes | None", await sql.fetchval(NEXT_WAITING, *turn))

    async def _handle(self, sql: Sql, envelope: Envelope, outgoing: list[outbox.Outgoing]) -> None:
        event: Event | None = decode_event(envelope.data)
        consumer = self.consumers.get(type(event))
        if consumer is None:
            return
        joined = Transaction(
            sql=sql,
            clinic_id=envelope.clinic_id,
            person_id=envelope.person_id,
            request_id=envelope.request_id,
            now=self.clock.now(),
            today=self.clock.today(),
            events=outgoing,
        )
        work = Work(
            database=self.database,
            clock=self.clock,
            clinic_id=envelope.clinic_id,
            person_id=envelope.person_id,
            request_id=envelope.request_id,
            joined=joined,
        )
        with structlog.contextvars.bound_contextvars(request_id=envelope.request_id):
            await consumer(work, event)
            log.info("event_applied", event_id=str(envelope.event_id), kind=type(event).__name__)

    async def _park(self, raw: bytes, problem: Exception) -> None:
        envelope = _read_or_name(raw)
        async with self.database.pool.acquire() as connection:
            await _keep_waiting(connection, envelope, raw, "failed", _storable(f"{type(problem).__name__}: {problem}"))


def _read_or_name(raw: bytes) -> Envelope:
    try:
        return msgspec.json.decode(raw, type=Envelope)
    except (ValueError, RecursionError):
        unreadable = derived_id("unreadable", hashlib.sha256(raw).hexdigest())
        return Envelope(
            event_id=unreadable,
            producer="unreadable",
            aggregate_id=unreadable,
            version=1,
            clinic_id=None,
            person_id=None,
            request_id="",
            recorded_at=datetime.now(UTC),
            data=msgspec.Raw(b"null"),
        )


def _storable(text: str) -> str:
    """What a problem said may quote the event: PostgreSQL's text holds neither NUL nor half a character."""
    return text.encode(errors="backslashreplace").decode().replace("\0", "\\0")[:2000]


_WHY = {
    "early": "an earlier event of the same aggregate has not arrived yet",
    "fork": "its version was already read under another id: its producer was restored from a backup",
}


async def _keep_waiting(sql: Sql, envelope: Envelope, raw: bytes, reason: str, detail: str) -> None:
    await sql.execute(
        WAIT,
        envelope.event_id,
        envelope.producer,
        envelope.aggregate_id,
        envelope.version,
        raw,
        reason,
        detail,
    )
