"""`dosis up` looks after its servers: killed with SIGKILL they come back, and the terminal says so."""

import asyncio
import os
import signal
from collections.abc import Iterator
from typing import Any

import httpx
import psutil
import pytest

from deploy import operator
from deploy.cell import Cell
from deploy.client import wait_until
from shared.ids import new_id
from tests.scratch import connected
from tests.typed import Up, dosis_up

pytestmark = pytest.mark.flow

SECONDS = 60


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A cell without demo data; when it has ended, nothing of it is left."""
    with dosis_up(tmp_path_factory.mktemp("up"), until="Dosis is at") as up:
        yield up
    left = [" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])]
    assert [line for line in left if str(up.folder) in line or Cell(up.folder).postgres.cluster_name in line] == []


def _nats_pid(up: Up) -> int:
    return int((up.folder / "nats" / "nats.pid").read_text())


def _postmaster_pid(up: Up) -> int:
    return int((up.folder / "pgdata" / "postmaster.pid").read_text().splitlines()[0])


def _get(up: Up, path: str) -> httpx.Response:
    return httpx.get(f"http://127.0.0.1:{Cell(up.folder).secrets.web_port}{path}", trust_env=False, timeout=30)


def _services(up: Up) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = _get(up, "/health/ready").json()["services"]
    return found


def _all_is_well(up: Up) -> bool:
    return all(part["database"] and part["bus"] for part in _services(up))


def _events_go_through(up: Up) -> None:
    """The event of a person who is registered now is sent."""
    cell = Cell(up.folder)
    person_id = asyncio.run(operator.create_person(cell, f"demo-{new_id()}", "Demo"))

    async def sent() -> bool:
        async with connected(cell.owner_url("stock")) as owner:
            unsent = "SELECT count(*) FROM outbox WHERE aggregate_id = $1 AND published_at IS NULL"
            return await owner.fetchval(unsent, person_id) == 0

    wait_until(lambda: asyncio.run(sent()), "the event is sent", SECONDS)


def _said_times(up: Up, sentence: str) -> int:
    return up.said().splitlines().count(sentence)


def test_nats_comes_back(up: Up) -> None:
    wait_until(lambda: _all_is_well(up), "all is well at first", SECONDS)
    killed = _nats_pid(up)
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: _said_times(up, "NATS has stopped; it is started again.") == 1, "it is said", 10)
    wait_until(lambda: _nats_pid(up) != killed and _all_is_well(up), "all is well again", SECONDS)
    _events_go_through(up)


def test_postgresql_comes_back_even_when_a_child_of_it_lives_on(up: Up) -> None:
    """A stopped child keeps the data's shared memory, and PostgreSQL refuses to start beside it."""
    wait_until(lambda: _all_is_well(up), "all is well at first", SECONDS)
    postmaster = psutil.Process(_postmaster_pid(up))
    stuck = next(child for child in postmaster.children() if "checkpointer" in " ".join(child.cmdline()))
    stuck.suspend()
    postmaster.kill()
    wait_until(lambda: _said_times(up, "PostgreSQL has stopped; it is started again.") == 1, "it is said", 10)
    wait_until(lambda: _get(up, "/health/ready").status_code == 200, "ready again", SECONDS)
    assert _get(up, "/health/live").status_code == 200
    assert not stuck.is_running() or stuck.status() == psutil.STATUS_ZOMBIE
    wait_until(lambda: _all_is_well(up), "the bus is back too", SECONDS)
    _events_go_through(up)


def test_what_does_not_start_is_said_once_and_tried_until_it_does(up: Up) -> None:
    wait_until(lambda: _all_is_well(up), "all is well at first", SECONDS)
    in_the_way = up.folder / "nats" / "nats.conf"
    in_the_way.unlink()
    in_the_way.mkdir()
    os.kill(_nats_pid(up), signal.SIGKILL)
    trouble = "NATS does not start; it is tried every 5 s. IsADirectoryError"
    wait_until(lambda: trouble in up.said(), "the trouble is said", 20)
    health = _get(up, "/health/ready")
    assert (health.status_code, health.json()["ready"]) == (200, True), "the services go on without the bus"
    in_the_way.rmdir()
    wait_until(lambda: _said_times(up, "NATS runs again.") == 1, "it runs", SECONDS)
    assert up.said().count(trouble) == 1
    wait_until(lambda: _all_is_well(up), "all is well again", SECONDS)


def test_both_come_back_when_both_are_killed(up: Up) -> None:
    wait_until(lambda: _all_is_well(up), "all is well at first", SECONDS)
    said = len(up.said().splitlines())
    for pid in (_nats_pid(up), _postmaster_pid(up)):
        os.kill(pid, signal.SIGKILL)
    told = {"NATS has stopped; it is started again.", "PostgreSQL has stopped; it is started again."}
    wait_until(lambda: set(up.said().splitlines()[said:]) == told, "both are said", 10)
    wait_until(lambda: _all_is_well(up), "all is well again", SECONDS)
    _events_go_through(up)
