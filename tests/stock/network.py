"""Events as another service or another cell would send them, made by hand."""

from datetime import UTC, datetime
from uuid import UUID

import msgspec

from shared.events import Envelope, Event
from shared.ids import new_id


def sent(producer: str, clinic_id: UUID, aggregate_id: UUID, version: int, event: Event) -> bytes:
    """An envelope as it stands on the bus."""
    return msgspec.json.encode(
        Envelope(
            event_id=new_id(),
            producer=producer,
            aggregate_id=aggregate_id,
            version=version,
            clinic_id=clinic_id,
            person_id=None,
            request_id=f"test-{new_id()}",
            recorded_at=datetime.now(UTC),
            data=msgspec.Raw(msgspec.json.encode(event)),
        )
    )
