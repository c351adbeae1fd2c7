"""Transfers as people look at them: what waits for whom, the days of one, and what is free for it."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import get_args
from uuid import UUID

from msgspec import Struct

from services.stock.rules.transfer import NEXT, State, Step
from services.stock.store.transfer import TransferRow
from shared.database import Transaction


class ListedTransfer(TransferRow, frozen=True, kw_only=True):
    """With the first of its products, and how many lines it has."""

    product_name: str
    lines: int


# What waits for us before what waits for them, each the longest first; then what is over, the latest first.
PAGE = """
SELECT transfer.transfer_id, transfer.side_id, transfer.side, transfer.other_clinic_id,
       neighbour.name AS other_clinic_name, transfer.state, transfer.note, transfer.reason, transfer.asked_at,
       transfer.changed_at, line.product_name, line.lines
FROM transfer
LEFT JOIN neighbour ON neighbour.clinic_id = transfer.other_clinic_id
LEFT JOIN unnest($2::text[], $3::text[]) AS next (state, side) ON next.state = transfer.state
CROSS JOIN LATERAL (
    SELECT product_name, count(*) OVER () AS lines
    FROM transfer_line
    WHERE transfer_line.clinic_id = transfer.clinic_id AND transfer_line.transfer_id = transfer.transfer_id
    ORDER BY line_number
    LIMIT 1
) AS line
WHERE transfer.clinic_id = $1
ORDER BY next.state IS NULL, next.side IS DISTINCT FROM transfer.side,
         CASE WHEN next.state IS NOT NULL THEN transfer.changed_at END, transfer.changed_at DESC, transfer.transfer_id
LIMIT $4 OFFSET $5
"""
COUNT = "SELECT count(*) FROM transfer WHERE clinic_id = $1"
WAITING = """
SELECT transfer.state, count(*) AS transfers
FROM transfer
JOIN unnest($2::text[], $3::text[]) AS next (state, side) USING (state, side)
WHERE transfer.clinic_id = $1
GROUP BY transfer.state
"""
_NEXT_STATES, _NEXT_SIDES = list(NEXT), [side for _, side in NEXT.values()]


async def page_of_transfers(tx: Transaction, most: int, before: int) -> list[ListedTransfer]:
    """So many of this clinic's transfers, after those that stand `before` them."""
    rows = await tx.sql.fetch(PAGE, tx.clinic_id, _NEXT_STATES, _NEXT_SIDES, most, before)
    return [ListedTransfer(**dict(row)) for row in rows]


async def count_transfers(tx: Transaction) -> int:
    return await tx.sql.fetchval(COUNT, tx.clinic_id) or 0


async def waiting_for_us(tx: Transaction) -> dict[Step, int]:
    """How many transfers wait for each step of ours; without those that nothing waits for."""
    rows = await tx.sql.fetch(WAITING, tx.clinic_id, _NEXT_STATES, _NEXT_SIDES)
    found = {row["state"]: row["transfers"] for row in rows}
    return {step: found[state] for state, (step, _) in NEXT.items() if state in found}


BY_NUMBER = """
SELECT transfer_id
FROM transfer
WHERE clinic_id = $1 AND right(transfer_id::text, 8) = $2
ORDER BY changed_at DESC
LIMIT 1
"""


async def transfer_of_number(tx: Transaction, bits: str) -> UUID | None:
    """The transfer whose id ends in what `slips.bits_of_slip` read."""
    return await tx.sql.fetchval(BY_NUMBER, tx.clinic_id, bits)


class ReachedState(Struct, frozen=True, kw_only=True):
    state: State
    reached_at: datetime


STEPS = """
SELECT state, reached_at
FROM transfer_step
WHERE clinic_id = $1 AND transfer_id = $2
ORDER BY reached_at, array_position($3::text[], state)
"""


async def steps_of(tx: Transaction, transfer_id: UUID) -> list[ReachedState]:
    rows = await tx.sql.fetch(STEPS, tx.clinic_id, transfer_id, list(get_args(State)))
    return [ReachedState(**dict(row)) for row in rows]


# As the choice for a transfer sees it: what is held or about to expire is not free.
FREE = """
SELECT product_id, sum(shelf)::bigint AS units
FROM lot
WHERE clinic_id = $1 AND product_id = ANY($2) AND shelf > 0 AND held_at IS NULL AND expires_on >= $3
GROUP BY product_id
"""


async def free_units(tx: Transaction, product_ids: Sequence[UUID], least_on: date) -> dict[UUID, int]:
    """What could be sent of each product, valid until that day at least."""
    rows = await tx.sql.fetch(FREE, tx.clinic_id, list(product_ids), least_on)
    return {row["product_id"]: row["units"] for row in rows}


class OwnLot(Struct, frozen=True, kw_only=True):
    """Where a lot lies that goes with a transfer, and whether it may go."""

    lot_id: UUID
    place: str | None
    held: bool
    quarantine: int


OWN_LOTS = """
SELECT lot_id, place, held_at IS NOT NULL AS held, quarantine
FROM lot
WHERE clinic_id = $1 AND lot_id = ANY($2)
ORDER BY lot_id
"""


async def own_lots(tx: Transaction, lot_ids: Sequence[UUID]) -> dict[UUID, OwnLot]:
    return {row["lot_id"]: OwnLot(**dict(row)) for row in await tx.sql.fetch(OWN_LOTS, tx.clinic_id, list(lot_ids))}
