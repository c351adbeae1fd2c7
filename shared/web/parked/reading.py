"""What waits in a service's inbox and concerns one clinic. The table has no clinic's policy: its envelopes tell."""

from datetime import datetime
from typing import cast
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct

from shared.errors import NotFound
from shared.events import Envelope
from shared.inbox import Reason
from shared.language import N_

MOST_READ = 2_000
EARLY_SECONDS = 60
"""An event that comes a little early is nothing to speak of."""

# Rows that name the clinic somewhere, or none at all: whom they concern is looked at afterwards.
WAITING = """
SELECT event_id, envelope, reason, arrived_at
FROM inbox_waiting
WHERE (position($1::bytea IN envelope) > 0 OR position('"clinic_id":null'::bytea IN envelope) > 0
       OR producer = 'unreadable')
    AND (reason <> 'early' OR arrived_at < clock_timestamp() - make_interval(secs => $2))
ORDER BY arrived_at DESC, event_id DESC
LIMIT $3
"""
ONE_WAITING = "SELECT event_id, envelope, reason, arrived_at FROM inbox_waiting WHERE event_id = $1"
IS_APPLIED = "SELECT EXISTS (SELECT FROM inbox WHERE event_id = $1)"


class ParkedNotFound(NotFound):
    title = N_("No such message waits at this clinic")
    detail = N_("Look at the list again.")


class Parked(Struct, frozen=True, kw_only=True):
    """An event that waits, without anything of what it says.

    `kind`: its name without the version; empty: nobody can read it. `of_all`: it concerns all clinics here.
    """

    event_id: UUID
    kind: str
    recorded_at: datetime | None
    reason: Reason
    arrived_at: datetime
    of_all: bool

    @property
    def reference(self) -> str:
        return reference_of(self.event_id)


def reference_of(event_id: UUID) -> str:
    """A short number to read out: the end of an event's id, where no two are alike."""
    return event_id.hex[-8:].upper()


class _Data(Struct, frozen=True):
    """Of what an event says: its kind, and the clinic that a message between clinics is for."""

    type: str = ""
    to_clinic_id: UUID | None = None


async def parked_at(pool: asyncpg.Pool, clinic_id: UUID) -> list[Parked]:
    """The latest first."""
    rows = await pool.fetch(WAITING, str(clinic_id).encode(), EARLY_SECONDS, MOST_READ)
    return [parked for row in rows if (parked := _read(row, clinic_id)) is not None]


async def find_parked(pool: asyncpg.Pool, clinic_id: UUID, event_id: UUID) -> Parked | None:
    """None: it was processed in the meantime. Raises ParkedNotFound."""
    row = await pool.fetchrow(ONE_WAITING, event_id)
    if row is None and await pool.fetchval(IS_APPLIED, event_id):
        return None
    parked = _read(row, clinic_id) if row is not None else None
    if parked is None:
        raise ParkedNotFound
    return parked


def _read(row: asyncpg.Record, clinic_id: UUID) -> Parked | None:
    """None: it is another clinic's."""
    try:
        envelope = msgspec.json.decode(row["envelope"], type=Envelope)
    except (ValueError, RecursionError):
        return _parked(row, "", None, of_all=True)
    data = _data_of(envelope)
    whose = data.to_clinic_id or envelope.clinic_id
    if whose not in (None, clinic_id):
        return None
    return _parked(row, data.type.rpartition(".v")[0] or "unknown", envelope.recorded_at, of_all=whose is None)


def _data_of(envelope: Envelope) -> _Data:
    try:
        return msgspec.json.decode(envelope.data, type=_Data)
    except (ValueError, RecursionError):
        return _Data()


def _parked(row: asyncpg.Record, kind: str, recorded_at: datetime | None, *, of_all: bool) -> Parked:
    return Parked(
        event_id=row["event_id"],
        kind=kind,
        recorded_at=recorded_at,
        reason=cast("Reason", row["reason"]),
        arrived_at=row["arrived_at"],
        of_all=of_all,
    )
