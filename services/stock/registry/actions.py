"""What a clinic's people do with its registry: each change an event, each role and policy with its decision."""

import asyncio
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from argon2 import PasswordHasher
from msgspec import Struct

from services.stock.errors import (
    DecisionNotFound,
    DelegationDaysWrong,
    DelegationNotFound,
    DelegationOver,
    LastToDecide,
    PersonNameMixed,
    PersonNameTaken,
    PersonNotFound,
    PharmacyNotFound,
    PlaceNotOurs,
    PolicyNotKnown,
    PolicyValueWrong,
    VotesWrong,
)
from services.stock.registry import decisions, rules, store
from shared.database import Transaction, Work
from shared.events import stock as events
from shared.ids import derived_id, new_id
from shared.known import partnership_id_of
from shared.policies import NAMES, Policies, policies_from
from shared.roles import Role

HASHER = PasswordHasher()
"""argon2id with the library's parameters (RFC 9106, low-memory profile)."""


class ClinicAdded(Struct, frozen=True, kw_only=True):
    clinic_id: UUID
    decision_id: UUID


class PharmacySet(Struct, frozen=True, kw_only=True):
    pharmacy_id: UUID


class PersonAdded(Struct, frozen=True, kw_only=True):
    person_id: UUID


class DecisionRecorded(Struct, frozen=True, kw_only=True):
    decision_id: UUID


class DelegationChanged(Struct, frozen=True, kw_only=True):
    delegation_id: UUID


class PolicyChanged(Struct, frozen=True, kw_only=True):
    name: str
    decision_id: UUID


class Decision(Struct, frozen=True, kw_only=True):
    """What an assembly decided: which body, in which words, how, and when it looks at it again.

    `reevaluates`: the earlier decision of the clinic that it looked at again.
    """

    body: str
    text: str
    decided_on: date
    reevaluate_on: date
    consensus: bool = True
    votes_for: int | None = None
    votes_against: int | None = None
    votes_blank: int | None = None
    dissent: str | None = None
    reevaluates: UUID | None = None


async def add_clinic(work: Work, clinic_id: UUID, name: str, phone: str | None, founding: Decision) -> ClinicAdded:
    """A new clinic with its founding decision, which puts the usual policies in force. The operator's act."""
    async with work.at(clinic_id).transaction() as tx:
        await store.add_clinic(tx, clinic_id, name, phone)
        decision_id = await _record(tx, founding)
        for policy_name, value in msgspec.to_builtins(Policies()).items():
            await _set_policy(tx, policy_name, value, decision_id)
        tx.emit(clinic_id, events.ClinicRegistered(name=name, phone=phone))
        tx.emit(derived_id("presence", clinic_id), events.ClinicAnnounced(name=name))
        return tx.done(ClinicAdded(clinic_id=clinic_id, decision_id=decision_id))


async def set_pharmacy(
    work: Work, pharmacy_id: UUID | None, name: str, from_on: date, until_on: date | None
) -> PharmacySet:
    """A pharmacy that collects for the clinic, from a day, until a day if it ends; one that has ended may go on."""
    async with work.transaction() as tx:
        ours = {each.pharmacy_id for each in await store.pharmacies(tx.sql, tx.clinic_id)}
        if pharmacy_id is not None and pharmacy_id not in ours:
            raise PharmacyNotFound
        pharmacy = store.PharmacyRow(pharmacy_id=pharmacy_id or new_id(), name=name, from_on=from_on, until_on=until_on)
        partnership_id = partnership_id_of(tx.clinic_id, pharmacy.pharmacy_id)
        await store.set_partnership(tx, partnership_id, pharmacy)
        told = events.PartnershipRecorded(
            pharmacy_id=pharmacy.pharmacy_id, name=name, from_on=from_on, until_on=until_on
        )
        tx.emit(partnership_id, told)
        return tx.done(PharmacySet(pharmacy_id=pharmacy.pharmacy_id))


async def add_person(work: Work, sign_in_name: str, display_name: str, password: str | None) -> PersonAdded:
    """Somebody who works here. Without a password they use tokens only."""
    password_hash = await asyncio.to_thread(HASHER.hash, password) if password else None
    async with work.transaction() as tx:
        person_id, name = new_id(), rules.sign_in_name_of(sign_in_name)
        if not rules.is_of_one_script(name):
            raise PersonNameMixed
        if await store.find_person_named(tx.sql, name) is not None:
            raise PersonNameTaken
        await store.add_person(tx, person_id, name, display_name, password_hash)
        tx.emit(person_id, events.PersonRegistered(registered_id=person_id, display_name=display_name))
        return tx.done(PersonAdded(person_id=person_id))


