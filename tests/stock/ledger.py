"""The ledger as its tests see it: lots and movements by the application's role, and balances told again in Python."""

from collections import Counter
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from deploy.cell import SERVICES, Cell
from services.stock.store.lots import POST
from shared.ids import new_id
from tests.scratch import Scratch, connected, in_clinic, scratch_database

SOURCES = ("donated", "received_from_clinic", "found", "recast")
INSIDE = ("quarantine", "shelf", "reserved", "in_transit")
ENDS = ("dispensed", "sent", "expired", "destroyed", "lost", "recast")

CAME_IN = ("donated", "received_from_clinic", "found", "recast_in")
GONE = ("dispensed", "sent", "expired", "destroyed", "lost", "recast_out")
BALANCES = (*CAME_IN, *INSIDE, *GONE)

# Every way that units can go forward.
WAYS = [
    *((source, target) for source in SOURCES for target in INSIDE),
    *((source, target) for source in INSIDE for target in INSIDE if source != target),
    *((source, target) for source in INSIDE for target in ENDS),
]

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Move(NamedTuple):
    lot_id: UUID
    source: str
    target: str
    units: int
    cause_id: UUID | None = None
    reverses: int | None = None


class Moved(NamedTuple):
    """A movement as it stands in the ledger."""

    movement_id: int
    lot_id: UUID
    source: str
    target: str
    units: int
    reverses: int | None


@dataclass(frozen=True)
class Ledger:
    """Two clinics and one product in a database apart."""

    scratch: Scratch
    app: asyncpg.Connection
    owner: asyncpg.Connection
    north: UUID
    south: UUID
    product_id: UUID

    async def make_lot(self, clinic_id: UUID, *, units: int = 0, expires_on: date = date(2027, 1, 31)) -> UUID:
        """A lot with so many donated units on its shelf."""
        lot_id = new_id()
        async with in_clinic(self.app, clinic_id):
            await self.app.execute(
                "INSERT INTO lot (lot_id, clinic_id, product_id, batch, expires_on, opened) "
                "VALUES ($1, $2, $3, $4, $5, false)",
                lot_id,
                clinic_id,
                self.product_id,
                f"LOT-{lot_id.hex[-12:]}",
                expires_on,
            )
            if units:
                await post(self.app, clinic_id, [Move(lot_id, "donated", "shelf", units, new_id())])
        return lot_id

    async def another_product(self) -> "Ledger":
        """The same ledger, with a product of which there is no lot yet."""
        product_id = new_id()
        await self.owner.execute(ADD_PRODUCT, product_id)
        return replace(self, product_id=product_id)

    async def post(self, *moves: Move, clinic_id: UUID | None = None) -> list[int]:
        """Movements of the north (or another clinic) in a transaction of its own; returns their ids."""
        clinic_id = clinic_id or self.north
        async with in_clinic(self.app, clinic_id):
            return await post(self.app, clinic_id, moves)

    async def balances(self, lot_id: UUID) -> Counter[str]:
        """The balances of a lot that aren't zero."""
        row = await self.owner.fetchrow(f"SELECT {', '.join(BALANCES)} FROM lot WHERE lot_id = $1", lot_id)
        assert row is not None
        return +Counter(dict(row))

    async def movements(self, *lot_ids: UUID) -> list[Moved]:
        rows = await self.owner.fetch(MOVEMENTS, list(lot_ids))
        return [Moved(*row) for row in rows]


ADD_PRODUCT = """
INSERT INTO product (product_id, name, substitution_group, controlled, facts)
VALUES ($1, 'Demo product', 'demo', false, '{}')
"""
MOVEMENTS = """
SELECT movement_id, lot_id, from_account, to_account, units, reverses
FROM movement
WHERE lot_id = ANY($1)
ORDER BY movement_id
"""
OF_OPERATION = "SELECT movement_id FROM movement WHERE operation_id = $1 ORDER BY movement_id"


async def post(sql: asyncpg.Connection, clinic_id: UUID | None, moves: Sequence[Move]) -> list[int]:
    """Through the one door, with the statement that the store uses, whatever the moves are; returns their ids."""
    operation_id = new_id()
    await sql.execute(
        POST,
        clinic_id,
        operation_id,
        "storing",
        None,
        AT,
        [move.lot_id for move in moves],
        [move.source for move in moves],
        [move.target for move in moves],
        [move.units for move in moves],
        [move.cause_id for move in moves],
        [None for _ in moves],
        [move.reverses for move in moves],
    )
    return [row["movement_id"] for row in await sql.fetch(OF_OPERATION, operation_id)]


def mirrored(moved: Moved) -> Move:
    """The movement that takes another back."""
    return Move(moved.lot_id, moved.target, moved.source, moved.units, reverses=moved.movement_id)


def replay(movements: Iterable[Moved]) -> Counter[str]:
    """The balances of one lot, told again from its movements; those that are zero are left out."""
    balances: Counter[str] = Counter()
    by_id: dict[int, Moved] = {}
    for moved in movements:
        by_id[moved.movement_id] = moved
        # A reversal takes back just what its original did.
        first, sign = (moved, 1) if moved.reverses is None else (by_id[moved.reverses], -1)
        source, target = first.source, first.target
        if source in INSIDE:
            balances[source] -= sign * moved.units
        else:
            balances["recast_in" if source == "recast" else source] += sign * moved.units
        balances["recast_out" if target == "recast" else target] += sign * moved.units
    return Counter({account: units for account, units in balances.items() if units})


@asynccontextmanager
async def a_ledger(cell: Cell) -> AsyncGenerator[Ledger, None]:
    async with (
        scratch_database(cell, SERVICES["stock"].migrations) as scratch,
        connected(scratch.app_url) as app,
        connected(scratch.owner_url) as owner,
    ):
        clinics = (new_id(), new_id())
        for number, clinic_id in enumerate(clinics):
            await owner.execute("INSERT INTO clinic (clinic_id, name) VALUES ($1, $2)", clinic_id, f"Clinic {number}")
        product_id = new_id()
        await owner.execute(ADD_PRODUCT, product_id)
        yield Ledger(scratch, app, owner, *clinics, product_id)
