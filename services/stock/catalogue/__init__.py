"""Where the catalogue comes from: the seed that ships with Dosis, and files of other bodies."""

from services.stock.catalogue.bdpm import read_bdpm
from services.stock.catalogue.formats import Format, read_file
from services.stock.catalogue.items import read_items
from services.stock.catalogue.reading import OpenRow, Reading
from services.stock.catalogue.reasons import Gap, OpenReason
from services.stock.catalogue.seed import read_seed
from services.stock.catalogue.tables import CatalogueFileUnreadable
from services.stock.catalogue.unicom import read_unicom

__all__ = [
    "CatalogueFileUnreadable",
    "Format",
    "Gap",
    "OpenReason",
    "OpenRow",
    "Reading",
    "read_bdpm",
    "read_file",
    "read_items",
    "read_seed",
    "read_unicom",
]
