"""What somebody may changes from one request to the next: ended sessions and delegations, and new places."""

import asyncio
from typing import Any

import pytest

from deploy import operator
from deploy.cell import SERVICES
from deploy.client import Api, ApiRefused, wait_until
from shared.roles import Role
from tests.people import Running
from tests.standing import delegate, new_person, wait_until_heard

HOLDS_WITHIN_SECONDS = 5
PHARMACIST, SECRETARY = Role.CLINIC_PHARMACIST, Role.SECRETARY
PARTNER, AUDITOR, DECISIONS = Role.PARTNER_PHARMACIST, Role.AUDITOR, Role.DECISIONS_DELEGATE


def _status(api: Api, service: str) -> int:
    path = {"stock": "", "donations": "/collections", "dispense": "/owed"}[service]
    try:
        api.get(service, path)
    except ApiRefused as refused:
        return refused.status
    return 200


def test_ending_a_session_holds_in_every_service_within_seconds(running: Running) -> None:
    cell, clinic = running.cell, running.world.north
    signed = asyncio.run(operator.make_token(cell, str(clinic.people[PHARMACIST]), "to be ended"))
    api = Api(running.urls, signed.token, clinic.clinic_id)
    assert [_status(api, service) for service in SERVICES] == [200, 200, 200]
    api.do("stock", f"me/sessions/{signed.session_id}/end")
    for service in SERVICES:
        wait_until(lambda s=service: _status(api, s) == 401, f"{service} refuses it", HOLDS_WITHIN_SECONDS)


def test_ending_a_delegation_holds_in_every_service_within_seconds(running: Running) -> None:
    cell, clinic = running.cell, running.world.north
    person_id, _ = new_person(cell)
    delegation_id = delegate(cell, clinic, person_id, PHARMACIST)
    wait_until_heard(cell, [delegation_id])
    api = Api(running.urls, running.token(person_id), clinic.clinic_id)
    assert [_status(api, service) for service in SERVICES] == [200, 200, 200]
    running.caller(clinic, DECISIONS).do("stock", f"/delegations/{delegation_id}/end")
    for service in SERVICES:
        wait_until(lambda s=service: _status(api, s) == 403, f"{service} refuses it", HOLDS_WITHIN_SECONDS)


@pytest.fixture(scope="module")
def neighbours(running: Running) -> tuple[Api, Api]:
    """A partner pharmacist of each of one clinic's two pharmacies; the first is its secretary too."""
    cell, clinic = running.cell, running.world.north
    first, second = new_person(cell)[0], new_person(cell)[0]
    given = [
        delegate(cell, clinic, first, PARTNER, pharmacy=0),
        delegate(cell, clinic, first, SECRETARY),
        delegate(cell, clinic, second, PARTNER, pharmacy=1),
    ]
    wait_until_heard(cell, given)
    return (
        Api(running.urls, running.token(first), clinic.clinic_id),
        Api(running.urls, running.token(second), clinic.clinic_id),
    )


def _refused(act: Any, *arguments: Any) -> int:
    with pytest.raises(ApiRefused) as refused:
        act(*arguments)
    return refused.value.status


def test_a_partner_pharmacist_sees_only_the_collections_of_their_own_pharmacy(
    running: Running, neighbours: tuple[Api, Api]
) -> None:
    pharmacies = running.world.north.pharmacies
    opened = [
        api.do("donations", "/collections", {"pharmacy_id": str(pharmacies[place])})["collection_id"]
        for place, api in enumerate(neighbours)
    ]
    for place, api in enumerate(neighbours):
        listed = api.get("donations", "/collections", most=500)["collections"]
        assert {row["pharmacy_id"] for row in listed} == {str(pharmacies[place])}
        assert opened[place] in {row["collection_id"] for row in listed}
        assert _refused(api.get, "donations", f"/collections/{opened[1 - place]}") == 404
    for role in (PHARMACIST, AUDITOR):
        listed = running.caller(running.world.north, role).get("donations", "/collections", most=500)
        assert set(opened) <= {row["collection_id"] for row in listed["collections"]}


def test_a_partner_pharmacist_changes_nothing_at_another_pharmacy(
    running: Running, neighbours: tuple[Api, Api]
) -> None:
    """Nor does another role at the clinic, which allows nothing here, widen what they may."""
    first, second = neighbours
    theirs = running.world.north.pharmacies[1]
    collection_id = second.do("donations", "/collections", {"pharmacy_id": str(theirs)})["collection_id"]
    line = {
        "code": "2800000000000",
        "batch": "B1",
        "expires_on": "2100-01-01",
        "opened": False,
        "units": 1,
        "source_kind": "person",
    }
    assert _refused(first.do, "donations", "/collections", {"pharmacy_id": str(theirs)}) == 403
    assert _refused(first.do, "donations", f"/collections/{collection_id}/lines", line) == 404
    assert _refused(first.do, "donations", f"/collections/{collection_id}/hand-in") == 404
    lines = second.get("donations", f"/collections/{collection_id}")
    assert (lines["collection"]["state"], lines["lines"]) == ("open", [])


def test_a_partner_pharmacist_works_at_a_second_pharmacy_as_soon_as_it_is_given(running: Running) -> None:
    """The service knew the first from the command before; it begins the next one anew, with both."""
    cell, clinic = running.cell, running.world.north
    person_id, _ = new_person(cell)
    wait_until_heard(cell, [delegate(cell, clinic, person_id, PARTNER, pharmacy=0)])
    api = Api(running.urls, running.token(person_id), clinic.clinic_id)
    first, second = ({"pharmacy_id": str(pharmacy)} for pharmacy in clinic.pharmacies[:2])
    api.do("donations", "/collections", first)
    assert _refused(api.do, "donations", "/collections", second) == 403
    wait_until_heard(cell, [delegate(cell, clinic, person_id, PARTNER, pharmacy=1)])
    assert api.do("donations", "/collections", second)["state"] == "open"


def test_a_command_of_who_may_no_more_is_refused_though_one_was_carried_out_just_before(running: Running) -> None:
    cell, clinic = running.cell, running.world.north
    person_id, _ = new_person(cell)
    delegation_id = delegate(cell, clinic, person_id, PARTNER, pharmacy=0)
    wait_until_heard(cell, [delegation_id])
    api = Api(running.urls, running.token(person_id), clinic.clinic_id)
    pharmacy = {"pharmacy_id": str(clinic.pharmacies[0])}
    api.do("donations", "/collections", pharmacy)
    running.caller(clinic, DECISIONS).do("stock", f"/delegations/{delegation_id}/end")

    def refused() -> bool:
        try:
            api.do("donations", "/collections", pharmacy)
        except ApiRefused as problem:
            return problem.status == 403
        return False

    wait_until(refused, "donations refuses the command", HOLDS_WITHIN_SECONDS)
