"""Pharmacy days: the calendar, who is expected, preparing, closing."""

from datetime import date, timedelta
from typing import Annotated
from uuid import UUID

from litestar.params import Parameter
from msgspec import Meta, Struct

from services.dispense import store
from services.dispense.actions import calendar, patients
from services.dispense.actions import day as actions
from services.dispense.api.keys import keys_of
from services.dispense.errors import DayNotPrepared
from services.dispense.rules import planning
from shared import fields, known
from shared.database import Work
from shared.roles import Act
from shared.runtime import Runtime
from shared.web.operations import command, query

Weekday = Annotated[int, Meta(ge=1, le=7, description="ISO: 1 is Monday")]


class WeekdaysBody(fields.Body, frozen=True):
    weekdays: Annotated[tuple[Weekday, ...], Meta(min_length=1, max_length=7)]


@command("/clinics/{clinic_id:uuid}/pharmacy-weekdays", act=Act.SET_CALENDAR)
async def set_weekdays(work: Work, data: WeekdaysBody) -> calendar.CalendarChanged:
    """Set the weekdays on which the clinic's pharmacy gives medicines."""
    return await calendar.set_weekdays(work, sorted(set(data.weekdays)))


class ClosureBody(fields.Body, frozen=True):
    day_on: fields.Day
    reason: fields.Line


@command("/clinics/{clinic_id:uuid}/closures", act=Act.SET_CALENDAR)
async def close_on(work: Work, data: ClosureBody) -> calendar.ClosureChanged:
    """The pharmacy is closed on a day."""
    return await calendar.close_on(work, data.day_on, data.reason)


@command("/clinics/{clinic_id:uuid}/closures/{day_on:date}/lift", act=Act.SET_CALENDAR)
async def open_after_all(work: Work, day_on: date) -> calendar.ClosureChanged:
    """The pharmacy is open on that day after all."""
    return await calendar.open_after_all(work, day_on)


class CalendarView(Struct, frozen=True, kw_only=True):
    weekdays: list[int]
    closures: list[store.calendar.Closure]
    coming_days: list[date]


DaysAhead = Annotated[int, Parameter(ge=1, le=366, description="How far to look")]


@query("/clinics/{clinic_id:uuid}/pharmacy-days", act=Act.SEE_DAY)
async def see_calendar(work: Work, days_ahead: DaysAhead = 60) -> CalendarView:
    """The weekdays, the closures, and the pharmacy days to come, today included."""
    async with work.reading() as tx:
        kept = await store.calendar.calendar_of(tx, tx.today)
        days = (tx.today + timedelta(days=offset) for offset in range(days_ahead))
        return CalendarView(
            weekdays=sorted(kept.weekdays),
            closures=await store.calendar.closures(tx, tx.today),
            coming_days=[day for day in days if kept.is_open(day)],
        )


class ExpectedLine(Struct, frozen=True, kw_only=True):
    therapy_line_id: UUID
    product_name: str
    content_needed: str
    from_on: date
    through_on: date
    tops_up: bool


class Expected(Struct, frozen=True, kw_only=True):
    patient_id: UUID
    alias: str | None
    lines: list[ExpectedLine]


class ExpectedList(Struct, frozen=True, kw_only=True):
    day_on: date
    patients: list[Expected]


@query("/clinics/{clinic_id:uuid}/pharmacy-days/{day_on:date}/expected", act=Act.SEE_PATIENT)
async def see_expected(work: Work, runtime: Runtime, day_on: date) -> ExpectedList:
    """Who is expected on a day and what each needs; that you looked at who they are is written down."""
    async with work.reading() as tx:
        policies = await known.policies_of(tx.sql, tx.clinic_id)
        calendar = await store.calendar.calendar_of(tx, day_on)
        plans = await store.plans.plans(tx, day_on)
        wanted = planning.wanted_on(plans, day_on, calendar, policies.supply_days_most)
        products = await known.products(tx.sql, tx.clinic_id, [need.product_id for need in wanted])
    ids = list(planning.by_urgency(wanted))
    identities = await patients.look_at(work, keys_of(runtime), ids, "expected list")
    lines: dict[UUID, list[ExpectedLine]] = {patient_id: [] for patient_id in ids}
    for need in wanted:
        lines[need.patient_id].append(
            ExpectedLine(
                therapy_line_id=need.therapy_line_id,
                product_name=products[need.product_id].product.name,
                content_needed=str(need.content_needed),
                from_on=need.from_on,
                through_on=need.through_on,
                tops_up=need.tops_up is not None,
            )
        )
    return ExpectedList(
        day_on=day_on,
        patients=[
            Expected(
                patient_id=patient_id,
                alias=identities[patient_id].alias if patient_id in identities else None,
                lines=lines[patient_id],
            )
            for patient_id in ids
        ],
    )


@command("/clinics/{clinic_id:uuid}/pharmacy-days/{day_on:date}/prepare", act=Act.PREPARE_DAY)
async def prepare_pharmacy_day(work: Work, day_on: date) -> actions.DayPrepared:
    """Have everything reserved that everybody expected needs; again, only what has changed."""
    return await actions.prepare_pharmacy_day(work, day_on)


class DayView(Struct, frozen=True, kw_only=True):
    """A prepared day; `lines` has the shortages first, then what stock has not answered yet."""

    day: store.days.DayRow
    visits: list[store.visits.VisitRow]
    lines: list[store.visit_lines.VisitLine]


@query("/clinics/{clinic_id:uuid}/pharmacy-days/{day_on:date}", act=Act.SEE_DAY)
async def see_day(work: Work, day_on: date) -> DayView:
    """A prepared day without anybody's name: what is reserved, short, given."""
    async with work.reading() as tx:
        day = await store.days.find_day(tx, day_on)
        if day is None:
            raise DayNotPrepared
        return DayView(
            day=day,
            visits=await store.visits.visits_of_day(tx, day.day_id),
            lines=await store.visit_lines.lines_of_day(tx, day.day_id),
        )


@command("/clinics/{clinic_id:uuid}/pharmacy-days/{day_on:date}/close", act=Act.GIVE)
async def close_pharmacy_day(work: Work, day_on: date) -> actions.DayEnded:
    """Close the day: what wasn't given goes back to stock."""
    return await actions.close_pharmacy_day(work, day_on)


@command("/clinics/{clinic_id:uuid}/pharmacy-days/{day_on:date}/reopen", act=Act.PREPARE_DAY)
async def reopen_pharmacy_day(work: Work, day_on: date) -> actions.DayPrepared:
    """Open today's pharmacy day again when it was closed too soon; what is still needed is reserved again."""
    return await actions.reopen_pharmacy_day(work, day_on)


ROUTES = (
    set_weekdays,
    close_on,
    open_after_all,
    see_calendar,
    see_expected,
    prepare_pharmacy_day,
    see_day,
    close_pharmacy_day,
    reopen_pharmacy_day,
)
