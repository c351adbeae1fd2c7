"""The clinic's calendar: on which weekdays the pharmacy gives, and on which days it doesn't."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from litestar import Response
from msgspec import Meta, Struct

from services.dispense import store
from services.dispense.actions import calendar as actions
from services.dispense.pages.days import coming_days
from shared import fields
from shared.database import Work
from shared.language import N_
from shared.roles import Act
from shared.web.pages import View, form, page
from shared.web.pages.forms import FieldProblem, FormWrong

PAST = N_("This day has passed.")
NO_WEEKDAY = N_("Tick at least one weekday.")


@page("/clinics/{clinic_id:uuid}/days/calendar", act=Act.SEE_CLINIC)
async def show_calendar(work: Work, view: View, clinic_id: UUID) -> Response[Any]:
    async with work.reading() as tx:
        kept = await store.calendar.calendar_of(tx, tx.today)
        closures = await store.calendar.closures(tx, tx.today)
        coming = coming_days(kept, tx.today)
    return await view.page(
        "dispense/calendar.html", base=_address(clinic_id), kept=kept, closures=closures, coming=coming
    )


class WeekdaysForm(Struct, frozen=True, kw_only=True):
    weekday: tuple[Annotated[int, Meta(ge=1, le=7)], ...] = ()


@form("/clinics/{clinic_id:uuid}/days/calendar", act=Act.SET_CALENDAR, again=show_calendar)
async def set_weekdays_by_form(work: Work, view: View, clinic_id: UUID) -> Response[Any]:
    weekdays = sorted(set(view.typed(WeekdaysForm).weekday))
    if not weekdays:
        raise FormWrong(problems=[FieldProblem("weekday", NO_WEEKDAY)])
    await view.once(actions.set_weekdays(work, weekdays), actions.CalendarChanged)
    return view.go(_address(clinic_id), kept="yes")


class ClosureForm(Struct, frozen=True, kw_only=True):
    day_on: date
    reason: fields.Line


@form("/clinics/{clinic_id:uuid}/days/closures", act=Act.SET_CALENDAR, again=show_calendar)
async def close_on_by_form(work: Work, view: View, clinic_id: UUID) -> Response[Any]:
    typed = view.typed(ClosureForm)
    if typed.day_on < view.today:
        raise FormWrong(problems=[FieldProblem("day_on", PAST)])
    await view.once(actions.close_on(work, typed.day_on, typed.reason), actions.ClosureChanged)
    return view.go(_address(clinic_id), closed=typed.day_on)


@form("/clinics/{clinic_id:uuid}/days/closures/{day_on:date}/lift", act=Act.SET_CALENDAR, again=show_calendar)
async def open_after_all_by_form(work: Work, view: View, clinic_id: UUID, day_on: date) -> Response[Any]:
    await view.once(actions.open_after_all(work, day_on), actions.ClosureChanged)
    return view.go(_address(clinic_id))


def _address(clinic_id: UUID) -> str:
    return f"/dispense/clinics/{clinic_id}/days/calendar"


PAGES = (show_calendar, set_weekdays_by_form, close_on_by_form, open_after_all_by_form)
