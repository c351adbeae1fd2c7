"""Patients, their sealed identity, and their plans."""

from datetime import date, datetime
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct

from services.dispense.rules import Schedule
from shared.database import Transaction

ADD_PATIENT = "INSERT INTO patient (patient_id, clinic_id, cycle_days, registered_at) VALUES ($1, $2, $3, $4)"
ADD_IDENTITY = """
INSERT INTO patient_identity (patient_id, clinic_id, wrapped_key, sealed)
VALUES ($1, $2, $3, $4)
"""
ADD_INDEX = "INSERT INTO patient_index (clinic_id, card_mac, patient_id) VALUES ($1, $2, $3)"


async def add_patient(
    tx: Transaction, patient_id: UUID, cycle_days: int, wrapped_key: bytes, sealed: bytes, card_mac: bytes
) -> None:
    await tx.sql.execute(ADD_PATIENT, patient_id, tx.clinic_id, cycle_days, tx.now)
    await tx.sql.execute(ADD_IDENTITY, patient_id, tx.clinic_id, wrapped_key, sealed)
    await tx.sql.execute(ADD_INDEX, tx.clinic_id, card_mac, patient_id)


class PatientRow(Struct, frozen=True, kw_only=True):
    """`wrapped_key` and `sealed` are None once the person is forgotten."""

    patient_id: UUID
    cycle_days: int
    registered_at: datetime
    forgotten_at: datetime | None
    wrapped_key: bytes | None
    sealed: bytes | None


_PATIENT = """
SELECT patient.patient_id, patient.cycle_days, patient.registered_at, patient.forgotten_at,
       patient_identity.wrapped_key, patient_identity.sealed
FROM patient
LEFT JOIN patient_identity ON patient_identity.patient_id = patient.patient_id
"""
FIND = _PATIENT + "WHERE patient.clinic_id = $1 AND patient.patient_id = $2"
LOCK = FIND + " FOR UPDATE OF patient"
FIND_ALL = _PATIENT + "WHERE patient.clinic_id = $1 AND patient.patient_id = ANY($2) ORDER BY patient.patient_id"
BY_CARD = "SELECT patient_id FROM patient_index WHERE clinic_id = $1 AND card_mac = $2"


async def find_patient(tx: Transaction, patient_id: UUID, *, lock: bool = False) -> PatientRow | None:
    row = await tx.sql.fetchrow(LOCK if lock else FIND, tx.clinic_id, patient_id)
    return PatientRow(**dict(row)) if row else None


async def find_patients(tx: Transaction, patient_ids: list[UUID]) -> list[PatientRow]:
    return [PatientRow(**dict(row)) for row in await tx.sql.fetch(FIND_ALL, tx.clinic_id, patient_ids)]


async def patient_id_of_card(tx: Transaction, card_mac: bytes) -> UUID | None:
    patient_id: UUID | None = await tx.sql.fetchval(BY_CARD, tx.clinic_id, card_mac)
    return patient_id


ALL_SEALED = _PATIENT + "WHERE patient.clinic_id = $1 AND patient.forgotten_at IS NULL ORDER BY patient.patient_id"
SET_CYCLE = "UPDATE patient SET cycle_days = $3 WHERE clinic_id = $1 AND patient_id = $2"
SET_IDENTITY = "UPDATE patient_identity SET sealed = $3 WHERE clinic_id = $1 AND patient_id = $2"


async def all_sealed(tx: Transaction) -> list[PatientRow]:
    """Everybody who is not forgotten: a name is found by opening them one by one, for it is written nowhere."""
    return [PatientRow(**dict(row)) for row in await tx.sql.fetch(ALL_SEALED, tx.clinic_id)]


async def set_identity(tx: Transaction, patient_id: UUID, sealed: bytes) -> None:
    await tx.sql.execute(SET_IDENTITY, tx.clinic_id, patient_id, sealed)


async def set_cycle_days(tx: Transaction, patient_id: UUID, cycle_days: int) -> None:
    await tx.sql.execute(SET_CYCLE, tx.clinic_id, patient_id, cycle_days)


async def replace_card(tx: Transaction, patient_id: UUID, card_mac: bytes) -> None:
    """From now on they are found by another card, and by the old one no more."""
    await tx.sql.execute(FORGET_INDEX, tx.clinic_id, patient_id)
    await tx.sql.execute(ADD_INDEX, tx.clinic_id, card_mac, patient_id)


LOOK = """
INSERT INTO patient_look (clinic_id, patient_id, person_id, looked_at, purpose)
SELECT $1, patient_id, $3, $4, $5
FROM unnest($2::uuid[]) AS given (patient_id)
"""


async def note_look(tx: Transaction, patient_ids: list[UUID], purpose: str) -> None:
    """Every look at who a patient is, is written down."""
    await tx.sql.execute(LOOK, tx.clinic_id, patient_ids, tx.person_id, tx.now, purpose)


