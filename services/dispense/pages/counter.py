"""The counter: one field with the focus takes a card or a name; above it stands what was done last, and its undo."""

from datetime import date
from typing import Any
from uuid import UUID

from litestar import Response
from msgspec import Struct
from msgspec.structs import replace

from services.dispense import store, words
from services.dispense.actions import counter as actions
from services.dispense.actions import patients
from services.dispense.api.keys import keys_of
from services.dispense.errors import CardUnknown, NotToday
from services.dispense.pages.bags import Bag, bag_of
from services.dispense.pages.reach import reach_of
from services.dispense.pages.seen import address_of
from services.dispense.pages.who import who_is_meant
from services.dispense.rules.card import read_card_code
from shared import fields
from shared.database import Work
from shared.roles import Act
from shared.web.pages import View, form, page
from shared.web.pages.forms import NEEDED, FieldProblem, FormWrong

UNDO = ("-", "−")


@page("/clinics/{clinic_id:uuid}/days/{day_on:date}/counter", act=Act.GIVE)
async def show_counter(work: Work, view: View, clinic_id: UUID, day_on: date) -> Response[Any]:
    """Ready for the next card. `was` in the address: the visit that something was done with last."""
    return await _show_counter(work, view, clinic_id, day_on)


async def _show_counter(work: Work, view: View, clinic_id: UUID, day_on: date, **found: Any) -> Response[Any]:
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
        tables=words,
        **found,
    )


async def _last(work: Work, view: View, day_on: date) -> Bag | None:
    """The visit that was served last, if it is one of this day and this clinic."""
    typed = next(iter(view.failed.typed.get("last", ())), "") if view.failed else ""
    try:
        visit_id = UUID(view.asked("was") or typed)
    except ValueError:
        return None
    async with work.reading() as tx:
        visit = await store.visits.find_visit(tx, visit_id)
    return await bag_of(view, visit) if visit is not None and visit.day_on == day_on else None


class CardForm(Struct, frozen=True, kw_only=True):
    """`last`: the visit that the page shows as the last one; a minus undoes what was done with it."""

    text: fields.Name | None = None
    last: UUID | None = None


@form("/clinics/{clinic_id:uuid}/days/{day_on:date}/counter", act=Act.GIVE, again=show_counter)
async def find_by_form(work: Work, view: View, clinic_id: UUID, day_on: date) -> Response[Any]:
    """The visit of a card, or the page of somebody who isn't expected; of a name the few that it may mean."""
    refuse_other_day(view, day_on)
    typed = view.typed(CardForm)
    base = counter_address(clinic_id, day_on)
    if typed.text is None:
        if typed.last is None:
            raise FormWrong(problems=[FieldProblem("text", NEEDED)])
        return view.go(base, was=typed.last)  # a second Enter after giving: what was done last stays there
    if typed.text in UNDO and typed.last is not None:
        await view.once(actions.undo_last(work, typed.last), actions.VisitChanged)
        return view.go(f"{base}/{typed.last}", undone="yes")
    found = await who_is_meant(view, typed.text)
    if isinstance(found, UUID):
        return view.go(_way(base, found, await _visit_of(view, found, day_on)))
    visits = {each.patient_id: await _visit_of(view, each.patient_id, day_on) for each in found.patients}
    # Who is expected stands first: they keep the order of the names otherwise.
    found = replace(found, patients=sorted(found.patients, key=lambda each: visits[each.patient_id] is None))
    return await _show_counter(
        view.reading,
        view,
        clinic_id,
        day_on,
        found=found,
        ways={patient_id: _way(base, patient_id, visit) for patient_id, visit in visits.items()},
        visits=visits,
        text=typed.text,
    )


async def _visit_of(view: View, patient_id: UUID, day_on: date) -> store.visits.VisitRow | None:
    """What is prepared for somebody, if anything is."""
    async with view.reading.reading() as tx:
        visit = await store.visits.visit_of_patient(tx, patient_id, day_on)
        return visit if visit and await store.visit_lines.lines_of_visit(tx, visit.visit_id) else None


def _way(base: str, patient_id: UUID, visit: store.visits.VisitRow | None) -> str:
    """To the bag, or to the page of somebody who isn't expected."""
    return f"{base}/{visit.visit_id}" if visit else f"{base}/unexpected/{patient_id}"


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
    visit = await _visit_of(view, patient_id, view.today)
    return _way(counter_address(view.clinic_id, view.today), patient_id, visit)


def refuse_other_day(view: View, day_on: date) -> None:
    if day_on != view.today:
        raise NotToday


def counter_address(clinic_id: UUID, day_on: date) -> str:
    return f"/dispense/clinics/{clinic_id}/days/{day_on}/counter"


PAGES = (show_counter, find_by_form)
