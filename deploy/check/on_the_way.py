"""Events that stand in an outbox and that a service has yet to read, and what they will change there.

Unpublished, on the bus, waiting for their turn or parked: all the same, as long as the consumer's inbox does not
name them. What they will change is no difference between the two sides.
"""

from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from deploy.cell import SERVICES
from deploy.check.reading import EVENTS_AT_ONCE, Reading, Row, chunks
from deploy.check.report import Difference, Kind, in_words
from shared.events import Event, decode_event
from shared.events import dispense as of_dispense
from shared.events import donations as of_donations
from shared.events import stock as of_stock
from shared.known import partnership_id_of

ReservedLot = tuple[UUID, UUID]
"""A reference and a lot: what units are reserved under."""

TransferEvent = (
    of_stock.TransferRequested
    | of_stock.TransferAgreed
    | of_stock.TransferDeclined
    | of_stock.TransferShipped
    | of_stock.TransferReceived
    | of_stock.TransferSettled
)


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """Units of a donated line that stock has yet to hear of."""

    clinic_id: UUID | None
    event: of_donations.LineAccepted


@dataclass(kw_only=True)
class OnTheWay:
    """All that will change when every event has been read, by what it changes."""

    events: int = 0
    parked: int = 0
    # To stock
    accepted: dict[UUID, Accepted] = field(default_factory=dict[UUID, Accepted])
    asked: set[UUID] = field(default_factory=set[UUID])
    abandoned: set[UUID] = field(default_factory=set[UUID])
    taken: Counter[ReservedLot] = field(default_factory=Counter[ReservedLot])
    released: Counter[ReservedLot] = field(default_factory=Counter[ReservedLot])
    # To dispense
    answers: dict[UUID, Counter[ReservedLot]] = field(default_factory=dict[UUID, Counter[ReservedLot]])
    lot_states: set[UUID] = field(default_factory=set[UUID])
    # Between two sides of a transfer, in the order in which they were written
    transfers: dict[UUID, list[TransferEvent]] = field(default_factory=dict[UUID, list[TransferEvent]])
    # To those who know the registry: service → keys of rows, each with its table's name
    known: dict[str, set[tuple[object, ...]]] = field(default_factory=dict[str, set[tuple[object, ...]]])
    # Events that can't be on their way
    differences: list[Difference] = field(default_factory=list[Difference])


OUTBOX = "SELECT event_id FROM outbox WHERE subject LIKE ANY($1::text[]) ORDER BY number"
UNREAD = """
SELECT event_id
FROM unnest($1::uuid[]) AS given (event_id)
WHERE NOT EXISTS (SELECT FROM inbox WHERE inbox.event_id = given.event_id)
"""
EVENTS = """
SELECT event_id, aggregate_id, version, subject, clinic_id, data::text AS data
FROM outbox
WHERE event_id = ANY($1)
ORDER BY number
"""
PARKED = "SELECT event_id FROM inbox_waiting WHERE reason IN ('failed', 'fork')"
LAST_READ = "SELECT aggregate_id, version FROM inbox_aggregate WHERE producer = $1 AND aggregate_id = ANY($2)"


async def on_the_way(reading: Reading) -> OnTheWay:
    """Look through every outbox for what each of its readers has not read."""
    way = OnTheWay()
    for consumer, service in SERVICES.items():
        parked = {row["event_id"] for row in await reading.of(consumer).fetch(PARKED)}
        way.parked += len(parked)
        for producer in SERVICES:
            patterns = [f"cell.{producer}.%"] if producer in service.reads else []
            patterns += ["net.%"] if "net" in service.reads else []
            await _look(reading, producer, consumer, patterns, parked, way)
    return way


async def _look(
    reading: Reading, producer: str, consumer: str, patterns: list[str], parked: set[UUID], way: OnTheWay
) -> None:
    writer, reader = reading.of(producer), reading.of(consumer)
    async for events in _unread(writer, reader, patterns):
        last_read = await _last_read(reader, producer, events)
        for row in events:
            last = last_read.get(row["aggregate_id"], 0)
            if row["event_id"] in parked:
                _note(way, consumer, row)
            elif row["version"] <= last:
                way.differences.append(_passed_over(producer, consumer, row, last))
            else:
                way.events += 1
                _note(way, consumer, row)


async def _unread(
    writer: asyncpg.Connection, reader: asyncpg.Connection, patterns: list[str]
) -> AsyncGenerator[list[Row], None]:
    """The events of an outbox that are in no inbox of this reader, in the order in which they were written."""
    async for written in chunks(writer, OUTBOX, patterns):
        ids = [row["event_id"] for row in written]
        unread = {row["event_id"] for row in await reader.fetch(UNREAD, ids)}
        in_order = [event_id for event_id in ids if event_id in unread]
        for start in range(0, len(in_order), EVENTS_AT_ONCE):
            yield await writer.fetch(EVENTS, in_order[start : start + EVENTS_AT_ONCE])


async def _last_read(reader: asyncpg.Connection, producer: str, events: list[Row]) -> dict[UUID, int]:
    aggregates = list({row["aggregate_id"] for row in events})
    return {row["aggregate_id"]: row["version"] for row in await reader.fetch(LAST_READ, producer, aggregates)}


def _passed_over(producer: str, consumer: str, row: Row, last_read: int) -> Difference:
    return Difference(
        kind=Kind.EVENT_PASSED_OVER,
        clinic_id=row["clinic_id"],
        subject=f"event {row['event_id']} ({row['subject']})",
        one_side=f"{producer} wrote version {row['version']} of {row['aggregate_id']}",
        other_side=f"{consumer} has read up to version {last_read} without it",
    )