FORGET_IDENTITY = "DELETE FROM patient_identity WHERE clinic_id = $1 AND patient_id = $2"
FORGET_INDEX = "DELETE FROM patient_index WHERE clinic_id = $1 AND patient_id = $2"
MARK_FORGOTTEN = "UPDATE patient SET forgotten_at = $3 WHERE clinic_id = $1 AND patient_id = $2"
END_PLAN = """
UPDATE therapy_line
SET until_on = greatest(starts_on, $3::date - 1), sealed_prescriber = NULL
WHERE clinic_id = $1 AND patient_id = $2 AND (until_on IS NULL OR until_on >= $3 OR sealed_prescriber IS NOT NULL)
"""


async def forget(tx: Transaction, patient_id: UUID) -> None:
    """Destroy the key, the identity and the index; the plan ends, what was given stays without a name."""
    await tx.sql.execute(FORGET_IDENTITY, tx.clinic_id, patient_id)
    await tx.sql.execute(FORGET_INDEX, tx.clinic_id, patient_id)
    await tx.sql.execute(MARK_FORGOTTEN, tx.clinic_id, patient_id, tx.now)
    await tx.sql.execute(END_PLAN, tx.clinic_id, patient_id, tx.today)


class TherapyLineRow(Struct, frozen=True, kw_only=True):
    therapy_line_id: UUID
    product_id: UUID
    product_name: str
    only_this_product: bool
    per_intake: str
    schedule: Schedule
    starts_on: date
    until_on: date | None
    sealed_prescriber: bytes | None
    covered_through: date | None
    follows: UUID | None = None
    """The line that this one was changed from."""


ADD_THERAPY_LINE = """
INSERT INTO therapy_line (therapy_line_id, clinic_id, patient_id, product_id, only_this_product, per_intake,
                          schedule, starts_on, until_on, sealed_prescriber, planned_by, planned_at, follows)
VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb, $8, $9, $10, $11, $12, $13)
"""


async def add_therapy_line(tx: Transaction, patient_id: UUID, line: TherapyLineRow) -> None:
    await tx.sql.execute(
        ADD_THERAPY_LINE,
        line.therapy_line_id,
        tx.clinic_id,
        patient_id,
        line.product_id,
        line.only_this_product,
        line.per_intake,
        msgspec.json.encode(line.schedule).decode(),
        line.starts_on,
        line.until_on,
        line.sealed_prescriber,
        tx.person_id,
        tx.now,
        line.follows,
    )


THERAPY_LINES = """
SELECT therapy_line.therapy_line_id, therapy_line.product_id, product.name AS product_name,
       therapy_line.only_this_product, therapy_line.per_intake, therapy_line.schedule::text AS schedule,
       therapy_line.starts_on, therapy_line.until_on, therapy_line.sealed_prescriber, therapy_line.follows,
       (
           SELECT max(upper(supply.days) - 1)
           FROM supply
           WHERE supply.therapy_line_id = therapy_line.therapy_line_id AND supply.voided_at IS NULL
       ) AS covered_through
FROM therapy_line
JOIN product USING (product_id)
WHERE therapy_line.clinic_id = $1 AND therapy_line.patient_id = $2
ORDER BY therapy_line.therapy_line_id
"""


async def therapy_lines_of(tx: Transaction, patient_id: UUID) -> list[TherapyLineRow]:
    rows: list[asyncpg.Record] = await tx.sql.fetch(THERAPY_LINES, tx.clinic_id, patient_id)
    return [
        TherapyLineRow(**{**dict(row), "schedule": msgspec.json.decode(row["schedule"], type=Schedule)}) for row in rows
    ]


END_THERAPY_LINE = """
UPDATE therapy_line
SET until_on = $4
WHERE clinic_id = $1 AND patient_id = $2 AND therapy_line_id = $3
RETURNING therapy_line_id
"""


async def end_therapy_line(tx: Transaction, patient_id: UUID, therapy_line_id: UUID, until_on: date | None) -> bool:
    row = await tx.sql.fetchval(END_THERAPY_LINE, tx.clinic_id, patient_id, therapy_line_id, until_on)
    return row is not None


SET_PRESCRIBER = """
UPDATE therapy_line
SET sealed_prescriber = $4
WHERE clinic_id = $1 AND patient_id = $2 AND therapy_line_id = $3
"""


async def set_prescriber(tx: Transaction, patient_id: UUID, therapy_line_id: UUID, sealed: bytes | None) -> None:
    await tx.sql.execute(SET_PRESCRIBER, tx.clinic_id, patient_id, therapy_line_id, sealed)


class GivenRow(Struct, frozen=True, kw_only=True):
    """One lot of what a patient was given."""

    given_at: datetime
    product_name: str
    batch: str | None
    expires_on: date
    units: int
    undone_at: datetime | None


GIVEN = """
SELECT dispensed.given_at, escrow.product_name, escrow.batch, escrow.expires_on, dispensed.units,
       dispensed.undone_at
FROM dispensed
JOIN visit USING (visit_id)
JOIN escrow ON escrow.line_id = dispensed.line_id AND escrow.lot_id = dispensed.lot_id
WHERE visit.clinic_id = $1 AND visit.patient_id = $2
ORDER BY dispensed.given_at DESC, dispensed.dispensed_id
LIMIT $3
"""


async def given_to(tx: Transaction, patient_id: UUID, most: int) -> list[GivenRow]:
    return [GivenRow(**dict(row)) for row in await tx.sql.fetch(GIVEN, tx.clinic_id, patient_id, most)]
