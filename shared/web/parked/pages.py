"""The page of what waits, trying one of them again, and how many there are: for every service the same."""

from typing import Any
from uuid import UUID

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from shared.database import Work
from shared.roles import Act
from shared.web.pages import View, form, page
from shared.web.parked import words
from shared.web.parked.reading import Parked, find_parked, parked_at

A_PAGE = 20


def address_of(view: View) -> str:
    return f"/{view.runtime.service_name}/clinics/{view.clinic_id}/waiting-events"


async def count_parked(view: View) -> int:
    """How many wait in this service that concern the view's clinic."""
    assert view.clinic_id is not None, "the page of a clinic"
    return len(await parked_at(view.runtime.database.pool, view.clinic_id))


def said_of(view: View, parked: Parked) -> str:
    """What it is about, in plain words."""
    if parked.recorded_at is None:
        return view.words.gettext(words.UNREADABLE)
    text = words.EVENTS.get(parked.kind, words.UNKNOWN)
    return view.words.say(text, day=view.local(parked.recorded_at).date())


def parked_pages() -> tuple[HTTPRouteHandler, ...]:
    """Handlers of one service's own: each service is given new ones."""

    @page("/clinics/{clinic_id:uuid}/waiting-events", act=Act.SEE_CLINIC)
    async def show_waiting_events(view: View, clinic_id: UUID) -> Response[Any]:
        parked = await parked_at(view.runtime.database.pool, clinic_id)
        start = (view.page_number - 1) * A_PAGE
        asked = view.asked("event")
        return await view.page(
            "parked.html",
            base=address_of(view),
            service=view.runtime.service_name,
            parked=parked[start : start + A_PAGE],
            number=len(parked),
            pages=-(-len(parked) // A_PAGE),
            was=view.asked("was"),
            tried=next((each for each in parked if str(each.event_id) == asked), None),
            said=said_of,
            tables=words,
        )

    @form("/clinics/{clinic_id:uuid}/waiting-events/{event_id:uuid}/try-again", act=Act.TRY_AGAIN)
    async def try_again_by_form(view: View, clinic_id: UUID, event_id: UUID) -> Response[Any]:
        """As often as somebody likes: what was applied once is never applied again."""
        parked = await find_parked(view.runtime.database.pool, clinic_id, event_id)
        if parked is None or await view.runtime.inbox.retry(event_id):
            return view.go(address_of(view), was="processed")
        return view.go(address_of(view), was="waits", event=event_id)

    @page("/clinics/{clinic_id:uuid}/fragments/waiting-events", act=Act.SEE_CLINIC)
    async def show_number_of_waiting_events(work: Work, view: View) -> Response[Any]:
        return view.plain(
            "parked_part.html",
            service=view.runtime.service_name,
            parked=await count_parked(view),
            tables=words,
        )

    return (show_waiting_events, try_again_by_form, show_number_of_waiting_events)
