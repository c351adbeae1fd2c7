"""A clinic of its own for each test: what its people do at dispense and in stock, and the events between.

Only this clinic's events are carried, one outbox at a time if a test wants it so: then a test says what each
service has heard and what it hasn't yet.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TypeVar
from uuid import UUID

import asyncpg
import msgspec

from deploy import operator
from deploy.cell import SERVICES
from services.dispense import store
from services.dispense.actions import calendar, patients
from services.dispense.actions import day as days
from services.dispense.errors import CONSTRAINTS
from services.dispense.rules import Schedule, TimesADay
from services.dispense.sealing import ClinicKeys
from services.stock.actions import lots
from services.stock.registry.actions import Decision, set_policy
from services.stock.store import lots as lots_store
from services.stock.store.lots import LotRow
from shared.database import Database, Work
from shared.errors import DosisError
from shared.events import BY_TAG, Event, decode_event, tag_of
from shared.events.donations import LineAccepted
from shared.ids import new_id
from shared.inbox import Inbox
from shared.outbox import MARK_PUBLISHED, envelope
from shared.roles import Role
from tests.people import World

E = TypeVar("E", bound=Event)

NORVASC = "NORVASC CAPS 5MG/CAP"
NORMODIN = "NORMODIN TAB 5MG/TAB"
"""The same substance and strength as Norvasc, from another house: one may stand in for the other."""
LIPITOR = "LIPITOR F.C.TAB 10MG/TAB"
DEPON_SYRUP = "DEPON SYR 120MG/5ML"
"""Bottles of 150 ml: content is counted in ml, units in bottles."""

EVERY_WEEKDAY = [1, 2, 3, 4, 5, 6, 7]
SUPPLY_DAYS = 28
"""With a pharmacy day every day, a cycle of 28 days supplies just these."""

WAITING = """
SELECT number, event_id, aggregate_id, version, subject, clinic_id, person_id, request_id, recorded_at,
       data::text AS data
