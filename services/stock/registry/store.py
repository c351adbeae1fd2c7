"""The registry's SQL."""

from datetime import date, datetime
from uuid import UUID

from msgspec import Struct

from shared.database import Sql, Transaction

# Clinics and pharmacies

ADD_CLINIC = "INSERT INTO clinic (clinic_id, name, phone) VALUES ($1, $2, $3)"
CLINICS = "SELECT clinic_id, name, phone FROM clinic ORDER BY name"
CLINIC = "SELECT clinic_id, name, phone FROM clinic WHERE clinic_id = $1"
CLINICS_OF = """
SELECT clinic_id, name, phone
FROM clinic
WHERE EXISTS (
    SELECT
    FROM delegation
    WHERE delegation.delegate_id = $1
        AND delegation.from_on <= $2
        AND delegation.until_on >= $2
        AND delegation.ended_at IS NULL
        AND delegation.clinic_id = clinic.clinic_id
)
ORDER BY name
"""
SET_PARTNERSHIP = """
INSERT INTO partnership (partnership_id, clinic_id, pharmacy_id, name, from_on, until_on)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (partnership_id) DO UPDATE
SET name = excluded.name, from_on = excluded.from_on, until_on = excluded.until_on
"""
PARTNERSHIPS = """
SELECT pharmacy_id, name, from_on, until_on
FROM partnership
WHERE clinic_id = $1
ORDER BY name, pharmacy_id
"""


class ClinicRow(Struct, frozen=True, kw_only=True):
    clinic_id: UUID
    name: str
    phone: str | None


class PharmacyRow(Struct, frozen=True, kw_only=True):
    pharmacy_id: UUID
    name: str
    from_on: date
    until_on: date | None


async def add_clinic(tx: Transaction, clinic_id: UUID, name: str, phone: str | None) -> None:
    await tx.sql.execute(ADD_CLINIC, clinic_id, name, phone)


async def clinics_of(tx: Transaction, person_id: UUID) -> list[ClinicRow]:
    """The clinics where a delegation in force today lets the person do something."""
    return [ClinicRow(**dict(row)) for row in await tx.sql.fetch(CLINICS_OF, person_id, tx.today)]


async def clinics(sql: Sql) -> list[ClinicRow]:
    return [ClinicRow(**dict(row)) for row in await sql.fetch(CLINICS)]


async def find_clinic(sql: Sql, clinic_id: UUID | None) -> ClinicRow | None:
    row = await sql.fetchrow(CLINIC, clinic_id)
    return ClinicRow(**dict(row)) if row else None


async def set_partnership(tx: Transaction, partnership_id: UUID, pharmacy: PharmacyRow) -> None:
    await tx.sql.execute(
        SET_PARTNERSHIP,
        partnership_id,
        tx.clinic_id,
        pharmacy.pharmacy_id,
        pharmacy.name,
        pharmacy.from_on,
        pharmacy.until_on,
    )


async def pharmacies(sql: Sql, clinic_id: UUID | None) -> list[PharmacyRow]:
    return [PharmacyRow(**dict(row)) for row in await sql.fetch(PARTNERSHIPS, clinic_id)]


# People and sign-ins

