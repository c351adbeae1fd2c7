"""The whole bench: its sizes, its order, its table and its file."""

from collections.abc import AsyncIterator, Callable, Collection
from pathlib import Path

import msgspec
from msgspec import Struct

from deploy.bench import give, intake, lag, prepare, rest, search, stock_lists, stock_pages
from deploy.bench.measure import Measured
from deploy.bench.stage import Stage, open_stage


class Sizes(Struct, frozen=True, kw_only=True):
    """How much work; `runs`: of ours and of the floor each, besides the first, which doesn't count."""

    runs: int
    collections: int
    patients: int
    lots: int
    products: int
    visits: int
    ledger: stock_lists.Ledger
    catalogue: int
    queries: int
    lag_collections: int
    starts: int


FULL = Sizes(
    runs=3,
    collections=40,
    patients=1000,
    lots=100_000,
    products=1000,
    visits=120,
    ledger=stock_lists.Ledger(lots=10_000, movements=1_000_000, products=1000, lists=7),
    catalogue=30_000,
    queries=400,
    lag_collections=100,
    starts=5,
)
QUICK = Sizes(
    runs=2,
    collections=8,
    patients=50,
    lots=3000,
    products=100,
    visits=16,
    ledger=stock_lists.Ledger(lots=1000, movements=20_000, products=100, lists=1, rounds=2),
    catalogue=1000,
    queries=40,
    lag_collections=8,
    starts=1,
)
CLIENTS = (1, 8)
NAMES = ("memory", "intake", "give", "event_lag", "prepare", "stock_today", "recall", "pages", "search", "start")
"""In this order: the ledger is small where it is to be small, and what is left behind disturbs nobody."""


async def measure(sizes: Sizes, wanted: Collection[str] = NAMES) -> AsyncIterator[Measured]:
    """Each figure as soon as it is known."""
    async with open_stage() as stage:
        for name in NAMES:
            if name in wanted and name != "start":
                for one in await scenario(stage, sizes, name, wanted):
                    yield one
    if "start" in wanted:
        for one in rest.start(sizes.starts):
            yield one


async def scenario(stage: Stage, sizes: Sizes, name: str, wanted: Collection[str] = NAMES) -> list[Measured]:
    """One scenario on a stage; the movements of one lot are looked at on the ledger of the stock list."""
    match name:
        case "memory":
            return await rest.memory(stage)
        case "intake":
            return [x for n in CLIENTS for x in await intake.measure(stage, n, sizes.collections, sizes.runs)]
        case "give":
            return [x for n in CLIENTS for x in await give.measure(stage, n, sizes.visits, sizes.products, sizes.runs)]
        case "event_lag":
            return await lag.measure(stage, CLIENTS[-1], sizes.lag_collections, sizes.collections)
        case "prepare":
            return await prepare.measure(stage, sizes.patients, sizes.lots, sizes.products, sizes.runs)
        case "stock_today":
            found = await stock_lists.measure(stage, sizes.ledger)
            return [one for one in found if one.name in wanted]
        case "recall" if "stock_today" not in wanted:
            return [one for one in await stock_lists.measure(stage, sizes.ledger) if one.name == "recall"]
        case "pages":
            return await stock_pages.measure(stage, sizes.lots, sizes.products)
        case "search":
            return await search.measure(stage, sizes.catalogue, sizes.queries)
        case _:
            return []


def write_file(found: list[Measured], path: Path) -> None:
    path.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n")


def columns() -> dict[str, Callable[[Measured], object]]:
    """The table's columns, for `print_list`."""
    return {
        "what": lambda one: one.name,
        "clients": lambda one: one.clients or None,
        "unit": lambda one: one.unit,
        "ours": lambda one: _shown(one.ours),
        "floor": lambda one: _shown(one.floor),
        "ratio": lambda one: _shown(one.ratio),
        "CPU ms": lambda one: _shown(one.cpu_ms),
        "floor's CPU ms": lambda one: _shown(one.floor_cpu_ms),
        "CPU ratio": lambda one: _shown(one.cpu_ratio),
        "stolen": lambda one: None if one.stolen is None else f"{one.stolen:.0%}",
        "runs": lambda one: one.runs,
    }


def _shown(value: float | None) -> str | None:
    if value is None:
        return None
    return f"{value:.4g}" if value < 1000 else f"{value:.0f}"
