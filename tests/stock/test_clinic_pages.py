"""The clinic's pages, without JavaScript: what is due, people, decisions, policies, pharmacies, one's own sign-ins."""

import asyncio
import re
from datetime import date, timedelta
from uuid import UUID

import pytest

from deploy import operator
from services.stock.registry.rules import LONGEST_DELEGATION_DAYS, Term, terms_due
from shared.ids import new_id
from shared.policies import NAMES
from shared.roles import Role
from tests.people import Clinic, Running
from tests.standing import delegate, new_clinic, new_person, wait_until_heard
from tests.visitor import Page, Visitor

DECIDES, SECRETARY, PARTNER = Role.DECISIONS_DELEGATE, Role.SECRETARY, Role.PARTNER_PHARMACIST
PASSWORD = "a long password"


@pytest.fixture(scope="module")
def clinic(running: Running) -> Clinic:
    """A clinic that no other test knows, with somebody for each of three roles."""
    made = new_clinic(running.cell, "Clinic of pages", pharmacies=2)
    for role in (DECIDES, SECRETARY, PARTNER):
        made.people[role], _ = new_person(running.cell)
        delegate(running.cell, made, made.people[role], role, ends=300)
    return made


@pytest.fixture
def decider(running: Running, clinic: Clinic) -> Visitor:
    return Visitor(running, clinic, DECIDES)


@pytest.fixture
def secretary(running: Running, clinic: Clinic) -> Visitor:
    return Visitor(running, clinic, SECRETARY)


@pytest.fixture
def today(running: Running) -> date:
    return running.cell.settings_of("stock").clock().today()


def at(visitor: Visitor, path: str = "") -> str:
    return f"/stock/clinics/{visitor.clinic_id}/clinic{path}"


def typed(day: date) -> str:
    return f"{day.day}/{day.month}/{day.year}"


def somebody(running: Running, name: str) -> UUID:
    return asyncio.run(operator.create_person(running.cell, f"demo-{new_id()}", name))


# What waits


def test_who_nothing_waits_for_is_told_so(running: Running) -> None:
    made = new_clinic(running.cell, "Quiet clinic")
    role = Role.TRANSFERS_DELEGATE
    made.people[role], _ = new_person(running.cell)
    delegate(running.cell, made, made.people[role], role, ends=300)
    page = Visitor(running, made, role).get(f"/stock/clinics/{made.clinic_id}")
    assert (page.status, "Nothing waits for you." in page.text) == (200, True)


# What is due


def test_a_delegation_that_ends_soon_is_due_until_it_is_given_again(
    running: Running, clinic: Clinic, decider: Visitor, today: date
) -> None:
    person_id = somebody(running, "Demo Ends Soon")
    delegate(running.cell, clinic, person_id, Role.AUDITOR, ends=5)
    assert "Demo Ends Soon: Auditor Ends in 5 days" in decider.get(at(decider)).text
    ending = decider.get(at(decider, "/people?which=ending"))
    assert "Demo Ends Soon" in ending.text
    person = decider.get(at(decider, f"/people/{person_id}"))
    [again] = re.findall(r'href="([^"]+/give\?like=[^"]+)"', person.html)
    page = decider.get(again)
    assert page.values["from_on"] == f"{today + timedelta(days=6):%d/%m/%Y}", "from where it ends"
    given = decider.post(
        page.path,
        task=f"{Role.AUDITOR} {clinic.clinic_id}",
        from_on=page.values["from_on"],
        until_on=page.values["until_on"],
        decision_id=str(clinic.decision_id),
    )
    assert "Given: Auditor, until" in given.text
    assert "Demo Ends Soon" not in decider.get(at(decider)).text
    assert "Ends in 5 days" in given.text, "it is said still, in a quiet colour"


def term(days: int, *, who: int = 1, begins: int = -100, role: str = "secretary", ended: int | None = None) -> Term:
    day = date(2026, 6, 1)
    return Term(
        delegation_id=new_id(),
        delegate_id=UUID(int=who),
        role=role,
        place_id=UUID(int=9),
        from_on=day + timedelta(days=begins),
        until_on=day + timedelta(days=days),
        ended_on=None if ended is None else day + timedelta(days=ended),
    )


@pytest.mark.parametrize(
    ("one", "others", "due"),
    [
        (term(0), [], True),
        (term(30), [], True),
        (term(31), [], False),
        (term(-30), [], True),
        (term(-31), [], False),
        (term(5), [term(300, begins=6)], False),
        (term(5), [term(300, begins=6, role="auditor")], True),
        (term(5), [term(300, begins=6, ended=0)], True),
        (term(5), [term(300, who=2, begins=6)], True),
        (term(-5), [term(300, who=2, begins=-4)], False),
        (term(-5), [term(300, who=2, begins=-100)], True),
        (term(200, ended=-3), [], True),
        (term(200, ended=-31), [], False),
        (term(200, ended=-3), [term(300, who=2)], False),
    ],
)
def test_what_nobody_carries_on_is_due_for_a_month_before_and_after(one: Term, others: list[Term], due: bool) -> None:
    assert (one in terms_due([one, *others], date(2026, 6, 1))) is due


