"""The check of a whole cell: silent over a whole story, and loud over every difference that is planted."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncGenerator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from uuid import UUID

import pytest

from deploy.cell import SERVICES, Cell
from deploy.check import CheckReport, Difference, Kind, check_cell, checking, render
from deploy.check.checking import compare_all
from deploy.check.reading import Reading, reading
from services.donations.actions.checking import Check, check_line
from shared.events.dispense import Dispensed, ReservedUnits
from shared.ids import new_id
from shared.outbox import Outgoing, append
from tests.check import plants_between as between
from tests.check import plants_within as within
from tests.check.plants import A_LOT, Plant
from tests.check.story import AMLODIPINE, handed_in, tell
from tests.check.telling import Story, owner
from tests.people import make_world

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def told() -> Iterator[Story]:
    """The story, told in a cell of its own; what a test plants there, it puts back."""
    folder = Path(tempfile.mkdtemp(prefix="dosis-check-"))
    cell = Cell(folder, demo=True, postgres_options=("fsync=off",))
    try:
        yield asyncio.run(_told(cell))
    finally:
        cell.stop_servers()
        shutil.rmtree(folder, ignore_errors=True)


async def _told(cell: Cell) -> Story:
    await cell.start_servers()
    return await tell(await make_world(cell), any_order=1)


@asynccontextmanager
async def planted(story: Story, service: str, statement: str) -> AsyncGenerator[CheckReport, None]:
    """What the check finds after a change made behind a service's back, which is never committed."""
    async with AsyncExitStack() as stack:
        cell = story.world.cell
        connections = {name: await stack.enter_async_context(owner(cell, name)) for name in SERVICES}
        for connection in connections.values():
            await connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        await connections[service].execute(statement)
        yield await compare_all(Reading(**connections, one_moment=True))


async def check(story: Story) -> CheckReport:
    return await check_cell(story.world.cell, pause_seconds=0)


# A story without a fault


async def test_a_cell_whose_services_agree_has_no_differences(told: Story) -> None:
    report = await check(told)
    assert report.differences == ()
    assert (report.in_flight_events, report.parked_events, report.left_out) == (0, 0, 0)


async def test_the_report_counts_what_was_compared(told: Story) -> None:
    compared = (await check(told)).compared
    assert compared.lines == await told.value("donations", "SELECT count(*) FROM line WHERE state = 'accepted'") > 0
    for table in ("lot", "movement", "reservation", "transfer"):
        counted = await told.value("stock", f"SELECT count(*) FROM {table}")
        assert getattr(compared, f"{table}s") == counted > 0


def test_events_half_carried_are_no_differences(told: Story) -> None:
    assert max(report.in_flight_events for report in told.reports) > 5
    assert [render(report) for report in told.reports if report.differences] == []


def test_the_same_moments_would_differ_without_their_events(told: Story) -> None:
    assert told.blindly >= {
        Kind.DONATED_LINE,
        Kind.DONATED_LOT,
        Kind.REQUEST,
        Kind.ESCROW,
        Kind.LOT_STATE,
        Kind.TRANSFER_STATE,
        Kind.TRANSFER_LINE,
        Kind.TRANSFER_LOT,
        Kind.PROJECTION,
    }


# Differences planted, each found as what it is


PLANTS = [
    *within.IN_STOCK,
    *within.IN_DISPENSE,
    *within.OF_THE_REGISTRY,
    *within.OF_EVENTS,
    *between.BETWEEN_DONATIONS_AND_STOCK,
    *between.BETWEEN_STOCK_AND_DISPENSE,
    *between.BETWEEN_TWO_CLINICS,
]


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: f"{plant.service}: {plant.what}")
async def test_a_planted_difference_is_found_as_what_it_is(told: Story, plant: Plant) -> None:
    async with planted(told, plant.service, plant.statement) as report:
        assert {found.kind for found in report.differences} == plant.found, render(report)


def test_every_kind_of_difference_is_planted() -> None:
    assert {kind for plant in PLANTS for kind in plant.found} == set(Kind)


# How it is found, and told


MISPLACED = f"UPDATE lot SET shelf = shelf - 1, quarantine = quarantine + 1 {A_LOT} RETURNING lot_id, shelf"
PUT_BACK = "UPDATE lot SET shelf = shelf + 1, quarantine = quarantine - 1 WHERE lot_id = $1"
UNKNOWN_UNITS = Dispensed(operation_id=new_id(), lines=(ReservedUnits(reference=new_id(), lot_id=new_id(), units=1),))


@asynccontextmanager
async def a_unit_misplaced(story: Story) -> AsyncGenerator[tuple[UUID, int], None]:
    """The lot, and what its shelf now says."""
    async with owner(story.world.cell, "stock") as connection:
        (lot,) = await connection.fetch(MISPLACED)
        lot_id: UUID = lot["lot_id"]
        try:
            yield lot_id, lot["shelf"]
        finally:
            await connection.execute(PUT_BACK, lot_id)


