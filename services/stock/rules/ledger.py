"""The accounts of the ledger, and the movements that each event of a lot's life is made of."""

from enum import StrEnum
from uuid import UUID

from msgspec import Struct


class Account(StrEnum):
    """Where units come from, are, or went to."""

    DONATED = "donated"
    RECEIVED_FROM_CLINIC = "received_from_clinic"
    FOUND = "found"
    RECAST = "recast"
    QUARANTINE = "quarantine"
    SHELF = "shelf"
    RESERVED = "reserved"
    IN_TRANSIT = "in_transit"
    DISPENSED = "dispensed"
    SENT = "sent"
    EXPIRED = "expired"
    DESTROYED = "destroyed"
    LOST = "lost"


class BusinessStep(StrEnum):
    """Why units moved, in the words of GS1 EPCIS where one fits."""

    ACCEPTING = "accepting"
    STORING = "storing"
    HOLDING = "holding"
    RESERVING = "reserving"
    RELEASING = "releasing"
    DISPENSING = "dispensing"
    SHIPPING = "shipping"
    RECEIVING = "receiving"
    DESTROYING = "destroying"
    CYCLE_COUNTING = "cycle_counting"
    CORRECTING = "correcting"
    SETTLING = "settling"


class Movement(Struct, frozen=True, kw_only=True):
    """Units of one lot, from one account to another. `units` > 0."""

    lot_id: UUID
    source: Account
    target: Account
    units: int
    cause_id: UUID | None = None
    reason: str | None = None
    reverses: int | None = None


def where_released_units_go(*, held: bool) -> Account:
    """Units that leave a reservation go where their lot's state says."""
    return Account.QUARANTINE if held else Account.SHELF
