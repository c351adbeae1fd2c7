"""Who may see the clinic's pages and who may change something; one's own sign-ins."""

import pytest

from shared.roles import Role
from tests.people import Clinic, Running
from tests.stock.clinic_pages.deciding import DECIDES, PARTNER, SECRETARY, at
from tests.visitor import Visitor

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
