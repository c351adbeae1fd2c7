"""Where the catalogue comes from: the seed that ships with Dosis, and files of other bodies."""

from services.stock.catalogue.reading import CatalogueFileUnreadable, Gap, OpenReason, OpenRow, Reading
from services.stock.catalogue.seed import read_seed
from services.stock.catalogue.unicom import read_unicom

__all__ = ["CatalogueFileUnreadable", "Gap", "OpenReason", "OpenRow", "Reading", "read_seed", "read_unicom"]
