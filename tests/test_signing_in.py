"""Signing in at stock's page: a cookie that only our own pages send, and answers that tell no names."""

import asyncio
import http.cookies
from collections.abc import Iterator

import asyncpg
import httpx
import pytest

from deploy.cell import SERVICES
from deploy.client import wait_until
from shared.identity import COOKIE, SESSION_HOURS
from shared.ids import new_id
from shared.roles import Role
from tests.edge import why_no_problem
from tests.people import Running
from tests.standing import delegate, new_person, wait_until_heard

PASSWORD = "a password of the tests"
TRY_A_MINUTE_AGO = """
UPDATE person
SET last_failed_at = last_failed_at - interval '61 seconds'
WHERE sign_in_name = $1
"""


@pytest.fixture(scope="module")
def sign_in_name(running: Running) -> str:
    """A clinic pharmacist of the northern clinic with a password."""
    person_id, name = new_person(running.cell, PASSWORD)
    wait_until_heard(running.cell, [delegate(running.cell, running.world.north, person_id, Role.CLINIC_PHARMACIST)])
    return name


@pytest.fixture
def page() -> Iterator[httpx.Client]:
    """A browser: it keeps cookies, and has no token."""
    with httpx.Client(trust_env=False, timeout=30) as client:
        yield client


def _sign_in(running: Running, page: httpx.Client, name: str, password: str = PASSWORD) -> httpx.Response:
    url = f"{running.urls['stock']}/stock/api/sign-in"
    return page.post(url, json={"sign_in_name": name, "password": password})


def _clinic(running: Running, service: str, path: str) -> str:
    return f"{running.urls[service]}/{service}/api/clinics/{running.world.north.clinic_id}{path}"


def test_the_cookie_is_for_our_own_pages_only_and_not_for_scripts(
    running: Running, page: httpx.Client, sign_in_name: str
) -> None:
    answer = _sign_in(running, page, sign_in_name)
    assert answer.status_code == 201
    cookie = http.cookies.SimpleCookie(answer.headers["set-cookie"])[COOKIE]
    assert cookie["httponly"] is True
    assert cookie["samesite"].lower() == "strict"
    assert cookie["path"] == "/"
    assert int(cookie["max-age"]) == SESSION_HOURS * 3600
    assert cookie.value not in answer.text


def test_a_name_is_the_same_however_it_is_typed(running: Running, page: httpx.Client, sign_in_name: str) -> None:
    for typed in (sign_in_name.upper(), f"  {sign_in_name} ", sign_in_name.title()):
        assert _sign_in(running, page, typed).status_code == 201


def test_the_cookie_serves_to_look_and_to_command_in_every_service(
    running: Running, page: httpx.Client, sign_in_name: str
) -> None:
    _sign_in(running, page, sign_in_name)
    for service, path in (("stock", "/lots"), ("donations", "/collections"), ("dispense", "/owed")):
        assert page.get(_clinic(running, service, path)).status_code == 200
    key = {"Idempotency-Key": str(new_id())}
    command = _clinic(running, "dispense", "/closures/2099-01-01/lift")
    assert page.post(command, headers=key).status_code == 201


def test_what_a_page_elsewhere_can_make_a_browser_send_does_nothing(
    running: Running, page: httpx.Client, sign_in_name: str
) -> None:
    """Without asking first it can send a form or plain text, and no header of its own."""
    _sign_in(running, page, sign_in_name)
    address = _clinic(running, "dispense", "/patients")
    as_text = page.post(address, content=b'{"alias": "Demo"}', headers={"Content-Type": "text/plain"})
    assert (as_text.status_code, why_no_problem(as_text)) == (415, None)
    assert page.post(address, data={"alias": "Demo"}).status_code == 415
    without_key = page.post(_clinic(running, "dispense", "/closures/2099-01-01/lift"))
    assert without_key.json()["type"] == "urn:dosis:problem:idempotency-key-missing"
    stranger = httpx.Client(trust_env=False)
    sign_in = f"{running.urls['stock']}/stock/api/sign-in"
    as_form = stranger.post(sign_in, data={"sign_in_name": sign_in_name, "password": PASSWORD})
    assert (as_form.status_code, as_form.headers.get("set-cookie")) == (415, None)


def test_a_sign_in_that_was_ended_serves_nowhere(running: Running, page: httpx.Client, sign_in_name: str) -> None:
    session_id = _sign_in(running, page, sign_in_name).json()["session_id"]
    end = f"{running.urls['stock']}/stock/api/me/sessions/{session_id}/end"
    assert page.post(end, headers={"Idempotency-Key": str(new_id())}).status_code == 201
    for service in SERVICES:
        address = _clinic(running, service, "/products?text=a")
        wait_until(lambda address=address: page.get(address).status_code == 401, f"{service} refuses it", 5)


def test_after_five_wrong_passwords_even_the_right_one_waits_a_minute(running: Running, page: httpx.Client) -> None:
    _, name = new_person(running.cell, PASSWORD)
    for _ in range(5):
        assert _sign_in(running, page, name, "wrong").status_code == 401
    waits = _sign_in(running, page, name)
    assert (waits.status_code, why_no_problem(waits)) == (401, None)
    assert "minute" in waits.json()["detail"]
    asyncio.run(_a_minute_passes(running, name))
    assert _sign_in(running, page, name).status_code == 201


async def _a_minute_passes(running: Running, name: str) -> None:
    connection = await asyncpg.connect(running.cell.owner_url("stock"))
    try:
        assert await connection.execute(TRY_A_MINUTE_AGO, name) == "UPDATE 1"
    finally:
        await connection.close()


def test_no_answer_tells_whether_a_name_is_there(running: Running, page: httpx.Client) -> None:
    """Nor does the wait: only a name that is there can be made to wait, so the wait looks like a wrong password."""
    _, known = new_person(running.cell, PASSWORD)
    _, tokens_only = new_person(running.cell)
    told: list[set[tuple[object, ...]]] = []
    for name in (known, tokens_only, f"nobody-{new_id()}"):
        answers = [_sign_in(running, page, name, "wrong") for _ in range(6)]
        told.append({(a.status_code, a.text, *sorted(a.headers.keys())) for a in answers})
    assert told[0] == told[1] == told[2]
    assert len(told[0]) == 1


def test_signing_in_needs_both_name_and_password(running: Running, page: httpx.Client, sign_in_name: str) -> None:
    url = f"{running.urls['stock']}/stock/api/sign-in"
    for body in ({}, {"sign_in_name": sign_in_name}, {"sign_in_name": sign_in_name, "password": ""}):
        answer = page.post(url, json=body)
        assert (answer.status_code, why_no_problem(answer), answer.headers.get("set-cookie")) == (400, None, None)
    for wrong in (PASSWORD.upper(), PASSWORD + " ", PASSWORD[:-1]):
        assert _sign_in(running, page, sign_in_name, wrong).status_code == 401
