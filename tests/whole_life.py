"""A clinic's matters, each through its action, until every table of the three services has a row of it."""

from datetime import timedelta
from uuid import UUID

import asyncpg

from deploy.cell import Cell
from services.dispense.actions import calendar, counter, day, patients
from services.dispense.rules.schedule import TimesADay
from services.dispense.sealing import ClinicKeys
from services.donations.actions import checking
from services.donations.actions import collecting as donations
from services.donations.rules import Storage
from services.stock.actions import lots, surplus, transfer
from services.stock.catalogue.actions import judge_product
from shared.catalogue import product_id_for
from shared.database import Database
from shared.events.stock import AgreedLine
from shared.policies import SourceKind
from tests.people import Clinic, World
from tests.scratch import connected

AMLODIPINE = product_id_for("eof:2818801")
ATORVASTATIN = product_id_for("dosis:lipitor-20")
DONATED_UNITS, GIVEN_UNITS, SENT_UNITS = 100, 5, 10


class WholeLife:
    """One clinic of a cell whose services don't run: its events are carried by hand."""

    def __init__(self, world: World, clinic: Clinic, databases: dict[str, Database]) -> None:
        self.cell: Cell = world.cell
        self.world = world
        self.clinic = clinic
        self.today = world.cell.settings_of("stock").clock().today()
        self.stock, self.donations, self.dispense = (
            world.work(databases[name], name, clinic) for name in ("stock", "donations", "dispense")
        )
        self.databases = databases

    async def live(self, other: Clinic) -> None:
        """A product is judged, a box is donated, given in part, sent in part to the other clinic, and held."""
        await judge_product(
            self.stock, ATORVASTATIN, controlled=True, substitution_group=None, reason="our assembly's word"
        )
        await self._collect()
        await self.world.carry_events()
        await self._prepare()
        await self.world.carry_events()
        await self._give()
        await self._send(other)
        lot_id = await self._one("stock", "SELECT lot_id FROM lot WHERE clinic_id = $1")
        await surplus.offer_surplus(self.stock, lot_id, 1)
        await lots.hold_lot(self.stock, lot_id, "recalled by its maker")
        await self.world.carry_events()

    async def _collect(self) -> None:
        opened = await donations.open_collection(self.donations, None, self.clinic.pharmacies[0])
        item = donations.DonatedItem(
            product_id=AMLODIPINE,
            code=None,
            batch="WALL1",
            expires_on=self.today + timedelta(days=400),
            opened=False,
            units=DONATED_UNITS,
            source_kind=SourceKind.PERSON,
            source_name=None,
            storage=Storage.ROOM,
        )
        line = await donations.add_line(self.donations, None, opened.collection_id, item)
        await donations.hand_in_collection(self.donations, None, opened.collection_id)
        accepted = checking.Check(outcome="accept")
        await checking.check_line(self.donations, opened.collection_id, line.line_id, accepted)

    async def _prepare(self) -> None:
        keys = ClinicKeys(self.cell.clinic_keys)
        person = patients.Person(
            alias="Demo Patient",
            age_band=patients.AgeBand.ADULT,
            language="el",
            contact=None,
            allergies=(),
            cycle_days=30,
        )
        patient_id = (await patients.register_patient(self.dispense, keys, person)).patient_id
        await patients.look_at(self.dispense, keys, [patient_id], "to plan")
        line = patients.NewLine(
            product_id=AMLODIPINE,
            only_this_product=False,
            per_intake="1",
            schedule=TimesADay(times=1),
            starts_on=self.today,
            until_on=None,
            prescribed_by=None,
        )
        await patients.plan_therapy(self.dispense, keys, patient_id, line)
        await calendar.set_weekdays(self.dispense, [1, 2, 3, 4, 5, 6, 7])
        await calendar.close_on(self.dispense, self.today + timedelta(days=1), "a holiday")
        await day.prepare_pharmacy_day(self.dispense, self.today)

    async def _give(self) -> None:
        line_id = await self._one("dispense", "SELECT line_id FROM visit_line WHERE clinic_id = $1")
        visit_id = await self._one("dispense", "SELECT visit_id FROM visit WHERE clinic_id = $1")
        await counter.give(self.dispense, visit_id, {line_id: GIVEN_UNITS})

    async def _send(self, other: Clinic) -> None:
        asking = self.world.work(self.databases["stock"], "stock", other)
        wanted = [transfer.WantedLine(product_id=AMLODIPINE, units=SENT_UNITS)]
        asked = await transfer.request_transfer(asking, self.clinic.clinic_id, wanted, None)
        await self.world.carry_events()
        agreed = [AgreedLine(line_number=1, units=SENT_UNITS)]
        await transfer.agree_transfer(self.stock, asked.transfer_id, agreed)
        await transfer.ship_transfer(self.stock, asked.transfer_id)
        await self.world.carry_events()

    async def _one(self, service: str, query: str) -> UUID:
        """The one row of this clinic, as the owner sees it."""
        async with connected(self.cell.owner_url(service)) as owner:
            rows: list[asyncpg.Record] = await owner.fetch(query, self.clinic.clinic_id)
        assert len(rows) == 1, query
        return rows[0][0]
