"""pages: how long the server takes for each page of stock, at a clinic with as many lots as a large one has."""

import time

from deploy.bench import laying
from deploy.bench.caller import Caller
from deploy.bench.measure import Measured, alone
from deploy.bench.stage import Clinic, Stage

ROUNDS = 60
WARMING = 8
"""So often each page is asked for before it counts: PostgreSQL plans a question anew the first five times."""

NEIGHBOUR_SURPLUS = 2000
"""So many lots other clinics have told that they can spare."""

SEARCHED = "amlodipine"
"""Of the seed: those that are laid for the bench are all called alike, and nobody looks for a thousand at once."""


async def measure(stage: Stage, lots: int, products: int, rounds: int = ROUNDS) -> list[Measured]:
    """The p95 over all pages; then of each page its median and p95."""
    clinic = await stage.new_clinic()
    laid = await laying.lay_products(stage, products)
    await laying.lay_lots(stage, clinic, lots, laid)
    await laying.lay_neighbour_surplus(stage, laid[:NEIGHBOUR_SURPLUS])
    await stage.tidy()
    caller = stage.caller(clinic)
    found: list[Measured] = []
    every: list[float] = []
    for name, path in _paths(clinic, str(laid[len(laid) // 2])).items():
        took = _asked(caller, path, rounds)
        found.append(alone(f"page {name}", 1, "ms", took))
        found.append(alone(f"page {name} p95", 1, "ms", took, at=0.95))
        every += took
    caller.close()
    return [alone("pages", 1, "ms", every, at=0.95), *found]


def _paths(clinic: Clinic, product_id: str) -> dict[str, str]:
    lot_id = laying.counted_id(clinic, laying.LOT, 0)
    return {
        "overview": "/products",
        "search": f"/products?text={SEARCHED}",
        "product": f"/products/{product_id}",
        "lot": f"/lots/{lot_id}",
        "soon": "/lots?within=90",
        "all lots": "/lots?within=all",
        "why not": f"/products/{product_id}/would-give",
        "surplus": "/surplus",
        "transfers": "/transfers",
        "clinic": "/clinic",
    }


def _asked(caller: Caller, path: str, rounds: int) -> list[float]:
    """In ms."""
    for _ in range(WARMING):
        caller.get_page("stock", path)
    took: list[float] = []
    for _ in range(rounds):
        started = time.perf_counter()
        caller.get_page("stock", path)
        took.append((time.perf_counter() - started) * 1000)
    return took
