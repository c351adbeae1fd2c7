"""How much waits for a person, as every page's head shows it: each service counts its own, and the others ask it."""

from typing import Any
from uuid import UUID

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from shared.roles import Act
from shared.web.pages.handling import page
from shared.web.pages.view import Counting, View


async def nothing_waits(_view: View) -> dict[str, int]:
    return {}


def numbers_page(counting: Counting) -> HTTPRouteHandler:
    """The numbers of one service, for the pages of the others."""

    @page("/clinics/{clinic_id:uuid}/fragments/numbers", act=Act.SEE_CLINIC)
    async def show_numbers(view: View, clinic_id: UUID) -> Response[Any]:
        return Response(await counting(view), media_type="application/json")

    return show_numbers


__all__ = ["Counting", "nothing_waits", "numbers_page"]
