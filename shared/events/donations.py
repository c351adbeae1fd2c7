"""What donations tells the others."""

from datetime import date, datetime
from uuid import UUID

from shared.events.base import Event


class LineAccepted(Event, frozen=True, tag="donations.line_accepted.v1"):
    """A pharmacist accepted units of a donated line (EPCIS `accepting`). Aggregate: the collection."""

    collection_id: UUID
    line_id: UUID
    pharmacy_id: UUID
    product_id: UUID
    batch: str | None
    """None: it can't be read."""
    expires_on: date
    opened: bool
    units: int


class GtinLearnt(Event, frozen=True, tag="donations.gtin_learnt.v1"):
    """Somebody named the product of a GTIN that nobody knew. Aggregate: the GTIN."""

    gtin: str
    product_id: UUID
    units_per_pack: int | None
    learnt_at: datetime