FROM outbox
WHERE published_at IS NULL AND clinic_id = $1
ORDER BY number
"""
TOLD = "SELECT data::text AS data FROM outbox WHERE clinic_id = $1 AND data ->> 'type' = $2 ORDER BY number"
PRODUCT_NAMED = "SELECT product_id FROM product WHERE name = $1"
LOT_OF_BATCH = "SELECT lot_id FROM lot WHERE clinic_id = $1 AND batch = $2"


@dataclass(kw_only=True)
class OwnClinic:
    world: World
    databases: dict[str, Database]
    clinic_id: UUID
    decision_id: UUID
    keys: ClinicKeys
    batches: Iterator[int] = field(default_factory=itertools.count)

    # Who does it, and when

    @property
    def person_id(self) -> UUID:
        return self.world.north.people[Role.CLINIC_PHARMACIST]

    def work_at(self, service: str) -> Work:
        return self.world.work(self.databases[service], service, self.clinic_id, self.person_id)

    @property
    def work(self) -> Work:
        """Work in dispense."""
        return self.work_at("dispense")

    @property
    def today(self) -> date:
        return self.work.clock.today()

    def on(self, days_on: int) -> date:
        return self.today + timedelta(days=days_on)

    def set_days_ahead(self, days_ahead: int) -> None:
        """The clock of the whole cell; the fixture puts it back."""
        self.world.cell.set_days_ahead(days_ahead)

    # What is on the shelf

    async def product(self, name: str) -> UUID:
        product_id: UUID | None = await self.databases["dispense"].pool.fetchval(PRODUCT_NAMED, name)
        assert product_id is not None, f"the seed catalogue has {name}"
        return product_id

    async def donate(self, units: int, *, expires_on: date | None = None, name: str = NORVASC) -> UUID:
        """A new lot with units on the shelf; it lasts more than a year unless a day is given."""
        batch = f"B{next(self.batches)}"
        line = LineAccepted(
            collection_id=new_id(),
            line_id=new_id(),
            pharmacy_id=new_id(),
            product_id=await self.product(name),
            batch=batch,
            expires_on=expires_on or self.on(400),
            opened=False,
            units=units,
        )
        await lots.receive_accepted_lines(self.work_at("stock"), [line])
        async with self.work_at("stock").reading() as tx:
            lot_id: UUID | None = await tx.sql.fetchval(LOT_OF_BATCH, tx.clinic_id, batch)
        assert lot_id is not None
        return lot_id

    async def lot(self, lot_id: UUID) -> LotRow:
        async with self.work_at("stock").reading() as tx:
            lot = await lots_store.find_lot(tx, lot_id)
        assert lot is not None
        return lot

    async def hold(self, lot_id: UUID) -> None:
        await lots.hold_lot(self.work_at("stock"), lot_id, "recall by EOF")

    async def lift_hold(self, lot_id: UUID) -> None:
        await lots.lift_hold(self.work_at("stock"), lot_id, "the recall was an error")

    async def decide(self, policy: str, value: object) -> None:
        await set_policy(self.work_at("stock"), policy, value, self.decision_id)
        await self.carry()

    # Patients and their days

    async def register(
        self,
        alias: str = "Demo Patient",
        *,
        contact: str | None = None,
        allergies: tuple[str, ...] = (),
        cycle_days: int = SUPPLY_DAYS,
    ) -> UUID:
        person = patients.Person(
            alias=alias,
            age_band=patients.AgeBand.ADULT,
            language="el",
            contact=contact,
            allergies=allergies,
            cycle_days=cycle_days,
        )
        return (await patients.register_patient(self.work, self.keys, person)).patient_id

    async def identity(self, patient_id: UUID) -> patients.Identity:
        return (await patients.look_at(self.work, self.keys, [patient_id], "test"))[patient_id]

    async def plan(
        self,
        patient_id: UUID,
        name: str = NORVASC,
        *,
        per_intake: str = "1",
        schedule: Schedule | None = None,
        starts_on: date | None = None,
        until_on: date | None = None,
        prescribed_by: str | None = None,
    ) -> patients.TherapyLineChanged:
        """A line of a plan: one piece a day from today on, unless it says otherwise."""
        line = patients.NewLine(
            product_id=await self.product(name),
            only_this_product=False,
            per_intake=per_intake,
            schedule=schedule or TimesADay(times=1),
            starts_on=starts_on or self.today,
            until_on=until_on,
            prescribed_by=prescribed_by,
        )
        return await patients.plan_therapy(self.work, self.keys, patient_id, line)

    async def patient(self, name: str = NORVASC, *, cycle_days: int = SUPPLY_DAYS) -> UUID:
        """Somebody who takes one piece a day from today on."""
        patient_id = await self.register(cycle_days=cycle_days)
        await self.plan(patient_id, name)
        return patient_id

    async def open_every_day(self) -> None:
        await calendar.set_weekdays(self.work, EVERY_WEEKDAY)

    async def prepare(self, day_on: date | None = None) -> days.DayPrepared:
        """Prepare a day, today unless another is given, and let stock answer."""
        prepared = await days.prepare_pharmacy_day(self.work, day_on or self.today)
        await self.carry()
        return prepared

    async def close(self, day_on: date | None = None) -> days.DayEnded:
        return await days.close_pharmacy_day(self.work, day_on or self.today)

    async def visit(self, patient_id: UUID, day_on: date | None = None) -> store.visits.VisitRow:
        async with self.work.reading() as tx:
            visit = await store.visits.visit_of_patient(tx, patient_id, day_on or self.today)
        assert visit is not None
        return visit

    async def lines(self, patient_id: UUID, day_on: date | None = None) -> list[store.visit_lines.VisitLine]:
        """The lines of a patient's visit, in the order in which they were asked for."""
        visit = await self.visit(patient_id, day_on)
        async with self.work.reading() as tx:
            return await store.visit_lines.lines_of_visit(tx, visit.visit_id)

    async def line(self, patient_id: UUID, day_on: date | None = None) -> store.visit_lines.VisitLine:
        (line,) = await self.lines(patient_id, day_on)
        return line

    # Events

    async def told(self, kind: type[E], *, by: str = "dispense") -> list[E]:
        """What this clinic's service has told of a kind, in the order in which it was written."""
        rows = await self.databases[by].pool.fetch(TOLD, self.clinic_id, tag_of(kind))
        found = [decode_event(row["data"].encode()) for row in rows]
        return [event for event in found if isinstance(event, kind)]

    async def told_in_all(self, *, by: str = "dispense") -> int:
        return sum([len(await self.told(kind, by=by)) for kind in BY_TAG.values()])

    async def carry(self) -> None:
        """Carry events until none waits."""
        while sum([await self.carry_from(producer) for producer in SERVICES]):
            pass

    async def carry_from(self, producer: str, *, backwards: bool = False) -> int:
        """Carry what waits in one outbox to whoever reads it: backwards, as a bad network may."""
        database = self.databases[producer]
        rows = await database.pool.fetch(WAITING, self.clinic_id)
        for name, service in SERVICES.items():
            wanted = [envelope(producer, row) for row in rows if _reads(service.reads, producer, row["subject"])]
            inbox = Inbox(self.databases[name], self.work_at(name).clock, service.consumers)
            batch = 1 if backwards else 100
            for start in range(0, len(wanted), batch):
                await inbox.take_in((wanted[::-1] if backwards else wanted)[start : start + batch])
        await database.pool.execute(MARK_PUBLISHED, [row["number"] for row in rows])
        return len(rows)


def _reads(reads: tuple[str, ...], producer: str, subject: str) -> bool:
    return "net" in reads if subject.startswith("net.") else producer in reads


async def open_clinic(world: World, databases: dict[str, Database]) -> OwnClinic:
    """A new clinic with its key, known to all three services, with a pharmacy day every day."""
    today = world.cell.settings_of("stock").clock().today()
    founding = Decision(
        body="General assembly", text="We open.", decided_on=today, reevaluate_on=today + timedelta(days=365)
    )
    added = await operator.create_clinic(world.cell, f"Demo clinic {new_id()}", None, founding)
    clinic = OwnClinic(
        world=world,
        databases=databases,
        clinic_id=added.clinic_id,
        decision_id=added.decision_id,
        keys=ClinicKeys(world.cell.clinic_keys),
    )
    await clinic.carry()
    await clinic.open_every_day()
    return clinic


def fact_of(refused: asyncpg.PostgresError) -> type[DosisError]:
    """What the edge makes of a constraint that refused something."""
    return CONSTRAINTS[getattr(refused, "constraint_name", "")]


def json_size(value: object) -> int:
    return len(msgspec.json.encode(value))
