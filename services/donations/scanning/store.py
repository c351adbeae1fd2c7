"""Which packs were logged with a serial: a hint across the clinics of the cell, which tells nothing but the day."""

import hashlib
from datetime import date
from uuid import UUID

from shared.database import Transaction

# Two scans of one pack at the same moment: the second waits, and is told of the first.
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(encode($1, 'hex'), 0))"
SEEN_ON = "SELECT max(logged_on) FROM pack_seen WHERE pack_hash = $1 AND is_here"
HAS_SERIAL = "SELECT EXISTS (SELECT FROM pack_seen WHERE line_id = $1)"
ADD = "INSERT INTO pack_seen (pack_hash, line_id, logged_on) VALUES ($1, $2, $3)"


def pack_hash(gtin: str, serial: str) -> bytes:
    """What is kept of a serial: enough to know it again."""
    return hashlib.sha256(f"{gtin}/{serial}".encode()).digest()


async def seen_on(tx: Transaction, pack: bytes) -> date | None:
    """The latest day on which this very pack was logged; None: never, or it was withdrawn or missing."""
    await tx.sql.execute(LOCK, pack)
    day: date | None = await tx.sql.fetchval(SEEN_ON, pack)
    return day


async def has_serial(tx: Transaction, line_id: UUID) -> bool:
    """Whether a serial was read on the line's box."""
    return bool(await tx.sql.fetchval(HAS_SERIAL, line_id))


async def add(tx: Transaction, pack: bytes, line_id: UUID) -> None:
    await tx.sql.execute(ADD, pack, line_id, tx.today)
