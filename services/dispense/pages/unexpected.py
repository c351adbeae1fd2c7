"""Somebody who isn't expected today: their needs are asked of stock now, if they need anything."""

from datetime import date
from typing import Any
from uuid import UUID

from litestar import Response

from services.dispense.actions import counter as actions
from services.dispense.errors import PatientForgotten
from services.dispense.pages.counter import counter_address, refuse_other_day
from services.dispense.pages.people import identities_of
from services.dispense.pages.reach import reach_of
from shared import known
from shared.database import Work
from shared.roles import Act
from shared.web.pages import View, form, page

_PATH = "/clinics/{clinic_id:uuid}/days/{day_on:date}/counter/unexpected/{patient_id:uuid}"


@page(_PATH, act=Act.GIVE)
async def show_unexpected(work: Work, view: View, clinic_id: UUID, day_on: date, patient_id: UUID) -> Response[Any]:
    refuse_other_day(view, day_on)
    who = (await identities_of(view, [patient_id], "counter")).get(patient_id)
    if who is None:
        raise PatientForgotten
    async with work.reading() as tx:
        policies = await known.policies_of(tx.sql, tx.clinic_id)
    return await view.page(
        "dispense/unexpected.html",
        base=counter_address(clinic_id, day_on),
        patient_id=patient_id,
        who=who,
        wait_seconds=policies.walk_in_wait_seconds,
        reach=await reach_of(view),
    )


@form(_PATH, act=Act.GIVE, again=show_unexpected)
async def open_walk_in_by_form(
    work: Work, view: View, clinic_id: UUID, day_on: date, patient_id: UUID
) -> Response[Any]:
    refuse_other_day(view, day_on)
    opened = await view.once(actions.open_walk_in(work, patient_id), actions.VisitChanged)
    return view.go(f"{counter_address(clinic_id, day_on)}/{opened.visit_id}")


PAGES = (show_unexpected, open_walk_in_by_form)
