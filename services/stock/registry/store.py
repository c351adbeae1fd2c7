"""The registry's SQL."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from shared.database import Sql, Transaction

# Clinics and pharmacies

ADD_CLINIC = "INSERT INTO clinic (clinic_id, name, phone) VALUES ($1, $2, $3)"
CLINICS = "SELECT clinic_id, name, phone FROM clinic ORDER BY name"
CLINIC = "SELECT clinic_id, name, phone FROM clinic WHERE clinic_id = $1"
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
SET_PASSWORD = "UPDATE person SET password_hash = $2 WHERE person_id = $1"  # noqa: S105 - a statement
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


async def find_for_sign_in(sql: Sql, sign_in_name: str) -> SignInRow | None:
    """The person who signs in under a name, locked, so that wrong tries are counted one by one."""
    row = await sql.fetchrow(PERSON_BY_NAME, sign_in_name)
    return SignInRow(**dict(row)) if row else None


async def people_of_clinic(sql: Sql, clinic_id: UUID | None) -> list[PersonRow]:
    return [PersonRow(**dict(row)) for row in await sql.fetch(PEOPLE_OF_CLINIC, clinic_id)]


async def set_password(tx: Transaction, person_id: UUID, password_hash: str) -> None:
    await tx.sql.execute(SET_PASSWORD, person_id, password_hash)


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


# Decisions, delegations, policies


class DecisionRow(Struct, frozen=True, kw_only=True):
    decision_id: UUID
    body: str
    text: str
    decided_on: date
    consensus: bool
    votes_for: int | None
    votes_against: int | None
    votes_blank: int | None
    dissent: str | None
    reevaluate_on: date
    recorded_by: UUID | None
    recorded_at: datetime


ADD_DECISION = """
INSERT INTO decision (decision_id, clinic_id, body, text, decided_on, consensus, votes_for, votes_against,
                      votes_blank, dissent, reevaluate_on, recorded_by, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
"""
DECISIONS = """
SELECT decision_id, body, text, decided_on, consensus, votes_for, votes_against, votes_blank, dissent,
       reevaluate_on, recorded_by, recorded_at
FROM decision
WHERE clinic_id = $1
ORDER BY decided_on DESC, decision_id DESC
LIMIT $2
"""
IS_DECISION = "SELECT EXISTS (SELECT FROM decision WHERE clinic_id = $1 AND decision_id = $2)"


async def add_decision(tx: Transaction, decision: DecisionRow) -> None:
    await tx.sql.execute(
        ADD_DECISION,
        decision.decision_id,
        tx.clinic_id,
        decision.body,
        decision.text,
        decision.decided_on,
        decision.consensus,
        decision.votes_for,
        decision.votes_against,
        decision.votes_blank,
        decision.dissent,
        decision.reevaluate_on,
        decision.recorded_by,
        decision.recorded_at,
    )


async def decisions(tx: Transaction, most: int) -> list[DecisionRow]:
    return [DecisionRow(**dict(row)) for row in await tx.sql.fetch(DECISIONS, tx.clinic_id, most)]


async def is_decision(tx: Transaction, decision_id: UUID) -> bool:
    return bool(await tx.sql.fetchval(IS_DECISION, tx.clinic_id, decision_id))


class DelegationRow(Struct, frozen=True, kw_only=True):
    delegation_id: UUID
    delegate_id: UUID
    role: str
    place_id: UUID
    decision_id: UUID
    from_on: date
    until_on: date
    ended_at: datetime | None = None


ADD_DELEGATION = """
INSERT INTO delegation (delegation_id, delegate_id, role, place_id, clinic_id, decision_id, from_on, until_on)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
DELEGATIONS = """
SELECT delegation_id, delegate_id, role, place_id, decision_id, from_on, until_on, ended_at
FROM delegation
WHERE clinic_id = $1
ORDER BY until_on, delegation_id
"""
OF_PERSON = """
SELECT delegation_id, delegate_id, role, place_id, decision_id, from_on, until_on, ended_at
FROM delegation
WHERE delegate_id = $1
ORDER BY until_on, delegation_id
"""
END_DELEGATION = """
UPDATE delegation
SET ended_at = $3
WHERE delegation_id = $1 AND clinic_id = $2 AND ended_at IS NULL
RETURNING delegation_id
"""
FIND_DELEGATION = "SELECT EXISTS (SELECT FROM delegation WHERE delegation_id = $1 AND clinic_id = $2)"
SET_POLICY = """
INSERT INTO policy (clinic_id, name, value, decision_id)
VALUES ($1, $2, $3::text::jsonb, $4)
ON CONFLICT (clinic_id, name) DO UPDATE SET value = excluded.value, decision_id = excluded.decision_id
"""
POLICIES = "SELECT name, value::text AS value, decision_id FROM policy WHERE clinic_id = $1 ORDER BY name"


async def add_delegation(tx: Transaction, delegation: DelegationRow) -> None:
    await tx.sql.execute(
        ADD_DELEGATION,
        delegation.delegation_id,
        delegation.delegate_id,
        delegation.role,
        delegation.place_id,
        tx.clinic_id,
        delegation.decision_id,
        delegation.from_on,
        delegation.until_on,
    )


async def delegations(tx: Transaction) -> list[DelegationRow]:
    return [DelegationRow(**dict(row)) for row in await tx.sql.fetch(DELEGATIONS, tx.clinic_id)]


async def delegations_of(tx: Transaction, person_id: UUID | None) -> list[DelegationRow]:
    return [DelegationRow(**dict(row)) for row in await tx.sql.fetch(OF_PERSON, person_id)]


async def end_delegation(tx: Transaction, delegation_id: UUID) -> bool:
    """False when it is over already, or not this clinic's."""
    return await tx.sql.fetchval(END_DELEGATION, delegation_id, tx.clinic_id, tx.now) is not None


async def is_delegation(tx: Transaction, delegation_id: UUID) -> bool:
    return bool(await tx.sql.fetchval(FIND_DELEGATION, delegation_id, tx.clinic_id))


class PolicyRow(Struct, frozen=True, kw_only=True):
    name: str
    value: Any
    decision_id: UUID | None


async def set_policy(tx: Transaction, policy: PolicyRow) -> None:
    value = msgspec.json.encode(policy.value).decode()
    await tx.sql.execute(SET_POLICY, tx.clinic_id, policy.name, value, policy.decision_id)


async def policies(tx: Transaction) -> list[PolicyRow]:
    rows = await tx.sql.fetch(POLICIES, tx.clinic_id)
    return [
        PolicyRow(name=row["name"], value=msgspec.json.decode(row["value"]), decision_id=row["decision_id"])
        for row in rows
    ]
