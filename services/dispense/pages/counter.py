"""The counter: one field with the focus takes a card; what was done last stands above it, with the way back."""

from datetime import date
from typing import Any
from uuid import UUID

from litestar import Response
from msgspec import Struct

from services.dispense import store
from services.dispense.actions import counter as actions
from services.dispense.actions import patients
from services.dispense.api.keys import keys_of
from services.dispense.errors import CardMistyped, CardUnknown, NotToday
from services.dispense.pages.bags import Bag, bag_of
from services.dispense.pages.reach import reach_of
from services.dispense.pages.seen import address_of
from services.dispense.rules.card import read_card_code
from shared import fields
from shared.database import Work
from shared.roles import Act
from shared.web.pages import View, form, page
from shared.web.pages.forms import FieldProblem, FormWrong

UNDO = ("-", "−")


@page("/clinics/{clinic_id:uuid}/days/{day_on:date}/counter", act=Act.GIVE)
async def show_counter(work: Work, view: View, clinic_id: UUID, day_on: date) -> Response[Any]:
    """Ready for the next card. `was` in the address: the visit that something was done with last."""
    refuse_other_day(view, day_on)
    async with work.reading() as tx:
        numbers = (await store.summaries.numbers_of(tx, [day_on])).get(day_on)
    return await view.page(
        "dispense/counter.html",
        base=counter_address(clinic_id, day_on),
        day_address=f"/dispense/clinics/{clinic_id}/days/{day_on}",
        day_on=day_on,
        numbers=numbers,
        last=await _last(work, view, day_on),
        reach=await reach_of(view),
    )


async def _last(work: Work, view: View, day_on: date) -> Bag | None:
    """The visit that was served last, if it is one of this day and this clinic."""
    try:
        visit_id = UUID(view.asked("was"))
    except ValueError:
        return None
    async with work.reading() as tx:
        visit = await store.visits.find_visit(tx, visit_id)
    return await bag_of(view, visit) if visit is not None and visit.day_on == day_on else None


class CardForm(Struct, frozen=True, kw_only=True):
    """`last`: the visit that the page shows as the last one; a minus undoes what was done with it."""

    text: fields.Name
    last: UUID | None = None


@form("/clinics/{clinic_id:uuid}/days/{day_on:date}/counter", act=Act.GIVE, again=show_counter)
async def find_by_form(work: Work, view: View, clinic_id: UUID, day_on: date) -> Response[Any]:
    """The visit of a card, or the page of somebody who isn't expected. The code stays out of every address."""
    refuse_other_day(view, day_on)
    typed = view.typed(CardForm)
    base = counter_address(clinic_id, day_on)
    if typed.text in UNDO and typed.last is not None:
        await view.once(actions.undo_last(work, typed.last), actions.VisitChanged)
        return view.go(f"{base}/{typed.last}", undone="yes")
    patient_id = await _patient_of(view, typed.text)
    return view.go(await _bag_address(view, base, patient_id, day_on))


async def _bag_address(view: View, base: str, patient_id: UUID, day_on: date) -> str:
    """Of the visit of a patient, or of the page of somebody who isn't expected."""
    async with view.reading.reading() as tx:
        visit = await store.visits.visit_of_patient(tx, patient_id, day_on)
        lines = await store.visit_lines.lines_of_visit(tx, visit.visit_id) if visit else []
    return f"{base}/{visit.visit_id}" if visit and lines else f"{base}/unexpected/{patient_id}"


async def bag_or_patient(view: View, text: str) -> str | None:
    """Where a card leads that was scanned on any page: today's bag, else its patient; None: it is no card."""
    code = read_card_code(text)
    if code is None or view.clinic_id is None or not view.may(Act.SEE_PATIENT):
        return None
    try:
        patient_id = await patients.find_by_card(view.reading, keys_of(view.runtime), code)
    except CardUnknown:
        return None
    async with view.reading.reading() as tx:
        today = await store.days.find_day(tx, view.today)
    if today is None or today.state != "open" or today.prepared_at is None or not view.may(Act.GIVE):
        return address_of(view.clinic_id, patient_id)
    return await _bag_address(view, counter_address(view.clinic_id, view.today), patient_id, view.today)


async def _patient_of(view: View, text: str) -> UUID:
    """Whose card it is; raises FormWrong with what to do, so that the next card goes into the same field."""
    try:
        return await patients.find_by_card(view.reading, keys_of(view.runtime), text)
    except CardUnknown as problem:
        raise FormWrong(problems=[FieldProblem("text", CardUnknown.title)]) from problem
    except CardMistyped as problem:
        raise FormWrong(problems=[FieldProblem("text", CardMistyped.detail)]) from problem


def refuse_other_day(view: View, day_on: date) -> None:
    if day_on != view.today:
        raise NotToday


def counter_address(clinic_id: UUID, day_on: date) -> str:
    return f"/dispense/clinics/{clinic_id}/days/{day_on}/counter"


PAGES = (show_counter, find_by_form)
