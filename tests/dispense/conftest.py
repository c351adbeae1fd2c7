"""A clinic of its own for every test of dispense."""

from collections.abc import AsyncIterator

import pytest

from shared.database import Database
from tests.dispense.clinic import OwnClinic, open_clinic
from tests.people import World


@pytest.fixture
async def clinic(world: World, stock: Database, donations: Database, dispense: Database) -> AsyncIterator[OwnClinic]:
    databases = {"stock": stock, "donations": donations, "dispense": dispense}
    try:
        yield await open_clinic(world, databases)
    finally:
        world.cell.set_days_ahead(0)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs the running services comes last: from then on they carry the events, and no test can say when."""
    items.sort(key=lambda item: "running" in getattr(item, "fixturenames", ()))
