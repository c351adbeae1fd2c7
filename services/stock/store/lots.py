"""Lots and their ledger."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
from msgspec import Struct

from services.stock.rules.ledger import BusinessStep, Movement
from shared.database import Transaction
from shared.ids import new_id


class LotRow(Struct, frozen=True, kw_only=True):
    """A lot as it stands: identity, place, state, and the units in each account inside and gone."""

    lot_id: UUID
    clinic_id: UUID
    product_id: UUID
    product_name: str
    batch: str | None
    expires_on: date
    opened: bool
    place: str | None
    held_at: datetime | None
    held_reason: str | None
    quarantine: int
    shelf: int
    reserved: int
    in_transit: int
    dispensed: int
    sent: int
    expired: int
    destroyed: int
    lost: int


COLUMNS = """
       lot.lot_id, lot.clinic_id, lot.product_id, product.name AS product_name, lot.batch, lot.expires_on,
       lot.opened, lot.place, lot.held_at, lot.held_reason, lot.quarantine, lot.shelf, lot.reserved,
       lot.in_transit, lot.dispensed, lot.sent, lot.expired, lot.destroyed, lot.lost
"""


def lot_of(row: asyncpg.Record) -> LotRow:
    return LotRow(**dict(row))


POST = "SELECT post_movements($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"


async def post(
    tx: Transaction, step: BusinessStep, movements: Sequence[Movement], operation_id: UUID | None = None
) -> UUID:
    """Move units through the one door; returns the operation's id. Nothing to move is no error."""
    operation_id = operation_id or new_id()
    if movements:
        await tx.sql.execute(
            POST,
            tx.clinic_id,
            operation_id,
            step,
            tx.person_id,
            tx.now,
            [movement.lot_id for movement in movements],
            [movement.source for movement in movements],
            [movement.target for movement in movements],
            [movement.units for movement in movements],
            [movement.cause_id for movement in movements],
            [movement.reason for movement in movements],
            [movement.reverses for movement in movements],
        )
    return operation_id


class LotIdentity(NamedTuple):
    """What makes a lot at a clinic; `batch` None: it couldn't be read."""

    product_id: UUID
    batch: str | None
    expires_on: date
    opened: bool


_GIVEN = """
unnest($2::uuid[], $3::text[], $4::date[], $5::boolean[]) AS given (product_id, batch, expires_on, opened)
"""
# IS NOT DISTINCT FROM would say both in one, but no index knows it: then every lot of the product is looked through.
FIND_LOTS = f"""
SELECT lot.lot_id, lot.product_id, lot.batch, lot.expires_on, lot.opened
FROM {_GIVEN}
JOIN lot USING (product_id, batch, expires_on, opened)
WHERE lot.clinic_id = $1
UNION ALL
SELECT lot.lot_id, lot.product_id, lot.batch, lot.expires_on, lot.opened
FROM {_GIVEN}
JOIN lot USING (product_id, expires_on, opened)
WHERE lot.clinic_id = $1 AND lot.batch IS NULL AND given.batch IS NULL
"""
MAKE_LOTS = """
INSERT INTO lot (lot_id, clinic_id, product_id, batch, expires_on, opened)
SELECT lot_id, $1, product_id, batch, expires_on, opened
FROM unnest($2::uuid[], $3::text[], $4::date[], $5::boolean[], $6::uuid[])
    AS given (product_id, batch, expires_on, opened, lot_id)
ON CONFLICT (clinic_id, product_id, batch, expires_on, opened) DO NOTHING
RETURNING lot_id, product_id, batch, expires_on, opened
"""


async def find_lots(tx: Transaction, identities: Sequence[LotIdentity]) -> dict[LotIdentity, UUID]:
    """The lots of these identities at the transaction's clinic, those that there are."""
    return _by_identity(await tx.sql.fetch(FIND_LOTS, tx.clinic_id, *_columns(identities)))


async def open_lots(tx: Transaction, identities: Sequence[LotIdentity]) -> dict[LotIdentity, UUID]:
    """The lots of these identities at the transaction's clinic, made without units where there was none.

    They are not locked: locks are taken afterwards, in the one order.
    """
    wanted = list(dict.fromkeys(identities))
    found = await find_lots(tx, wanted)
    missing = [identity for identity in wanted if identity not in found]
    if missing:
        ids = [new_id() for _ in missing]
        found |= _by_identity(await tx.sql.fetch(MAKE_LOTS, tx.clinic_id, *_columns(missing), ids))
    if len(found) < len(wanted):  # somebody else made one in this moment
        found = await find_lots(tx, wanted)
    return found


async def open_lot(tx: Transaction, identity: LotIdentity) -> UUID:
    """As `open_lots`, of one."""
    return (await open_lots(tx, [identity]))[identity]


