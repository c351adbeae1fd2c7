"""Escrow: units are reserved for dispense, taken out when it gave them, sent back when it did not."""

from collections.abc import Sequence
from uuid import UUID

from services.stock.actions import choosing
from services.stock.actions.moving import move_units
from services.stock.errors import LotNotFound
from services.stock.rules.fefo import Pick
from services.stock.rules.ledger import Account, BusinessStep, Movement, where_released_units_go
from services.stock.store import lots
from services.stock.store import reservation as store
from services.stock.store.reservation import Reserved
from shared.database import Transaction, Work
from shared.errors import DosisError
from shared.events import dispense as asked
from shared.events import stock as events
from shared.events.parts import in_parts
from shared.ids import derived_id
from shared.policies import SharingRule

ToldRow = events.ReservedLot | events.Shortfall


class ReservationUnknown(DosisError):
    title = "Units were taken from a reservation that stock never made"
    detail = "Run `dosis check`; this event waits until people have looked."


async def take_request_part(work: Work, part: asked.ReservationAsked) -> None:
    """One part of what a pharmacy day asks for; when all are in, everything is allocated at once."""
    async with work.transaction() as tx:
        parts_in = await store.keep_part(tx, part.request_id, part.part, part.parts, part.lines)
        if parts_in < part.parts:
            return
        await store.allocate_alone(tx)
        lines = await store.lines_of(tx, part.request_id)
        found = await choosing.choose(tx, lines, SharingRule(part.sharing_rule))
        reserved = [Reserved(reference=p.reference, lot_id=p.lot_id, units=p.units) for p in found.picks]
        movements = _movements(reserved, Account.SHELF, Account.RESERVED)
        await move_units(tx, BusinessStep.RESERVING, movements)
        await store.reserve(tx, "visit_line", part.request_id, reserved)
        await store.set_state(tx, part.request_id, "answered")
        await _answer(tx, part.request_id, found)


async def abandon_request(work: Work, abandoned: asked.ReservationAbandoned) -> None:
    """Nobody waits any more: whatever the request reserved goes back, and what comes later of it counts no more."""
    async with work.transaction() as tx:
        await store.abandon(tx, abandoned.request_id)
        await send_back(tx, await store.left_of_request(tx, abandoned.request_id))


async def take_dispensed(work: Work, event: asked.Dispensed) -> None:
    """What the counter gave leaves the reserve, whatever has become of the lot meanwhile."""
    async with work.transaction() as tx:
        drawn = _summed(event.lines)
        movements = _movements(drawn, Account.RESERVED, Account.DISPENSED)
        await move_units(tx, BusinessStep.DISPENSING, movements, event.operation_id)
        _require_all(await store.take(tx, drawn), drawn)


async def undo_dispensed(work: Work, event: asked.DispensingUndone) -> None:
    """Units given by mistake are back in the reserve: each movement of the operation is mirrored."""
    async with work.transaction() as tx:
        mirrored = [
            Movement(
                lot_id=first["lot_id"],
                source=Account(first["to_account"]),
                target=Account(first["from_account"]),
                units=first["units"],
                cause_id=first["cause_id"],
                reverses=first["movement_id"],
            )
            for first in await lots.movements_of_operation(tx, event.undoes)
        ]
        await move_units(tx, BusinessStep.DISPENSING, mirrored, event.operation_id)
        drawn = [Reserved(reference=r.reference, lot_id=r.lot_id, units=-r.units) for r in _summed(event.lines)]
        _require_all(await store.take(tx, drawn), drawn)


async def take_released(work: Work, event: asked.ReservationReleased) -> None:
    """What was not given goes where each lot's state says."""
    async with work.transaction() as tx:
        await send_back(tx, _summed(event.lines), event.operation_id)


async def send_back(tx: Transaction, drawn: Sequence[Reserved], operation_id: UUID | None = None) -> None:
    """Release reserved units to the shelf, or to quarantine where the lot is held."""
    if not drawn:
        return
    known = await lots.lock_lots(tx, [one.lot_id for one in drawn])
    if any(one.lot_id not in known for one in drawn):
        raise LotNotFound
    movements = [
        Movement(
            lot_id=one.lot_id,
            source=Account.RESERVED,
            target=where_released_units_go(held=known[one.lot_id].held_at is not None),
            units=one.units,
            cause_id=one.reference,
        )
        for one in drawn
    ]
    await move_units(tx, BusinessStep.RELEASING, movements, operation_id)
    _require_all(await store.release(tx, drawn), drawn)


def _movements(reserved: Sequence[Reserved], source: Account, target: Account) -> list[Movement]:
    return [
        Movement(lot_id=one.lot_id, source=source, target=target, units=one.units, cause_id=one.reference)
        for one in reserved
    ]


def _summed(lines: Sequence[asked.ReservedUnits]) -> list[Reserved]:
    """One row for each reference and lot, though a person may have given of it twice."""
    sums: dict[tuple[UUID, UUID], int] = {}
    for line in lines:
        sums[line.reference, line.lot_id] = sums.get((line.reference, line.lot_id), 0) + line.units
    return [Reserved(reference=reference, lot_id=lot_id, units=units) for (reference, lot_id), units in sums.items()]


def _require_all(found: int, drawn: Sequence[Reserved]) -> None:
    if found != len(drawn):
        raise ReservationUnknown(rows_found=found, rows_wanted=len(drawn))


async def _answer(tx: Transaction, request_id: UUID, found: choosing.Chosen) -> None:
    rows: dict[UUID, list[ToldRow]] = {}
    for pick in found.picks:
        rows.setdefault(pick.reference, []).append(_told(found, pick))
    for reference, units in found.short_units.items():
        rows.setdefault(reference, []).append(events.Shortfall(reference=reference, units_short=units))
    parts = in_parts(rows.values()) or [[]]
    answers = [
        events.ReservationAnswered(
            request_id=request_id,
            part=number,
            parts=len(parts),
            lots=tuple(row for row in part if isinstance(row, events.ReservedLot)),
            shortfalls=tuple(row for row in part if isinstance(row, events.Shortfall)),
        )
        for number, part in enumerate(parts, start=1)
    ]
    tx.emit(derived_id("answer", request_id), *answers)


def _told(found: choosing.Chosen, pick: Pick) -> events.ReservedLot:
    lot = found.lots[pick.lot_id]
    return events.ReservedLot(
        reference=pick.reference,
        lot_id=pick.lot_id,
        product_id=lot.product_id,
        product_name=lot.product_name,
        batch=lot.batch,
        expires_on=lot.expires_on,
        opened=lot.opened,
        place=lot.place,
        units=pick.units,
        content_per_unit=found.content_per_unit[lot.product_id],
        use_through_on=pick.use_through_on,
    )
