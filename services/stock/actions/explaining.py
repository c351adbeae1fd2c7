"""Which lots would be given for a need, and why each other one would not. It only looks."""

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from uuid import UUID

from msgspec import Struct

from services.stock.rules import fefo
from services.stock.store import choosing as store
from shared import fields, known
from shared.database import Work
from shared.errors import BadRequest
from shared.ids import new_id

LOTS_EXPLAINED = 2000
MOST_DAYS = 366


class DaysWrong(BadRequest):
    title = "These days can't be reckoned with"
    detail = "The last day of use is on or after the first, and within a year; days are 1900 to 2199."


class NeedIsPast(BadRequest):
    title = "The last day of use is past"
    detail = "The last day of use is past: nothing is needed any more."


class Wanted(Struct, frozen=True, kw_only=True):
    """Content a day of one product or what may stand in for it, from a day through another."""

    product_id: UUID
    content_per_day: Fraction
    from_on: date
    through_on: date


class Explained(Struct, frozen=True, kw_only=True):
    """`more_lots`: there are more than were looked at: those that expire last, and before them what has expired."""

    substitution_group: str
    content_needed: Fraction
    content_short: Fraction
    picks: list[fefo.Pick]
    passed_over: list[fefo.PassedOver]
    lots: Mapping[UUID, store.Candidate]
    names: Mapping[UUID, str]
    """Of the products that were looked at."""
    more_lots: bool


async def explain_need(work: Work, wanted: Wanted) -> Explained:
    days = (wanted.through_on - wanted.from_on).days + 1
    if not 1 <= days <= MOST_DAYS or not (fields.is_day(wanted.from_on) and fields.is_day(wanted.through_on)):
        raise DaysWrong
    async with work.reading() as tx:
        group = (await known.product_of(tx.sql, tx.clinic_id, wanted.product_id)).substitution_group
        members = await store.products_of_groups(tx.sql, tx.clinic_id, [group])
        content = {member.product_id: member.content_per_unit for member in members}
        first_on = max(wanted.from_on, tx.today)
        lots = await store.all_lots_of(tx, list(content), first_on, LOTS_EXPLAINED + 1)
    need = _need(wanted, first_on, frozenset(content))
    looked_at = {lot.lot_id: lot for lot in lots[:LOTS_EXPLAINED]}
    picks, passed_over = fefo.explain(need, [_free(lot, content[lot.product_id]) for lot in looked_at.values()])
    covered = sum(pick.units * content[looked_at[pick.lot_id].product_id] for pick in picks)
    return Explained(
        substitution_group=group,
        content_needed=need.content_needed,
        content_short=max(Fraction(0), need.content_needed - covered),
        picks=picks,
        passed_over=passed_over,
        lots=looked_at,
        names={member.product_id: member.name for member in members},
        more_lots=len(lots) > LOTS_EXPLAINED,
    )


def _need(wanted: Wanted, first_on: date, product_ids: frozenset[UUID]) -> fefo.Need:
    if wanted.through_on < first_on:
        raise NeedIsPast
    return fefo.Need(
        reference=new_id(),
        order=0,
        product_ids=product_ids,
        content_needed=wanted.content_per_day * ((wanted.through_on - first_on).days + 1),
        content_per_day=wanted.content_per_day,
        from_on=first_on,
        through_on=wanted.through_on,
    )


def _free(lot: store.Candidate, content_per_unit: int) -> fefo.Lot:
    return fefo.Lot(
        lot_id=lot.lot_id,
        product_id=lot.product_id,
        expires_on=lot.expires_on,
        opened=lot.opened,
        content_per_unit=content_per_unit,
        free_units=lot.shelf,
        held=lot.held,
    )
