"""The lines of a collection, as they were logged and as they are read."""

from datetime import date, datetime
from typing import Literal, cast
from uuid import UUID

import asyncpg
from msgspec import Struct

from services.donations.rules import Storage
from services.donations.store.collections import LockedCollection
from shared.database import Transaction
from shared.policies import SourceKind

LineState = Literal["logged", "withdrawn", "accepted", "held", "refused", "missing"]
Scanned = Literal["number", "pack", "both"]
"""Which codes of a box were read: only its number, one that says the expiry, or both."""


class LineRow(Struct, frozen=True, kw_only=True):
    """A line with what its check found. `needs_look`: no pharmacist has confirmed that its number is this product."""

    line_id: UUID
    collection_id: UUID
    line_number: int
    product_id: UUID
    product_name: str
    gtin: str | None
    scanned: Scanned | None
    needs_look: bool
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
    checked_units: int | None
    accepted_units: int | None


ADD_LINE = """
INSERT INTO line (line_id, clinic_id, collection_id, line_number, product_id, batch, expires_on, opened, units,
                  source_kind, source_name, storage, state, reason, policy_name, decision_id, logged_by, logged_at,
                  gtin, scanned)
SELECT $1, $2, $3, coalesce(max(line_number), 0) + 1, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,
       $18, $19
FROM line
WHERE clinic_id = $2 AND collection_id = $3
RETURNING line_number
"""


class Verdict(Struct, frozen=True, kw_only=True):
    """What the rules made of an item, and the decision behind the policy that refused it."""

    state: LineState
    reason: str | None = None
    policy_name: str | None = None
    decision_id: UUID | None = None


class NewLine(Struct, frozen=True, kw_only=True):
    line_id: UUID
    collection_id: UUID
    product_id: UUID
    gtin: str | None
    scanned: Scanned | None
    batch: str | None
    expires_on: date
    opened: bool
    units: int
    source_kind: SourceKind
    source_name: str | None
    storage: Storage
    verdict: Verdict


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
        line.verdict.state,
        line.verdict.reason,
        line.verdict.policy_name,
        line.verdict.decision_id,
        tx.person_id,
        tx.now,
        line.gtin,
        line.scanned,
    )
    return cast("int", number)


# A number that the catalogue has as this product's pack, written with 14, 13, 12 or 8 digits, needs nobody's word.
_NEEDS_LOOK = """
       line.gtin IS NOT NULL
       AND NOT EXISTS (
           SELECT
           FROM gtin_binding
           WHERE gtin_binding.gtin = line.gtin
               AND gtin_binding.product_id = line.product_id
               AND gtin_binding.state = 'confirmed'
       )
       AND NOT EXISTS (
           SELECT
           FROM pack
           WHERE pack.product_id = line.product_id
               AND pack.code = ANY(ARRAY[
                   line.gtin,
                   CASE WHEN line.gtin LIKE '0%' THEN right(line.gtin, 13) END,
                   CASE WHEN line.gtin LIKE '00%' THEN right(line.gtin, 12) END,
                   CASE WHEN line.gtin LIKE '000000%' THEN right(line.gtin, 8) END
               ])
       ) AS needs_look
"""
_LINE_COLUMNS = f"""
       line.line_id, line.collection_id, line.line_number, line.product_id, product.name AS product_name,
       line.gtin, line.scanned, {_NEEDS_LOOK.strip()},
       line.batch, line.expires_on, line.opened, line.units, line.source_kind, line.source_name, line.storage,
       line.state, line.reason, line.reason_text, line.policy_name, line.decision_id, line.logged_at,
       line.checked_by, line.checked_at, line.checked_batch, line.checked_expires_on, line.checked_opened,
       line.checked_units, line.accepted_units
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
# Of another person's line, or one from before the hand-in, this scan is not the second code: it is another box.
HALF_READ = f"""
WITH latest AS (
    SELECT line_id
    FROM line
    WHERE clinic_id = $1 AND collection_id = $2 AND state <> 'withdrawn'
    ORDER BY line_number DESC
    LIMIT 1
)
SELECT {_LINE_COLUMNS}
FROM latest
JOIN line USING (line_id)
JOIN collection USING (clinic_id, collection_id)
JOIN product USING (product_id)
WHERE line.scanned IN ('number', 'pack')
    AND line.logged_by = $3
    AND line.checked_at IS NULL
    AND (collection.handed_in_at IS NULL OR line.logged_at > collection.handed_in_at)
