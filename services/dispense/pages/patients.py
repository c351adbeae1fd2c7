"""Finding a patient by card or name, and all that there is about them on one page."""

from typing import Any
from uuid import UUID

from litestar import Response
from msgspec import Struct

from services.dispense import words
from services.dispense.actions import finding
from services.dispense.actions import patients as actions
from services.dispense.api.keys import keys_of
from services.dispense.errors import CardMistyped, CardUnknown
from services.dispense.pages.seen import Seen, address_of, base_of, final_on, seen
from services.dispense.rules.card import RANDOM_CHARACTERS, read_card_code
from shared import fields
from shared.database import Work
from shared.language import N_
from shared.roles import Act
from shared.runtime import Runtime
from shared.web.pages import View, form, page
from shared.web.pages.forms import FieldProblem, FormWrong

MOST_FOUND = 9
"""So many are offered for a name: each has a digit of the keyboard."""

TOO_FEW_LETTERS = N_("Type two letters of the name at least, or scan the card.")


@page("/clinics/{clinic_id:uuid}/patients", act=Act.SEE_PATIENT)
async def show_finding(work: Work, view: View, clinic_id: UUID) -> Response[Any]:
    return await view.page("dispense/patients.html", base=base_of(clinic_id), found=None)


class FindForm(Struct, frozen=True, kw_only=True):
    text: fields.Name


@form("/clinics/{clinic_id:uuid}/patients", act=Act.SEE_PATIENT, again=show_finding)
async def find_by_form(work: Work, runtime: Runtime, view: View, clinic_id: UUID) -> Response[Any]:
    """A card leads to its patient; a name to the few that it may mean. Neither ever stands in an address."""
    text = view.typed(FindForm).text
    patient_id = await _of_card(view.reading, runtime, text)
    if patient_id is not None:
        return view.go(address_of(clinic_id, patient_id))
    if sum(sign.isalpha() for sign in text) < finding.LEAST_LETTERS:
        raise FormWrong(problems=[FieldProblem("text", TOO_FEW_LETTERS)])
    found = await finding.find_by_name(view.reading, keys_of(runtime), text, MOST_FOUND)
    return await view.page("dispense/patients.html", base=base_of(clinic_id), found=found, text=text, tables=words)


async def _of_card(work: Work, runtime: Runtime, text: str) -> UUID | None:
    """None: it isn't like a card's code, so it is a name."""
    numbers = sum(sign.isdigit() for sign in text)
    if read_card_code(text) is None:
        plain = text.replace("-", "").replace(" ", "")
        if numbers and RANDOM_CHARACTERS <= len(plain) <= RANDOM_CHARACTERS + 2:
            raise FormWrong(problems=[FieldProblem("text", CardMistyped.detail)])
        return None
    try:
        return await actions.find_by_card(work, keys_of(runtime), text)
    except CardUnknown:
        # A name of ten such letters may pass for a code by chance; one with digits or a dash in it hardly will.
        if numbers or "-" in text:
            raise FormWrong(problems=[FieldProblem("text", CardUnknown.title)]) from None
        return None


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