def test_a_decision_is_due_from_its_day_until_it_was_looked_at_again(decider: Visitor, today: date) -> None:
    text = f"We try it for a day. {new_id()}"
    recorded = decide(decider, today, text=text, reevaluate_on=typed(today))
    assert text in decider.get(at(decider)).text
    assert text in decider.get(at(decider, "/decisions?which=due")).text
    page = decider.get(recorded.path.replace(recorded.path.rpartition("/")[2], "new") + f"?again={id_in(recorded)}")
    assert f">{text}</textarea>" in page.html
    assert "after the one of" in page.text
    again = decide(decider, today, text="We keep it.", reevaluates=id_in(recorded))
    assert "Looks again at" in again.text
    assert text not in decider.get(at(decider)).text
    assert "Looked at again" in decider.get(recorded.path).text


def test_the_clinics_page_counts_what_there_is_and_names_the_other_services_pages(secretary: Visitor) -> None:
    page = secretary.get(at(secretary))
    for said in ("people with a delegation", "decision", "Policies in force", "partner pharmacies", "Pharmacy days"):
        assert said in page.text
    assert f"/donations/clinics/{secretary.clinic_id}/waiting-events" in page.html
    assert 'aria-current="page">The clinic' in page.html


# People


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


def delegation(clinic: Clinic, today: date, **changes: str) -> dict[str, str]:
    usual = {
        "task": f"{SECRETARY} {clinic.clinic_id}",
        "from_on": typed(today),
        "until_on": typed(today + timedelta(days=200)),
        "decision_id": str(clinic.decision_id),
    }
    return usual | changes


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


def decider_id(clinic: Clinic) -> UUID:
    return clinic.people[DECIDES]


# Decisions


def decide(decider: Visitor, today: date, **changes: str) -> Page:
    usual = {
        "body": "Assembly",
        "text": "So be it.",
        "decided_on": typed(today),
        "way": "consensus",
        "reevaluate_on": typed(today + timedelta(days=365)),
    }
    return decider.post(at(decider, "/decisions/new"), **usual | changes)


def id_in(page: Page) -> str:
    return page.path.rpartition("/")[2]


VOTES = {"way": "votes", "votes_for": "9", "votes_against": "3", "votes_blank": "1"}


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


# Who may

FORMS = (
    "/people/new",
    "/people/find",
    "/people/{person}/give",
    "/people/{person}/delegations/{person}/end",
    "/decisions/new",
    "/policies/supply_days_most",
    "/pharmacies/new",
    "/pharmacies/{person}",
)
PAGES = ("", "/people", "/decisions", "/policies", "/pharmacies")


@pytest.mark.parametrize("role", [SECRETARY, PARTNER])
def test_who_decides_nothing_sees_it_all_and_is_offered_nothing(running: Running, clinic: Clinic, role: Role) -> None:
    visitor = Visitor(running, clinic, role)
    for path in (*PAGES, f"/people/{clinic.people[DECIDES]}", f"/decisions/{clinic.decision_id}"):
        page = visitor.get(at(visitor, path))
        assert page.status == 200, path
        assert not {*page.forms} - {"/stock/sign-out", f"/stock/clinics/{clinic.clinic_id}/find"}, path
        assert "signs in as" not in page.text
    for path in FORMS:
        assert visitor.post(at(visitor, path.format(person=clinic.people[DECIDES]))).status == 403, path


def test_without_signing_in_nothing_is_there(running: Running, clinic: Clinic) -> None:
    nobody = Visitor(running, clinic, None)
    for path in PAGES:
        assert "/stock/sign-in?next=" in nobody.answer(at(nobody, path)).headers["location"]
    assert "/stock/sign-in" in nobody.answer("/stock/me").headers["location"]


# One's own


def test_one_sees_where_one_is_signed_in_and_ends_it_there(running: Running, clinic: Clinic) -> None:
    visitor = Visitor(running, clinic, SECRETARY)
    other = Visitor(running, clinic, SECRETARY)
    page = visitor.get("/stock/me")
    assert "Secretary" in page.text
    assert 'href="/stock/me">Demo person' in page.html
    ends = [path for path in page.forms if path.endswith("/end")]
    assert len(ends) >= 2
    there = next(
        path for path in ends if "Sign out there" in page.html.partition(f'action="{path}"')[2].partition("</form>")[0]
    )
    assert "Signed out there" in visitor.post(there).text
    assert visitor.post(there).status == 404, "ended twice"
    signed_in = [one.answer("/stock/me").status_code == 200 for one in (visitor, other)]
    assert signed_in[0]
    here = next(
        path for path in ends if "Sign out here" in page.html.partition(f'action="{path}"')[2].partition("</form>")[0]
    )
    carried = page.forms[here]
    answer = visitor.sent(here, carried)
    assert answer.headers["location"] == "/stock/sign-in"
    assert "/stock/sign-in" in visitor.answer("/stock/me").headers["location"]


def test_nobody_ends_the_sign_in_of_somebody_else(running: Running, clinic: Clinic, decider: Visitor) -> None:
    path = next(path for path in decider.get("/stock/me").forms if path.endswith("/end"))
    page = Visitor(running, clinic, PARTNER).post(path)
    assert (page.status, "You have no such sign-in or token" in page.text) == (404, True)
    assert decider.answer("/stock/me").status_code == 200
