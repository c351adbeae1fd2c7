"""`dosis catalogue search`: a product for whatever somebody types."""

from collections.abc import Callable
from uuid import UUID

import rich_click as click
from msgspec import Struct

from deploy import operator
from deploy.cell import Cell
from deploy.commands.common import run, servers, this_cell
from deploy.commands.listing import print_list
from shared import known, search

BEST = 10


class FoundProduct(Struct, frozen=True, kw_only=True):
    """`strengths` (decimal strings) and their units stand in the order of `substances`; None where one isn't known."""

    product_id: UUID
    name: str
    substances: list[str]
    strengths: list[str | None]
    strength_units: list[str | None]
    form_group: str
    score: float
    match: search.Found


COLUMNS: dict[str, Callable[[FoundProduct], object]] = {
    "name": lambda one: one.name,
    "substance": lambda one: " + ".join(one.substances) or None,
    "form": lambda one: one.form_group,
    "match": lambda one: one.match,
    "score": lambda one: f"{one.score:.2f}",
    "product id": lambda one: one.product_id,
}


@click.command("search")
@click.argument("text")
@click.option("--json", "as_json", is_flag=True)
def catalogue_search(text: str, as_json: bool) -> None:
    """Find a product by a part of its name or substance, in Greek or Latin letters, with a strength or a form."""

    async def work() -> None:
        cell = this_cell()
        async with servers(cell):
            products = await find_products(cell, text)
        print_list(products, COLUMNS, as_json=as_json, nothing="Nothing like it is in the catalogue.")

    run(work())


async def find_products(cell: Cell, text: str) -> list[FoundProduct]:
    """The best ten, best first."""
    async with operator.stock_work(cell) as work:
        await search.refresh_search_tokens(work.database.pool)
        async with work.reading() as tx:
            matches = await search.found(tx.sql, text, BEST)
            facts = await known.products(tx.sql, None, [match.product_id for match in matches])
    return [_found(facts[match.product_id], match) for match in matches]


def _found(known_product: known.KnownProduct, match: search.Match) -> FoundProduct:
    product = known_product.product
    return FoundProduct(
        product_id=product.product_id,
        name=product.name,
        substances=[ingredient.moiety for ingredient in product.ingredients],
        strengths=[ingredient.strength for ingredient in product.ingredients],
        strength_units=[ingredient.strength_unit for ingredient in product.ingredients],
        form_group=product.form_group,
        score=match.score,
        match=match.match,
    )
