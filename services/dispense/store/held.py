"""Lots that are held, and who had been given of them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from shared.database import Sql, Transaction

HELD_LOTS = "SELECT lot_id FROM lot_state WHERE clinic_id = $1 AND lot_id = ANY($2) AND held_reason IS NOT NULL"


async def held_lots(tx: Transaction, lot_ids: Sequence[UUID]) -> set[UUID]:
    rows = await tx.sql.fetch(HELD_LOTS, tx.clinic_id, list(lot_ids))
    return {row["lot_id"] for row in rows}


KEEP_STATE = """
INSERT INTO lot_state (lot_id, clinic_id, held_reason)
VALUES ($1, $2, $3)
ON CONFLICT (lot_id) DO UPDATE SET held_reason = excluded.held_reason
"""


async def keep_lot_state(sql: Sql, clinic_id: UUID | None, lot_id: UUID, held_reason: str | None) -> None:
    await sql.execute(KEEP_STATE, lot_id, clinic_id, held_reason)


# Every line of an open day that has or had units of the lot: one that is being given back would come too late.
LOCK_LINES_OF_LOT = """
SELECT visit_line.line_id
FROM visit_line
JOIN visit USING (visit_id)
JOIN pharmacy_day USING (day_id)
WHERE visit_line.clinic_id = $1
    AND pharmacy_day.state = 'open'
    AND visit_line.line_id IN (SELECT line_id FROM escrow WHERE lot_id = $2)
ORDER BY visit_line.line_id
FOR UPDATE OF visit_line
"""


async def lock_lines_of_lot(tx: Transaction, lot_id: UUID) -> None:
    """Nobody gives of the lot or gives it back until the transaction is over; lines before escrow, as there."""
    await tx.sql.execute(LOCK_LINES_OF_LOT, tx.clinic_id, lot_id)


CALL_BACK = """
INSERT INTO call_back (clinic_id, dispensed_id, lot_id, reason, noticed_at)
SELECT clinic_id, dispensed_id, lot_id, $3, $4
FROM dispensed
WHERE clinic_id = $1 AND lot_id = $2 AND undone_at IS NULL
ON CONFLICT (dispensed_id) DO NOTHING
"""


async def list_for_call_back(tx: Transaction, lot_id: UUID, reason: str) -> None:
    """What had been given of the lot: these patients are to be called."""
    await tx.sql.execute(CALL_BACK, tx.clinic_id, lot_id, reason, tx.now)


class CallBackRow(Struct, frozen=True, kw_only=True):
    """Somebody who was given of a lot before word came that it is held."""

    patient_id: UUID
    lot_id: UUID
    product_name: str
    batch: str | None
    units: int
    reason: str
    given_at: datetime
    noticed_at: datetime


_CALL_BACKS = """
SELECT visit.patient_id, call_back.lot_id, escrow.product_name, escrow.batch, dispensed.units, call_back.reason,
       dispensed.given_at, call_back.noticed_at
FROM call_back
JOIN dispensed USING (dispensed_id)
JOIN visit USING (visit_id)
JOIN escrow ON escrow.line_id = dispensed.line_id AND escrow.lot_id = dispensed.lot_id
WHERE call_back.clinic_id = $1 AND dispensed.undone_at IS NULL{which}
ORDER BY call_back.noticed_at DESC, call_back.dispensed_id
LIMIT $2
"""
CALL_BACKS = _CALL_BACKS.format(which="")
CALL_BACKS_OF_DAY = _CALL_BACKS.format(which=" AND visit.day_id = $3")


async def call_backs(tx: Transaction, most: int) -> list[CallBackRow]:
    return [CallBackRow(**dict(row)) for row in await tx.sql.fetch(CALL_BACKS, tx.clinic_id, most)]


async def call_backs_of_day(tx: Transaction, day_id: UUID, most: int) -> list[CallBackRow]:
    return [CallBackRow(**dict(row)) for row in await tx.sql.fetch(CALL_BACKS_OF_DAY, tx.clinic_id, most, day_id)]
