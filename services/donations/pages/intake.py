"""Logging boxes at the counter: one field takes a scan, a name, a number of units, or a minus to undo."""

from typing import Any
from uuid import UUID

from litestar import Response

from services.donations import store, words
from services.donations.actions import collecting
from services.donations.pages import entry
from services.donations.pages.boxes import Asked, Doors, asked_again, enter
from services.donations.pages.collections import address_of, their_collection
from services.donations.scanning import actions as scanning
from shared import known, slips
from shared.database import Work
from shared.identity import Access
from shared.roles import Act
from shared.web.pages import View, form, page
from shared.words import SOURCES


@page("/clinics/{clinic_id:uuid}/collections/{collection_id:uuid}", act=Act.SEE_COLLECTIONS)
async def show_collection(
    work: Work, access: Access, view: View, clinic_id: UUID, collection_id: UUID
) -> Response[Any]:
    """A collection: while it is open with the field to log boxes, afterwards with what came of each."""
    return await _show(work, access, view, collection_id, await asked_again(view))


async def _show(work: Work, access: Access, view: View, collection_id: UUID, asked: Asked | None) -> Response[Any]:
    assert work.clinic_id is not None
    async with work.reading() as tx:
        collection = await their_collection(tx, access, work.clinic_id, collection_id)
        lines = await store.lines.lines_of(tx, collection_id)
        own = await store.collections.partners(tx, access.pharmacies(Act.COLLECT, work.clinic_id))
        products = await known.products(tx.sql, tx.clinic_id, list({line.product_id for line in lines}))
    logging = collection.state == "open" and view.may(Act.COLLECT)
    return await view.page(
        "donations/intake.html" if logging else "donations/collection.html",
        base=address_of(work.clinic_id, collection_id),
        collection=collection,
        lines=lines,
        own_pharmacies=[each for each in own if each.pharmacy_id == collection.pharmacy_id],
        products=products,
        shown=next((line for line in lines if str(line.line_id) == view.asked("line")), None),
        asked=asked,
        tables=words,
        sources=SOURCES,
        slip=slips.slip_number_shown(collection_id),
    )


@form("/clinics/{clinic_id:uuid}/collections/{collection_id:uuid}/boxes", act=Act.COLLECT, again=show_collection)
async def log_box(work: Work, access: Access, view: View, clinic_id: UUID, collection_id: UUID) -> Response[Any]:
    """One entry of the field: it is carried out, or what isn't certain is asked and nothing is stored."""
    box = view.typed(entry.BoxForm)
    pharmacies = access.pharmacies(Act.COLLECT, clinic_id)
    doors = Doors(
        by_name=lambda item: collecting.add_line(work, pharmacies, collection_id, item),
        by_code=lambda item: scanning.add_scanned_line(work, pharmacies, collection_id, item),
        withdraw=lambda line_id: collecting.withdraw_line(work, pharmacies, collection_id, line_id),
        recount=lambda line_id, units: collecting.recount_line(
            work, pharmacies, collection_id, line_id, units, more_than_pack_ok=box.more_than_pack_ok
        ),
    )
    done = await enter(view, box, doors)
    if isinstance(done, Asked):
        return await _show(view.reading, access, view, collection_id, done)
    return view.go(address_of(clinic_id, collection_id), line=done.line_id, was=done.what, left=box.left, **box.kept())


@form(
    "/clinics/{clinic_id:uuid}/collections/{collection_id:uuid}/lines/{line_id:uuid}/withdraw",
    act=Act.COLLECT,
    again=show_collection,
)
async def withdraw_by_form(
    work: Work, access: Access, view: View, clinic_id: UUID, collection_id: UUID, line_id: UUID
) -> Response[Any]:
    pharmacies = access.pharmacies(Act.COLLECT, clinic_id)
    doing = collecting.withdraw_line(work, pharmacies, collection_id, line_id)
    await view.once(doing, collecting.LineChanged)
    return view.go(address_of(clinic_id, collection_id), line=line_id, was="undone")


PAGES = (show_collection, log_box, withdraw_by_form)
