"""The catalogue's operations."""

from typing import Annotated
from uuid import UUID

from litestar.params import Parameter

from services.stock.catalogue import actions
from shared import fields, known
from shared.database import Work
from shared.roles import Act
from shared.web.operations import command, query
from shared.web.products import find_products

CodeText = Annotated[
    str, Parameter(min_length=4, max_length=20, pattern=fields.PACK_CODE, description="The code on the pack")
]


@query("/clinics/{clinic_id:uuid}/products/by-code", act=Act.SEE_CATALOGUE)
async def find_product_by_code(work: Work, code: CodeText) -> known.KnownProduct:
    """The product of a code on a pack."""
    async with work.reading() as tx:
        return await known.product_of(tx.sql, tx.clinic_id, await known.product_id_of_code(tx.sql, code))


@query("/clinics/{clinic_id:uuid}/products/{product_id:uuid}", act=Act.SEE_CATALOGUE)
async def see_product(work: Work, product_id: UUID) -> known.KnownProduct:
    """One product as this clinic sees it."""
    async with work.reading() as tx:
        return await known.product_of(tx.sql, tx.clinic_id, product_id)


class JudgementBody(fields.Body, frozen=True):
    reason: fields.Line
    controlled: bool | None = None
    substitution_group: fields.Line | None = None


@command("/clinics/{clinic_id:uuid}/products/{product_id:uuid}/judge", act=Act.JUDGE_PRODUCT)
async def judge_product(work: Work, product_id: UUID, data: JudgementBody) -> actions.ProductJudged:
    """Say otherwise than the catalogue, for this clinic: that it is controlled, or what it may stand in for."""
    return await actions.judge_product(
        work,
        product_id,
        controlled=data.controlled,
        substitution_group=data.substitution_group,
        reason=data.reason,
    )


ROUTES = (find_products, find_product_by_code, see_product, judge_product)
