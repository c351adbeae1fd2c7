"""give: everything that is reserved for a patient of four lines is handed over, until stock has taken it out."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

import msgspec
from msgspec import Struct

from deploy.bench import bare, laying, prepare
from deploy.bench.caller import Caller, dealt, side_by_side
from deploy.bench.measure import Measured, Run, compared
from deploy.bench.processes import Stretch
from deploy.bench.stage import Clinic, Stage
from shared.events.dispense import Dispensed, ReservedUnits
from shared.ids import new_id


class Giving(Struct, frozen=True):
    """What is reserved for a line of a visit."""

    visit_id: UUID
    patient_id: UUID
    line_id: UUID
    therapy_line_id: UUID
    reference: UUID
    from_on: object
    through_on: object
    lot_id: UUID
    units: int


RESERVED = """
SELECT visit.visit_id, visit.patient_id, visit_line.line_id, visit_line.therapy_line_id, visit_line.reference,
       visit_line.from_on, visit_line.through_on, escrow.lot_id, escrow.reserved_units AS units
FROM visit
JOIN visit_line USING (visit_id)
JOIN escrow USING (line_id)
WHERE visit.clinic_id = $1
ORDER BY visit.visit_id, visit_line.line_id, escrow.lot_id
"""
Visits = Mapping[UUID, list[Giving]]


async def reserved(stage: Stage, clinic: Clinic) -> Visits:
    found: dict[UUID, list[Giving]] = {}
    for row in await stage.watch["dispense"].fetch(RESERVED, clinic.clinic_id):
        found.setdefault(row["visit_id"], []).append(Giving(*row.values()))
    return found


class Counter:
    """The scenario at one clinic whose day is prepared."""

    def __init__(self, stage: Stage, clinic: Clinic, clients: int) -> None:
        self.stage = stage
        self.clinic = clinic
        self.clients = clients
        self.events_a_transaction = 1

    async def ours(self, visits: Visits) -> Run:
        """Through the API; over when stock has committed the last one's movements."""
        after = await self.stage.last_number("dispense")
        hands = dealt(list(visits), self.clients)
        callers = [self.stage.caller(self.clinic) for _ in hands]
        stretch = Stretch(self.stage.processes)

        def client(caller: Caller, visit_ids: Sequence[UUID]) -> None:
            for visit_id in visit_ids:
                caller.do("dispense", f"/visits/{visit_id}/give", {})

        await asyncio.to_thread(side_by_side, [partial(client, *one) for one in zip(callers, hands, strict=True)])
        events = await self.stage.until_read("dispense", "stock", after)
        run = stretch.end(len(visits))
        for caller in callers:
            caller.close()
        self.events_a_transaction = await self.stage.events_a_transaction("stock", events)
        return run

    async def floor(self, visits: Visits) -> Run:
        hands = dealt(list(visits.values()), self.clients)
        pools = self.stage.floor
        stretch = Stretch(self.stage.processes, floor=True)

        async def client(mine: Sequence[Sequence[Giving]]) -> None:
            async with pools["dispense"].acquire() as dispense, pools["stock"].acquire() as stock:
                for start in range(0, len(mine), self.events_a_transaction):
                    some = mine[start : start + self.events_a_transaction]
                    await self._take_out(stock, [(await self._hand_over(dispense, lines), lines) for lines in some])

        await asyncio.gather(*(client(mine) for mine in hands))
        return stretch.end(len(visits))

    async def _hand_over(self, sql: bare.Sql, lines: Sequence[Giving]) -> tuple[UUID, UUID]:
        """The rows in dispense, in one transaction; returns the operation and its event's id."""
        clinic_id, person_id, now = self.clinic.clinic_id, self.stage.person_id, datetime.now(UTC)
        operation_id, visit_id = new_id(), lines[0].visit_id
        ids, lots, units = _columns(lines)
        first = {line.line_id: line for line in lines}
        supplies = {line_id: new_id() for line_id in first}
        needed = [sum(line.units for line in lines if line.line_id == line_id) for line_id in first]
        async with sql.transaction():
            await sql.execute(
                ADD_SUPPLIES,
                clinic_id,
                lines[0].patient_id,
                list(supplies.values()),
                [line.therapy_line_id for line in first.values()],
                [line.from_on for line in first.values()],
                [line.through_on for line in first.values()],
                needed,
            )
            await sql.execute(LINK_SUPPLIES, list(supplies), list(supplies.values()))
            await sql.execute(GIVE_ESCROW, ids, lots, units)
            of_lines = [supplies[line_id] for line_id in ids]
            new_ids = [new_id() for _ in lines]
            given = (clinic_id, operation_id, visit_id, person_id, now, new_ids, ids, of_lines, lots, units)
            await sql.execute(ADD_DISPENSED, *given)
            await sql.execute("UPDATE visit SET state = 'served' WHERE visit_id = $1", visit_id)
            answer = {"visit_id": visit_id, "state": "served", "given": list(zip(ids, lots, units, strict=True))}
            await bare.keep_answer(sql, person_id, "dispense.give", msgspec.json.encode(answer))
            told = tuple(ReservedUnits(reference=x.reference, lot_id=x.lot_id, units=x.units) for x in lines)
            event = Dispensed(operation_id=operation_id, lines=told)
            written = await bare.write_events(sql, visit_id, clinic_id, person_id, [event])
        return operation_id, written[0]

    async def _take_out(self, sql: bare.Sql, some: Sequence[tuple[tuple[UUID, UUID], Sequence[Giving]]]) -> None:
        """The rows in stock: a transaction for as many events as stock took in one, on average."""
        clinic_id = self.clinic.clinic_id
        given = [(operation_id, line) for (operation_id, _), lines in some for line in lines]
        moved = [bare.Moved(line.lot_id, line.units, operation_id, line.reference) for operation_id, line in given]
        accounts = ("reserved", "dispensed")
        async with sql.transaction():
            versions = {lines[0].visit_id: 1 for _, lines in some}
            await bare.mark_read(sql, "dispense", versions, [event_id for (_, event_id), _ in some])
            await bare.write_movements(sql, clinic_id, self.stage.person_id, accounts, "dispensing", moved)
            await bare.move_units(sql, clinic_id, accounts, moved)
            references = [line.reference for _, line in given]
            lots, units = [line.lot_id for _, line in given], [line.units for _, line in given]
            await sql.execute(TAKE, references, lots, units)


