"""The paper that goes with a transfer: what is in the box, for people and as a code."""

from pathlib import Path
from typing import Any
from uuid import UUID

from litestar import Response

from services.stock.errors import TransferNotSent
from services.stock.pages.showing import Showing
from services.stock.pages.transfers.one import ONE, PRINTED, Seen, seen
from services.stock.store import shelf, transfer_seen
from services.stock.store import transfer as store
from services.stock.transfer_note import NotedLot, codes_of_note
from shared import known, slips
from shared.database import Work
from shared.language import N_
from shared.printing import pdf, qr_svg
from shared.roles import Act
from shared.web.pages import View, page

TEMPLATE = Path(__file__).parents[2] / "templates" / "stock" / "transfer_note.typ"
HEADS = (N_("No."), N_("Medicine"), N_("Batch"), N_("Expiry"), N_("Units"))


@page(ONE + "/note.pdf", act=Act.SEE_TRANSFERS)
async def print_note(work: Work, view: View, clinic_id: UUID, transfer_id: UUID) -> Response[Any]:
    async with work.reading() as tx:
        found = await seen(tx, transfer_id)
        if found.transfer.state not in PRINTED:
            raise TransferNotSent
        ours = await shelf.clinic_name(tx)
        steps = {each.state: each.reached_at for each in await transfer_seen.steps_of(tx, transfer_id)}
        products = await known.products(tx.sql, tx.clinic_id, [each for each in found.named.values() if each])
    words, transfer = view.words, found.transfer
    theirs = transfer.other_clinic_name or words.gettext("another clinic")
    sender, receiver = (ours, theirs) if transfer.side == "sending" else (theirs, ours)
    codes = codes_of_note(transfer_id, [noted(lot) for lot in found.lots])
    data = {
        "from": sender,
        "to": receiver,
        "from_word": words.gettext("From"),
        "to_word": words.gettext("To"),
        "day": words.day(view.local(steps.get("shipped", transfer.changed_at))),
        "number": slips.slip_number_shown(transfer_id),
        "heads": [words.gettext(head) for head in HEADS],
        "lines": _rows(found, Showing(view, products)),
        "codes": [
            {"svg": qr_svg(code), "said": words.say("{number} of {all}", number=n, all=len(codes))}
            for n, code in enumerate(codes, start=1)
        ],
        "scan": words.gettext("Whoever opens the box scans this code, and counts."),
    }
    return view.pdf("transfer-note.pdf", await pdf(TEMPLATE, words.gettext("Transfer note"), data))


def noted(lot: store.TransferLot) -> NotedLot:
    """A lot as the note's code says it."""
    return NotedLot(
        lot_number=lot.lot_number,
        codes=lot.product_codes,
        name=lot.product_name,
        batch=lot.batch,
        expires_on=lot.expires_on,
        units=lot.shipped_units,
        opened=lot.opened,
    )


def _rows(found: Seen, show: Showing) -> list[list[str]]:
    return [
        [
            str(lot.lot_number),
            lot.product_name + (f" ({show.words.gettext('opened')})" if lot.opened else ""),
            lot.batch or show.words.gettext("unreadable"),
            show.words.day(lot.expires_on),
            show.amount(lot.shipped_units, found.product_of(lot), opened=lot.opened),
        ]
        for lot in found.lots
    ]


PAGES = (print_note,)
