"""The scan box in every page's head: what a code leads to, whichever service knows it.

A service looks whether a text is one of its own codes, and hands on what it doesn't know, in the form itself, so that
neither a card's code nor a person's name ever stands in an address. What nobody knows is stock's to look for; only
what a medicine is called leads to an address with it.
"""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from msgspec import Struct

from shared import fields
from shared.roles import Act
from shared.web.pages.handling import form
from shared.web.pages.view import View

ORDER = ("dispense", "donations", "stock")
"""Who is asked after whom: what stock finds by name may be anything."""

LeadsTo = Callable[[View, str], Awaitable[str | None]]
"""The address that a text leads to; None: it is no code of this service."""


class FindForm(Struct, frozen=True, kw_only=True):
    text: fields.Scan


def find_form(leads_to: LeadsTo) -> HTTPRouteHandler:
    """The form of a service that only knows codes of its own."""

    @form("/clinics/{clinic_id:uuid}/find", act=Act.SEE_CLINIC)
    async def find(view: View, clinic_id: UUID) -> Response[Any]:
        address = await leads_to(view, view.typed(FindForm).text)
        return view.go(address) if address else handed_on(view) or view.go(f"/stock/clinics/{clinic_id}")

    return find


def handed_on(view: View) -> Response[Any] | None:
    """The same form, sent to the next service that hasn't seen it; None: all have."""
    here = view.runtime.service_name
    seen = {here, *view.asked("seen").split(",")} & set(ORDER)
    rest = [service for service in ORDER if service not in seen]
    if not rest and here == "stock":
        return None
    target = rest[0] if rest else "stock"
    address = f"/{target}/clinics/{view.clinic_id}/find?seen={','.join(sorted(seen))}"
    return Response("", status_code=307, media_type="text/html", headers={"Location": address})
