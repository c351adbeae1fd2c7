"""A lot's life: what it is, where its units are, and each movement that brought them there."""

from typing import Any
from uuid import UUID

from litestar import Response

from services.stock import words as tables
from services.stock.errors import LotNotFound
from services.stock.pages.showing import NoSuchPlace, Showing, id_asked
from services.stock.rules.transfer import earliest_expiry
from services.stock.store import life, surplus
from services.stock.store import lots as store
from services.stock.store import reservation as reservations
from shared import known
from shared.database import Work
from shared.roles import Act
from shared.web.pages import View, page

MOVEMENTS_A_PAGE = 50


@page("/clinics/{clinic_id:uuid}/lots/{lot_id:uuid}", act=Act.SEE_STOCK)
async def show_lot(work: Work, view: View, clinic_id: UUID, lot_id: UUID) -> Response[Any]:
    before = _before(view.asked("before"))
    async with work.reading() as tx:
        lot = await store.find_lot(tx, lot_id)
        if lot is None:
            raise LotNotFound
        found = await known.product_of(tx.sql, tx.clinic_id, lot.product_id)
        movements = await life.latest_movements(tx, lot_id, before, MOVEMENTS_A_PAGE + 1)
        inside = await life.inside_before(tx, lot, before)
        holders = await reservations.holders_of_lot(tx, lot_id)
        came_from_id = id_asked(view, "from")
        came_from = await store.find_lot(tx, came_from_id) if came_from_id else None
        spare = await surplus.of_lot(tx, lot_id)
    return await view.page(
        "stock/lot.html",
        base=f"/stock/clinics/{clinic_id}/lots/{lot_id}",
        lot=lot,
        product=found.product,
        movements=life.balances(movements[:MOVEMENTS_A_PAGE], inside),
        earlier=movements[MOVEMENTS_A_PAGE - 1].movement_id if len(movements) > MOVEMENTS_A_PAGE else None,
        held_for=_by_holder(holders),
        done=view.asked("was") if view.asked("was") in tables.LOT_DONE and not view.failed else "",
        came_from=came_from,
        spare=spare,
        can_be_sent=lot.expires_on >= earliest_expiry(view.today),
        show=Showing(view, {lot.product_id: found}),
    )


def _before(text: str) -> int:
    if not text:
        return life.NOW
    if not (text.isascii() and text.isdecimal() and len(text) < 18):
        raise NoSuchPlace
    return int(text)


def _by_holder(holders: list[tuple[str, int]]) -> list[tuple[str, int, int]]:
    """(kind of holder, how many of them, units)."""
    kinds = dict.fromkeys(holder for holder, _ in holders)
    return [
        (kind, sum(holder == kind for holder, _ in holders), sum(units for holder, units in holders if holder == kind))
        for kind in kinds
    ]


PAGES = (show_lot,)
