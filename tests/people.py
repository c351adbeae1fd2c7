"""The invented people and clinics of the tests, made as an operator makes them."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from uuid import UUID

from deploy import operator
from deploy.cell import SERVICES, Cell, ServiceProcess
from deploy.client import Api
from services.stock.registry.actions import Decision
from shared.database import Database, Work
from shared.ids import new_id
from shared.inbox import Inbox
from shared.outbox import MARK_PUBLISHED, UNPUBLISHED, envelope
from shared.roles import Role

NORTH, SOUTH = "Demo clinic North", "Demo clinic South"


@dataclass
class Clinic:
    clinic_id: UUID
    decision_id: UUID
    pharmacies: list[UUID]
    people: dict[Role, UUID] = field(default_factory=dict[Role, UUID])


@dataclass
class World:
    cell: Cell
    north: Clinic
    south: Clinic

    def work(
        self,
        database: Database,
        service: str,
        clinic: Clinic | UUID | None = None,
        person_id: UUID | None = None,
    ) -> Work:
        """Work as a request would have it, for a clinic and one of its people (or nobody)."""
        clinic_id = clinic.clinic_id if isinstance(clinic, Clinic) else clinic
        if person_id is None and isinstance(clinic, Clinic):
            person_id = clinic.people[Role.CLINIC_PHARMACIST]
        return Work(
            database=database,
            clock=self.cell.settings_of(service).clock(),
            clinic_id=clinic_id,
            person_id=person_id,
            request_id=f"test-{new_id()}",
        )

    async def carry_events(self, *, rounds: int = 6) -> int:
        """Carry every waiting event by hand from each outbox to the other services; returns how many."""
        return await carry_events(self.cell, rounds=rounds)


@dataclass
class Running:
    """The cell's services while they run, and callers of their API."""

    cell: Cell
    world: World
    processes: dict[str, ServiceProcess]
    callers: dict[UUID, Api] = field(default_factory=dict[UUID, Api])

    @property
    def urls(self) -> dict[str, str]:
        return {name: process.url for name, process in self.processes.items()}

    def token(self, person_id: UUID) -> str:
        made = operator.make_token(self.cell, str(person_id), "test")
        # In a thread of its own: whatever drives a browser keeps a loop running in this one.
        with ThreadPoolExecutor(1) as apart:
            return apart.submit(asyncio.run, made).result().token

    def caller(self, clinic: Clinic, role: Role) -> Api:
        """Somebody's program: the same token at every call."""
        person_id = clinic.people[role]
        if person_id not in self.callers:
            self.callers[person_id] = Api(self.urls, self.token(person_id), clinic.clinic_id)
        return self.callers[person_id]


def sign_in_name_of(role: Role, clinic_name: str) -> str:
    return f"{role}@{clinic_name}".replace(" ", "-").lower()


async def make_world(cell: Cell, password: str | None = None) -> World:
    """Two clinics. With a password everybody signs in with it; to hash it takes time, so only where pages are tried."""
    today = cell.settings_of("stock").clock().today()
    founding = Decision(
        body="General assembly",
        text="We open.",
        decided_on=today,
        reevaluate_on=today.replace(year=today.year + 1),
    )
    await operator.import_file(cell, None)
    clinics: list[Clinic] = []
    for name, pharmacies in ((NORTH, 2), (SOUTH, 1)):
        added = await operator.create_clinic(cell, name, "2310 000000", founding)
        clinic = Clinic(added.clinic_id, added.decision_id, [])
        for number in range(pharmacies):
            pharmacy = f"Demo pharmacy {number + 1} of {name}"
            clinic.pharmacies.append(await operator.create_pharmacy(cell, clinic.clinic_id, pharmacy, today))
        for role in Role:
            who = sign_in_name_of(role, name)
            person_id = await operator.create_person(cell, who, f"Demo {role} of {name}", password)
            place_id = clinic.pharmacies[0] if role is Role.PARTNER_PHARMACIST else clinic.clinic_id
            await operator.delegate(cell, clinic.clinic_id, person_id, role, place_id, clinic.decision_id)
            clinic.people[role] = person_id
        clinics.append(clinic)
    await carry_events(cell)
    return World(cell, *clinics)


async def carry_events(cell: Cell, *, rounds: int = 6) -> int:
    """The bus by hand: what each outbox has not published goes into the others' inboxes, and is marked."""
    carried = 0
    databases = {name: await Database.connect(cell.app_url(name), 4) for name in SERVICES}
    try:
        for _ in range(rounds):
            moved = 0
            for producer, database in databases.items():
                rows = await database.pool.fetch(UNPUBLISHED, 100_000)
                for name, service in SERVICES.items():
                    wanted = [row for row in rows if _reads(name, producer, row["subject"])]
                    inbox = Inbox(databases[name], cell.settings_of(name).clock(), service.consumers)
                    for start in range(0, len(wanted), 100):
                        await inbox.take_in([envelope(producer, row) for row in wanted[start : start + 100]])
                await database.pool.execute(MARK_PUBLISHED, [row["number"] for row in rows])
                moved += len(rows)
            carried += moved
            if not moved:
                break
    finally:
        for database in databases.values():
            await database.close()
    return carried


def _reads(service: str, producer: str, subject: str) -> bool:
    reads = SERVICES[service].reads
    return "net" in reads if subject.startswith("net.") else producer in reads
