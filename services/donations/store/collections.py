"""Bags and boxes of donated items on their way from a pharmacy to a clinic."""

from datetime import datetime
from typing import Literal, cast
from uuid import UUID

from msgspec import Struct

from shared.database import Transaction

CollectionState = Literal["open", "handed_in", "checked"]


class CollectionRow(Struct, frozen=True, kw_only=True):
    """A collection with how many of its lines there are, without those that were withdrawn."""

    collection_id: UUID
    pharmacy_id: UUID
    pharmacy_name: str | None
    state: CollectionState
    opened_at: datetime
    handed_in_at: datetime | None
    lines: int
    waiting_lines: int
    accepted_lines: int
    refused_lines: int


class LockedCollection(Struct, frozen=True, kw_only=True):
    """What a command goes by, while nobody else changes the collection or a line of it."""

    collection_id: UUID
    pharmacy_id: UUID
    state: CollectionState


OPEN_COLLECTION = """
INSERT INTO collection (collection_id, clinic_id, pharmacy_id, opened_by, opened_at)
VALUES ($1, $2, $3, $4, $5)
"""
IS_PARTNER = """
SELECT EXISTS (
    SELECT
    FROM partnership
    WHERE clinic_id = $1 AND pharmacy_id = $2 AND from_on <= $3 AND (until_on IS NULL OR until_on >= $3)
)
"""


async def open_collection(tx: Transaction, collection_id: UUID, pharmacy_id: UUID) -> None:
    await tx.sql.execute(OPEN_COLLECTION, collection_id, tx.clinic_id, pharmacy_id, tx.person_id, tx.now)


async def is_partner(tx: Transaction, pharmacy_id: UUID) -> bool:
    """Is the pharmacy a partner of the clinic today?"""
    return bool(await tx.sql.fetchval(IS_PARTNER, tx.clinic_id, pharmacy_id, tx.today))


def _collections(chosen: str) -> str:
    """The clinic's collections that are chosen, the latest on top; only of these are the lines counted."""
    return f"""
WITH chosen AS (
    SELECT *
    FROM collection
    WHERE clinic_id = $1
        {chosen.strip()}
)
SELECT chosen.collection_id, chosen.pharmacy_id, partnership.name AS pharmacy_name, chosen.state, chosen.opened_at,
       chosen.handed_in_at, counted.lines, counted.waiting_lines, counted.accepted_lines, counted.refused_lines
FROM chosen
LEFT JOIN partnership USING (clinic_id, pharmacy_id)
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE state <> 'withdrawn')::int AS lines,
           count(*) FILTER (WHERE state = 'logged')::int AS waiting_lines,
           count(*) FILTER (WHERE state = 'accepted')::int AS accepted_lines,
           count(*) FILTER (WHERE state = 'refused')::int AS refused_lines
    FROM line
    WHERE line.collection_id = chosen.collection_id
) AS counted
ORDER BY chosen.opened_at DESC, chosen.collection_id
"""


FIND_COLLECTION = _collections("AND collection_id = $2")
# No index is needed: a clinic has some thousands of collections, and their ids are all that is looked through.
BY_SLIP = _collections("""
        AND right(collection_id::text, 8) = $2
    ORDER BY opened_at DESC, collection_id
    LIMIT 1
""")
LOCK_COLLECTION = """
SELECT collection_id, pharmacy_id, state
FROM collection
WHERE clinic_id = $1 AND collection_id = $2
FOR UPDATE
"""
LIST_COLLECTIONS = _collections("""
        AND ($2::text IS NULL OR state = $2)
        AND ($3::uuid[] IS NULL OR pharmacy_id = ANY($3))
    ORDER BY opened_at DESC, collection_id
    LIMIT $4
""")


PARTNERS = """
SELECT pharmacy_id, name
FROM partnership
WHERE clinic_id = $1
    AND from_on <= $2
    AND (until_on IS NULL OR until_on >= $2)
    AND ($3::uuid[] IS NULL OR pharmacy_id = ANY($3))
ORDER BY name, pharmacy_id
"""
CLINIC_NAME = "SELECT name FROM clinic WHERE clinic_id = $1"


