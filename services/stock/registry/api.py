"""The registry's operations."""

from typing import Annotated
from uuid import UUID

from litestar import Response
from msgspec import Meta, Struct

from services.stock.errors import PersonNotFound
from services.stock.registry import actions, decisions, sign_in, store
from services.stock.registry.session import session_cookie, signed_in
from shared import fields, known
from shared.database import Work
from shared.identity import Access
from shared.policies import Policies
from shared.roles import Act, Role
from shared.runtime import Runtime
from shared.web.operations import Limit, command, public_command, query


class SignIn(fields.Body, frozen=True):
    sign_in_name: fields.Name
    password: Annotated[str, Meta(min_length=1, max_length=200)]


class SignedIn(Struct, frozen=True, kw_only=True):
    person_id: UUID
    session_id: UUID


@public_command("/sign-in")
async def sign_in_person(work: Work, runtime: Runtime, data: SignIn) -> Response[SignedIn]:
    """Sign in with name and password: the answer sets an HttpOnly cookie good for at most 16 hours."""
    signed = await signed_in(work, runtime, data.sign_in_name, data.password)
    answer = SignedIn(person_id=signed.person_id, session_id=signed.session_id)
    return Response(answer, cookies=[session_cookie(runtime, signed.token)])


class Me(Struct, frozen=True, kw_only=True):
    person_id: UUID
    session_id: UUID
    display_name: str
    delegations: list[decisions.DelegationRow]
    clinics: list[store.ClinicRow]
    sessions: list[store.SessionRow]


@query("/me", act=None)
async def see_me(work: Work, access: Access) -> Me:
    """Who I am: my delegations, their places, and my open sign-ins and tokens."""
    async with work.reading() as tx:
        person = await store.find_person(tx.sql, access.person_id)
        if person is None:
            raise PersonNotFound
        return Me(
            person_id=person.person_id,
            session_id=access.session_id,
            display_name=person.display_name,
            delegations=await decisions.delegations_of(tx, access.person_id),
            clinics=await store.clinics(tx.sql),
            sessions=await store.sessions_of(tx, access.person_id),
        )


@command("/me/sessions/{session_id:uuid}/end", act=None)
async def end_my_session(work: Work, session_id: UUID) -> sign_in.SessionChanged:
    """End one of my sign-ins or tokens; every service refuses it within a second or two."""
    return await sign_in.end_session(work, session_id)


class Clinic(Struct, frozen=True, kw_only=True):
    clinic_id: UUID
    name: str
    phone: str | None
    pharmacies: list[store.PharmacyRow]
    policies: list[decisions.PolicyRow]
    in_force: Policies


@query("/clinics/{clinic_id:uuid}", act=Act.SEE_CLINIC)
async def see_clinic(work: Work) -> Clinic:
    """The clinic, its partner pharmacies, and its policies, each with the decision that made it."""
    async with work.reading() as tx:
        clinic = await store.find_clinic(tx.sql, tx.clinic_id)
        assert clinic is not None, "a delegation at a clinic implies the clinic"
        return Clinic(
            clinic_id=clinic.clinic_id,
            name=clinic.name,
            phone=clinic.phone,
            pharmacies=await store.pharmacies(tx.sql, tx.clinic_id),
            policies=await decisions.policies(tx),
            in_force=await known.policies_of(tx.sql, tx.clinic_id),
        )


class PharmacyBody(fields.Body, frozen=True):
    name: fields.Name
    from_on: fields.Day
    pharmacy_id: UUID | None = None
    until_on: fields.Day | None = None


@command("/clinics/{clinic_id:uuid}/pharmacies", act=Act.DECIDE)
async def set_pharmacy(work: Work, data: PharmacyBody) -> actions.PharmacySet:
    """Take a pharmacy as a partner, or change the name or days of one that is."""
    return await actions.set_pharmacy(work, data.pharmacy_id, data.name, data.from_on, data.until_on)


class People(Struct, frozen=True, kw_only=True):
    people: list[store.PersonRow]
    delegations: list[decisions.DelegationRow]


