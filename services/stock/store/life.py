"""A lot's life: its movements with who made them, the latest first, and what was inside after each."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from services.stock.rules.ledger import Account
from services.stock.store.lots import LotRow
from shared.database import Transaction

INSIDE = (Account.QUARANTINE, Account.SHELF, Account.RESERVED, Account.IN_TRANSIT)


class LifeRow(Struct, frozen=True, kw_only=True):
    """One movement, in the order of the lot's life counted from its end."""

    movement_id: int
    from_account: str
    to_account: str
    units: int
    reverses: int | None
    reason: str | None
    person_name: str | None
    recorded_at: datetime

    @property
    def change(self) -> int:
        """By how much what is inside grew; negative: shrank."""
        return self.units * ((self.to_account in INSIDE) - (self.from_account in INSIDE))


PAGE = """
SELECT movement.movement_id, movement.from_account, movement.to_account, movement.units, movement.reverses,
       movement.reason, person.display_name AS person_name, movement.recorded_at
FROM movement
LEFT JOIN person USING (person_id)
WHERE movement.clinic_id = $1 AND movement.lot_id = $2 AND movement.movement_id < $3
ORDER BY movement.movement_id DESC
LIMIT $4
"""
CHANGED_SINCE = """
SELECT coalesce(sum(units * ((to_account = ANY($4))::integer - (from_account = ANY($4))::integer)), 0)::bigint
FROM movement
WHERE clinic_id = $1 AND lot_id = $2 AND movement_id >= $3
"""
NOW = 2**62
"""Comes after every movement."""


async def latest_movements(tx: Transaction, lot_id: UUID, before: int, most: int) -> list[LifeRow]:
    rows = await tx.sql.fetch(PAGE, tx.clinic_id, lot_id, before, most)
    return [LifeRow(**dict(row)) for row in rows]


async def inside_before(tx: Transaction, lot: LotRow, before: int) -> int:
    """So many units were inside when a movement had not been made yet."""
    inside = lot.quarantine + lot.shelf + lot.reserved + lot.in_transit
    if before == NOW:
        return inside
    since = await tx.sql.fetchval(CHANGED_SINCE, tx.clinic_id, lot.lot_id, before, list(INSIDE))
    return inside - (since or 0)


def balances(movements: list[LifeRow], inside: int) -> list[tuple[LifeRow, int]]:
    """Each movement with the units inside after it; `inside`: after the first of them, which is the latest."""
    told: list[tuple[LifeRow, int]] = []
    for movement in movements:
        told.append((movement, inside))
        inside -= movement.change
    return told
