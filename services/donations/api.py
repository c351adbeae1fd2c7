"""Donations' JSON operations: decode, call the action, encode."""

from typing import Annotated, Literal
from uuid import UUID

from litestar.params import Parameter
from msgspec import Struct

from services.donations import store
from services.donations.actions import checking, collecting
from services.donations.errors import CollectionNotFound
from services.donations.rules import Storage
from shared import fields
from shared.database import Work
from shared.identity import Access
from shared.policies import SourceKind
from shared.roles import Act
from shared.web.operations import Limit, command, query
from shared.web.products import find_products


class CollectionBody(fields.Body, frozen=True):
    pharmacy_id: UUID


@command("/clinics/{clinic_id:uuid}/collections", act=Act.COLLECT)
async def open_collection(
    work: Work, access: Access, clinic_id: UUID, data: CollectionBody
) -> collecting.CollectionChanged:
    """Open a collection at your pharmacy, for this clinic."""
    return await collecting.open_collection(work, access.pharmacies(Act.COLLECT, clinic_id), data.pharmacy_id)


class LineBody(fields.Body, frozen=True):
    """One donated item. `batch` null: it can't be read. Send `product_id` or the `code` on the pack."""

    batch: fields.Batch | None
    expires_on: fields.Day
    opened: bool
    units: fields.Units
    source_kind: SourceKind
    product_id: UUID | None = None
    code: fields.Code | None = None
    source_name: fields.Name | None = None
    storage: Storage = Storage.ROOM

    def item(self) -> collecting.DonatedItem:
        return collecting.DonatedItem(
            product_id=self.product_id,
            code=self.code,
            batch=self.batch,
            expires_on=self.expires_on,
            opened=self.opened,
            units=self.units,
            source_kind=self.source_kind,
            source_name=self.source_name,
            storage=self.storage,
        )


@command("/clinics/{clinic_id:uuid}/collections/{collection_id:uuid}/lines", act=Act.COLLECT)
async def add_line(
    work: Work, access: Access, clinic_id: UUID, collection_id: UUID, data: LineBody
) -> collecting.LineChanged:
    """Add a donated item. One that the clinic doesn't accept is stored as refused: `reason` says why."""
    return await collecting.add_line(work, access.pharmacies(Act.COLLECT, clinic_id), collection_id, data.item())


@command(
    "/clinics/{clinic_id:uuid}/collections/{collection_id:uuid}/lines/{line_id:uuid}/withdraw",
    act=Act.COLLECT,
)
async def withdraw_line(
    work: Work, access: Access, clinic_id: UUID, collection_id: UUID, line_id: UUID
) -> collecting.LineChanged:
    """Undo a line of an open collection."""
    return await collecting.withdraw_line(work, access.pharmacies(Act.COLLECT, clinic_id), collection_id, line_id)


class RecountBody(fields.Body, frozen=True):
    """What is in the box. Without `opened`, fewer tablets or capsules than a full pack has mean that it was opened.

    Only `opened` false makes an opened pack a sealed one again. `more_than_pack_ok` takes more units than a full pack
    has.
    """

    units: fields.Units
    opened: bool | None = None
    more_than_pack_ok: bool = False


@command(
    "/clinics/{clinic_id:uuid}/collections/{collection_id:uuid}/lines/{line_id:uuid}/recount",
    act=Act.COLLECT,
)
async def recount_line(
    work: Work, access: Access, clinic_id: UUID, collection_id: UUID, line_id: UUID, data: RecountBody
) -> collecting.LineChanged:
    """Put right how much a line of an open collection has, and its condition; it is judged anew."""
    return await collecting.recount_line(
        work,
        access.pharmacies(Act.COLLECT, clinic_id),
        collection_id,
        line_id,
        data.units,
        opened=data.opened,
        more_than_pack_ok=data.more_than_pack_ok,
    )


@command("/clinics/{clinic_id:uuid}/collections/{collection_id:uuid}/hand-in", act=Act.COLLECT)
async def hand_in_collection(
    work: Work, access: Access, clinic_id: UUID, collection_id: UUID
) -> collecting.CollectionChanged:
    """Hand the collection in: it waits for the clinic's check."""
    return await collecting.hand_in_collection(work, access.pharmacies(Act.COLLECT, clinic_id), collection_id)


