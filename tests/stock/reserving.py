"""Dispense's questions to stock, as its events would bring them, and stock's answers."""

from collections.abc import Sequence
from uuid import UUID

from services.stock.actions import reservation
from shared.events.dispense import AskedLine, Dispensed, ReservationAsked, ReservationReleased, ReservedUnits
from shared.events.stock import ReservationAnswered, ReservedLot
from shared.ids import new_id
from tests.stock.clinic import AMLODIPINE, OwnClinic


def asked(
    clinic: OwnClinic,
    content: str = "30",
    *,
    group: str = AMLODIPINE,
    per_day: str | None = "1",
    days: int = 30,
    order: int = 0,
    reference: UUID | None = None,
) -> AskedLine:
    """A visit line's need from today on."""
    return AskedLine(
        reference=reference or new_id(),
        order=order,
        substitution_group=group,
        content_needed=content,
        content_per_day=per_day,
        from_on=clinic.today,
        through_on=clinic.day(days - 1),
    )


def part_of(request_id: UUID, lines: Sequence[AskedLine], part: int = 1, parts: int = 1) -> ReservationAsked:
    return ReservationAsked(
        request_id=request_id, part=part, parts=parts, sharing_rule="first_come", lines=tuple(lines)
    )


async def ask(clinic: OwnClinic, *lines: AskedLine) -> UUID:
    """Ask for these lines in one part; returns the request."""
    request_id = new_id()
    await reservation.take_request_part(clinic.work(), part_of(request_id, lines))
    return request_id


async def answers(clinic: OwnClinic, request_id: UUID) -> list[ReservationAnswered]:
    return [told for told in await clinic.told_of(ReservationAnswered) if told.request_id == request_id]


async def reserved_for(clinic: OwnClinic, request_id: UUID) -> list[ReservedLot]:
    return [lot for answer in await answers(clinic, request_id) for lot in answer.lots]


async def short_of(clinic: OwnClinic, request_id: UUID) -> dict[UUID, int]:
    """Units short, by reference."""
    found = await answers(clinic, request_id)
    return {short.reference: short.units_short for answer in found for short in answer.shortfalls}


def units_of(lot: ReservedLot, units: int | None = None) -> ReservedUnits:
    return ReservedUnits(reference=lot.reference, lot_id=lot.lot_id, units=lot.units if units is None else units)


async def give(clinic: OwnClinic, *lines: ReservedUnits) -> UUID:
    """The counter gave these; returns the operation."""
    operation_id = new_id()
    event = Dispensed(operation_id=operation_id, lines=lines)
    await reservation.take_dispensed(clinic.work(), event)
    return operation_id


async def release(clinic: OwnClinic, *lines: ReservedUnits) -> None:
    await reservation.take_released(clinic.work(), ReservationReleased(operation_id=new_id(), lines=lines))
