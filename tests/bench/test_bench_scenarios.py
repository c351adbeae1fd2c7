"""Each scenario at a tiny size: sane figures, and a floor that leaves the rows that ours leaves."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import pytest
import uvloop

from deploy.bench import give, intake, prepare, replay, run, stock_lists
from deploy.bench.measure import Measured
from deploy.bench.stage import Stage, open_stage
from deploy.check import CheckReport, check_cell

TINY = run.Sizes(
    runs=1,
    collections=2,
    patients=6,
    lots=300,
    products=20,
    visits=2,
    ledger=stock_lists.Ledger(lots=40, movements=400, products=20, lists=1, rounds=2),
    catalogue=40,
    queries=8,
    lag_collections=2,
    starts=1,
)
Counts = Mapping[tuple[str, str], int]
TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"


@dataclass
class Played:
    """What the scenarios found, what each side wrote, and what `dosis check` says of all of it."""

    found: dict[str, list[Measured]] = field(default_factory=dict[str, list[Measured]])
    ours: dict[str, Counts] = field(default_factory=dict[str, Counts])
    floor: dict[str, Counts] = field(default_factory=dict[str, Counts])
    check: CheckReport | None = None


async def _rows(stage: Stage) -> dict[tuple[str, str], int]:
    counted: dict[tuple[str, str], int] = {}
    for service, connection in stage.watch.items():
        for table in await connection.fetch(TABLES):
            rows: int | None = await connection.fetchval(f"SELECT count(*) FROM {table['relname']}")
            counted[service, table["relname"]] = rows or 0
    return counted


async def _written(stage: Stage, work: Callable[[], Awaitable[object]]) -> Counts:
    before = await _rows(stage)
    await work()
    after = await _rows(stage)
    return {table: after[table] - before[table] for table in after if after[table] != before[table]}


async def _play() -> Played:
    played = Played()
    async with open_stage() as stage:
        for name in run.NAMES:
            if name not in ("start", "search"):
                played.found[name] = await run.scenario(stage, TINY, name, (name,))
        await _compare_rows(stage, played)
        # The variations that are searched stand in one service only: not before the check.
        played.check = await check_cell(stage.cell)
        played.found["search"] = await run.scenario(stage, TINY, "search")
    return played


async def _compare_rows(stage: Stage, played: Played) -> None:
    taking_in = intake.Intake(stage, await stage.new_clinic(), 2, 4)
    played.ours["intake"] = await _written(stage, taking_in.ours)
    played.floor["intake"] = await _written(stage, taking_in.floor)

    clinic, twin = [await prepare.lay(stage, 6, 300, 20) for _ in range(2)]
    played.ours["prepare"] = await _written(stage, lambda: prepare.prepared(stage, clinic))
    rows = await replay.read(stage, clinic, twin)
    played.floor["prepare"] = await _written(stage, lambda: replay.write(stage, twin, rows))

    visits, twins = await give.reserved(stage, clinic), await give.reserved(stage, twin)
    played.ours["give"] = await _written(stage, lambda: give.Counter(stage, clinic, 2).ours(visits))
    played.floor["give"] = await _written(stage, lambda: give.Counter(stage, twin, 2).floor(twins))


@pytest.fixture(scope="module")
def played() -> Played:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_play())


@pytest.mark.parametrize("name", [name for name in run.NAMES if name != "start"])
def test_a_scenario_tells_what_it_found(played: Played, name: str) -> None:
    assert name in {one.name for one in played.found[name]}
    for one in played.found[name]:
        assert one.ours > 0
        assert one.unit
        assert one.runs >= 1
        assert one.stolen is None or 0 <= one.stolen <= 1


@pytest.mark.parametrize("name", ["intake", "give"])
def test_the_work_of_people_is_measured_for_one_client_and_for_eight(played: Played, name: str) -> None:
    assert [one.clients for one in played.found[name]] == [1, 8]


@pytest.mark.parametrize("name", ["intake", "give", "prepare"])
def test_ours_stands_beside_a_floor_in_time_and_in_cpu(played: Played, name: str) -> None:
    for one in played.found[name]:
        assert one.floor
        assert one.cpu_ms
        assert one.floor_cpu_ms
        assert one.ratio == pytest.approx(one.ours / one.floor, rel=0.01)
        assert one.cpu_ratio == pytest.approx(one.cpu_ms / one.floor_cpu_ms, rel=0.01)


@pytest.mark.parametrize("name", ["intake", "give", "prepare"])
def test_the_floor_leaves_as_many_rows_of_each_kind_as_ours(played: Played, name: str) -> None:
    assert played.ours[name] == played.floor[name]
    kinds = {table for _, table in played.ours[name]}
    assert {"idempotency", "outbox", "outbox_aggregate", "inbox", "inbox_aggregate", "movement"} <= kinds


def test_what_was_laid_and_what_the_floor_wrote_agrees_with_the_check(played: Played) -> None:
    assert played.check is not None
    assert played.check.differences == ()
    assert played.check.parked_events == 0
