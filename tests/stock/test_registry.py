"""The registry: decisions, delegations, policies, people and pharmacies, and what the other services know of them."""

import asyncio
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from services.stock.errors import (
    CONSTRAINTS,
    DecisionNotFound,
    DelegationDaysWrong,
    DelegationNotFound,
    DelegationOver,
    LastToDecide,
    PartnershipDaysWrong,
    PersonNameMixed,
    PersonNameTaken,
    PersonNotFound,
    PharmacyNotFound,
    PlaceNotOurs,
    PolicyNotKnown,
    PolicyValueWrong,
    VotesWrong,
)
from services.stock.registry import actions, decisions, store
from services.stock.registry.actions import Decision
from shared import known
from shared.database import Database
from shared.events import stock as events
from shared.identity import Access, Statement, find_access
from shared.ids import new_id
from shared.policies import NAMES, Policies
from shared.roles import Role
from tests.people import World
from tests.stock.clinic import OwnClinic, carry, open_clinic, owner_rows

pytestmark = pytest.mark.anyio


@pytest.fixture
async def clinic(world: World, stock: Database) -> OwnClinic:
    return await open_clinic(world, stock)


def decided(clinic: OwnClinic, **changes: Any) -> Decision:
    usual: dict[str, Any] = {
        "body": "Assembly",
        "text": "So be it.",
        "decided_on": clinic.today,
        "reevaluate_on": clinic.day(90),
    }
    return Decision(**(usual | changes))


VOTES = {"consensus": False, "votes_for": 9, "votes_against": 3, "votes_blank": 1}


async def test_a_decision_keeps_its_votes_its_dissent_and_its_day_of_re_evaluation(clinic: OwnClinic) -> None:
    dissent = "Three of us would have waited."
    by_votes = decided(clinic, body="Pharmacy department", dissent=dissent, **VOTES)
    recorded = await actions.record_decision(clinic.work(), by_votes)
    async with clinic.work().reading() as tx:
        kept, founding = await decisions.decisions(tx, 10)
    assert kept.decision_id == recorded.decision_id
    assert (kept.body, kept.text, kept.dissent) == ("Pharmacy department", "So be it.", dissent)
    assert (kept.consensus, kept.votes_for, kept.votes_against, kept.votes_blank) == (False, 9, 3, 1)
    assert (kept.decided_on, kept.reevaluate_on) == (clinic.today, clinic.day(90))
    assert kept.recorded_by == clinic.work().person_id
    assert (founding.decision_id, founding.consensus, founding.votes_for) == (clinic.decision_id, True, None)
    assert await clinic.told() == [], "a decision is told with the delegation or policy that stands on it"


async def test_a_decision_may_look_again_at_an_earlier_one_of_the_same_clinic(
    clinic: OwnClinic, world: World, stock: Database
) -> None:
    recorded = await actions.record_decision(clinic.work(), decided(clinic, reevaluates=clinic.decision_id))
    async with clinic.work().reading() as tx:
        kept = {each.decision_id: each.reevaluates for each in await decisions.decisions(tx, 10)}
    assert kept == {recorded.decision_id: clinic.decision_id, clinic.decision_id: None}
    neighbour = await open_clinic(world, stock)
    for foreign_id in (neighbour.decision_id, new_id()):
        with pytest.raises(DecisionNotFound):
            await actions.record_decision(clinic.work(), decided(clinic, reevaluates=foreign_id))


@pytest.mark.parametrize(
    "changes",
    [
        {"votes_for": 9},
        {"consensus": False},
        VOTES | {"votes_blank": None},
        VOTES | {"votes_for": 3},
        VOTES | {"votes_for": 2},
        {"days": -1},
    ],
)
async def test_votes_must_fit_the_way_of_deciding(clinic: OwnClinic, changes: dict[str, Any]) -> None:
    fields = dict(changes)
    if "days" in fields:
        fields["reevaluate_on"] = clinic.day(fields.pop("days"))
    with pytest.raises(VotesWrong):
        await actions.record_decision(clinic.work(), decided(clinic, **fields))
    async with clinic.work().reading() as tx:
        assert len(await decisions.decisions(tx, 10)) == 1


