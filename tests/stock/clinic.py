"""A clinic of its own for each test of stock and donations: its work, its lots, and what the outboxes say of it."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
import msgspec

from deploy.cell import SERVICES
from services.stock.actions.lots import receive_accepted_lines
from services.stock.registry import actions as registry
from services.stock.store import lots
from shared.catalogue import product_id_for
from shared.clock import Clock
from shared.database import Database, Work
from shared.events import Event, decode_event
from shared.events.donations import LineAccepted
from shared.ids import new_id
from shared.inbox import Inbox
from shared.outbox import envelope
from shared.roles import Role
from tests.people import Clinic, World

Kind = TypeVar("Kind", bound=Event)

# Products of the seed catalogue. The first three may stand in for one another.
AMLIBON = product_id_for("eof:2818801")
NORMODIN = product_id_for("eof:2585801")
NORVASC = product_id_for("eof:2043001")
AMLIBON_CODE = "2802818801057"
AMLODIPINE = "amlodipine 5 mg; oral_solid; oral; piece"
LEVOTHYROXINE = product_id_for("dosis:t4-0.1")
LEVOTHYROXINE_TOO = product_id_for("dosis:thyro-4-100")
ATORVASTATIN = product_id_for("dosis:lipitor-20")
INHALER = product_id_for("dosis:symbicort-160-4.5")
SUSPENSION = product_id_for("dosis:augmentin-suspension-400-57")
INSULIN = product_id_for("dosis:lantus-solostar")
ALPRAZOLAM = product_id_for("dosis:xanax-0.5")
CREAM = product_id_for("dosis:fucidin-cream-2")

INSIDE_OR_GONE = (
    "quarantine",
    "shelf",
    "reserved",
    "in_transit",
    "dispensed",
    "sent",
    "expired",
    "destroyed",
    "lost",
)


TOLD = """
SELECT data::text AS data
FROM outbox
WHERE clinic_id = $1 AND request_id <> $2
ORDER BY number
"""


class OwnClinic:
    """A clinic that no other test knows, with one partner pharmacy."""

    def __init__(self, world: World, stock: Database, clinic: Clinic, founding: str) -> None:
        self.world = world
        self.stock = stock
        self.clinic = clinic
        self.clinic_id = clinic.clinic_id
        self.decision_id = clinic.decision_id
        self.pharmacy_id = clinic.pharmacies[0]
        self._founding = founding

    def work(self) -> Work:
        """A pharmacist's work in stock."""
        return self.world.work(self.stock, "stock", self.clinic)

    def work_later(self, days: int, folder: Path) -> Work:
        """The same pharmacist's work so many days on, by a clock of its own."""
        work = self.work()
        ahead = (self.today - datetime.now(work.clock.time_zone).date()).days
        days_path = folder / "days"
        days_path.write_text(str(ahead + days))
        work.clock = Clock(time_zone=work.clock.time_zone, demo_days_path=days_path)
        return work

    @property
    def today(self) -> date:
        return self.work().clock.today()

    def day(self, days_from_today: int) -> date:
        return self.today + timedelta(days=days_from_today)

    async def shelve(
        self, product_id: UUID, units: int, *, batch: str | None = "A1", days: int = 400, opened: bool = False
    ) -> UUID:
        """Units of an accepted donation, on the shelf; returns their lot."""
        identity = (product_id, batch, self.day(days))
        line = LineAccepted(
            collection_id=new_id(),
            line_id=new_id(),
            pharmacy_id=self.pharmacy_id,
            product_id=product_id,
            batch=batch,
            expires_on=self.day(days),
            opened=opened,
            units=units,
        )
        await receive_accepted_lines(self.work(), [line])
        return await self.lot_of(*identity, opened=opened)

    async def lot_of(self, product_id: UUID, batch: str | None, expires_on: date, *, opened: bool = False) -> UUID:
        """The lot of an identity, which must be there."""
        async with self.work().reading() as tx:
            found = await lots.find_lots(tx, [lots.LotIdentity(product_id, batch, expires_on, opened)])
        [lot_id] = found.values()
        return lot_id

    async def lot(self, lot_id: UUID) -> lots.LotRow:
        async with self.work().reading() as tx:
            found = await lots.find_lot(tx, lot_id)
        assert found is not None
        return found

    async def units(self, lot_id: UUID) -> dict[str, int]:
        """Where a lot's units are, or went to; an account without units is left out."""
        lot = msgspec.structs.asdict(await self.lot(lot_id))
        return {account: lot[account] for account in INSIDE_OR_GONE if lot[account]}

    async def movements(self, lot_id: UUID) -> list[tuple[str, str, int]]:
        """A lot's life: (from, to, units)."""
        async with self.work().reading() as tx:
            found = await lots.movements_of(tx, lot_id, 0, 1000)
        return [(row.from_account, row.to_account, row.units) for row in found]

    async def told(self, service: str = "stock") -> list[Event]:
        """Every event of this clinic that a service has written since the clinic was founded."""
        rows = await owner_rows(self.world, service, TOLD, self.clinic_id, self._founding)
        found = [decode_event(row["data"].encode()) for row in rows]
        assert None not in found
        return [event for event in found if event is not None]

    async def told_of(self, kind: type[Kind], service: str = "stock") -> list[Kind]:
        return [event for event in await self.told(service) if isinstance(event, kind)]


