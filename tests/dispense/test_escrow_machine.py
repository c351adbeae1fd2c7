"""Pharmacy days played at random, events carried at any moment and out of order: no unit is lost or given twice."""

import asyncio
from collections import Counter
from collections.abc import Awaitable
from typing import TypeVar
from uuid import UUID

import asyncpg
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from deploy.cell import SERVICES
from services.dispense import store
from services.dispense.actions import calendar, counter, day
from services.dispense.errors import AlreadySupplied, SupplyOverdrawn
from shared.database import Database
from shared.errors import DosisError
from tests.dispense.agreement import agree
from tests.dispense.clinic import NORMODIN, NORVASC, OwnClinic, fact_of, open_clinic
from tests.people import World

T = TypeVar("T")

PICK = st.integers(0, 11)
UNITS_DONATED = st.integers(1, 30)
DAYS_LEFT = st.integers(0, 30)
NAME = st.sampled_from([NORVASC, NORMODIN])
CYCLE_DAYS = 5
MOST_PATIENTS = 4

# Everybody takes one piece a day: nobody is ever given more pieces than there are days that they are supplied for.
NEVER_SO = """
SELECT 'expired but given'
FROM dispensed
JOIN escrow USING (line_id, lot_id)
WHERE dispensed.clinic_id = $1 AND (dispensed.given_at AT TIME ZONE 'Europe/Athens')::date > escrow.expires_on
UNION ALL
SELECT 'given twice'
FROM supply
WHERE supply.clinic_id = $1 AND supply.voided_at IS NULL
GROUP BY supply.therapy_line_id
HAVING (SELECT sum(units) FROM dispensed JOIN supply AS of_line USING (supply_id)
        WHERE of_line.therapy_line_id = supply.therapy_line_id AND dispensed.undone_at IS NULL)
    > max(upper(supply.days)) - min(lower(supply.days))
UNION ALL
SELECT 'held but still reserved'
FROM escrow
JOIN lot_state USING (lot_id)
WHERE escrow.clinic_id = $1
    AND lot_state.held_reason IS NOT NULL
    AND escrow.reserved_units > escrow.given_units + escrow.released_units
UNION ALL
SELECT 'counts as supplied with less than its days need'
FROM supply
WHERE supply.clinic_id = $1 AND supply.voided_at IS NULL AND supply.needed_units <> upper(days) - lower(days)
UNION ALL
SELECT 'neither given nor owed'
FROM supply
LEFT JOIN owed USING (supply_id)
WHERE supply.clinic_id = $1
    AND supply.voided_at IS NULL
    AND supply.needed_units > supply.given_units
    AND (owed.state IS NULL OR owed.state IN ('given', 'undone') OR owed.state = 'open'
         AND owed.units <> supply.needed_units - supply.given_units)
"""
UNITS = """
SELECT lot_id, donated AS came_in, quarantine + shelf + reserved AS inside, dispensed AS gone
FROM lot
WHERE clinic_id = $1
"""
STILL_RESERVED = "SELECT sum(reserved) FROM lot WHERE clinic_id = $1"
RESERVED_TODAY = """
SELECT visit_line.visit_id, visit_line.line_id,
       sum(escrow.reserved_units - escrow.given_units - escrow.released_units)::integer AS units
FROM escrow
JOIN visit_line USING (line_id)
JOIN visit USING (visit_id)
JOIN pharmacy_day USING (day_id)
WHERE escrow.clinic_id = $1
    AND pharmacy_day.day_on = $2
    AND escrow.reserved_units > escrow.given_units + escrow.released_units
GROUP BY visit_line.visit_id, visit_line.line_id
ORDER BY visit_line.line_id
"""
DAYS = "SELECT day_on FROM pharmacy_day WHERE clinic_id = $1 AND state = 'open' ORDER BY day_on"


MUST_HAPPEN = ("prepared", "given", "held", "closed", "sent back")
"""Programs that do nothing would prove nothing: more are made until each of these was done."""
MOST_ROUNDS = 6


