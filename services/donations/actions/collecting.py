"""What a partner pharmacist and a clinic pharmacist do with donations: one function each."""

from datetime import date
from uuid import UUID

from msgspec import Struct

from services.donations import rules, store
from services.donations.errors import (
    CollectionEmpty,
    CollectionNotFound,
    CollectionNotHandedIn,
    CollectionNotOpen,
    LineNotFound,
    NotYourPharmacy,
    ProductNotNamed,
)
from shared import known
from shared.database import Transaction, Work
from shared.ids import new_id
from shared.policies import SourceKind

Pharmacies = frozenset[UUID] | None
"""Where the person is delegated; None: at the clinic itself, so all its partners are theirs to see."""


class CollectionChanged(Struct, frozen=True, kw_only=True):
    collection_id: UUID
    state: store.collections.CollectionState


class LineChanged(Struct, frozen=True, kw_only=True):
    line_id: UUID
    line_number: int
    state: store.lines.LineState
    reason: str | None = None
    policy_name: str | None = None
    decision_id: UUID | None = None


class DonatedItem(Struct, frozen=True, kw_only=True):
    """A line as it is logged; `batch` None: it can't be read. The product by its id or a code on its pack.

    `gtin`: the number that was scanned, which may be judged to be another product before the check.
    """

    product_id: UUID | None
    code: str | None
    batch: str | None
    expires_on: date
    opened: bool
    units: int
    source_kind: SourceKind
    source_name: str | None
    storage: rules.Storage
    gtin: str | None = None


async def open_collection(work: Work, pharmacies: Pharmacies, pharmacy_id: UUID) -> CollectionChanged:
    """Begin a bag or box at a partner pharmacy."""
    async with work.transaction() as tx:
        if pharmacies is not None and pharmacy_id not in pharmacies:
            raise NotYourPharmacy
        if not await store.collections.is_partner(tx, pharmacy_id):
            raise NotYourPharmacy("That pharmacy is no partner of this clinic today.")
        collection_id = new_id()
        await store.collections.open_collection(tx, collection_id, pharmacy_id)
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
        await store.collections.set_checked_if_done(tx, collection_id)
        return tx.done(line)


async def log_line(tx: Transaction, collection_id: UUID, item: DonatedItem) -> LineChanged:
    """Store an item's line in a collection that the caller has locked, refused or not."""
    if (item.product_id is None) == (item.code is None):
        raise ProductNotNamed
    product_id = item.product_id or await known.product_id_of_code(tx.sql, item.code or "")
    refusal = await judge_item(tx, product_id, _facts(item))
    state: store.lines.LineState = "refused" if refusal else "logged"
    decision_id = await store.lines.decision_of_policy(tx, refusal.policy_name) if refusal else None
    line = store.lines.NewLine(
        line_id=new_id(),
        collection_id=collection_id,
        product_id=product_id,
        gtin=item.gtin,
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
        line_number=await store.lines.add_line(tx, line),
        state=state,
        reason=line.reason,
        policy_name=line.policy_name,
        decision_id=decision_id,
    )


def _facts(item: DonatedItem) -> rules.Item:
    return rules.Item(
        expires_on=item.expires_on, opened=item.opened, source_kind=item.source_kind, storage=item.storage
    )


async def judge_item(
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
        collection, line = await locked_line(tx, collection_id, line_id, pharmacies)
        if collection.state != "open":
            raise CollectionNotOpen
        await store.lines.withdraw_line(tx, line_id)
        return tx.done(LineChanged(line_id=line_id, line_number=line.line_number, state="withdrawn"))


async def hand_in_collection(work: Work, pharmacies: Pharmacies, collection_id: UUID) -> CollectionChanged:
    """The collection goes to the clinic; from now on its pharmacist checks it."""
    async with work.transaction() as tx:
        collection = await locked_collection(tx, collection_id, pharmacies)
        if collection.state != "open":
            raise CollectionNotOpen
        if all(line.state == "withdrawn" for line in await store.lines.lines_of(tx, collection_id)):
            raise CollectionEmpty
        await store.collections.set_handed_in(tx, collection_id)
        state = await store.collections.set_checked_if_done(tx, collection_id)
        return tx.done(CollectionChanged(collection_id=collection_id, state=state))


async def locked_collection(
    tx: Transaction, collection_id: UUID, pharmacies: Pharmacies
) -> store.collections.LockedCollection:
    """The collection, locked. Another pharmacy's is as if it weren't there."""
    collection = await store.collections.lock_collection(tx, collection_id)
    if collection is None or not _is_theirs(collection, pharmacies):
        raise CollectionNotFound
    return collection


async def locked_line(
    tx: Transaction, collection_id: UUID, line_id: UUID, pharmacies: Pharmacies
) -> tuple[store.collections.LockedCollection, store.lines.LineRow]:
    """The line and its collection, locked; CollectionNotFound comes before LineNotFound."""
    found = await store.lines.lock_line(tx, collection_id, line_id)
    if found is None or not _is_theirs(found[0], pharmacies):
        await locked_collection(tx, collection_id, pharmacies)
        raise LineNotFound
    return found


def _is_theirs(collection: store.collections.LockedCollection, pharmacies: Pharmacies) -> bool:
    return pharmacies is None or collection.pharmacy_id in pharmacies
