"""The collections of a pharmacy, or of a clinic: what is open, what waits, what came of the earlier ones."""

from typing import Any
from uuid import UUID

from litestar import Response
from msgspec import Struct

from services.donations import store
from services.donations.actions import collecting
from services.donations.errors import CollectionNotFound
from services.donations.pages import slip
from shared import slips
from shared.database import Transaction, Work
from shared.identity import Access
from shared.roles import Act
from shared.web.pages import View, form, page

MOST = 50


@page("/clinics/{clinic_id:uuid}/collections", act=Act.SEE_COLLECTIONS)
async def show_collections(work: Work, access: Access, view: View, clinic_id: UUID) -> Response[Any]:
    """For a partner pharmacist their own, for the clinic all: the latest on top."""
    pharmacies = access.pharmacies(Act.SEE_COLLECTIONS, clinic_id)
    async with work.reading() as tx:
        found = await store.collections.list_collections(tx, None, pharmacies, MOST)
        own = await store.collections.partners(tx, access.pharmacies(Act.COLLECT, clinic_id))
    return await view.page(
        "donations/collections.html", collections=found, own_pharmacies=own, slip_shown=slips.slip_number_shown
    )


class OpenForm(Struct, frozen=True, kw_only=True):
    pharmacy_id: UUID


@form("/clinics/{clinic_id:uuid}/collections", act=Act.COLLECT, again=show_collections)
async def open_collection_by_form(work: Work, access: Access, view: View, clinic_id: UUID) -> Response[Any]:
    typed = view.typed(OpenForm)
    pharmacies = access.pharmacies(Act.COLLECT, clinic_id)
    opened = await view.once(
        collecting.open_collection(work, pharmacies, typed.pharmacy_id), collecting.CollectionChanged
    )
    return view.go(address_of(clinic_id, opened.collection_id))


@form("/clinics/{clinic_id:uuid}/collections/{collection_id:uuid}/hand-in", act=Act.COLLECT)
async def hand_in_by_form(
    work: Work, access: Access, view: View, clinic_id: UUID, collection_id: UUID
) -> Response[Any]:
    pharmacies = access.pharmacies(Act.COLLECT, clinic_id)
    await view.once(collecting.hand_in_collection(work, pharmacies, collection_id), collecting.CollectionChanged)
    return view.go(address_of(clinic_id, collection_id))


@page("/clinics/{clinic_id:uuid}/collections/{collection_id:uuid}/slip.pdf", act=Act.SEE_COLLECTIONS)
async def print_slip(work: Work, access: Access, view: View, clinic_id: UUID, collection_id: UUID) -> Response[Any]:
    """The paper that goes with the bag: its number, as a code and in digits."""
    async with work.reading() as tx:
        collection = await their_collection(tx, access, clinic_id, collection_id)
        lines = await store.lines.lines_of(tx, collection_id)
        clinic_name = await store.collections.clinic_name(tx)
    return view.pdf("slip.pdf", await slip.printed(collection, lines, clinic_name, view.words))


async def their_collection(
    tx: Transaction, access: Access, clinic_id: UUID, collection_id: UUID
) -> store.collections.CollectionRow:
    """A collection that this person may see; another's is as if it weren't there."""
    pharmacies = access.pharmacies(Act.SEE_COLLECTIONS, clinic_id)
    collection = await store.collections.find_collection(tx, collection_id)
    if collection is None or (pharmacies is not None and collection.pharmacy_id not in pharmacies):
        raise CollectionNotFound
    return collection


def address_of(clinic_id: UUID, collection_id: UUID) -> str:
    return f"/donations/clinics/{clinic_id}/collections/{collection_id}"


PAGES = (show_collections, open_collection_by_form, hand_in_by_form, print_slip)
