"""What is on the shelves, as people look through it: by product, and by expiry."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from msgspec import Struct

from services.stock.rules.expiry import FAR_AHEAD, LONG_AGO, WITHIN_DAYS, last_within
from services.stock.store.lots import COLUMNS, LotRow, lot_of
from shared.database import Transaction

# As the condition of the index lot_inside_idx says it, word for word: else PostgreSQL doesn't use it.
_INSIDE = "lot.quarantine + lot.shelf + lot.reserved + lot.in_transit > 0"
BEGINNING = UUID(int=0)
"""Comes before every lot of its day."""


class ProductTotals(Struct, frozen=True, kw_only=True):
    """The units of one product at a clinic, summed over its lots."""

    lots: int = 0
    shelf: int = 0
    reserved: int = 0
    quarantine: int = 0
    in_transit: int = 0
    earliest_on: date | None = None


TOTALS = f"""
SELECT product_id,
       count(*) AS lots,
       sum(shelf)::bigint AS shelf,
       sum(reserved)::bigint AS reserved,
       sum(quarantine)::bigint AS quarantine,
       sum(in_transit)::bigint AS in_transit,
       min(expires_on) AS earliest_on
FROM lot
WHERE clinic_id = $1 AND product_id = ANY($2) AND {_INSIDE}
GROUP BY product_id
"""


async def totals_of(tx: Transaction, product_ids: Sequence[UUID]) -> dict[UUID, ProductTotals]:
    """Of these products, those with units inside."""
    rows = await tx.sql.fetch(TOTALS, tx.clinic_id, list(product_ids))
    return {row["product_id"]: ProductTotals(**dict(list(row.items())[1:])) for row in rows}


# From product to product by the index: to look at each lot would take longer the more lots there are.
PRODUCTS_ON_SHELF = """
WITH RECURSIVE here AS (
    (SELECT product_id FROM lot WHERE clinic_id = $1 AND shelf > 0 ORDER BY product_id LIMIT 1)
    UNION ALL
    SELECT (
        SELECT lot.product_id
        FROM lot
        WHERE lot.clinic_id = $1 AND lot.shelf > 0 AND lot.product_id > here.product_id
        ORDER BY lot.product_id
        LIMIT 1
    )
    FROM here
    WHERE here.product_id IS NOT NULL
)
SELECT count(product_id) FROM here
"""
COUNT_LOTS = f"""
SELECT count(*)
FROM lot
WHERE clinic_id = $1 AND {_INSIDE} AND expires_on BETWEEN $2 AND $3
"""
COUNT_BY_DAYS = f"""
SELECT count(*) FILTER (WHERE expires_on < $2) AS expired,
       count(*) FILTER (WHERE expires_on BETWEEN $2 AND $3) AS first,
       count(*) FILTER (WHERE expires_on BETWEEN $2 AND $4) AS second,
       count(*) FILTER (WHERE expires_on BETWEEN $2 AND $5) AS third,
       count(*) FILTER (WHERE expires_on BETWEEN $2 AND $6) AS fourth
FROM lot
WHERE clinic_id = $1 AND {_INSIDE} AND expires_on <= $6
"""


class Overview(Struct, frozen=True, kw_only=True):
    """What a clinic has. `lots_within`: by the days within which they expire; under "0" what has expired."""

    products: int
    lots: int
    lots_within: dict[str, int]


async def overview(tx: Transaction) -> Overview:
    products = await tx.sql.fetchval(PRODUCTS_ON_SHELF, tx.clinic_id)
    return Overview(
        products=products or 0, lots=await count_lots(tx, LONG_AGO, FAR_AHEAD), lots_within=await counts_within(tx)
    )


async def count_lots(tx: Transaction, from_on: date, until_on: date) -> int:
    """Lots with units inside that expire in these days."""
    return await tx.sql.fetchval(COUNT_LOTS, tx.clinic_id, from_on, until_on) or 0


async def counts_within(tx: Transaction) -> dict[str, int]:
    """How many lots have expired ("0"), and how many more expire within 30, 60, 90, 180 days."""
    last_days = [last_within(days, tx.today) for days in WITHIN_DAYS]
    row = await tx.sql.fetchrow(COUNT_BY_DAYS, tx.clinic_id, tx.today, *last_days)
    assert row is not None
    return dict(zip(("0", *map(str, WITHIN_DAYS)), row, strict=True))


_PAGE = f"""
SELECT {COLUMNS}
FROM lot
JOIN product USING (product_id)
WHERE lot.clinic_id = $1
    AND {_INSIDE}
    AND lot.expires_on BETWEEN $2 AND $3
    AND (lot.expires_on, lot.lot_id) > ($4, $5)
    {{which}}
ORDER BY lot.expires_on, lot.lot_id
LIMIT $6
"""
PAGE_OF_LOTS = _PAGE.format(which="")
PAGE_OF_PRODUCT = _PAGE.format(which="AND lot.product_id = $7")


async def page_of_lots(
    tx: Transaction, days: tuple[date, date], after: tuple[date, UUID] | None, most: int
) -> list[LotRow]:
    """Lots with units inside that expire in these days, what expires first on top."""
    return await _page(tx, PAGE_OF_LOTS, days, after, most)


async def page_of_product(
    tx: Transaction, product_id: UUID, after: tuple[date, UUID] | None, most: int
) -> list[LotRow]:
    """Lots of one product with units inside, what expires first on top."""
    return await _page(tx, PAGE_OF_PRODUCT, (LONG_AGO, FAR_AHEAD), after, most, product_id)


async def _page(
    tx: Transaction,
    statement: str,
    days: tuple[date, date],
    after: tuple[date, UUID] | None,
    most: int,
    *which: UUID,
) -> list[LotRow]:
    after_on, after_id = after or (days[0], BEGINNING)
    return [lot_of(row) for row in await tx.sql.fetch(statement, tx.clinic_id, *days, after_on, after_id, most, *which)]


OF_IDS = f"""
SELECT {COLUMNS}
FROM lot
JOIN product USING (product_id)
WHERE lot.clinic_id = $1 AND lot.lot_id = ANY($2)
"""


async def lots_of_ids(tx: Transaction, lot_ids: Sequence[UUID]) -> dict[UUID, LotRow]:
    return {row["lot_id"]: lot_of(row) for row in await tx.sql.fetch(OF_IDS, tx.clinic_id, list(lot_ids))}


CLINIC_NAME = "SELECT name FROM clinic WHERE clinic_id = $1"


async def clinic_name(tx: Transaction) -> str:
    """As it stands on the paper that is printed here."""
    return await tx.sql.fetchval(CLINIC_NAME, tx.clinic_id) or ""
