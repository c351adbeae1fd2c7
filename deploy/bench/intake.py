"""intake: collections of ten lines are logged, handed in and checked, until their lots are on the shelf."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from uuid import UUID

import msgspec
from msgspec import Struct

from deploy.bench import bare
from deploy.bench.caller import Caller, dealt, side_by_side
from deploy.bench.measure import Measured, Run, compared
from deploy.bench.processes import Stretch
from deploy.bench.stage import Clinic, Stage
from services.stock.catalogue import read_seed
from shared.catalogue import FormGroup
from shared.events.donations import LineAccepted
from shared.ids import new_id

LINES = 10
EXPIRES_IN_DAYS = 400
UNITS = 30


class Box(Struct, frozen=True):
    product_id: UUID
    batch: str
    expires_on: date


def boxes(today: date, first: int, number: int) -> list[Box]:
    """Boxes of tablets that any clinic takes, each of a batch of its own."""
    plain = [
        product.product_id
        for product in read_seed().products
        if product.form_group is FormGroup.ORAL_SOLID and not product.controlled and not product.cold_chain
    ]
    expires_on = today + timedelta(days=EXPIRES_IN_DAYS)
    return [Box(plain[n % len(plain)], f"BENCH{n:06}", expires_on) for n in range(first, first + number)]


def next_boxes(stage: Stage, collections: int) -> list[list[Box]]:
    """Boxes for so many collections, that no other collection has had."""
    found = boxes(stage.today, stage.taken_boxes, collections * LINES)
    stage.taken_boxes += len(found)
    return [found[start : start + LINES] for start in range(0, len(found), LINES)]


def hand_in_and_check(caller: Caller, pharmacy_id: UUID, logged: Sequence[Box]) -> str:
    """One collection through the API, from its opening to its last line's check; returns its id."""
    opened = caller.do("donations", "/collections", {"pharmacy_id": pharmacy_id})
    path = f"/collections/{opened['collection_id']}"
    lines = [
        caller.do(
            "donations",
            f"{path}/lines",
            {
                "product_id": box.product_id,
                "batch": box.batch,
                "expires_on": box.expires_on,
                "opened": False,
                "units": UNITS,
                "source_kind": "person",
            },
        )["line_id"]
        for box in logged
    ]
    caller.do("donations", f"{path}/hand-in")
    for line_id in lines:
        caller.do("donations", f"{path}/lines/{line_id}/check", {"outcome": "accept"})
    return opened["collection_id"]


