"""Transfers between clinics: this clinic's own side of each."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg
from msgspec import Struct

from services.stock.rules.transfer import Side, State
from shared.database import Sql, Transaction
from shared.events.stock import ProductName


class TransferRow(Struct, frozen=True, kw_only=True):
    transfer_id: UUID
    side_id: UUID
    side: Side
    other_clinic_id: UUID
    other_clinic_name: str | None
    state: State
    note: str | None
    reason: str | None
    asked_at: datetime
    changed_at: datetime


class TransferLine(Struct, frozen=True, kw_only=True):
    line_number: int
    product_codes: tuple[str, ...]
    product_name: str
    asked_units: int
    agreed_units: int | None = None
    reason: str | None = None


class TransferLot(Struct, frozen=True, kw_only=True):
    lot_number: int
    line_number: int
    product_codes: tuple[str, ...]
    product_name: str
    batch: str | None
    expires_on: date
    opened: bool
    lot_id: UUID | None
    shipped_units: int
    counted_units: int | None = None


HEAR = """
INSERT INTO neighbour (clinic_id, name, heard_at)
VALUES ($1, $2, $3)
ON CONFLICT (clinic_id) DO UPDATE SET name = excluded.name, heard_at = excluded.heard_at
"""
NEIGHBOURS = "SELECT clinic_id, name FROM neighbour WHERE clinic_id IS DISTINCT FROM $1 ORDER BY name, clinic_id"
IS_HEARD = "SELECT EXISTS (SELECT FROM neighbour WHERE clinic_id = $1)"
IS_OURS = "SELECT EXISTS (SELECT FROM clinic WHERE clinic_id = $1)"


class Neighbour(Struct, frozen=True, kw_only=True):
    clinic_id: UUID
    name: str


async def hear(tx: Transaction, clinic_id: UUID, name: str) -> None:
    await tx.sql.execute(HEAR, clinic_id, name, tx.now)


async def neighbours(sql: Sql, but_clinic_id: UUID | None) -> list[Neighbour]:
    return [Neighbour(**dict(row)) for row in await sql.fetch(NEIGHBOURS, but_clinic_id)]


async def is_heard(sql: Sql, clinic_id: UUID) -> bool:
    return bool(await sql.fetchval(IS_HEARD, clinic_id))


async def is_ours(sql: Sql, clinic_id: UUID) -> bool:
    """Does this cell serve the clinic?"""
    return bool(await sql.fetchval(IS_OURS, clinic_id))


OPEN = """
WITH stepped AS (
    INSERT INTO transfer_step (clinic_id, transfer_id, state, reached_at)
    VALUES ($2, $1, 'requested', $7)
)
INSERT INTO transfer (transfer_id, clinic_id, side_id, side, other_clinic_id, state, note, asked_at, changed_at)
VALUES ($1, $2, $3, $4, $5, 'requested', $6, $7, $7)
"""
ADD_LINES = """
INSERT INTO transfer_line (clinic_id, transfer_id, line_number, product_codes, product_name, asked_units)
VALUES ($1, $2, $3, $4, $5, $6)
"""


async def open_transfer(
    tx: Transaction,
    transfer_id: UUID,
    side_id: UUID,
    side: Side,
    other_clinic_id: UUID,
    note: str | None,
    lines: Sequence[TransferLine],
) -> None:
    """Write this clinic's row of a transfer, requested, with its lines."""
    await tx.sql.execute(OPEN, transfer_id, tx.clinic_id, side_id, side, other_clinic_id, note, tx.now)
    await tx.sql.executemany(
        ADD_LINES,
        [
            (tx.clinic_id, transfer_id, x.line_number, list(x.product_codes), x.product_name, x.asked_units)
            for x in lines
        ],
    )


_FIND = """
SELECT transfer.transfer_id, transfer.side_id, transfer.side, transfer.other_clinic_id,
       neighbour.name AS other_clinic_name, transfer.state, transfer.note, transfer.reason, transfer.asked_at,
       transfer.changed_at
FROM transfer
LEFT JOIN neighbour ON neighbour.clinic_id = transfer.other_clinic_id
WHERE transfer.clinic_id = $1 AND transfer.transfer_id = $2
"""
FIND_ONE = _FIND
LOCK_ONE = _FIND + "FOR UPDATE OF transfer"
LIST = """
SELECT transfer.transfer_id, transfer.side_id, transfer.side, transfer.other_clinic_id,
       neighbour.name AS other_clinic_name, transfer.state, transfer.note, transfer.reason, transfer.asked_at,
       transfer.changed_at
FROM transfer
LEFT JOIN neighbour ON neighbour.clinic_id = transfer.other_clinic_id
WHERE transfer.clinic_id = $1
ORDER BY transfer.changed_at DESC, transfer.transfer_id
LIMIT $2
"""


