"""Patients without papers: found by their card, looked at in writing, planned for with a pharmacist warned."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dispense import store
from services.dispense.actions import patients
from services.dispense.actions.patients import TherapyAlert
from services.dispense.errors import (
    CardMistyped,
    CardUnknown,
    PatientNotFound,
    PerIntakeWrong,
    TherapyDaysWrong,
    TherapyLineNotFound,
)
from services.dispense.rules import TimesADay
from services.dispense.rules.card import ALPHABET, new_card_code, read_card_code
from shared.ids import new_id
from shared.known import ProductNotKnown
from tests.dispense.clinic import LIPITOR, NORMODIN, NORVASC, OwnClinic

pytestmark = pytest.mark.anyio

GREEK = str.maketrans("ABEZHKMNPTYX", "ΑΒΕΖΗΚΜΝΡΤΥΧ")
TYPINGS: list[Callable[[str], str]] = [
    str.lower,
    lambda code: code.replace("-", ""),
    lambda code: f" {' '.join(code)} ",
    lambda code: code.translate(GREEK),
    lambda code: code.translate(GREEK).lower(),
]
BODIES = st.text(ALPHABET, min_size=9, max_size=9)
LOOKS = "SELECT patient_id, person_id, purpose FROM patient_look WHERE clinic_id = $1 ORDER BY looked_at, patient_id"


def code_of(body: str) -> str:
    """The card code that begins with these characters: just one check character fits."""
    (code,) = {read_card_code(body + check) for check in ALPHABET} - {None}
    assert code is not None
    return code


# The card


@given(BODIES, st.sampled_from(TYPINGS))
def test_a_card_code_is_read_however_it_is_typed(body: str, typing: Callable[[str], str]) -> None:
    code = code_of(body)
    assert read_card_code(typing(code)) == code


@given(BODIES, st.integers(0, 9), st.sampled_from(ALPHABET))
def test_every_single_wrong_character_of_a_card_is_found(body: str, place: int, wrong: str) -> None:
    plain = code_of(body).replace("-", "")
    mistyped = plain[:place] + wrong + plain[place + 1 :]
    assert (read_card_code(mistyped) is None) == (mistyped != plain)


@given(st.text(max_size=12))
def test_what_has_not_ten_of_the_cards_characters_is_no_card_code(text: str) -> None:
    code = read_card_code(text)
    assert code is None or len(code.replace("-", "")) == 10


def test_new_card_codes_are_unlike_one_another_and_can_be_read() -> None:
    codes = {new_card_code() for _ in range(1000)}
    assert len(codes) == 1000
    assert all(read_card_code(code) == code for code in codes)


@pytest.mark.parametrize("typing", [lambda code: code, *TYPINGS])
async def test_a_registered_patient_is_found_by_their_card(clinic: OwnClinic, typing: Callable[[str], str]) -> None:
    await clinic.register("Another")
    patient_id = await clinic.register("Demo Patient")
    card_code = (await clinic.identity(patient_id)).card_code
    assert await patients.find_by_card(clinic.work, clinic.keys, typing(card_code)) == patient_id


async def test_a_mistyped_card_is_refused_and_a_card_of_elsewhere_is_unknown(clinic: OwnClinic) -> None:
    card_code = (await clinic.identity(await clinic.register())).card_code
    other = next(letter for letter in ALPHABET if letter != card_code[0])
    with pytest.raises(CardMistyped):
        await patients.find_by_card(clinic.work, clinic.keys, other + card_code[1:])
    with pytest.raises(CardUnknown):
        await patients.find_by_card(clinic.work, clinic.keys, new_card_code())


async def test_a_patient_of_one_clinic_is_nobody_at_another(clinic: OwnClinic) -> None:
    patient_id = await clinic.register()
    card_code = (await clinic.identity(patient_id)).card_code
    elsewhere = clinic.world.work(clinic.databases["dispense"], "dispense", clinic.world.south)
    with pytest.raises(CardUnknown):
        await patients.find_by_card(elsewhere, clinic.keys, card_code)
    assert await patients.look_at(elsewhere, clinic.keys, [patient_id], "test") == {}
    with pytest.raises(PatientNotFound):
        await patients.forget_patient(elsewhere, patient_id, 90)


# Who they are


async def test_a_patient_is_who_they_said_and_nobody_else_is_told(clinic: OwnClinic) -> None:
    told = await clinic.told_in_all()
    patient_id = await clinic.register("Μαρία", contact="6900000000", allergies=("penicillin",))
    identity = await clinic.identity(patient_id)
    assert (identity.alias, identity.contact, identity.allergies) == ("Μαρία", "6900000000", ("penicillin",))
    await clinic.plan(patient_id, prescribed_by="Dr. Demo")
    assert await clinic.told_in_all() == told


async def test_each_look_is_written_down(clinic: OwnClinic) -> None:
    first, second, unseen = [await clinic.register() for _ in range(3)]
    await patients.look_at(clinic.work, clinic.keys, [first, second, new_id()], "expected list")
    await patients.look_at(clinic.work, clinic.keys, [second], "counter")
    async with clinic.work.reading() as tx:
        looks = [tuple(row) for row in await tx.sql.fetch(LOOKS, clinic.clinic_id)]
    assert looks == [
        (first, clinic.person_id, "expected list"),
        (second, clinic.person_id, "expected list"),
        (second, clinic.person_id, "counter"),
    ]
    assert unseen not in {patient_id for patient_id, _, _ in looks}


# Their plan


async def test_a_plan_keeps_its_dose_exactly_and_its_prescriber_sealed(clinic: OwnClinic) -> None:
    patient_id = await clinic.register()
    added = await clinic.plan(patient_id, per_intake="1 1/2", prescribed_by="Dr. Demo")
    async with clinic.work.reading() as tx:
        (line,) = await store.patients.therapy_lines_of(tx, patient_id)
        patient = await store.patients.find_patient(tx, patient_id)
    assert (line.therapy_line_id, line.product_name, line.per_intake) == (added.therapy_line_id, NORVASC, "3/2")
    assert patient is not None and patient.wrapped_key is not None and line.sealed_prescriber is not None
    assert b"Demo" not in line.sealed_prescriber
    assert patients.prescriber_of(clinic.keys, clinic.clinic_id, patient, line) == "Dr. Demo"
    await patients.forget_patient(clinic.work, patient_id, 30)
    async with clinic.work.reading() as tx:
        forgotten = await store.patients.find_patient(tx, patient_id)
    assert forgotten is not None
    assert patients.prescriber_of(clinic.keys, clinic.clinic_id, forgotten, line) is None


@pytest.mark.parametrize("amount", ["0", "1001", "a half", "1 3/2", ""])
async def test_what_is_no_amount_to_take_is_refused(clinic: OwnClinic, amount: str) -> None:
    with pytest.raises(PerIntakeWrong):
        await clinic.plan(await clinic.register(), per_intake=amount)


async def test_a_line_of_a_plan_ends_on_or_after_its_first_day(clinic: OwnClinic) -> None:
    patient_id = await clinic.register()
    with pytest.raises(TherapyDaysWrong):
        await clinic.plan(patient_id, until_on=clinic.on(-1))
    assert (await clinic.plan(patient_id, until_on=clinic.today)).alerts == []


async def test_nobody_is_planned_what_is_in_no_catalogue_and_no_stranger_is_planned_for(clinic: OwnClinic) -> None:
    patient_id = await clinic.register()
    line = patients.NewLine(
        product_id=new_id(),
        only_this_product=False,
        per_intake="1",
        schedule=TimesADay(times=1),
        starts_on=clinic.today,
        until_on=None,
        prescribed_by=None,
    )
    with pytest.raises(ProductNotKnown):
        await patients.plan_therapy(clinic.work, clinic.keys, patient_id, line)
    with pytest.raises(PatientNotFound):
        await clinic.plan(new_id())


async def test_the_last_day_of_a_line_can_be_set(clinic: OwnClinic) -> None:
    patient_id = await clinic.register()
    line_id = (await clinic.plan(patient_id)).therapy_line_id
    with pytest.raises(TherapyLineNotFound):
        await patients.end_therapy_line(clinic.work, patient_id, new_id(), clinic.today)
    with pytest.raises(TherapyDaysWrong):
        await patients.end_therapy_line(clinic.work, patient_id, line_id, clinic.on(-2))
    await patients.end_therapy_line(clinic.work, patient_id, line_id, clinic.on(9))
    await clinic.donate(100)
    await clinic.prepare()
    line = await clinic.line(patient_id)
    assert (line.through_on, line.reserved_units) == (clinic.on(9), 10)


async def test_a_line_that_ends_before_it_begins_is_never_given(clinic: OwnClinic) -> None:
    patient_id = await clinic.register()
    line_id = (await clinic.plan(patient_id)).therapy_line_id
    await patients.end_therapy_line(clinic.work, patient_id, line_id, clinic.today - timedelta(days=1))
    assert (await clinic.prepare()).added_lines == 0


# What a pharmacist should look at


async def test_an_allergy_to_the_substance_is_an_alert(clinic: OwnClinic) -> None:
    patient_id = await clinic.register(allergies=("penicillin", " Amlodipine "))
    assert (await clinic.plan(patient_id, LIPITOR)).alerts == []
    assert (await clinic.plan(patient_id, NORVASC)).alerts == [TherapyAlert.ALLERGY]


async def test_the_same_substance_under_two_brands_is_an_alert(clinic: OwnClinic) -> None:
    patient_id = await clinic.register()
    assert (await clinic.plan(patient_id, NORVASC)).alerts == []
    assert (await clinic.plan(patient_id, LIPITOR)).alerts == []
    assert (await clinic.plan(patient_id, NORMODIN)).alerts == [TherapyAlert.SAME_SUBSTANCE_TWICE]


async def test_a_line_that_is_over_is_no_reason_for_an_alert(clinic: OwnClinic) -> None:
    patient_id = await clinic.register()
    line_id = (await clinic.plan(patient_id, NORVASC)).therapy_line_id
    await patients.end_therapy_line(clinic.work, patient_id, line_id, clinic.on(-1))
    assert (await clinic.plan(patient_id, NORMODIN)).alerts == []