async def open_clinic(world: World, stock: Database) -> OwnClinic:
    """Found a clinic with one partner pharmacy, a partner pharmacist and a clinic pharmacist."""
    nobody = world.work(stock, "stock")
    today = nobody.clock.today()
    name = f"Clinic {new_id()}"
    founding = registry.Decision(
        body="General assembly",
        text="We open.",
        decided_on=today,
        reevaluate_on=today + timedelta(days=365),
    )
    added = await registry.add_clinic(nobody, new_id(), name, None, founding)
    at_home = nobody.at(added.clinic_id)
    pharmacy = (await registry.set_pharmacy(at_home, None, f"Pharmacy of {name}", today, None)).pharmacy_id
    clinic = Clinic(added.clinic_id, added.decision_id, [pharmacy])
    for role in (Role.PARTNER_PHARMACIST, Role.CLINIC_PHARMACIST):
        person = await registry.add_person(nobody, f"{role}@{name}", f"The {role} of {name}", None)
        clinic.people[role] = person.person_id
    return OwnClinic(world, stock, clinic, nobody.request_id)


async def owner_rows(world: World, service: str, query: str, *arguments: Any) -> list[asyncpg.Record]:
    """Rows as the owner of a service's tables sees them: of every clinic."""
    connection = await asyncpg.connect(world.cell.owner_url(service))
    try:
        return await connection.fetch(query, *arguments)
    finally:
        await connection.close()


OF_CLINICS = """
SELECT number, event_id, aggregate_id, version, subject, clinic_id, person_id, request_id, recorded_at,
       data::text AS data
FROM outbox
WHERE ($1::uuid[] IS NULL OR clinic_id = ANY($1))
ORDER BY number
"""


async def carry(world: World, *clinics: OwnClinic, rounds: int = 6) -> None:
    """All that these clinics have told, into the inboxes of whoever reads it; what was read is passed over.

    Whether it was published before does not matter: the relay of a running cell may have been faster.
    """
    ids = [clinic.clinic_id for clinic in clinics]
    databases = {name: await Database.connect(world.cell.app_url(name), 2) for name in SERVICES}
    seen: set[UUID] = set()
    try:
        for _ in range(rounds):
            waiting = {name: await databases[name].pool.fetch(OF_CLINICS, ids) for name in SERVICES}
            new = {name: [row for row in rows if row["event_id"] not in seen] for name, rows in waiting.items()}
            for producer, rows in new.items():
                seen.update(row["event_id"] for row in rows)
                for reader in SERVICES:
                    wanted = [row for row in rows if _reads(reader, producer, row["subject"])]
                    await deliver(world, reader, [envelope(producer, row) for row in wanted], databases[reader])
            if not any(new.values()):
                return
    finally:
        for database in databases.values():
            await database.close()


def _reads(reader: str, producer: str, subject: str) -> bool:
    reads = SERVICES[reader].reads
    return "net" in reads if subject.startswith("net.") else producer in reads


async def deliver(world: World, reader: str, envelopes: list[bytes], database: Database) -> None:
    """Hand envelopes to a service's inbox, as its consumer of the bus does."""
    inbox = Inbox(database, world.cell.settings_of(reader).clock(), SERVICES[reader].consumers)
    for start in range(0, len(envelopes), 100):
        await inbox.take_in(envelopes[start : start + 100])
