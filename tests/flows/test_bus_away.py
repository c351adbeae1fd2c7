"""The bus is a pipe: stopped, emptied, repeating and reordering, it loses nothing and does nothing twice."""

import asyncio
import contextlib
import random
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import httpx
import nats
import pytest

from deploy.cell import SERVICES, Cell
from deploy.check import check_cell
from deploy.client import wait_until
from shared import outbox
from shared.roles import Role
from tests.flows.walk import donate, item_of, log_and_hand_in, lots_of_batch, prepared_visit, register
from tests.people import Running, make_world

MINUTE_SECONDS = 60


@pytest.fixture(scope="module")
def away() -> Iterator[Running]:
    """A cell of its own, with fsync as in use, whose NATS may be ill-treated."""
    folder = Path(tempfile.mkdtemp(prefix="dosis-away-"))
    cell = Cell(folder, demo=True)
    try:
        asyncio.run(cell.start_servers())
        world = asyncio.run(make_world(cell))
        with contextlib.ExitStack() as stack:
            processes = {name: stack.enter_context(cell.service_process(name)) for name in SERVICES}
            yield Running(cell, world, processes)
    finally:
        cell.stop_servers()
        shutil.rmtree(folder, ignore_errors=True)


def _agrees(running: Running) -> None:
    report = asyncio.run(check_cell(running.cell))
    assert report.differences == ()
    assert report.parked_events == 0


def _product_id(running: Running) -> str:
    pharmacist = running.caller(running.world.north, Role.CLINIC_PHARMACIST)
    found = pharmacist.get("stock", "/products", text="simvastatin")["products"]
    return str(found[0]["product"]["product_id"])


def _accept(running: Running, batch: str, product_id: str) -> None:
    """A box logged and accepted; its event may have to wait for the bus."""
    clinic = running.world.north
    today = running.cell.settings_of("stock").clock().today()
    partner = running.caller(clinic, Role.PARTNER_PHARMACIST)
    collection, line_id = log_and_hand_in(partner, str(clinic.pharmacies[0]), item_of(product_id, batch, today))
    pharmacist = running.caller(clinic, Role.CLINIC_PHARMACIST)
    pharmacist.do("donations", f"{collection}/lines/{line_id}/check", {"outcome": "accept"})


def _wait_for_batches(running: Running, product_id: str, batches: list[str]) -> None:
    pharmacist = running.caller(running.world.north, Role.CLINIC_PHARMACIST)
    for batch in batches:
        lot = wait_until(lambda b=batch: lots_of_batch(pharmacist, product_id, b), f"{batch} is on the shelf", 60)[0]
        assert lot["shelf"] + lot["reserved"] + lot["dispensed"] == 30


def test_nats_stopped_for_a_minute_in_the_middle_of_work_loses_nothing_and_doubles_nothing(away: Running) -> None:
    clinic = away.world.north
    today = away.cell.settings_of("stock").clock().today()
    product_id = _product_id(away)
    partner, pharmacist = away.caller(clinic, Role.PARTNER_PHARMACIST), away.caller(clinic, Role.CLINIC_PHARMACIST)
    counter = away.caller(clinic, Role.COUNTER_VOLUNTEER)
    donate(partner, pharmacist, str(clinic.pharmacies[0]), product_id, "BEFORE", today)
    _, card = register(pharmacist, product_id, today)
    pharmacist.do("dispense", "/pharmacy-weekdays", {"weekdays": [1, 2, 3, 4, 5, 6, 7]})
    pharmacist.do("dispense", f"/pharmacy-days/{today}/prepare")
    visit = prepared_visit(counter, card)

    away.cell.nats.stop()
    stopped = time.monotonic()
    counter.do("dispense", f"/visits/{visit['visit']['visit_id']}/give", {})
    batches = [f"AWAY{number}" for number in range(12)]
    for batch in batches:
        _accept(away, batch, product_id)
    health = wait_until(lambda: not (h := _health(away, "dispense"))["bus"] and h, "dispense notices")
    assert any("bus" in sentence for sentence in health["missing"])
    assert not lots_of_batch(pharmacist, product_id, "AWAY0"), "nothing can have arrived"
    time.sleep(max(0.0, MINUTE_SECONDS - (time.monotonic() - stopped)))
    away.cell.nats.start()

    _wait_for_batches(away, product_id, batches)
    counter.do("dispense", f"/pharmacy-days/{today}/close")
    wait_until(
        lambda: sum(lot["reserved"] for lot in pharmacist.get("stock", "/lots", most=500)["lots"]) == 0, "all is back"
    )
    _agrees(away)


def _health(running: Running, name: str) -> dict[str, object]:
    answer = httpx.get(f"{running.urls[name]}/health/ready", trust_env=False).json()
    part: dict[str, object] = answer["services"][0]
    return part


def test_all_of_natss_data_deleted_and_the_services_agree_again(away: Running) -> None:
    product_id = _product_id(away)
    away.cell.nats.stop()
    batches = [f"WIPED{number}" for number in range(5)]
    for batch in batches:
        _accept(away, batch, product_id)
    away.cell.nats.wipe()
    away.cell.nats.start()
    _wait_for_batches(away, product_id, batches)
    _accept(away, "AFTERWIPE", product_id)
    _wait_for_batches(away, product_id, ["AFTERWIPE"])
    _agrees(away)


def test_every_delivery_repeated_and_shuffled_leaves_the_same_state(away: Running) -> None:
    product_id = _product_id(away)
    away.cell.nats.stop()
    batches = [f"SHUFFLED{number}" for number in range(20)]
    for batch in batches:
        _accept(away, batch, product_id)
    for process in away.processes.values():
        process.stop()
    away.cell.nats.start()
    asyncio.run(_publish_shuffled_twice(away.cell))
    for process in away.processes.values():
        process.start()
    _wait_for_batches(away, product_id, batches)
    _agrees(away)


async def _publish_shuffled_twice(cell: Cell) -> None:
    """Every event that was ever written, twice, in any order, as copies that the stream can't recognise."""
    for name in SERVICES:
        connection = await asyncpg.connect(cell.owner_url(name))
        rows = await connection.fetch(outbox.UNPUBLISHED.replace("published_at IS NULL", "true"), 100_000)
        await connection.close()
        client = await nats.connect(cell.nats.url, user=name, password=cell.secrets.nats_passwords[name])
        copies = [(row["subject"], outbox.envelope(name, row)) for row in rows] * 2
        random.Random(7).shuffle(copies)
        for subject, envelope in copies:
            await client.publish(subject, envelope)
        await client.flush()
        await client.close()
