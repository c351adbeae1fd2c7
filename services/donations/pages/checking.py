"""The clinic's check: the bags that wait, a slip to begin with, then box by box with one key."""

from typing import Any, Literal
from uuid import UUID

from litestar import Response
from msgspec import Struct

from services.donations import store, words
from services.donations.actions import checking, collecting
from services.donations.errors import CollectionNotHandedIn
from services.donations.pages import entry
from services.donations.pages.boxes import Asked, Doors, asked_again, enter
from services.donations.pages.collections import address_of
from services.donations.scanning import actions as scanning
from shared import fields, gtins, known, slips
from shared.codes import Recognised, read_code
from shared.database import Work
from shared.language import N_
from shared.roles import Act
from shared.web.pages import View, form, page
from shared.web.pages.forms import FieldProblem, FormWrong
from shared.words import SOURCES

MOST_WAITING = 100
PAGE_LINES = 25

REASON_NEEDED = N_("Say why: the pharmacy wants to know, and whoever looks next.")
WHICH_OF_THEM = N_("A reason is written: press what you decide, Accept, Hold or Refuse.")
NO_SUCH_SLIP = N_("No collection of this clinic has this number. Look at the slip again.")
NOT_HERE = N_("This box is not among those that still wait in this collection.")


@page("/clinics/{clinic_id:uuid}/check", act=Act.CHECK_DONATION)
async def show_queue(work: Work, view: View, clinic_id: UUID) -> Response[Any]:
    """What was handed in and waits, and what was held and waits to be looked at again."""
    async with work.reading() as tx:
        waiting = await store.collections.list_collections(tx, "handed_in", None, MOST_WAITING)
        held = await store.lines.waiting_lines(tx, ["held"], MOST_WAITING)
        refused = await store.lines.count_waiting(tx, ["refused"])
    return await view.page(
        "donations/queue.html", waiting=waiting[::-1], held=held, refused=refused, tables=words, base=base_of(clinic_id)
    )