async def record_decision(work: Work, decision: Decision) -> DecisionRecorded:
    """What the general assembly, or a department's own, decided."""
    async with work.transaction() as tx:
        return tx.done(DecisionRecorded(decision_id=await _record(tx, decision)))


async def _record(tx: Transaction, decision: Decision) -> UUID:
    votes = (decision.votes_for, decision.votes_against, decision.votes_blank)
    if not rules.are_votes(votes, consensus=decision.consensus):
        raise VotesWrong
    if not decision.decided_on <= decision.reevaluate_on:
        raise VotesWrong("A decision is looked at again on or after the day it was made.")
    if decision.reevaluates is not None and not await decisions.is_decision(tx, decision.reevaluates):
        raise DecisionNotFound
    decision_id = new_id()
    fields = msgspec.structs.asdict(decision)
    row = decisions.DecisionRow(decision_id=decision_id, recorded_by=tx.person_id, recorded_at=tx.now, **fields)
    await decisions.add_decision(tx, row)
    return decision_id


async def give_delegation(
    work: Work,
    delegate_id: UUID,
    role: Role,
    place_id: UUID,
    decision_id: UUID,
    from_on: date,
    until_on: date,
) -> DelegationChanged:
    """Delegate a role at a place, from a day until a day, by a decision."""
    async with work.transaction() as tx:
        assert tx.clinic_id is not None
        if not rules.are_delegation_days(from_on, until_on):
            raise DelegationDaysWrong
        if not rules.is_place_of_role(role, place_id, tx.clinic_id, await _pharmacy_ids(tx)):
            raise PlaceNotOurs
        if await store.find_person(tx.sql, delegate_id) is None:
            raise PersonNotFound
        if not await decisions.is_decision(tx, decision_id):
            raise DecisionNotFound
        delegation_id = new_id()
        row = decisions.DelegationRow(
            delegation_id=delegation_id,
            delegate_id=delegate_id,
            role=role,
            place_id=place_id,
            decision_id=decision_id,
            from_on=from_on,
            until_on=until_on,
        )
        await decisions.add_delegation(tx, row)
        told = events.DelegationGiven(
            delegation_id=delegation_id,
            delegate_id=delegate_id,
            role=role,
            place_id=place_id,
            from_on=from_on,
            until_on=until_on,
        )
        tx.emit(delegation_id, told)
        return tx.done(DelegationChanged(delegation_id=delegation_id))


async def end_delegation(work: Work, delegation_id: UUID) -> DelegationChanged:
    """End a role before its day; it holds in every service within a second or two."""
    async with work.transaction() as tx:
        if not await decisions.is_delegation(tx, delegation_id):
            raise DelegationNotFound
        if await decisions.deciding(tx) == {delegation_id}:
            raise LastToDecide
        if not await decisions.end_delegation(tx, delegation_id):
            raise DelegationOver
        tx.emit(delegation_id, events.DelegationEnded(delegation_id=delegation_id, ended_at=tx.now))
        return tx.done(DelegationChanged(delegation_id=delegation_id))


async def set_policy(work: Work, name: str, value: Any, decision_id: UUID) -> PolicyChanged:
    """Put a policy in force, by a decision."""
    async with work.transaction() as tx:
        if not await decisions.is_decision(tx, decision_id):
            raise DecisionNotFound
        await _set_policy(tx, name, value, decision_id)
        return tx.done(PolicyChanged(name=name, decision_id=decision_id))


async def _set_policy(tx: Transaction, name: str, value: Any, decision_id: UUID) -> None:
    if name not in NAMES:
        raise PolicyNotKnown(name=name, policies=sorted(NAMES))
    try:
        policies_from({name: value})
    except msgspec.ValidationError as problem:
        raise PolicyValueWrong(
            "{problem}. The bounds stand in the documentation of the policies.", problem=str(problem)
        ) from problem
    await decisions.set_policy(tx, decisions.PolicyRow(name=name, value=value, decision_id=decision_id))
    told = events.PolicySet(name=name, value=value, decision_id=decision_id)
    tx.emit(derived_id("policy", tx.clinic_id, name), told)


async def _pharmacy_ids(tx: Transaction) -> frozenset[UUID]:
    """Pharmacies that are partners on the transaction's day, or will be."""
    return frozenset(
        pharmacy.pharmacy_id
        for pharmacy in await store.pharmacies(tx.sql, tx.clinic_id)
        if pharmacy.until_on is None or pharmacy.until_on >= tx.today
    )
