"""What of donations waits for a person: a part of the first page, which stock serves."""

from typing import Any
from uuid import UUID

from litestar import Response

from services.donations import store
from shared.database import Work
from shared.identity import Access
from shared.roles import Act
from shared.web.pages import View, page

MOST = 200


@page("/clinics/{clinic_id:uuid}/fragments/waiting", act=Act.SEE_COLLECTIONS)
async def show_waiting(work: Work, access: Access, view: View, clinic_id: UUID) -> Response[Any]:
    pharmacies = access.pharmacies(Act.SEE_COLLECTIONS, clinic_id)
    async with work.reading() as tx:
        opened = await store.collections.list_collections(tx, "open", pharmacies, MOST)
        handed_in = await store.collections.list_collections(tx, "handed_in", pharmacies, MOST)
        held = await store.lines.waiting_lines(tx, ["held"], MOST) if view.may(Act.CHECK_DONATION) else []
    return view.plain("donations/waiting.html", opened=opened, handed_in=handed_in, held=held)


async def numbers(view: View) -> dict[str, int]:
    """Collections that wait for the clinic's check."""
    if not view.may(Act.CHECK_DONATION):
        return {}
    async with view.reading.reading() as tx:
        return {"check": await store.collections.count_handed_in(tx)}


PAGES = (show_waiting,)
