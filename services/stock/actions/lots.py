"""Lots: accepted units come in, a lot is held, put right, placed, written off."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from msgspec import Struct

from services.stock.actions.moving import move_units
from services.stock.errors import LotHeldAlready, LotNotExpired, LotNotFound, LotNotHeld, NotEnoughUnits, SameLot
from services.stock.rules.ledger import Account, BusinessStep, Movement
from services.stock.store import lots as store
from shared.database import Transaction, Work
from shared.events import stock as events
from shared.events.donations import LineAccepted


class LotChanged(Struct, frozen=True, kw_only=True):
    lot_id: UUID


async def receive_accepted_lines(work: Work, lines: Sequence[LineAccepted]) -> None:
    """Units that a pharmacist accepted are on the shelf; of a lot that is held, in quarantine."""
    async with work.transaction() as tx:
        identities = [store.LotIdentity(line.product_id, line.batch, line.expires_on, line.opened) for line in lines]
        lot_ids = await store.open_lots(tx, identities)
        lots = await store.lock_lots(tx, list(lot_ids.values()))
        accepted: list[Movement] = []
        for line, identity in zip(lines, identities, strict=True):
            lot = lots[lot_ids[identity]]
            target = Account.QUARANTINE if lot.held_at else Account.SHELF
            accepted.append(
                Movement(
                    lot_id=lot.lot_id, source=Account.DONATED, target=target, units=line.units, cause_id=line.line_id
                )
            )
        await move_units(tx, BusinessStep.ACCEPTING, accepted)


async def hold_lot(work: Work, lot_id: UUID, reason: str) -> LotChanged:
    """Nobody may give from the lot any more: its shelf goes to quarantine, and dispense is told.

    What is reserved stays with its holder, who stops giving it and releases it.
    """
    async with work.transaction() as tx:
        lot = await _locked(tx, lot_id)
        if lot.held_at is not None:
            raise LotHeldAlready
        await store.set_hold(tx, lot_id, reason)
        if lot.shelf:
            movement = _move(lot_id, Account.SHELF, Account.QUARANTINE, lot.shelf, reason)
            await move_units(tx, BusinessStep.HOLDING, [movement])
        tx.emit(lot_id, events.LotHeld(lot_id=lot_id, reason=reason))
        return tx.done(LotChanged(lot_id=lot_id))


async def lift_hold(work: Work, lot_id: UUID, reason: str) -> LotChanged:
    """The lot may be given from again: all that is in quarantine goes back to the shelf."""
    async with work.transaction() as tx:
        lot = await _locked(tx, lot_id)
        if lot.held_at is None and lot.quarantine == 0:
            raise LotNotHeld
        if lot.quarantine:
            movement = _move(lot_id, Account.QUARANTINE, Account.SHELF, lot.quarantine, reason)
            await move_units(tx, BusinessStep.STORING, [movement])
        if lot.held_at is not None:
            await store.set_hold(tx, lot_id, None)
            tx.emit(lot_id, events.LotHoldLifted(lot_id=lot_id))
        return tx.done(LotChanged(lot_id=lot_id))


async def place_lot(work: Work, lot_id: UUID, place: str | None) -> LotChanged:
    """Where the lot lies, in the clinic's own words."""
    async with work.transaction() as tx:
        await _locked(tx, lot_id)
        await store.set_place(tx, lot_id, place)
        return tx.done(LotChanged(lot_id=lot_id))


async def write_off_units(
    work: Work, lot_id: UUID, units: int, source: Account, target: Account, reason: str
) -> LotChanged:
    """Units that expired, were destroyed or are lost leave the shelf or the quarantine."""
    async with work.transaction() as tx:
        lot = await _locked(tx, lot_id)
        if target is Account.EXPIRED and lot.expires_on >= tx.today:
            raise LotNotExpired(expires_on=str(lot.expires_on))
        there = lot.quarantine if source is Account.QUARANTINE else lot.shelf
        if units > there:
            raise NotEnoughUnits(units_there=there)
        step = BusinessStep.CYCLE_COUNTING if target is Account.LOST else BusinessStep.DESTROYING
        await move_units(tx, step, [_move(lot_id, source, target, units, reason)])
        return tx.done(LotChanged(lot_id=lot_id))


async def correct_lot(
    work: Work, lot_id: UUID, units: int, batch: str | None, expires_on: date, *, opened: bool, reason: str
) -> LotChanged:
    """Units on the shelf were under the wrong batch, expiry or condition: out of one lot, into the other."""
    async with work.transaction() as tx:
        wrong = await store.find_lot(tx, lot_id)
        if wrong is None:
            raise LotNotFound
        if (wrong.batch, wrong.expires_on, wrong.opened) == (batch, expires_on, opened):
            raise SameLot
        right_id = await store.open_lot(tx, store.LotIdentity(wrong.product_id, batch, expires_on, opened))
        # Both at once, in the one order: corrections that cross each other must not wait for one another.
        locked = await store.lock_lots(tx, [lot_id, right_id])
        right = locked[right_id]
        if units > locked[lot_id].shelf:
            raise NotEnoughUnits(units_there=locked[lot_id].shelf)
        target = Account.QUARANTINE if right.held_at else Account.SHELF
        out = _move(lot_id, Account.SHELF, Account.RECAST, units, reason)
        back_in = _move(right_id, Account.RECAST, target, units, reason)
        await move_units(tx, BusinessStep.CORRECTING, [out, back_in])
        return tx.done(LotChanged(lot_id=right_id))


def _move(lot_id: UUID, source: Account, target: Account, units: int, reason: str) -> Movement:
    return Movement(lot_id=lot_id, source=source, target=target, units=units, reason=reason)


async def _locked(tx: Transaction, lot_id: UUID) -> store.LotRow:
    lot = (await store.lock_lots(tx, [lot_id])).get(lot_id)
    if lot is None:
        raise LotNotFound
    return lot
