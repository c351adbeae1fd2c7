"""What a clinic's pharmacist does with a lot: each a form on the lot's page, done at once, with the way back."""

from collections.abc import Awaitable
from datetime import date
from typing import Any, Literal
from uuid import UUID

from litestar import Response
from msgspec import Struct

from services.stock.actions import lots as actions
from services.stock.errors import LotNotExpired, NotEnoughUnits, SameLot
from services.stock.pages.life import show_lot
from services.stock.rules.ledger import Account
from shared import fields
from shared.codes.days import day_printed
from shared.database import Work
from shared.errors import DosisError
from shared.language import N_
from shared.roles import Act
from shared.web.pages import View, form
from shared.web.pages.forms import FieldProblem, FormWrong, day_typed

LOT = "/clinics/{clinic_id:uuid}/lots/{lot_id:uuid}"

NO_EXPIRY = N_("Type the expiry like 06/2027, or with its day: 30/6/2027.")
NOT_SO_MANY = N_("There are only {units_there} there.")
NOT_EXPIRED = N_("This lot expires on {expires_on}: say destroyed or lost, whichever it was.")
NOTHING_OTHERWISE = N_("The lot is written like this already: change what is wrong.")


class ReasonForm(Struct, frozen=True, kw_only=True):
    reason: fields.Line


class PlaceForm(Struct, frozen=True, kw_only=True):
    place: fields.Name | None = None


class WriteOffForm(Struct, frozen=True, kw_only=True):
    units: fields.Units
    source: Literal["shelf", "quarantine"]
    outcome: Literal["expired", "destroyed", "lost"]
    reason: fields.Line


class CorrectionForm(Struct, frozen=True, kw_only=True):
    """`batch` None: it can't be read."""

    units: fields.Units
    batch: fields.Batch | None = None
    expires: fields.Name
    opened: bool = False
    reason: fields.Line


@form(LOT + "/hold", act=Act.CORRECT_STOCK, again=show_lot)
async def hold_by_form(work: Work, view: View, clinic_id: UUID, lot_id: UUID) -> Response[Any]:
    typed = view.typed(ReasonForm)
    return await _done(view, clinic_id, actions.hold_lot(work, lot_id, typed.reason), "held")


@form(LOT + "/lift-hold", act=Act.CORRECT_STOCK, again=show_lot)
async def lift_hold_by_form(work: Work, view: View, clinic_id: UUID, lot_id: UUID) -> Response[Any]:
    typed = view.typed(ReasonForm)
    return await _done(view, clinic_id, actions.lift_hold(work, lot_id, typed.reason), "lifted")


@form(LOT + "/place", act=Act.CORRECT_STOCK, again=show_lot)
async def place_by_form(work: Work, view: View, clinic_id: UUID, lot_id: UUID) -> Response[Any]:
    typed = view.typed(PlaceForm)
    return await _done(view, clinic_id, actions.place_lot(work, lot_id, typed.place), "placed")


@form(LOT + "/write-off", act=Act.CORRECT_STOCK, again=show_lot)
async def write_off_by_form(work: Work, view: View, clinic_id: UUID, lot_id: UUID) -> Response[Any]:
    typed = view.typed(WriteOffForm)
    doing = actions.write_off_units(
        work, lot_id, typed.units, Account(typed.source), Account(typed.outcome), typed.reason
    )
    return await _done(view, clinic_id, doing, "written_off")


@form(LOT + "/correct", act=Act.CORRECT_STOCK, again=show_lot)
async def correct_by_form(work: Work, view: View, clinic_id: UUID, lot_id: UUID) -> Response[Any]:
    """Then the lot that the units are in now is shown, and where they came from."""
    typed = view.typed(CorrectionForm)
    expires_on = _expiry(typed.expires, view.today)
    doing = actions.correct_lot(
        work, lot_id, typed.units, typed.batch, expires_on, opened=typed.opened, reason=typed.reason
    )
    return await _done(view, clinic_id, doing, "corrected", units=typed.units, **{"from": lot_id})


async def _done(
    view: View, clinic_id: UUID, doing: Awaitable[actions.LotChanged], was: str, **more: object
) -> Response[Any]:
    try:
        changed = await view.once(doing, actions.LotChanged)
    except (NotEnoughUnits, LotNotExpired, SameLot) as refused:
        raise FormWrong(problems=[_beside(refused, view)]) from refused
    return view.go(f"/stock/clinics/{clinic_id}/lots/{changed.lot_id}", was=was, **more)


def _beside(refused: DosisError, view: View) -> FieldProblem:
    """What the action refused, told beside the field that it is about."""
    match refused:
        case NotEnoughUnits():
            return FieldProblem("units", NOT_SO_MANY, refused.facts)
        case LotNotExpired():
            day = date.fromisoformat(str(refused.facts["expires_on"]))
            return FieldProblem("outcome", NOT_EXPIRED, {"expires_on": view.words.day(day)})
        case _:
            return FieldProblem("expires", NOTHING_OTHERWISE)


def _expiry(text: str, today: date) -> date:
    """As it is typed or as it is printed on the box."""
    day = day_typed(text) or day_printed(text, today)
    if day is None:
        raise FormWrong(problems=[FieldProblem("expires", NO_EXPIRY)])
    return day


PAGES = (hold_by_form, lift_hold_by_form, place_by_form, write_off_by_form, correct_by_form)
