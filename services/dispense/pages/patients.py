"""Finding a patient by card or name, and all that there is about them on one page."""

from typing import Any
from uuid import UUID

from litestar import Response
from msgspec import Struct

from services.dispense import words
from services.dispense.pages.seen import Seen, address_of, base_of, final_on, seen
from services.dispense.pages.who import who_is_meant
from shared import fields
from shared.database import Work
from shared.roles import Act
from shared.runtime import Runtime
from shared.web.pages import View, form, page


@page("/clinics/{clinic_id:uuid}/patients", act=Act.SEE_PATIENT)
async def show_finding(work: Work, view: View, clinic_id: UUID) -> Response[Any]:
    return await view.page("dispense/patients.html", base=base_of(clinic_id), found=None)


class FindForm(Struct, frozen=True, kw_only=True):
    text: fields.Name


@form("/clinics/{clinic_id:uuid}/patients", act=Act.SEE_PATIENT, again=show_finding)
async def find_by_form(work: Work, view: View, clinic_id: UUID) -> Response[Any]:
    """A card leads to its patient; a name to the few that it may mean."""
    text = view.typed(FindForm).text
    found = await who_is_meant(view, text)
    if isinstance(found, UUID):
        return view.go(address_of(clinic_id, found))
    ways = {each.patient_id: address_of(clinic_id, each.patient_id) for each in found.patients}
    return await view.page(
        "dispense/patients.html", base=base_of(clinic_id), found=found, ways=ways, text=text, tables=words
    )


@page("/clinics/{clinic_id:uuid}/patients/{patient_id:uuid}", act=Act.SEE_PATIENT)
async def show_patient(work: Work, runtime: Runtime, view: View, clinic_id: UUID, patient_id: UUID) -> Response[Any]:
    found = await seen(work, runtime, patient_id)
    base = address_of(clinic_id, patient_id)
    if found.patient.forgotten_at is not None:
        final = final_on(view.local(found.patient.forgotten_at).date(), runtime)
        return await view.page("dispense/forgotten.html", seen=found, final_on=final, everybody=base_of(clinic_id))
    shown = next((line for line in found.lines if str(line.row.therapy_line_id) == view.asked("line")), None)
    return await view.page(
        "dispense/patient.html",
        base=base,
        seen=found,
        **lines_of(found, view),
        shown=shown,
        was=view.asked("was"),
        tables=words,
    )


def lines_of(found: Seen, view: View) -> dict[str, Any]:
    """The plan: what is taken today or will be, and what is over; each with the words it is taken by."""
    running = [line for line in found.lines if line.runs(view.today)]
    return {
        "running": running,
        "over": [line for line in found.lines if not line.runs(view.today)][::-1],
        "planned": {line.row.product_id for line in running},
    }


PAGES = (show_finding, find_by_form, show_patient)
