"""The events that the services exchange: one module per producer, each event declared once.

An event's tag is its name and version: `stock.lot_held.v1`. A new field has a default; a breaking change is a
new version with an entry in `UPCASTS`. A sample of every version is kept in `tests/contracts/` and never edited.
No event carries who a patient is.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from shared.events import dispense, donations, stock
from shared.events.base import Event

__all__ = ["BY_TAG", "UPCASTS", "Envelope", "Event", "decode_event", "subject_of", "tag_of"]


class Envelope(Struct, frozen=True, kw_only=True):
    """An event on its way: what the relay publishes and the inbox reads.

    `version` counts the events of one aggregate of one producer from 1, without a gap.
    """

    event_id: UUID
    producer: Annotated[str, Meta(max_length=40, pattern="^[a-z_]+$")]
    aggregate_id: UUID
    version: Annotated[int, Meta(ge=1, le=2**31 - 1)]
    clinic_id: UUID | None
    person_id: UUID | None
    request_id: str
    recorded_at: datetime
    data: msgspec.Raw


def tag_of(event: type[Event] | Event) -> str:
    tag = event.__struct_config__.tag
    assert isinstance(tag, str)
    return tag


def _declared() -> Mapping[str, type[Event]]:
    modules = (donations, stock, dispense)
    kinds = [kind for module in modules for kind in vars(module).values() if isinstance(kind, type)]
    return {tag_of(kind): kind for kind in kinds if issubclass(kind, Event) and kind is not Event}


BY_TAG: Mapping[str, type[Event]] = _declared()
UPCASTS: Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""Old tag → a function from the old version's fields to the next version's (its `type` included)."""


class _Tagged(Struct, frozen=True):
    type: str


def decode_event(data: bytes | msgspec.Raw) -> Event | None:
    """The event in an envelope's data; None when its kind is not known here.

    Fields that this version does not know are passed over. Raises msgspec.ValidationError on a known kind
    with wrong fields.
    """
    tag = msgspec.json.decode(data, type=_Tagged).type
    if tag in UPCASTS:
        fields = msgspec.json.decode(data)
        while fields["type"] in UPCASTS:
            fields = UPCASTS[fields["type"]](fields)
        return msgspec.convert(fields, BY_TAG[fields["type"]])
    kind = BY_TAG.get(tag)
    return None if kind is None else msgspec.json.decode(data, type=kind)


def subject_of(event: Event, clinic_id: UUID | None) -> str:
    """Where an event is published: `cell.<tag>` stays in the cell, `net.<sending clinic>.<tag>` crosses it."""
    if event.wire == "net":
        assert clinic_id is not None, "an event between clinics names the clinic that sends it"
        return f"net.{clinic_id}.{tag_of(event)}"
    return f"cell.{tag_of(event)}"
