"""Seeing what goes on: health, metrics, and the request id that follows an event through the services' logs."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from deploy.cell import SERVICES
from deploy.client import wait_until
from shared.ids import new_id
from shared.roles import Role
from tests.flows.walk import donate, item_of, log_and_hand_in
from tests.people import Running


def _log(running: Running, service: str) -> Iterator[dict[str, Any]]:
    with (running.cell.folder / f"{service}.log").open("rb") as lines:
        # The last line may be half written yet.
        yield from (json.loads(line) for line in lines if line.endswith(b"\n"))


def _logged(running: Running, service: str, **wanted: object) -> list[dict[str, Any]]:
    """The log's entries that have all these values; a request is logged when its answer is sent already."""

    def found() -> list[dict[str, Any]]:
        return [entry for entry in _log(running, service) if wanted.items() <= entry.items()]

    logged: list[dict[str, Any]] = wait_until(found, f"{service} logs {wanted}")
    return logged


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_says_that_it_lives_and_is_ready(running: Running, service: str) -> None:
    live = httpx.get(f"{running.urls[service]}/health/live", trust_env=False)
    assert (live.status_code, live.json()) == (200, {"live": True})

    def ready() -> dict[str, Any] | None:
        answer = httpx.get(f"{running.urls[service]}/health/ready", trust_env=False)
        assert answer.status_code == 200
        part: dict[str, Any] = answer.json()["services"][0]
        return part if part["bus"] else None

    part = wait_until(ready, "the bus is connected")
    # Other tests park events in this cell; what readiness says of them has a test in a cell of its own.
    missing = [sentence for sentence in part["missing"] if "could not be applied" not in sentence]
    assert (part["service"], part["database"], missing) == (service, True, [])


@pytest.mark.parametrize("service", SERVICES)
def test_the_metrics_tell_of_the_outbox_the_bus_and_the_inbox(running: Running, service: str) -> None:
    text = httpx.get(f"{running.urls[service]}/metrics", trust_env=False).text
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    told = {(s.name, s.labels.get("reason")) for s in samples if s.labels.get("service") == service and s.value >= 0}
    assert told >= {
        ("dosis_outbox_age_seconds", None),
        ("dosis_consumer_lag_events", None),
        ("dosis_bus_connected", None),
        ("dosis_waiting_events", "early"),
        ("dosis_waiting_events", "failed"),
        ("dosis_waiting_events", "fork"),
    }


def test_the_metrics_count_requests_by_kind_of_address_and_not_by_thing(running: Running) -> None:
    thing = str(new_id())
    lot = f"{running.urls['stock']}/stock/api/clinics/{running.world.north.clinic_id}/lots/{thing}"
    assert httpx.get(lot, trust_env=False).status_code == 401
    text = httpx.get(f"{running.urls['stock']}/metrics", trust_env=False).text
    assert "/lots/{lot_id}" in text
    assert thing not in text


# The request id


class Tracing:
    """A caller whose every request carries an id of its own."""

    def __init__(self, running: Running, role: Role) -> None:
        self.running, self.clinic = running, running.world.north
        token = running.token(self.clinic.people[role])
        self.headers = {"Authorization": f"Bearer {token}"}

    def do(self, service: str, path: str, body: Any) -> str:
        """Send a command; returns the request's id, which the answer must have told."""
        request_id = f"trace-{new_id()}"
        answer = httpx.post(
            f"{self.running.urls[service]}/{service}/api/clinics/{self.clinic.clinic_id}{path}",
            json=body,
            headers={**self.headers, "Idempotency-Key": str(new_id()), "X-Request-Id": request_id},
            trust_env=False,
            timeout=30,
        )
        assert answer.status_code == 201, answer.text
        assert answer.headers["X-Request-Id"] == request_id
        return request_id


