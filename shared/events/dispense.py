"""What dispense tells the others. References are opaque: made for one visit line, known to nobody else."""

from datetime import date
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from shared.events.base import Event


class AskedLine(Struct, frozen=True, kw_only=True):
    """One visit line's need. Contents are exact fractions as text ("45/2"), in the product's content unit."""

    reference: UUID
    order: int
    """The patient's place in the order that the clinic's policy gives."""
    substitution_group: str
    content_needed: str
    content_per_day: str | None
    """None: an irregular rhythm, so that each lot must be valid through the whole period."""
    from_on: date
    through_on: date


class ReservationAsked(Event, frozen=True, tag="dispense.reservation_asked.v1"):
    """Units wanted for a pharmacy day or a walk-in, allocated when all parts are in. Aggregate: the request."""

    request_id: UUID
    part: Annotated[int, Meta(ge=1)]
    parts: Annotated[int, Meta(ge=1, le=1000)]
    sharing_rule: str
    lines: tuple[AskedLine, ...]


class ReservationAbandoned(Event, frozen=True, tag="dispense.reservation_abandoned.v1"):
    """Nobody waits for this request any more; whatever it reserved goes back. Aggregate: the request."""

    request_id: UUID


class ReservedUnits(Struct, frozen=True, kw_only=True):
    reference: UUID
    lot_id: UUID
    units: int


class Dispensed(Event, frozen=True, tag="dispense.dispensed.v1"):
    """Reserved units were handed to a patient (EPCIS `dispensing`). Aggregate: the visit."""

    operation_id: UUID
    lines: tuple[ReservedUnits, ...]


class DispensingUndone(Event, frozen=True, tag="dispense.dispensing_undone.v1"):
    """Units given by mistake are back in the day's reserve. Names the operation that it undoes.

    Aggregate: the visit.
    """

    operation_id: UUID
    undoes: UUID
    lines: tuple[ReservedUnits, ...]


class ReservationReleased(Event, frozen=True, tag="dispense.reservation_released.v1"):
    """Reserved units that will not be given. Aggregate: the visit that had them, so that this never overtakes what it
    gave and undid; or the pharmacy day, of units that no visit ever had.
    """

    operation_id: UUID
    lines: tuple[ReservedUnits, ...]
