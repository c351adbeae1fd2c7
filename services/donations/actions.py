"""What a partner pharmacist and a clinic pharmacist do with donations: one function each."""

from datetime import date
from typing import Literal
from uuid import UUID

from msgspec import Struct

from services.donations import rules, store
from services.donations.errors import (
    CollectionEmpty,
    CollectionNotFound,
    CollectionNotHandedIn,
    CollectionNotOpen,
    LineAlreadyChecked,
    LineCannotBeAccepted,
    LineNotFound,
    LineStaysRefused,
    NotYourPharmacy,
    ProductNotNamed,
    ReasonMissing,
)
from shared import known
from shared.database import Transaction, Work
from shared.events.donations import LineAccepted
from shared.ids import new_id
from shared.policies import SourceKind

Pharmacies = frozenset[UUID] | None
"""Where the person is delegated; None: at the clinic itself, so all its partners are theirs to see."""


class CollectionChanged(Struct, frozen=True, kw_only=True):
    collection_id: UUID
    state: store.CollectionState


class LineChanged(Struct, frozen=True, kw_only=True):
    line_id: UUID
    line_number: int
    state: store.LineState
    reason: str | None = None
    policy_name: str | None = None
    decision_id: UUID | None = None


class DonatedItem(Struct, frozen=True, kw_only=True):
    """A line as it is logged; `batch` None: it can't be read. The product by its id or a code on its pack."""

    product_id: UUID | None
    code: str | None
    batch: str | None
    expires_on: date
    opened: bool
    units: int
    source_kind: SourceKind
    source_name: str | None
    storage: rules.Storage


async def open_collection(work: Work, pharmacies: Pharmacies, pharmacy_id: UUID) -> CollectionChanged:
    """Begin a bag or box at a partner pharmacy."""
    async with work.transaction() as tx:
        if pharmacies is not None and pharmacy_id not in pharmacies:
            raise NotYourPharmacy
        if not await store.is_partner(tx, pharmacy_id):
            raise NotYourPharmacy("That pharmacy is no partner of this clinic today.")
        collection_id = new_id()
        await store.open_collection(tx, collection_id, pharmacy_id)
        return tx.done(CollectionChanged(collection_id=collection_id, state="open"))


async def add_line(work: Work, pharmacies: Pharmacies, collection_id: UUID, item: DonatedItem) -> LineChanged:
    """Log a donated item; one that the clinic doesn't accept is stored as refused, with its reason, at once."""
    async with work.transaction() as tx:
        collection = await locked_collection(tx, collection_id, pharmacies)
        if collection.state != "open":
            raise CollectionNotOpen
        return tx.done(await log_line(tx, collection_id, item))


async def add_extra_line(work: Work, collection_id: UUID, item: DonatedItem) -> LineChanged:
    """A box found at the check that nobody had logged."""
    async with work.transaction() as tx:
        collection = await locked_collection(tx, collection_id, None)
        if collection.state == "open":
            raise CollectionNotHandedIn
        line = await log_line(tx, collection_id, item)
        await store.set_checked_if_done(tx, collection_id)
        return tx.done(line)


async def log_line(tx: Transaction, collection_id: UUID, item: DonatedItem) -> LineChanged:
    """Store an item's line in a collection that the caller has locked, refused or not."""
    if (item.product_id is None) == (item.code is None):
        raise ProductNotNamed
    product_id = item.product_id or await known.product_id_of_code(tx.sql, item.code or "")
    refusal = await _judge(tx, product_id, _facts(item))
    state: store.LineState = "refused" if refusal else "logged"
    decision_id = await store.decision_of_policy(tx, refusal.policy_name) if refusal else None
    line = store.NewLine(
        line_id=new_id(),
        collection_id=collection_id,
        product_id=product_id,
        batch=item.batch,
        expires_on=item.expires_on,
        opened=item.opened,
        units=item.units,
        source_kind=item.source_kind,
        source_name=item.source_name,
        storage=item.storage,
        state=state,
        reason=refusal.reason if refusal else None,
        policy_name=refusal.policy_name if refusal else None,
        decision_id=decision_id,
    )
    return LineChanged(
        line_id=line.line_id,
        line_number=await store.add_line(tx, line),
        state=state,
        reason=line.reason,
        policy_name=line.policy_name,
        decision_id=decision_id,
    )


def _facts(item: DonatedItem) -> rules.Item:
    return rules.Item(
        expires_on=item.expires_on, opened=item.opened, source_kind=item.source_kind, storage=item.storage
    )


