"""Transfers, as a person of either clinic makes them. What the other clinic says comes in `hearing`.

Each clinic writes its own row; the two talk only through `net.*` events, also within one cell.
"""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from msgspec import Struct

from services.stock.actions import reservation, setting_apart
from services.stock.actions.moving import move_units
from services.stock.errors import (
    ClinicNotHeard,
    LineNotInTransfer,
    NotEnoughUnits,
    ProductMustBeNamed,
    TransferNotFound,
    TransferNotReady,
)
from services.stock.rules import transfer as rules
from services.stock.rules.ledger import Account, BusinessStep, Movement
from services.stock.store import lots
from services.stock.store import reservation as reservations
from services.stock.store import transfer as store
from shared import known
from shared.database import Transaction, Work
from shared.events import stock as events
from shared.ids import new_id


class TransferChanged(Struct, frozen=True, kw_only=True):
    transfer_id: UUID
    state: store.State


class WantedLine(Struct, frozen=True, kw_only=True):
    product_id: UUID
    units: int


class CountedLot(Struct, frozen=True, kw_only=True):
    lot_number: int
    units: int
    product_id: UUID | None = None


async def request_transfer(
    work: Work, from_clinic_id: UUID, wanted: Sequence[WantedLine], note: str | None
) -> TransferChanged:
    """Ask another clinic for units."""
    async with work.transaction() as tx:
        if from_clinic_id == tx.clinic_id or not await store.is_heard(tx.sql, from_clinic_id):
            raise ClinicNotHeard
        transfer_id, side_id = new_id(), new_id()
        lines: list[store.TransferLine] = []
        asked: list[events.RequestedLine] = []
        for number, line in enumerate(wanted, start=1):
            product = (await known.product_of(tx.sql, tx.clinic_id, line.product_id)).product
            name = await store.name_of(tx.sql, line.product_id, product.name)
            asked.append(events.RequestedLine(line_number=number, product=name, units=line.units))
            lines.append(asked_line(asked[-1]))
        await store.open_transfer(tx, transfer_id, side_id, "asking", from_clinic_id, note, lines)
        told = events.TransferRequested(
            transfer_id=transfer_id, to_clinic_id=from_clinic_id, lines=tuple(asked), note=note
        )
        tx.emit(side_id, told)
        return tx.done(TransferChanged(transfer_id=transfer_id, state="requested"))


def asked_line(line: events.RequestedLine) -> store.TransferLine:
    return store.TransferLine(
        line_number=line.line_number,
        product_codes=line.product.codes,
        product_name=line.product.name,
        asked_units=line.units,
    )


async def agree_transfer(work: Work, transfer_id: UUID, agreed: Sequence[events.AgreedLine]) -> TransferChanged:
    """Say yes to a request, in whole or in part, and set its lots apart: what expires first goes first."""
    async with work.transaction() as tx:
        transfer = await locked(tx, transfer_id, "sending", ("requested",))
        lines = {line.line_number: line for line in await store.lines_of(tx, transfer_id)}
        wanted = await setting_apart.wanted_units(tx, lines, agreed)
        picks = await setting_apart.set_apart(tx, transfer.side_id, wanted)
        for line in agreed:
            there = sum(pick.units for pick in picks if pick.line_number == line.line_number)
            if there < line.units:
                raise NotEnoughUnits(line_number=line.line_number, units_there=there)
            await store.agree_line(tx, transfer_id, line.line_number, line.units, line.reason)
        left_out = [
            events.AgreedLine(line_number=n, units=0) for n in lines if n not in {x.line_number for x in agreed}
        ]
        for line in left_out:
            await store.agree_line(tx, transfer_id, line.line_number, 0, None)
        await store.add_lots(tx, transfer_id, await setting_apart.shipping_lots(tx, picks, lines))
        await store.set_state(tx, transfer_id, "agreed")
        told = events.TransferAgreed(
            transfer_id=transfer_id, to_clinic_id=transfer.other_clinic_id, lines=(*agreed, *left_out)
        )
        tx.emit(transfer.side_id, told)
        return tx.done(TransferChanged(transfer_id=transfer_id, state="agreed"))


async def decline_transfer(work: Work, transfer_id: UUID, reason: str) -> TransferChanged:
    """Say no, with the reason; what had been agreed and set apart goes back to the shelf."""
    async with work.transaction() as tx:
        transfer = await locked(tx, transfer_id, "sending", ("requested", "agreed"))
        await reservation.send_back(tx, await reservations.left_of_reference(tx, transfer.side_id))
        await store.set_state(tx, transfer_id, "declined", reason)
        told = events.TransferDeclined(transfer_id=transfer_id, to_clinic_id=transfer.other_clinic_id, reason=reason)
        tx.emit(transfer.side_id, told)
        return tx.done(TransferChanged(transfer_id=transfer_id, state="declined"))


async def ship_transfer(work: Work, transfer_id: UUID) -> TransferChanged:
    """The lots leave: from now on they are in transit, until the other clinic has counted them.

    A lot that was held or has expired since it was agreed stops the shipment, and is named.
    """
    async with work.transaction() as tx:
        transfer = await locked(tx, transfer_id, "sending", ("agreed",))
        leaving = await reservations.left_of_reference(tx, transfer.side_id)
        known_lots = await lots.lock_lots(tx, [one.lot_id for one in leaving])
        unfit = [x.lot_id for x in known_lots.values() if x.held_at is not None or x.expires_on < tx.today]
        if unfit or not leaving:
            raise TransferNotReady(
                "A lot of it is held or expired, or nothing was agreed: decline it with the reason.",
                lots=unfit,
            )
        movements = [
            Movement(
                lot_id=one.lot_id,
                source=Account.RESERVED,
                target=Account.IN_TRANSIT,
                units=one.units,
                cause_id=transfer.side_id,
            )
            for one in leaving
        ]
        await move_units(tx, BusinessStep.SHIPPING, movements)
        await reservations.take(tx, leaving)
        await store.set_state(tx, transfer_id, "shipped")
        shipped = tuple(shipped_lot(lot) for lot in await store.lots_of(tx, transfer_id))
        told = events.TransferShipped(transfer_id=transfer_id, to_clinic_id=transfer.other_clinic_id, lots=shipped)
        tx.emit(transfer.side_id, told)
        return tx.done(TransferChanged(transfer_id=transfer_id, state="shipped"))


