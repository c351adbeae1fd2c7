"""What the sending clinic does: agrees, declines, sends, and settles what did not arrive."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal
from uuid import UUID

from litestar import Response
from msgspec import Struct

from services.stock.actions import transfer as actions
from services.stock.errors import NotEnoughUnits, TransferNotReady
from services.stock.pages.putting_right import NOT_SO_MANY, ReasonForm
from services.stock.pages.transfers.one import ONE, Seen, address_of, seen, show_transfer
from services.stock.store import transfer as store
from shared import fields
from shared.database import Work
from shared.events.stock import AgreedLine
from shared.language import N_
from shared.roles import Act
from shared.web.pages import View, form
from shared.web.pages.forms import FieldProblem, FormWrong

MORE_THAN_ASKED = N_("They asked for {asked}: agree to at most as many.")
WHY_LESS = N_("Say in a few words why it is less than they asked for.")
NO_MORE = N_("There is no more of it here")
"""The reason that the form is filled with where less is there than was asked for."""
WHY_FEWER_THAN_HERE = N_("There is more of it here. Say in a few words why you send fewer.")
NOTHING_AGREED = N_("Nothing would be sent. Decline it below, with the reason.")
LOT_HELD = N_("{product}, batch {batch}, is on hold: it can't be sent.")
LOT_EXPIRED = N_("{product}, batch {batch}, expired on {day}: it can't be sent.")
UNREADABLE = N_("unreadable")


class AgreedRow(Struct, frozen=True, kw_only=True):
    units: fields.UnitsOrNone
    reason: fields.Line | None = None


class SettlementForm(Struct, frozen=True, kw_only=True):
    outcome: Literal["lost", "returned"]
    note: fields.Line


@form(ONE + "/agree", act=Act.TRANSFER, again=show_transfer)
async def agree_by_form(work: Work, view: View, clinic_id: UUID, transfer_id: UUID) -> Response[Any]:
    found = await _seen(view, transfer_id)
    rows = view.typed_rows(AgreedRow, [line.line_number for line in found.lines])
    # Of what was answered already, the action itself says what became of it.
    problems = list(_problems(found, rows, view.words.gettext(NO_MORE))) if found.step == "answer" else []
    if problems:
        raise FormWrong(problems=problems)
    asked = {line.line_number: line.asked_units for line in found.lines}
    agreed = [
        AgreedLine(line_number=number, units=row.units, reason=row.reason if row.units < asked[number] else None)
        for number, row in rows.items()
    ]
    try:
        await view.once(actions.agree_transfer(work, transfer_id, agreed), actions.TransferChanged)
    except NotEnoughUnits as refused:
        raise FormWrong(problems=[_beside(refused)]) from refused
    return view.go(address_of(clinic_id, transfer_id), was="agreed")


async def _seen(view: View, transfer_id: UUID) -> Seen:
    async with view.reading.reading() as tx:
        return await seen(tx, transfer_id)


def _problems(found: Seen, rows: Mapping[int, AgreedRow], no_more: str) -> Iterator[FieldProblem]:
    left = {None: 0, **found.free}
    for line in found.lines:
        row, product_id = rows[line.line_number], found.product_of(line)
        there = max(0, left.get(product_id, 0))
        field = f"units-{line.line_number}"
        if row.units > line.asked_units:
            yield FieldProblem(field, MORE_THAN_ASKED, {"asked": line.asked_units})
        elif row.units > there:
            yield FieldProblem(field, NOT_SO_MANY, {"units_there": there})
        elif row.units < line.asked_units and row.reason is None:
            yield FieldProblem(f"reason-{line.line_number}", WHY_LESS)
        elif row.units < min(there, line.asked_units) and row.reason == no_more:
            yield FieldProblem(f"reason-{line.line_number}", WHY_FEWER_THAN_HERE)
        left[product_id] = there - row.units
    if not any(row.units for row in rows.values()):
        yield FieldProblem(f"units-{min(rows)}", NOTHING_AGREED)


def _beside(refused: NotEnoughUnits) -> FieldProblem:
    """Somebody else took of it in this moment."""
    text = NOT_SO_MANY if "units_there" in refused.facts else refused.template
    return FieldProblem(f"units-{refused.facts.get('line_number', 1)}", text, refused.facts)


@form(ONE + "/decline", act=Act.TRANSFER, again=show_transfer)
async def decline_by_form(work: Work, view: View, clinic_id: UUID, transfer_id: UUID) -> Response[Any]:
    typed = view.typed(ReasonForm)
    await view.once(actions.decline_transfer(work, transfer_id, typed.reason), actions.TransferChanged)
    return view.go(address_of(clinic_id, transfer_id), was="declined")


@form(ONE + "/ship", act=Act.TRANSFER, again=show_transfer)
async def ship_by_form(work: Work, view: View, clinic_id: UUID, transfer_id: UUID) -> Response[Any]:
    """A lot that was held or has expired since it was agreed is named."""
    try:
        await view.once(actions.ship_transfer(work, transfer_id), actions.TransferChanged)
    except TransferNotReady as refused:
        problems = await _unfit(view, transfer_id, refused)
        if not problems:
            raise
        raise FormWrong(problems=problems) from refused
    return view.go(address_of(clinic_id, transfer_id), was="shipped")


async def _unfit(view: View, transfer_id: UUID, refused: TransferNotReady) -> list[FieldProblem]:
    found = await _seen(view, transfer_id)
    unfit = refused.facts.get("lots", [])
    assert isinstance(unfit, list)
    return [_why_not(view, lot) for lot in found.lots if lot.lot_id in unfit]


def _why_not(view: View, lot: store.TransferLot) -> FieldProblem:
    expired = lot.expires_on < view.today
    facts = {
        "product": lot.product_name,
        "batch": lot.batch or view.words.gettext(UNREADABLE),
        "day": view.words.day(lot.expires_on),
    }
    return FieldProblem(f"lot-{lot.lot_number}", LOT_EXPIRED if expired else LOT_HELD, facts)


@form(ONE + "/settle", act=Act.TRANSFER, again=show_transfer)
async def settle_by_form(work: Work, view: View, clinic_id: UUID, transfer_id: UUID) -> Response[Any]:
    typed = view.typed(SettlementForm)
    doing = actions.settle_transfer(work, transfer_id, typed.outcome, typed.note)
    await view.once(doing, actions.TransferChanged)
    return view.go(address_of(clinic_id, transfer_id), was="settled")


PAGES = (agree_by_form, decline_by_form, ship_by_form, settle_by_form)
