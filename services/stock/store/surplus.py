"""Surplus: what this clinic tells the others that they may have, lot by lot, and what they tell it."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from msgspec import Struct

from services.stock.store.transfer import NAMED
from shared import search
from shared.database import Transaction
from shared.events.stock import ProductName, SurplusOffered
from shared.ids import new_id

MOST_PRODUCTS = 500
"""So many products are looked for by what somebody types."""

# Ours

UNITS_OF = "SELECT lot_id, units FROM surplus WHERE clinic_id = $1 AND lot_id = ANY($2) AND units > 0"


async def units_of(tx: Transaction, lot_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Of these lots, those that others may have units of."""
    return {row["lot_id"]: row["units"] for row in await tx.sql.fetch(UNITS_OF, tx.clinic_id, list(lot_ids))}


_TOLD = """
SELECT changed.surplus_id, changed.units, lot.expires_on, lot.opened, product.name,
       ARRAY(SELECT code FROM pack WHERE pack.product_id = lot.product_id ORDER BY code) AS codes
FROM changed
JOIN lot USING (clinic_id, lot_id)
JOIN product USING (product_id)
ORDER BY changed.surplus_id
"""
SET = f"""
WITH changed AS (
    INSERT INTO surplus (surplus_id, clinic_id, lot_id, units, offered_by, offered_at)
    VALUES ($3, $1, $2, $4, $5, $6)
    ON CONFLICT (clinic_id, lot_id) DO UPDATE
    SET units = excluded.units, offered_by = excluded.offered_by, offered_at = excluded.offered_at
    RETURNING surplus_id, clinic_id, lot_id, units
)
{_TOLD}
"""
_SHELF = "(SELECT shelf FROM lot WHERE lot.clinic_id = surplus.clinic_id AND lot.lot_id = surplus.lot_id)"
# All lots in one question, whose answer is nearly always: none.
LOWER = f"""
WITH changed AS (
    UPDATE surplus
    SET units = {_SHELF}
    WHERE clinic_id = $1 AND lot_id = ANY($2) AND units > 0 AND units > {_SHELF}
    RETURNING surplus_id, clinic_id, lot_id, units
)
{_TOLD}
"""


async def set_units(tx: Transaction, lot_id: UUID, units: int) -> SurplusOffered:
    """Others may have so many units of a lot, which is locked."""
    [told] = await _changed(tx, SET, lot_id, new_id(), units, tx.person_id, tx.now)
    return told


async def lower_to_shelf(tx: Transaction, lot_ids: Sequence[UUID]) -> list[SurplusOffered]:
    """Where more was told than is on the shelf, as many as are; the lots are locked. Returns what changed."""
    return await _changed(tx, LOWER, list(lot_ids))


async def _changed(tx: Transaction, statement: str, *values: object) -> list[SurplusOffered]:
    return [
        SurplusOffered(
            surplus_id=row["surplus_id"],
            product=ProductName(codes=tuple(row["codes"]), name=row["name"]),
            expires_on=row["expires_on"],
            opened=row["opened"],
            units=row["units"],
        )
        for row in await tx.sql.fetch(statement, tx.clinic_id, *values)
    ]


class OwnSurplus(Struct, frozen=True, kw_only=True):
    """A lot that others may have units of: how many they may, and how many are on the shelf."""

    lot_id: UUID
    product_id: UUID
    product_name: str
    batch: str | None
    expires_on: date
    opened: bool
    units: int
    shelf: int
    offered_at: datetime
    offered_by: str | None
    """Who said so; absent only where the registry does not know the person."""


# With OFFSET 0 each lot is looked up by itself: joined, PostgreSQL would go through all that the clinic has.
_OURS = """
SELECT surplus.lot_id, lot.product_id, product.name AS product_name, lot.batch, lot.expires_on, lot.opened,
       surplus.units, lot.shelf, surplus.offered_at, person.display_name AS offered_by
FROM surplus
CROSS JOIN LATERAL (
    SELECT product_id, batch, expires_on, opened, shelf
    FROM lot
    WHERE lot.clinic_id = surplus.clinic_id AND lot.lot_id = surplus.lot_id
    OFFSET 0
) AS lot
JOIN product USING (product_id)
LEFT JOIN person ON person.person_id = surplus.offered_by
WHERE surplus.clinic_id = $1 AND surplus.units > 0
"""
OURS = _OURS + "ORDER BY lot.expires_on, surplus.lot_id LIMIT $2 OFFSET $3"
OF_LOT = _OURS + "AND surplus.lot_id = $2"
COUNT_OURS = "SELECT count(*) FROM surplus WHERE clinic_id = $1 AND units > 0"


async def ours(tx: Transaction, most: int, before: int = 0) -> list[OwnSurplus]:
    """What this clinic offers, what expires first on top; `before`: so many are passed over."""
    return [OwnSurplus(**dict(row)) for row in await tx.sql.fetch(OURS, tx.clinic_id, most, before)]


