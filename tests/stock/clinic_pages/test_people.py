"""The clinic's people, without JavaScript, and what they are delegated to."""

from datetime import date, timedelta

import pytest

from services.stock.registry.rules import LONGEST_DELEGATION_DAYS
from shared.ids import new_id
from shared.roles import Role
from tests.people import Clinic, Running
from tests.standing import delegate, new_clinic, new_person, wait_until_heard
from tests.stock.clinic_pages.deciding import (
    DECIDES,
    PARTNER,
    PASSWORD,
    SECRETARY,
    at,
    decider_id,
    delegation,
    somebody,
    typed,
)
from tests.visitor import Page, Visitor


def test_somebody_new_is_registered_and_given_a_delegation_and_signs_in(
    running: Running, clinic: Clinic, decider: Visitor, today: date
) -> None:
    name = f"Maria-{new_id()}"
    page = decider.post(at(decider, "/people/new"), display_name="Demo Maria", sign_in_name=name, password=PASSWORD)
    assert "Demo Maria is registered" in page.text
    assert f"sign in as {name.lower()} with the password that you have just typed" in page.text
    assert PASSWORD not in page.html
    given = decider.post(page.path, **delegation(clinic, today, task=f"{PARTNER} {clinic.pharmacies[1]}"))
    assert "Given: Partner pharmacist, until" in given.text
    assert "Demo Maria" in decider.get(at(decider, "/people?page=1")).text
    signed = Visitor(running, clinic, None).sent("/stock/sign-in", {"sign_in_name": name, "password": PASSWORD})
    assert signed.status_code == 303


def test_a_name_that_is_taken_and_what_is_missing_are_said_beside_the_fields(decider: Visitor) -> None:
    name = f"demo-{new_id()}"
    people = {"display_name": "Demo", "sign_in_name": name, "password": PASSWORD}
    decider.post(at(decider, "/people/new"), **people)
    taken = decider.post(at(decider, "/people/new"), **people | {"sign_in_name": f" {name.upper()} "})
    assert taken.status == 422
    assert "Somebody signs in under that name already" in taken.text
    assert taken.values["display_name"] == "Demo", "nothing typed is lost"
    short = decider.post(at(decider, "/people/new"), display_name="Demo", sign_in_name=name, password="short")
    assert (short.status, "This is too short: at least 10 characters." in short.text) == (422, True)
    empty = decider.post(at(decider, "/people/new"))
    assert empty.text.count("Fill this in.") == 6, "on top and beside each of three"


def test_a_form_sent_twice_registers_one_person(decider: Visitor) -> None:
    path, name = at(decider, "/people/new"), f"demo-{new_id()}"
    fields = decider.get(path).forms[path] | {"display_name": "Demo", "sign_in_name": name, "password": PASSWORD}
    first, second = (decider.sent(path, fields) for _ in range(2))
    assert first.status_code == second.status_code == 303
    assert first.headers["location"] == second.headers["location"]


def test_somebody_who_is_registered_is_found_by_the_name_they_sign_in_with(running: Running, decider: Visitor) -> None:
    person_id, name = new_person(running.cell)
    page = decider.post(at(decider, "/people/find"), sign_in_name=name.upper())
    assert page.path == at(decider, f"/people/{person_id}/give")
    nobody = decider.post(at(decider, "/people/find"), sign_in_name="nobody at all")
    assert (nobody.status, "Nobody signs in under that name" in nobody.text) == (422, True)


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"until_on": (-1, None)}, "until_on", "This is before its first day."),
        ({"from_on": (-30, None), "until_on": (-1, None)}, "until_on", "This day has passed already."),
        (
            {"until_on": (LONGEST_DELEGATION_DAYS + 1, None)},
            "until_on",
            "A delegation lasts two years at most",
        ),
        ({"until_on": (None, "31/2/2027")}, "until_on", "There is no such day"),
        ({"task": (None, f"{SECRETARY} {new_id()}")}, "task", "Choose one of the list."),
        ({"task": (None, "emperor")}, "task", "Choose one of the list."),
        ({"task": (None, "")}, "task", "Fill this in."),
        ({"decision_id": (None, "the last one")}, "decision_id", "Choose one of the list."),
    ],
)
def test_a_delegation_that_cannot_be_is_refused_beside_the_field(
    running: Running,
    clinic: Clinic,
    decider: Visitor,
    today: date,
    changes: dict[str, tuple[int | None, str]],
    field: str,
    said: str,
) -> None:
    told = {
        name: typed(today + timedelta(days=days)) if days is not None else text
        for name, (days, text) in changes.items()
    }
    person_id = somebody(running, "Demo")
    path = at(decider, f"/people/{person_id}/give")
    page = decider.post(path, **delegation(clinic, today, **told))
    assert page.status == 422
    assert f'id="{field}-error"' in page.html
    assert said in page.text
    assert "No delegation is in force" in decider.get(at(decider, f"/people/{person_id}")).text