"""
WAITING = (
    _LINE
    + """
WHERE line.clinic_id = $1 AND line.state = ANY($2)
ORDER BY line.logged_at, line.line_id
LIMIT $3 OFFSET $4
"""
)
COUNT_WAITING = "SELECT count(*)::int FROM line WHERE clinic_id = $1 AND state = ANY($2)"


def _line(row: asyncpg.Record) -> LineRow:
    fields = {name: row[name] for name in LineRow.__struct_fields__}
    fields["source_kind"] = SourceKind(fields["source_kind"])
    fields["storage"] = Storage(fields["storage"])
    return LineRow(**fields)


def verdict_of(line: LineRow) -> Verdict:
    """The one that stands."""
    return Verdict(state=line.state, reason=line.reason, policy_name=line.policy_name, decision_id=line.decision_id)


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


async def half_read_line(tx: Transaction, collection_id: UUID) -> LineRow | None:
    """The latest line that counts, if this person logged it and only one of its codes was read."""
    row = await tx.sql.fetchrow(HALF_READ, tx.clinic_id, collection_id, tx.person_id)
    return _line(row) if row else None


async def waiting_lines(tx: Transaction, states: list[LineState], most: int, *, skip: int = 0) -> list[LineRow]:
    """Lines that stay in donations, the oldest on top."""
    return [_line(row) for row in await tx.sql.fetch(WAITING, tx.clinic_id, states, most, skip)]


async def count_waiting(tx: Transaction, states: list[LineState]) -> int:
    return cast("int", await tx.sql.fetchval(COUNT_WAITING, tx.clinic_id, states))


# The pack isn't here after all: only of one that is, a second is asked about.
WITHDRAW = """
WITH pack AS (
    UPDATE pack_seen SET is_here = false WHERE line_id = $2
)
UPDATE line SET state = 'withdrawn' WHERE clinic_id = $1 AND line_id = $2
"""


async def withdraw_line(tx: Transaction, line_id: UUID) -> None:
    await tx.sql.execute(WITHDRAW, tx.clinic_id, line_id)


# For a line that no check has seen: from then on what was logged stays, and what was found stands beside it.
PUT_RIGHT = """
UPDATE line
SET units = $3, opened = $4, batch = $5, expires_on = $6, scanned = $7, state = $8, reason = $9, policy_name = $10,
    decision_id = $11
WHERE clinic_id = $1 AND line_id = $2
"""


async def put_right(tx: Transaction, line: LineRow, verdict: Verdict) -> None:
    """Units, condition, batch, expiry and the codes that were read, as they stand in the row, with a new verdict."""
    await tx.sql.execute(
        PUT_RIGHT,
        tx.clinic_id,
        line.line_id,
        line.units,
        line.opened,
        line.batch,
        line.expires_on,
        line.scanned,
        verdict.state,
        verdict.reason,
        verdict.policy_name,
        verdict.decision_id,
    )


DECISION_OF_POLICY = "SELECT decision_id FROM policy WHERE clinic_id = $1 AND name = $2"


async def decision_of_policy(tx: Transaction, name: str | None) -> UUID | None:
    """The decision that put a policy in force; None for its default, or where no policy is behind it."""
    decision_id: UUID | None = await tx.sql.fetchval(DECISION_OF_POLICY, tx.clinic_id, name)
    return decision_id
