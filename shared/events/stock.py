"""What stock tells the others: the registry, the catalogue, reservations, the state of lots, and the network."""

from datetime import date, datetime
from typing import Any, ClassVar, Literal
from uuid import UUID

from msgspec import Struct

from shared.catalogue import Product
from shared.events.base import Event

# The registry


class ClinicRegistered(Event, frozen=True, tag="stock.clinic_registered.v1"):
    """Aggregate: the clinic."""

    name: str
    phone: str | None = None


class PartnershipRecorded(Event, frozen=True, tag="stock.partnership_recorded.v1"):
    """A pharmacy collects for the clinic, from a day, until it ends. Aggregate: the partnership."""

    pharmacy_id: UUID
    name: str
    from_on: date
    until_on: date | None = None


class PersonRegistered(Event, frozen=True, tag="stock.person_registered.v1"):
    """Somebody who works here: never a patient. Aggregate: the person."""

    registered_id: UUID
    display_name: str


class DelegationGiven(Event, frozen=True, tag="stock.delegation_given.v1"):
    """Aggregate: the delegation."""

    delegation_id: UUID
    delegate_id: UUID
    role: str
    place_id: UUID
    from_on: date
    until_on: date


class DelegationEnded(Event, frozen=True, tag="stock.delegation_ended.v1"):
    """Aggregate: the delegation."""

    delegation_id: UUID
    ended_at: datetime


class SessionEnded(Event, frozen=True, tag="stock.session_ended.v1"):
    """A sign-in or a token that no longer holds. Aggregate: the session."""

    session_id: UUID
    ended_at: datetime


class PolicySet(Event, frozen=True, tag="stock.policy_set.v1"):
    """Aggregate: this policy of this clinic."""

    name: str
    value: Any
    decision_id: UUID


# The catalogue


class ProductListed(Event, frozen=True, tag="stock.product_listed.v1"):
    """A product as it now stands in the catalogue, its packs included. Aggregate: the product."""

    product: Product
    substitution_group: str


class ProductOverridden(Event, frozen=True, tag="stock.product_overridden.v1"):
    """What one clinic decided about a product; None leaves the catalogue's word. Aggregate: clinic and product."""

    product_id: UUID
    controlled: bool | None
    substitution_group: str | None


class GtinBound(Event, frozen=True, tag="stock.gtin_bound.v1"):
    """Which product a GTIN is, as people now say. Aggregate: the GTIN."""

    gtin: str
    product_id: UUID
    units_per_pack: int | None
    state: Literal["learnt", "confirmed", "refused"]
    learnt_by: UUID
    learnt_clinic_id: UUID
    learnt_at: datetime
    judged_by: UUID | None
    judged_clinic_id: UUID | None
    judged_at: datetime | None


# Reservations and the state of lots


class ReservedLot(Struct, frozen=True, kw_only=True):
    reference: UUID
    lot_id: UUID
    product_id: UUID
    product_name: str
    batch: str | None
    expires_on: date
    opened: bool
    place: str | None
    units: int
    content_per_unit: int
    use_through_on: date


class Shortfall(Struct, frozen=True, kw_only=True):
    reference: UUID
    units_short: int


class ReservationAnswered(Event, frozen=True, tag="stock.reservation_answered.v1"):
    """What could be reserved for a request (EPCIS `reserving`). Aggregate: the answer to the request."""

    request_id: UUID
    part: int
    parts: int
    lots: tuple[ReservedLot, ...]
    shortfalls: tuple[Shortfall, ...]


class LotHeld(Event, frozen=True, tag="stock.lot_held.v1"):
    """Nobody may give from this lot any more (EPCIS `holding`). Aggregate: the lot."""

    lot_id: UUID
    reason: str


class LotHoldLifted(Event, frozen=True, tag="stock.lot_hold_lifted.v1"):
    """Aggregate: the lot."""

    lot_id: UUID


# Between clinics


class ProductName(Struct, frozen=True, kw_only=True):
    """A product as another clinic can find it: by codes, then by name; never by a local id."""

    codes: tuple[str, ...]
    name: str


class ClinicAnnounced(Event, frozen=True, tag="stock.clinic_announced.v1"):
    """A clinic says that it is there. Aggregate: its presence on the network."""

    wire: ClassVar[Literal["cell", "net"]] = "net"
    name: str


class SurplusOffered(Event, frozen=True, tag="stock.surplus_offered.v1"):
    """Other clinics may have so many units of a lot; 0: none any more. Aggregate: the lot's surplus."""

    wire: ClassVar[Literal["cell", "net"]] = "net"
    surplus_id: UUID
    product: ProductName
    expires_on: date
    opened: bool
    units: int


class RequestedLine(Struct, frozen=True, kw_only=True):
    line_number: int
    product: ProductName
    units: int


class TransferRequested(Event, frozen=True, tag="stock.transfer_requested.v1"):
    """A clinic asks another for units. Aggregate of every transfer event: the sending side's own row."""

    wire: ClassVar[Literal["cell", "net"]] = "net"
    transfer_id: UUID
    to_clinic_id: UUID
    lines: tuple[RequestedLine, ...]
    note: str | None = None


class AgreedLine(Struct, frozen=True, kw_only=True):
    line_number: int
    units: int
    reason: str | None = None


class TransferAgreed(Event, frozen=True, tag="stock.transfer_agreed.v1"):
    wire: ClassVar[Literal["cell", "net"]] = "net"
    transfer_id: UUID
    to_clinic_id: UUID
    lines: tuple[AgreedLine, ...]


class TransferDeclined(Event, frozen=True, tag="stock.transfer_declined.v1"):
    wire: ClassVar[Literal["cell", "net"]] = "net"
    transfer_id: UUID
    to_clinic_id: UUID
    reason: str


class ShippedLot(Struct, frozen=True, kw_only=True):
    lot_number: int
    line_number: int
    product: ProductName
    batch: str | None
    expires_on: date
    opened: bool
    units: int


class TransferShipped(Event, frozen=True, tag="stock.transfer_shipped.v1"):
    """(EPCIS `shipping`)"""

    wire: ClassVar[Literal["cell", "net"]] = "net"
    transfer_id: UUID
    to_clinic_id: UUID
    lots: tuple[ShippedLot, ...]


class CountedLot(Struct, frozen=True, kw_only=True):
    lot_number: int
    units: int


class TransferReceived(Event, frozen=True, tag="stock.transfer_received.v1"):
    """What the receiving clinic counted (EPCIS `receiving`)."""

    wire: ClassVar[Literal["cell", "net"]] = "net"
    transfer_id: UUID
    to_clinic_id: UUID
    lots: tuple[CountedLot, ...]


class TransferSettled(Event, frozen=True, tag="stock.transfer_settled.v1"):
    """People of the sending clinic settled the units that did not arrive."""

    wire: ClassVar[Literal["cell", "net"]] = "net"
    transfer_id: UUID
    to_clinic_id: UUID
    outcome: Literal["lost", "returned"]
    note: str
