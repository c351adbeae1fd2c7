"""The clinic's decisions, and the policies and pharmacies that stand on them, without JavaScript."""

import re
from datetime import date, timedelta

import pytest

from shared.ids import new_id
from shared.policies import NAMES
from tests.people import Clinic, Running
from tests.stock.clinic_pages.deciding import VOTES, at, decide, typed
from tests.visitor import Visitor


def test_a_decision_is_recorded_with_its_votes_and_its_dissent(decider: Visitor, today: date) -> None:
    page = decide(decider, today, text="We take\nopened packs.", dissent="Two would wait.", **VOTES)
    assert "The decision is recorded" in page.text
    for said in ("We take opened packs.", "9 for, 3 against, 1 blank", "Two would wait.", "Assembly"):
        assert said in page.text
    listed = decider.get(at(decider, "/decisions"))
    assert "With dissent" in listed.text


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"votes_for": "9"}, ["votes_for"]),
        ({"way": "votes"}, ["votes_for", "votes_against", "votes_blank"]),
        (VOTES | {"votes_blank": ""}, ["votes_blank"]),
        (VOTES | {"votes_for": "3"}, ["votes_for"]),
        (VOTES | {"votes_for": "many"}, ["votes_for"]),
        ({"text": "", "body": ""}, ["text", "body"]),
        ({"reevaluate_on": "1/1/2020"}, ["reevaluate_on"]),
        ({"decided_on": "1/1/2199"}, ["decided_on", "reevaluate_on"]),
        ({"way": "lot"}, ["way"]),
    ],
)
def test_a_decision_that_cannot_be_is_refused_with_all_problems_at_once(
    decider: Visitor, today: date, changes: dict[str, str], fields: list[str]
) -> None:
    page = decide(decider, today, **{"text": "Kept as typed."} | changes)
    assert page.status == 422
    assert sorted(re.findall(r'id="(\w+)-error"', page.html)) == sorted(fields)
    assert "text" in changes or "Kept as typed.</textarea>" in page.html


def test_a_decision_that_looks_again_at_none_of_ours_is_refused(
    running: Running, decider: Visitor, today: date
) -> None:
    page = decide(decider, today, reevaluates=str(running.world.south.decision_id))
    assert (page.status, "There is no such decision of this clinic" in page.text) == (404, True)


def test_long_lists_are_paged(decider: Visitor, today: date) -> None:
    for number in range(21):
        decide(decider, today, text=f"Number {number}.")
    assert 'rel="next"' in decider.get(at(decider, "/decisions")).html
    assert 'rel="prev"' in decider.get(at(decider, "/decisions?page=2")).html


# Policies


@pytest.mark.parametrize("name", sorted(NAMES))
def test_every_policy_has_its_form(decider: Visitor, name: str) -> None:
    page = decider.get(at(decider, f"/policies/{name}"))
    assert (page.status, "As usual:" in page.text) == (200, True)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("least_remaining_months", "4", "4 months"),
        ("supply_days_most", "60", "60 days"),
        ("cold_chain_accepted", "yes", "Yes"),
        ("sharing_rule", "equal_days", "As many days for everybody"),
        ("sources_accepted", "person", "A person"),
        ("opened_packs_accepted", "", "None of them"),
    ],
)
def test_a_policy_is_set_by_a_decision_and_told_in_words(
    decider: Visitor, clinic: Clinic, name: str, value: str, said: str
) -> None:
    path = at(decider, f"/policies/{name}")
    page = decider.post(path, value=value, decision_id=str(clinic.decision_id))
    assert page.path == at(decider, "/policies")
    panel = page.html.partition("dosis-panel__title")[2].partition("</p>")[0]
    assert panel.endswith(f": {said}")
    assert "otherwise than usual" in decider.get(at(decider)).text


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("least_remaining_months", "61", "Type a whole number from 0 to 60."),
        ("least_remaining_months", "six", "Type a whole number from 0 to 60."),
        ("supply_days_usual", "0", "Type a whole number from 1 to 60."),
        ("sharing_rule", "whoever shouts", "Choose one of the list."),
        ("sources_accepted", "nobody", "Choose one of the list."),
        ("records_kept_years", "", "Fill this in."),
    ],
)
def test_a_value_out_of_bounds_is_refused_beside_the_field(
    decider: Visitor, clinic: Clinic, name: str, value: str, said: str
) -> None:
    page = decider.post(at(decider, f"/policies/{name}"), value=value, decision_id=str(clinic.decision_id))
    assert (page.status, said in page.text) == (422, True)


def test_a_policy_stands_on_a_decision_of_this_clinic_and_has_a_name(
    running: Running, decider: Visitor, clinic: Clinic
) -> None:
    path = at(decider, "/policies/records_kept_years")
    for decision_id, status in (("", 422), (str(new_id()), 404), (str(running.world.south.decision_id), 404)):
        assert decider.post(path, value="7", decision_id=decision_id).status == status
    assert decider.get(at(decider, "/policies/no-such")).status == 404
    assert decider.post(at(decider, "/policies/no-such"), value="1", decision_id=str(clinic.decision_id)).status == 404


# Pharmacies


def test_a_pharmacy_is_taken_on_ended_and_goes_on(decider: Visitor, today: date) -> None:
    name = f"Demo pharmacy {new_id()}"
    taken = decider.post(at(decider, "/pharmacies/new"), name=name, from_on=typed(today - timedelta(days=3)))
    assert f"{name}: a partner from" in taken.text
    [pharmacy] = re.findall(rf'href="([^"]+/pharmacies/[0-9a-f-]+)">{name}', taken.html)
    begun, yesterday = typed(today - timedelta(days=3)), typed(today - timedelta(days=1))
    ended = decider.post(pharmacy, name=name, from_on=begun, until_on=yesterday)
    assert f"{name}: a partner until" in ended.text
    assert name in ended.html.partition("Earlier ones")[2]
    wrong = decider.post(pharmacy, name=name, from_on=typed(today), until_on=yesterday)
    assert (wrong.status, "can't end before the day it began" in wrong.text) == (422, True)
    goes_on = decider.post(pharmacy, name=name, from_on=begun)
    assert name in goes_on.html.partition("Earlier ones")[0]
    assert decider.post(at(decider, "/pharmacies/new"), name="", from_on="soon").text.count("Fill this in.") == 2


def test_the_partner_pharmacists_of_a_pharmacy_stand_where_it_is_ended(decider: Visitor, clinic: Clinic) -> None:
    page = decider.get(at(decider, f"/pharmacies/{clinic.pharmacies[0]}"))
    assert "Partner pharmacists here: Demo person" in page.text