@asynccontextmanager
async def an_event_that_cannot_be_applied(story: Story) -> AsyncGenerator[None, None]:
    """Dispense tells of units given that stock never reserved."""
    visit_id = new_id()
    told_of = Outgoing(visit_id, story.world.north.clinic_id, None, "test", UNKNOWN_UNITS)
    async with owner(story.world.cell, "dispense") as dispense, owner(story.world.cell, "stock") as stock:
        await append(dispense, [told_of], story.work("dispense").clock.now())
        try:
            yield
        finally:
            for connection, table in (
                (dispense, "outbox"),
                (dispense, "outbox_aggregate"),
                (stock, "inbox_waiting"),
            ):
                await connection.execute(f"DELETE FROM {table} WHERE aggregate_id = $1", visit_id)


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[Reading]:
    """Every reading that the check makes."""
    made: list[Reading] = []

    @asynccontextmanager
    async def counted(cell: Cell) -> AsyncGenerator[Reading, None]:
        async with reading(cell) as at_once:
            made.append(at_once)
            yield at_once

    monkeypatch.setattr(checking, "reading", counted)
    return made


async def test_a_difference_of_one_moment_with_nothing_on_the_way_is_read_once(
    told: Story, readings: list[Reading]
) -> None:
    async with told.connected(), a_unit_misplaced(told):
        assert [found.kind for found in (await check(told)).differences] == [Kind.LEDGER, Kind.LEDGER]
    assert [one.one_moment for one in readings] == [True]


async def test_a_difference_counts_while_other_events_are_on_the_way_when_three_readings_find_it(
    told: Story, readings: list[Reading]
) -> None:
    async with told.connected(), a_unit_misplaced(told), an_event_that_cannot_be_applied(told):
        report = await check(told)
    assert {found.kind for found in report.differences} == {Kind.LEDGER}
    assert report.in_flight_events == 1
    assert "1 event on the way" in render(report)
    assert len(readings) == 3


def test_a_difference_that_another_reading_does_not_find_alike_does_not_count() -> None:
    stays, moves, moved = (
        Difference(kind=Kind.ESCROW, one_side=f"given {units}", other_side="given 0") for units in (1, 2, 3)
    )
    first, again = CheckReport(differences=(stays, moves)), CheckReport(differences=(stays, moved))
    assert checking.confirmed(first, again).differences == (stays,)


async def test_an_event_that_could_not_be_applied_is_parked_and_no_difference(told: Story) -> None:
    async with told.connected(), an_event_that_cannot_be_applied(told):
        for raw in await told.unread("stock"):
            await told.take_in("stock", raw)
        report = await check(told)
    assert (report.differences, report.in_flight_events, report.parked_events) == ((), 0, 1)
    assert "1 event parked" in render(report)


async def test_a_difference_is_told_in_one_line_with_its_ids_and_both_sides(told: Story) -> None:
    async with told.connected(), a_unit_misplaced(told) as (lot_id, shelf):
        said = render(await check(told)).splitlines()
    (line,) = [line for line in said if "account shelf" in line]
    assert f"clinic {told.world.north.clinic_id}, lot {lot_id}" in line
    assert f"the balance is {shelf}" in line
    assert f"movements give {shelf + 1}" in line
    assert line.endswith("A balance of the lot is not what its movements add up to.")
    assert said[-1].endswith("2 differences.")


async def test_an_agreement_is_told_in_one_sentence(told: Story) -> None:
    said = render(await check(told))
    assert said.startswith("Compared ")
    assert said.endswith("everything agrees.")


async def test_beyond_the_limit_differences_are_counted(told: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "MOST_OF_A_KIND", 1)
    async with told.connected(), a_unit_misplaced(told):
        report = await check(told)
    assert (len(report.differences), report.left_out) == (1, 1)
    assert "… and 1 more." in render(report)


async def test_a_cell_at_work_has_no_differences(told: Story) -> None:
    """Last, for it adds to the story: boxes are accepted and carried while the check looks on."""
    reports: list[CheckReport] = []

    async def work() -> None:
        for number in range(6):
            collection_id, line_ids = await handed_in(told, *((AMLODIPINE, f"W{number}-{n}", 400, 5) for n in range(4)))
            for line_id in line_ids:
                await check_line(told.work("donations"), collection_id, line_id, Check(outcome="accept"))
            await told.carry(looks_per_event=0)

    async with told.connected():
        working = asyncio.create_task(work())
        while not working.done():
            reports.append(await check_cell(told.world.cell, pause_seconds=0.05))
        await working
    assert any(report.in_flight_events for report in reports)
    assert [render(report) for report in reports if report.differences] == []
