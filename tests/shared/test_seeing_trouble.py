"""Health and metrics when something is away: in a cell of its own, where nobody else is disturbed."""

import asyncio
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import nats
import pytest
from prometheus_client.parser import text_string_to_metric_families

from deploy import operator
from deploy.cell import Cell, ServiceProcess
from deploy.client import wait_until
from shared.ids import new_id
from tests.edge import why_no_problem

UNREADABLE_EVENTS = 300
"""More than the consumer fetches at once."""
LOOKERS, KILLS = 8, 4


@pytest.fixture(scope="module")
def alone() -> Iterator[ServiceProcess]:
    """Stock alone, with servers of its own."""
    folder = Path(tempfile.mkdtemp(prefix="dosis-seeing-"))
    cell = Cell(folder, demo=True, postgres_options=("fsync=off",))
    try:
        asyncio.run(cell.start_servers())
        with cell.service_process("stock") as process:
            wait_until(lambda: _part(process)["bus"], "the bus is connected")
            yield process
    finally:
        cell.stop_servers()
        shutil.rmtree(folder, ignore_errors=True)


def _get(process: ServiceProcess, path: str) -> httpx.Response:
    return httpx.get(f"{process.url}{path}", trust_env=False, timeout=30)


def _part(process: ServiceProcess) -> dict[str, Any]:
    part: dict[str, Any] = _get(process, "/health/ready").json()["services"][0]
    return part


def _metric(process: ServiceProcess, name: str, **labels: str) -> float:
    families = text_string_to_metric_families(_get(process, "/metrics").text)
    wanted = {"service": "stock", **labels}
    return next(s.value for family in families for s in family.samples if (s.name, s.labels) == (name, wanted))


def test_without_the_bus_the_service_stays_ready_and_says_what_is_missing(alone: ServiceProcess) -> None:
    alone.cell.nats.stop()
    try:
        wait_until(lambda: not _part(alone)["bus"], "the loss of the bus is seen")
        answer = _get(alone, "/health/ready")
        assert (answer.status_code, answer.json()["ready"]) == (200, True)
        assert "The bus can't be reached" in _part(alone)["missing"][0]
        assert _metric(alone, "dosis_bus_connected") == 0
        asyncio.run(operator.create_person(alone.cell, f"demo-{new_id()}", "Demo"))
        wait_until(lambda: _metric(alone, "dosis_outbox_age_seconds") > 0.5, "the event waits in the outbox")
        assert "Η σύνδεση με τις άλλες υπηρεσίες έχει κοπεί" in _get(alone, "/health").text
    finally:
        alone.cell.nats.start()
    wait_until(lambda: _metric(alone, "dosis_bus_connected") == 1, "the bus is back")
    wait_until(lambda: _metric(alone, "dosis_outbox_age_seconds") == 0, "the event was sent")
    assert _part(alone)["missing"] == []


@pytest.mark.parametrize("days", [30, -30])
def test_the_age_of_the_outbox_is_a_real_one_whatever_the_demos_clock_says(alone: ServiceProcess, days: int) -> None:
    alone.cell.nats.stop()
    try:
        alone.cell.set_days_ahead(days)
        asyncio.run(operator.create_person(alone.cell, f"demo-{new_id()}", "Demo"))
        for ahead in (days, 0):
            alone.cell.set_days_ahead(ahead)
            age = wait_until(lambda: _part(alone)["outbox_age_seconds"], "the event waits in the outbox")
            assert 0 < age < 600
    finally:
        alone.cell.demo_days.unlink()
        alone.cell.nats.start()
    wait_until(lambda: _metric(alone, "dosis_outbox_age_seconds") == 0, "the event was sent")


@pytest.mark.parametrize("told", ["soon", "9999999999"])
def test_a_demos_clock_that_says_nothing_stops_nobody(alone: ServiceProcess, told: str) -> None:
    person_id = asyncio.run(operator.create_person(alone.cell, f"demo-{new_id()}", "Demo"))
    token = asyncio.run(operator.make_token(alone.cell, str(person_id), "test")).token
    alone.cell.demo_days.write_text(told)
    try:
        answer = httpx.get(
            f"{alone.url}/stock/api/me", headers={"Authorization": f"Bearer {token}"}, trust_env=False, timeout=30
        )
        assert answer.status_code == 200
    finally:
        alone.cell.demo_days.unlink()


