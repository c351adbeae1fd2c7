"""A patient's card on paper: its number large, as a code to scan, and nobody's name."""

from pathlib import Path
from typing import Any
from uuid import UUID

from litestar import Response

from services.dispense import store
from services.dispense.actions import changing
from services.dispense.actions import patients as actions
from services.dispense.api.keys import keys_of
from services.dispense.errors import PatientForgotten, PatientNotFound
from services.dispense.pages.patients import show_patient
from services.dispense.pages.seen import address_of
from services.dispense.store.calendar import Clinic
from shared.database import Work
from shared.language import LANGUAGES, Words, words_in
from shared.printing import pdf, qr_svg
from shared.roles import Act
from shared.runtime import Runtime
from shared.web.pages import View, form, page

TEMPLATE = Path(__file__).parent.parent / "templates" / "dispense" / "card.typ"


@page("/clinics/{clinic_id:uuid}/patients/{patient_id:uuid}/card.pdf", act=Act.SEE_PATIENT)
async def print_card(work: Work, runtime: Runtime, view: View, clinic_id: UUID, patient_id: UUID) -> Response[Any]:
    identities = await actions.look_at(work, keys_of(runtime), [patient_id], "card")
    async with work.reading() as tx:
        clinic = await store.calendar.clinic(tx)
        patient = await store.patients.find_patient(tx, patient_id)
    if patient is None:
        raise PatientNotFound
    if patient_id not in identities:
        raise PatientForgotten
    return view.pdf("card.pdf", await printed(identities[patient_id], clinic))


async def printed(identity: actions.Identity, clinic: Clinic) -> bytes:
    """In the patient's language where Dosis has it, else in English."""
    theirs: Words = words_in(next((each for each in LANGUAGES if each == identity.language), "en"))
    data = {
        "clinic": clinic.name,
        "phone": clinic.phone or "",
        "number": identity.card_code,
        "code": qr_svg(identity.card_code),
        "bring": theirs.gettext("Bring this card when you come for your medicines."),
        "lost": theirs.gettext("If you lose it, tell us: you get another one."),
        "cut": theirs.gettext("Cut along the line."),
        "language": theirs.language,
    }
    return await pdf(TEMPLATE, theirs.gettext("Card for medicines"), data)


@form("/clinics/{clinic_id:uuid}/patients/{patient_id:uuid}/card", act=Act.REGISTER_PATIENT, again=show_patient)
async def replace_card_by_form(
    work: Work, runtime: Runtime, view: View, clinic_id: UUID, patient_id: UUID
) -> Response[Any]:
    replacing = changing.replace_card(work, keys_of(runtime), patient_id)
    await view.once(replacing, actions.PatientRegistered)
    return view.go(address_of(clinic_id, patient_id), was="card")


PAGES = (print_card, replace_card_by_form)
