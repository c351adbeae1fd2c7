"""Which lots could be given for a need: as many as it takes, or all of them to say why not."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from msgspec import Struct

from shared.database import Sql, Transaction


class Candidate(Struct, frozen=True, kw_only=True):
    """A lot that may be given from: what the allocation has to know."""

    lot_id: UUID
    product_id: UUID
    expires_on: date
    opened: bool
    shelf: int
    held: bool


# As many lots of each product as its need takes, first expired first: a lot that outlasts every use counts
# against the need in full, one that may expire before is taken along beside them. From lot to lot by the index:
# to look through all lots of a product takes longer the more of them there are.
_NEXT_LOT = """
LATERAL (
    SELECT lot_id, expires_on, shelf, CASE WHEN expires_on >= $5 THEN shelf ELSE 0 END AS outlasting
    FROM lot
    WHERE clinic_id = $1
        AND product_id = {before}.product_id
        AND shelf > 0
        AND held_at IS NULL
        AND {after}
    ORDER BY expires_on, lot_id
    LIMIT 1
) AS next
"""
_FIRST_LOT = _NEXT_LOT.format(before="wanted", after="expires_on >= $4")
_LOT_AFTER = _NEXT_LOT.format(before="reached", after="(expires_on, lot_id) > (reached.expires_on, reached.lot_id)")
CANDIDATES = f"""
WITH RECURSIVE reached AS (
    SELECT wanted.product_id, wanted.units AS wanted, next.lot_id, next.expires_on, next.shelf, next.outlasting
    FROM unnest($2::uuid[], $3::bigint[]) AS wanted (product_id, units)
    CROSS JOIN {_FIRST_LOT}
    WHERE wanted.units > 0
    UNION ALL
    SELECT reached.product_id, reached.wanted - reached.outlasting, next.lot_id, next.expires_on, next.shelf,
           next.outlasting
    FROM reached
    CROSS JOIN {_LOT_AFTER}
    WHERE reached.wanted > reached.outlasting
)
SELECT lot_id, shelf FROM reached
"""


async def candidates(
    tx: Transaction, wanted_units: dict[UUID, int], from_on: date, through_on: date
) -> dict[UUID, int]:
    """Lots to consider for products and units, valid from the first day of use on; and what each has on the shelf."""
    rows = await tx.sql.fetch(
        CANDIDATES,
        tx.clinic_id,
        list(wanted_units),
        list(wanted_units.values()),
        from_on,
        through_on,
    )
    return {row["lot_id"]: row["shelf"] for row in rows}


ALL_OF_PRODUCTS = """
SELECT lot_id, product_id, expires_on, opened, shelf, held_at IS NOT NULL AS held
FROM lot
WHERE clinic_id = $1
    AND product_id = ANY($2)
    AND quarantine + shelf + reserved > 0
ORDER BY expires_on < $4, expires_on, lot_id
LIMIT $3
"""


async def all_lots_of(tx: Transaction, product_ids: Sequence[UUID], from_on: date, most: int) -> list[Candidate]:
    """Lots with units of these products, also those that could not be given; to explain, not to reserve.

    What has expired before the first day of use comes last: where there are more than `most`, it is left out first.
    """
    rows = await tx.sql.fetch(ALL_OF_PRODUCTS, tx.clinic_id, list(product_ids), most, from_on)
    return [Candidate(**dict(row)) for row in rows]


PRODUCTS_OF_GROUPS = """
SELECT product.product_id,
       coalesce(product_override.substitution_group, product.substitution_group) AS substitution_group,
       coalesce((product.facts ->> 'content_per_unit')::integer, 1) AS content_per_unit,
       product.name
FROM product
LEFT JOIN product_override ON product_override.product_id = product.product_id AND product_override.clinic_id = $1
WHERE coalesce(product_override.substitution_group, product.substitution_group) = ANY($2)
    OR 'product:' || product.product_id = ANY($2)
ORDER BY product.product_id
"""


class GroupMember(Struct, frozen=True, kw_only=True):
    product_id: UUID
    substitution_group: str
    content_per_unit: int
    name: str


async def products_of_groups(sql: Sql, clinic_id: UUID | None, groups: Sequence[str]) -> list[GroupMember]:
    """The products that may stand in for one another, for each group asked for."""
    rows = await sql.fetch(PRODUCTS_OF_GROUPS, clinic_id, list(groups))
    return [GroupMember(**dict(row)) for row in rows]
