"""Donations' table of contents."""

from pathlib import Path

from services.donations.api import ROUTES
from services.donations.consumers import CONSUMERS
from services.donations.errors import CONSTRAINTS
from services.donations.pages import PAGES, waiting
from services.donations.scanning import api as scanning
from shared.service import EVENT_MIGRATIONS, KNOWN_MIGRATIONS, Service

SERVICE = Service(
    name="donations",
    routes=(*ROUTES, *scanning.ROUTES),
    pages=PAGES,
    waiting=waiting.numbers,
    consumers=CONSUMERS,
    reads=("stock",),
    migrations=(EVENT_MIGRATIONS, KNOWN_MIGRATIONS, ("donations", Path(__file__).parent / "migrations")),
    constraints=CONSTRAINTS,
)