def test_events_not_yet_read_and_events_that_failed_are_counted(alone: ServiceProcess) -> None:
    """Reading is held up by a lock on the inbox; what nobody can read is parked, and said."""
    asyncio.run(_hold_up_and_publish(alone))
    wait_until(lambda: _metric(alone, "dosis_consumer_lag_events") == 0, "all is read")
    wait_until(
        lambda: _metric(alone, "dosis_waiting_events", reason="failed") == UNREADABLE_EVENTS, "the failed are counted"
    )
    assert _metric(alone, "dosis_waiting_events", reason="early") == 0
    assert "Some events could not be applied" in _part(alone)["missing"][0]


async def _hold_up_and_publish(alone: ServiceProcess) -> None:
    passwords = alone.cell.secrets.nats_passwords
    client = await nats.connect(
        alone.cell.nats.url, user="donations", password=passwords["donations"], inbox_prefix=b"_INBOX_donations"
    )
    owner = await asyncpg.connect(alone.cell.owner_url("stock"))
    try:
        async with owner.transaction():
            await owner.execute("LOCK TABLE inbox_waiting IN ACCESS EXCLUSIVE MODE")
            for number in range(UNREADABLE_EVENTS):
                await client.publish("cell.donations.demo", f"unreadable {number}".encode())
            await client.flush()
            await asyncio.to_thread(
                wait_until, lambda: _metric(alone, "dosis_consumer_lag_events") > 0, "the lag is counted", 30
            )
    finally:
        await owner.close()
        await client.close()


def test_without_the_database_the_service_is_not_ready_and_refuses_with_a_problem(alone: ServiceProcess) -> None:
    person_id = asyncio.run(operator.create_person(alone.cell, f"demo-{new_id()}", "Demo"))
    token = asyncio.run(operator.make_token(alone.cell, str(person_id), "test")).token
    headers = {"Authorization": f"Bearer {token}"}
    address = f"{alone.url}/stock/api/me"
    assert httpx.get(address, headers=headers, trust_env=False).status_code == 200
    alone.cell.postgres.stop()
    try:
        answer = httpx.get(address, headers=headers, trust_env=False, timeout=60)
        assert answer.status_code == 503
        assert answer.headers["content-type"] == "application/problem+json"
        assert "database" in answer.json()["detail"]
        ready = _get(alone, "/health/ready")
        assert (ready.status_code, ready.json()["ready"]) == (503, False)
        assert "The database can't be reached" in ready.json()["services"][0]["missing"][0]
        assert _get(alone, "/health/live").status_code == 200
    finally:
        alone.cell.postgres.start()
    wait_until(lambda: httpx.get(address, headers=headers, trust_env=False).status_code == 200, "the work goes on")
    wait_until(lambda: _get(alone, "/health/ready").status_code == 200, "ready again")


def test_a_database_killed_in_the_middle_of_a_question_is_away_and_no_fault_of_ours(alone: ServiceProcess) -> None:
    """Whatever a cut connection makes of itself, the answer says that the database can't be reached."""
    person_id = asyncio.run(operator.create_person(alone.cell, f"demo-{new_id()}", "Demo"))
    token = asyncio.run(operator.make_token(alone.cell, str(person_id), "test")).token
    seen: set[int] = set()
    over = threading.Event()

    def look() -> None:
        with httpx.Client(headers={"Authorization": f"Bearer {token}"}, trust_env=False, timeout=60) as client:
            while not over.is_set():
                seen.add(client.get(f"{alone.url}/stock/api/me").status_code)

    lookers = [threading.Thread(target=look) for _ in range(LOOKERS)]
    for looker in lookers:
        looker.start()
    try:
        for _ in range(KILLS):
            time.sleep(0.3)
            alone.cell.postgres.kill()
            alone.cell.postgres.start()
    finally:
        over.set()
        for looker in lookers:
            looker.join()
    assert seen <= {200, 503}
    assert 200 in seen


def test_a_refused_sign_in_is_no_fault(alone: ServiceProcess) -> None:
    answer = httpx.get(f"{alone.url}/stock/api/me", trust_env=False)
    assert why_no_problem(answer) is None
