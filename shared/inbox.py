"""Events in: each applied once, in the order of its aggregate, in the transaction that marks it as read.

An event that came early waits in a table and holds back only its own aggregate; one that can't be applied is
parked there with its reason, shown to the operator, and can be tried again; nothing is dropped.
"""

import contextlib
import hashlib
import itertools
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple, cast
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

Reason = Literal["early", "failed", "fork"]
"""Why an event waits: for its turn, because it could not be applied, or because it contradicts what was read."""
Verdict = Literal["apply", "duplicate", "early", "fork"]

Consumer = Callable[[Work, Any], Awaitable[None]]


class Together(NamedTuple):
    """A consumer that takes several events of its kind at once, in their order: one clinic's, one person's.

    It has no events of its own to send: they would bear the id of one request among several.
    """

    take: Callable[[Work, Sequence[Any]], Awaitable[None]]


Consumers = Mapping[type[Any], Consumer | Together]
"""What a service does on each event of another that it has a use for."""

TRANSIENT = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
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

# In the order given: each sees what the one before it has marked.
TAKE = """
SELECT inbox_take(producer, event_id, aggregate_id, version) AS verdict
FROM unnest($1::text[], $2::uuid[], $3::uuid[], $4::integer[]) AS given (producer, event_id, aggregate_id, version)
"""
WAIT = """
INSERT INTO inbox_waiting (event_id, producer, aggregate_id, version, envelope, reason, detail)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (event_id) DO UPDATE SET reason = excluded.reason, detail = excluded.detail
"""
# Applied events wait no longer ($4). Then, of each aggregate, the event whose turn has come, if it is waiting only for
# that; or one whose turn somebody else has taken.
NEXT_WAITING = """
WITH applied AS (
    DELETE FROM inbox_waiting WHERE event_id = ANY($4)
)
SELECT next.envelope
FROM unnest($1::text[], $2::uuid[], $3::integer[]) AS given (producer, aggregate_id, version)
CROSS JOIN LATERAL (
    SELECT envelope
    FROM inbox_waiting AS waiting
    WHERE waiting.producer = given.producer
        AND waiting.aggregate_id = given.aggregate_id
        AND waiting.version <= given.version
        AND waiting.reason = 'early'
        AND waiting.event_id <> ALL($4)
    ORDER BY waiting.version, waiting.arrived_at
    LIMIT 1
) AS next
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
        turns = [raw]
        while turns:
            turn = turns.pop()
            try:
                async with self._committing() as (sql, outgoing):
                    turns += await self._apply_turns(sql, [turn], outgoing)
            except TRANSIENT:
                raise
            except Exception as problem:
                log.exception("event_parked")
                await self._park(turn, problem)

    async def _apply(self, envelopes: Sequence[bytes]) -> None:
        async with self._committing() as (sql, outgoing):
            turns = envelopes
            while turns:
                turns = await self._apply_turns(sql, turns, outgoing)

    @contextlib.asynccontextmanager
    async def _committing(self) -> AsyncGenerator[tuple[Sql, list[outbox.Outgoing]], None]:
        """A transaction, and the events that its end hands to the outbox."""
        outgoing: list[outbox.Outgoing] = []
        async with self.database.pool.acquire() as connection, connection.transaction():
            yield connection, outgoing
            await outbox.append(connection, outgoing, self.clock.now())
        if outgoing:
            self.database.outbox_written.set()

    async def _apply_turns(self, sql: Sql, raws: Sequence[bytes], outgoing: list[outbox.Outgoing]) -> list[bytes]:
        """Apply the events whose turn has come; returns those of their aggregates that waited only for that."""
        envelopes = [msgspec.json.decode(raw, type=Envelope) for raw in raws]
        verdicts = await _take(sql, envelopes)
        for envelope, raw, verdict in zip(envelopes, raws, verdicts, strict=True):
            if verdict in _WHY:
                await _keep_waiting(sql, envelope, raw, verdict, _WHY[verdict])
        judged = list(zip(envelopes, verdicts, strict=True))
        taken = [envelope for envelope, verdict in judged if verdict == "apply"]
        await self._handle(sql, taken, outgoing)
        return await _next_waiting(
            sql,
            applied=[envelope.event_id for envelope in taken],
            latest=[envelope for envelope, verdict in judged if verdict in ("apply", "fork")],
        )

    async def _handle(self, sql: Sql, envelopes: Sequence[Envelope], outgoing: list[outbox.Outgoing]) -> None:
        events = [(envelope, decode_event(envelope.data)) for envelope in envelopes]
        for _, together in itertools.groupby(events, self._is_taken_with):
            run = list(together)
            first, event = run[0]
            consumer = self.consumers.get(type(event))
            if consumer is None:
                continue
            with structlog.contextvars.bound_contextvars(request_id=first.request_id):
                if isinstance(consumer, Together):
                    await consumer.take(self._work_of(sql, first, outgoing), [event for _, event in run])
                else:
                    await consumer(self._work_of(sql, first, outgoing), event)
            for envelope, event in run:
                log.info(
                    "event_applied",
                    event_id=str(envelope.event_id),
                    kind=type(event).__name__,
                    request_id=envelope.request_id,
                )

    def _is_taken_with(self, read: tuple[Envelope, Event | None]) -> tuple[object, ...]:
        """Equal for neighbours that a consumer takes together."""
        envelope, event = read
        if isinstance(self.consumers.get(type(event)), Together):
            return (type(event), envelope.clinic_id, envelope.person_id)
        return (envelope.event_id,)

    def _work_of(self, sql: Sql, envelope: Envelope, outgoing: list[outbox.Outgoing]) -> Work:
        joined = Transaction(
            sql=sql,
            clinic_id=envelope.clinic_id,
            person_id=envelope.person_id,
            request_id=envelope.request_id,
            now=self.clock.now(),
            today=self.clock.today(),
            events=outgoing,
        )
        return Work(
            database=self.database,
            clock=self.clock,
            clinic_id=envelope.clinic_id,
            person_id=envelope.person_id,
            request_id=envelope.request_id,
            joined=joined,
        )

    async def _park(self, raw: bytes, problem: Exception) -> None:
        envelope = _read_or_name(raw)
        async with self.database.pool.acquire() as connection:
            await _keep_waiting(connection, envelope, raw, "failed", _storable(f"{type(problem).__name__}: {problem}"))


async def _take(sql: Sql, envelopes: Sequence[Envelope]) -> list[Verdict]:
    rows = await sql.fetch(
        TAKE,
        [envelope.producer for envelope in envelopes],
        [envelope.event_id for envelope in envelopes],
        [envelope.aggregate_id for envelope in envelopes],
        [envelope.version for envelope in envelopes],
    )
    return [row["verdict"] for row in rows]


async def _next_waiting(sql: Sql, *, applied: list[UUID], latest: Sequence[Envelope]) -> list[bytes]:
    """What waits for the turn after the latest events of their aggregates; the applied ones wait no longer."""
    last: dict[tuple[str, UUID], int] = {}
    for envelope in latest:  # a fork's version may come after a higher one
        whose = (envelope.producer, envelope.aggregate_id)
        last[whose] = max(envelope.version, last.get(whose, 0))
    if not last:
        return []
    rows = await sql.fetch(
        NEXT_WAITING,
        [producer for producer, _ in last],
        [aggregate_id for _, aggregate_id in last],
        [version + 1 for version in last.values()],
        applied,
    )
    return [row["envelope"] for row in rows]


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
