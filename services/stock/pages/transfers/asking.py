"""Asking another clinic: a medicine by its name or its box, how much of it, and as many more as one likes.

One form, shown again after each step with all that was typed; nothing is stored until it is asked.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal
from uuid import UUID

from litestar import Response
from msgspec import Struct

from services.stock.actions import transfer as actions
from services.stock.errors import ClinicNotHeard
from services.stock.pages.products import scanned_product
from services.stock.pages.showing import Showing, pack_size
from services.stock.pages.transfers.one import address_of
from services.stock.store import transfer as store
from shared import fields, known
from shared.database import Transaction, Work
from shared.language import N_
from shared.roles import Act
from shared.web.pages import View, form, page
from shared.web.pages.forms import (
    NEEDED,
    NO_CHOICE,
    NO_NUMBER,
    FieldProblem,
    FormWrong,
    Typed,
    read_rows,
    read_what_can_be,
)

MOST_LINES = 50
MOST_UNITS = 1_000_000
MOST_FOUND = 9
"""So many are offered for a name: each has a digit of the keyboard."""
_ROW = re.compile(r"product_id-([1-9][0-9]?)")

HOW_MANY = N_("Type how much is wanted.")
TOO_MANY_LINES = N_("There are {most} already: ask for these, and then for the others.")
NOT_HEARD = N_("This clinic has not been heard on the network. Choose one of the list.")


class WantedRow(Struct, frozen=True, kw_only=True):
    product_id: UUID
    units: fields.Units


class AskForm(Struct, frozen=True, kw_only=True):
    """`then`: what the medicine on top is for; without it, it has only been chosen. `without`: a line to take out."""

    from_clinic_id: UUID | None = None
    text: fields.Scan = ""
    product_id: UUID | None = None
    packs: fields.UnitsOrNone | None = None
    units: fields.UnitsOrNone | None = None
    note: fields.Line | None = None
    then: Literal["ask", "add", "drop"] | None = None
    without: int | None = None


class Asking(Struct, frozen=True, kw_only=True):
    """How far the question has come: its lines, and the medicine on top or those that were found for its name."""

    typed: AskForm = AskForm()
    lines: Sequence[WantedRow] = ()
    product: known.KnownProduct | None = None
    found: Sequence[known.FoundProduct] | None = None


@page("/clinics/{clinic_id:uuid}/transfers/ask", act=Act.TRANSFER)
async def show_asking(work: Work, view: View, clinic_id: UUID) -> Response[Any]:
    """The address may name the clinic, the product and the units that an offer had."""
    if view.failed:
        typed, lines = read_what_can_be(AskForm, view.failed.typed), _lines_of(view.failed.typed)
    else:
        asked = {"from_clinic_id": "from", "product_id": "product", "units": "units"}
        said: Typed = {field: (view.asked(name),) for field, name in asked.items()}
        typed, lines = read_what_can_be(AskForm, said), ()
    async with work.reading() as tx:
        product = await known.product_of(tx.sql, clinic_id, typed.product_id) if typed.product_id else None
    return await _show(work, view, Asking(typed=typed, lines=lines, product=product))


def _lines_of(typed: Typed) -> Sequence[WantedRow]:
    """The lines that go along with the form unseen."""
    numbers = sorted(int(found[1]) for found in map(_ROW.fullmatch, typed) if found)
    return tuple(read_rows(WantedRow, typed, numbers).values())


async def _show(work: Work, view: View, asking: Asking) -> Response[Any]:
    async with work.reading() as tx:
        clinics = await store.neighbours(tx.sql, tx.clinic_id)
        wanted = await known.products(tx.sql, tx.clinic_id, [line.product_id for line in asking.lines])
    size = pack_size(asking.product.product) if asking.product else None
    return await view.page(
        "stock/transfer_ask.html",
        path=f"/stock/clinics/{view.clinic_id}/transfers/ask",
        asking=asking,
        clinics={str(clinic.clinic_id): clinic.name for clinic in clinics},
        products=wanted,
        size=size if size and size > 1 else None,
        amounts=_amounts(asking.typed, size),
        show=Showing(view, wanted),
    )


def _amounts(typed: AskForm, size: int | None) -> Mapping[str, int | None]:
    """An amount in pieces as whole packs and the rest, where there are packs of one size."""
    if typed.packs is None and typed.units and size and size > 1 and typed.units >= size:
        packs, units = divmod(typed.units, size)
        return {"packs": packs, "units": units or None}
    return {"packs": typed.packs, "units": typed.units}


@form("/clinics/{clinic_id:uuid}/transfers/ask", act=Act.TRANSFER, again=show_asking)
async def ask_by_form(work: Work, view: View, clinic_id: UUID) -> Response[Any]:
    typed = view.typed(AskForm)
    lines = _lines_of(view.request.scope["state"]["typed"])
    if typed.without is not None:
        lines = [line for number, line in enumerate(lines, start=1) if number != typed.without]
        return await _show(view.reading, view, await _kept(view, typed, lines))
    if typed.then == "drop":
        return await _show(view.reading, view, Asking(typed=_without_product(typed), lines=lines))
    if typed.text or (typed.product_id and typed.then is None):
        return await _show(view.reading, view, await _looked_up(view, typed, lines))
    if typed.product_id:
        async with view.reading.reading() as tx:
            lines = [*lines, await _line(tx, typed.product_id, typed)]
    if len(lines) > MOST_LINES:
        raise FormWrong(problems=[FieldProblem("units", TOO_MANY_LINES, {"most": MOST_LINES})])
    if typed.then == "add":
        return await _show(view.reading, view, Asking(typed=_without_product(typed), lines=lines))
    return await _ask(work, view, clinic_id, typed, lines)


async def _kept(view: View, typed: AskForm, lines: Sequence[WantedRow]) -> Asking:
    """The medicine on top stays while a line is taken out."""
    if typed.product_id is None:
        return Asking(typed=typed, lines=lines)
    async with view.reading.reading() as tx:
        product = await known.product_of(tx.sql, tx.clinic_id, typed.product_id)
    return Asking(typed=typed, lines=lines, product=product)


def _without_product(typed: AskForm) -> AskForm:
    return AskForm(from_clinic_id=typed.from_clinic_id, note=typed.note)


async def _looked_up(view: View, typed: AskForm, lines: Sequence[WantedRow]) -> Asking:
    """What was chosen, or what a name or a scanned box leads to."""
    async with view.reading.reading() as tx:
        product_id = typed.product_id or await scanned_product(tx, view, typed.text)
        if product_id is None:
            found = await known.products_named(tx.sql, tx.clinic_id, typed.text, MOST_FOUND)
            return Asking(typed=typed, lines=lines, found=found)
        product = await known.product_of(tx.sql, tx.clinic_id, product_id)
    return Asking(typed=_without_product(typed), lines=lines, product=product)


async def _line(tx: Transaction, product_id: UUID, typed: AskForm) -> WantedRow:
    """The medicine on top with its amount; raises FormWrong."""
    product = (await known.product_of(tx.sql, tx.clinic_id, product_id)).product
    if typed.packs is None and typed.units is None:
        raise FormWrong(problems=[FieldProblem("units", HOW_MANY)])
    units = (typed.packs or 0) * (pack_size(product) or 1) + (typed.units or 0)
    if not 1 <= units <= MOST_UNITS:
        raise FormWrong(problems=[FieldProblem("units", NO_NUMBER, {"least": 1, "most": MOST_UNITS})])
    return WantedRow(product_id=product_id, units=units)


async def _ask(work: Work, view: View, clinic_id: UUID, typed: AskForm, lines: Sequence[WantedRow]) -> Response[Any]:
    problems: list[FieldProblem] = []
    if typed.from_clinic_id is None:
        problems.append(FieldProblem("from_clinic_id", NO_CHOICE))
    if not lines:
        problems.append(FieldProblem("text", NEEDED))
    if problems or typed.from_clinic_id is None:
        raise FormWrong(problems=problems)
    wanted = [actions.WantedLine(product_id=line.product_id, units=line.units) for line in lines]
    doing = actions.request_transfer(work, typed.from_clinic_id, wanted, typed.note)
    try:
        asked = await view.once(doing, actions.TransferChanged)
    except ClinicNotHeard as refused:
        raise FormWrong(problems=[FieldProblem("from_clinic_id", NOT_HEARD)]) from refused
    return view.go(address_of(clinic_id, asked.transfer_id), was="asked")


PAGES = (show_asking, ask_by_form)
