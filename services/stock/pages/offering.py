"""Why a lot isn't offered: what would be given for a need, and of every other lot the reason."""

from collections.abc import Sequence
from datetime import timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

from litestar import Response
from msgspec import Struct

from services.stock.actions.explaining import DaysWrong, Explained, NeedIsPast, Wanted, explain_need
from services.stock.pages.products import asked_in
from services.stock.pages.showing import Showing, products_of
from services.stock.rules import fefo
from services.stock.store import shelf
from services.stock.store.lots import LotRow
from shared import fields, known
from shared.database import Work
from shared.exact import FractionOutOfRangeError, NotAFractionError, format_fraction, parse_fraction
from shared.language import N_
from shared.roles import Act
from shared.web.pages import View, page
from shared.web.pages.forms import FieldProblem, FormWrong, read_as
from shared.web.pages.view import failed_form

USUAL_DAYS = 28
MOST_SHOWN = 60
"""So many lots that aren't given are told one by one, the lot that was asked about first; the rest are counted."""

NO_AMOUNT = N_("Type how much a day, like 1, 1/2 or 0,5.")
NO_SUCH_AMOUNT = N_("Type an amount up to 1000 a day.")
PAST = N_("This day is past: nothing is needed any more.")
TOO_FAR = N_("Type a day within a year from now.")


class NeedForm(Struct, frozen=True, kw_only=True):
    """`lot_id`: the lot that somebody wonders about."""

    per_day: fields.Name = "1"
    through_on: fields.Day | None = None
    lot_id: UUID | None = None


class Told(Struct, frozen=True, kw_only=True):
    """What is shown: the lots with what is given of each, or why not; the one asked about stands on top."""

    explained: Explained
    lots: dict[UUID, LotRow]
    picks: Sequence[fefo.Pick]
    passed_over: Sequence[fefo.PassedOver]
    not_shown: dict[fefo.Reason, int]
    asked_about: LotRow | None


@page("/clinics/{clinic_id:uuid}/products/{product_id:uuid}/would-give", act=Act.SEE_STOCK)
async def show_offering(work: Work, view: View, product_id: UUID) -> Response[Any]:
    typed = asked_in(view, "per_day", "through_on", "lot_id")
    usual_through = view.today + timedelta(days=USUAL_DAYS - 1)
    told, need = None, NeedForm()
    try:
        need = read_as(NeedForm, typed)
        wanted = Wanted(
            product_id=product_id,
            content_per_day=_amount(need.per_day),
            from_on=view.today,
            through_on=need.through_on or usual_through,
        )
        told = await _told(work, wanted, need.lot_id)
    except FormWrong as wrong:
        view.failed = failed_form(view.request.url.path, typed, wrong)
    async with work.reading() as tx:
        product = await known.product_of(tx.sql, tx.clinic_id, product_id)
        others = await products_of(tx, told.lots.values()) if told else {}
    return await view.page(
        "stock/offering.html",
        product=product.product,
        need=need,
        through_on=need.through_on or usual_through,
        told=told,
        needed=format_fraction(told.explained.content_needed) if told else "",
        short=format_fraction(told.explained.content_short) if told else "",
        show=Showing(view, {product_id: product, **others}),
    )


def _amount(text: str) -> Fraction:
    try:
        return parse_fraction(text)
    except NotAFractionError as wrong:
        raise FormWrong(problems=[FieldProblem("per_day", NO_AMOUNT)]) from wrong
    except FractionOutOfRangeError as wrong:
        raise FormWrong(problems=[FieldProblem("per_day", NO_SUCH_AMOUNT)]) from wrong


async def _told(work: Work, wanted: Wanted, lot_id: UUID | None) -> Told:
    try:
        explained = await explain_need(work, wanted)
    except (DaysWrong, NeedIsPast) as wrong:
        past = wanted.through_on < wanted.from_on
        raise FormWrong(problems=[FieldProblem("through_on", PAST if past else TOO_FAR)]) from wrong
    passed_over = sorted(explained.passed_over, key=lambda each: each.lot_id != lot_id)
    shown, rest = passed_over[:MOST_SHOWN], passed_over[MOST_SHOWN:]
    ids = [each.lot_id for each in (*explained.picks, *shown)]
    async with work.reading() as tx:
        lots = await shelf.lots_of_ids(tx, [*ids, *([lot_id] if lot_id else [])])
    return Told(
        explained=explained,
        lots=lots,
        picks=explained.picks[:MOST_SHOWN],
        passed_over=shown,
        not_shown={reason: sum(each.reason is reason for each in rest) for reason in {each.reason for each in rest}},
        asked_about=lots.get(lot_id) if lot_id else None,
    )


PAGES = (show_offering,)
