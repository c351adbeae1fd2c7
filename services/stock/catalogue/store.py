"""The catalogue's SQL, beside what `shared.known` has for every service."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from services.stock.catalogue.reading import OpenRow
from shared.catalogue import Product
from shared.database import Sql, Transaction

FACTS = "SELECT product_id, facts::text AS facts FROM product WHERE product_id = ANY($1)"


async def facts_of(sql: Sql, product_ids: Sequence[UUID]) -> dict[UUID, Product]:
    rows = await sql.fetch(FACTS, list(product_ids))
    return {row["product_id"]: msgspec.json.decode(row["facts"], type=Product) for row in rows}


FORGET_OPEN_ROWS = "DELETE FROM open_row WHERE source = $1"
ADD_OPEN_ROW = "INSERT INTO open_row (source, row_number, text, missing) VALUES ($1, $2, $3, $4)"


async def replace_open_rows(sql: Sql, source: str, rows: Sequence[OpenRow]) -> None:
    """The rows of one source that wait for a person, as the latest import found them."""
    await sql.execute(FORGET_OPEN_ROWS, source)
    await sql.executemany(
        ADD_OPEN_ROW,
        [(source, row.row_number, row.text, ", ".join(gap.reason for gap in row.gaps)) for row in rows],
    )


SET_OVERRIDE = """
INSERT INTO product_override (clinic_id, product_id, controlled, substitution_group, judged_by, judged_at, reason)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (clinic_id, product_id) DO UPDATE
SET controlled = excluded.controlled,
    substitution_group = excluded.substitution_group,
    judged_by = excluded.judged_by,
    judged_at = excluded.judged_at,
    reason = excluded.reason
"""


async def set_override(
    tx: Transaction, product_id: UUID, *, controlled: bool | None, group: str | None, reason: str
) -> None:
    await tx.sql.execute(SET_OVERRIDE, tx.clinic_id, product_id, controlled, group, tx.person_id, tx.now, reason)
