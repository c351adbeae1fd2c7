"""The catalogue's SQL, beside what `shared.known` has for every service."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct

from services.stock.catalogue.corrections import Correction
from services.stock.catalogue.facts import PackFacts
from services.stock.catalogue.planning import KeyedRow, Standing
from services.stock.catalogue.reasons import Gap, OpenReason
from shared.catalogue import Product
from shared.database import Sql, Transaction
from shared.ids import new_id

# Imports and corrections of the catalogue follow one another: each must see what the other wrote.
LOCK_CATALOGUE = "SELECT pg_advisory_xact_lock(hashtextextended('dosis.catalogue', 0))"


async def lock_catalogue(sql: Sql) -> None:
    await sql.execute(LOCK_CATALOGUE)


OWNERS = "SELECT code, product_id FROM pack WHERE code = ANY($1)"
FACTS = "SELECT product_id, facts::text AS facts FROM product WHERE product_id = ANY($1)"
CORRECTIONS = """
SELECT product_id, facts::text AS facts
FROM product_correction
WHERE product_id = ANY($1)
ORDER BY corrected_at, correction_id
"""
COMPLETED_ROWS = "SELECT row_key FROM product_correction WHERE row_key IS NOT NULL"


async def standing_of(sql: Sql, read: Sequence[Product]) -> Standing:
    """What the catalogue holds of these products and of the codes on their packs."""
    codes = [pack.code for product in read for pack in product.packs if pack.code is not None]
    owners = {row["code"]: row["product_id"] for row in await sql.fetch(OWNERS, codes)}
    ids = list({product.product_id for product in read} | set(owners.values()))
    found = {row["product_id"]: _product(row) for row in await sql.fetch(FACTS, ids)}
    corrections: dict[UUID, list[Correction]] = {}
    for row in await sql.fetch(CORRECTIONS, ids):
        corrections.setdefault(row["product_id"], []).append(msgspec.json.decode(row["facts"], type=Correction))
    return Standing(products=found, owner_of_code=owners, corrections=corrections)


def _product(row: asyncpg.Record) -> Product:
    return msgspec.json.decode(row["facts"], type=Product)


async def completed_rows(sql: Sql) -> frozenset[UUID]:
    return frozenset(row["row_key"] for row in await sql.fetch(COMPLETED_ROWS))


# A row that a newer file tells otherwise, or tells completely, no longer waits as it was.
FORGET_OPEN_ROWS = "DELETE FROM open_row WHERE source = $1 OR row_key = ANY($2)"
ADD_OPEN_ROWS = """
INSERT INTO open_row (source, row_number, text, missing, row_key, gaps, known)
SELECT $1, row_number, text, missing, row_key, gaps, known
FROM unnest($2::integer[], $3::text[], $4::text[], $5::uuid[], $6::jsonb[], $7::jsonb[])
    AS given (row_number, text, missing, row_key, gaps, known)
"""


async def replace_open_rows(sql: Sql, source: str, rows: Sequence[KeyedRow], read_now: Iterable[UUID]) -> None:
    """The rows of one source that wait for a person, as the latest import found them.

    `read_now`: the keys of rows that this file tells completely.
    """
    await sql.execute(FORGET_OPEN_ROWS, source, [*(keyed.row_key for keyed in rows), *read_now])
    await sql.execute(
        ADD_OPEN_ROWS,
        source,
        [keyed.row.row_number for keyed in rows],
        [keyed.row.text for keyed in rows],
        [", ".join(gap.reason for gap in keyed.row.gaps) for keyed in rows],
        [keyed.row_key for keyed in rows],
        [msgspec.json.encode(keyed.row.gaps).decode() for keyed in rows],
        [msgspec.json.encode(keyed.row.known).decode() for keyed in rows],
    )


class WaitingRow(Struct, frozen=True, kw_only=True):
    """A row that a person has to complete: what was read of it, and why the rest was not."""

    row_key: UUID
    source: str
    row_number: int
    """As a spreadsheet counts; 0 where the file as a whole disagrees with the catalogue."""
    text: str
    gaps: tuple[Gap, ...]
    known: PackFacts


_WAITING = "row_key, source, row_number, text, gaps::text AS gaps, known::text AS known"
_ASKED_FOR = """
    ($1::text IS NULL OR strpos(lower(concat_ws(' ', text, known ->> 'name', known ->> 'code')), lower($1)) > 0)
    AND ($2::text IS NULL OR source = $2)
    AND ($3::text IS NULL OR gaps @> jsonb_build_array(jsonb_build_object('reason', $3::text)))