def test_a_request_id_follows_an_accepted_donation_into_stock(running: Running) -> None:
    clinic, caller = running.world.north, running.caller
    today = running.cell.settings_of("stock").clock().today()
    pharmacist = caller(clinic, Role.CLINIC_PHARMACIST)
    product_id = pharmacist.get("stock", "/products", text="amlodipine")["products"][0]["product"]["product_id"]
    partner, pharmacy = caller(clinic, Role.PARTNER_PHARMACIST), str(clinic.pharmacies[0])
    path, line_id = log_and_hand_in(partner, pharmacy, item_of(product_id, "SEEN1", today))
    check = f"{path}/lines/{line_id}/check"
    request_id = Tracing(running, Role.CLINIC_PHARMACIST).do("donations", check, {"outcome": "accept"})
    entry = _logged(running, "donations", event="request", request_id=request_id)[0]
    assert (entry["method"], entry["status"], entry["path"].endswith(check)) == ("POST", 201, True)
    assert _logged(running, "stock", event="event_applied", kind="LineAccepted", request_id=request_id)


def test_a_request_id_follows_a_hold_to_the_counter(running: Running) -> None:
    clinic, caller = running.world.north, running.caller
    pharmacist, partner = caller(clinic, Role.CLINIC_PHARMACIST), caller(clinic, Role.PARTNER_PHARMACIST)
    today = running.cell.settings_of("stock").clock().today()
    product_id = pharmacist.get("stock", "/products", text="amlodipine")["products"][0]["product"]["product_id"]
    lot = donate(partner, pharmacist, str(clinic.pharmacies[0]), product_id, f"SEEN{new_id().hex[-8:]}", today)
    hold = f"/lots/{lot['lot_id']}/hold"
    request_id = Tracing(running, Role.CLINIC_PHARMACIST).do("stock", hold, {"reason": "A look at it"})
    assert _logged(running, "stock", event="request", request_id=request_id, status=201)
    assert _logged(running, "dispense", event="event_applied", kind="LotHeld", request_id=request_id)


def test_a_request_id_follows_a_decision_into_all_three_services(running: Running) -> None:
    policy = {"name": "records_kept_years", "value": 5, "decision_id": str(running.world.north.decision_id)}
    request_id = Tracing(running, Role.DECISIONS_DELEGATE).do("stock", "/policies", policy)
    assert _logged(running, "stock", event="request", request_id=request_id, status=201)
    for service in ("donations", "dispense"):
        assert _logged(running, service, event="event_applied", kind="PolicySet", request_id=request_id)


@pytest.mark.parametrize("given", ["", "short", "x" * 65, "with a space", '{"a":"b"}', "é" * 10, "a\tb-a\tb-a\tb"])
def test_an_odd_request_id_is_not_taken_over(running: Running, given: str) -> None:
    answer = httpx.get(
        f"{running.urls['stock']}/stock/api/schema", headers={b"X-Request-Id": given.encode()}, trust_env=False
    )
    made = answer.headers["X-Request-Id"]
    assert made != given
    assert len(_logged(running, "stock", event="request", request_id=made)) == 1


def test_a_refusal_an_unknown_address_and_a_wrong_method_have_a_request_id_too(running: Running) -> None:
    clinic_id = running.world.north.clinic_id
    lots = f"/stock/api/clinics/{clinic_id}/lots"
    sent = {("GET", lots): 401, ("GET", "/stock/api/nowhere"): 404, ("GET", "/nowhere"): 404, ("PUT", lots): 405}
    for (method, path), status in sent.items():
        request_id = f"trace-{new_id()}"
        answer = httpx.request(
            method, f"{running.urls['stock']}{path}", headers={"X-Request-Id": request_id}, trust_env=False
        )
        assert answer.status_code == status
        assert answer.headers["X-Request-Id"] == request_id
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert _logged(running, "stock", request_id=request_id, status=answer.status_code)


@pytest.mark.parametrize("service", SERVICES)
def test_every_line_of_the_log_is_json_with_a_level_and_a_time(running: Running, service: str) -> None:
    entries = list(_log(running, service))
    assert entries
    for entry in entries:
        assert {"event", "level", "timestamp"} <= entry.keys(), entry
    assert not [entry for entry in entries if entry["event"] == "unexpected_error"]
