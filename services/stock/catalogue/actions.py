"""The catalogue: a file is taken in, a clinic judges a product."""

from uuid import UUID

import msgspec
from msgspec import Struct

from services.stock.catalogue import store
from services.stock.catalogue.reading import OpenRow, Reading
from services.stock.errors import ControlledStays
from shared import known
from shared.catalogue import Product, substitution_group
from shared.database import Work
from shared.events import stock as events
from shared.ids import derived_id

BATCH_PRODUCTS = 500


class Imported(Struct, frozen=True, kw_only=True):
    """What an import changed."""

    new: int
    changed: int
    same: int
    open_rows: int


async def import_catalogue(work: Work, source: str, reading: Reading) -> Imported:
    """Take a file's products in: only what changed is written and told; open rows wait for a person."""
    new = changed = same = 0
    for start in range(0, len(reading.products), BATCH_PRODUCTS):
        counts = await _import_batch(work, reading.products[start : start + BATCH_PRODUCTS])
        new, changed, same = new + counts[0], changed + counts[1], same + counts[2]
    await _keep_open_rows(work, source, reading.open_rows)
    return Imported(new=new, changed=changed, same=same, open_rows=len(reading.open_rows))


async def _import_batch(work: Work, products: tuple[Product, ...]) -> tuple[int, int, int]:
    async with work.transaction() as tx:
        before = await store.facts_of(tx.sql, [product.product_id for product in products])
        new = changed = 0
        for read in products:
            first = before.get(read.product_id)
            product = merged(first or read, read)
            if product == first:
                continue
            new, changed = new + (first is None), changed + (first is not None)
            group = substitution_group(product)
            await known.write_product(tx.sql, product, group)
            tx.emit(product.product_id, events.ProductListed(product=product, substitution_group=group))
        return new, changed, len(products) - new - changed


def merged(first: Product, read: Product) -> Product:
    """What a second source says of a product: its word, and the packs and names that only the first had.

    Packs and names stand in an order of their own, so that the same file read again changes nothing.
    """
    read_codes = {pack.code for pack in read.packs if pack.code is not None}
    read_sizes = {pack.units_per_pack for pack in read.packs}
    kept = [
        pack
        for pack in first.packs
        if pack not in read.packs
        and (pack.code not in read_codes if pack.code else pack.units_per_pack not in read_sizes)
    ]
    names = [name for name in first.other_names if name not in read.other_names]
    packs = sorted((*read.packs, *kept), key=lambda pack: (pack.code or "", pack.units_per_pack, pack.label))
    return msgspec.structs.replace(read, packs=tuple(packs), other_names=tuple(sorted((*read.other_names, *names))))


async def _keep_open_rows(work: Work, source: str, rows: tuple[OpenRow, ...]) -> None:
    async with work.transaction() as tx:
        await store.replace_open_rows(tx.sql, source, rows)


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
