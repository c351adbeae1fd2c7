"""What another clinic says: that it is there, what it could do without, and, on this clinic's own row, of a transfer.

Every event on the network is read; those for clinics of other cells only count.
"""

from collections.abc import Sequence
from uuid import UUID

from services.stock.actions.moving import move_units
from services.stock.actions.transfer import asked_line, locked, settled_reason
from services.stock.errors import TransferNotFound
from services.stock.rules.ledger import Account, BusinessStep, Movement
from services.stock.store import surplus
from services.stock.store import transfer as store
from shared.database import Transaction, Work
from shared.events import stock as events
from shared.ids import new_id


async def hear_clinic(work: Work, event: events.ClinicAnnounced) -> None:
    assert work.clinic_id is not None
    async with work.transaction() as tx:
        await store.hear(tx, work.clinic_id, event.name)


async def hear_surplus(work: Work, event: events.SurplusOffered) -> None:
    async with work.transaction() as tx:
        await surplus.hear(tx, event)


async def _is_for_us(work: Work, clinic_id: UUID) -> bool:
    async with work.transaction() as tx:
        return await store.is_ours(tx.sql, clinic_id)


async def _locked_with(
    tx: Transaction, other_id: UUID | None, transfer_id: UUID, side: store.Side, states: Sequence[store.State]
) -> store.TransferRow:
    """The transfer, if it is with the clinic that speaks: no other has a word in it."""
    transfer = await locked(tx, transfer_id, side, states)
    if transfer.other_clinic_id != other_id:
        raise TransferNotFound
    return transfer


async def hear_requested(work: Work, event: events.TransferRequested) -> None:
    """Another clinic asks: our row of the transfer begins."""
    if not await _is_for_us(work, event.to_clinic_id):
        return
    assert work.clinic_id is not None
    async with work.at(event.to_clinic_id).transaction() as tx:
        lines = [asked_line(line) for line in event.lines]
        await store.open_transfer(tx, event.transfer_id, new_id(), "sending", work.clinic_id, event.note, lines)


async def hear_agreed(work: Work, event: events.TransferAgreed) -> None:
    if not await _is_for_us(work, event.to_clinic_id):
        return
    async with work.at(event.to_clinic_id).transaction() as tx:
        await _locked_with(tx, work.clinic_id, event.transfer_id, "asking", ("requested",))
        for line in event.lines:
            await store.agree_line(tx, event.transfer_id, line.line_number, line.units, line.reason)
        await store.set_state(tx, event.transfer_id, "agreed")


async def hear_declined(work: Work, event: events.TransferDeclined) -> None:
    if not await _is_for_us(work, event.to_clinic_id):
        return
    async with work.at(event.to_clinic_id).transaction() as tx:
        await _locked_with(tx, work.clinic_id, event.transfer_id, "asking", ("requested", "agreed"))
        await store.set_state(tx, event.transfer_id, "declined", event.reason)


async def hear_shipped(work: Work, event: events.TransferShipped) -> None:
    """The lots are on their way: what they are, to be counted on arrival."""
    if not await _is_for_us(work, event.to_clinic_id):
        return
    async with work.at(event.to_clinic_id).transaction() as tx:
        await _locked_with(tx, work.clinic_id, event.transfer_id, "asking", ("agreed",))
        coming = [
            store.TransferLot(
                lot_number=lot.lot_number,
                line_number=lot.line_number,
                product_codes=lot.product.codes,
                product_name=lot.product.name,
                batch=lot.batch,
                expires_on=lot.expires_on,
                opened=lot.opened,
                lot_id=None,
                shipped_units=lot.units,
            )
            for lot in event.lots
        ]
        await store.add_lots(tx, event.transfer_id, coming)
        await store.set_state(tx, event.transfer_id, "shipped")


async def hear_received(work: Work, event: events.TransferReceived) -> None:
    """What they counted is sent for good; the rest stays in transit until people settle it."""
    if not await _is_for_us(work, event.to_clinic_id):
        return
    async with work.at(event.to_clinic_id).transaction() as tx:
        transfer = await _locked_with(tx, work.clinic_id, event.transfer_id, "sending", ("shipped",))
        counted = {lot.lot_number: lot.units for lot in event.lots}
        shipped = await store.lots_of(tx, event.transfer_id)
        movements: list[Movement] = []
        for lot in shipped:
            units = counted.get(lot.lot_number, 0)
            await store.count_lot(tx, event.transfer_id, lot.lot_number, units, None)
            assert lot.lot_id is not None, "what was shipped came out of our own lots"
            if units:
                movements.append(
                    Movement(
                        lot_id=lot.lot_id,
                        source=Account.IN_TRANSIT,
                        target=Account.SENT,
                        units=min(units, lot.shipped_units),
                        cause_id=transfer.side_id,
                    )
                )
        await move_units(tx, BusinessStep.SHIPPING, movements)
        complete = all(counted.get(lot.lot_number, 0) >= lot.shipped_units for lot in shipped)
        await store.set_state(tx, event.transfer_id, "closed" if complete else "received")


async def hear_settled(work: Work, event: events.TransferSettled) -> None:
    if not await _is_for_us(work, event.to_clinic_id):
        return
    async with work.at(event.to_clinic_id).transaction() as tx:
        await _locked_with(tx, work.clinic_id, event.transfer_id, "asking", ("received",))
        await store.set_state(tx, event.transfer_id, "closed", settled_reason(event.outcome, event.note))
