"""What a clinic's pharmacist does with each line of a collection that was handed in."""

from datetime import date
from typing import Literal
from uuid import UUID

from msgspec import Struct

from services.donations import actions, rules, store
from services.donations.errors import (
    CollectionNotHandedIn,
    LineAlreadyChecked,
    LineCannotBeAccepted,
    LineStaysRefused,
    ReasonMissing,
)
from shared.database import Transaction, Work
from shared.events.donations import LineAccepted


class Check(Struct, frozen=True, kw_only=True):
    """A pharmacist's word on a line, with what was put right; None leaves what was logged."""

    outcome: Literal["accept", "hold", "refuse", "missing"]
    reason_text: str | None = None
    units: int | None = None
    batch: str | None = None
    batch_unreadable: bool = False
    expires_on: date | None = None
    opened: bool | None = None
    needed_soon: bool = False


async def check_line(work: Work, collection_id: UUID, line_id: UUID, check: Check) -> actions.LineChanged:
    """A pharmacist's check of one line. Accepted units go to stock; what is held or refused stays here."""
    async with work.transaction() as tx:
        collection, line = await actions.locked_line(tx, collection_id, line_id, None)
        if collection.state == "open":
            raise CollectionNotHandedIn
        if line.state in ("accepted", "withdrawn"):
            raise LineAlreadyChecked
        outcome = await _outcome(tx, line, check)
        await store.checks.set_outcome(tx, collection_id, line_id, outcome)
        if outcome.accepted_units is not None:
            tx.emit(collection_id, _accepted(collection, line, outcome, outcome.accepted_units))
        return tx.done(
            actions.LineChanged(
                line_id=line_id, line_number=line.line_number, state=outcome.state, reason=outcome.reason
            )
        )


async def _outcome(tx: Transaction, line: store.lines.LineRow, check: Check) -> store.checks.Outcome:
    """What the check makes of a line: its corrections stand beside what was logged, an earlier check's included."""
    batch = check.batch or line.checked_batch or line.batch
    expires_on = check.expires_on or line.checked_expires_on or line.expires_on
    opened = next(x for x in (check.opened, line.checked_opened, line.opened) if x is not None)
    if line.reason == rules.RefusalReason.CONTROLLED and check.outcome != "refuse":
        raise LineStaysRefused
    if check.outcome in ("hold", "refuse") and check.reason_text is None:
        raise ReasonMissing
    if check.outcome == "accept":
        item = rules.Item(expires_on=expires_on, opened=opened, source_kind=line.source_kind, storage=line.storage)
        refusal = await actions.judge_item(tx, line.product_id, item, needed_soon=check.needed_soon)
        if refusal is not None:
            raise LineCannotBeAccepted(reason=refusal.reason, policy_name=refusal.policy_name)
    by_pharmacist = rules.RefusalReason.BY_PHARMACIST if check.outcome in ("hold", "refuse") else None
    return store.checks.Outcome(
        state=_STATES[check.outcome],
        reason=by_pharmacist,
        reason_text=check.reason_text,
        batch=None if check.batch_unreadable else batch,
        expires_on=expires_on,
        opened=opened,
        accepted_units=(check.units or line.units) if check.outcome == "accept" else None,
    )


_STATES: dict[str, store.lines.LineState] = {
    "accept": "accepted",
    "hold": "held",
    "refuse": "refused",
    "missing": "missing",
}


def _accepted(
    collection: store.collections.LockedCollection, line: store.lines.LineRow, outcome: store.checks.Outcome, units: int
) -> LineAccepted:
    return LineAccepted(
        collection_id=collection.collection_id,
        line_id=line.line_id,
        pharmacy_id=collection.pharmacy_id,
        product_id=line.product_id,
        batch=outcome.batch,
        expires_on=outcome.expires_on,
        opened=outcome.opened,
        units=units,
    )
