"""Patients without papers: registered under a card code, planned for, forgotten when they wish."""

import hashlib
import re
from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID

import msgspec
from msgspec import Struct

from services.dispense import sealing, store
from services.dispense.actions.preparing import bring_patient_into_line
from services.dispense.errors import (
    CardMistyped,
    CardUnknown,
    PatientForgotten,
    PatientNotFound,
    PerIntakeWrong,
    PlanChanged,
    PlannedAlready,
    TherapyDaysWrong,
    TherapyLineNotFound,
    TherapyLineOver,
)
from services.dispense.rules import Schedule, parse_fraction
from services.dispense.rules.card import new_card_code, read_card_code
from shared import known
from shared.database import Transaction, Work
from shared.ids import new_id
from shared.moieties import names_substance


class AgeBand(StrEnum):
    CHILD = "child"
    ADULT = "adult"
    OLDER = "older"


class Identity(Struct, frozen=True, kw_only=True):
    """Who a patient is, as far as they wish to say. There is no field for papers, address or nationality."""

    card_code: str
    alias: str
    age_band: AgeBand
    language: str
    contact: str | None
    allergies: tuple[str, ...]


class PatientRegistered(Struct, frozen=True, kw_only=True):
    patient_id: UUID


class PatientForgot(Struct, frozen=True, kw_only=True):
    patient_id: UUID
    final_on: date
    """From this day on no backup holds the key any more either."""


class TherapyAlert(StrEnum):
    """What a pharmacist should look at before the line is given.

    An allergy is compared by exact substance, in whatever language or salt it was written. A class raises nothing:
    who is written down as allergic to "penicillins" gets no alert for amoxicillin.
    """

    SAME_SUBSTANCE_TWICE = "same_substance_twice"
    ALLERGY = "allergy"


_BETWEEN = re.compile(r"[,;/+\n]|\s(?:και|and)\s")


class TherapyLineChanged(Struct, frozen=True, kw_only=True):
    therapy_line_id: UUID
    alerts: list[TherapyAlert] = []


class Person(Struct, frozen=True, kw_only=True):
    """What is asked of somebody who registers."""

    alias: str
    age_band: AgeBand
    language: str
    contact: str | None
    allergies: tuple[str, ...]
    cycle_days: int


async def register_patient(work: Work, keys: sealing.ClinicKeys, person: Person) -> PatientRegistered:
    """Register somebody, asking nobody for papers. The answer carries no name; the card is seen afterwards."""
    async with work.transaction() as tx:
        assert tx.clinic_id is not None
        patient_id, card_code = new_id(), new_card_code()
        identity = Identity(
            card_code=card_code,
            alias=person.alias,
            age_band=person.age_band,
            language=person.language,
            contact=person.contact,
            allergies=person.allergies,
        )
        wrapping = keys.wrapping(tx.clinic_id)
        wrapped = sealing.new_wrapped_key(wrapping, patient_id)
        sealed = sealing.seal(wrapping, wrapped, patient_id, msgspec.json.encode(identity))
        mac = sealing.card_mac(keys.indexing(tx.clinic_id), card_code)
        await store.patients.add_patient(tx, patient_id, person.cycle_days, wrapped, sealed, mac)
        return tx.done(PatientRegistered(patient_id=patient_id))


def identity_of(keys: sealing.ClinicKeys, clinic_id: UUID, patient: store.patients.PatientRow) -> Identity | None:
    """Who it is; None when they have been forgotten."""
    if patient.sealed is None or patient.wrapped_key is None:
        return None
    wrapping = keys.wrapping(clinic_id)
    plain = sealing.unseal(wrapping, patient.wrapped_key, patient.patient_id, patient.sealed)
    return msgspec.json.decode(plain, type=Identity)


async def look_at(
    work: Work, keys: sealing.ClinicKeys, patient_ids: Sequence[UUID], purpose: str
) -> dict[UUID, Identity]:
    """Who these patients are, those that are not forgotten; that somebody looked is written down."""
    async with work.transaction() as tx:
        assert tx.clinic_id is not None
        rows = await store.patients.find_patients(tx, list(patient_ids))
        await store.patients.note_look(tx, [row.patient_id for row in rows], purpose)
        found = {row.patient_id: identity_of(keys, tx.clinic_id, row) for row in rows}
    return {patient_id: identity for patient_id, identity in found.items() if identity is not None}


