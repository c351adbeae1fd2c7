"""A real cell for the tests: PostgreSQL and NATS from their wheels, three migrated databases, started once."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog

from deploy.cell import SERVICES, Cell
from shared.database import Database
from tests.cells import made_cell
from tests.edge import Edge, make_edge
from tests.people import Running, World, make_world

structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))

DATA = Path(__file__).parent.parent.parent / "shared" / "data"


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def cell() -> Iterator[Cell]:
    with made_cell() as made:
        yield made


@pytest.fixture(scope="session")
def world(cell: Cell) -> World:
    """Two clinics with three partner pharmacies and a person for every role, and the seed catalogue.

    What other services know of it has been projected there as their consumers would.
    """
    return asyncio.run(make_world(cell))


@pytest.fixture(scope="session")
def running(cell: Cell, world: World) -> Iterator[Running]:
    """The three services as three processes, with a caller for each person."""
    with contextlib.ExitStack() as stack:
        processes = {name: stack.enter_context(cell.service_process(name)) for name in SERVICES}
        yield Running(cell, world, processes)


@pytest.fixture
async def stock(cell: Cell) -> AsyncIterator[Database]:
    database = await Database.connect(cell.app_url("stock"), 10)
    yield database
    await database.close()


@pytest.fixture
async def donations(cell: Cell) -> AsyncIterator[Database]:
    database = await Database.connect(cell.app_url("donations"), 10)
    yield database
    await database.close()


@pytest.fixture
async def dispense(cell: Cell) -> AsyncIterator[Database]:
    database = await Database.connect(cell.app_url("dispense"), 10)
    yield database
    await database.close()


@pytest.fixture(scope="session")
def edge(running: Running) -> Iterator[Edge]:
    """Somebody with every role at a clinic of their own, who sends what no good program would."""
    made = make_edge(running)
    yield made
    made.close()


@pytest.fixture
def nothing_is_stored(edge: Edge) -> Iterator[None]:
    """Whatever a test sends, no row of this clinic or person is added or gone in any service."""
    before = edge.stored()
    yield
    assert edge.stored() == before


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The real pack data beside the project; tests over it are skipped, saying so, where it isn't there."""
    if not DATA.is_dir():
        pytest.skip("the real pack data does not stand beside the project (../shared/data)")
    return DATA
