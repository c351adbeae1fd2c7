"""The last units of a lot, wanted by sixteen at once, are given out exactly once each."""

import random
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import suppress
from uuid import UUID

import asyncpg
import pytest

from deploy.cell import Cell
from services.stock.actions import lots as actions
from services.stock.actions import reservation
from services.stock.errors import NotEnoughUnits
from services.stock.rules.ledger import Account, BusinessStep, Movement
from services.stock.store import lots as store
from shared.database import Database
from shared.events.dispense import Dispensed, ReservationReleased, ReservedUnits
from shared.ids import new_id
from tests.scratch import work_of
from tests.stock.ledger import Ledger, a_ledger
from tests.stock.writers import a_request, all_at_once, is_whole

pytestmark = pytest.mark.anyio

TAKERS = 16


@pytest.fixture(scope="module")
async def ledger(cell: Cell) -> AsyncGenerator[Ledger, None]:
    async with a_ledger(cell) as made:
        yield made


@pytest.fixture
async def database(ledger: Ledger) -> AsyncGenerator[Database, None]:
    """A connection for each writer."""
    connected = await Database.connect(ledger.scratch.app_url, TAKERS)
    yield connected
    await connected.close()


async def test_the_last_units_of_a_lot_leave_the_shelf_exactly_once(
    cell: Cell, ledger: Ledger, database: Database
) -> None:
    looked_at, unseen = [await ledger.make_lot(ledger.north, units=100) for _ in range(2)]
    taken: Counter[UUID] = Counter()

    async def writer(number: int, _chance: random.Random) -> None:
        work = work_of(cell, database, ledger.north)
        if number % 2:
            with suppress(NotEnoughUnits):
                while True:
                    await actions.write_off_units(work, looked_at, 3, Account.SHELF, Account.LOST, "fell")
                    taken[looked_at] += 3
        with suppress(asyncpg.CheckViolationError):
            while True:
                lost = Movement(lot_id=unseen, source=Account.SHELF, target=Account.LOST, units=3)
                async with work.transaction() as tx:
                    await store.post(tx, BusinessStep.CYCLE_COUNTING, [lost])
                taken[unseen] += 3

    await all_at_once(writer, TAKERS)
    for lot_id in (looked_at, unseen):
        assert taken[lot_id] == 99
        assert await ledger.balances(lot_id) == {"donated": 100, "shelf": 1, "lost": 99}
    await is_whole(ledger, [looked_at, unseen])


RESERVED = "SELECT reference, units FROM reservation WHERE lot_id = $1 ORDER BY reference"


async def test_the_last_units_of_a_lot_are_reserved_exactly_once(
    cell: Cell, ledger: Ledger, database: Database
) -> None:
    ledger = await ledger.another_product()
    lot_id = await ledger.make_lot(ledger.north, units=100)
    asked: set[UUID] = set()

    async def writer(_number: int, chance: random.Random) -> None:
        work = work_of(cell, database, ledger.north)
        for _ in range(3):
            wanted = {new_id(): chance.randint(1, 8) for _ in range(2)}
            asked.update(wanted)
            await reservation.take_request_part(work, a_request(ledger, wanted))

    await all_at_once(writer, TAKERS)
    reserved = dict(await ledger.owner.fetch(RESERVED, lot_id))
    assert asked.issuperset(reserved)
    assert sum(reserved.values()) == 100
    assert await is_whole(ledger, [lot_id]) == {"donated": 100, "reserved": 100}
    answers = await ledger.owner.fetch(ANSWERS, lot_id)
    assert {row["reference"]: row["units"] for row in answers} == reserved


ANSWERS = """
SELECT (lot ->> 'reference')::uuid AS reference, (lot ->> 'units')::integer AS units
FROM outbox, jsonb_array_elements(data -> 'lots') AS lot
WHERE data ->> 'type' = 'stock.reservation_answered.v1' AND (lot ->> 'lot_id')::uuid = $1
"""


async def test_units_that_are_given_and_sent_back_at_once_leave_the_reserve_once(
    cell: Cell, ledger: Ledger, database: Database
) -> None:
    ledger = await ledger.another_product()
    lot_id = await ledger.make_lot(ledger.north, units=10 * TAKERS)
    work = work_of(cell, database, ledger.north)
    await reservation.take_request_part(work, a_request(ledger, {new_id(): 10 for _ in range(TAKERS)}))
    references = [row["reference"] for row in await ledger.owner.fetch(RESERVED, lot_id)]
    outcomes: Counter[tuple[UUID, str]] = Counter()

    async def writer(number: int, _chance: random.Random) -> None:
        lines = (ReservedUnits(reference=references[number // 2], lot_id=lot_id, units=10),)
        with suppress(asyncpg.CheckViolationError):
            if number % 2:
                await reservation.take_dispensed(work, Dispensed(operation_id=new_id(), lines=lines))
            else:
                await reservation.take_released(work, ReservationReleased(operation_id=new_id(), lines=lines))
            outcomes[references[number // 2], "dispensed" if number % 2 else "shelf"] += 1

    await all_at_once(writer, 2 * TAKERS)
    assert len(references) == TAKERS
    assert Counter(reference for reference, _ in outcomes.elements()) == dict.fromkeys(references, 1)
    units = Counter(account for _, account in outcomes.elements())
    together = await is_whole(ledger, [lot_id])
    assert together == Counter(donated=160, dispensed=10 * units["dispensed"], shelf=10 * units["shelf"])
