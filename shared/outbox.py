"""Events out: written in the transaction of their effect, published by one relay per database.

PostgreSQL is the record; the stream is a pipe. A publish that timed out is unknown, not failed: it is sent
again under the same message id. A stream that was made anew is filled again from the table.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import msgspec
from nats.js import JetStreamContext

from shared.events import Envelope, Event, subject_of
from shared.ids import new_id
from shared.log import logger

log = logger(__name__)

BATCH_ROWS = 256
POLL_SECONDS = 1.0
GATHER_SECONDS = 0.02
"""After a commit others soon follow: what they write goes out together, at a fraction of the cost."""
PUBLISH_TIMEOUT_SECONDS = 5.0


class Outgoing(NamedTuple):
    aggregate_id: UUID
    clinic_id: UUID | None
    person_id: UUID | None
    request_id: str
    event: Event


APPEND = "SELECT outbox_append($1, $2, $3, $4, $5, $6, $7::jsonb[], $8)"


def columns(events: Sequence[Outgoing]) -> tuple[list[Any], ...]:
    """What `outbox_append` takes of events, its moment aside."""
    return (
        [new_id() for _ in events],
        [outgoing.aggregate_id for outgoing in events],
        [subject_of(outgoing.event, outgoing.clinic_id) for outgoing in events],
        [outgoing.clinic_id for outgoing in events],
        [outgoing.person_id for outgoing in events],
        [outgoing.request_id for outgoing in events],
        [msgspec.json.encode(outgoing.event).decode() for outgoing in events],
    )


async def append(
    sql: asyncpg.Connection | asyncpg.pool.PoolConnectionProxy,
    events: Sequence[Outgoing],
    recorded_at: datetime,
) -> None:
    """Write the events' rows. Called last in a transaction: aggregates stay locked until it commits."""
    if events:
        await sql.execute(APPEND, *columns(events), recorded_at)


# The oldest events that have not been confirmed by the stream.
UNPUBLISHED = """
SELECT number, event_id, aggregate_id, version, subject, clinic_id, person_id, request_id, recorded_at,
       data::text AS data
FROM outbox
WHERE published_at IS NULL
ORDER BY number
LIMIT $1
"""
MARK_PUBLISHED = "UPDATE outbox SET published_at = clock_timestamp() WHERE number = ANY($1)"
# By the time in the event's id (UUIDv7): that is the real one, while `recorded_at` is told by the clinic's clock, which
# a demo can set.
OLDEST_UNPUBLISHED_SECONDS = """
SELECT greatest(coalesce(extract(epoch FROM clock_timestamp() - min(uuid_extract_timestamp(event_id))), 0), 0)::float8
FROM outbox
WHERE published_at IS NULL
"""
KNOWN_STREAM = "SELECT created_at FROM outbox_stream WHERE stream = $1"
KEEP_STREAM = """
INSERT INTO outbox_stream (stream, created_at)
VALUES ($1, $2)
ON CONFLICT (stream) DO UPDATE SET created_at = excluded.created_at
"""
PUBLISH_AGAIN = "UPDATE outbox SET published_at = NULL WHERE subject LIKE $1 AND published_at IS NOT NULL"


def envelope(producer: str, row: asyncpg.Record) -> bytes:
    return msgspec.json.encode(
        Envelope(
            event_id=row["event_id"],
            producer=producer,
            aggregate_id=row["aggregate_id"],
            version=row["version"],
            clinic_id=row["clinic_id"],
            person_id=row["person_id"],
            request_id=row["request_id"],
            recorded_at=row["recorded_at"],
            data=msgspec.Raw(row["data"].encode()),
        )
    )


async def publish_waiting(producer: str, pool: asyncpg.Pool, stream: JetStreamContext) -> int:
    """Publish one batch in the order of its numbers, and mark what the stream confirmed.

    Returns how many were confirmed; raises the first failure after marking the others.
    """
    rows = await pool.fetch(UNPUBLISHED, BATCH_ROWS)
    if not rows:
        return 0
    answers = await asyncio.gather(
        *(
            stream.publish(
                row["subject"],
                envelope(producer, row),
                timeout=PUBLISH_TIMEOUT_SECONDS,
                headers={"Nats-Msg-Id": str(row["event_id"])},
            )
            for row in rows
        ),
        return_exceptions=True,
    )
    confirmed = [
        row["number"] for row, answer in zip(rows, answers, strict=True) if not isinstance(answer, BaseException)
    ]
    if confirmed:
        await pool.execute(MARK_PUBLISHED, confirmed)
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
    return len(confirmed)


async def refill_new_streams(pool: asyncpg.Pool, streams: Sequence[tuple[str, str, str]]) -> None:
    """Send everything again to a stream that is not the one that was filled before.

    `streams`: (name, when it was created, the LIKE pattern of its subjects).
    """
    for name, created_at, pattern in streams:
        known = await pool.fetchval(KNOWN_STREAM, name)
        if known == created_at:
            continue
        async with pool.acquire() as connection, connection.transaction():
            if known is not None:
                again = await connection.execute(PUBLISH_AGAIN, pattern)
                log.warning("stream_is_new", stream=name, sent_again=again)
            await connection.execute(KEEP_STREAM, name, created_at)


async def relay(producer: str, pool: asyncpg.Pool, stream: JetStreamContext, written: asyncio.Event) -> None:
    """Publish until cancelled. Woken in-process after a commit; polling is the truth."""
    while True:
        written.clear()
        while await publish_waiting(producer, pool, stream) == BATCH_ROWS:
            pass
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(POLL_SECONDS):
                await written.wait()
                await asyncio.sleep(GATHER_SECONDS)
