"""Patients and their plans. A card code never stands in a URL, a patient's name never in a stored answer."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from services.dispense import store
from services.dispense.actions import patients as actions
from services.dispense.api.keys import keys_of
from services.dispense.errors import PatientNotFound
from services.dispense.rules import Schedule
from shared import fields
from shared.database import Work
from shared.roles import Act
from shared.runtime import Runtime
from shared.web.operations import Limit, asking, command, query
from shared.web.products import find_products

CycleDays = Annotated[int, Meta(ge=1, le=60, description="Days between visits, 28, 30 or 60 as a rule")]
Language = Annotated[str, Meta(max_length=2, pattern=r"^[a-z]{2}$", description="ISO 639-1")]


class PatientBody(fields.Body, frozen=True):
    """A name or alias as they wish; no papers are asked for, and there is no field for them."""

    alias: fields.Name
    age_band: actions.AgeBand = actions.AgeBand.ADULT
    language: Language = "el"
    contact: fields.Line | None = None
    allergies: Annotated[tuple[fields.Name, ...], Meta(max_length=50)] = ()
    cycle_days: CycleDays = 28


@command("/clinics/{clinic_id:uuid}/patients", act=Act.REGISTER_PATIENT)
async def register_patient(work: Work, runtime: Runtime, data: PatientBody) -> actions.PatientRegistered:
    """Register a patient; look at them for their new card code."""
    person = actions.Person(
        alias=data.alias,
        age_band=data.age_band,
        language=data.language,
        contact=data.contact,
        allergies=data.allergies,
        cycle_days=data.cycle_days,
    )
    return await actions.register_patient(work, keys_of(runtime), person)


class CardBody(fields.Body, frozen=True):
    card_code: fields.Name


class PatientFound(Struct, frozen=True, kw_only=True):
    patient_id: UUID


@asking("/clinics/{clinic_id:uuid}/patients/find", act=Act.SEE_PATIENT)
async def find_patient(work: Work, runtime: Runtime, data: CardBody) -> PatientFound:
    """The patient of a card code, however it was typed."""
    return PatientFound(patient_id=await actions.find_by_card(work, keys_of(runtime), data.card_code))


class TherapyLine(Struct, frozen=True, kw_only=True):
    therapy_line_id: UUID
    product_id: UUID
    product_name: str
    only_this_product: bool
    per_intake: str
    schedule: Schedule
    starts_on: date
    until_on: date | None
    covered_through: date | None
    prescribed_by: str | None


class Patient(Struct, frozen=True, kw_only=True):
    patient_id: UUID
    identity: actions.Identity | None
    """Null when the person has been forgotten."""
    cycle_days: int
    registered_at: datetime
    forgotten_at: datetime | None
    therapy_lines: list[TherapyLine]
    given: list[store.patients.GivenRow]


@query("/clinics/{clinic_id:uuid}/patients/{patient_id:uuid}", act=Act.SEE_PATIENT)
async def see_patient(work: Work, runtime: Runtime, patient_id: UUID, most: Limit = 100) -> Patient:
    """A patient with their plan and what they were given; that you looked is written down."""
    identities = await actions.look_at(work, keys_of(runtime), [patient_id], "patient")
    async with work.reading() as tx:
        patient = await store.patients.find_patient(tx, patient_id)
        if patient is None:
            raise PatientNotFound
        lines = await store.patients.therapy_lines_of(tx, patient_id)
        given = await store.patients.given_to(tx, patient_id, most)
        assert tx.clinic_id is not None
        keys = keys_of(runtime)
        covered = await store.plans.covered_through(tx, patient_id)
        therapy_lines = [_line(x, actions.prescriber_of(keys, tx.clinic_id, patient, x), covered) for x in lines]
    return Patient(
        patient_id=patient_id,
        identity=identities.get(patient_id),
        cycle_days=patient.cycle_days,
        registered_at=patient.registered_at,
        forgotten_at=patient.forgotten_at,
        therapy_lines=therapy_lines,
        given=given,
    )


def _line(line: store.patients.TherapyLineRow, prescribed_by: str | None, covered: Mapping[UUID, date]) -> TherapyLine:
    return TherapyLine(
        therapy_line_id=line.therapy_line_id,
        product_id=line.product_id,
        product_name=line.product_name,
        only_this_product=line.only_this_product,
        per_intake=line.per_intake,
        schedule=line.schedule,
        starts_on=line.starts_on,
        until_on=line.until_on,
        covered_through=covered.get(line.therapy_line_id, line.covered_through),
        prescribed_by=prescribed_by,
    )


class TherapyLineBody(fields.Body, frozen=True):
    """`per_intake` in the product's content unit (tablets, puffs, ml), `schedule` says how often."""

    product_id: UUID
    per_intake: fields.Fraction
    schedule: Schedule
    starts_on: fields.Day
    until_on: fields.Day | None = None
    only_this_product: bool = False
    prescribed_by: fields.Name | None = None


@command("/clinics/{clinic_id:uuid}/patients/{patient_id:uuid}/therapy-lines", act=Act.PLAN_THERAPY)
async def plan_therapy(
    work: Work, runtime: Runtime, patient_id: UUID, data: TherapyLineBody
) -> actions.TherapyLineChanged:
    """Add a line to a patient's plan: what, how much at a time, how often, from when until when."""
    line = actions.NewLine(
        product_id=data.product_id,
        only_this_product=data.only_this_product,
        per_intake=data.per_intake,
        schedule=data.schedule,
        starts_on=data.starts_on,
        until_on=data.until_on,
        prescribed_by=data.prescribed_by,
    )
    return await actions.plan_therapy(work, keys_of(runtime), patient_id, line)


class EndBody(fields.Body, frozen=True):
    until_on: fields.Day


@command(
    "/clinics/{clinic_id:uuid}/patients/{patient_id:uuid}/therapy-lines/{therapy_line_id:uuid}/end",
    act=Act.PLAN_THERAPY,
)
async def end_therapy_line(
    work: Work, patient_id: UUID, therapy_line_id: UUID, data: EndBody
) -> actions.TherapyLineChanged:
    """Set the last day of a line of the plan."""
    return await actions.end_therapy_line(work, patient_id, therapy_line_id, data.until_on)


@command("/clinics/{clinic_id:uuid}/patients/{patient_id:uuid}/forget", act=Act.FORGET_PATIENT)
async def forget_patient(work: Work, runtime: Runtime, patient_id: UUID) -> actions.PatientForgot:
    """Forget who a patient is, for good once the backups have passed: the answer says when."""
    return await actions.forget_patient(work, patient_id, runtime.settings.backup_retention_days)


ROUTES = (
    find_products,
    register_patient,
    find_patient,
    see_patient,
    plan_therapy,
    end_therapy_line,
    forget_patient,
)
