"""Pharmacy days in numbers, without anybody's name."""

from collections.abc import Sequence
from datetime import date
from typing import Literal
from uuid import UUID

from msgspec import Struct

from shared.database import Transaction

# A visit whose lines were all dropped is none.
NUMBERS = """
WITH day AS (
    SELECT day_id, day_on, state, prepared_at
    FROM pharmacy_day
    WHERE clinic_id = $1 AND {which}
    ORDER BY day_on DESC
    LIMIT $3
)
SELECT day.day_on, day.state, day.prepared_at IS NOT NULL AS prepared,
       count(one.visit_id)::integer AS visits,
       count(*) FILTER (WHERE one.waits)::integer AS waiting,
       count(*) FILTER (WHERE one.short AND NOT one.waits)::integer AS short,
       count(*) FILTER (WHERE one.state = 'served')::integer AS served,
       count(*) FILTER (WHERE one.state = 'not_come')::integer AS not_come
FROM day
LEFT JOIN LATERAL (
    SELECT visit.visit_id, visit.state, bool_or(visit_line.state = 'asked') AS waits,
           bool_or(visit_line.short_units > 0) AS short
    FROM visit
    JOIN visit_line USING (visit_id)
    WHERE visit.day_id = day.day_id AND visit_line.state <> 'dropped'
    GROUP BY visit.visit_id
) AS one ON true
GROUP BY day.day_id, day.day_on, day.state, day.prepared_at
ORDER BY day.day_on DESC
"""
NUMBERS_OF_DAYS = NUMBERS.format(which="day_on = ANY($2)")
NUMBERS_BEFORE = NUMBERS.format(which="day_on < $2")


class DayNumbers(Struct, frozen=True, kw_only=True):
    """How many visits a day has, and how they stand; `waiting`: stock has not answered all of it."""

    day_on: date
    state: Literal["open", "closed"]
    prepared: bool
    visits: int
    waiting: int
    short: int
    served: int
    not_come: int

    @property
    def ready(self) -> int:
        return self.visits - self.waiting - self.short

    @property
    def to_come(self) -> int:
        return self.visits - self.served - self.not_come


async def numbers_of(tx: Transaction, days: Sequence[date]) -> dict[date, DayNumbers]:
    """Of those of these days that were made."""
    rows = await tx.sql.fetch(NUMBERS_OF_DAYS, tx.clinic_id, list(days), len(days))
    return {row["day_on"]: DayNumbers(**dict(row)) for row in rows}


async def numbers_before(tx: Transaction, day_on: date, most: int) -> list[DayNumbers]:
    """Of the days before one, the latest first."""
    return [DayNumbers(**dict(row)) for row in await tx.sql.fetch(NUMBERS_BEFORE, tx.clinic_id, day_on, most)]


PRODUCTS = """
SELECT escrow.product_id, escrow.product_name, sum(escrow.given_units)::integer AS given_units,
       coalesce(sum(escrow.released_units) FILTER (WHERE escrow.stopped_reason IS NULL), 0)::integer AS released_units,
       coalesce(sum(escrow.released_units) FILTER (WHERE escrow.stopped_reason IS NOT NULL), 0)::integer AS held_units
FROM escrow
JOIN visit_line USING (line_id)
JOIN visit USING (visit_id)
WHERE escrow.clinic_id = $1 AND visit.day_id = $2 AND visit_line.state <> 'dropped'
GROUP BY escrow.product_id, escrow.product_name
ORDER BY escrow.product_name
"""


class ProductMoved(Struct, frozen=True, kw_only=True):
    """Of one product on one day: given, sent back to the shelf, held in the meantime."""

    product_id: UUID
    product_name: str
    given_units: int
    released_units: int
    held_units: int


async def products_of_day(tx: Transaction, day_id: UUID) -> list[ProductMoved]:
    return [ProductMoved(**dict(row)) for row in await tx.sql.fetch(PRODUCTS, tx.clinic_id, day_id)]


SHORT = """
SELECT visit_line.product_id, product.name AS product_name, sum(visit_line.short_units)::integer AS short_units,
       count(DISTINCT visit.visit_id)::integer AS patients
FROM visit_line
JOIN visit USING (visit_id)
JOIN product USING (product_id)
WHERE visit.clinic_id = $1 AND visit.day_id = $2 AND visit_line.state = 'answered' AND visit_line.short_units > 0
    AND visit.state <> 'not_come'
GROUP BY visit_line.product_id, product.name
ORDER BY patients DESC, product.name
"""


class ProductShort(Struct, frozen=True, kw_only=True):
    product_id: UUID
    product_name: str
    short_units: int
    patients: int


async def short_of_day(tx: Transaction, day_id: UUID) -> list[ProductShort]:
    """What there isn't enough of, with how many patients lack it; what most lack comes first."""
    return [ProductShort(**dict(row)) for row in await tx.sql.fetch(SHORT, tx.clinic_id, day_id)]
