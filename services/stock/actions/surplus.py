"""People of a clinic say of a lot how many units others may have, and take it back.

Nobody above the clinics matches anything: each tells its own and reads what the others tell. An ask is a transfer.
"""

from uuid import UUID

from msgspec import Struct

from services.stock.errors import ExpiresTooSoonToSend, LotIsHeld, LotNotFound, NotEnoughUnits, SurplusNotOffered
from services.stock.rules.transfer import LEAST_LIFE_DAYS, earliest_expiry
from services.stock.store import lots
from services.stock.store import surplus as store
from shared.database import Transaction, Work


class SurplusChanged(Struct, frozen=True, kw_only=True):
    lot_id: UUID
    units: int


async def offer_surplus(work: Work, lot_id: UUID, units: int) -> SurplusChanged:
    """Other clinics may have so many units of the lot, whatever was said before. Nothing is set apart for them."""
    async with work.transaction() as tx:
        lot = (await lots.lock_lots(tx, [lot_id])).get(lot_id)
        if lot is None:
            raise LotNotFound
        if lot.held_at is not None:
            raise LotIsHeld
        if lot.expires_on < earliest_expiry(tx.today):
            raise ExpiresTooSoonToSend(
                "What leaves must still be good for {least_life_days} days.", least_life_days=LEAST_LIFE_DAYS
            )
        if units > lot.shelf:
            raise NotEnoughUnits(units_there=lot.shelf)
        if (await store.units_of(tx, [lot_id])).get(lot_id) != units:
            await _tell(tx, lot_id, units)
        return tx.done(SurplusChanged(lot_id=lot_id, units=units))


async def withdraw_surplus(work: Work, lot_id: UUID) -> SurplusChanged:
    """Other clinics may have none of the lot any more. What was agreed for a transfer stays agreed."""
    async with work.transaction() as tx:
        if lot_id not in await lots.lock_lots(tx, [lot_id]):
            raise LotNotFound
        if lot_id not in await store.units_of(tx, [lot_id]):
            raise SurplusNotOffered
        await _tell(tx, lot_id, 0)
        return tx.done(SurplusChanged(lot_id=lot_id, units=0))


async def _tell(tx: Transaction, lot_id: UUID, units: int) -> None:
    told = await store.set_units(tx, lot_id, units)
    tx.emit(told.surplus_id, told)
