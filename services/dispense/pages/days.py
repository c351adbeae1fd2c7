"""Pharmacy days: the coming and past ones, and one day with what is short on top."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from litestar import Response

from services.dispense import store, words
from services.dispense.actions import day as actions
from services.dispense.errors import NotAPharmacyDay
from services.dispense.pages import closing
from services.dispense.pages.people import Shown, expected_by_plan, expected_by_visit, wanted_on
from services.dispense.pages.reach import reach_of
from services.dispense.rules.planning import FURTHEST_DAY, Calendar
from services.dispense.rules.supply import pharmacy_days
from shared import known
from shared.database import Work
from shared.roles import Act
from shared.web.pages import View, form, page

MOST_COMING, MOST_PAST = 6, 20


@page("/clinics/{clinic_id:uuid}/days", act=Act.SEE_DAY)
async def show_days(work: Work, view: View, clinic_id: UUID) -> Response[Any]:
    """The next pharmacy day on top, with the one thing to do; then the coming ones, and what came of the past."""
    async with work.reading() as tx:
        calendar = await store.calendar.calendar_of(tx, tx.today)
        coming = coming_days(calendar, tx.today)
        numbers = await store.summaries.numbers_of(tx, coming)
        past = await store.summaries.numbers_before(tx, tx.today, MOST_PAST)
        closed = [each for each in numbers.values() if each.state == "closed"]
        still_to_come = [day for day in coming if numbers.get(day) not in closed]
        next_on = next(iter(still_to_come), None)
        expected = len({need.patient_id for need in await wanted_on(tx, next_on)}) if next_on else 0
    return await view.page(
        "dispense/days.html",
        base=f"/dispense/clinics/{clinic_id}/days",
        calendar=calendar,
        further=still_to_come[1:],
        numbers=numbers,
        past=closed + past,
        next_on=next_on,
        expected=expected,
        reach=await reach_of(view),
        states=words.DAY_STATES,
    )


def coming_days(calendar: Calendar, today: date) -> list[date]:
    """Today, if it is one, and the next pharmacy days."""
    last_on = today + timedelta(days=FURTHEST_DAY)
    return pharmacy_days(calendar.weekdays, calendar.closures, today, last_on)[:MOST_COMING]


@page("/clinics/{clinic_id:uuid}/days/{day_on:date}", act=Act.SEE_DAY)
async def show_day(work: Work, view: View, clinic_id: UUID, day_on: date) -> Response[Any]:
    """One day: before it is prepared who is expected; then what is short, who comes, what came of it."""
    async with work.reading() as tx:
        day = await store.days.find_day(tx, day_on)
        if day is None and not (await store.calendar.calendar_of(tx, day_on)).is_open(day_on):
            raise NotAPharmacyDay
        wanted = await wanted_on(tx, day_on) if day is None or day.prepared_at is None else []
    if day is not None and day.state == "closed":
        return await closing.show_closed(work, view, clinic_id, day)
    if day is None or day.prepared_at is None:
        return await _show_unprepared(view, clinic_id, day_on, expected=await expected_by_plan(view, wanted))
    return await _show_prepared(work, view, clinic_id, day)


async def _show_unprepared(view: View, clinic_id: UUID, day_on: date, *, expected: Shown) -> Response[Any]:
    return await view.page(
        "dispense/unprepared.html",
        base=day_address(clinic_id, day_on),
        day_on=day_on,
        expected=expected,
        reach=await reach_of(view),
    )


async def _show_prepared(work: Work, view: View, clinic_id: UUID, day: store.days.DayRow) -> Response[Any]:
    async with work.reading() as tx:
        numbers = (await store.summaries.numbers_of(tx, [day.day_on]))[day.day_on]
        short = await store.summaries.short_of_day(tx, day.day_id)
        products = await known.products(tx.sql, tx.clinic_id, [one.product_id for one in short])
        visits = await store.visits.visits_of_day(tx, day.day_id)
        lines = await store.visit_lines.lines_of_day(tx, day.day_id)
        to_call = await store.held.call_backs_of_day(tx, day.day_id, closing.MOST)
    return await view.page(
        "dispense/day.html",
        base=day_address(clinic_id, day.day_on),
        day_on=day.day_on,
        day=day,
        numbers=numbers,
        short=short,
        products=products,
        expected=await expected_by_visit(view, visits, lines),
        call_backs=await closing.to_be_called(view, to_call),
        reach=await reach_of(view),
        states=words.VISIT_STATES,
    )


@form("/clinics/{clinic_id:uuid}/days/{day_on:date}/prepare", act=Act.PREPARE_DAY, again=show_day)
async def prepare_by_form(work: Work, view: View, clinic_id: UUID, day_on: date) -> Response[Any]:
    await view.once(actions.prepare_pharmacy_day(work, day_on), actions.DayPrepared)
    return view.go(day_address(clinic_id, day_on))


@page("/clinics/{clinic_id:uuid}/fragments/days/{day_on:date}", act=Act.SEE_DAY)
async def show_answers(work: Work, view: View, clinic_id: UUID, day_on: date) -> Response[Any]:
    """How much of what was asked stock has answered; when all is in, the page is to be loaded again."""
    async with work.reading() as tx:
        numbers = (await store.summaries.numbers_of(tx, [day_on])).get(day_on)
    answer = view.plain("dispense/answers.html", base=day_address(clinic_id, day_on), day_on=day_on, numbers=numbers)
    if numbers is None or not numbers.waiting:
        answer.headers["HX-Refresh"] = "true"
    return answer


def day_address(clinic_id: UUID, day_on: date) -> str:
    return f"/dispense/clinics/{clinic_id}/days/{day_on}"


PAGES = (show_days, show_day, prepare_by_form, show_answers)