def _columns(lines: Sequence[Giving]) -> tuple[list[UUID], list[UUID], list[int]]:
    return [x.line_id for x in lines], [x.lot_id for x in lines], [x.units for x in lines]


ADD_SUPPLIES = """
INSERT INTO supply (supply_id, clinic_id, therapy_line_id, patient_id, days, needed_units, given_units)
SELECT supply_id, $1, therapy_line_id, $2, daterange(from_on, through_on, '[]'), units, units
FROM unnest($3::uuid[], $4::uuid[], $5::date[], $6::date[], $7::integer[])
    AS given (supply_id, therapy_line_id, from_on, through_on, units)
"""
LINK_SUPPLIES = """
UPDATE visit_line
SET supply_id = given.supply_id
FROM unnest($1::uuid[], $2::uuid[]) AS given (line_id, supply_id)
WHERE visit_line.line_id = given.line_id
"""
GIVE_ESCROW = """
UPDATE escrow
SET given_units = given.units
FROM unnest($1::uuid[], $2::uuid[], $3::integer[]) AS given (line_id, lot_id, units)
WHERE escrow.line_id = given.line_id AND escrow.lot_id = given.lot_id
"""
ADD_DISPENSED = """
INSERT INTO dispensed (dispensed_id, clinic_id, operation_id, visit_id, line_id, supply_id, lot_id, units, given_by,
                       given_at)
SELECT dispensed_id, $1, $2, $3, line_id, supply_id, lot_id, units, $4, $5
FROM unnest($6::uuid[], $7::uuid[], $8::uuid[], $9::uuid[], $10::integer[])
    AS given (dispensed_id, line_id, supply_id, lot_id, units)
"""
TAKE = """
UPDATE reservation
SET taken_units = given.units
FROM unnest($1::uuid[], $2::uuid[], $3::integer[]) AS given (reference, lot_id, units)
WHERE reservation.reference = given.reference AND reservation.lot_id = given.lot_id
"""


async def lay(stage: Stage, patients: int, products: int) -> Clinic:
    """A clinic with a day prepared through the API, everything reserved."""
    lots = patients * laying.LINES_A_PATIENT * 3
    clinic = await prepare.lay(stage, patients, lots, products)
    await prepare.prepared(stage, clinic)
    return clinic


async def measure(stage: Stage, clients: int, visits: int, products: int, runs: int) -> list[Measured]:
    """Ours and the floor by turns at one clinic, each with visits of its own, after one turn that doesn't count."""
    clinic = await lay(stage, visits * 2 * (runs + 1), products)
    counter = Counter(stage, clinic, clients)
    everybody = list((await reserved(stage, clinic)).items())
    ours: list[Run] = []
    floor: list[Run] = []
    for number in range(runs + 1):
        await stage.tidy()
        start = number * 2 * visits
        run = await counter.ours(dict(everybody[start : start + visits]))
        floored = await counter.floor(dict(everybody[start + visits : start + 2 * visits]))
        if number:
            ours.append(run)
            floor.append(floored)
    return [compared("give", clients, "ms a patient", ours, floor)]