@page("/clinics/{clinic_id:uuid}/refused", act=Act.CHECK_DONATION)
async def show_refused(work: Work, view: View, clinic_id: UUID) -> Response[Any]:
    """What waits to be destroyed, page by page, the oldest first."""
    number = view.page_number
    async with work.reading() as tx:
        count = await store.lines.count_waiting(tx, ["refused"])
        lines = await store.lines.waiting_lines(tx, ["refused"], PAGE_LINES, skip=(number - 1) * PAGE_LINES)
    return await view.page(
        "donations/refused.html",
        lines=lines,
        count=count,
        number=number,
        pages=-(-count // PAGE_LINES),
        tables=words,
        base=base_of(clinic_id),
    )


def base_of(clinic_id: UUID) -> str:
    return f"/donations/clinics/{clinic_id}/check"


async def collection_of_slip(view: View, text: str) -> str | None:
    """The address that a slip leads to; None: it is none of this clinic's."""
    bits = slips.bits_of_slip(text)
    if bits is None or view.clinic_id is None or not view.may(Act.CHECK_DONATION):
        return None
    async with view.reading.reading() as tx:
        found = await store.collections.by_slip(tx, bits)
    return f"{address_of(view.clinic_id, found.collection_id)}/check" if found else None


class SlipForm(Struct, frozen=True, kw_only=True):
    text: fields.Scan


@form("/clinics/{clinic_id:uuid}/check", act=Act.CHECK_DONATION, again=show_queue)
async def find_by_slip(work: Work, view: View, clinic_id: UUID) -> Response[Any]:
    address = await collection_of_slip(view, view.typed(SlipForm).text)
    if address is None:
        raise FormWrong(problems=[FieldProblem("text", NO_SUCH_SLIP)])
    return view.go(address)


@page("/clinics/{clinic_id:uuid}/collections/{collection_id:uuid}/check", act=Act.CHECK_DONATION)
async def show_check(work: Work, view: View, clinic_id: UUID, collection_id: UUID) -> Response[Any]:
    """One box at a time: the one that is asked for, or whose check was refused, else the first that waits."""
    async with work.reading() as tx:
        collection = await store.collections.find_collection(tx, collection_id)
        if collection is None or collection.state == "open":
            raise CollectionNotHandedIn
        lines = await store.lines.lines_of(tx, collection_id)
        products = await known.products(tx.sql, clinic_id, list({line.product_id for line in lines}))
        first = await store.collections.first_handed_in(tx)
    there = [line for line in lines if line.state != "withdrawn"]
    waiting = [line for line in there if line.state == "logged"]
    wanted = str(view.request.path_params.get("line_id", view.asked("line")))
    asked = next((line for line in there if str(line.line_id) == wanted), None)
    return await view.page(
        "donations/check.html",
        base=address_of(clinic_id, collection_id),
        collection=collection,
        lines=there,
        waiting=waiting,
        line=asked or next(iter(waiting), None),
        done=next((line for line in there if str(line.line_id) == view.asked("done")), None),
        next_check=f"{address_of(clinic_id, first)}/check" if first else None,
        products=products,
        tables=words,
        sources=SOURCES,
        shown_expiry=lambda line: entry.expiry_shown(line.checked_expires_on or line.expires_on),
    )


class CheckForm(Struct, frozen=True, kw_only=True):
    """A pharmacist's word on a box. What is left as it was logged is sent as it stands in the fields.

    `outcome` "enter": Enter in a field, which accepts the box unless a reason is written.
    """

    outcome: Literal["enter", "accept", "hold", "refuse", "missing"]
    units: fields.Units | None = None
    expires: str | None = None
    batch: fields.Batch | None = None
    opened: bool = False
    reason: fields.Line | None = None
    needed_soon: bool = False
    product_confirmed: bool = False


@form(
    "/clinics/{clinic_id:uuid}/collections/{collection_id:uuid}/lines/{line_id:uuid}/check",
    act=Act.CHECK_DONATION,
    again=show_check,
)
async def check_by_form(work: Work, view: View, clinic_id: UUID, collection_id: UUID, line_id: UUID) -> Response[Any]:
    typed = view.typed(CheckForm)
    doing = checking.check_line(work, collection_id, line_id, _check(typed, view))
    await view.once(doing, collecting.LineChanged)
    return view.go(f"{address_of(clinic_id, collection_id)}/check", done=line_id)


def _check(typed: CheckForm, view: View) -> checking.Check:
    if typed.outcome in ("hold", "refuse") and typed.reason is None:
        raise FormWrong(problems=[FieldProblem("reason", REASON_NEEDED)])
    if typed.outcome == "enter" and typed.reason is not None:
        raise FormWrong(problems=[FieldProblem("reason", WHICH_OF_THEM)])
    expires_on = entry.expiry_typed(typed.expires, view.today) if typed.expires is not None else None
    missing = typed.outcome == "missing"
    return checking.Check(
        outcome="accept" if typed.outcome == "enter" else typed.outcome,
        reason_text=typed.reason,
        units=None if missing else typed.units,
        batch=typed.batch,
        batch_unreadable=typed.batch is None and not missing,
        expires_on=expires_on,
        opened=typed.opened,
        needed_soon=typed.needed_soon,
        product_confirmed=typed.product_confirmed,
    )


@form(
    "/clinics/{clinic_id:uuid}/collections/{collection_id:uuid}/find",
    act=Act.CHECK_DONATION,
    again=show_check,
)
async def find_box(work: Work, view: View, clinic_id: UUID, collection_id: UUID) -> Response[Any]:
    """The line of the box that was scanned; of another collection's slip, that collection."""
    typed = view.typed(SlipForm)
    if slips.bits_of_slip(typed.text) is not None:
        return await find_by_slip.fn(work, view, clinic_id)
    async with view.reading.reading() as tx:
        lines = await store.lines.lines_of(tx, collection_id)
        reading = read_code(typed.text, tx.today)
        pack = await gtins.pack_of(tx.sql, clinic_id, reading.gtin) if isinstance(reading, Recognised) else None
    found = _line_of(lines, reading, pack) if isinstance(reading, Recognised) else None
    if found is None:
        raise FormWrong(problems=[FieldProblem("text", NOT_HERE)])
    return view.go(f"{address_of(clinic_id, collection_id)}/check", line=found.line_id)


def _line_of(
    lines: list[store.lines.LineRow], reading: Recognised, pack: gtins.KnownPack | None
) -> store.lines.LineRow | None:
    """The line that still waits and is most like the box: its very number and batch before its product."""
    product_id = pack.product.product.product_id if pack else None
    likely = [
        line
        for line in lines
        if line.state == "logged" and (line.gtin == reading.gtin or line.product_id == product_id)
    ]

    def likeness(line: store.lines.LineRow) -> tuple[bool, bool, bool, int]:
        same_day = line.expires_on == reading.expires_on
        return line.batch == reading.batch, same_day, line.gtin == reading.gtin, -line.line_number

    return max(likely, key=likeness, default=None)


@page("/clinics/{clinic_id:uuid}/collections/{collection_id:uuid}/extra", act=Act.CHECK_DONATION)
async def show_extra(work: Work, view: View, clinic_id: UUID, collection_id: UUID) -> Response[Any]:
    """The field for boxes that were in the bag though nobody had logged them."""
    return await _show_extra(work, view, collection_id, await asked_again(view))


async def _show_extra(work: Work, view: View, collection_id: UUID, asked: Asked | None) -> Response[Any]:
    assert work.clinic_id is not None
    async with work.reading() as tx:
        collection = await store.collections.find_collection(tx, collection_id)
    if collection is None or collection.state == "open":
        raise CollectionNotHandedIn
    return await view.page(
        "donations/extra.html",
        base=address_of(work.clinic_id, collection_id),
        collection=collection,
        asked=asked,
        tables=words,
        sources=SOURCES,
    )


@form("/clinics/{clinic_id:uuid}/collections/{collection_id:uuid}/extra", act=Act.CHECK_DONATION, again=show_extra)
async def add_extra_box(work: Work, view: View, clinic_id: UUID, collection_id: UUID) -> Response[Any]:
    """By its code, or by name: it is then checked as any other."""
    box = view.typed(entry.BoxForm)
    doors = Doors(
        by_name=lambda item: collecting.add_extra_line(work, collection_id, item),
        by_code=lambda item: scanning.add_scanned_extra_line(work, collection_id, item),
    )
    done = await enter(view, box, doors)
    if isinstance(done, Asked):
        return await _show_extra(view.reading, view, collection_id, done)
    return view.go(f"{address_of(clinic_id, collection_id)}/check", line=done.line_id)


PAGES = (
    show_queue,
    show_refused,
    find_by_slip,
    show_check,
    check_by_form,
    find_box,
    show_extra,
    add_extra_box,
)
