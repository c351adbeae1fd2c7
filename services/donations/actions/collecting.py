"""What a partner pharmacist and a clinic pharmacist do with donations: one function each."""

from datetime import date
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from services.donations import rules, store
from services.donations.errors import (
    CollectionEmpty,
    CollectionNotFound,
    CollectionNotHandedIn,
    CollectionNotOpen,
    LineNotFound,
    LineWithdrawn,
    MoreThanAPack,
    NotYourPharmacy,
    ProductNotNamed,
)
from shared import gtins, known
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

    `gtin`: the number that was scanned, which may be judged to be another product before the check; `scanned`: what
    sort of code it was in.
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
    scanned: store.lines.Scanned | None = None


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
    facts = rules.Item(
        expires_on=item.expires_on, opened=item.opened, source_kind=item.source_kind, storage=item.storage
    )
    verdict = await _verdict(tx, product_id, facts)
    line = store.lines.NewLine(
        line_id=new_id(),
        collection_id=collection_id,
        product_id=product_id,
        gtin=item.gtin,
        scanned=item.scanned,
        batch=item.batch,
        expires_on=item.expires_on,
        opened=item.opened,
        units=item.units,
        source_kind=item.source_kind,
        source_name=item.source_name,
        storage=item.storage,
        verdict=verdict,
    )
    return line_changed(line.line_id, await store.lines.add_line(tx, line), verdict)


def line_changed(line_id: UUID, line_number: int, verdict: store.lines.Verdict) -> LineChanged:
    return LineChanged(
        line_id=line_id,
        line_number=line_number,
        state=verdict.state,
        reason=verdict.reason,
        policy_name=verdict.policy_name,
        decision_id=verdict.decision_id,
    )


async def _verdict(tx: Transaction, product_id: UUID, item: rules.Item) -> store.lines.Verdict:
    refusal = await judge_item(tx, product_id, item)
    if refusal is None:
        return store.lines.Verdict(state="logged")
    return store.lines.Verdict(
        state="refused",
        reason=refusal.reason,
        policy_name=refusal.policy_name,
        decision_id=await store.lines.decision_of_policy(tx, refusal.policy_name),
    )


async def judged_anew(tx: Transaction, line: store.lines.LineRow) -> store.lines.Verdict:
    """What the rules make of an unchecked line as it was put right; what was found controlled stays refused."""
    if line.reason == rules.RefusalReason.CONTROLLED:
        return store.lines.verdict_of(line)
    item = rules.Item(
        expires_on=line.expires_on, opened=line.opened, source_kind=line.source_kind, storage=line.storage
    )
    return await _verdict(tx, line.product_id, item)


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


async def recount_line(
    work: Work,
    pharmacies: Pharmacies,
    collection_id: UUID,
    line_id: UUID,
    units: int,
    *,
    opened: bool | None = None,
    more_than_pack_ok: bool = False,
) -> LineChanged:
    """Put right how much a line of an open collection has, and its condition. `opened` None: what the count says."""
    async with work.transaction() as tx:
        collection, line = await locked_line(tx, collection_id, line_id, pharmacies)
        if collection.state != "open":
            raise CollectionNotOpen
        if line.state == "withdrawn":
            raise LineWithdrawn
        product = (await known.product_of(tx.sql, tx.clinic_id, line.product_id)).product
        full = rules.full_pack_units(await units_by_number(tx, line), product)
        if full is not None and units > full and not more_than_pack_ok:
            raise MoreThanAPack(
                "You count {units}, and a full pack has {full}. Is there that much in this one box?",
                units=units,
                full=full,
            )
        is_opened = rules.is_opened(
            said=opened, was_opened=line.opened, units=units, full=full, form_group=product.form_group
        )
        right = replace(line, units=units, opened=is_opened)
        verdict = await judged_anew(tx, right)
        await store.lines.put_right(tx, right, verdict)
        return tx.done(line_changed(line_id, line.line_number, verdict))


async def units_by_number(tx: Transaction, line: store.lines.LineRow) -> int | None:
    """How much a full pack of the line's number has; None: it has none, or the number doesn't tell."""
    pack = await gtins.pack_of(tx.sql, tx.clinic_id, line.gtin) if line.gtin is not None else None
    return pack.units_per_pack if pack and pack.product.product.product_id == line.product_id else None


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
