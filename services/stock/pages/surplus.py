"""What other clinics have that this one lacks, what this one can spare, and the forms that say so of a lot."""

from datetime import date
from typing import Any
from uuid import UUID

from litestar import Response
from msgspec import Struct

from services.stock.actions import surplus as actions
from services.stock.errors import NotEnoughUnits
from services.stock.pages.life import show_lot
from services.stock.pages.products import Search, asked_in, like_a_card, scanned_product
from services.stock.pages.putting_right import LOT, NOT_SO_MANY
from services.stock.pages.showing import LOTS_A_PAGE, Showing, id_asked
from services.stock.rules.transfer import earliest_expiry
from services.stock.store import surplus as store
from shared import fields, known
from shared.codes import Recognised, read_code
from shared.database import Transaction, Work
from shared.roles import Act
from shared.search import is_a_name
from shared.web.pages import View, form, page
from shared.web.pages.forms import FieldProblem, FormWrong, Typed, read_as
from shared.web.pages.view import failed_form

SURPLUS = "/clinics/{clinic_id:uuid}/surplus"
OURS = SURPLUS + "/ours"


class UnitsForm(Struct, frozen=True, kw_only=True):
    units: fields.Units


# Looking


@page(SURPLUS, act=Act.SEE_TRANSFERS)
async def show_theirs(work: Work, view: View, clinic_id: UUID) -> Response[Any]:
    """What the others can spare and could still send: first what is lacking here, of that what expires first."""
    return await _theirs(work, view, clinic_id, asked_in(view, "text"))


@form(SURPLUS, act=Act.SEE_TRANSFERS, again=show_theirs)
async def seek_by_form(view: View, clinic_id: UUID) -> Response[Any]:
    """Looking by a form: somebody may type or scan a card, which is to stand in no address."""
    return await _theirs(view.reading, view, clinic_id, {"text": (view.typed(Search).text,)})


async def _theirs(work: Work, view: View, clinic_id: UUID, typed: Typed) -> Response[Any]:
    text, number = next(iter(typed["text"]), ""), view.page_number
    linked = linked_text(text, view.today)
    theirs, count = list[store.NeighbourSurplus](), 0
    async with work.reading() as tx:
        try:
            which = await _sought(tx, view, read_as(Search, typed).text)
            theirs, count = await store.theirs(tx, earliest_expiry(tx.today), which, LOTS_A_PAGE, _before(number))
        except FormWrong as wrong:
            view.failed = failed_form(view.request.url.path, typed, wrong)
        products = await known.products(tx.sql, tx.clinic_id, [each.product_id for each in theirs if each.product_id])
        ours = await store.count_ours(tx)
    return await view.page(
        "stock/surplus.html",
        base=_base(clinic_id),
        text=text,
        linked=linked,
        theirs=theirs,
        count=count,
        ours=ours,
        number=number,
        pages=_pages(count) if linked or not text else 1,
        show=Showing(view, products),
    )


def linked_text(text: str, today: date) -> str:
    """How a search stands in the address of its further pages: a box as its number; empty: it may be a card."""
    match read_code(text, today):
        case Recognised(gtin=gtin):
            return gtin
        case _:
            return text if is_a_name(text) and (text.isalpha() or not like_a_card(text)) else ""


async def _sought(tx: Transaction, view: View, text: str) -> store.Sought | None:
    """A scanned code is its product, anything else a part of a name; None: everything."""
    product_id = await scanned_product(tx, view, text)
    if product_id is not None:
        return store.Sought([product_id], text)
    return await store.sought(tx, text) if text else None


@page(OURS, act=Act.SEE_TRANSFERS)
async def show_ours(work: Work, view: View, clinic_id: UUID) -> Response[Any]:
    """What this clinic has told the others that they may have, what expires first on top."""
    number = view.page_number
    async with work.reading() as tx:
        ours = await store.ours(tx, LOTS_A_PAGE, _before(number))
        count = await store.count_ours(tx)
        products = await known.products(tx.sql, tx.clinic_id, [each.product_id for each in ours])
    was = view.asked("was") if not view.failed else ""
    return await view.page(
        "stock/spare.html",
        base=_base(clinic_id),
        spare=ours,
        ours=count,
        number=number,
        pages=_pages(count),
        least_on=earliest_expiry(view.today),
        done=was if was in ("offered", "withdrawn") else "",
        withdrawn=id_asked(view, "lot_id"),
        show=Showing(view, products),
    )


def _base(clinic_id: UUID) -> str:
    return f"/stock/clinics/{clinic_id}/surplus"


def _before(number: int) -> int:
    """How many rows stand on the pages before this one."""
    return (number - 1) * LOTS_A_PAGE


def _pages(count: int) -> int:
    return -(-count // LOTS_A_PAGE)


# Doing: on the lot's own page, and on the list of what is offered


@form(LOT + "/offer-surplus", act=Act.TRANSFER, again=show_lot)
async def offer_by_form(work: Work, view: View, clinic_id: UUID, lot_id: UUID) -> Response[Any]:
    await _offer(work, view, lot_id)
    return view.go(f"/stock/clinics/{clinic_id}/lots/{lot_id}", was="offered")


@form(LOT + "/withdraw-surplus", act=Act.TRANSFER, again=show_lot)
async def withdraw_by_form(work: Work, view: View, clinic_id: UUID, lot_id: UUID) -> Response[Any]:
    units = await _withdraw(work, view, lot_id)
    return view.go(f"/stock/clinics/{clinic_id}/lots/{lot_id}", was="withdrawn", units=units)


@form(OURS + "/{lot_id:uuid}/offer", act=Act.TRANSFER, again=show_ours)
async def offer_again_by_form(work: Work, view: View, clinic_id: UUID, lot_id: UUID) -> Response[Any]:
    """What was just withdrawn is offered again."""
    await _offer(work, view, lot_id)
    return view.go(f"{_base(clinic_id)}/ours", was="offered")


@form(OURS + "/{lot_id:uuid}/withdraw", act=Act.TRANSFER, again=show_ours)
async def withdraw_from_list_by_form(work: Work, view: View, clinic_id: UUID, lot_id: UUID) -> Response[Any]:
    units = await _withdraw(work, view, lot_id)
    return view.go(f"{_base(clinic_id)}/ours", was="withdrawn", lot_id=lot_id, units=units)


async def _offer(work: Work, view: View, lot_id: UUID) -> None:
    units = view.typed(UnitsForm).units
    try:
        await view.once(actions.offer_surplus(work, lot_id, units), actions.SurplusChanged)
    except NotEnoughUnits as refused:
        raise FormWrong(problems=[FieldProblem("units", NOT_SO_MANY, refused.facts)]) from refused


async def _withdraw(work: Work, view: View, lot_id: UUID) -> int:
    """Returns how many units the page showed as offered: the way back offers them again."""
    units = view.typed(UnitsForm).units
    await view.once(actions.withdraw_surplus(work, lot_id), actions.SurplusChanged)
    return units


PAGES = (
    show_theirs,
    seek_by_form,
    show_ours,
    offer_by_form,
    withdraw_by_form,
    offer_again_by_form,
    withdraw_from_list_by_form,
)
