"""Dispense's table of contents."""

from pathlib import Path

from services.dispense.api import counter, day, patients
from services.dispense.consumers import CONSUMERS
from services.dispense.errors import CONSTRAINTS
from services.dispense.pages import PAGES, waiting
from shared.service import EVENT_MIGRATIONS, KNOWN_MIGRATIONS, Service

SERVICE = Service(
    name="dispense",
    routes=(*patients.ROUTES, *day.ROUTES, *counter.ROUTES),
    pages=PAGES,
    waiting=waiting.numbers,
    consumers=CONSUMERS,
    reads=("stock",),
    migrations=(EVENT_MIGRATIONS, KNOWN_MIGRATIONS, ("dispense", Path(__file__).parent / "migrations")),
    constraints=CONSTRAINTS,
)
