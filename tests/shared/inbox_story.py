"""A small consumer: it writes each event's word at the end of its aggregate's story, so that order and number tell."""

import contextlib
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from deploy.cell import Cell
from shared.database import Database, Work
from shared.events import Envelope, Event
from shared.events.stock import ClinicRegistered, LotHeld, LotHoldLifted
from shared.ids import new_id
from shared.inbox import Consumer, Consumers, Inbox, Together
from shared.service import EVENT_MIGRATIONS
from tests.scratch import Scratch, connected, scratch_database

TABLES = """
CREATE TABLE story (
    aggregate_id uuid NOT NULL,
    words text[] NOT NULL,
    CONSTRAINT story_pkey PRIMARY KEY (aggregate_id)
);
CREATE TABLE forbidden (word text NOT NULL, CONSTRAINT forbidden_pkey PRIMARY KEY (word));
CREATE TABLE counted (units integer NOT NULL);
GRANT SELECT, INSERT, UPDATE ON story, counted TO dosis_stock;
GRANT SELECT ON forbidden TO dosis_stock;
"""
TELL = """
INSERT INTO story (aggregate_id, words)
SELECT $1, ARRAY[$2]
ON CONFLICT (aggregate_id) DO UPDATE SET words = story.words || excluded.words
"""
IS_FORBIDDEN = "SELECT EXISTS (SELECT FROM forbidden WHERE word = $1)"


class WordForbidden(Exception):
    """What the consumer says of a word in the table `forbidden`."""


@dataclass(frozen=True)
class Story:
    """An inbox of a database apart, and what its owner sees there."""

    cell: Cell
    scratch: Scratch
    database: Database
    more: dict[type[Any], Consumer | Together] = field(default_factory=dict[type[Any], Consumer | Together])

    @property
    def inbox(self) -> Inbox:
        consumers: Consumers = {LotHeld: write_down, **self.more}
        return Inbox(self.database, self.cell.settings_of("stock").clock(), consumers)

    async def take_in(self, *envelopes: bytes) -> None:
        await self.inbox.take_in(envelopes)

    async def words(self, aggregate_id: UUID) -> list[str]:
        found = await self.database.pool.fetchval("SELECT words FROM story WHERE aggregate_id = $1", aggregate_id)
        return list(found or [])

    async def waiting(self) -> dict[UUID, str]:
        """Why each event waits."""
        rows = await self.database.pool.fetch("SELECT event_id, reason FROM inbox_waiting")
        return {row["event_id"]: row["reason"] for row in rows}

    async def details(self) -> dict[UUID, str]:
        rows = await self.database.pool.fetch("SELECT event_id, detail FROM inbox_waiting")
        return {row["event_id"]: row["detail"] for row in rows}

    async def as_owner(self, statement: str, *values: object) -> None:
        async with connected(self.scratch.owner_url) as owner:
            await owner.execute(statement, *values)

    async def forbid(self, word: str) -> None:
        await self.as_owner("INSERT INTO forbidden (word) VALUES ($1)", word)

    async def allow(self, word: str) -> None:
        await self.as_owner("DELETE FROM forbidden WHERE word = $1", word)


async def write_down(work: Work, event: LotHeld) -> None:
    async with work.transaction() as tx:
        await tx.sql.execute(TELL, event.lot_id, event.reason)
        if await tx.sql.fetchval(IS_FORBIDDEN, event.reason):
            raise WordForbidden(event.reason)
        tx.emit(event.lot_id, LotHoldLifted(lot_id=event.lot_id))


def enveloped(
    data: Event | dict[str, Any],
    aggregate_id: UUID,
    version: int,
    event_id: UUID | None = None,
    *,
    producer: str = "stock",
    clinic_id: UUID | None = None,
) -> bytes:
    told = Envelope(
        event_id=event_id or new_id(),
        producer=producer,
        aggregate_id=aggregate_id,
        version=version,
        clinic_id=clinic_id or new_id(),
        person_id=None,
        request_id="test",
        recorded_at=datetime(2026, 3, 2, tzinfo=UTC),
        data=msgspec.Raw(msgspec.json.encode(data)),
    )
    return msgspec.json.encode(told)


def told(aggregate_id: UUID, version: int, word: str | None = None, event_id: UUID | None = None) -> bytes:
    """The event of this version says its word: its own number unless another is given."""
    return enveloped(LotHeld(lot_id=aggregate_id, reason=word or str(version)), aggregate_id, version, event_id)


def of_no_use(aggregate_id: UUID, version: int) -> bytes:
    """An event that is known, but that the consumer has no use for."""
    return enveloped(ClinicRegistered(name="Demo"), aggregate_id, version)


def id_of(raw: bytes) -> UUID:
    return msgspec.json.decode(raw, type=Envelope).event_id


@contextlib.asynccontextmanager
async def scratch_with_stories(cell: Cell) -> AsyncGenerator[Scratch, None]:
    async with scratch_database(cell, (EVENT_MIGRATIONS,)) as scratch, connected(scratch.owner_url) as owner:
        await owner.execute(TABLES)
        yield scratch


def numbered(words: Sequence[str]) -> list[int]:
    return [int(word) for word in words]