class Intake:
    """The scenario at one clinic: ours and the floor by turns, each with boxes of its own."""

    def __init__(self, stage: Stage, clinic: Clinic, clients: int, collections: int) -> None:
        self.stage = stage
        self.clinic = clinic
        self.clients = clients
        self.collections = collections
        self.events_a_transaction = 1

    def _boxes(self) -> list[list[Box]]:
        return next_boxes(self.stage, self.collections)

    async def ours(self) -> Run:
        """Through the API; over when stock has committed the last lot."""
        after = await self.stage.last_number("donations")
        hands = dealt(self._boxes(), self.clients)
        callers = [self.stage.caller(self.clinic) for _ in hands]
        loop = asyncio.get_running_loop()
        stretch = Stretch(self.stage.processes)

        def client(caller: Caller, collections: list[list[Box]]) -> None:
            for one in collections:
                collection_id = hand_in_and_check(caller, self.clinic.pharmacy_id, one)
                asyncio.run_coroutine_threadsafe(self._until_on_the_shelf(collection_id), loop).result()

        await asyncio.to_thread(side_by_side, [partial(client, *one) for one in zip(callers, hands, strict=True)])
        run = stretch.end(self.collections)
        for caller in callers:
            caller.close()
        events = await self.stage.events_after("donations", after)
        self.events_a_transaction = await self.stage.events_a_transaction("stock", events)
        return run

    async def _until_on_the_shelf(self, collection_id: str) -> None:
        """A collection's events are read in their order, so it is there when all of them have been."""
        question = """
            SELECT EXISTS (
                SELECT FROM inbox_aggregate WHERE producer = 'donations' AND aggregate_id = $1 AND version = $2
            )
        """
        async with self.stage.looking:
            await self.stage.until("stock", question, UUID(collection_id), LINES)

    async def floor(self) -> Run:
        hands = dealt(self._boxes(), self.clients)
        donations, stock = self.stage.floor["donations"], self.stage.floor["stock"]
        stretch = Stretch(self.stage.processes, floor=True)

        async def client(collections: list[list[Box]]) -> None:
            async with donations.acquire() as giving, stock.acquire() as shelving:
                for one in collections:
                    accepted = await self._write_collection(giving, one)
                    for start in range(0, LINES, self.events_a_transaction):
                        await self._write_lots(shelving, accepted, start)

        await asyncio.gather(*(client(one) for one in hands))
        return stretch.end(self.collections)

    async def _write_collection(self, sql: bare.Sql, logged: Sequence[Box]) -> list[tuple[UUID, LineAccepted]]:
        """The rows in donations: a transaction for each command; returns the events with their ids."""
        clinic_id, person_id, now = self.clinic.clinic_id, self.stage.person_id, datetime.now(UTC)
        collection_id = new_id()
        async with sql.transaction():
            await sql.execute(OPEN_COLLECTION, collection_id, clinic_id, self.clinic.pharmacy_id, person_id, now)
            await bare.keep_answer(sql, person_id, "donations.open_collection", _answer(collection_id, "open"))
        lines = [new_id() for _ in logged]
        for number, (line_id, box) in enumerate(zip(lines, logged, strict=True), start=1):
            async with sql.transaction():
                of_box = (box.product_id, box.batch, box.expires_on, UNITS)
                await sql.execute(ADD_LINE, line_id, clinic_id, collection_id, number, *of_box, person_id, now)
                await bare.keep_answer(sql, person_id, "donations.add_line", _answer(line_id, "logged"))
        async with sql.transaction():
            await sql.execute(HAND_IN, collection_id, person_id, now)
            await bare.keep_answer(sql, person_id, "donations.hand_in_collection", _answer(collection_id, "handed_in"))
        accepted: list[tuple[UUID, LineAccepted]] = []
        for number, (line_id, box) in enumerate(zip(lines, logged, strict=True), start=1):
            event = self._accepted(collection_id, line_id, box)
            async with sql.transaction():
                await sql.execute(CHECK_LINE, line_id, box.batch, box.expires_on, UNITS, person_id, now)
                if number == LINES:
                    await sql.execute(SET_CHECKED, collection_id)
                await bare.keep_answer(sql, person_id, "donations.check_line", _answer(line_id, "accepted"))
                written = await bare.write_events(sql, collection_id, clinic_id, person_id, [event], number)
            accepted.append((written[0], event))
        return accepted

    def _accepted(self, collection_id: UUID, line_id: UUID, box: Box) -> LineAccepted:
        return LineAccepted(
            collection_id=collection_id,
            line_id=line_id,
            pharmacy_id=self.clinic.pharmacy_id,
            product_id=box.product_id,
            batch=box.batch,
            expires_on=box.expires_on,
            opened=False,
            units=UNITS,
        )

    async def _write_lots(self, sql: bare.Sql, accepted: Sequence[tuple[UUID, LineAccepted]], start: int) -> None:
        """The rows in stock: a transaction for as many events as stock took in one, on average."""
        some = accepted[start : start + self.events_a_transaction]
        clinic_id, collection_id = self.clinic.clinic_id, some[0][1].collection_id
        lots = [new_id() for _ in some]
        moved = [
            bare.Moved(lot_id, event.units, new_id(), event.line_id)
            for lot_id, (_, event) in zip(lots, some, strict=True)
        ]
        async with sql.transaction():
            read = [event_id for event_id, _ in some]
            await bare.mark_read(sql, "donations", {collection_id: start + len(some)}, read)
            products = [event.product_id for _, event in some]
            batches = [event.batch for _, event in some]
            expiries = [event.expires_on for _, event in some]
            await sql.execute(ADD_LOTS, clinic_id, UNITS, lots, products, batches, expiries)
            accounts = ("donated", "shelf")
            await bare.write_movements(sql, clinic_id, self.stage.person_id, accounts, "accepting", moved)


OPEN_COLLECTION = """
INSERT INTO collection (collection_id, clinic_id, pharmacy_id, opened_by, opened_at) VALUES ($1, $2, $3, $4, $5)
"""
ADD_LINE = """
INSERT INTO line (line_id, clinic_id, collection_id, line_number, product_id, batch, expires_on, opened, units,
                  source_kind, storage, state, logged_by, logged_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, false, $8, 'person', 'room', 'logged', $9, $10)
"""
HAND_IN = """
UPDATE collection SET state = 'handed_in', handed_in_by = $2, handed_in_at = $3 WHERE collection_id = $1
"""
CHECK_LINE = """
UPDATE line
SET state = 'accepted', checked_batch = $2, checked_expires_on = $3, checked_opened = false, accepted_units = $4,
    checked_by = $5, checked_at = $6
WHERE line_id = $1
"""
SET_CHECKED = "UPDATE collection SET state = 'checked' WHERE collection_id = $1"
ADD_LOTS = """
INSERT INTO lot (lot_id, clinic_id, product_id, batch, expires_on, opened, donated, shelf)
SELECT lot_id, $1, product_id, batch, expires_on, false, $2, $2
FROM unnest($3::uuid[], $4::uuid[], $5::text[], $6::date[]) AS given (lot_id, product_id, batch, expires_on)
"""


def _answer(about: UUID, state: str) -> bytes:
    return msgspec.json.encode({"about_id": about, "line_number": 1, "state": state, "reason": None})


async def measure(stage: Stage, clients: int, collections: int, runs: int) -> list[Measured]:
    """Ours and the floor by turns, after one turn that doesn't count."""
    clinic = await stage.new_clinic()
    warm = Intake(stage, clinic, clients, max(collections // 4, clients))
    await warm.ours()
    await warm.floor()
    scenario = Intake(stage, clinic, clients, collections)
    ours: list[Run] = []
    floored: list[Run] = []
    for _ in range(runs):
        await stage.tidy()
        ours.append(await scenario.ours())
        floored.append(await scenario.floor())
    return [compared("intake", clients, "ms a collection", ours, floored)]
