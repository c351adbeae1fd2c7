"""The catalogue that searches are tried on, and the table of what people type."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import asyncpg

from services.stock.catalogue import read_bdpm, read_seed, read_unicom
from shared import known
from shared.catalogue import FormGroup, Ingredient, Kind, Pack, Product, Route, moiety_name, product_id_for
from shared.catalogue import substitution_group as group_of

QUERIES = Path(__file__).with_name("search_queries.tsv")
PRODUCTS_AT_ONCE = 1000
BEGINNINGS = Path(__file__).with_name("search_beginnings.tsv")


class Asked(NamedTuple):
    row: int
    query: str
    expected: str

    def is_met_by(self, product: Product) -> bool:
        return any(_meets(product, one.strip()) for one in self.expected.split(" | "))


def asked(table: Path = QUERIES) -> list[Asked]:
    """The table's rows, counted from 1."""
    lines = [line for line in table.read_text().splitlines() if line and not line.startswith("#")]
    return [Asked(row, *line.split("\t")) for row, line in enumerate(lines, 1)]


def _meets(product: Product, expected: str) -> bool:
    moieties = [ingredient.moiety for ingredient in product.ingredients]
    if expected.startswith("@"):
        return product.form_group == expected[1:]
    if expected.startswith("~"):
        return any(expected[1:] in moiety for moiety in moieties)
    if expected.startswith("="):
        name, _, strength = expected[1:].rpartition(" ")
        if not strength.isdecimal():
            return moieties == [expected[1:]]
        return moieties == [name] and product.ingredients[0].strength == strength
    return product.name.startswith(expected)


def real_products(data_folder: Path) -> list[Product]:
    """The seed and UNICOM's Greek packs; rows left open, and those of the bulletin's sample, by name and substance."""
    products = {product.product_id: product for product in read_seed().products}
    products |= {p.product_id: p for p in read_unicom(data_folder / "unicom_greece_packs.csv").products}
    codes = {pack.code for product in products.values() for pack in product.packs}
    with (data_folder / "unicom_greece_packs.csv").open(encoding="utf-8-sig") as file:
        rows = [(row["barcode_280"], row["full_name"], row["moiety"], row["atc"]) for row in csv.DictReader(file)]
    with (data_folder / "greek_bulletin_part.psv").open(encoding="utf-8") as file:
        told = csv.DictReader(file, delimiter="|")
        rows += [(row["barcode"], row["name"], row["substance"], row["atc"]) for row in told]
    left = {code: (name, substance, atc) for code, name, substance, atc in rows if code and code not in codes}
    return [*products.values(), *(_by_name_alone(code, *told) for code, told in left.items())]


def with_french(data_folder: Path) -> list[Product]:
    """The same, and the thousands of the French file beside them."""
    french = {product.product_id: product for product in read_bdpm(data_folder / "bdpm_2017_packs.csv").products}
    return list((french | {product.product_id: product for product in real_products(data_folder)}).values())


def _by_name_alone(code: str, name: str, substance: str, atc: str) -> Product:
    key = f"name:{code}"
    return Product(
        product_id=product_id_for(key),
        source_key=key,
        name=name,
        kind=Kind.MEDICINE,
        ingredients=tuple(Ingredient(moiety_name(one), None, None) for one in substance.split(",")),
        form_group=FormGroup.OTHER,
        form="",
        route=Route.OTHER,
        unit="pack",
        content_unit="pack",
        atc=atc,
        holder=None,
        controlled=False,
        never_automatic=False,
        cold_chain=False,
        packs=(Pack(code, 1, ""),),
    )


async def write_products(sql: asyncpg.Connection, products: Iterable[Product]) -> None:
    async with sql.transaction():
        listed = [(product, group_of(product)) for product in products]
        for start in range(0, len(listed), PRODUCTS_AT_ONCE):
            await known.write_products(sql, listed[start : start + PRODUCTS_AT_ONCE])


async def analyse(owner: asyncpg.Connection) -> None:
    """What autovacuum does soon after: the planner knows the tables, and no entry waits in an index's list."""
    await owner.execute("VACUUM ANALYZE product, pack, search_word")


class Share(NamedTuple):
    """How many of the questions were answered by the first product, and by one of the first three."""

    asked: int
    first: int
    among_three: int
    missed: Sequence[str]


async def share_found(sql: asyncpg.Connection, questions: Sequence[Asked]) -> Share:
    first = among_three = 0
    missed: list[str] = []
    for one in questions:
        async with sql.transaction():
            names = await known.products_named(sql, None, one.query, 3)
        met = [one.is_met_by(each.product) for each in names]
        first, among_three = first + any(met[:1]), among_three + any(met)
        if not any(met[:1]):
            got = "; ".join(each.product.name for each in names)
            missed.append(f"{one.row} {one.query!r}: {got} — not {one.expected}{' (in three)' if any(met) else ''}")
    return Share(len(questions), first, among_three, missed)
