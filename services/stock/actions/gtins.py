"""Which product a GTIN is: learnt the first time, then confirmed, changed or refused by a pharmacist.

Lots that were made meanwhile keep their product: a mistake there is put right lot by lot.
"""

from typing import Literal
from uuid import UUID

from msgspec import Struct

from services.stock.errors import (
    GtinBoundOtherwise,
    GtinCheckDigitWrong,
    GtinInCatalogue,
    GtinNotBound,
)
from services.stock.store import gtins as store
from shared import gtins, known
from shared.codes import is_gtin
from shared.database import Transaction, Work
from shared.events.donations import GtinLearnt
from shared.events.stock import GtinBound
from shared.ids import derived_id


class GtinChanged(Struct, frozen=True, kw_only=True):
    gtin: str
    product_id: UUID
    units_per_pack: int | None
    state: gtins.State


async def learn_gtin(work: Work, gtin: str, product_id: UUID, units_per_pack: int | None) -> GtinChanged:
    """A pharmacist names the product of a GTIN that nobody knew, or whose binding was refused."""
    async with work.transaction() as tx:
        await _refuse_unless_free(tx, gtin)
        await known.product_of(tx.sql, tx.clinic_id, product_id)
        if await store.learn(tx, gtin, product_id, units_per_pack):
            return tx.done(await _tell(tx, gtin))
        binding = await gtins.binding_of(tx.sql, gtin)
        assert binding is not None
        if binding.product_id != product_id:
            raise GtinBoundOtherwise(product_id=binding.product_id, state=binding.state)
        return tx.done(_changed(binding))


async def take_learnt_gtin(work: Work, event: GtinLearnt) -> None:
    """What a partner pharmacist named at donations; who was first, or a pharmacist, keeps the word."""
    async with work.transaction() as tx:
        if await gtins.pack_in_catalogue(tx.sql, event.gtin) is None and await store.learn(
            tx, event.gtin, event.product_id, event.units_per_pack
        ):
            await _tell(tx, event.gtin)


async def judge_gtin(
    work: Work,
    gtin: str,
    outcome: Literal["confirm", "refuse"],
    product_id: UUID | None,
    units_per_pack: int | None,
    reason: str | None,
) -> GtinChanged:
    """A clinic's pharmacist confirms a binding, for another product if one is named, or refuses it."""
    async with work.transaction() as tx:
        await store.lock(tx, gtin)
        binding = await gtins.binding_of(tx.sql, gtin)
        if binding is None:
            raise GtinNotBound
        chosen = product_id or binding.product_id
        await known.product_of(tx.sql, tx.clinic_id, chosen)
        units = units_per_pack or (binding.units_per_pack if chosen == binding.product_id else None)
        await store.judge(tx, gtin, chosen, units, "confirmed" if outcome == "confirm" else "refused", reason)
        return tx.done(await _tell(tx, gtin))


async def _refuse_unless_free(tx: Transaction, gtin: str) -> None:
    if not is_gtin(gtin):
        raise GtinCheckDigitWrong
    in_catalogue = await gtins.pack_in_catalogue(tx.sql, gtin)
    if in_catalogue is not None:
        raise GtinInCatalogue(product_id=in_catalogue[0])


async def _tell(tx: Transaction, gtin: str) -> GtinChanged:
    """Tell the others how the binding stands now."""
    binding = await gtins.binding_of(tx.sql, gtin)
    assert binding is not None
    tx.emit(
        derived_id("gtin", gtin),
        GtinBound(
            gtin=gtin,
            product_id=binding.product_id,
            units_per_pack=binding.units_per_pack,
            state=binding.state,
            learnt_by=binding.learnt_by,
            learnt_clinic_id=binding.learnt_clinic_id,
            learnt_at=binding.learnt_at,
            judged_by=binding.judged_by,
            judged_clinic_id=binding.judged_clinic_id,
            judged_at=binding.judged_at,
        ),
    )
    return _changed(binding)


def _changed(binding: gtins.Binding) -> GtinChanged:
    return GtinChanged(
        gtin=binding.gtin,
        product_id=binding.product_id,
        units_per_pack=binding.units_per_pack,
        state=binding.state,
    )
