"""Bindings of GTINs to products: stock has the record. Reading them is `shared.gtins`'."""

from uuid import UUID

from shared.database import Transaction

# Taken by whoever is first; nobody waits for what isn't there.
LEARN = """
INSERT INTO gtin_binding (gtin, product_id, units_per_pack, state, learnt_by, learnt_clinic_id, learnt_at)
VALUES ($1, $2, $3, 'learnt', $4, $5, $6)
ON CONFLICT (gtin) DO UPDATE
SET product_id = excluded.product_id,
    units_per_pack = excluded.units_per_pack,
    state = 'learnt',
    learnt_by = excluded.learnt_by,
    learnt_clinic_id = excluded.learnt_clinic_id,
    learnt_at = excluded.learnt_at,
    judged_by = NULL,
    judged_clinic_id = NULL,
    judged_at = NULL,
    reason = NULL
WHERE gtin_binding.state = 'refused'
RETURNING gtin
"""
LOCK = "SELECT FROM gtin_binding WHERE gtin = $1 FOR UPDATE"
JUDGE = """
UPDATE gtin_binding
SET product_id = $2, units_per_pack = $3, state = $4, judged_by = $5, judged_clinic_id = $6, judged_at = $7, reason = $8
WHERE gtin = $1
"""


async def learn(tx: Transaction, gtin: str, product_id: UUID, units_per_pack: int | None) -> bool:
    """Keep who names the product, unless somebody has and nobody refused it; returns whether it is kept."""
    kept = await tx.sql.fetchval(LEARN, gtin, product_id, units_per_pack, tx.person_id, tx.clinic_id, tx.now)
    return kept is not None


async def lock(tx: Transaction, gtin: str) -> None:
    await tx.sql.execute(LOCK, gtin)


async def judge(
    tx: Transaction, gtin: str, product_id: UUID, units_per_pack: int | None, state: str, reason: str | None
) -> None:
    """A pharmacist's word on a binding that the caller has locked."""
    await tx.sql.execute(JUDGE, gtin, product_id, units_per_pack, state, tx.person_id, tx.clinic_id, tx.now, reason)
