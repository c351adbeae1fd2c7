"""Many writers at the same lots, and what they ask of stock."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from uuid import UUID

from services.stock.store import lots as store
from shared.database import Work
from shared.events.dispense import AskedLine, ReservationAsked
from shared.events.donations import LineAccepted
from shared.ids import new_id
from shared.policies import SharingRule
from tests.stock.ledger import Ledger, replay

WRITERS = 8
TODAY = date(2026, 3, 2)


async def ten_lots(ledger: Ledger, units: int) -> list[UUID]:
    """Two lots of each of five days, so that the order of expiry is not the order of the ids."""
    days = [TODAY + timedelta(days=400 - number % 5) for number in range(10)]
    return [await ledger.make_lot(ledger.north, units=units, expires_on=day) for day in days]


async def all_at_once(writer: Callable[[int, random.Random], Awaitable[None]], writers: int = WRITERS) -> None:
    async with asyncio.TaskGroup() as group:
        for number in range(writers):
            group.create_task(_begin(writer, number))


async def _begin(writer: Callable[[int, random.Random], Awaitable[None]], number: int) -> None:
    await writer(number, random.Random(number))


async def is_whole(ledger: Ledger, lot_ids: list[UUID]) -> Counter[str]:
    """Each lot equals its movements; returns the balances of all together."""
    together: Counter[str] = Counter()
    for lot_id in lot_ids:
        balances = await ledger.balances(lot_id)
        assert balances == replay(await ledger.movements(lot_id))
        together += balances
    return together


async def accepted(work: Work, ledger: Ledger, lot_id: UUID) -> LineAccepted:
    """Three more units of just this lot."""
    async with work.reading() as tx:
        lot = await store.find_lot(tx, lot_id)
    assert lot is not None
    return a_line(ledger, lot.batch, lot.expires_on)


def a_line(ledger: Ledger, batch: str | None, expires_on: date) -> LineAccepted:
    return LineAccepted(
        collection_id=new_id(),
        line_id=new_id(),
        pharmacy_id=new_id(),
        product_id=ledger.product_id,
        batch=batch,
        expires_on=expires_on,
        opened=False,
        units=3,
    )


def a_request(ledger: Ledger, units: dict[UUID, int]) -> ReservationAsked:
    """A walk-in's request for units of the one product, by reference."""
    lines = tuple(
        AskedLine(
            reference=reference,
            order=place,
            substitution_group=f"product:{ledger.product_id}",
            content_needed=str(wanted),
            content_per_day=None,
            from_on=TODAY,
            through_on=TODAY + timedelta(days=29),
        )
        for place, (reference, wanted) in enumerate(units.items())
    )
    return ReservationAsked(request_id=new_id(), part=1, parts=1, sharing_rule=SharingRule.EQUAL_DAYS, lines=lines)
