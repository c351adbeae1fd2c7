"""The floor: the rows that an operation leaves, written by bare asyncpg in as many transactions, and nothing else.

No HTTP, no signature, no rule, no look at what is there, no bus: what to write is known beforehand. One statement
a table and transaction. The rows of the outbox are born as published ones, so that nobody publishes them.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import msgspec

from shared.events import Event, subject_of
from shared.ids import new_id

Sql = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy

KEEP_ANSWER = """
INSERT INTO idempotency (person_id, operation, key, request_mac, status, answer)
VALUES ($1, $2, $3, $4, 201, $5::text::jsonb)
"""
MAC = bytes(32)


async def keep_answer(sql: Sql, person_id: UUID, operation: str, answer: bytes) -> None:
    await sql.execute(KEEP_ANSWER, person_id, operation, str(new_id()), MAC, answer.decode())


SET_VERSION = """
INSERT INTO outbox_aggregate (aggregate_id, version)
VALUES ($1, $2)
ON CONFLICT (aggregate_id) DO UPDATE SET version = excluded.version
"""
WRITE_EVENTS = """
INSERT INTO outbox (event_id, aggregate_id, version, subject, clinic_id, person_id, request_id, recorded_at, data,
                    published_at)
SELECT event_id, $2, version, $3, $4, $5, $6, $7, data::jsonb, $7
FROM unnest($1::uuid[], $8::integer[], $9::text[]) AS given (event_id, version, data)
"""


async def write_events(
    sql: Sql, aggregate_id: UUID, clinic_id: UUID, person_id: UUID, events: Sequence[Event], first: int = 1
) -> list[UUID]:
    """Events of one aggregate and one kind, the first under version `first`; returns their ids."""
    ids = [new_id() for _ in events]
    versions = list(range(first, first + len(events)))
    await sql.execute(SET_VERSION, aggregate_id, versions[-1])
    await sql.execute(
        WRITE_EVENTS,
        ids,
        aggregate_id,
        subject_of(events[0], clinic_id),
        clinic_id,
        person_id,
        str(new_id()),
        datetime.now(UTC),
        versions,
        [msgspec.json.encode(event).decode() for event in events],
    )
    return ids


MARK_AGGREGATES = """
INSERT INTO inbox_aggregate (producer, aggregate_id, version)
SELECT $1, aggregate_id, version
FROM unnest($2::uuid[], $3::integer[]) AS given (aggregate_id, version)
ON CONFLICT (producer, aggregate_id) DO UPDATE SET version = excluded.version
"""
MARK_READ = "INSERT INTO inbox (event_id) SELECT unnest($1::uuid[])"


async def mark_read(sql: Sql, producer: str, versions: dict[UUID, int], event_ids: Sequence[UUID]) -> None:
    """Events as read: {aggregate: its last version} and their ids."""
    await sql.execute(MARK_AGGREGATES, producer, list(versions), list(versions.values()))
    await sql.execute(MARK_READ, list(event_ids))


WRITE_MOVEMENTS = """
INSERT INTO movement (clinic_id, lot_id, from_account, to_account, units, operation_id, business_step, cause_id,
                      person_id, recorded_at)
SELECT $1, lot_id, $2, $3, units, operation_id, $4, cause_id, $5, $6
FROM unnest($7::uuid[], $8::integer[], $9::uuid[], $10::uuid[]) AS given (lot_id, units, operation_id, cause_id)
"""


class Moved(msgspec.Struct, frozen=True):
    """Units of a lot, moved in an operation for a cause."""

    lot_id: UUID
    units: int
    operation_id: UUID
    cause_id: UUID


async def write_movements(
    sql: Sql, clinic_id: UUID, person_id: UUID, accounts: tuple[str, str], step: str, moved: Sequence[Moved]
) -> None:
    await sql.execute(
        WRITE_MOVEMENTS,
        clinic_id,
        *accounts,
        step,
        person_id,
        datetime.now(UTC),
        [one.lot_id for one in moved],
        [one.units for one in moved],
        [one.operation_id for one in moved],
        [one.cause_id for one in moved],
    )


_MOVE_UNITS = """
UPDATE lot
SET {source} = lot.{source} - given.units, {target} = lot.{target} + given.units
FROM (
    SELECT lot_id, sum(units) AS units
    FROM unnest($2::uuid[], $3::integer[]) AS one (lot_id, units)
    GROUP BY lot_id
) AS given
WHERE lot.clinic_id = $1 AND lot.lot_id = given.lot_id
"""


async def move_units(sql: Sql, clinic_id: UUID, accounts: tuple[str, str], moved: Sequence[Moved]) -> None:
    """Bring the balances into line with movements from one account inside to another or to an end."""
    statement = _MOVE_UNITS.format(source=accounts[0], target=accounts[1])
    await sql.execute(statement, clinic_id, [one.lot_id for one in moved], [one.units for one in moved])
