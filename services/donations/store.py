"""All of donations' SQL."""

from datetime import date, datetime
from typing import Literal, cast
from uuid import UUID

import asyncpg
from msgspec import Struct

from services.donations.rules import Storage
from shared.database import Transaction
from shared.policies import SourceKind

CollectionState = Literal["open", "handed_in", "checked"]
LineState = Literal["logged", "withdrawn", "accepted", "held", "refused", "missing"]


class CollectionRow(Struct, frozen=True, kw_only=True):
    collection_id: UUID
    pharmacy_id: UUID
    pharmacy_name: str | None
    state: CollectionState
    opened_at: datetime
    handed_in_at: datetime | None
    lines: int
    waiting_lines: int


class LockedCollection(Struct, frozen=True, kw_only=True):
    """What a command goes by, while nobody else changes the collection or a line of it."""

    collection_id: UUID
    pharmacy_id: UUID
    state: CollectionState


class LineRow(Struct, frozen=True, kw_only=True):
    line_id: UUID
    collection_id: UUID
    line_number: int
    product_id: UUID
    product_name: str
    batch: str | None
    expires_on: date
    opened: bool
    units: int
    source_kind: SourceKind
    source_name: str | None
    storage: Storage
    state: LineState
    reason: str | None
    reason_text: str | None
    policy_name: str | None
    decision_id: UUID | None
    logged_at: datetime
    checked_by: UUID | None
    checked_at: datetime | None
    checked_batch: str | None
    checked_expires_on: date | None
    checked_opened: bool | None
    accepted_units: int | None


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


_COLLECTION = """
SELECT collection.collection_id, collection.pharmacy_id, partnership.name AS pharmacy_name, collection.state,
       collection.opened_at, collection.handed_in_at,
       (SELECT count(*) FROM line WHERE line.collection_id = collection.collection_id)::int AS lines,
       (
           SELECT count(*)
           FROM line
           WHERE line.collection_id = collection.collection_id AND line.state = 'logged'
       )::int AS waiting_lines
FROM collection
LEFT JOIN partnership
    ON partnership.clinic_id = collection.clinic_id AND partnership.pharmacy_id = collection.pharmacy_id
"""
FIND_COLLECTION = _COLLECTION + "WHERE collection.clinic_id = $1 AND collection.collection_id = $2"
LOCK_COLLECTION = """
SELECT collection_id, pharmacy_id, state
FROM collection
WHERE clinic_id = $1 AND collection_id = $2
FOR UPDATE
"""
LIST_COLLECTIONS = (
    _COLLECTION
    + """
WHERE collection.clinic_id = $1
    AND ($2::text IS NULL OR collection.state = $2)
    AND ($3::uuid[] IS NULL OR collection.pharmacy_id = ANY($3))
ORDER BY collection.opened_at DESC, collection.collection_id
LIMIT $4
"""
)


async def find_collection(tx: Transaction, collection_id: UUID) -> CollectionRow | None:
    row = await tx.sql.fetchrow(FIND_COLLECTION, tx.clinic_id, collection_id)
    return CollectionRow(**dict(row)) if row else None


async def lock_collection(tx: Transaction, collection_id: UUID) -> LockedCollection | None:
    row = await tx.sql.fetchrow(LOCK_COLLECTION, tx.clinic_id, collection_id)
    return LockedCollection(**dict(row)) if row else None


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


ADD_LINE = """
INSERT INTO line (line_id, clinic_id, collection_id, line_number, product_id, batch, expires_on, opened, units,
                  source_kind, source_name, storage, state, reason, policy_name, decision_id, logged_by, logged_at)
SELECT $1, $2, $3, coalesce(max(line_number), 0) + 1, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17
FROM line
WHERE clinic_id = $2 AND collection_id = $3
RETURNING line_number
"""


class NewLine(Struct, frozen=True, kw_only=True):
    line_id: UUID
    collection_id: UUID
    product_id: UUID
    batch: str | None
    expires_on: date
    opened: bool
    units: int
    source_kind: SourceKind
    source_name: str | None
    storage: Storage
    state: LineState
    reason: str | None
    policy_name: str | None
    decision_id: UUID | None


async def add_line(tx: Transaction, line: NewLine) -> int:
    """Add a line to a collection that the caller has locked; returns its number."""
    number = await tx.sql.fetchval(
        ADD_LINE,
        line.line_id,
        tx.clinic_id,
        line.collection_id,
        line.product_id,
        line.batch,
        line.expires_on,
        line.opened,
        line.units,
        line.source_kind,
        line.source_name,
        line.storage,
        line.state,
        line.reason,
        line.policy_name,
        line.decision_id,
        tx.person_id,
        tx.now,
    )
    return cast("int", number)