async def find_by_card(work: Work, keys: sealing.ClinicKeys, card_code: str) -> UUID:
    """The patient of a card code, however it was typed."""
    assert work.clinic_id is not None
    code = read_card_code(card_code)
    if code is None:
        raise CardMistyped
    async with work.reading() as tx:
        mac = sealing.card_mac(keys.indexing(work.clinic_id), code)
        patient_id = await store.patients.patient_id_of_card(tx, mac)
    if patient_id is None:
        raise CardUnknown
    return patient_id


class NewLine(Struct, frozen=True, kw_only=True):
    product_id: UUID
    only_this_product: bool
    per_intake: str
    schedule: Schedule
    starts_on: date
    until_on: date | None
    prescribed_by: str | None
    seen: str | None = None
    """The plan and the allergies as they stood beside the question (`as_seen`). None: alerts are looked at later."""


async def plan_therapy(work: Work, keys: sealing.ClinicKeys, patient_id: UUID, line: NewLine) -> TherapyLineChanged:
    """Add a line to a patient's plan; what needs a pharmacist's look comes back as alerts.

    Raises PlanChanged when the plan or the allergies are no longer what whoever adds it has seen.
    """
    try:
        per_intake = parse_fraction(line.per_intake)
    except ValueError as problem:
        raise PerIntakeWrong from problem
    if line.until_on is not None and line.until_on < line.starts_on:
        raise TherapyDaysWrong
    async with work.transaction() as tx:
        assert tx.clinic_id is not None
        patient = await present(tx, patient_id)
        product = await known.product_of(tx.sql, tx.clinic_id, line.product_id)
        before = await store.patients.therapy_lines_of(tx, patient_id)
        identity = identity_of(keys, tx.clinic_id, patient)
        allergies = identity.allergies if identity else ()
        alerts = await alerts_of(tx, product, before, allergies)
        if line.seen is not None and line.seen != as_seen(before, allergies):
            raise PlanChanged
        row = store.patients.TherapyLineRow(
            therapy_line_id=new_id(),
            product_id=line.product_id,
            product_name=product.product.name,
            only_this_product=line.only_this_product,
            per_intake=str(per_intake),
            schedule=line.schedule,
            starts_on=line.starts_on,
            until_on=line.until_on,
            sealed_prescriber=sealed_prescriber(keys, tx.clinic_id, patient, line.prescribed_by),
            covered_through=None,
        )
        await store.patients.add_therapy_line(tx, patient_id, row)
        return tx.done(TherapyLineChanged(therapy_line_id=row.therapy_line_id, alerts=alerts))


def as_seen(lines: Sequence[store.patients.TherapyLineRow], allergies: Sequence[str]) -> str:
    """What a plan and the allergies are known again by; it tells nothing of them."""
    stood = [(line.therapy_line_id.hex, str(line.until_on)) for line in lines]
    return hashlib.sha256(repr((stood, tuple(allergies))).encode()).hexdigest()[:20]


def sealed_prescriber(
    keys: sealing.ClinicKeys, clinic_id: UUID, patient: store.patients.PatientRow, prescriber: str | None
) -> bytes | None:
    if prescriber is None or patient.wrapped_key is None:
        return None
    wrapping = keys.wrapping(clinic_id)
    return sealing.seal(wrapping, patient.wrapped_key, patient.patient_id, prescriber.encode())


def prescriber_of(
    keys: sealing.ClinicKeys,
    clinic_id: UUID,
    patient: store.patients.PatientRow,
    line: store.patients.TherapyLineRow,
) -> str | None:
    """Who prescribed a line of a plan; None when nobody was named, or the patient has been forgotten."""
    if line.sealed_prescriber is None or patient.wrapped_key is None:
        return None
    wrapping = keys.wrapping(clinic_id)
    return sealing.unseal(wrapping, patient.wrapped_key, patient.patient_id, line.sealed_prescriber).decode()


async def alerts_of(
    tx: Transaction,
    product: known.KnownProduct,
    before: Sequence[store.patients.TherapyLineRow],
    allergies: Sequence[str],
) -> list[TherapyAlert]:
    alerts: list[TherapyAlert] = []
    moieties = {ingredient.moiety for ingredient in product.product.ingredients}
    if is_allergic(allergies, product):
        alerts.append(TherapyAlert.ALLERGY)
    running = [line.product_id for line in before if line.until_on is None or line.until_on >= tx.today]
    others = await known.products(tx.sql, tx.clinic_id, running)
    taken = {x.moiety for other in others.values() for x in other.product.ingredients}
    # What has no substance, like needles, is known by its group.
    if moieties & taken or product.substitution_group in {other.substitution_group for other in others.values()}:
        alerts.append(TherapyAlert.SAME_SUBSTANCE_TWICE)
    return alerts