async def test_a_new_clinic_has_every_usual_policy_in_force_by_its_founding_decision(clinic: OwnClinic) -> None:
    async with clinic.work().reading() as tx:
        in_force = await decisions.policies(tx)
        assert await known.policies_of(tx.sql, clinic.clinic_id) == Policies()
    assert {policy.name for policy in in_force} == NAMES
    assert {policy.decision_id for policy in in_force} == {clinic.decision_id}
    query = "SELECT data ->> 'type' AS tag, subject FROM outbox WHERE clinic_id = $1 ORDER BY number"
    rows = await owner_rows(clinic.world, "stock", query, clinic.clinic_id)
    tags = [row["tag"] for row in rows]
    assert tags.count("stock.policy_set.v1") == len(NAMES)
    assert tags.count("stock.clinic_registered.v1") == 1
    announced = f"net.{clinic.clinic_id}.stock.clinic_announced.v1"
    assert [row["subject"] for row in rows if row["subject"].startswith("net.")] == [announced]


async def test_a_policy_is_put_in_force_by_a_decision_of_the_same_clinic(
    clinic: OwnClinic, world: World, stock: Database
) -> None:
    decision_id = (await actions.record_decision(clinic.work(), decided(clinic))).decision_id
    await actions.set_policy(clinic.work(), "supply_days_most", 45, decision_id)
    async with clinic.work().reading() as tx:
        assert (await known.policies_of(tx.sql, clinic.clinic_id)).supply_days_most == 45
        kept = {policy.name: policy.decision_id for policy in await decisions.policies(tx)}
    assert kept["supply_days_most"] == decision_id
    told = events.PolicySet(name="supply_days_most", value=45, decision_id=decision_id)
    assert await clinic.told() == [told]
    neighbour = await open_clinic(world, stock)
    for foreign_id in (neighbour.decision_id, new_id()):
        with pytest.raises(DecisionNotFound):
            await actions.set_policy(clinic.work(), "supply_days_most", 50, foreign_id)
    async with neighbour.work().reading() as tx:
        assert (await known.policies_of(tx.sql, neighbour.clinic_id)).supply_days_most == 30
    assert await clinic.told() == [told]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("least_remaining_months", -1),
        ("least_remaining_months", 61),
        ("least_remaining_months", "6"),
        ("least_remaining_months", None),
        ("supply_days_most", 61),
        ("sources_accepted", ["strangers"]),
        ("opened_packs_accepted", "oral_solid"),
        ("cold_chain_accepted", 1),
        ("sharing_rule", "who shouts loudest"),
    ],
)
async def test_a_policy_stays_within_its_bounds(clinic: OwnClinic, name: str, value: object) -> None:
    with pytest.raises(PolicyValueWrong, match=name):
        await actions.set_policy(clinic.work(), name, value, clinic.decision_id)
    async with clinic.work().reading() as tx:
        assert await known.policies_of(tx.sql, clinic.clinic_id) == Policies()
    assert await clinic.told() == []


@pytest.mark.parametrize("name", ["no_such_policy", "controlled_accepted"])
async def test_there_are_no_policies_but_the_known_ones(clinic: OwnClinic, name: str) -> None:
    with pytest.raises(PolicyNotKnown) as refused:
        await actions.set_policy(clinic.work(), name, True, clinic.decision_id)
    assert refused.value.facts == {"name": name, "policies": sorted(NAMES)}
    assert await clinic.told() == []


async def give(clinic: OwnClinic, person_id: UUID, role: Role = Role.SECRETARY, **changes: Any) -> UUID:
    usual: dict[str, Any] = {
        "place_id": clinic.clinic_id,
        "decision_id": clinic.decision_id,
        "from_on": clinic.today,
        "until_on": clinic.day(30),
    }
    return (await actions.give_delegation(clinic.work(), person_id, role, **(usual | changes))).delegation_id


async def a_person(clinic: OwnClinic) -> UUID:
    name = f"somebody-{new_id()}"
    return (await actions.add_person(clinic.work(), name, "Somebody", None)).person_id


