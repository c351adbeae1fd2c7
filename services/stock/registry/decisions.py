"""Decisions, and the delegations and policies that stand on them: their SQL."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from shared.database import Transaction
from shared.roles import Role


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
    reevaluates: UUID | None = None


ADD_DECISION = """
INSERT INTO decision (decision_id, clinic_id, body, text, decided_on, consensus, votes_for, votes_against,
                      votes_blank, dissent, reevaluate_on, recorded_by, recorded_at, reevaluates)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
"""
DECISIONS = """
SELECT decision_id, body, text, decided_on, consensus, votes_for, votes_against, votes_blank, dissent,
       reevaluate_on, recorded_by, recorded_at, reevaluates
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
        decision.reevaluates,
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
# Locked together, in one order: of two people who end each other's, the second sees what the first did.
LOCK_DECIDING = """
SELECT delegation_id
FROM delegation
WHERE clinic_id = $1 AND role = $2 AND ended_at IS NULL AND from_on <= $3 AND until_on >= $3
ORDER BY delegation_id
FOR UPDATE
"""
FIND_DELEGATION = "SELECT EXISTS (SELECT FROM delegation WHERE delegation_id = $1 AND clinic_id = $2)"
SET_POLICY = """
INSERT INTO policy (clinic_id, name, value, decision_id)
VALUES ($1, $2, $3::jsonb, $4)
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


async def deciding(tx: Transaction) -> set[UUID]:
    """Delegations in force of those who give delegations, locked."""
    rows = await tx.sql.fetch(LOCK_DECIDING, tx.clinic_id, Role.DECISIONS_DELEGATE, tx.today)
    return {row["delegation_id"] for row in rows}


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