def event_of(row: Row) -> Event | None:
    """The event in a row of an outbox; None where it can't be read: then it will be parked and change nothing."""
    try:
        return decode_event(row["data"].encode())
    except msgspec.ValidationError:
        return None


def _note(way: OnTheWay, consumer: str, row: Row) -> None:
    """Write down what an event will change."""
    event = event_of(row)
    if event is None:
        return
    if consumer == "stock":
        _note_for_stock(way, row["clinic_id"], event)
    else:
        way.known.setdefault(consumer, set()).update(_known_keys(row["clinic_id"], event))
    if consumer == "dispense":
        _note_for_dispense(way, event)


def _note_for_stock(way: OnTheWay, clinic_id: UUID | None, event: Event) -> None:
    match event:
        case of_donations.LineAccepted():
            way.accepted[event.line_id] = Accepted(clinic_id=clinic_id, event=event)
        case of_dispense.ReservationAsked():
            way.asked.add(event.request_id)
        case of_dispense.ReservationAbandoned():
            way.abandoned.add(event.request_id)
        case of_dispense.Dispensed():
            way.taken.update(_units(event.lines))
        case of_dispense.DispensingUndone():
            way.taken.subtract(_units(event.lines))
        case of_dispense.ReservationReleased():
            way.released.update(_units(event.lines))
        case _ if isinstance(event, TransferEvent):
            way.transfers.setdefault(event.transfer_id, []).append(event)
        case _:
            pass


def _units(lines: tuple[of_dispense.ReservedUnits, ...]) -> Counter[ReservedLot]:
    sums: Counter[ReservedLot] = Counter()
    for line in lines:
        sums[line.reference, line.lot_id] += line.units
    return sums


def _note_for_dispense(way: OnTheWay, event: Event) -> None:
    match event:
        case of_stock.ReservationAnswered():
            answer = way.answers.setdefault(event.request_id, Counter())
            for lot in event.lots:
                answer[lot.reference, lot.lot_id] += lot.units
        case of_stock.LotHeld() | of_stock.LotHoldLifted():
            way.lot_states.add(event.lot_id)
        case _:
            pass


KNOWN_KEYS: Mapping[type[Any], Callable[[UUID | None, Any], Iterator[tuple[object, ...]]]] = {
    of_stock.ClinicRegistered: lambda clinic_id, _: iter([("clinic", clinic_id)]),
    of_stock.PartnershipRecorded: lambda clinic_id, event: iter(
        [("partnership", partnership_id_of(clinic_id, event.pharmacy_id))]
    ),
    of_stock.PersonRegistered: lambda _, event: iter([("person", event.registered_id)]),
    of_stock.DelegationGiven: lambda _, event: iter([("delegation", event.delegation_id)]),
    of_stock.DelegationEnded: lambda _, event: iter([("delegation", event.delegation_id)]),
    of_stock.SessionEnded: lambda _, event: iter([("ended_session", event.session_id)]),
    of_stock.PolicySet: lambda clinic_id, event: iter([("policy", clinic_id, event.name)]),
    of_stock.ProductOverridden: lambda clinic_id, event: iter([("product_override", clinic_id, event.product_id)]),
    of_stock.GtinBound: lambda _, event: iter([("gtin_binding", event.gtin)]),
    of_stock.ProductListed: lambda _, event: iter(
        [("product", event.product.product_id), *(("pack", pack.code) for pack in event.product.packs)]
    ),
}
"""Which rows of `deploy.check.known`'s tables an event will change."""


def _known_keys(clinic_id: UUID | None, event: Event) -> Iterator[tuple[object, ...]]:
    return KNOWN_KEYS[type(event)](clinic_id, event) if type(event) in KNOWN_KEYS else iter(())


# The other way round: a consumer that has read more than its producer has written.
READ = "SELECT aggregate_id, version FROM inbox_aggregate WHERE producer = $1 ORDER BY aggregate_id"
NOT_WRITTEN = """
SELECT given.aggregate_id, given.version AS version_read, coalesce(outbox_aggregate.version, 0) AS version_written
FROM unnest($1::uuid[], $2::integer[]) AS given (aggregate_id, version)
LEFT JOIN outbox_aggregate USING (aggregate_id)
WHERE given.version > coalesce(outbox_aggregate.version, 0)
    AND (outbox_aggregate.aggregate_id IS NOT NULL OR NOT $3)
ORDER BY given.aggregate_id
"""


async def compare_events(reading: Reading, way: OnTheWay) -> AsyncGenerator[Difference, None]:
    """Events passed over, and aggregates of which more was read than was written.

    What the network's other cells wrote under the same producer's name is not in this cell's outbox.
    """
    for found in way.differences:
        yield found
    for consumer, service in SERVICES.items():
        for producer in SERVICES:
            from_afar = producer == consumer
            if producer not in service.reads and not (from_afar and "net" in service.reads):
                continue
            async for read in chunks(reading.of(consumer), READ, producer):
                ids, versions = [row["aggregate_id"] for row in read], [row["version"] for row in read]
                for row in await reading.of(producer).fetch(NOT_WRITTEN, ids, versions, from_afar):
                    yield Difference(
                        kind=Kind.EVENT_UNKNOWN,
                        subject=f"aggregate {row['aggregate_id']}",
                        one_side=f"{consumer} has {in_words(read_up_to_version=row['version_read'])}",
                        other_side=f"{producer} has {in_words(written_up_to_version=row['version_written'])}",
                    )
