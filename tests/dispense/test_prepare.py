"""Preparing a pharmacy day: what everybody expected needs is asked of stock, and set apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dispense.actions import counter, day
from shared.events.dispense import ReservationAsked
from shared.events.parts import PART_BYTES, in_parts
from shared.events.stock import ReservationAnswered
from shared.ids import new_id
from shared.outbox import envelope
from shared.policies import SharingRule
from tests.dispense.agreement import agree
from tests.dispense.clinic import DEPON_SYRUP, LIPITOR, NORMODIN, NORVASC, SUPPLY_DAYS, WAITING, OwnClinic, json_size
from tests.dispense.preparing import lines_of_today, reserved

pytestmark = pytest.mark.anyio

MOST_BYTES_ON_THE_BUS = 256 * 1024

ADD_PATIENTS = """
INSERT INTO patient (patient_id, clinic_id, cycle_days, registered_at)
SELECT patient_id, $1, 28, now() FROM unnest($2::uuid[]) AS given (patient_id)
"""
ADD_PLANS = """
INSERT INTO therapy_line (therapy_line_id, clinic_id, patient_id, product_id, only_this_product, per_intake, schedule,
                          starts_on, planned_by, planned_at)
SELECT therapy_line_id, $1, patient_id, $4, false, '1', '{"every": "day", "times": 1}', $5, $6, now()
FROM unnest($2::uuid[], $3::uuid[]) AS given (patient_id, therapy_line_id)
"""
ESCROW = """
SELECT lot_id, reserved_units, use_through_on, expires_on
FROM escrow
WHERE clinic_id = $1
ORDER BY expires_on, lot_id
"""


async def crowd(clinic: OwnClinic, number: int) -> None:
    """So many patients at once, each one piece a day; who they are doesn't matter here."""
    ids, lines = [new_id() for _ in range(number)], [new_id() for _ in range(number)]
    product_id = await clinic.product(NORVASC)
    async with clinic.work.transaction() as tx:
        await tx.sql.execute(ADD_PATIENTS, clinic.clinic_id, ids)
        await tx.sql.execute(ADD_PLANS, clinic.clinic_id, ids, lines, product_id, clinic.today, clinic.person_id)


# Asking


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=60_000), max_size=20))
def test_rows_are_parted_in_their_order_into_parts_that_fit(rows: list[str]) -> None:
    parts = in_parts([row] for row in rows)
    assert [row for part in parts for row in part] == rows
    assert all(part and json_size(part) <= PART_BYTES + len("[]") for part in parts)


async def test_a_large_day_is_asked_for_in_parts_that_fit_the_bus_and_answered_line_by_line(clinic: OwnClinic) -> None:
    await crowd(clinic, 1400)
    await clinic.donate(1000 * SUPPLY_DAYS + 5)
    assert (await day.prepare_pharmacy_day(clinic.work, clinic.today)).added_lines == 1400
    rows = await clinic.databases["dispense"].pool.fetch(WAITING, clinic.clinic_id)
    assert all(len(envelope("dispense", row)) <= MOST_BYTES_ON_THE_BUS for row in rows)
    asked = await clinic.told(ReservationAsked)
    assert [part.part for part in asked] == [1, 2]
    assert {part.parts for part in asked} == {2}
    assert len({line.reference for part in asked for line in part.lines}) == 1400
    await agree(clinic)
    assert len(await clinic.told(ReservationAnswered, by="stock")) > 1
    lines = await lines_of_today(clinic)
    assert not any(line.waits for line in lines)
    assert {line.reserved_units + line.short_units for line in lines} == {SUPPLY_DAYS}
    assert sorted({line.reserved_units for line in lines}) == [0, 5, SUPPLY_DAYS]


async def test_each_line_is_asked_for_exactly_and_under_a_reference_of_its_own(clinic: OwnClinic) -> None:
    patient_id = await clinic.register()
    await clinic.plan(patient_id, per_intake="1/2")
    await day.prepare_pharmacy_day(clinic.work, clinic.today)
    (asked,) = await clinic.told(ReservationAsked)
    (line,) = asked.lines
    assert (line.content_needed, line.content_per_day) == ("14", "1/2")
    assert (line.from_on, line.through_on) == (clinic.today, clinic.on(SUPPLY_DAYS - 1))
    assert line.reference not in {patient_id, (await clinic.line(patient_id)).line_id}
    assert (await clinic.line(patient_id)).waits
    await agree(clinic)


