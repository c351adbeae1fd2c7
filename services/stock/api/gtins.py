"""What scanned numbers are: reading a code, and the bindings of GTINs to products."""

from typing import Literal
from uuid import UUID

from msgspec import Struct

from services.stock.actions import gtins as actions
from shared import fields, gtins
from shared.database import Work
from shared.roles import Act
from shared.web.operations import Limit, command, query
from shared.web.scanning import scan


class Bindings(Struct, frozen=True, kw_only=True):
    bindings: list[gtins.Binding]


@query("/clinics/{clinic_id:uuid}/gtins", act=Act.SEE_CATALOGUE)
async def list_gtins(work: Work, binding_state: gtins.State | None = None, most: Limit = 100) -> Bindings:
    """Bindings of this cell, with who learnt and who judged each; `learnt`: those that a pharmacist has yet to see."""
    async with work.reading() as tx:
        return Bindings(bindings=await gtins.bindings(tx.sql, binding_state, most))


class LearnGtinBody(fields.Body, frozen=True):
    """`units_per_pack` null: it isn't known, and asked for at every scan."""

    gtin: fields.Gtin
    product_id: UUID
    units_per_pack: fields.Units | None = None


@command("/clinics/{clinic_id:uuid}/gtins", act=Act.JUDGE_PRODUCT)
async def learn_gtin(work: Work, data: LearnGtinBody) -> actions.GtinChanged:
    """Name the product of a GTIN that nobody knows; it counts from now on, until a pharmacist says otherwise."""
    return await actions.learn_gtin(work, data.gtin, data.product_id, data.units_per_pack)


class JudgeGtinBody(fields.Body, frozen=True):
    """`confirm` may name another product, which corrects the binding. Lots already made keep theirs."""

    gtin: fields.Gtin
    outcome: Literal["confirm", "refuse"]
    product_id: UUID | None = None
    units_per_pack: fields.Units | None = None
    reason: fields.Line | None = None


@command("/clinics/{clinic_id:uuid}/gtins/judge", act=Act.JUDGE_PRODUCT)
async def judge_gtin(work: Work, data: JudgeGtinBody) -> actions.GtinChanged:
    """Confirm, correct or refuse what a GTIN was learnt to be; also one that was confirmed before."""
    return await actions.judge_gtin(work, data.gtin, data.outcome, data.product_id, data.units_per_pack, data.reason)


ROUTES = (scan, list_gtins, learn_gtin, judge_gtin)
