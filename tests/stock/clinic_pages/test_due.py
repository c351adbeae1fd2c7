"""The clinic's page, without JavaScript: what waits, and what is due."""

import re
from datetime import date, timedelta
from uuid import UUID

import pytest

from services.stock.registry.rules import Term, terms_due
from shared.ids import new_id
from shared.roles import Role
from tests.people import Clinic, Running
from tests.standing import delegate, new_clinic, new_person
from tests.stock.clinic_pages.deciding import at, decide, id_in, somebody, typed
from tests.visitor import Visitor

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