async def test_a_day_without_needs_asks_for_nothing(clinic: OwnClinic) -> None:
    assert (await clinic.prepare()).added_lines == 0
    assert await clinic.told(ReservationAsked) == []


# What is set apart


async def test_lots_are_set_apart_first_expired_first_each_valid_through_its_own_last_day(clinic: OwnClinic) -> None:
    late = await clinic.donate(100, expires_on=clinic.on(400))
    too_soon = await clinic.donate(30, expires_on=clinic.on(9))
    soon = await clinic.donate(5, expires_on=clinic.on(12), name=NORMODIN)
    await clinic.donate(50, expires_on=clinic.on(-1))
    patient_id = await clinic.patient()
    await clinic.prepare()
    async with clinic.work.reading() as tx:
        rows = await tx.sql.fetch(ESCROW, clinic.clinic_id)
    assert [(row["lot_id"], row["reserved_units"], row["use_through_on"]) for row in rows] == [
        (too_soon, 10, clinic.on(9)),
        (soon, 3, clinic.on(12)),
        (late, 15, clinic.on(27)),
    ]
    assert all(row["expires_on"] >= row["use_through_on"] for row in rows)
    await agree(clinic)
    assert await reserved(clinic, patient_id) == SUPPLY_DAYS


async def test_shortages_come_first_in_a_days_list(clinic: OwnClinic) -> None:
    await clinic.donate(SUPPLY_DAYS, name=NORVASC)
    await clinic.donate(10, name=LIPITOR)
    for name in (NORVASC, LIPITOR, NORVASC):
        await clinic.patient(name)
    await clinic.prepare()
    shorts = [line.short_units for line in await lines_of_today(clinic)]
    assert sorted(shorts) == [0, 18, 28]
    assert shorts[-1] == 0
    await agree(clinic)


async def test_bottles_are_counted_by_what_they_hold_also_when_they_come_later(clinic: OwnClinic) -> None:
    patient_id = await clinic.register()
    await clinic.plan(patient_id, DEPON_SYRUP, per_intake="10")
    await clinic.prepare()
    assert (await clinic.line(patient_id)).short_units == 2
    await clinic.donate(5, name=DEPON_SYRUP)
    assert (await clinic.prepare()).asked_again_lines == 1
    line = await clinic.line(patient_id)
    assert (line.reserved_units, line.short_units) == (2, 0)
    await agree(clinic)


# When it isn't enough for all


async def test_the_most_urgent_come_first_when_it_is_not_enough_for_all(clinic: OwnClinic) -> None:
    await clinic.donate(7)
    covered = await clinic.patient(cycle_days=7)
    await clinic.prepare()
    await counter.give(clinic.work, (await clinic.visit(covered)).visit_id, None)
    clinic.set_days_ahead(7)
    new = await clinic.patient()
    await clinic.donate(SUPPLY_DAYS)
    await clinic.prepare()
    assert (await reserved(clinic, new), await reserved(clinic, covered)) == (SUPPLY_DAYS, 0)
    await agree(clinic)


async def test_the_first_registered_come_first_when_the_clinic_decided_so(clinic: OwnClinic) -> None:
    await clinic.decide("sharing_rule", SharingRule.FIRST_COME)
    await clinic.donate(7)
    first = await clinic.patient(cycle_days=7)
    await clinic.prepare()
    await counter.give(clinic.work, (await clinic.visit(first)).visit_id, None)
    clinic.set_days_ahead(7)
    new = await clinic.patient()
    await clinic.donate(10)
    await clinic.prepare()
    assert (await reserved(clinic, new), await reserved(clinic, first)) == (3, 7)
    await agree(clinic)


async def test_all_get_equal_days_when_the_clinic_decided_so(clinic: OwnClinic) -> None:
    await clinic.decide("sharing_rule", SharingRule.EQUAL_DAYS)
    await clinic.donate(30)
    once = await clinic.patient()
    twice = await clinic.register()
    await clinic.plan(twice, per_intake="2")
    await clinic.prepare()
    assert (await reserved(clinic, once), await reserved(clinic, twice)) == (10, 20)
    assert (await clinic.told(ReservationAsked))[0].sharing_rule == "equal_days"
    await agree(clinic)