async def of_lot(tx: Transaction, lot_id: UUID) -> OwnSurplus | None:
    row = await tx.sql.fetchrow(OF_LOT, tx.clinic_id, lot_id)
    return OwnSurplus(**dict(row)) if row else None


async def count_ours(tx: Transaction) -> int:
    return await tx.sql.fetchval(COUNT_OURS, tx.clinic_id) or 0


# Theirs


HEAR = """
INSERT INTO neighbour_surplus (clinic_id, surplus_id, product_codes, product_name, expires_on, opened, units)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (clinic_id, surplus_id) DO UPDATE
SET product_codes = excluded.product_codes,
    product_name = excluded.product_name,
    expires_on = excluded.expires_on,
    opened = excluded.opened,
    units = excluded.units
"""


async def hear(tx: Transaction, told: SurplusOffered) -> None:
    """What the transaction's clinic says now."""
    product = told.product
    await tx.sql.execute(
        HEAR,
        tx.clinic_id,
        told.surplus_id,
        list(product.codes),
        product.name,
        told.expires_on,
        told.opened,
        told.units,
    )


class NeighbourSurplus(Struct, frozen=True, kw_only=True):
    """What another clinic could do without, and what this one has of the same product."""

    clinic_id: UUID
    clinic_name: str
    surplus_id: UUID
    product_id: UUID | None
    """In this cell's catalogue; null where it does not know the product by its codes or its name."""
    product_name: str
    expires_on: date
    opened: bool
    units: int
    shelf: int
    """This clinic's own units of it on the shelf that have not expired."""


class Sought(NamedTuple):
    """What is looked for: products, and a part of the name where the catalogue does not know the product."""

    product_ids: Sequence[UUID]
    text: str


async def sought(tx: Transaction, text: str) -> Sought:
    """For what somebody typed."""
    return Sought([match.product_id for match in await search.found(tx.sql, text, MOST_PRODUCTS)], text)


# What this clinic lacks comes first, then what it has; what its catalogue doesn't know comes last.
THEIRS = f"""
WITH told AS MATERIALIZED (
    SELECT said.clinic_id, neighbour.name AS clinic_name, said.surplus_id, named.product_id, said.product_name,
           said.expires_on, said.opened, said.units
    FROM neighbour_surplus AS said
    JOIN neighbour USING (clinic_id)
    LEFT JOIN LATERAL (
        SELECT (array_agg(one.product_id))[1] AS product_id
        FROM ({NAMED.format(codes="said.product_codes", name="said.product_name")} LIMIT 2) AS one
        HAVING count(*) = 1
    ) AS named ON true
    WHERE said.clinic_id <> $1 AND said.units > 0 AND said.expires_on >= $2
), here AS MATERIALIZED (
    SELECT each.product_id
    FROM (SELECT DISTINCT product_id FROM told) AS each
    WHERE EXISTS (
        SELECT
        FROM lot
        WHERE lot.clinic_id = $1 AND lot.product_id = each.product_id AND lot.shelf > 0 AND lot.expires_on >= $3
    )
)
SELECT clinic_id, clinic_name, surplus_id, told.product_id, product_name, expires_on, opened, units,
       count(*) OVER () AS number
FROM told
LEFT JOIN here USING (product_id)
WHERE $4::uuid[] IS NULL
    OR product_id = ANY($4)
    OR (product_id IS NULL AND strpos(lower(product_name), lower($5)) > 0)
ORDER BY product_id IS NULL, here.product_id IS NOT NULL, expires_on, product_name, clinic_id, surplus_id
LIMIT $6
OFFSET $7
"""
ON_SHELF = """
SELECT product_id, sum(shelf)::bigint AS units
FROM lot
WHERE clinic_id = $1 AND product_id = ANY($2) AND shelf > 0 AND expires_on >= $3
GROUP BY product_id
"""


async def theirs(
    tx: Transaction, expires_from: date, which: Sought | None, most: int, before: int = 0
) -> tuple[list[NeighbourSurplus], int]:
    """What the other clinics could do without and what expires no earlier; and of how many these are a part."""
    wanted = (list(which.product_ids), which.text) if which else (None, None)
    rows = await tx.sql.fetch(THEIRS, tx.clinic_id, expires_from, tx.today, *wanted, most, before)
    known = [row["product_id"] for row in rows if row["product_id"] is not None]
    shelves = {row["product_id"]: row["units"] for row in await tx.sql.fetch(ON_SHELF, tx.clinic_id, known, tx.today)}
    found = [NeighbourSurplus(**dict(list(row.items())[:-1]), shelf=shelves.get(row["product_id"], 0)) for row in rows]
    return found, rows[0]["number"] if rows else 0
