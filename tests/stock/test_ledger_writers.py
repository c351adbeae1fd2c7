"""Many writers at the same lots: nobody hears of a deadlock, and no unit is lost or made."""

import random
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

import pytest

from deploy.cell import Cell
from services.stock.actions import lots as actions
from services.stock.actions import reservation
from services.stock.consumers import CONSUMERS
from services.stock.errors import LotHeldAlready, LotNotHeld, NotEnoughUnits, SameLot
from services.stock.rules.ledger import Account, BusinessStep, Movement
from services.stock.store import lots as store
from shared.database import Database, Work
from shared.ids import new_id
from shared.inbox import Inbox
from tests.scratch import work_of
from tests.shared.inbox_story import enveloped
from tests.stock.ledger import INSIDE, Ledger, a_ledger
from tests.stock.writers import TODAY, WRITERS, a_line, a_request, accepted, all_at_once, is_whole, ten_lots

pytestmark = pytest.mark.anyio

ROUNDS = 25


@pytest.fixture(scope="module")
async def ledger(cell: Cell) -> AsyncGenerator[Ledger, None]:
    async with a_ledger(cell) as made:
        yield made


@pytest.fixture
async def database(ledger: Ledger) -> AsyncGenerator[Database, None]:
    """A connection for each writer."""
    connected = await Database.connect(ledger.scratch.app_url, 2 * WRITERS)
    yield connected
    await connected.close()


async def test_eight_writers_move_units_of_the_same_lots_in_any_order(
    cell: Cell, ledger: Ledger, database: Database
) -> None:
    lot_ids = await ten_lots(ledger, 1000)
    done: Counter[tuple[UUID, str]] = Counter()

    async def writer(_number: int, chance: random.Random) -> None:
        work = work_of(cell, database, ledger.north)
        for _ in range(ROUNDS):
            chosen = chance.sample(lot_ids, chance.randint(2, 10))
            target = chance.choice([Account.RESERVED, Account.QUARANTINE, Account.DISPENSED, Account.LOST])
            units = {lot_id: chance.randint(1, 4) for lot_id in chosen}
            moves = [Movement(lot_id=x, source=Account.SHELF, target=target, units=n) for x, n in units.items()]
            async with work.transaction() as tx:
                await store.post(tx, BusinessStep.STORING, moves)
            done.update({(lot_id, str(target)): n for lot_id, n in units.items()})

    await all_at_once(writer)
    for lot_id in lot_ids:
        gone = Counter({target: units for (of, target), units in done.items() if of == lot_id})
        assert await ledger.balances(lot_id) == gone + Counter(donated=1000, shelf=1000 - gone.total())
    await is_whole(ledger, lot_ids)


# What people want done: each with the units that it brought in.


async def hold(work: Work, _ledger: Ledger, lot_id: UUID, _other_id: UUID) -> int:
    await actions.hold_lot(work, lot_id, "a leaflet is missing")
    return 0


async def lift(work: Work, _ledger: Ledger, lot_id: UUID, _other_id: UUID) -> int:
    await actions.lift_hold(work, lot_id, "found the leaflet")
    return 0


async def put_right(work: Work, _ledger: Ledger, lot_id: UUID, other_id: UUID) -> int:
    async with work.reading() as tx:
        other = await store.find_lot(tx, other_id)
    assert other is not None
    await actions.correct_lot(work, lot_id, 2, other.batch, other.expires_on, opened=False, reason="misread")
    return 0


async def write_off(work: Work, _ledger: Ledger, lot_id: UUID, _other_id: UUID) -> int:
    await actions.write_off_units(work, lot_id, 1, Account.SHELF, Account.LOST, "fell")
    return 0


async def receive(work: Work, ledger: Ledger, lot_id: UUID, _other_id: UUID) -> int:
    line = await accepted(work, ledger, lot_id)
    await actions.receive_accepted_lines(work, [line])
    return line.units


async def draw(work: Work, ledger: Ledger, _lot_id: UUID, _other_id: UUID) -> int:
    await reservation.take_request_part(work, a_request(ledger, {new_id(): 9}))
    return 0


ACTS = [hold, lift, put_right, put_right, put_right, write_off, receive, draw]


async def test_people_put_right_hold_and_write_off_the_same_lots_at_once(
    cell: Cell, ledger: Ledger, database: Database
) -> None:
    lot_ids = await ten_lots(ledger, 200)
    received: list[int] = []

    async def writer(_number: int, chance: random.Random) -> None:
        work = work_of(cell, database, ledger.north)
        for _ in range(ROUNDS):
            lot_id, other_id = chance.sample(lot_ids, 2)
            with suppress(LotHeldAlready, LotNotHeld, NotEnoughUnits, SameLot):
                received.append(await chance.choice(ACTS)(work, ledger, lot_id, other_id))

    await all_at_once(writer)
    together = await is_whole(ledger, lot_ids)
    assert together["donated"] == 2000 + sum(received)
    assert together["recast_in"] == together["recast_out"]
    assert together["donated"] == sum(together[x] for x in INSIDE) + together["lost"]


async def test_corrections_that_cross_each_other_never_wait_in_a_ring(
    cell: Cell, ledger: Ledger, database: Database
) -> None:
    """Half of the writers put units of one lot right into the other, half the other way round."""
    ends = [await ledger.make_lot(ledger.north, units=500, expires_on=TODAY + timedelta(days=n)) for n in (90, 80)]

    async def writer(number: int, _chance: random.Random) -> None:
        work = work_of(cell, database, ledger.north)
        wrong_id, right_id = ends if number % 2 else reversed(ends)
        for _ in range(2 * ROUNDS):
            await put_right(work, ledger, wrong_id, right_id)

    await all_at_once(writer)
    moved_units = 2 * 2 * ROUNDS * WRITERS
    assert await is_whole(ledger, ends) == Counter(
        donated=1000, shelf=1000, recast_in=moved_units, recast_out=moved_units
    )


async def test_events_that_make_and_fill_the_same_lots_in_any_order_are_each_applied_once(
    cell: Cell, ledger: Ledger, database: Database
) -> None:
    """Batches take their locks event by event, so they entangle; each event is applied all the same, by itself."""
    ledger = await ledger.another_product()
    days = [TODAY + timedelta(days=number) for number in range(10)]

    async def writer(_number: int, chance: random.Random) -> None:
        inbox = Inbox(database, cell.settings_of("stock").clock(), CONSUMERS)
        lines = [a_line(ledger, "MADE", day) for day in chance.sample(days, 10)]
        batch = [enveloped(x, x.line_id, 1, producer="donations", clinic_id=ledger.north) for x in lines]
        await inbox.take_in(batch)
        await inbox.take_in(batch[::-1])

    await all_at_once(writer)
    assert await ledger.owner.fetch("SELECT detail FROM inbox_waiting") == []
    rows = await ledger.owner.fetch("SELECT lot_id FROM lot WHERE product_id = $1", ledger.product_id)
    assert len(rows) == 10
    together = await is_whole(ledger, [row["lot_id"] for row in rows])
    assert together == Counter(donated=3 * 10 * WRITERS, shelf=3 * 10 * WRITERS)