async def standing(clinic: OwnClinic, database: Database, person_id: UUID, days: int = 0) -> Access:
    """What a service allows a person at the clinic, so many days from today."""
    statement = Statement(sub=person_id, sid=new_id(), exp=0, use="page")
    return await find_access(database.pool, statement, clinic.clinic_id, clinic.day(days))


async def test_a_delegation_gives_a_role_at_a_place_for_its_days_in_every_service(
    clinic: OwnClinic, stock: Database, donations: Database, dispense: Database
) -> None:
    person_id = await a_person(clinic)
    delegation_id = await give(clinic, person_id, from_on=clinic.day(1), until_on=clinic.day(3))
    [told] = await clinic.told_of(events.DelegationGiven)
    assert told == events.DelegationGiven(
        delegation_id=delegation_id,
        delegate_id=person_id,
        role="secretary",
        place_id=clinic.clinic_id,
        from_on=clinic.day(1),
        until_on=clinic.day(3),
    )
    await carry(clinic.world, clinic)
    for database in (stock, donations, dispense):
        held = [(await standing(clinic, database, person_id, days)).places for days in range(5)]
        assert [bool(places) for places in held] == [False, True, True, True, False]
        assert held[1] == {Role.SECRETARY: {clinic.clinic_id}}


async def test_a_delegation_ended_before_its_day_holds_nowhere_any_more(
    clinic: OwnClinic, world: World, stock: Database, donations: Database, dispense: Database
) -> None:
    person_id = await a_person(clinic)
    delegation_id = await give(clinic, person_id)
    neighbour = await open_clinic(world, stock)
    with pytest.raises(DelegationNotFound):
        await actions.end_delegation(neighbour.work(), delegation_id)
    await carry(clinic.world, clinic)
    assert (await standing(clinic, dispense, person_id)).places != {}
    await actions.end_delegation(clinic.work(), delegation_id)
    with pytest.raises(DelegationOver):
        await actions.end_delegation(clinic.work(), delegation_id)
    [told] = await clinic.told_of(events.DelegationEnded)
    assert told.delegation_id == delegation_id
    await carry(clinic.world, clinic)
    for database in (stock, donations, dispense):
        assert (await standing(clinic, database, person_id)).places == {}


async def test_somebody_is_always_left_who_can_give_delegations(clinic: OwnClinic) -> None:
    role = Role.DECISIONS_DELEGATE
    first = await give(clinic, await a_person(clinic), role)
    later = await give(clinic, await a_person(clinic), role, from_on=clinic.day(1))
    with pytest.raises(LastToDecide):
        await actions.end_delegation(clinic.work(), first)
    await actions.end_delegation(clinic.work(), later)
    second = await give(clinic, await a_person(clinic), role)
    ends = [actions.end_delegation(clinic.work(), each) for each in (first, second)]
    ended = await asyncio.gather(*ends, return_exceptions=True)
    assert [type(each) for each in ended if isinstance(each, BaseException)] == [LastToDecide]


@pytest.mark.parametrize(("first", "last"), [(0, -1), (5, 4), (0, 732)])
async def test_a_delegation_has_an_end_that_the_assembly_can_keep_in_mind(
    clinic: OwnClinic, first: int, last: int
) -> None:
    person_id = await a_person(clinic)
    with pytest.raises(DelegationDaysWrong):
        await give(clinic, person_id, from_on=clinic.day(first), until_on=clinic.day(last))
    assert await clinic.told_of(events.DelegationGiven) == []
    await give(clinic, person_id, from_on=clinic.day(first), until_on=clinic.day(first + 731))


