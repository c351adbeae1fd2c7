"""One reading of a cell: its three databases, each as it was at one moment, side by side."""

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import asyncpg

from deploy.cell import Cell

ROWS_AT_ONCE = 2000
EVENTS_AT_ONCE = 100
"""An event may have 256 KB."""
STATEMENT_SECONDS = 600
TRIES = 20

Row = asyncpg.Record

# Which transactions can be seen. Their ids are counted for the whole server, so two databases that say the same
# are read as of one moment.
SEEN = "SELECT pg_current_snapshot()::text"


@dataclass(frozen=True, kw_only=True)
class Reading:
    """The databases under their owners' roles, in read-only transactions that see one moment each.

    `one_moment`: it is the same moment for all three.
    """

    stock: asyncpg.Connection
    donations: asyncpg.Connection
    dispense: asyncpg.Connection
    one_moment: bool

    def of(self, service: str) -> asyncpg.Connection:
        return {"stock": self.stock, "donations": self.donations, "dispense": self.dispense}[service]


@contextlib.asynccontextmanager
async def reading(cell: Cell) -> AsyncGenerator[Reading, None]:
    async with contextlib.AsyncExitStack() as stack:
        # Stock reads most: begun first, it has read nothing that its producers don't show yet.
        connections = {name: await _connect(stack, cell, name) for name in ("stock", "donations", "dispense")}
        one_moment = await _begin_together(list(connections.values()))
        yield Reading(**connections, one_moment=one_moment)


async def _connect(stack: contextlib.AsyncExitStack, cell: Cell, name: str) -> asyncpg.Connection:
    connection = await asyncpg.connect(
        cell.owner_url(name),
        command_timeout=STATEMENT_SECONDS,
        server_settings={"application_name": "dosis check", "jit": "off", "work_mem": "64MB"},
    )
    stack.push_async_callback(connection.close)
    return connection


async def _begin_together(connections: list[asyncpg.Connection]) -> bool:
    """Begin in all databases; again where somebody committed in between, as long as there is hope."""
    for tried in range(TRIES):
        for connection in connections:
            await connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        seen = {await connection.fetchval(SEEN) for connection in connections}
        if len(seen) == 1:
            return True
        if tried < TRIES - 1:
            for connection in connections:
                await connection.execute("ROLLBACK")
    return False


async def chunks(
    connection: asyncpg.Connection, statement: str, *arguments: object, at_once: int = ROWS_AT_ONCE
) -> AsyncGenerator[list[Row], None]:
    """The rows of a statement, however many, so many at a time."""
    cursor = await connection.cursor(statement, *arguments)
    while found := await cursor.fetch(at_once):
        yield found


async def rows(connection: asyncpg.Connection, statement: str, *arguments: object) -> AsyncGenerator[Row, None]:
    async for found in chunks(connection, statement, *arguments):
        for row in found:
            yield row


async def paired(
    left: AsyncIterator[Row], right: AsyncIterator[Row], key: Callable[[Row], Any]
) -> AsyncGenerator[tuple[Row | None, Row | None], None]:
    """Two ordered runs of rows, row beside row of the same key; None where one side has none.

    The keys are compared as Python compares them: order text by COLLATE "C".
    """
    ones, others = _keyed(left, key), _keyed(right, key)
    one, other = await anext(ones, None), await anext(others, None)
    while one is not None or other is not None:
        if other is None or (one is not None and one[0] < other[0]):
            yield one[1] if one else None, None
            one = await anext(ones, None)
        elif one is None or other[0] < one[0]:
            yield None, other[1]
            other = await anext(others, None)
        else:
            yield one[1], other[1]
            one, other = await anext(ones, None), await anext(others, None)


async def _keyed(run: AsyncIterator[Row], key: Callable[[Row], Any]) -> AsyncGenerator[tuple[Any, Row], None]:
    async for row in run:
        yield key(row), row
