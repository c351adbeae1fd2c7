"""How pages let people in, and what becomes of a form that can't be carried out: nothing typed is lost."""

import httpx
import pytest

from deploy.client import wait_until
from shared.identity import COOKIE
from shared.ids import new_id
from shared.roles import Role
from shared.web.pages.view import csrf_token, is_csrf_token
from tests.people import Running
from tests.visitor import Visitor


@pytest.fixture
def pharmacist(running: Running) -> Visitor:
    return Visitor(running, running.world.north, Role.PARTNER_PHARMACIST)


@pytest.fixture
def nobody(running: Running) -> Visitor:
    return Visitor(running, running.world.north, None)


def collections(visitor: Visitor) -> str:
    return f"/donations/clinics/{visitor.clinic_id}/collections"


def filled_in(visitor: Visitor, running: Running, **fields: str) -> dict[str, str]:
    pharmacy = str(running.world.north.pharmacies[0])
    return {"key": str(new_id()), "csrf": csrf_token(visitor.token), "pharmacy_id": pharmacy} | fields


def count(visitor: Visitor) -> int:
    return visitor.get(collections(visitor)).html.count("/collections/0")


def test_nobody_is_led_to_the_sign_in_and_back_to_where_they_were(nobody: Visitor) -> None:
    answer = nobody.answer(collections(nobody) + "?a=1")
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/stock/sign-in?next={collections(nobody)}%3Fa%3D1"
    page = nobody.get(answer.headers["location"])
    assert page.forms["/stock/sign-in"]["next"] == collections(nobody) + "?a=1"


@pytest.mark.parametrize(
    "elsewhere", ["//evil.example/x", "https://evil.example", "/\\evil", "javascript:x", "/αλλού", ""]
)
def test_the_way_back_never_leads_to_another_site(nobody: Visitor, elsewhere: str) -> None:
    page = nobody.get("/stock/sign-in?" + str(httpx.QueryParams({"next": elsewhere})))
    assert page.forms["/stock/sign-in"]["next"] == "/"


def test_who_has_no_delegation_for_it_gets_a_page_that_says_so(running: Running) -> None:
    auditor = Visitor(running, running.world.north, Role.AUDITOR)
    page = auditor.post(collections(auditor), pharmacy_id=str(running.world.north.pharmacies[0]))
    assert page.status == 403
    assert "Your delegation does not allow this here" in page.text
    assert "partner pharmacist" in page.text


def test_another_clinics_pages_are_closed(running: Running) -> None:
    stranger = Visitor(running, running.world.south, Role.CLINIC_PHARMACIST)
    assert stranger.get(f"/donations/clinics/{running.world.north.clinic_id}/collections").status == 403


@pytest.mark.parametrize("path", ["/donations/nothing", "/donations/clinics/7/collections", "/nothing"])
def test_an_address_that_is_none_gets_a_page_and_a_program_gets_problem_details(nobody: Visitor, path: str) -> None:
    answer = nobody.answer(path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "There is no such page" in answer.text


def test_a_program_that_asks_for_an_unknown_address_gets_problem_details(running: Running) -> None:
    answer = httpx.get(running.urls["stock"] + "/nothing", trust_env=False)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_a_form_sent_twice_is_carried_out_once_and_leads_to_the_same_page(
    pharmacist: Visitor, running: Running
) -> None:
    before = count(pharmacist)
    fields = filled_in(pharmacist, running)
    first, second = (pharmacist.sent(collections(pharmacist), fields) for _ in range(2))
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.headers["location"] == second.headers["location"]
    fresh_proof = fields | {"csrf": csrf_token(pharmacist.token)}
    assert pharmacist.sent(collections(pharmacist), fresh_proof).headers["location"] == first.headers["location"]
    assert count(pharmacist) == before + 1


def test_a_key_that_was_used_for_something_else_does_nothing_and_the_form_gets_another(
    pharmacist: Visitor, running: Running
) -> None:
    fields = filled_in(pharmacist, running)
    assert pharmacist.sent(collections(pharmacist), fields).status_code == 303
    before = count(pharmacist)
    other = fields | {"pharmacy_id": str(running.world.north.pharmacies[1])}
    page = pharmacist.post(collections(pharmacist), **other)
    assert page.status == 409
    assert "This form was sent already, with something else in it" in page.text
    assert page.forms[collections(pharmacist)]["key"] != fields["key"]
    assert count(pharmacist) == before


def test_a_form_asks_anew_who_may_even_where_it_only_looks(running: Running) -> None:
    checker = Visitor(running, running.world.north, Role.CLINIC_PHARMACIST)
    path = f"/donations/clinics/{checker.clinic_id}/check"
    assert checker.post(path, text="1").status == 422
    # The cookie is kept: the session has ended all the same.
    checker.sent("/stock/sign-out", {"key": str(new_id()), "csrf": csrf_token(checker.token)})
    checker.client.cookies.set(COOKIE, checker.token)
    wait_until(lambda: checker.post(path, text="1").status == 401, "donations has heard of it")


@pytest.mark.parametrize("csrf", ["", "x", "nonce.", "." + "0" * 64])
def test_a_form_without_proof_of_this_session_is_shown_to_be_sent_again(
    pharmacist: Visitor, running: Running, csrf: str
) -> None:
    before = count(pharmacist)
    fields = filled_in(pharmacist, running, csrf=csrf)
    page = pharmacist.post(collections(pharmacist), **fields)
    assert page.status == 401
    kept = page.forms[collections(pharmacist)]
    assert {name: kept[name] for name in ("key", "pharmacy_id")} == {
        "key": fields["key"],
        "pharmacy_id": fields["pharmacy_id"],
    }
    assert count(pharmacist) == before
    assert pharmacist.sent(collections(pharmacist), kept).status_code == 303
    assert count(pharmacist) == before + 1


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}],
)
def test_a_form_from_another_site_is_refused_and_nothing_of_it_is_kept(
    pharmacist: Visitor, running: Running, headers: dict[str, str]
) -> None:
    before = count(pharmacist)
    answer = pharmacist.client.post(
        pharmacist.url(collections(pharmacist)), data=filled_in(pharmacist, running), headers=headers
    )
    assert answer.status_code == 403
    assert "pharmacy_id" not in answer.text
    assert count(pharmacist) == before


