"""Events that are taken in by hand, so that they wait for real; in the end nothing of them stays behind."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import asyncpg

from deploy.cell import SERVICES
from shared.database import Database
from shared.events.donations import LineAccepted
from shared.ids import new_id
from shared.inbox import Inbox
from tests.people import Clinic, Running
from tests.shared.inbox_story import enveloped, id_of

EARLIER = "UPDATE inbox_waiting SET arrived_at = arrived_at - interval '2 minutes' WHERE event_id = $1"
FORGET = "DELETE FROM inbox_waiting WHERE event_id = ANY($1) OR producer = 'unreadable'"


@dataclass
class Inboxes:
    """Takes events in as a service would."""

    running: Running
    taken: list[UUID] = field(default_factory=list[UUID])

    def take_in(self, service: str, *envelopes: bytes) -> None:
        self.taken += [id_of(each) for each in envelopes if each.startswith(b"{")]
        _apart(self._take_in(service, envelopes))

    def as_owner(self, service: str, statement: str, *values: object) -> None:
        _apart(self._execute(service, statement, values))

    def clear(self) -> None:
        for service in SERVICES:
            self.as_owner(service, FORGET, self.taken)

    async def _take_in(self, service: str, envelopes: tuple[bytes, ...]) -> None:
        database = await Database.connect(self.running.cell.app_url(service), 2)
        try:
            clock = self.running.cell.settings_of(service).clock()
            await Inbox(database, clock, SERVICES[service].consumers).take_in(envelopes)
        finally:
            await database.close()

    async def _execute(self, service: str, statement: str, values: tuple[object, ...]) -> None:
        owner = await asyncpg.connect(self.running.cell.owner_url(service))
        try:
            await owner.execute(statement, *values)
        finally:
            await owner.close()


def _apart(doing: Coroutine[object, object, None]) -> None:
    """In a thread of its own: a browser's tests have a running loop already."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, doing).result()


def accepted(running: Running, clinic: Clinic, product_id: UUID) -> bytes:
    """An accepted donation, of a product that nobody here has heard of."""
    line = LineAccepted(
        collection_id=new_id(),
        line_id=new_id(),
        pharmacy_id=clinic.pharmacies[0],
        product_id=product_id,
        batch="SECRET-BATCH",
        expires_on=running.cell.settings_of("stock").clock().today() + timedelta(days=300),
        opened=False,
        units=30,
    )
    return enveloped(line, line.collection_id, 1, producer="donations", clinic_id=clinic.clinic_id)
