"""All transfers, what waits for us on top; and the one whose note is scanned."""

import math
from typing import Any
from uuid import UUID

from litestar import Response
from msgspec import Struct

from services.stock import words
from services.stock.pages.showing import Showing
from services.stock.rules.transfer import NEXT
from services.stock.store import transfer as store
from services.stock.store import transfer_seen
from services.stock.transfer_note import NotedLot, NotWholeError, read_note
from shared import fields, known, slips
from shared.database import Work
from shared.language import N_
from shared.roles import Act
from shared.web.pages import View, form, page
from shared.web.pages.forms import NEEDED, FieldProblem, FormWrong

TRANSFERS_A_PAGE = 40

NOT_WHOLE = N_("A part of the code is missing. Scan it again, slowly.")
NO_NOTE = N_("This is no transfer's note. Scan the square code on the paper in the box, or type its number.")
NO_SUCH_NUMBER = N_("There is no transfer with this number here. Scan the square code: it says what is in the box.")


class Scanned(Struct, frozen=True, kw_only=True):
    text: fields.Scan = ""


@page("/clinics/{clinic_id:uuid}/transfers", act=Act.SEE_TRANSFERS)
async def show_transfers(work: Work, view: View) -> Response[Any]:
    """Ours first, then what waits for other clinics, then what is over."""
    async with work.reading() as tx:
        pages = max(1, math.ceil(await transfer_seen.count_transfers(tx) / TRANSFERS_A_PAGE))
        number = min(view.page_number, pages)
        found = await transfer_seen.page_of_transfers(tx, TRANSFERS_A_PAGE, (number - 1) * TRANSFERS_A_PAGE)
    return await view.page("stock/transfers.html", transfers=found, number=number, pages=pages, next=NEXT, tables=words)


@form("/clinics/{clinic_id:uuid}/transfers/find", act=Act.SEE_TRANSFERS, again=show_transfers)
async def find_transfer(view: View, clinic_id: UUID) -> Response[Any]:
    text = view.typed(Scanned).text
    transfer_id = await numbered(view, text)
    if transfer_id is not None:
        return view.go(f"/stock/clinics/{clinic_id}/transfers/{transfer_id}")
    found = await transfer_of_note(view, clinic_id, text)
    if found is None:
        number = slips.bits_of_slip(text) is not None
        raise _beside(NO_SUCH_NUMBER if number else NO_NOTE if text else NEEDED)
    return found


async def transfer_of_note(view: View, clinic_id: UUID, text: str) -> Response[Any] | None:
    """The transfer of a note's code; where no word of it has come, what the code says. None: it is no such code."""
    try:
        noted = read_note(text)
    except NotWholeError as wrong:
        raise _beside(NOT_WHOLE) from wrong
    if noted is None:
        return None
    transfer_id = noted.transfer_id
    async with view.reading.reading() as tx:
        transfer = await store.find_transfer(tx, transfer_id)
        if transfer is not None and not _on_its_way(transfer):
            return view.go(f"/stock/clinics/{clinic_id}/transfers/{transfer_id}")
        named = {lot.lot_number: await store.product_named(tx.sql, lot.codes, lot.name) for lot in noted.lots}
        products = await known.products(tx.sql, clinic_id, [each for each in named.values() if each])
    return await view.page(
        "stock/transfer_not_heard.html",
        text=text,
        noted=noted,
        transfer=transfer,
        number=slips.slip_number_shown(transfer_id),
        named=named,
        name_of=_name_of,
        show=Showing(view, products),
    )


def _on_its_way(transfer: store.TransferRow) -> bool:
    """The box was faster than the word that it was sent."""
    return transfer.side == "asking" and transfer.state in ("requested", "agreed")


def _name_of(lot: NotedLot) -> str:
    return lot.name or ", ".join(lot.codes)


async def numbered(view: View, text: str) -> UUID | None:
    """The transfer whose number was typed from the note."""
    bits = slips.bits_of_slip(text)
    if bits is None:
        return None
    async with view.reading.reading() as tx:
        return await transfer_seen.transfer_of_number(tx, bits)


def _beside(text: str) -> FormWrong:
    return FormWrong(problems=[FieldProblem("text", text)])


PAGES = (show_transfers, find_transfer)