def test_what_is_no_form_is_refused(pharmacist: Visitor) -> None:
    answer = pharmacist.client.post(pharmacist.url(collections(pharmacist)), json={"pharmacy_id": "x"})
    assert answer.status_code == 400


def test_a_session_that_ended_gives_back_what_was_typed_after_signing_in_again(running: Running) -> None:
    visitor = Visitor(running, running.world.north, Role.PARTNER_PHARMACIST)
    fields = filled_in(visitor, running)
    before = count(visitor)
    token, visitor.token = visitor.token, ""
    visitor.client.cookies.delete(COOKIE)
    page = visitor.post(collections(visitor), **fields)
    assert page.status == 401
    carried = page.forms["/stock/sign-in"]
    assert carried["next"] == collections(visitor)
    assert fields["csrf"] not in page.html
    # A wrong password loses it neither.
    wrong = visitor.sent("/stock/sign-in", carried | {"sign_in_name": "nobody", "password": "wrong"})
    assert wrong.status_code == 401
    assert carried["carried"] in httpx.Response(200, text=wrong.text.replace("&#34;", '"')).text
    visitor.token = token
    visitor.client.cookies.set(COOKIE, token)
    assert count(visitor) == before


def test_an_unknown_choice_is_marked_and_the_page_is_shown_again(pharmacist: Visitor) -> None:
    page = pharmacist.post(collections(pharmacist), pharmacy_id="7")
    assert page.status == 422
    assert "Something has to be put right" in page.text
    assert "Choose one of the list." in page.text


def test_from_a_form_that_was_refused_the_other_language_leads_back_to_its_page(pharmacist: Visitor) -> None:
    page = f"{collections(pharmacist)}?a=1"
    answer = pharmacist.client.post(
        pharmacist.url(collections(pharmacist)),
        data={"key": str(new_id()), "csrf": csrf_token(pharmacist.token), "pharmacy_id": "7"},
        headers={"Referer": pharmacist.url(page)},
    )
    assert answer.status_code == 422
    assert f'href="/language/el?next={collections(pharmacist)}%3Fa%3D1"' in answer.text


def test_pages_are_never_kept_by_the_browser_and_run_no_script_of_their_own(pharmacist: Visitor) -> None:
    answer = pharmacist.answer(collections(pharmacist))
    assert answer.headers["cache-control"] == "no-store"
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert "unsafe-inline" not in answer.headers["content-security-policy"]
    assert " style=" not in answer.text
    assert "<script>" not in answer.text


def test_the_language_is_chosen_and_stays(running: Running) -> None:
    client = httpx.Client(trust_env=False)
    url = running.urls["stock"]
    assert 'lang="el"' in client.get(f"{url}/stock/sign-in").text
    assert client.get(f"{url}/language/en?next=/stock/sign-in").headers["location"] == "/stock/sign-in"
    assert '<html lang="en"' in client.get(f"{url}/stock/sign-in").text
    client.get(f"{url}/language/xx")
    assert '<html lang="en"' in client.get(f"{url}/stock/sign-in").text


def test_a_proof_is_another_each_time_and_of_one_session_only() -> None:
    one, other = csrf_token("session"), csrf_token("session")
    assert one != other
    assert is_csrf_token("session", one)
    assert not is_csrf_token("another", one)
    assert not is_csrf_token("session", one[:-1])