class PartnerRow(Struct, frozen=True, kw_only=True):
    pharmacy_id: UUID
    name: str


async def partners(tx: Transaction, pharmacy_ids: frozenset[UUID] | None) -> list[PartnerRow]:
    """Today's partner pharmacies of the clinic, of those that are asked about; None: all."""
    ids = None if pharmacy_ids is None else list(pharmacy_ids)
    return [PartnerRow(**dict(row)) for row in await tx.sql.fetch(PARTNERS, tx.clinic_id, tx.today, ids)]


async def clinic_name(tx: Transaction) -> str:
    return cast("str", await tx.sql.fetchval(CLINIC_NAME, tx.clinic_id))


async def find_collection(tx: Transaction, collection_id: UUID) -> CollectionRow | None:
    row = await tx.sql.fetchrow(FIND_COLLECTION, tx.clinic_id, collection_id)
    return CollectionRow(**dict(row)) if row else None


async def by_slip(tx: Transaction, hex8: str) -> CollectionRow | None:
    """The collection whose id ends in what `slips.bits_of_slip` read, in whatever state; of several the latest."""
    row = await tx.sql.fetchrow(BY_SLIP, tx.clinic_id, hex8)
    return CollectionRow(**dict(row)) if row else None


async def lock_collection(tx: Transaction, collection_id: UUID) -> LockedCollection | None:
    row = await tx.sql.fetchrow(LOCK_COLLECTION, tx.clinic_id, collection_id)
    return LockedCollection(**dict(row)) if row else None


COUNT_HANDED_IN = "SELECT count(*) FROM collection WHERE clinic_id = $1 AND state = 'handed_in'"
FIRST_HANDED_IN = """
SELECT collection_id
FROM collection
WHERE clinic_id = $1 AND state = 'handed_in'
ORDER BY opened_at, collection_id DESC
LIMIT 1
"""


async def count_handed_in(tx: Transaction) -> int:
    return await tx.sql.fetchval(COUNT_HANDED_IN, tx.clinic_id) or 0


async def first_handed_in(tx: Transaction) -> UUID | None:
    """The first of those that wait for their check, the one that was opened before all others."""
    first: UUID | None = await tx.sql.fetchval(FIRST_HANDED_IN, tx.clinic_id)
    return first


async def list_collections(
    tx: Transaction, state: CollectionState | None, pharmacy_ids: frozenset[UUID] | None, most: int
) -> list[CollectionRow]:
    """The latest on top; None for pharmacies: of all."""
    ids = None if pharmacy_ids is None else list(pharmacy_ids)
    rows = await tx.sql.fetch(LIST_COLLECTIONS, tx.clinic_id, state, ids, most)
    return [CollectionRow(**dict(row)) for row in rows]


SET_HANDED_IN = """
UPDATE collection
SET state = 'handed_in', handed_in_by = $3, handed_in_at = $4
WHERE clinic_id = $1 AND collection_id = $2
"""
# A collection is checked when no line waits for its outcome any more.
SET_CHECKED = """
UPDATE collection
SET state = CASE
    WHEN EXISTS (
        SELECT FROM line WHERE line.collection_id = collection.collection_id AND line.state = 'logged'
    ) THEN 'handed_in'
    ELSE 'checked'
END
WHERE clinic_id = $1 AND collection_id = $2
RETURNING state
"""


async def set_handed_in(tx: Transaction, collection_id: UUID) -> None:
    await tx.sql.execute(SET_HANDED_IN, tx.clinic_id, collection_id, tx.person_id, tx.now)


async def set_checked_if_done(tx: Transaction, collection_id: UUID) -> CollectionState:
    """The collection's state, now that its lines are others."""
    return cast("CollectionState", await tx.sql.fetchval(SET_CHECKED, tx.clinic_id, collection_id))
