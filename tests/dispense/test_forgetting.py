"""Who a patient is stands sealed under a key of their own; destroying it forgets them, and leaves what was given."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from services.dispense import store
from services.dispense.actions import counter, patients
from services.dispense.errors import (
    CardUnknown,
    ClinicKeyMissing,
    IdentityUnreadable,
    PatientForgotten,
    PatientNotFound,
)
from services.dispense.sealing import ClinicKeys, make_clinic_key
from shared.events.dispense import Dispensed
from shared.ids import new_id
from tests.dispense.agreement import agree
from tests.dispense.clinic import OwnClinic

pytestmark = pytest.mark.anyio

BACKUP_DAYS = 90

# Of two patients: the one's sealed row under the other's name, alone or with the key that opens it.
EXCHANGE_SEALED = """
UPDATE patient_identity
SET sealed = other.sealed
FROM patient_identity AS other
WHERE patient_identity.clinic_id = $1 AND other.clinic_id = $1 AND other.patient_id <> patient_identity.patient_id
"""
EXCHANGE_ALL = EXCHANGE_SEALED.replace("SET ", "SET wrapped_key = other.wrapped_key, ")
LEFT_OF_IDENTITY = """
SELECT (SELECT count(*) FROM patient_identity WHERE patient_id = $1)
    + (SELECT count(*) FROM patient_index WHERE patient_id = $1)
    + (SELECT count(*) FROM therapy_line WHERE patient_id = $1 AND sealed_prescriber IS NOT NULL)
"""


async def forget(clinic: OwnClinic, patient_id: UUID) -> patients.PatientForgot:
    return await patients.forget_patient(clinic.work, patient_id, BACKUP_DAYS)


# Sealing


@pytest.mark.parametrize("exchange", [EXCHANGE_SEALED, EXCHANGE_ALL])
async def test_the_sealed_rows_of_two_patients_cannot_be_exchanged(clinic: OwnClinic, exchange: str) -> None:
    both = [await clinic.register("One"), await clinic.register("Two")]
    async with clinic.work.transaction() as tx:
        assert await tx.sql.execute(exchange, clinic.clinic_id) == "UPDATE 2"
    for patient_id in both:
        with pytest.raises(IdentityUnreadable):
            await clinic.identity(patient_id)


async def test_another_clinics_key_reads_nobody(clinic: OwnClinic, tmp_path: Path) -> None:
    patient_id = await clinic.register()
    card_code = (await clinic.identity(patient_id)).card_code
    make_clinic_key(tmp_path, clinic.clinic_id)
    wrong = ClinicKeys(tmp_path)
    with pytest.raises(IdentityUnreadable):
        await patients.look_at(clinic.work, wrong, [patient_id], "test")
    with pytest.raises(CardUnknown):
        await patients.find_by_card(clinic.work, wrong, card_code)


async def test_without_the_clinics_key_nobody_is_registered_or_read(clinic: OwnClinic, tmp_path: Path) -> None:
    patient_id = await clinic.register()
    person = patients.Person(
        alias="Demo", age_band=patients.AgeBand.ADULT, language="el", contact=None, allergies=(), cycle_days=28
    )
    for act in (
        patients.look_at(clinic.work, ClinicKeys(tmp_path), [patient_id], "test"),
        patients.register_patient(clinic.work, ClinicKeys(tmp_path), person),
    ):
        with pytest.raises(ClinicKeyMissing):
            await act


def test_a_clinics_key_is_never_written_over(tmp_path: Path) -> None:
    clinic_id = new_id()
    make_clinic_key(tmp_path, clinic_id)
    before = ClinicKeys(tmp_path).wrapping(clinic_id)
    with pytest.raises(FileExistsError):
        make_clinic_key(tmp_path, clinic_id)
    assert ClinicKeys(tmp_path).wrapping(clinic_id) == before
    assert (tmp_path / f"{clinic_id}.key").stat().st_mode & 0o077 == 0


# Forgetting


async def test_forgetting_destroys_key_identity_and_index(clinic: OwnClinic) -> None:
    told = await clinic.told_in_all()
    kept, patient_id = await clinic.register("Kept"), await clinic.register("Forgotten")
    await clinic.plan(patient_id, prescribed_by="Dr. Demo")
    card_code = (await clinic.identity(patient_id)).card_code
    await forget(clinic, patient_id)
    async with clinic.work.reading() as tx:
        assert await tx.sql.fetchval(LEFT_OF_IDENTITY, patient_id) == 0
        patient = await store.patients.find_patient(tx, patient_id)
    assert patient is not None and patient.forgotten_at is not None
    assert patients.identity_of(clinic.keys, clinic.clinic_id, patient) is None
    with pytest.raises(CardUnknown):
        await patients.find_by_card(clinic.work, clinic.keys, card_code)
    assert (await clinic.identity(kept)).alias == "Kept"
    assert await clinic.told_in_all() == told


async def test_forgetting_says_from_which_day_on_it_is_final(clinic: OwnClinic) -> None:
    forgot = await forget(clinic, await clinic.register())
    assert forgot.final_on == clinic.today + timedelta(days=BACKUP_DAYS)


async def test_who_is_forgotten_cannot_be_looked_at_or_planned_for_or_forgotten_again(clinic: OwnClinic) -> None:
    patient_id = await clinic.register()
    line_id = (await clinic.plan(patient_id)).therapy_line_id
    await forget(clinic, patient_id)
    assert await patients.look_at(clinic.work, clinic.keys, [patient_id], "test") == {}
    for act in (
        clinic.plan(patient_id),
        patients.end_therapy_line(clinic.work, patient_id, line_id, clinic.today),
        forget(clinic, patient_id),
    ):
        with pytest.raises(PatientForgotten):
            await act


async def test_who_was_never_registered_cannot_be_forgotten(clinic: OwnClinic) -> None:
    with pytest.raises(PatientNotFound):
        await forget(clinic, new_id())


async def test_forgetting_leaves_what_was_given(clinic: OwnClinic) -> None:
    lot_id = await clinic.donate(40)
    patient_id = await clinic.patient()
    await clinic.prepare()
    await counter.give(clinic.work, (await clinic.visit(patient_id)).visit_id, None)
    await forget(clinic, patient_id)
    async with clinic.work.reading() as tx:
        (given,) = await store.patients.given_to(tx, patient_id, 10)
    assert (given.batch, given.units) == ((await clinic.lot(lot_id)).batch, 28)
    await agree(clinic)
    assert (await clinic.lot(lot_id)).dispensed == 28


async def test_who_is_forgotten_is_expected_no_more_and_what_was_reserved_goes_back(clinic: OwnClinic) -> None:
    lot_id = await clinic.donate(40)
    patient_id = await clinic.patient()
    await clinic.prepare()
    await forget(clinic, patient_id)
    prepared = await clinic.prepare()
    assert (prepared.added_lines, prepared.dropped_lines) == (0, 1)
    await agree(clinic)
    assert (await clinic.lot(lot_id)).shelf == 40


async def test_who_is_forgotten_is_given_nothing_though_it_was_prepared(clinic: OwnClinic) -> None:
    await clinic.donate(40)
    patient_id = await clinic.patient()
    await clinic.prepare()
    visit_id = (await clinic.visit(patient_id)).visit_id
    await forget(clinic, patient_id)
    with pytest.raises(PatientForgotten):
        await counter.give(clinic.work, visit_id, None)
    with pytest.raises(PatientForgotten):
        await counter.open_walk_in(clinic.work, patient_id)
    assert await clinic.told(Dispensed) == []
    await clinic.close()
    await agree(clinic)