class Collections(Struct, frozen=True, kw_only=True):
    collections: list[store.collections.CollectionRow]


@query("/clinics/{clinic_id:uuid}/collections", act=Act.SEE_COLLECTIONS)
async def list_collections(
    work: Work,
    access: Access,
    clinic_id: UUID,
    collection_state: Literal["open", "handed_in", "checked"] | None = None,
    most: Limit = 100,
) -> Collections:
    """Collections, the latest on top; a partner pharmacist sees those of their pharmacy."""
    async with work.reading() as tx:
        pharmacies = access.pharmacies(Act.SEE_COLLECTIONS, clinic_id)
        found = await store.collections.list_collections(tx, collection_state, pharmacies, most)
        return Collections(collections=found)


class Collection(Struct, frozen=True, kw_only=True):
    collection: store.collections.CollectionRow
    lines: list[store.lines.LineRow]


@query("/clinics/{clinic_id:uuid}/collections/{collection_id:uuid}", act=Act.SEE_COLLECTIONS)
async def see_collection(work: Work, access: Access, clinic_id: UUID, collection_id: UUID) -> Collection:
    """A collection with its lines and what became of each."""
    pharmacies = access.pharmacies(Act.SEE_COLLECTIONS, clinic_id)
    async with work.reading() as tx:
        collection = await store.collections.find_collection(tx, collection_id)
        if collection is None or (pharmacies is not None and collection.pharmacy_id not in pharmacies):
            raise CollectionNotFound
        return Collection(collection=collection, lines=await store.lines.lines_of(tx, collection_id))


@command("/clinics/{clinic_id:uuid}/collections/{collection_id:uuid}/extra-lines", act=Act.CHECK_DONATION)
async def add_extra_line(work: Work, collection_id: UUID, data: LineBody) -> collecting.LineChanged:
    """Add a box that was in a handed-in collection though nobody had logged it."""
    return await collecting.add_extra_line(work, collection_id, data.item())


class CheckBody(fields.Body, frozen=True):
    """Each outcome may put right units, batch, expiry and condition; a later check of a held line goes on from there.

    `hold` and `refuse` say why; what is `missing` has no units.
    """

    outcome: Literal["accept", "hold", "refuse", "missing"]
    reason: fields.Line | None = None
    units: fields.Units | None = None
    batch: fields.Batch | None = None
    batch_unreadable: bool = False
    """The batch that was logged can't be read after all."""
    expires_on: fields.Day | None = None
    opened: bool | None = None
    needed_soon: bool = False
    """A plan needs it and it will be used in time, so its remaining life may be shorter than the policy asks."""
    product_confirmed: bool = False
    """It is the line's product, though the number that was scanned stands for another one by now, or for none."""


@command(
    "/clinics/{clinic_id:uuid}/collections/{collection_id:uuid}/lines/{line_id:uuid}/check",
    act=Act.CHECK_DONATION,
)
async def check_line(work: Work, collection_id: UUID, line_id: UUID, data: CheckBody) -> collecting.LineChanged:
    """Accept, hold or refuse a line, or say that it was not there."""
    check = checking.Check(
        outcome=data.outcome,
        reason_text=data.reason,
        units=data.units,
        batch=data.batch,
        batch_unreadable=data.batch_unreadable,
        expires_on=data.expires_on,
        opened=data.opened,
        needed_soon=data.needed_soon,
        product_confirmed=data.product_confirmed,
    )
    return await checking.check_line(work, collection_id, line_id, check)


class Lines(Struct, frozen=True, kw_only=True):
    lines: list[store.lines.LineRow]


States = Annotated[Literal["held", "refused"], Parameter(description="held: to be looked at; refused: to be destroyed")]


@query("/clinics/{clinic_id:uuid}/waiting-lines", act=Act.CHECK_DONATION)
async def list_waiting_lines(work: Work, line_state: States = "refused", most: Limit = 100) -> Lines:
    """Lines that stay in donations: refused ones wait to be destroyed, held ones to be looked at again."""
    async with work.reading() as tx:
        return Lines(lines=await store.lines.waiting_lines(tx, [line_state], most))


ROUTES = (
    find_products,
    open_collection,
    add_line,
    recount_line,
    withdraw_line,
    hand_in_collection,
    list_collections,
    see_collection,
    add_extra_line,
    check_line,
    list_waiting_lines,
)
