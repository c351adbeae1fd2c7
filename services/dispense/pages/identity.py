"""What somebody says of themselves: registered with it, changed, and forgotten for good."""

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from litestar import Response
from msgspec import Meta, Struct

from services.dispense import words
from services.dispense.actions import changing
from services.dispense.actions import patients as actions
from services.dispense.api.keys import keys_of
from services.dispense.errors import PatientForgotten
from services.dispense.pages.seen import address_of, base_of, seen
from shared import fields
from shared.database import Work
from shared.language import N_
from shared.roles import Act
from shared.runtime import Runtime
from shared.web.pages import View, form, page
from shared.web.pages.forms import TOO_LONG, FieldProblem, FormWrong

LANGUAGES = ("el", "en", "ar", "fa", "ur", "ps", "ku", "tr", "sq", "bg", "ro", "ru", "uk", "ka", "hy", "pl", "fr", "es",
             "bn", "pa", "so", "am", "ti", "sw", "zh")  # fmt: skip
"""Greek and English first, then what is spoken by those who come."""
MOST_ALLERGIES, LONGEST_ALLERGY = 50, 120

TICK_NEEDED = N_("Tick this, if they should be forgotten.")


class PersonForm(Struct, frozen=True, kw_only=True):
    """All that is asked. There is no field for papers, address, nationality or a number of the state."""

    alias: fields.Name
    age_band: actions.AgeBand = actions.AgeBand.ADULT
    language: Annotated[str, Meta(max_length=2, pattern=r"^[a-z]{2}$")] = "el"
    contact: fields.Line | None = None
    allergies: Annotated[str, Meta(max_length=2000, pattern=fields.ONE_LINE)] | None = None
    cycle_days: Annotated[int, Meta(ge=1, le=60)] = 28


class BeginForm(Struct, frozen=True, kw_only=True):
    """`begin`: nobody was found by this name; it is what the form begins with."""

    begin: bool = False
    text: fields.Name | None = None


@page("/clinics/{clinic_id:uuid}/patients/new", act=Act.REGISTER_PATIENT)
async def show_registering(work: Work, view: View, clinic_id: UUID) -> Response[Any]:
    return await _show_registering(view, clinic_id)


async def _show_registering(view: View, clinic_id: UUID, alias: str = "") -> Response[Any]:
    return await view.page(
        "dispense/new.html",
        path=f"{base_of(clinic_id)}/new",
        everybody=base_of(clinic_id),
        who={"alias": alias, "age_band": "adult", "language": "el", "cycle_days": 28},
        tables=words,
        languages=_languages(view),
    )


@form("/clinics/{clinic_id:uuid}/patients/new", act=Act.REGISTER_PATIENT, again=show_registering)
async def register_by_form(work: Work, runtime: Runtime, view: View, clinic_id: UUID) -> Response[Any]:
    begin = view.typed(BeginForm)
    if begin.begin:
        return await _show_registering(view, clinic_id, begin.text or "")
    registering = actions.register_patient(work, keys_of(runtime), _person(view.typed(PersonForm)))
    registered = await view.once(registering, actions.PatientRegistered)
    return view.go(address_of(clinic_id, registered.patient_id), was="registered")


@page("/clinics/{clinic_id:uuid}/patients/{patient_id:uuid}/identity", act=Act.REGISTER_PATIENT)
async def show_identity(work: Work, runtime: Runtime, view: View, clinic_id: UUID, patient_id: UUID) -> Response[Any]:
    found = await seen(work, runtime, patient_id, "identity")
    if found.identity is None:
        raise PatientForgotten
    who = found.identity
    base = address_of(clinic_id, patient_id)
    return await view.page(
        "dispense/identity.html",
        path=f"{base}/identity",
        base=base,
        seen=found,
        who={
            "alias": who.alias,
            "age_band": who.age_band.value,
            "language": who.language,
            "contact": who.contact,
            "allergies": ", ".join(who.allergies),
            "cycle_days": found.patient.cycle_days,
        },
        tables=words,
        languages=_languages(view, who.language),
    )


@form("/clinics/{clinic_id:uuid}/patients/{patient_id:uuid}/identity", act=Act.REGISTER_PATIENT, again=show_identity)
async def change_identity_by_form(
    work: Work, runtime: Runtime, view: View, clinic_id: UUID, patient_id: UUID
) -> Response[Any]:
    person = _person(view.typed(PersonForm))
    await view.once(changing.change_identity(work, keys_of(runtime), patient_id, person), actions.PatientRegistered)
    return view.go(address_of(clinic_id, patient_id), was="changed")


def _person(typed: PersonForm) -> actions.Person:
    named = [each.strip() for each in (typed.allergies or "").replace(";", ",").split(",") if each.strip()]
    if len(named) > MOST_ALLERGIES or any(len(each) > LONGEST_ALLERGY for each in named):
        raise FormWrong(problems=[FieldProblem("allergies", TOO_LONG, {"most": LONGEST_ALLERGY})])
    return actions.Person(
        alias=typed.alias,
        age_band=typed.age_band,
        language=typed.language,
        contact=typed.contact,
        allergies=tuple(named),
        cycle_days=typed.cycle_days,
    )


def _languages(view: View, also: str = "el") -> dict[str, str]:
    """Languages by their names in the reader's; one that is in no list has its code for a name."""
    return {code: view.words.language_name(code) for code in dict.fromkeys((*LANGUAGES, also))}


# Forgetting: the one thing that can't be undone


@page("/clinics/{clinic_id:uuid}/patients/{patient_id:uuid}/forget", act=Act.FORGET_PATIENT)
async def show_forgetting(work: Work, runtime: Runtime, view: View, clinic_id: UUID, patient_id: UUID) -> Response[Any]:
    found = await seen(work, runtime, patient_id, "forget")
    if found.identity is None:
        raise PatientForgotten
    base = address_of(clinic_id, patient_id)
    days = runtime.settings.backup_retention_days
    return await view.page(
        "dispense/forget.html", base=base, path=f"{base}/forget", seen=found, final_on=view.today + timedelta(days=days)
    )


class ForgetForm(Struct, frozen=True, kw_only=True):
    sure: bool = False


@form("/clinics/{clinic_id:uuid}/patients/{patient_id:uuid}/forget", act=Act.FORGET_PATIENT, again=show_forgetting)
async def forget_by_form(work: Work, runtime: Runtime, view: View, clinic_id: UUID, patient_id: UUID) -> Response[Any]:
    if not view.typed(ForgetForm).sure:
        raise FormWrong(problems=[FieldProblem("sure", TICK_NEEDED)])
    forgetting = actions.forget_patient(work, patient_id, runtime.settings.backup_retention_days)
    await view.once(forgetting, actions.PatientForgot)
    return view.go(address_of(clinic_id, patient_id))


PAGES = (
    show_registering,
    register_by_form,
    show_identity,
    change_identity_by_form,
    show_forgetting,
    forget_by_form,
)