def _columns(identities: Sequence[LotIdentity]) -> tuple[list[Any], ...]:
    return tuple([identity[column] for identity in identities] for column in range(4))


def _by_identity(rows: Sequence[asyncpg.Record]) -> dict[LotIdentity, UUID]:
    return {LotIdentity(*identity): lot_id for lot_id, *identity in rows}


LOCK = f"""
SELECT {COLUMNS}
FROM lot
JOIN product USING (product_id)
WHERE lot.clinic_id = $1 AND lot.lot_id = ANY($2)
ORDER BY lot.expires_on, lot.lot_id
FOR UPDATE OF lot
"""


async def lock_lots(tx: Transaction, lot_ids: Sequence[UUID]) -> dict[UUID, LotRow]:
    """The lots as they are now, locked in the one order; those of another clinic are not there."""
    rows = await tx.sql.fetch(LOCK, tx.clinic_id, list(lot_ids))
    return {row["lot_id"]: lot_of(row) for row in rows}


HOLD = "UPDATE lot SET held_at = $3, held_reason = $4 WHERE clinic_id = $1 AND lot_id = $2"


async def set_hold(tx: Transaction, lot_id: UUID, reason: str | None) -> None:
    """Mark a lot as held for a reason, or (None) as free."""
    await tx.sql.execute(HOLD, tx.clinic_id, lot_id, tx.now if reason else None, reason)


PLACE = "UPDATE lot SET place = $3 WHERE clinic_id = $1 AND lot_id = $2"


async def set_place(tx: Transaction, lot_id: UUID, place: str | None) -> None:
    await tx.sql.execute(PLACE, tx.clinic_id, lot_id, place)


# Lots with units inside, what expires first on top; a lot can be the place to go on from.
LIST = f"""
SELECT {COLUMNS}
FROM lot
JOIN product USING (product_id)
WHERE lot.clinic_id = $1
    AND lot.quarantine + lot.shelf + lot.reserved + lot.in_transit > 0
    AND ($2::uuid IS NULL OR lot.product_id = $2)
    AND ($3::date IS NULL OR lot.expires_on <= $3)
    AND ($4::date IS NULL OR (lot.expires_on, lot.lot_id) > ($4, $5))
ORDER BY lot.expires_on, lot.lot_id
LIMIT $6
"""


async def list_lots(
    tx: Transaction,
    product_id: UUID | None,
    expires_until: date | None,
    after: tuple[date, UUID] | None,
    most: int,
) -> list[LotRow]:
    """Lots with units inside at the transaction's clinic, in the order (expiry, lot id)."""
    after_on, after_id = after or (None, None)
    rows = await tx.sql.fetch(LIST, tx.clinic_id, product_id, expires_until, after_on, after_id, most)
    return [lot_of(row) for row in rows]


ONE = f"""
SELECT {COLUMNS}
FROM lot
JOIN product USING (product_id)
WHERE lot.clinic_id = $1 AND lot.lot_id = $2
"""


async def find_lot(tx: Transaction, lot_id: UUID) -> LotRow | None:
    row = await tx.sql.fetchrow(ONE, tx.clinic_id, lot_id)
    return lot_of(row) if row else None


class MovementRow(Struct, frozen=True, kw_only=True):
    """One movement of a lot's life."""

    movement_id: int
    from_account: str
    to_account: str
    units: int
    operation_id: UUID
    business_step: str
    cause_id: UUID | None
    reverses: int | None
    reason: str | None
    person_id: UUID | None
    recorded_at: datetime


LIFE = """
SELECT movement_id, from_account, to_account, units, operation_id, business_step, cause_id, reverses, reason,
       person_id, recorded_at
FROM movement
WHERE clinic_id = $1 AND lot_id = $2 AND movement_id > $3
ORDER BY movement_id
LIMIT $4
"""


async def movements_of(tx: Transaction, lot_id: UUID, after: int, most: int) -> list[MovementRow]:
    """A lot's movements in the order they were made."""
    rows = await tx.sql.fetch(LIFE, tx.clinic_id, lot_id, after, most)
    return [MovementRow(**dict(row)) for row in rows]


OF_OPERATION = """
SELECT movement_id, lot_id, from_account, to_account, units, cause_id
FROM movement
WHERE clinic_id = $1 AND operation_id = $2
ORDER BY movement_id
"""


async def movements_of_operation(tx: Transaction, operation_id: UUID) -> list[dict[str, Any]]:
    """The movements of one operation, to be mirrored."""
    return [dict(row) for row in await tx.sql.fetch(OF_OPERATION, tx.clinic_id, operation_id)]