ADD_PERSON = "INSERT INTO person (person_id, sign_in_name, display_name, password_hash) VALUES ($1, $2, $3, $4)"
PERSON_BY_NAME = """
SELECT person_id, sign_in_name, display_name, password_hash, failed_sign_ins, last_failed_at
FROM person
WHERE sign_in_name = $1
FOR UPDATE
"""
PERSON = "SELECT person_id, sign_in_name, display_name FROM person WHERE person_id = $1"
PERSON_NAMED = "SELECT person_id, sign_in_name, display_name FROM person WHERE sign_in_name = $1"
COUNT_FAILURE = "UPDATE person SET failed_sign_ins = failed_sign_ins + 1, last_failed_at = $2 WHERE person_id = $1"
FORGET_FAILURES = "UPDATE person SET failed_sign_ins = 0, last_failed_at = NULL WHERE person_id = $1"
PEOPLE_OF_CLINIC = """
SELECT DISTINCT person.person_id, person.sign_in_name, person.display_name
FROM person
JOIN delegation ON delegation.delegate_id = person.person_id
WHERE delegation.clinic_id = $1
ORDER BY person.display_name, person.person_id
"""
START_SESSION = """
INSERT INTO session (session_id, person_id, use, label, started_at, ends_at)
VALUES ($1, $2, $3, $4, $5, $6)
"""
END_SESSION = """
INSERT INTO ended_session (session_id, ended_at)
SELECT session_id, $3
FROM session
WHERE session_id = $1 AND person_id = $2
ON CONFLICT (session_id) DO NOTHING
RETURNING session_id
"""
SESSIONS = """
SELECT session_id, use, label, started_at, ends_at
FROM session
WHERE person_id = $1 AND ends_at > $2 AND NOT EXISTS (
    SELECT FROM ended_session WHERE ended_session.session_id = session.session_id
)
ORDER BY started_at, session_id
"""


class PersonRow(Struct, frozen=True, kw_only=True):
    person_id: UUID
    sign_in_name: str
    display_name: str


class SignInRow(Struct, frozen=True, kw_only=True):
    person_id: UUID
    sign_in_name: str
    display_name: str
    password_hash: str | None
    failed_sign_ins: int
    last_failed_at: datetime | None


class SessionRow(Struct, frozen=True, kw_only=True):
    session_id: UUID
    use: str
    label: str
    started_at: datetime
    ends_at: datetime


async def add_person(
    tx: Transaction, person_id: UUID, sign_in_name: str, display_name: str, password_hash: str | None
) -> None:
    await tx.sql.execute(ADD_PERSON, person_id, sign_in_name, display_name, password_hash)


async def find_person(sql: Sql, person_id: UUID | None) -> PersonRow | None:
    row = await sql.fetchrow(PERSON, person_id)
    return PersonRow(**dict(row)) if row else None


async def find_person_named(sql: Sql, sign_in_name: str) -> PersonRow | None:
    row = await sql.fetchrow(PERSON_NAMED, sign_in_name)
    return PersonRow(**dict(row)) if row else None


PASSWORD_HASH = "SELECT password_hash FROM person WHERE sign_in_name = $1"  # noqa: S105 - a statement


async def password_hash_of(sql: Sql, sign_in_name: str) -> str | None:
    password_hash: str | None = await sql.fetchval(PASSWORD_HASH, sign_in_name)
    return password_hash


async def find_for_sign_in(sql: Sql, sign_in_name: str) -> SignInRow | None:
    """The person who signs in under a name, locked, so that wrong tries are counted one by one."""
    row = await sql.fetchrow(PERSON_BY_NAME, sign_in_name)
    return SignInRow(**dict(row)) if row else None


async def people_of_clinic(sql: Sql, clinic_id: UUID | None) -> list[PersonRow]:
    return [PersonRow(**dict(row)) for row in await sql.fetch(PEOPLE_OF_CLINIC, clinic_id)]


async def count_failure(tx: Transaction, person_id: UUID) -> None:
    await tx.sql.execute(COUNT_FAILURE, person_id, tx.now)


async def forget_failures(tx: Transaction, person_id: UUID) -> None:
    await tx.sql.execute(FORGET_FAILURES, person_id)


async def start_session(tx: Transaction, person_id: UUID, session: SessionRow) -> None:
    await tx.sql.execute(
        START_SESSION,
        session.session_id,
        person_id,
        session.use,
        session.label,
        session.started_at,
        session.ends_at,
    )


async def end_session(tx: Transaction, session_id: UUID, person_id: UUID) -> bool:
    """False when the session is not this person's, or was ended before."""
    return await tx.sql.fetchval(END_SESSION, session_id, person_id, tx.now) is not None


async def sessions_of(tx: Transaction, person_id: UUID | None) -> list[SessionRow]:
    return [SessionRow(**dict(row)) for row in await tx.sql.fetch(SESSIONS, person_id, tx.now)]
