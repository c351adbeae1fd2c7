"""Products, as each service offers them from what it knows of the catalogue."""

from msgspec import Struct

from shared import known
from shared.database import Work
from shared.roles import Act
from shared.web.operations import Limit, SearchText, query


class Products(Struct, frozen=True, kw_only=True):
    products: list[known.FoundProduct]


@query("/clinics/{clinic_id:uuid}/products", act=Act.SEE_CATALOGUE)
async def find_products(work: Work, text: SearchText, most: Limit = 20) -> Products:
    """Products for what somebody types, best first: a name or substance in either script, with a strength or form."""
    async with work.reading() as tx:
        return Products(products=await known.products_named(tx.sql, tx.clinic_id, text, most))
