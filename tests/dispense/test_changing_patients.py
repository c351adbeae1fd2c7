"""Patients who are known already: found by name, changed, given another card, their lines changed; nobody is told."""

from datetime import timedelta

import pytest

from services.dispense import store
from services.dispense.actions import changing, finding, patients
from services.dispense.actions.finding import Typed
from services.dispense.actions.patients import TherapyAlert
from services.dispense.errors import CardUnknown, PatientForgotten, PatientNotFound, TherapyDaysWrong, TherapyLineOver
from services.dispense.rules import TimesADay
from tests.dispense.clinic import NORMODIN, OwnClinic

pytestmark = pytest.mark.anyio


def person(alias: str) -> patients.Person:
    return patients.Person(
        alias=alias,
        age_band=patients.AgeBand.OLDER,
        language="ar",
        contact="6900000001",
        allergies=("amlodipine",),
        cycle_days=30,
    )


def changed(clinic: OwnClinic, **other: object) -> changing.ChangedLine:
    values = {
        "per_intake": "2",
        "schedule": TimesADay(times=1),
        "starts_on": clinic.today,
        "until_on": None,
        "only_this_product": False,
        "prescribed_by": None,
    } | other
    return changing.ChangedLine(**values)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("alias", "typed"),
    [
        ("Χρήστος Παπαδόπουλος", "χρηστ"),
        ("Χρήστος Παπαδόπουλος", "xristos papad"),
        ("Χρήστος Παπαδόπουλος", "Papadopoulos"),
        ("Khaled", "χαλεντ"),
        ("Αλέξανδρος", "alex"),
        ("محمد", "محمد"),
        ("Kostas", "ΚΩΣΤΑΣ"),
    ],
)
def test_a_name_is_found_in_either_script_by_its_beginning(alias: str, typed: str) -> None:
    assert Typed(typed).names(alias)
    assert not Typed("Βαγγέλης").names(alias)
    assert not Typed("-").names(alias)


async def test_whoever_is_shown_is_looked_at_and_who_is_not_shown_is_not(clinic: OwnClinic) -> None:
    shown = [await clinic.register(f"Άννα {letter}") for letter in "ΑΒ"]
    unseen = await clinic.register("Βάσω")
    forgotten = await clinic.register("Άννα Γ")
    await patients.forget_patient(clinic.work, forgotten, 90)
    found = await finding.find_by_name(clinic.work, clinic.keys, "anna", 9)
    assert [one.patient_id for one in found.patients] == shown and not found.more
    async with clinic.work.reading() as tx:
        looked = await tx.sql.fetch("SELECT patient_id FROM patient_look WHERE clinic_id = $1", clinic.clinic_id)
    assert {row["patient_id"] for row in looked} == set(shown)
    assert unseen not in {one.patient_id for one in found.patients}
    few = await finding.find_by_name(clinic.work, clinic.keys, "anna", 1)
    assert len(few.patients) == 1 and few.more


async def test_a_changed_identity_is_sealed_anew_and_the_card_stays(clinic: OwnClinic) -> None:
    patient_id, told = await clinic.register("Before"), await clinic.told_in_all()
    card = (await clinic.identity(patient_id)).card_code
    await changing.change_identity(clinic.work, clinic.keys, patient_id, person("After"))
    now = await clinic.identity(patient_id)
    assert (now.alias, now.language, now.card_code) == ("After", "ar", card)
    async with clinic.work.reading() as tx:
        row = await store.patients.find_patient(tx, patient_id)
    assert row is not None and row.cycle_days == 30 and row.sealed is not None and b"After" not in row.sealed
    assert await clinic.told_in_all() == told


async def test_a_lost_card_finds_nobody_any_more(clinic: OwnClinic) -> None:
    patient_id = await clinic.register()
    lost = (await clinic.identity(patient_id)).card_code
    await changing.replace_card(clinic.work, clinic.keys, patient_id)
    new = (await clinic.identity(patient_id)).card_code
    assert await patients.find_by_card(clinic.work, clinic.keys, new) == patient_id
    with pytest.raises(CardUnknown):
        await patients.find_by_card(clinic.work, clinic.keys, lost)


