"""Stock's table of contents."""

from pathlib import Path

from services.stock.api import gtins, lots, surplus, transfers
from services.stock.catalogue import api as catalogue
from services.stock.consumers import CONSUMERS
from services.stock.errors import CONSTRAINTS
from services.stock.pages import PAGES, waiting
from services.stock.registry import api as registry
from services.stock.registry import pages as registry_pages
from shared.service import EVENT_MIGRATIONS, Service

SERVICE = Service(
    name="stock",
    routes=(*registry.ROUTES, *catalogue.ROUTES, *gtins.ROUTES, *lots.ROUTES, *transfers.ROUTES, *surplus.ROUTES),
    pages=(*registry_pages.PAGES, *PAGES),
    waiting=waiting.numbers,
    consumers=CONSUMERS,
    reads=("donations", "dispense", "net"),
    migrations=(EVENT_MIGRATIONS, ("stock", Path(__file__).parent / "migrations")),
    constraints=CONSTRAINTS,
)
