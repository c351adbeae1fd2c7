"""search: what somebody types, found among very many products.

The products are those of the seed and variations of them: their brands with other syllables, in other strengths.
Whether the right one is found is not asked here (see tests/shared/search_queries.tsv), only how long it takes.
"""

import asyncio
import time
from collections.abc import Sequence
from random import Random
from urllib.parse import quote

from msgspec.structs import replace

from deploy.bench.measure import Measured, alone
from deploy.bench.processes import Stretch
from deploy.bench.stage import Stage
from services.stock.catalogue import read_seed
from shared import known
from shared.catalogue import Product
from shared.ids import derived_id

SYLLABLES = [consonant + vowel for consonant in "bdfgklmnprstvxz" for vowel in "aeio"]
STRENGTHS = (5, 10, 20, 25, 40, 50, 80, 100, 150, 200, 250, 400, 500, 850, 1000)
SERVICE = "donations"


def variations(number: int) -> list[Product]:
    """So many products with names of their own, always the same ones."""
    seed = read_seed().products
    random = Random(30_000)  # noqa: S311 - variations, not secrets
    found: list[Product] = []
    for made in range(number):
        model = seed[made % len(seed)]
        brand, _, rest = model.name.partition(" ")
        changed = brand[: random.randint(1, 4)] + "".join(random.choices(SYLLABLES, k=random.randint(1, 3))).upper()
        name = f"{changed} {rest} {random.choice(STRENGTHS)}MG"
        product_id = derived_id("bench variation", made)
        found.append(replace(model, product_id=product_id, source_key=f"variation:{made}", name=name, packs=()))
    return found


def typed(products: Sequence[Product], number: int) -> list[str]:
    """What might be typed for them: a whole brand, its beginning, one with a slip, one with the strength."""
    random = Random(200)  # noqa: S311 - as above
    found: list[str] = []
    for made in range(number):
        brand, *others = random.choice(products).name.split()
        place = random.randrange(1, max(len(brand) - 1, 2))
        found.append(
            (
                brand.lower(),
                brand[: max(3, len(brand) - 2)].lower(),
                (brand[:place] + brand[place + 1 :]).lower(),
                f"{brand.lower()} {others[-1].removesuffix('MG')}" if others else brand,
            )[made % 4]
        )
    return found


async def _lay(stage: Stage, products: Sequence[Product]) -> None:
    async with stage.floor[SERVICE].acquire() as sql:
        async with sql.transaction():
            for product in products:
                await known.write_product(sql, product, f"variation-{product.source_key}")
        await sql.execute("VACUUM ANALYZE", timeout=600)


async def measure(stage: Stage, products: int, queries: int) -> list[Measured]:
    made = variations(products)
    await _lay(stage, made)
    clinic = await stage.new_clinic()
    caller = stage.caller(clinic)
    texts = typed(made, queries)
    for text in texts[:20]:
        caller.get_raw(SERVICE, f"/products?text={quote(text)}&most=10")

    def ask() -> list[float]:
        took: list[float] = []
        for text in texts:
            started = time.perf_counter()
            caller.get_raw(SERVICE, f"/products?text={quote(text)}&most=10")
            took.append((time.perf_counter() - started) * 1000)
        return took

    stretch = Stretch(stage.processes)
    took = await asyncio.to_thread(ask)
    run = stretch.end(len(texts))
    caller.close()
    more = {"stolen": round(run.stolen, 4), "cpu_ms": round(run.cpu_ms, 3)}
    return [
        alone("search", 1, "ms (p95)", took, at=0.95, **more),
        alone("search_p50", 1, "ms (p50)", took, **more),
    ]