"""
WAITING_ROWS = f"""
SELECT {_WAITING}
FROM open_row
WHERE {_ASKED_FOR}
ORDER BY source, row_number, row_key
LIMIT $4
OFFSET $5
"""
WAITING_ROW = f"SELECT {_WAITING} FROM open_row WHERE row_key = $1"
HOW_MANY_WAIT = f"SELECT count(*) FROM open_row WHERE {_ASKED_FOR}"
FORGET_OPEN_ROW = "DELETE FROM open_row WHERE row_key = $1"


class AskedFor(Struct, frozen=True, kw_only=True):
    """Which of the waiting rows somebody wants to see; None is any."""

    text: str | None = None
    """A part of the name or of the code."""
    source: str | None = None
    reason: OpenReason | None = None


ANY_ROW = AskedFor()


async def waiting_rows(sql: Sql, most: int, skip: int, asked: AskedFor = ANY_ROW) -> list[WaitingRow]:
    """In the order of their files."""
    rows = await sql.fetch(WAITING_ROWS, asked.text, asked.source, asked.reason, most, skip)
    return [_waiting(row) for row in rows]


async def waiting_row(sql: Sql, row_key: UUID) -> WaitingRow | None:
    row = await sql.fetchrow(WAITING_ROW, row_key)
    return _waiting(row) if row else None


async def count_waiting(sql: Sql, asked: AskedFor = ANY_ROW) -> int:
    return int(await sql.fetchval(HOW_MANY_WAIT, asked.text, asked.source, asked.reason) or 0)


async def forget_open_row(sql: Sql, row_key: UUID) -> None:
    await sql.execute(FORGET_OPEN_ROW, row_key)


def _waiting(row: asyncpg.Record) -> WaitingRow:
    return WaitingRow(
        row_key=row["row_key"],
        source=row["source"],
        row_number=row["row_number"],
        text=row["text"],
        gaps=msgspec.json.decode(row["gaps"], type=tuple[Gap, ...]),
        known=msgspec.json.decode(row["known"], type=PackFacts),
    )


ADD_CORRECTION = """
INSERT INTO product_correction (correction_id, product_id, row_key, facts, reason, corrected_by, corrected_for,
                                corrected_at)
VALUES ($1, $2, $3, $4::jsonb, $5, $6, $7, $8)
"""


async def add_correction(
    tx: Transaction, product_id: UUID, correction: Correction, reason: str, row_key: UUID | None
) -> None:
    facts = msgspec.json.encode(correction).decode()
    await tx.sql.execute(
        ADD_CORRECTION, new_id(), product_id, row_key, facts, reason, tx.person_id, tx.clinic_id, tx.now
    )


class Judgement(Struct, frozen=True, kw_only=True):
    """What this clinic decided about a product, who decided it, when and why."""

    controlled: bool | None
    substitution_group: str | None
    judged_by: UUID
    judged_by_name: str | None
    judged_at: datetime
    reason: str


class Corrected(Struct, frozen=True, kw_only=True):
    """What a pharmacist put right in a product, for the whole cell; `completed_row` if it was listed by that."""

    facts: Correction
    corrected_by: UUID
    corrected_by_name: str | None
    corrected_for: UUID
    corrected_at: datetime
    reason: str
    completed_row: bool


JUDGEMENT = """
SELECT controlled, substitution_group, judged_by, person.display_name AS judged_by_name, judged_at, reason
FROM product_override
LEFT JOIN person ON person.person_id = judged_by
WHERE clinic_id = $1 AND product_id = $2
"""
CORRECTIONS_TOLD = """
SELECT facts::text AS facts, corrected_by, person.display_name AS corrected_by_name, corrected_for, corrected_at,
       reason, row_key IS NOT NULL AS completed_row
FROM product_correction
LEFT JOIN person ON person.person_id = corrected_by
WHERE product_id = $1
ORDER BY corrected_at, correction_id
"""


async def judgement_of(tx: Transaction, product_id: UUID) -> Judgement | None:
    row = await tx.sql.fetchrow(JUDGEMENT, tx.clinic_id, product_id)
    return Judgement(**dict(row)) if row else None


async def corrections_of(sql: Sql, product_id: UUID) -> list[Corrected]:
    rows = [dict(row) for row in await sql.fetch(CORRECTIONS_TOLD, product_id)]
    return [Corrected(facts=msgspec.json.decode(row.pop("facts"), type=Correction), **row) for row in rows]


SET_OVERRIDE = """
INSERT INTO product_override (clinic_id, product_id, controlled, substitution_group, judged_by, judged_at, reason)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (clinic_id, product_id) DO UPDATE
SET controlled = excluded.controlled,
    substitution_group = excluded.substitution_group,
    judged_by = excluded.judged_by,
    judged_at = excluded.judged_at,
    reason = excluded.reason
"""


async def set_override(
    tx: Transaction, product_id: UUID, *, controlled: bool | None, group: str | None, reason: str
) -> None:
    await tx.sql.execute(SET_OVERRIDE, tx.clinic_id, product_id, controlled, group, tx.person_id, tx.now, reason)
