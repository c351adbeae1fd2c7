"""What stock says: which lots are set apart, and which may no longer be given."""

from collections.abc import Sequence
from uuid import UUID

from services.dispense import store
from services.dispense.actions.preparing import tell_released
from shared.database import Transaction, Work
from shared.errors import DosisError
from shared.events import stock as events
from shared.events.dispense import ReservedUnits


class RequestUnknown(DosisError):
    title = "Stock answered a request that dispense never made"
    detail = "Run `dosis check`; this event waits until people have looked."


async def take_answer(work: Work, answer: events.ReservationAnswered) -> None:
    """Reserved lots belong to their lines from now on.

    What nobody waits for any more is released at once: the day is closed, the line was dropped, or the lot has
    been held. An abandoned request needs nothing: stock takes all of it back.
    """
    async with work.transaction() as tx:
        request = await store.requests.lock_request(tx, answer.request_id)
        if request is None:
            raise RequestUnknown(request_id=str(answer.request_id))
        if request.state == "abandoned":
            return
        await store.requests.note_answer_part(tx, answer.request_id, answer.parts)
        references = {lot.reference for lot in answer.lots} | {x.reference for x in answer.shortfalls}
        lines = await store.visit_lines.lines_of_request(tx, answer.request_id, sorted(references))
        unfit = await store.held.held_lots(tx, [lot.lot_id for lot in answer.lots])
        if request.day_state == "closed":  # nothing of it can be given: all of it goes back, and is short
            unfit = {lot.lot_id for lot in answer.lots}
        kept = [lot for lot in answer.lots if lot.reference in lines and lot.lot_id not in unfit]
        await store.escrow.add_escrow(tx, [(lines[lot.reference], lot) for lot in kept])
        await store.visit_lines.mark_answered(tx, _answered(answer, lines, unfit))
        unwanted = [lot for lot in answer.lots if lot.reference not in lines or lot.lot_id in unfit]
        # No visit ever had these: the day tells it.
        tell_released(tx, [(request.day_id, units) for units in _units(unwanted)])


def _answered(
    answer: events.ReservationAnswered, lines: dict[UUID, UUID], unfit: set[UUID]
) -> list[tuple[UUID, int, int | None]]:
    """(line, units short, content of one unit); units of a lot that can't be kept count as short."""
    short = dict.fromkeys(lines, 0)
    content: dict[UUID, int] = {}
    for shortfall in answer.shortfalls:
        if shortfall.reference in lines:
            short[shortfall.reference] += shortfall.units_short
    for lot in answer.lots:
        if lot.reference in lines:
            content[lot.reference] = lot.content_per_unit
            short[lot.reference] += lot.units if lot.lot_id in unfit else 0
    return [(lines[reference], short[reference], content.get(reference)) for reference in lines]


def _units(lots: Sequence[events.ReservedLot]) -> list[ReservedUnits]:
    return [ReservedUnits(reference=lot.reference, lot_id=lot.lot_id, units=lot.units) for lot in lots]


async def stop_held_lot(work: Work, event: events.LotHeld) -> None:
    """A lot is held: it is given no more, its units go back, and who was given of it is listed."""
    async with work.transaction() as tx:
        await store.held.keep_lot_state(tx.sql, tx.clinic_id, event.lot_id, event.reason)
        await _stop(tx, event.lot_id, event.reason)
        await store.held.list_for_call_back(tx, event.lot_id, event.reason)


async def _stop(tx: Transaction, lot_id: UUID, reason: str) -> None:
    await store.held.lock_lines_of_lot(tx, lot_id)
    stopped = await store.escrow.stop_lot(tx, lot_id, reason)
    await store.escrow.add_short(tx, [(line_id, units.units) for line_id, _, units in stopped])
    tell_released(tx, [(visit_id, units) for _, visit_id, units in stopped])


async def note_hold_lifted(work: Work, event: events.LotHoldLifted) -> None:
    """The lot may be reserved again; what was released stays so until the day is prepared again."""
    async with work.transaction() as tx:
        await store.held.keep_lot_state(tx.sql, tx.clinic_id, event.lot_id, None)
