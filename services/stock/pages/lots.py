"""Lots by their expiry: what has expired, and what soon will."""

from typing import Any, get_args

from litestar import Response

from services.stock.pages.showing import LOTS_A_PAGE, Showing, after_of, cut, products_of
from services.stock.rules.expiry import WITHIN_DAYS, Within, days_of
from services.stock.store import shelf, surplus
from shared.database import Work
from shared.errors import BadRequest
from shared.language import N_
from shared.roles import Act
from shared.web.pages import View, page

USUAL: Within = "90"


class NoSuchDays(BadRequest):
    title = N_("There is no list for so many days")
    detail = N_("Choose 30, 60, 90 or 180 days, or what has expired.")


def within_of(view: View) -> Within:
    asked = view.asked("within") or USUAL
    for each in get_args(Within):
        if each == asked:
            return each
    raise NoSuchDays


@page("/clinics/{clinic_id:uuid}/lots", act=Act.SEE_STOCK)
async def show_lots(work: Work, view: View) -> Response[Any]:
    """A page of the lots that expire within the days asked for."""
    within, after = within_of(view), after_of(view.asked("after"))
    async with work.reading() as tx:
        days = days_of(within, tx.today)
        counts = await shelf.counts_within(tx)
        number = counts[within] if within in counts else await shelf.count_lots(tx, *days)
        lots, following = cut(await shelf.page_of_lots(tx, days, after, LOTS_A_PAGE + 1))
        products = await products_of(tx, lots)
        spare = await surplus.units_of(tx, [lot.lot_id for lot in lots])
    return await view.page(
        "stock/lots.html",
        within=within,
        within_days=WITHIN_DAYS,
        counts=counts,
        number=number,
        lots=lots,
        spare=spare,
        following=following,
        show=Showing(view, products),
    )


PAGES = (show_lots,)
