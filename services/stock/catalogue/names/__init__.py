"""Read how a Greek pack is named in the price bulletin: brand, form, strength, pack."""

from services.stock.catalogue.names.facts import Field, PackName
from services.stock.catalogue.names.read import read_pack_name

__all__ = ["Field", "PackName", "read_pack_name"]
