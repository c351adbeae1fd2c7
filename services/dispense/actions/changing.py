"""What changes about a patient who is known already: what they said of themselves, their card, a line of their plan."""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

import msgspec
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from services.dispense import sealing, store
from services.dispense.actions.patients import (
    Identity,
    PatientRegistered,
    Person,
    TherapyAlert,
    TherapyLineChanged,
    alerts_of,
    as_seen,
    identity_of,
    line_of,
    present,
    refuse_over,
    refuse_twice,
    sealed_prescriber,
)
from services.dispense.actions.preparing import bring_patient_into_line
from services.dispense.errors import PatientForgotten, PerIntakeWrong, TherapyDaysWrong, TherapyLineOver
from services.dispense.rules import Schedule, parse_fraction
from services.dispense.rules.card import new_card_code
from services.dispense.rules.supply import ONE_DAY
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
    seen_until: date | UnsetType | None = UNSET
    """The last day that stood on the form: when it is another by now, somebody else has changed or stopped the line."""


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
        if line.seen_until is not UNSET and line.seen_until != before.until_on:
            raise TherapyLineOver
        if line.until_on is not None and line.until_on < line.starts_on:
            raise TherapyDaysWrong
        sealed = sealed_prescriber(keys, tx.clinic_id, patient, line.prescribed_by)
        if _goes_on(before, line, tx.today) and _is_taken_alike(before, line, per_intake):
            await refuse_twice(tx, patient_id, before, line.until_on)
            await store.patients.end_therapy_line(tx, patient_id, therapy_line_id, line.until_on)
            await store.patients.set_prescriber(tx, patient_id, therapy_line_id, sealed)
            await bring_patient_into_line(tx, patient_id, tx.today)
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
        await _end_before(tx, patient_id, before, line, moved=_is_taken_alike(before, line, per_intake))
        await store.patients.add_therapy_line(tx, patient_id, row)
        await bring_patient_into_line(tx, patient_id, tx.today)
        return tx.done(TherapyLineChanged(therapy_line_id=row.therapy_line_id))


async def _end_before(
    tx: Transaction, patient_id: UUID, before: store.patients.TherapyLineRow, line: ChangedLine, *, moved: bool
) -> None:
    """The line as it was is taken until the day before. One that had not begun yet and is only moved, or overtaken, is
    never given: then the one that it was to follow is taken until that day.
    """
    lines = {each.therapy_line_id: each for each in await store.patients.therapy_lines_of(tx, patient_id)}
    never = line.starts_on <= before.starts_on or (moved and before.starts_on > tx.today)
    ends_on = (before.starts_on if never else line.starts_on) - ONE_DAY
    if before.until_on is None or before.until_on > ends_on:
        await store.patients.end_therapy_line(tx, patient_id, before.therapy_line_id, ends_on)
    earlier = _begun_before(lines, before)
    while never and earlier is not None and earlier.until_on == before.starts_on - ONE_DAY:
        never = line.starts_on <= earlier.starts_on
        ends_on = (earlier.starts_on if never else line.starts_on) - ONE_DAY
        await store.patients.end_therapy_line(tx, patient_id, earlier.therapy_line_id, ends_on)
        before, earlier = earlier, _begun_before(lines, earlier)


def _begun_before(
    lines: Mapping[UUID, store.patients.TherapyLineRow], line: store.patients.TherapyLineRow
) -> store.patients.TherapyLineRow | None:
    """The line that it follows, past those that are never given."""
    earlier = lines.get(line.follows) if line.follows else None
    while earlier is not None and earlier.until_on is not None and earlier.until_on < earlier.starts_on:
        earlier = lines.get(earlier.follows) if earlier.follows else None
    return earlier


def _goes_on(before: store.patients.TherapyLineRow, line: ChangedLine, today: date) -> bool:
    return line.starts_on == before.starts_on or (before.starts_on <= today and line.starts_on <= today)


def _is_taken_alike(before: store.patients.TherapyLineRow, line: ChangedLine, per_intake: str) -> bool:
    same = (before.per_intake, before.schedule, before.only_this_product)
    return same == (per_intake, line.schedule, line.only_this_product)


class Before(Struct, frozen=True, kw_only=True):
    """What is looked at before a line is added: the alerts, and what the plan is known again by."""

    alerts: Sequence[TherapyAlert]
    seen: str


async def alerts_before(work: Work, keys: sealing.ClinicKeys, patient_id: UUID, product_id: UUID) -> Before:
    """What `plan_therapy` would answer with, before anything is stored."""
    async with work.reading() as tx:
        assert tx.clinic_id is not None
        patient = await present(tx, patient_id, lock=False)
        product = await known.product_of(tx.sql, tx.clinic_id, product_id)
        lines = await store.patients.therapy_lines_of(tx, patient_id)
        allergies = _identity(tx, keys, patient).allergies
        return Before(alerts=await alerts_of(tx, product, lines, allergies), seen=as_seen(lines, allergies))