def is_allergic(allergies: Sequence[str], product: known.KnownProduct) -> bool:
    """Whether a substance of the product stands among the allergies, in whatever language or salt."""
    moieties = {ingredient.moiety for ingredient in product.product.ingredients}
    return any(names_substance(named, moiety) for named in named_in(allergies) for moiety in moieties)


def named_in(allergies: Sequence[str]) -> list[str]:
    """Each substance that was written, one or several in a field."""
    return [named for allergy in allergies for named in _BETWEEN.split(allergy) if named.strip()]


async def end_therapy_line(
    work: Work, patient_id: UUID, therapy_line_id: UUID, until_on: date | None
) -> TherapyLineChanged:
    """The last day of a line of the plan; None: it goes on."""
    async with work.transaction() as tx:
        await present(tx, patient_id)
        line = await line_of(tx, patient_id, therapy_line_id)
        await _refuse_followed(tx, patient_id, line)
        await refuse_twice(tx, patient_id, line, until_on)
        # A line that has not begun ends the day before it would: it is never given.
        if until_on is not None and until_on < line.starts_on - timedelta(days=1):
            raise TherapyDaysWrong
        await store.patients.end_therapy_line(tx, patient_id, therapy_line_id, until_on)
        await bring_patient_into_line(tx, patient_id, tx.today)
        return tx.done(TherapyLineChanged(therapy_line_id=therapy_line_id))


async def refuse_over(tx: Transaction, patient_id: UUID, line: store.patients.TherapyLineRow) -> None:
    """A line that is over, or is followed by another already, is changed no more: both would be given."""
    await _refuse_followed(tx, patient_id, line)
    if line.until_on is not None and line.until_on < max(tx.today, line.starts_on):
        raise TherapyLineOver


async def _refuse_followed(tx: Transaction, patient_id: UUID, line: store.patients.TherapyLineRow) -> None:
    lines = await store.patients.therapy_lines_of(tx, patient_id)
    if any(other.follows == line.therapy_line_id for other in lines):
        raise TherapyLineOver


async def refuse_twice(
    tx: Transaction, patient_id: UUID, line: store.patients.TherapyLineRow, until_on: date | None
) -> None:
    """A line that goes on longer would be given beside another of the same medicine that was planned meanwhile."""
    if line.until_on is None or (until_on is not None and until_on <= line.until_on):
        return
    lines = await store.patients.therapy_lines_of(tx, patient_id)
    products = await known.products(tx.sql, tx.clinic_id, [each.product_id for each in lines])
    group = products[line.product_id].substitution_group
    for other in lines:
        over = other.until_on is not None and other.until_on < max(tx.today, other.starts_on)
        alike = products[other.product_id].substitution_group == group
        if alike and other.therapy_line_id != line.therapy_line_id and not over:
            raise PlannedAlready


async def line_of(tx: Transaction, patient_id: UUID, therapy_line_id: UUID) -> store.patients.TherapyLineRow:
    """A line of a patient's plan; raises TherapyLineNotFound."""
    lines = await store.patients.therapy_lines_of(tx, patient_id)
    found = next((line for line in lines if line.therapy_line_id == therapy_line_id), None)
    if found is None:
        raise TherapyLineNotFound
    return found


async def forget_patient(work: Work, patient_id: UUID, backup_retention_days: int) -> PatientForgot:
    """Destroy key, identity and index: nobody can tell any more who it was. What was given stays, nameless."""
    async with work.transaction() as tx:
        await present(tx, patient_id)
        await store.patients.forget(tx, patient_id)
        final_on = tx.today + timedelta(days=backup_retention_days)
        return tx.done(PatientForgot(patient_id=patient_id, final_on=final_on))


async def present(tx: Transaction, patient_id: UUID, *, lock: bool = True) -> store.patients.PatientRow:
    """A patient who is not forgotten; raises PatientNotFound or PatientForgotten."""
    patient = await store.patients.find_patient(tx, patient_id, lock=lock)
    if patient is None:
        raise PatientNotFound
    if patient.forgotten_at is not None:
        raise PatientForgotten
    return patient