_LINE_COLUMNS = """
       line.line_id, line.collection_id, line.line_number, line.product_id, product.name AS product_name,
       line.batch, line.expires_on, line.opened, line.units, line.source_kind, line.source_name, line.storage,
       line.state, line.reason, line.reason_text, line.policy_name, line.decision_id, line.logged_at,
       line.checked_by, line.checked_at, line.checked_batch, line.checked_expires_on, line.checked_opened,
       line.accepted_units
"""
_LINE = f"SELECT {_LINE_COLUMNS} FROM line JOIN product USING (product_id) "
LINES = _LINE + "WHERE line.clinic_id = $1 AND line.collection_id = $2 ORDER BY line.line_number"
# Both are locked, so both are read as they are after whoever held them: the collection first, as everywhere.
LOCK_LINE = f"""
SELECT collection.pharmacy_id, collection.state AS collection_state, {_LINE_COLUMNS}
FROM line
JOIN collection USING (clinic_id, collection_id)
JOIN product USING (product_id)
WHERE line.clinic_id = $1 AND line.collection_id = $2 AND line.line_id = $3
FOR UPDATE OF collection, line
"""
WAITING = (
    _LINE
    + """
WHERE line.clinic_id = $1 AND line.state = ANY($2)
ORDER BY line.logged_at, line.line_id
LIMIT $3
"""
)


def _line(row: asyncpg.Record) -> LineRow:
    fields = {name: row[name] for name in LineRow.__struct_fields__}
    fields["source_kind"] = SourceKind(fields["source_kind"])
    fields["storage"] = Storage(fields["storage"])
    return LineRow(**fields)


async def lines_of(tx: Transaction, collection_id: UUID) -> list[LineRow]:
    return [_line(row) for row in await tx.sql.fetch(LINES, tx.clinic_id, collection_id)]


async def lock_line(tx: Transaction, collection_id: UUID, line_id: UUID) -> tuple[LockedCollection, LineRow] | None:
    """A line with its collection."""
    row = await tx.sql.fetchrow(LOCK_LINE, tx.clinic_id, collection_id, line_id)
    if row is None:
        return None
    pharmacy_id, state, *_ = row
    collection = LockedCollection(collection_id=collection_id, pharmacy_id=pharmacy_id, state=state)
    return collection, _line(row)


async def waiting_lines(tx: Transaction, states: list[LineState], most: int) -> list[LineRow]:
    """Lines that stay in donations, the oldest on top."""
    return [_line(row) for row in await tx.sql.fetch(WAITING, tx.clinic_id, states, most)]


class Outcome(Struct, frozen=True, kw_only=True):
    """What became of a line at its check."""

    state: LineState
    reason: str | None
    reason_text: str | None
    batch: str | None
    expires_on: date
    opened: bool
    accepted_units: int | None


# What was logged stays, and why it was refused then; what the check found stands beside it. A pack that was missing
# is not here to be asked about; and after its last line a collection is checked.
SET_OUTCOME = """
WITH outcome AS (
    UPDATE line
    SET state = $4, reason = coalesce(nullif(reason, 'by_pharmacist'), $5), reason_text = $6,
        checked_batch = $7, checked_expires_on = $8,
        checked_opened = $9, accepted_units = $10, checked_by = $11, checked_at = $12
    WHERE clinic_id = $1 AND line_id = $3
), pack AS (
    UPDATE pack_seen SET is_here = $4 <> 'missing' WHERE line_id = $3
)
UPDATE collection
SET state = 'checked'
WHERE clinic_id = $1
    AND collection_id = $2
    AND state = 'handed_in'
    AND NOT EXISTS (
        SELECT
        FROM line
        WHERE line.collection_id = collection.collection_id AND line.line_id <> $3 AND line.state = 'logged'
    )
"""


async def set_outcome(tx: Transaction, collection_id: UUID, line_id: UUID, outcome: Outcome) -> None:
    """What the check made of a line that the caller has locked."""
    await tx.sql.execute(
        SET_OUTCOME,
        tx.clinic_id,
        collection_id,
        line_id,
        outcome.state,
        outcome.reason,
        outcome.reason_text,
        outcome.batch,
        outcome.expires_on,
        outcome.opened,
        outcome.accepted_units,
        tx.person_id,
        tx.now,
    )


# The pack isn't here after all: only of one that is, a second is asked about.
WITHDRAW = """
WITH pack AS (
    UPDATE pack_seen SET is_here = false WHERE line_id = $2
)
UPDATE line SET state = 'withdrawn' WHERE clinic_id = $1 AND line_id = $2
"""


async def withdraw_line(tx: Transaction, line_id: UUID) -> None:
    await tx.sql.execute(WITHDRAW, tx.clinic_id, line_id)


DECISION_OF_POLICY = "SELECT decision_id FROM policy WHERE clinic_id = $1 AND name = $2"


async def decision_of_policy(tx: Transaction, name: str | None) -> UUID | None:
    """The decision that put a policy in force; None for its default, or where no policy is behind it."""
    decision_id: UUID | None = await tx.sql.fetchval(DECISION_OF_POLICY, tx.clinic_id, name)
    return decision_id
