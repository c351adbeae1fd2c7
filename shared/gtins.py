"""GTINs that are not the code of a pack: which product each was learnt to be, and by whom.

A 2D pack's GTIN need not equal its 280 code. Somebody names the product the first time; a pharmacist of a clinic
confirms, changes or refuses it. Stock has the record, the others its projection; the clinics of a cell share it.
"""

from datetime import datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct

from shared import known
from shared.codes import codes_of
from shared.database import Sql, Work
from shared.events import stock
from shared.inbox import Consumers

State = Literal["learnt", "confirmed", "refused"]


class Binding(Struct, frozen=True, kw_only=True):
    """What people say that a GTIN is; names where they are known here."""

    gtin: str
    product_id: UUID
    units_per_pack: int | None
    state: State
    learnt_by: UUID
    learnt_by_name: str | None = None
    learnt_clinic_id: UUID
    learnt_clinic_name: str | None = None
    learnt_at: datetime
    judged_by: UUID | None = None
    judged_by_name: str | None = None
    judged_clinic_id: UUID | None = None
    judged_clinic_name: str | None = None
    judged_at: datetime | None = None


class KnownPack(Struct, frozen=True, kw_only=True):
    """What is known of a scanned number, by the catalogue or by a binding.

    `needs_look`: no pharmacist of a clinic has confirmed the binding yet.
    """

    product: known.KnownProduct
    units_per_pack: int | None
    binding: Binding | None
    needs_look: bool


_BINDING = """
SELECT gtin_binding.gtin, gtin_binding.product_id, gtin_binding.units_per_pack, gtin_binding.state,
       gtin_binding.learnt_by, learner.display_name AS learnt_by_name,
       gtin_binding.learnt_clinic_id, learnt_clinic.name AS learnt_clinic_name, gtin_binding.learnt_at,
       gtin_binding.judged_by, judge.display_name AS judged_by_name,
       gtin_binding.judged_clinic_id, judged_clinic.name AS judged_clinic_name, gtin_binding.judged_at
FROM gtin_binding
LEFT JOIN person AS learner ON learner.person_id = gtin_binding.learnt_by
LEFT JOIN person AS judge ON judge.person_id = gtin_binding.judged_by
LEFT JOIN clinic AS learnt_clinic ON learnt_clinic.clinic_id = gtin_binding.learnt_clinic_id
LEFT JOIN clinic AS judged_clinic ON judged_clinic.clinic_id = gtin_binding.judged_clinic_id
"""
ONE_BINDING = _BINDING + "WHERE gtin_binding.gtin = $1"
BINDINGS = (
    _BINDING
    + """
WHERE $1::text IS NULL OR gtin_binding.state = $1
ORDER BY gtin_binding.learnt_at, gtin_binding.gtin
LIMIT $2
"""
)
PACKS_OF_CODES = "SELECT product_id, units_per_pack FROM pack WHERE code = ANY($1) ORDER BY code"
KEEP_BINDING = """
INSERT INTO gtin_binding (gtin, product_id, units_per_pack, state, learnt_by, learnt_clinic_id, learnt_at,
                          judged_by, judged_clinic_id, judged_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (gtin) DO UPDATE
SET product_id = excluded.product_id,
    units_per_pack = excluded.units_per_pack,
    state = excluded.state,
    learnt_by = excluded.learnt_by,
    learnt_clinic_id = excluded.learnt_clinic_id,
    learnt_at = excluded.learnt_at,
    judged_by = excluded.judged_by,
    judged_clinic_id = excluded.judged_clinic_id,
    judged_at = excluded.judged_at
"""


async def binding_of(sql: Sql, gtin: str) -> Binding | None:
    row = await sql.fetchrow(ONE_BINDING, gtin)
    return Binding(**dict(row)) if row else None


async def bindings(sql: Sql, state: State | None, most: int) -> list[Binding]:
    """What was learnt first stands on top; None: in every state."""
    return [Binding(**dict(row)) for row in await sql.fetch(BINDINGS, state, most)]


async def pack_in_catalogue(sql: Sql, gtin: str) -> tuple[UUID, int] | None:
    """The product and the units of a number that is the code of a pack, however many digits it is written with."""
    found = {(row["product_id"], row["units_per_pack"]) for row in await sql.fetch(PACKS_OF_CODES, codes_of(gtin))}
    return found.pop() if len(found) == 1 else None


async def pack_of(sql: Sql, clinic_id: UUID | None, gtin: str) -> KnownPack | None:
    """The pack that a GTIN is; the catalogue has the word before a binding, and a refused binding has none."""
    pack = await pack_in_catalogue(sql, gtin)
    if pack is not None:
        product = await known.product_of(sql, clinic_id, pack[0])
        return KnownPack(product=product, units_per_pack=pack[1], binding=None, needs_look=False)
    binding = await binding_of(sql, gtin)
    if binding is None or binding.state == "refused":
        return None
    product = (await known.products(sql, clinic_id, [binding.product_id])).get(binding.product_id)
    if product is None:  # Its event is on the way.
        return None
    return KnownPack(
        product=product,
        units_per_pack=binding.units_per_pack,
        binding=binding,
        needs_look=binding.state == "learnt",
    )


async def keep_binding(work: Work, event: stock.GtinBound) -> None:
    async with work.transaction() as tx:
        await tx.sql.execute(
            KEEP_BINDING,
            event.gtin,
            event.product_id,
            event.units_per_pack,
            event.state,
            event.learnt_by,
            event.learnt_clinic_id,
            event.learnt_at,
            event.judged_by,
            event.judged_clinic_id,
            event.judged_at,
        )


CONSUMERS: Consumers = {stock.GtinBound: keep_binding}
"""What donations and dispense do on stock's events of bindings."""
