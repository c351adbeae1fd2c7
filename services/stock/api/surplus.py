"""What clinics could do without: this one's own, and what the others have."""

from typing import Annotated
from uuid import UUID

from litestar.params import Parameter
from msgspec import Struct

from services.stock.actions import surplus as actions
from services.stock.rules.transfer import earliest_expiry
from services.stock.store import surplus as store
from shared import fields
from shared.database import Work
from shared.roles import Act
from shared.web.operations import Limit, Skip, command, query

PartOfName = Annotated[
    str | None,
    Parameter(min_length=1, max_length=120, pattern=fields.ONE_LINE, description="A part of a name or of a substance"),
]


class OwnSurplus(Struct, frozen=True, kw_only=True):
    """`number`: of how many these are a part."""

    surplus: list[store.OwnSurplus]
    number: int


@query("/clinics/{clinic_id:uuid}/surplus", act=Act.SEE_TRANSFERS)
async def list_surplus(work: Work, most: Limit = 100, skip: Skip = 0) -> OwnSurplus:
    """The lots of this clinic that others may have units of: what expires first on top."""
    async with work.reading() as tx:
        return OwnSurplus(surplus=await store.ours(tx, most, skip), number=await store.count_ours(tx))


class NeighbourSurplus(Struct, frozen=True, kw_only=True):
    """`number`: of how many these are a part."""

    surplus: list[store.NeighbourSurplus]
    number: int


@query("/clinics/{clinic_id:uuid}/neighbours/surplus", act=Act.SEE_TRANSFERS)
async def list_neighbour_surplus(
    work: Work, text: PartOfName = None, most: Limit = 100, skip: Skip = 0
) -> NeighbourSurplus:
    """What other clinics could do without and could still send: first what this clinic has none of."""
    async with work.reading() as tx:
        sought = await store.sought(tx, text) if text else None
        found, number = await store.theirs(tx, earliest_expiry(tx.today), sought, most, skip)
    return NeighbourSurplus(surplus=found, number=number)


class OfferBody(fields.Body, frozen=True):
    units: fields.Units


@command("/clinics/{clinic_id:uuid}/lots/{lot_id:uuid}/offer-surplus", act=Act.TRANSFER)
async def offer_surplus(work: Work, lot_id: UUID, data: OfferBody) -> actions.SurplusChanged:
    """Tell the other clinics that they may have so many units of a lot; nothing is set apart for them."""
    return await actions.offer_surplus(work, lot_id, data.units)


@command("/clinics/{clinic_id:uuid}/lots/{lot_id:uuid}/withdraw-surplus", act=Act.TRANSFER)
async def withdraw_surplus(work: Work, lot_id: UUID) -> actions.SurplusChanged:
    """Tell the other clinics that they may have none of it any more."""
    return await actions.withdraw_surplus(work, lot_id)


ROUTES = (list_surplus, list_neighbour_surplus, offer_surplus, withdraw_surplus)
