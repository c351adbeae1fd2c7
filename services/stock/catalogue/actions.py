"""The catalogue: a file is taken in, a person completes or corrects what it could not tell, a clinic judges."""

from collections.abc import Callable, Sequence
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from services.stock.catalogue import store
from services.stock.catalogue.completing import FullFacts, checked_ingredients, completion_of, correction_of, listed_of
from services.stock.catalogue.corrections import Correction, corrected
from services.stock.catalogue.planning import (
    Change,
    Plan,
    PlannedProducts,
    key_of_code,
    plan,
    plan_open_rows,
    plan_products,
)
from services.stock.catalogue.reading import OpenRow, Reading
from services.stock.errors import ControlledStays, NothingCorrected, OpenRowNotFound
from shared import known
from shared.catalogue import Product, substitution_group
from shared.database import Transaction, Work
from shared.events import stock as events
from shared.ids import derived_id

BATCH_PRODUCTS = 500

Progress = Callable[[int, int], None]
"""Told how many of how many products are done."""


class Imported(Struct, frozen=True, kw_only=True):
    """What an import changed."""

    new: int
    changed: int
    same: int
    open_rows: int
    known_elsewhere: int = 0
    """Packs that another product, which is the same, has already."""


async def preview_catalogue(work: Work, reading: Reading) -> Plan:
    """What an import would change; nothing is written."""
    async with work.reading() as tx:
        standing = await store.standing_of(tx.sql, reading.products)
        return plan(reading, replace(standing, completed=await store.completed_rows(tx.sql)))


def _nobody_watches(_done: int, _of: int) -> None:
    pass


async def import_catalogue(work: Work, source: str, reading: Reading, progress: Progress = _nobody_watches) -> Imported:
    """Take a file's products in: only what changed is written and told; open rows wait for a person."""
    counts = dict.fromkeys(Change, 0)
    set_aside: list[OpenRow] = []
    known_elsewhere = 0
    for start in range(0, len(reading.products), BATCH_PRODUCTS):
        batch = reading.products[start : start + BATCH_PRODUCTS]
        planned = await _import_batch(work, batch, counts)
        set_aside += planned.set_aside
        known_elsewhere += planned.known_elsewhere
        progress(start + len(batch), len(reading.products))
    open_rows = await _keep_open_rows(work, source, reading, set_aside)
    return Imported(
        new=counts[Change.NEW],
        changed=counts[Change.CHANGED],
        same=counts[Change.SAME],
        open_rows=open_rows,
        known_elsewhere=known_elsewhere,
    )


async def _import_batch(work: Work, products: tuple[Product, ...], counts: dict[Change, int]) -> PlannedProducts:
    async with work.transaction() as tx:
        await store.lock_catalogue(tx.sql)
        planned = plan_products(products, await store.standing_of(tx.sql, products))
        for one in planned.products:
            counts[one.change] += 1
        await _list(tx, [one.after for one in planned.products if one.change is not Change.SAME])
        return planned


async def _list(tx: Transaction, products: Sequence[Product]) -> None:
    listed = [(product, substitution_group(product)) for product in products]
    await known.write_products(tx.sql, listed)
    for product, group in listed:
        tx.emit(product.product_id, events.ProductListed(product=product, substitution_group=group))


async def _keep_open_rows(work: Work, source: str, reading: Reading, set_aside: list[OpenRow]) -> int:
    read_now = {key_of_code(pack.code) for product in reading.products for pack in product.packs if pack.code}
    async with work.transaction() as tx:
        await store.lock_catalogue(tx.sql)
        rows = plan_open_rows((*reading.open_rows, *set_aside), await store.completed_rows(tx.sql))
        await store.replace_open_rows(tx.sql, source, rows, read_now)
        return len(rows)


class RowCompleted(Struct, frozen=True, kw_only=True):
    product_id: UUID


async def complete_row(work: Work, row_key: UUID, facts: FullFacts, reason: str) -> RowCompleted:
    """A pharmacist says what a row could not tell; its product is listed, and no import undoes it."""
    async with work.transaction() as tx:
        await store.lock_catalogue(tx.sql)
        row = await store.waiting_row(tx.sql, row_key)
        if row is None:
            raise OpenRowNotFound
        listed = listed_of(facts, row.known, row_key)
        standing = await store.standing_of(tx.sql, [listed])
        product = completion_of(listed, standing, row_key)
        await _list(tx, [product])
        await store.add_correction(tx, product.product_id, correction_of(listed), reason, row_key)
        await store.forget_open_row(tx.sql, row_key)
        return tx.done(RowCompleted(product_id=product.product_id))


class ProductCorrected(Struct, frozen=True, kw_only=True):
    product_id: UUID


async def correct_product(work: Work, product_id: UUID, correction: Correction, reason: str) -> ProductCorrected:
    """A pharmacist puts facts of a product right, for the whole cell; no import undoes it."""
    if correction.ingredients is not None:
        correction = replace(correction, ingredients=checked_ingredients(correction.ingredients))
    async with work.transaction() as tx:
        await store.lock_catalogue(tx.sql)
        before = (await known.product_of(tx.sql, tx.clinic_id, product_id)).product
        product = corrected(before, [correction])
        if product == before:
            raise NothingCorrected
        await _list(tx, [product])
        await store.add_correction(tx, product_id, correction, reason, None)
        return tx.done(ProductCorrected(product_id=product_id))


class ProductJudged(Struct, frozen=True, kw_only=True):
    product_id: UUID


async def judge_product(
    work: Work, product_id: UUID, *, controlled: bool | None, substitution_group: str | None, reason: str
) -> ProductJudged:
    """A pharmacist of the clinic says otherwise than the catalogue: stricter, or another substitution group."""
    async with work.transaction() as tx:
        await known.product_of(tx.sql, tx.clinic_id, product_id)
        if controlled is False:
            raise ControlledStays
        await store.set_override(tx, product_id, controlled=controlled, group=substitution_group, reason=reason)
        told = events.ProductOverridden(
            product_id=product_id, controlled=controlled, substitution_group=substitution_group
        )
        tx.emit(derived_id("override", tx.clinic_id, product_id), told)
        return tx.done(ProductJudged(product_id=product_id))
