"""stock_today and recall: whether lists stay as quick while the ledger grows under them."""

import asyncio
import threading
import time
from collections.abc import Callable
from statistics import median
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from deploy.bench import laying
from deploy.bench.caller import Caller
from deploy.bench.measure import Measured, Run, alone, compared
from deploy.bench.processes import Stretch
from deploy.bench.stage import Clinic, Stage

PAGE = 500
WRITES_A_SECOND = 20


class Ledger(Struct, frozen=True):
    """How large: the movements of all lots together are `lots` at first, then `movements`."""

    lots: int
    movements: int
    products: int
    lists: int
    rounds: int = 9


def list_all(caller: Caller, lots: int) -> None:
    """Every lot of the clinic through the API, page by page."""
    after, seen = "", 0
    while after is not None:
        page = caller.get("stock", f"/lots?most={PAGE}" + (f"&after={after}" if after else ""))
        seen += len(page["lots"])
        after = page["next"]
    assert seen == lots, f"{seen} lots of {lots}"


class Writers:
    """Somebody who writes meanwhile, at an even pace: holds a lot and lifts the hold, two movements each time."""

    def __init__(self, caller: Caller, lots: list[str]) -> None:
        self.caller = caller
        self.lots = lots
        self.done = 0
        self._over = threading.Event()

    def run(self) -> None:
        started = time.monotonic()
        while not self._over.wait(max(0.0, started + self.done / WRITES_A_SECOND - time.monotonic())):
            lot, verb = self.lots[self.done // 2 % len(self.lots)], ("hold", "lift-hold")[self.done % 2]
            self.caller.do("stock", f"/lots/{lot}/{verb}", {"reason": "bench"})
            self.done += 1
        if self.done % 2:
            self.caller.do(
                "stock", f"/lots/{self.lots[self.done // 2 % len(self.lots)]}/lift-hold", {"reason": "bench"}
            )

    def end(self) -> None:
        self._over.set()


class Lists:
    """The scenario at one clinic, before and after its ledger has grown."""

    def __init__(self, stage: Stage, clinic: Clinic, ledger: Ledger) -> None:
        self.stage = stage
        self.clinic = clinic
        self.ledger = ledger

    async def while_others_write(self, work: Callable[[], int]) -> Run:
        """What the work costs: CPU without what the same writing costs alone."""
        lots = await self.stage.watch["stock"].fetch(
            "SELECT lot_id::text FROM lot WHERE clinic_id = $1 ORDER BY expires_on DESC LIMIT 50", self.clinic.clinic_id
        )
        ids = [row["lot_id"] for row in lots]
        alone_a_second = await self._beside_writers(ids, lambda: _sleep(2.0))
        run = await self._beside_writers(ids, work)
        cpu_seconds = max(run.cpu_seconds - alone_a_second.cpu_seconds / alone_a_second.seconds * run.seconds, 0.0)
        return replace(run, cpu_seconds=cpu_seconds)

    async def _beside_writers(self, lots: list[str], work: Callable[[], int]) -> Run:
        writers = Writers(self.stage.caller(self.clinic), lots)
        writing = asyncio.create_task(asyncio.to_thread(writers.run))
        stretch = Stretch(self.stage.processes)
        run = stretch.end(await asyncio.to_thread(work))
        writers.end()
        await writing
        writers.caller.close()
        return run

    async def lists(self) -> list[Run]:
        caller = self.stage.caller(self.clinic)
        list_all(caller, self.ledger.lots)

        def one() -> int:
            list_all(caller, self.ledger.lots)
            return 1

        runs = [await self.while_others_write(one) for _ in range(self.ledger.lists)]
        caller.close()
        return runs


def _sleep(seconds: float) -> int:
    time.sleep(seconds)
    return 1


async def measure(stage: Stage, ledger: Ledger) -> list[Measured]:
    """The list of all lots with one movement each, and again when each has a hundred; then one lot's movements."""
    clinic = await stage.new_clinic()
    await laying.lay_lots(stage, clinic, ledger.lots, await laying.lay_products(stage, ledger.products))
    await stage.tidy()
    lists = Lists(stage, clinic, ledger)
    small = await lists.lists()
    await laying.lay_movements(stage, clinic, ledger.movements // ledger.lots - 1, ledger.rounds)
    await stage.tidy()
    large = await lists.lists()
    return [compared("stock_today", 1, "ms a list", large, small), *await _recall(stage, clinic)]


async def _recall(stage: Stage, clinic: Clinic) -> list[Measured]:
    """The movements of one lot, through the API; beside it the bare question."""
    rows = await stage.watch["stock"].fetch(
        "SELECT lot_id FROM lot WHERE clinic_id = $1 ORDER BY lot_id LIMIT 300", clinic.clinic_id
    )
    caller = stage.caller(clinic)
    stretch = Stretch(stage.processes)
    took = [_timed(lambda n=row["lot_id"]: caller.get_raw("stock", f"/lots/{n}")) for row in rows]
    run = stretch.end(len(rows))
    caller.close()
    bare: list[float] = []
    question = "SELECT * FROM movement WHERE clinic_id = $1 AND lot_id = $2 ORDER BY movement_id"
    async with stage.floor["stock"].acquire() as sql:
        beneath = Stretch(stage.processes, floor=True)
        for row in rows:
            started = time.perf_counter()
            await sql.fetch(question, clinic.clinic_id, row["lot_id"])
            bare.append((time.perf_counter() - started) * 1000)
        floor = beneath.end(len(rows))
    found = alone("recall", 1, "ms", took, stolen=round(run.stolen, 3), cpu_ms=round(run.cpu_ms, 3))
    return [
        replace(
            found,
            floor=round(median(bare), 3),
            ratio=round(median(took) / median(bare), 2),
            floor_cpu_ms=round(floor.cpu_ms, 3),
            cpu_ratio=round(run.cpu_ms / floor.cpu_ms, 2),
        )
    ]


def _timed(work: Callable[[], Any]) -> float:
    """In ms."""
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000