class PharmacyDays(RuleBasedStateMachine):
    """One clinic; what its people may do, in any order; what they are refused is no failure."""

    def __init__(
        self, world: World, databases: dict[str, Database], runner: asyncio.Runner, seen: Counter[str]
    ) -> None:
        super().__init__()
        self.world = world
        self.databases = databases
        self.runner = runner
        self.seen = seen
        self.days_ahead = 0
        self.donated: dict[UUID, int] = {}
        self.held: set[UUID] = set()
        self.patients: list[UUID] = []

    def do(self, act: Awaitable[T]) -> T:
        async def acted() -> T:
            return await act

        return self.runner.run(acted())

    def attempt(self, name: str, act: Awaitable[T]) -> T | None:
        """Do what a person may be refused; count what was done."""
        try:
            done = self.do(act)
        except DosisError:
            return None
        except asyncpg.IntegrityConstraintViolationError as refused:
            assert fact_of(refused) in {AlreadySupplied, SupplyOverdrawn}
            return None
        self.seen[name] += 1
        return done

    @initialize(lots=st.lists(st.tuples(UNITS_DONATED, DAYS_LEFT, NAME), min_size=2, max_size=5))
    def open(self, lots: list[tuple[int, int, str]]) -> None:
        self.world.cell.set_days_ahead(0)
        self.clinic: OwnClinic = self.do(open_clinic(self.world, self.databases))
        for _ in range(2):
            self.register()
        for units, days, name in lots:
            self.donate(units, days, name)

    # What comes in

    @rule(units=UNITS_DONATED, days=DAYS_LEFT, name=NAME)
    def donate(self, units: int, days: int, name: str) -> None:
        lot_id = self.do(self.clinic.donate(units, expires_on=self.clinic.on(days), name=name))
        self.donated[lot_id] = units

    @precondition(lambda self: len(self.patients) < MOST_PATIENTS)
    @rule()
    def register(self) -> None:
        self.patients.append(self.do(self.clinic.patient(cycle_days=CYCLE_DAYS)))

    # Pharmacy days

    @rule(days_on=st.sampled_from([0, 0, 0, 1]))
    def prepare(self, days_on: int) -> None:
        self.attempt("prepared", day.prepare_pharmacy_day(self.clinic.work, self.clinic.on(days_on)))

    @rule()
    def prepare_and_hear(self) -> None:
        """The usual morning."""
        self.prepare(0)
        self.do(self.clinic.carry())

    @rule(pick=PICK, units=st.none() | st.integers(1, 3))
    def give(self, pick: int, units: int | None) -> None:
        """All that is reserved for a visit, or so many units of one of its lines."""
        lines = self.do(self.rows("dispense", RESERVED_TODAY, self.clinic.today))
        if lines:
            line = lines[pick % len(lines)]
            wanted = None if units is None else {line["line_id"]: min(units, line["units"])}
            name = "given" if units is None else "given in part"
            self.attempt(name, counter.give(self.clinic.work, line["visit_id"], wanted))

    @rule(pick=PICK)
    def come_and_go(self, pick: int) -> None:
        """The usual visit."""
        self.prepare_and_hear()
        self.give(pick, None)

    @rule(pick=PICK)
    def undo(self, pick: int) -> None:
        visit = self.visit(pick)
        if visit is not None:
            self.attempt("undone", counter.undo_last(self.clinic.work, visit.visit_id))

    @rule(pick=PICK)
    def not_come(self, pick: int) -> None:
        visit = self.visit(pick)
        if visit is not None:
            self.attempt("not come", counter.mark_not_come(self.clinic.work, visit.visit_id))

    @precondition(lambda self: self.patients)
    @rule(pick=PICK)
    def walk_in(self, pick: int) -> None:
        patient_id = self.patients[pick % len(self.patients)]
        self.attempt("walked in", counter.open_walk_in(self.clinic.work, patient_id))

    @rule(pick=PICK)
    def abandon(self, pick: int) -> None:
        visit = self.visit(pick)
        if visit is not None:
            self.attempt("abandoned", counter.abandon_walk_in(self.clinic.work, visit.visit_id))

    @rule(pick=PICK)
    def cancel_owed(self, pick: int) -> None:
        rows = self.do(self.owed())
        if rows:
            self.attempt("cancelled", counter.cancel_owed(self.clinic.work, rows[pick % len(rows)].supply_id))

    @rule()
    def close(self) -> None:
        closed = self.attempt("closed", self.clinic.close())
        self.seen["sent back"] += closed is not None and closed.released_units > 0

    @rule()
    def reopen(self) -> None:
        self.attempt("opened again", day.reopen_pharmacy_day(self.clinic.work, self.clinic.today))

    @rule(days_on=st.integers(0, 1), back=st.booleans())
    def close_on(self, days_on: int, back: bool) -> None:
        """A day is taken out of the calendar, and perhaps put in again."""
        day_on = self.clinic.on(days_on)
        self.attempt("closed on", calendar.close_on(self.clinic.work, day_on, "strike"))
        if back:
            self.attempt("open after all", calendar.open_after_all(self.clinic.work, day_on))

    @rule(days=st.integers(1, 4), prepared=st.booleans())
    def next_day(self, days: int, prepared: bool) -> None:
        self.days_ahead += days
        self.world.cell.set_days_ahead(self.days_ahead)
        if prepared:
            self.prepare_and_hear()

    # Lots that are held

    @precondition(lambda self: self.donated)
    @rule(pick=PICK)
    def hold(self, pick: int) -> None:
        lot_id = sorted(self.donated)[pick % len(self.donated)]
        self.attempt("held", self.clinic.hold(lot_id))

    @precondition(lambda self: self.donated)
    @rule(pick=PICK)
    def lift_hold(self, pick: int) -> None:
        lot_id = sorted(self.donated)[pick % len(self.donated)]
        self.attempt("lifted", self.clinic.lift_hold(lot_id))

    # The bus

    @rule(producer=st.sampled_from(["dispense", "stock"]), backwards=st.booleans())
    def carry(self, producer: str, backwards: bool) -> None:
        self.do(self.clinic.carry_from(producer, backwards=backwards))

    # What always holds

    @invariant()
    def every_unit_that_came_in_is_inside_or_gone(self) -> None:
        rows = self.do(self.rows("stock", UNITS))
        assert {row["lot_id"]: row["came_in"] for row in rows} == self.donated
        assert all(row["came_in"] == row["inside"] + row["gone"] for row in rows)

    @invariant()
    def nothing_is_given_twice_or_expired_or_kept_of_a_held_lot(self) -> None:
        assert self.do(self.rows("dispense", NEVER_SO)) == []

    def teardown(self) -> None:
        """When every day is closed and every event carried, stock and dispense agree, and nothing is reserved."""
        self.do(agree(self.clinic))
        self.next_day(1, prepared=False)
        for row in self.do(self.rows("dispense", DAYS)):
            self.do(self.clinic.close(row["day_on"]))
        self.do(agree(self.clinic))
        assert not self.do(self.rows("stock", STILL_RESERVED))[0][0]

    # Looking

    def visit(self, pick: int) -> store.visits.VisitRow | None:
        """One of today's visits."""
        visits = self.do(self.visits())
        return visits[pick % len(visits)] if visits else None

    async def visits(self) -> list[store.visits.VisitRow]:
        async with self.clinic.work.reading() as tx:
            today = await store.days.find_day(tx, tx.today)
            return [] if today is None else await store.visits.visits_of_day(tx, today.day_id)

    async def owed(self) -> list[store.owed.OwedRow]:
        async with self.clinic.work.reading() as tx:
            return await store.owed.owed_rows(tx, 20)

    async def rows(self, service: str, query: str, *arguments: object) -> list[asyncpg.Record]:
        async with self.clinic.work_at(service).reading() as tx:
            return await tx.sql.fetch(query, tx.clinic_id, *arguments)


def test_no_unit_is_lost_or_given_twice_whatever_happens(world: World) -> None:
    seen: Counter[str] = Counter()
    program = settings(
        max_examples=15, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    with asyncio.Runner() as runner:
        databases = {name: runner.run(Database.connect(world.cell.app_url(name), 4)) for name in SERVICES}

        class InThisCell(PharmacyDays):
            def __init__(self) -> None:
                super().__init__(world, databases, runner, seen)

        try:
            for _ in range(MOST_ROUNDS):
                run_state_machine_as_test(InThisCell, settings=program)
                if all(seen[what] for what in MUST_HAPPEN):
                    break
        finally:
            world.cell.set_days_ahead(0)
            for database in databases.values():
                runner.run(database.close())
    assert all(seen[what] for what in MUST_HAPPEN), seen
