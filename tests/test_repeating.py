"""A command under its key is done once, however often it is sent, and whatever became of the first answer."""

import asyncio
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event

import asyncpg
import httpx
import pytest

from deploy.client import wait_until
from shared.ids import new_id
from tests.edge import Edge, why_no_problem
from tests.people import Running
from tests.standing import count_rows, delegate_all

PATIENTS = "SELECT count(*) FROM patient WHERE clinic_id = $1"
# Who waits for a row waits for the transaction that holds it; every role may see that.
WAITING_FOR_A_ROW = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'"


def _patients(edge: Edge) -> int:
    return count_rows(edge.cell, "dispense", PATIENTS, edge.clinic.clinic_id)


def test_a_repeated_command_gets_its_first_answer_and_is_done_once(edge: Edge) -> None:
    url, key, before = edge.url("dispense", "/patients"), str(new_id()), _patients(edge)
    first, *others = [edge.post(url, {"alias": "Demo"}, Idempotency_Key=key) for _ in range(3)]
    assert first.status_code == 201
    assert "Idempotent-Replayed" not in first.headers
    for again in others:
        assert (again.status_code, again.json()) == (first.status_code, first.json())
        assert again.headers["Idempotent-Replayed"] == "true"
        assert again.headers["content-type"] == first.headers["content-type"]
    assert _patients(edge) == before + 1


def test_a_key_is_not_for_another_body(edge: Edge) -> None:
    url, key = edge.url("dispense", "/patients"), str(new_id())
    assert edge.post(url, {"alias": "Demo"}, Idempotency_Key=key).status_code == 201
    before = _patients(edge)
    other = edge.post(url, {"alias": "Somebody else"}, Idempotency_Key=key)
    assert (other.status_code, why_no_problem(other)) == (422, None)
    assert other.json()["type"] == "urn:dosis:problem:key-used-for-another-request"
    assert _patients(edge) == before


def test_a_key_is_not_for_the_same_body_at_another_thing(edge: Edge) -> None:
    """Two patients to be forgotten under one key: the second is not taken for the first."""
    patients = [edge.api.do("dispense", "/patients", {"alias": "Demo"})["patient_id"] for _ in range(2)]
    key = str(new_id())
    answers = [edge.post(edge.url("dispense", f"/patients/{p}/forget"), Idempotency_Key=key) for p in patients]
    assert [answer.status_code for answer in answers] == [201, 422]
    assert edge.api.get("dispense", f"/patients/{patients[1]}")["identity"] is not None


def test_two_people_may_choose_the_same_key(edge: Edge, running: Running) -> None:
    url, key, before = edge.url("dispense", "/patients"), str(new_id()), _patients(edge)
    token = running.token(delegate_all(edge.cell, edge.clinic))
    mine = edge.post(url, {"alias": "Demo"}, Idempotency_Key=key)
    theirs = edge.post(url, {"alias": "Demo"}, Idempotency_Key=key, Authorization=f"Bearer {token}")
    assert (mine.status_code, theirs.status_code) == (201, 201)
    assert mine.json() != theirs.json()
    assert _patients(edge) == before + 2


def test_one_key_may_serve_two_kinds_of_command(edge: Edge) -> None:
    key = str(new_id())
    patient = edge.post(edge.url("dispense", "/patients"), {"alias": "Demo"}, Idempotency_Key=key)
    days = edge.post(edge.url("dispense", "/pharmacy-weekdays"), {"weekdays": [2]}, Idempotency_Key=key)
    assert (patient.status_code, days.status_code) == (201, 201)


@contextmanager
def _locked_patient(edge: Edge, patient_id: str) -> Generator[None]:
    """The patient's row, held by the role that owns the tables, until the block is left."""
    held, release = Event(), Event()

    async def hold() -> None:
        connection = await asyncpg.connect(edge.cell.owner_url("dispense"))
        try:
            async with connection.transaction():
                await connection.execute("SELECT FROM patient WHERE patient_id = $1 FOR UPDATE", patient_id)
                held.set()
                await asyncio.to_thread(release.wait, 60)
        finally:
            await connection.close()

    with ThreadPoolExecutor(1) as pool:
        holding = pool.submit(asyncio.run, hold())
        assert held.wait(20)
        try:
            yield
        finally:
            release.set()
            holding.result(20)


def test_a_command_that_is_being_done_is_not_begun_again(edge: Edge) -> None:
    patient_id = edge.api.do("dispense", "/patients", {"alias": "Demo"})["patient_id"]
    url, key = edge.url("dispense", f"/patients/{patient_id}/forget"), str(new_id())

    def send() -> httpx.Response:
        return edge.post(url, Idempotency_Key=key)

    with ThreadPoolExecutor(1) as pool:
        with _locked_patient(edge, patient_id):
            first = pool.submit(send)
            wait_until(lambda: count_rows(edge.cell, "dispense", WAITING_FOR_A_ROW) == 1, "the first is under way")
            second = send()
            assert not first.done()
            assert (second.status_code, why_no_problem(second)) == (409, None)
            assert second.json()["type"] == "urn:dosis:problem:still-being-done"
        done = first.result(20)
    assert done.status_code == 201
    third = send()
    assert (third.status_code, third.json(), third.headers["Idempotent-Replayed"]) == (201, done.json(), "true")


def test_a_command_that_was_refused_can_be_sent_again_under_its_key(edge: Edge) -> None:
    api = edge.api
    product = api.get("stock", "/products", text="amlodipine")["products"][0]["product"]
    pharmacy = {"pharmacy_id": str(edge.clinic.pharmacies[0])}
    collection = f"/collections/{api.do('donations', '/collections', pharmacy)['collection_id']}"
    hand_in, key = edge.url("donations", f"{collection}/hand-in"), str(new_id())
    refused = edge.post(hand_in, Idempotency_Key=key)
    assert (refused.status_code, why_no_problem(refused)) == (422, None)
    line = {"batch": None, "expires_on": "2150-01-01", "opened": False, "units": 1, "source_kind": "person"}
    api.do("donations", f"{collection}/lines", {**line, "product_id": product["product_id"]})
    done = edge.post(hand_in, Idempotency_Key=key)
    assert done.status_code == 201
    assert "Idempotent-Replayed" not in done.headers


@pytest.mark.parametrize("body", [b"[", b'{"alias": ""}'])
def test_a_body_that_could_not_be_read_does_not_use_up_the_key(edge: Edge, body: bytes) -> None:
    url, key = edge.url("dispense", "/patients"), str(new_id())
    assert edge.post(url, body, Idempotency_Key=key).status_code == 400
    assert edge.post(url, {"alias": "Demo"}, Idempotency_Key=key).status_code == 201