async def test_a_role_is_given_at_its_own_kind_of_place_to_somebody_known_by_a_decision(
    clinic: OwnClinic, world: World, stock: Database
) -> None:
    neighbour = await open_clinic(world, stock)
    person_id = await a_person(clinic)
    ended = await actions.set_pharmacy(clinic.work(), None, "Ended", clinic.day(-9), clinic.day(-1))
    wrong_places = [
        (Role.PARTNER_PHARMACIST, clinic.clinic_id),
        (Role.PARTNER_PHARMACIST, neighbour.pharmacy_id),
        (Role.PARTNER_PHARMACIST, ended.pharmacy_id),
        (Role.CLINIC_PHARMACIST, clinic.pharmacy_id),
        (Role.CLINIC_PHARMACIST, neighbour.clinic_id),
    ]
    for role, place_id in wrong_places:
        with pytest.raises(PlaceNotOurs):
            await give(clinic, person_id, role, place_id=place_id)
    with pytest.raises(PersonNotFound):
        await give(clinic, new_id())
    with pytest.raises(DecisionNotFound):
        await give(clinic, person_id, decision_id=neighbour.decision_id)
    assert await clinic.told_of(events.DelegationGiven) == []
    await give(clinic, person_id, Role.PARTNER_PHARMACIST, place_id=clinic.pharmacy_id)
    places = (await standing(clinic, stock, person_id)).places
    assert places == {Role.PARTNER_PHARMACIST: {clinic.pharmacy_id}}


async def test_a_pharmacy_is_a_partner_from_a_day_until_it_ends(
    clinic: OwnClinic, world: World, stock: Database
) -> None:
    added = await actions.set_pharmacy(clinic.work(), None, "The corner", clinic.today, None)
    await actions.set_pharmacy(clinic.work(), added.pharmacy_id, "Corner", clinic.today, clinic.day(9))
    async with clinic.work().reading() as tx:
        rows = {row.pharmacy_id: row for row in await store.pharmacies(tx.sql, clinic.clinic_id)}
    assert (rows[added.pharmacy_id].name, rows[added.pharmacy_id].until_on) == ("Corner", clinic.day(9))
    told = await clinic.told_of(events.PartnershipRecorded)
    assert [(event.pharmacy_id, event.name, event.until_on) for event in told] == [
        (added.pharmacy_id, "The corner", None),
        (added.pharmacy_id, "Corner", clinic.day(9)),
    ]
    await actions.set_pharmacy(clinic.work(), added.pharmacy_id, "Corner", clinic.day(-9), clinic.day(-1))
    await actions.set_pharmacy(clinic.work(), added.pharmacy_id, "Corner", clinic.today, None)
    told = await clinic.told_of(events.PartnershipRecorded)
    assert told[-1].until_on is None, "one that had ended goes on"
    neighbour = await open_clinic(world, stock)
    with pytest.raises(PharmacyNotFound):
        await actions.set_pharmacy(neighbour.work(), added.pharmacy_id, "Ours", clinic.today, None)
    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await actions.set_pharmacy(clinic.work(), None, "Never", clinic.today, clinic.day(-1))
    assert CONSTRAINTS[getattr(refused.value, "constraint_name", "")] is PartnershipDaysWrong
    assert await clinic.told_of(events.PartnershipRecorded) == told


async def test_two_people_never_sign_in_under_one_name(clinic: OwnClinic) -> None:
    name = f"taken-{new_id()}"
    await actions.add_person(clinic.work(), name, "The first", None)
    with pytest.raises(PersonNameTaken):
        await actions.add_person(clinic.work(), name, "The second", None)
    assert [person.display_name for person in await clinic.told_of(events.PersonRegistered)] == ["The first"]


@pytest.mark.parametrize("name", ["аnna", "Αnna", "ａｎｎａ", "anna①", "ﬁlip²"])
async def test_no_sign_in_name_looks_like_another(clinic: OwnClinic, name: str) -> None:
    with pytest.raises(PersonNameMixed):
        await actions.add_person(clinic.work(), f"{name}-{new_id().int}", "Somebody", None)


@pytest.mark.parametrize("name", ["Άννα", "ΝΊΚΟΣ", "José", "анна", "a.n@n-a", "άννα 2"])
async def test_a_sign_in_name_may_be_of_any_one_alphabet(clinic: OwnClinic, name: str) -> None:
    assert await actions.add_person(clinic.work(), f"{name}-{new_id().int}", "Somebody", None)
