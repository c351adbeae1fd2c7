"""What a clinic's pharmacist does with each line of a collection that was handed in."""

from datetime import date
from typing import Literal
from uuid import UUID

from msgspec import Struct

from services.donations import rules, store
from services.donations.actions import collecting
from services.donations.errors import (
    BatchReadAndUnreadable,
    CollectionNotHandedIn,
    GtinIsAnotherProduct,
    GtinRefused,
    LineAlreadyChecked,
    LineCannotBeAccepted,
    LineStaysRefused,
    MissingYetCounted,
    ReasonMissing,
)
from shared import gtins, known
from shared.database import Transaction, Work
from shared.events.donations import LineAccepted


class Check(Struct, frozen=True, kw_only=True):
    """A pharmacist's word on a line, with what was put right; None leaves what was logged, or checked earlier.

    `product_confirmed`: it is the line's product, though its number stands for another one by now, or for none.
    """

    outcome: Literal["accept", "hold", "refuse", "missing"]
    reason_text: str | None = None
    units: int | None = None
    batch: str | None = None
    batch_unreadable: bool = False
    expires_on: date | None = None
    opened: bool | None = None
    needed_soon: bool = False
    product_confirmed: bool = False


async def check_line(work: Work, collection_id: UUID, line_id: UUID, check: Check) -> collecting.LineChanged:
    """A pharmacist's check of one line. Accepted units go to stock; what is held or refused stays here."""
    async with work.transaction() as tx:
        collection, line = await collecting.locked_line(tx, collection_id, line_id, None)
        if collection.state == "open":
            raise CollectionNotHandedIn
        if line.state in ("accepted", "withdrawn"):
            raise LineAlreadyChecked
        _refuse_unsaid_or_contradicted(line, check)
        outcome = _outcome(line, check)
        if check.outcome == "accept":
            await _refuse_unless_acceptable(tx, line, check, outcome)
        await store.checks.set_outcome(tx, collection_id, line_id, outcome)
        if outcome.accepted_units is not None:
            tx.emit(collection_id, _accepted(collection, line, outcome, outcome.accepted_units))
        return tx.done(
            collecting.LineChanged(
                line_id=line_id, line_number=line.line_number, state=outcome.state, reason=outcome.reason
            )
        )


def _refuse_unsaid_or_contradicted(line: store.lines.LineRow, check: Check) -> None:
    """What no outcome can come of, whatever is known of the product."""
    if line.reason == rules.RefusalReason.CONTROLLED and check.outcome != "refuse":
        raise LineStaysRefused
    if check.outcome in ("hold", "refuse") and check.reason_text is None:
        raise ReasonMissing
    if check.batch_unreadable and check.batch is not None:
        raise BatchReadAndUnreadable
    if check.outcome == "missing" and check.units is not None:
        raise MissingYetCounted


def _outcome(line: store.lines.LineRow, check: Check) -> store.checks.Outcome:
    """What the check makes of a line: its corrections stand beside what was logged, an earlier check's included."""
    by_pharmacist = rules.RefusalReason.BY_PHARMACIST if check.outcome in ("hold", "refuse") else None
    units = check.units or line.checked_units
    return store.checks.Outcome(
        state=_STATES[check.outcome],
        reason=by_pharmacist,
        reason_text=check.reason_text,
        batch=_batch(line, check),
        expires_on=check.expires_on or line.checked_expires_on or line.expires_on,
        opened=next(x for x in (check.opened, line.checked_opened, line.opened) if x is not None),
        units=units,
        accepted_units=(units or line.units) if check.outcome == "accept" else None,
    )


def _batch(line: store.lines.LineRow, check: Check) -> str | None:
    """None: it can't be read. An earlier check that couldn't read it stands until somebody names the batch."""
    if check.batch_unreadable:
        return None
    return check.batch or (line.batch if line.checked_at is None else line.checked_batch)


async def _refuse_unless_acceptable(
    tx: Transaction, line: store.lines.LineRow, check: Check, outcome: store.checks.Outcome
) -> None:
    if line.gtin is not None and not check.product_confirmed:
        await _refuse_unless_still_its_product(tx, line.gtin, line.product_id)
    item = rules.Item(
        expires_on=outcome.expires_on, opened=outcome.opened, source_kind=line.source_kind, storage=line.storage
    )
    refusal = await collecting.judge_item(tx, line.product_id, item, needed_soon=check.needed_soon)
    if refusal is not None:
        raise LineCannotBeAccepted(reason=refusal.reason, policy_name=refusal.policy_name)


async def _refuse_unless_still_its_product(tx: Transaction, gtin: str, product_id: UUID) -> None:
    """A pharmacist may have judged the line's number since it was logged; what nobody judged yet is no obstacle."""
    in_catalogue = await gtins.pack_in_catalogue(tx.sql, gtin)
    binding = None if in_catalogue else await gtins.binding_of(tx.sql, gtin)
    if binding is not None and binding.state == "refused":
        raise GtinRefused(gtin=gtin)
    now_id = in_catalogue[0] if in_catalogue else binding.product_id if binding else product_id
    if now_id != product_id:
        now = await known.products(tx.sql, tx.clinic_id, [now_id])
        name = now[now_id].product.name if now_id in now else None
        raise GtinIsAnotherProduct(gtin=gtin, product_id=now_id, product_name=name)


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