def shipped_lot(lot: store.TransferLot) -> events.ShippedLot:
    return events.ShippedLot(
        lot_number=lot.lot_number,
        line_number=lot.line_number,
        product=events.ProductName(codes=lot.product_codes, name=lot.product_name),
        batch=lot.batch,
        expires_on=lot.expires_on,
        opened=lot.opened,
        units=lot.shipped_units,
    )


async def receive_transfer(work: Work, transfer_id: UUID, counts: Sequence[CountedLot]) -> TransferChanged:
    """Count what arrived, lot by lot; a lot that isn't named was not there. The other clinic is told."""
    async with work.transaction() as tx:
        transfer = await locked(tx, transfer_id, "asking", ("shipped",))
        shipped = await store.lots_of(tx, transfer_id)
        counted = {count.lot_number: count for count in counts}
        if len(counted) != len(counts) or counted.keys() - {lot.lot_number for lot in shipped}:
            raise LineNotInTransfer
        own = {x.lot_number: await _own_lot(tx, x, counted.get(x.lot_number)) for x in shipped}
        known_lots = await lots.lock_lots(tx, [lot_id for lot_id in own.values() if lot_id])
        movements: list[Movement] = []
        for lot in shipped:
            units = counted[lot.lot_number].units if lot.lot_number in counted else 0
            lot_id = own[lot.lot_number]
            await store.count_lot(tx, transfer_id, lot.lot_number, units, lot_id)
            if lot_id is not None:
                fit = known_lots[lot_id].held_at is None and lot.expires_on >= tx.today
                movements += rules.movements_on_arrival(lot_id, lot.shipped_units, units, transfer.side_id, fit=fit)
        await move_units(tx, BusinessStep.RECEIVING, movements)
        state = await _tell_count(tx, transfer, shipped, {n: c.units for n, c in counted.items()})
        return tx.done(TransferChanged(transfer_id=transfer_id, state=state))


async def _own_lot(tx: Transaction, lot: store.TransferLot, count: CountedLot | None) -> UUID | None:
    """This clinic's own lot of what was shipped; None when none of it arrived."""
    if count is None or count.units == 0:
        return None
    product_id = await store.product_named(tx.sql, lot.product_codes, lot.product_name) or count.product_id
    if product_id is None:
        raise ProductMustBeNamed(lot_number=lot.lot_number, product_name=lot.product_name)
    await known.product_of(tx.sql, tx.clinic_id, product_id)
    return await lots.open_lot(tx, lots.LotIdentity(product_id, lot.batch, lot.expires_on, lot.opened))


async def _tell_count(
    tx: Transaction, transfer: store.TransferRow, shipped: Sequence[store.TransferLot], units: dict[int, int]
) -> store.State:
    missing = rules.missing_units({lot.lot_number: lot.shipped_units for lot in shipped}, units)
    state: store.State = "received" if missing else "closed"
    await store.set_state(tx, transfer.transfer_id, state)
    told = events.TransferReceived(
        transfer_id=transfer.transfer_id,
        to_clinic_id=transfer.other_clinic_id,
        lots=tuple(events.CountedLot(lot_number=lot.lot_number, units=units.get(lot.lot_number, 0)) for lot in shipped),
    )
    tx.emit(transfer.side_id, told)
    return state


async def settle_transfer(
    work: Work, transfer_id: UUID, outcome: Literal["lost", "returned"], note: str
) -> TransferChanged:
    """People of the sending clinic say what became of the units that did not arrive."""
    async with work.transaction() as tx:
        transfer = await locked(tx, transfer_id, "sending", ("received",))
        target = Account.LOST if outcome == "lost" else Account.QUARANTINE
        movements = [
            Movement(
                lot_id=lot.lot_id,
                source=Account.IN_TRANSIT,
                target=target,
                units=lot.shipped_units - (lot.counted_units or 0),
                cause_id=transfer.side_id,
                reason=note,
            )
            for lot in await store.lots_of(tx, transfer_id)
            if lot.lot_id is not None and lot.shipped_units > (lot.counted_units or 0)
        ]
        await move_units(tx, BusinessStep.SETTLING, movements)
        await store.set_state(tx, transfer_id, "closed", settled_reason(outcome, note))
        told = events.TransferSettled(
            transfer_id=transfer_id, to_clinic_id=transfer.other_clinic_id, outcome=outcome, note=note
        )
        tx.emit(transfer.side_id, told)
        return tx.done(TransferChanged(transfer_id=transfer_id, state="closed"))


def settled_reason(outcome: str, note: str) -> str:
    """How a settlement reads, the same on both sides."""
    return f"{outcome}: {note}"


async def locked(
    tx: Transaction, transfer_id: UUID, side: store.Side, states: Sequence[store.State]
) -> store.TransferRow:
    transfer = await store.find_transfer(tx, transfer_id, lock=True)
    if transfer is None:
        raise TransferNotFound
    if transfer.side != side or transfer.state not in states:
        raise TransferNotReady(state=transfer.state, side=transfer.side)
    return transfer