async def test_who_is_forgotten_or_of_elsewhere_cannot_be_changed(clinic: OwnClinic) -> None:
    patient_id = await clinic.register()
    line_id = (await clinic.plan(patient_id)).therapy_line_id
    elsewhere = clinic.world.work(clinic.databases["dispense"], "dispense", clinic.world.south)
    with pytest.raises(PatientNotFound):
        await changing.replace_card(elsewhere, clinic.keys, patient_id)
    await patients.forget_patient(clinic.work, patient_id, 90)
    for act in (
        changing.change_identity(clinic.work, clinic.keys, patient_id, person("After")),
        changing.replace_card(clinic.work, clinic.keys, patient_id),
        changing.change_therapy_line(clinic.work, clinic.keys, patient_id, line_id, changed(clinic)),
        changing.alerts_before(clinic.work, clinic.keys, patient_id, await clinic.product(NORMODIN)),
    ):
        with pytest.raises(PatientForgotten):
            await act


async def test_a_changed_dose_follows_the_line_that_ends_the_day_before(clinic: OwnClinic) -> None:
    patient_id = await clinic.register()
    line_id = (await clinic.plan(patient_id, starts_on=clinic.on(-10), prescribed_by="Dr. Demo")).therapy_line_id
    line = changed(clinic, starts_on=clinic.on(3), until_on=clinic.on(20))
    added = await changing.change_therapy_line(clinic.work, clinic.keys, patient_id, line_id, line)
    async with clinic.work.reading() as tx:
        before, after = await store.patients.therapy_lines_of(tx, patient_id)
    assert (before.therapy_line_id, before.until_on) == (line_id, clinic.on(2))
    assert after.therapy_line_id == added.therapy_line_id
    assert (after.per_intake, after.starts_on, after.until_on) == ("2", clinic.on(3), clinic.on(20))
    with pytest.raises(TherapyLineOver):
        await patients.end_therapy_line(clinic.work, patient_id, line_id, None)


async def test_a_line_changed_before_it_begins_is_never_given(clinic: OwnClinic) -> None:
    patient_id = await clinic.register()
    line_id = (await clinic.plan(patient_id, starts_on=clinic.on(5))).therapy_line_id
    await changing.change_therapy_line(clinic.work, clinic.keys, patient_id, line_id, changed(clinic))
    async with clinic.work.reading() as tx:
        before, after = await store.patients.therapy_lines_of(tx, patient_id)
    assert before.until_on == before.starts_on - timedelta(days=1)
    assert after.starts_on == clinic.today


async def test_another_last_day_alone_makes_no_new_line(clinic: OwnClinic) -> None:
    patient_id = await clinic.register()
    line_id = (await clinic.plan(patient_id, starts_on=clinic.on(-10), prescribed_by="Dr. Demo")).therapy_line_id
    same = changed(clinic, per_intake="1", prescribed_by="Dr. Demo", until_on=clinic.on(9))
    kept = await changing.change_therapy_line(clinic.work, clinic.keys, patient_id, line_id, same)
    async with clinic.work.reading() as tx:
        (line,) = await store.patients.therapy_lines_of(tx, patient_id)
    assert (kept.therapy_line_id, line.until_on) == (line_id, clinic.on(9))
    wrong = changed(clinic, until_on=clinic.on(-1))
    with pytest.raises(TherapyDaysWrong):
        await changing.change_therapy_line(clinic.work, clinic.keys, patient_id, line_id, wrong)


async def test_alerts_are_known_before_the_line_is_kept(clinic: OwnClinic) -> None:
    patient_id = await clinic.register(allergies=("amlodipine",))
    await clinic.plan(patient_id)
    product_id = await clinic.product(NORMODIN)
    alerts = (await changing.alerts_before(clinic.work, clinic.keys, patient_id, product_id)).alerts
    assert alerts == [TherapyAlert.ALLERGY, TherapyAlert.SAME_SUBSTANCE_TWICE]
    assert (await clinic.plan(patient_id, NORMODIN)).alerts == alerts