@query("/clinics/{clinic_id:uuid}/people", act=Act.SEE_CLINIC)
async def see_people(work: Work) -> People:
    """The people of the clinic and what each is delegated to, until when; the first to end on top."""
    async with work.reading() as tx:
        return People(
            people=await store.people_of_clinic(tx.sql, tx.clinic_id), delegations=await decisions.delegations(tx)
        )


class PersonBody(fields.Body, frozen=True):
    sign_in_name: fields.Name
    display_name: fields.Name
    password: fields.Password | None = None


@command("/clinics/{clinic_id:uuid}/people", act=Act.DECIDE)
async def add_person(work: Work, data: PersonBody) -> actions.PersonAdded:
    """Register somebody who works here; what they may do follows from delegations."""
    return await actions.add_person(work, data.sign_in_name, data.display_name, data.password)


class Decisions(Struct, frozen=True, kw_only=True):
    decisions: list[decisions.DecisionRow]


@query("/clinics/{clinic_id:uuid}/decisions", act=Act.SEE_CLINIC)
async def see_decisions(work: Work, most: Limit = 100) -> Decisions:
    """What was decided, the latest first, with the dissent and the day of re-evaluation."""
    async with work.reading() as tx:
        return Decisions(decisions=await decisions.decisions(tx, most))


Votes = Annotated[int, Meta(ge=0, le=100_000)]


class DecisionBody(fields.Body, frozen=True):
    body: fields.Name
    text: fields.Text
    decided_on: fields.Day
    reevaluate_on: fields.Day
    consensus: bool = True
    votes_for: Votes | None = None
    votes_against: Votes | None = None
    votes_blank: Votes | None = None
    dissent: fields.Text | None = None
    reevaluates: UUID | None = None

    def decision(self) -> actions.Decision:
        return actions.Decision(
            body=self.body,
            text=self.text,
            decided_on=self.decided_on,
            reevaluate_on=self.reevaluate_on,
            consensus=self.consensus,
            votes_for=self.votes_for,
            votes_against=self.votes_against,
            votes_blank=self.votes_blank,
            dissent=self.dissent,
            reevaluates=self.reevaluates,
        )


@command("/clinics/{clinic_id:uuid}/decisions", act=Act.DECIDE)
async def record_decision(work: Work, data: DecisionBody) -> actions.DecisionRecorded:
    """Record a decision: its body, words, day, consensus or votes, dissent, and when it is looked at again."""
    return await actions.record_decision(work, data.decision())


class DelegationBody(fields.Body, frozen=True):
    delegate_id: UUID
    role: Role
    place_id: UUID
    decision_id: UUID
    from_on: fields.Day
    until_on: fields.Day


@command("/clinics/{clinic_id:uuid}/delegations", act=Act.DECIDE)
async def give_delegation(work: Work, data: DelegationBody) -> actions.DelegationChanged:
    """Delegate a role (the issue) at a place (the space) from a day until a day (the time), by a decision."""
    return await actions.give_delegation(
        work, data.delegate_id, data.role, data.place_id, data.decision_id, data.from_on, data.until_on
    )


@command("/clinics/{clinic_id:uuid}/delegations/{delegation_id:uuid}/end", act=Act.DECIDE)
async def end_delegation(work: Work, delegation_id: UUID) -> actions.DelegationChanged:
    """End a delegation before its day."""
    return await actions.end_delegation(work, delegation_id)


PolicyValue = (
    bool | Annotated[int, Meta(ge=0, le=10_000)] | fields.Name | Annotated[list[fields.Name], Meta(max_length=50)]
)
"""The shapes that any policy has; each policy's own bounds are checked where it is put in force."""


class PolicyBody(fields.Body, frozen=True):
    name: fields.Name
    value: PolicyValue
    decision_id: UUID


@command("/clinics/{clinic_id:uuid}/policies", act=Act.DECIDE)
async def set_policy(work: Work, data: PolicyBody) -> actions.PolicyChanged:
    """Put a policy in force, by a decision that is recorded already."""
    return await actions.set_policy(work, data.name, data.value, data.decision_id)


ROUTES = (
    sign_in_person,
    see_me,
    end_my_session,
    see_clinic,
    set_pharmacy,
    see_people,
    add_person,
    see_decisions,
    record_decision,
    give_delegation,
    end_delegation,
    set_policy,
)
