"""The pharmacy day that is next: a part of the first page, which stock serves."""

from typing import Any
from uuid import UUID

from litestar import Response

from services.dispense import store
from services.dispense.pages.days import coming_days
from services.dispense.pages.people import wanted_on
from shared.database import Work
from shared.roles import Act
from shared.web.pages import View, page


@page("/clinics/{clinic_id:uuid}/fragments/waiting", act=Act.SEE_DAY)
async def show_waiting(work: Work, view: View, clinic_id: UUID) -> Response[Any]:
    async with work.reading() as tx:
        coming = coming_days(await store.calendar.calendar_of(tx, tx.today), tx.today)
        numbers = await store.summaries.numbers_of(tx, coming)
        next_on = next((day for day in coming if day not in numbers or numbers[day].state == "open"), None)
        shown = numbers.get(next_on) if next_on else None
        unprepared = next_on is not None and (shown is None or not shown.prepared)
        expected = len({need.patient_id for need in await wanted_on(tx, next_on)}) if unprepared and next_on else 0
    return view.plain("dispense/waiting.html", next_on=next_on, numbers=shown, unprepared=unprepared, expected=expected)


async def numbers(view: View) -> dict[str, int]:
    """Bags that wait at today's counter."""
    if not view.may(Act.GIVE):
        return {}
    async with view.reading.reading() as tx:
        today = (await store.summaries.numbers_of(tx, [view.today])).get(view.today)
    return {"days": today.to_come if today and today.state == "open" else 0}


PAGES = (show_waiting,)