async def find_transfer(tx: Transaction, transfer_id: UUID, *, lock: bool = False) -> TransferRow | None:
    row = await tx.sql.fetchrow(LOCK_ONE if lock else FIND_ONE, tx.clinic_id, transfer_id)
    return TransferRow(**dict(row)) if row else None


async def list_transfers(tx: Transaction, most: int) -> list[TransferRow]:
    return [TransferRow(**dict(row)) for row in await tx.sql.fetch(LIST, tx.clinic_id, most)]


LINES = """
SELECT line_number, product_codes, product_name, asked_units, agreed_units, reason
FROM transfer_line
WHERE clinic_id = $1 AND transfer_id = $2
ORDER BY line_number
"""
LOTS = """
SELECT lot_number, line_number, product_codes, product_name, batch, expires_on, opened, lot_id, shipped_units,
       counted_units
FROM transfer_lot
WHERE clinic_id = $1 AND transfer_id = $2
ORDER BY lot_number
"""


async def lines_of(tx: Transaction, transfer_id: UUID) -> list[TransferLine]:
    rows = await tx.sql.fetch(LINES, tx.clinic_id, transfer_id)
    return [TransferLine(**_with_tuple(row)) for row in rows]


async def lots_of(tx: Transaction, transfer_id: UUID) -> list[TransferLot]:
    rows = await tx.sql.fetch(LOTS, tx.clinic_id, transfer_id)
    return [TransferLot(**_with_tuple(row)) for row in rows]


def _with_tuple(row: asyncpg.Record) -> dict[str, Any]:
    fields: dict[str, Any] = dict(row)
    fields["product_codes"] = tuple(fields["product_codes"])
    return fields


SET_STATE = """
WITH stepped AS (
    INSERT INTO transfer_step (clinic_id, transfer_id, state, reached_at)
    VALUES ($1, $2, $3, $5)
)
UPDATE transfer
SET state = $3, reason = coalesce($4, reason), changed_at = $5
WHERE clinic_id = $1 AND transfer_id = $2
"""
AGREE_LINE = """
UPDATE transfer_line
SET agreed_units = $4, reason = $5
WHERE clinic_id = $1 AND transfer_id = $2 AND line_number = $3
"""
ADD_LOTS = """
INSERT INTO transfer_lot (clinic_id, transfer_id, lot_number, line_number, product_codes, product_name, batch,
                          expires_on, opened, lot_id, shipped_units)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""
COUNT_LOT = """
UPDATE transfer_lot
SET counted_units = $4, lot_id = coalesce(lot_id, $5)
WHERE clinic_id = $1 AND transfer_id = $2 AND lot_number = $3
"""


async def set_state(tx: Transaction, transfer_id: UUID, state: State, reason: str | None = None) -> None:
    await tx.sql.execute(SET_STATE, tx.clinic_id, transfer_id, state, reason, tx.now)


async def agree_line(tx: Transaction, transfer_id: UUID, line_number: int, units: int, reason: str | None) -> None:
    await tx.sql.execute(AGREE_LINE, tx.clinic_id, transfer_id, line_number, units, reason)


async def add_lots(tx: Transaction, transfer_id: UUID, lots: Sequence[TransferLot]) -> None:
    await tx.sql.executemany(
        ADD_LOTS,
        [
            (
                tx.clinic_id,
                transfer_id,
                lot.lot_number,
                lot.line_number,
                list(lot.product_codes),
                lot.product_name,
                lot.batch,
                lot.expires_on,
                lot.opened,
                lot.lot_id,
                lot.shipped_units,
            )
            for lot in lots
        ],
    )


async def count_lot(tx: Transaction, transfer_id: UUID, lot_number: int, units: int, lot_id: UUID | None) -> None:
    await tx.sql.execute(COUNT_LOT, tx.clinic_id, transfer_id, lot_number, units, lot_id)


CODES_OF = "SELECT code FROM pack WHERE product_id = $1 ORDER BY code"
# The products of codes; of a name only where there are no codes.
NAMED = """
SELECT product_id FROM pack WHERE code = ANY({codes})
UNION
SELECT product_id FROM product WHERE cardinality({codes}) = 0 AND name = {name}
"""
BY_NAME = NAMED.format(codes="$1::text[]", name="$2") + "ORDER BY product_id LIMIT 2"


async def name_of(sql: Sql, product_id: UUID, name: str) -> ProductName:
    """A product as another clinic can find it."""
    codes = [row["code"] for row in await sql.fetch(CODES_OF, product_id)]
    return ProductName(codes=tuple(codes), name=name)


async def product_named(sql: Sql, codes: Sequence[str], name: str) -> UUID | None:
    """This cell's product of another clinic's codes, or of its name; None unless there is just one."""
    rows = await sql.fetch(BY_NAME, list(codes), name)
    return rows[0]["product_id"] if len(rows) == 1 else None
