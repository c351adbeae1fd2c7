"""What changes about a patient who is known already: what they said of themselves, their card, a line of their plan."""

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from services.dispense import sealing, store
from services.dispense.actions.patients import (
    Identity,
    PatientRegistered,
    Person,
    TherapyAlert,
    TherapyLineChanged,
    alerts_of,
    identity_of,
    line_of,
    present,
    refuse_over,
    sealed_prescriber,
)
from services.dispense.errors import PatientForgotten, PerIntakeWrong, TherapyDaysWrong
from services.dispense.rules import Schedule, parse_fraction
from services.dispense.rules.card import new_card_code
from shared import known
from shared.database import Transaction, Work
from shared.ids import new_id


async def change_identity(work: Work, keys: sealing.ClinicKeys, patient_id: UUID, person: Person) -> PatientRegistered:
    """What somebody says of themselves now; their card stays."""
    async with work.transaction() as tx:
        patient = await present(tx, patient_id)
        identity = _identity(tx, keys, patient)
        now = Identity(
            card_code=identity.card_code,
            alias=person.alias,
            age_band=person.age_band,
            language=person.language,
            contact=person.contact,
            allergies=person.allergies,
        )
        await _seal(tx, keys, patient, now)
        await store.patients.set_cycle_days(tx, patient_id, person.cycle_days)
        return tx.done(PatientRegistered(patient_id=patient_id))


async def replace_card(work: Work, keys: sealing.ClinicKeys, patient_id: UUID) -> PatientRegistered:
    """A new card for a lost one: whoever finds the old one finds nobody by it."""
    async with work.transaction() as tx:
        assert tx.clinic_id is not None
        patient = await present(tx, patient_id)
        identity = replace(_identity(tx, keys, patient), card_code=new_card_code())
        await _seal(tx, keys, patient, identity)
        mac = sealing.card_mac(keys.indexing(tx.clinic_id), identity.card_code)
        await store.patients.replace_card(tx, patient_id, mac)
        return tx.done(PatientRegistered(patient_id=patient_id))


def _identity(tx: Transaction, keys: sealing.ClinicKeys, patient: store.patients.PatientRow) -> Identity:
    assert tx.clinic_id is not None
    identity = identity_of(keys, tx.clinic_id, patient)
    if identity is None:
        raise PatientForgotten
    return identity


async def _seal(
    tx: Transaction, keys: sealing.ClinicKeys, patient: store.patients.PatientRow, identity: Identity
) -> None:
    assert tx.clinic_id is not None and patient.wrapped_key is not None
    plain = msgspec.json.encode(identity)
    sealed = sealing.seal(keys.wrapping(tx.clinic_id), patient.wrapped_key, patient.patient_id, plain)
    await store.patients.set_identity(tx, patient.patient_id, sealed)


class ChangedLine(Struct, frozen=True, kw_only=True):
    """How a medicine of the plan is taken from a day on."""

    per_intake: str
    schedule: Schedule
    starts_on: date
    until_on: date | None
    only_this_product: bool
    prescribed_by: str | None


async def change_therapy_line(
    work: Work, keys: sealing.ClinicKeys, patient_id: UUID, therapy_line_id: UUID, line: ChangedLine
) -> TherapyLineChanged:
    """The line as it was ends the day before, and a new one follows it, which takes over what was supplied of it.

    If it is taken as before, and only its last day or the prescriber is another, it stays.
    """
    try:
        per_intake = str(parse_fraction(line.per_intake))
    except ValueError as problem:
        raise PerIntakeWrong from problem
    async with work.transaction() as tx:
        assert tx.clinic_id is not None
        patient = await present(tx, patient_id)
        before = await line_of(tx, patient_id, therapy_line_id)
        await refuse_over(tx, patient_id, before)
        if line.until_on is not None and line.until_on < line.starts_on:
            raise TherapyDaysWrong
        sealed = sealed_prescriber(keys, tx.clinic_id, patient, line.prescribed_by)
        if _is_taken_alike(before, line, per_intake, tx.today):
            await store.patients.end_therapy_line(tx, patient_id, therapy_line_id, line.until_on)
            await store.patients.set_prescriber(tx, patient_id, therapy_line_id, sealed)
            return tx.done(TherapyLineChanged(therapy_line_id=therapy_line_id))
        row = replace(
            before,
            therapy_line_id=new_id(),
            only_this_product=line.only_this_product,
            per_intake=per_intake,
            schedule=line.schedule,
            starts_on=line.starts_on,
            until_on=line.until_on,
            sealed_prescriber=sealed,
            covered_through=None,
            follows=therapy_line_id,
        )
        # What would have begun later than its successor is never given.
        ends_on = max(line.starts_on, before.starts_on) - timedelta(days=1)
        if before.until_on is None or before.until_on > ends_on:
            await store.patients.end_therapy_line(tx, patient_id, therapy_line_id, ends_on)
        await store.patients.add_therapy_line(tx, patient_id, row)
        return tx.done(TherapyLineChanged(therapy_line_id=row.therapy_line_id))


def _is_taken_alike(before: store.patients.TherapyLineRow, line: ChangedLine, per_intake: str, today: date) -> bool:
    goes_on = line.starts_on == before.starts_on or (before.starts_on <= today and line.starts_on <= today)
    same = (before.per_intake, before.schedule, before.only_this_product)
    return goes_on and same == (per_intake, line.schedule, line.only_this_product)


async def alerts_before(
    work: Work, keys: sealing.ClinicKeys, patient_id: UUID, product_id: UUID
) -> Sequence[TherapyAlert]:
    """What `plan_therapy` would answer with, before anything is stored."""
    async with work.reading() as tx:
        assert tx.clinic_id is not None
        patient = await present(tx, patient_id, lock=False)
        product = await known.product_of(tx.sql, tx.clinic_id, product_id)
        lines = await store.patients.therapy_lines_of(tx, patient_id)
        return await alerts_of(tx, product, lines, _identity(tx, keys, patient).allergies)