def test_the_longest_delegation_that_may_be_is_given(
    running: Running, clinic: Clinic, decider: Visitor, today: date
) -> None:
    path = at(decider, f"/people/{somebody(running, 'Demo')}/give")
    longest = typed(today + timedelta(days=LONGEST_DELEGATION_DAYS))
    assert "Given: Secretary" in decider.post(path, **delegation(clinic, today, until_on=longest)).text


def test_a_delegation_is_ended_given_back_and_not_ended_twice(
    running: Running, clinic: Clinic, decider: Visitor, today: date
) -> None:
    person_id = somebody(running, "Demo Ends")
    delegation_id = delegate(running.cell, clinic, person_id, Role.AUDITOR, ends=90)
    address = at(decider, f"/people/{person_id}")
    ended = decider.post(f"{address}/delegations/{delegation_id}/end")
    assert "Ended: Auditor" in ended.text
    twice = decider.post(f"{address}/delegations/{delegation_id}/end")
    assert (twice.status, "That delegation is over already" in twice.text) == (409, True)
    undo = ended.forms[f"{address}/give"]
    assert undo["until_on"] == str(today + timedelta(days=90))
    given = Page(decider.client.get(decider.url(decider.sent(f"{address}/give", undo).headers["location"])))
    assert "Given: Auditor" in given.text


def test_a_delegation_is_ended_only_on_its_own_persons_page(running: Running, clinic: Clinic, decider: Visitor) -> None:
    person_id, other_id = somebody(running, "Demo"), somebody(running, "Demo Other")
    delegation_id = delegate(running.cell, clinic, person_id, Role.AUDITOR)
    for wrong in (other_id, new_id()):
        assert decider.post(at(decider, f"/people/{wrong}/delegations/{delegation_id}/end")).status == 404
    ended = decider.post(at(decider, f"/people/{person_id}/delegations/{delegation_id}/end"))
    assert "Ended: Auditor" in ended.text


def test_the_last_who_can_give_delegations_keeps_that_task(running: Running) -> None:
    clinic = new_clinic(running.cell, "Clinic of one")
    person_id = somebody(running, "Demo Last")
    clinic.people[DECIDES] = person_id
    delegation_id = delegate(running.cell, clinic, person_id, DECIDES)
    wait_until_heard(running.cell, [delegation_id])
    last = Visitor(running, clinic, DECIDES)
    address = at(last, f"/people/{person_id}")
    refused = last.post(f"{address}/delegations/{delegation_id}/end")
    assert refused.status == 409
    assert "Nobody would be left who can give delegations" in refused.text
    assert "Give this task to somebody else first." in refused.text
    assert last.get(address).status == 200


def test_a_greek_page_says_in_greek_that_a_field_is_wrong(running: Running, clinic: Clinic) -> None:
    decider = Visitor(running, clinic, DECIDES, "el")
    person_id = somebody(running, "Demo")
    for path, fields in ((f"/people/{person_id}/give", 4), ("/decisions/new", 3)):  # fields, choices, areas
        page = decider.post(at(decider, path))
        assert page.status == 422
        assert page.html.count('<span class="nhsuk-u-visually-hidden">Σφάλμα: </span>') >= fields
        assert "Error" not in page.text


@pytest.mark.parametrize("name", ["аnna", "ΑNNA", "ａｎｎａ", "annа-1"])
def test_a_sign_in_name_that_looks_like_another_is_refused_beside_its_field(decider: Visitor, name: str) -> None:
    page = decider.post(at(decider, "/people/new"), display_name="D", sign_in_name=name, password="a long password")
    assert (page.status, page.values["sign_in_name"]) == (422, name)
    assert "A sign-in name has plain letters, all Greek or all Latin" in page.text


def test_another_clinics_people_decisions_and_pharmacies_are_not_there(
    running: Running, clinic: Clinic, decider: Visitor, secretary: Visitor, today: date
) -> None:
    south = running.world.south
    stranger = south.people[SECRETARY]
    assert secretary.get(at(secretary, f"/people/{stranger}")).status == 404
    assert decider.get(at(decider, f"/people/{new_id()}")).status == 404
    theirs = delegate(running.cell, south, somebody(running, "Demo"), Role.AUDITOR)
    ended = decider.post(at(decider, f"/people/{decider_id(clinic)}/delegations/{theirs}/end"))
    assert (ended.status, "There is no such delegation at this clinic" in ended.text) == (404, True)
    assert decider.get(at(decider, f"/decisions/{south.decision_id}")).status == 404
    path = at(decider, f"/people/{decider_id(clinic)}/give")
    by_theirs = decider.post(path, **delegation(clinic, today, decision_id=str(south.decision_id)))
    assert (by_theirs.status, "There is no such decision of this clinic" in by_theirs.text) == (404, True)
    assert decider.get(at(decider, f"/pharmacies/{south.pharmacies[0]}")).status == 404
    taken = decider.post(at(decider, f"/pharmacies/{south.pharmacies[0]}"), name="Ours", from_on=typed(today))
    assert taken.status == 404
    assert decider.get(f"/stock/clinics/{south.clinic_id}/clinic").status == 403
