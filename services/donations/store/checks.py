"""What the check made of a line."""

from datetime import date
from uuid import UUID

from msgspec import Struct

from services.donations.store.lines import LineState
from shared.database import Transaction


class Outcome(Struct, frozen=True, kw_only=True):
    """What became of a line at its check. `units` None: nobody counted anew, in this check or an earlier one."""

    state: LineState
    reason: str | None
    reason_text: str | None
    batch: str | None
    expires_on: date
    opened: bool
    units: int | None
    accepted_units: int | None


# What was logged stays, and why it was refused then; what the check found stands beside it. A pack that was missing
# is not here to be asked about; and after its last line a collection is checked.
SET_OUTCOME = """
WITH outcome AS (
    UPDATE line
    SET state = $4, reason = coalesce(nullif(reason, 'by_pharmacist'), $5), reason_text = $6,
        checked_batch = $7, checked_expires_on = $8,
        checked_opened = $9, accepted_units = $10, checked_by = $11, checked_at = $12, checked_units = $13
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
        outcome.units,
    )