async def _judge(
    tx: Transaction, product_id: UUID, item: rules.Item, *, needed_soon: bool = False
) -> rules.Refusal | None:
    product, policies = await known.product_and_policies(tx.sql, tx.clinic_id, product_id)
    return rules.judge(
        item,
        product.product,
        controlled=product.controlled,
        policies=policies,
        today=tx.today,
        needed_soon=needed_soon,
    )


async def withdraw_line(work: Work, pharmacies: Pharmacies, collection_id: UUID, line_id: UUID) -> LineChanged:
    """Undo a line of a collection that is still open."""
    async with work.transaction() as tx:
        collection, line = await _locked_line(tx, collection_id, line_id, pharmacies)
        if collection.state != "open":
            raise CollectionNotOpen
        await store.withdraw_line(tx, line_id)
        return tx.done(LineChanged(line_id=line_id, line_number=line.line_number, state="withdrawn"))


async def hand_in_collection(work: Work, pharmacies: Pharmacies, collection_id: UUID) -> CollectionChanged:
    """The collection goes to the clinic; from now on its pharmacist checks it."""
    async with work.transaction() as tx:
        collection = await locked_collection(tx, collection_id, pharmacies)
        if collection.state != "open":
            raise CollectionNotOpen
        if all(line.state == "withdrawn" for line in await store.lines_of(tx, collection_id)):
            raise CollectionEmpty
        await store.set_handed_in(tx, collection_id)
        state = await store.set_checked_if_done(tx, collection_id)
        return tx.done(CollectionChanged(collection_id=collection_id, state=state))


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


async def check_line(work: Work, collection_id: UUID, line_id: UUID, check: Check) -> LineChanged:
    """A pharmacist's check of one line. Accepted units go to stock; what is held or refused stays here."""
    async with work.transaction() as tx:
        collection, line = await _locked_line(tx, collection_id, line_id, None)
        if collection.state == "open":
            raise CollectionNotHandedIn
        if line.state in ("accepted", "withdrawn"):
            raise LineAlreadyChecked
        outcome = await _outcome(tx, line, check)
        await store.set_outcome(tx, collection_id, line_id, outcome)
        if outcome.accepted_units is not None:
            tx.emit(collection_id, _accepted(collection, line, outcome, outcome.accepted_units))
        return tx.done(
            LineChanged(line_id=line_id, line_number=line.line_number, state=outcome.state, reason=outcome.reason)
        )


async def _outcome(tx: Transaction, line: store.LineRow, check: Check) -> store.Outcome:
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
        refusal = await _judge(tx, line.product_id, item, needed_soon=check.needed_soon)
        if refusal is not None:
            raise LineCannotBeAccepted(reason=refusal.reason, policy_name=refusal.policy_name)
    by_pharmacist = rules.RefusalReason.BY_PHARMACIST if check.outcome in ("hold", "refuse") else None
    return store.Outcome(
        state=_STATES[check.outcome],
        reason=by_pharmacist,
        reason_text=check.reason_text,
        batch=None if check.batch_unreadable else batch,
        expires_on=expires_on,
        opened=opened,
        accepted_units=(check.units or line.units) if check.outcome == "accept" else None,
    )


_STATES: dict[str, store.LineState] = {
    "accept": "accepted",
    "hold": "held",
    "refuse": "refused",
    "missing": "missing",
}


def _accepted(
    collection: store.LockedCollection, line: store.LineRow, outcome: store.Outcome, units: int
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


async def locked_collection(tx: Transaction, collection_id: UUID, pharmacies: Pharmacies) -> store.LockedCollection:
    """The collection, locked. Another pharmacy's is as if it weren't there."""
    collection = await store.lock_collection(tx, collection_id)
    if collection is None or not _is_theirs(collection, pharmacies):
        raise CollectionNotFound
    return collection


async def _locked_line(
    tx: Transaction, collection_id: UUID, line_id: UUID, pharmacies: Pharmacies
) -> tuple[store.LockedCollection, store.LineRow]:
    """The line and its collection, locked; CollectionNotFound comes before LineNotFound."""
    found = await store.lock_line(tx, collection_id, line_id)
    if found is None or not _is_theirs(found[0], pharmacies):
        await locked_collection(tx, collection_id, pharmacies)
        raise LineNotFound
    return found


def _is_theirs(collection: store.LockedCollection, pharmacies: Pharmacies) -> bool:
    return pharmacies is None or collection.pharmacy_id in pharmacies
