"""Lots: what is there, why, and what would be given."""

from datetime import date, timedelta
from fractions import Fraction
from typing import Annotated, Literal
from uuid import UUID

from litestar.params import Parameter
from msgspec import Struct

from services.stock.actions import explaining
from services.stock.actions import lots as actions
from services.stock.errors import LotNotFound
from services.stock.rules import fefo
from services.stock.rules.ledger import Account
from services.stock.store import lots as store
from services.stock.store import reservation as reservations
from shared import fields
from shared.database import Work
from shared.errors import BadRequest
from shared.roles import Act
from shared.web.operations import Limit, command, query


class Lots(Struct, frozen=True, kw_only=True):
    lots: list[store.LotRow]
    next: str | None
    """What to send as `after` for the rest; null at the end."""


After = Annotated[
    str | None,
    Parameter(description="`next` of the page before", pattern=r"^\d{4}-\d{2}-\d{2}_[0-9a-f-]{36}$"),
]
# Litestar does not tell a bound of nought where there may be null.
WithinDays = Annotated[
    int | None,
    Parameter(ge=0, le=3660, description="Expiring within so many days", schema_extra={"minimum": 0}),
]


@query("/clinics/{clinic_id:uuid}/lots", act=Act.SEE_STOCK)
async def list_lots(
    work: Work,
    product_id: UUID | None = None,
    expires_within_days: WithinDays = None,
    after: After = None,
    most: Limit = 100,
) -> Lots:
    """Lots with units inside: what expires first on top."""
    async with work.reading() as tx:
        until = None if expires_within_days is None else tx.today + timedelta(days=expires_within_days)
        found = await store.list_lots(tx, product_id, until, _place(after), most)
    last = found[-1] if len(found) == most else None
    return Lots(lots=found, next=f"{last.expires_on}_{last.lot_id}" if last else None)


def _place(after: str | None) -> tuple[date, UUID] | None:
    if after is None:
        return None
    day, _, lot_id = after.partition("_")
    try:
        return date.fromisoformat(day), UUID(lot_id)
    except ValueError as problem:
        raise BadRequest("`after` is the `next` of the page before, as it was given.") from problem


class Holder(Struct, frozen=True, kw_only=True):
    holder: str
    units: int


class LotLife(Struct, frozen=True, kw_only=True):
    lot: store.LotRow
    movements: list[store.MovementRow]
    held_for: list[Holder]
    next: int | None


# The description tells a bound as a floating number: a larger one would be told rounded.
MovementAfter = Annotated[int, Parameter(ge=0, le=10**15, description="`next` of the page before")]


@query("/clinics/{clinic_id:uuid}/lots/{lot_id:uuid}", act=Act.SEE_STOCK)
async def see_lot(work: Work, lot_id: UUID, after: MovementAfter = 0, most: Limit = 200) -> LotLife:
    """A lot's life: each movement that made its present number, and for whom units are set apart."""
    async with work.reading() as tx:
        lot = await store.find_lot(tx, lot_id)
        if lot is None:
            raise LotNotFound
        movements = await store.movements_of(tx, lot_id, after, most)
        holders = await reservations.holders_of_lot(tx, lot_id)
    return LotLife(
        lot=lot,
        movements=movements,
        held_for=[Holder(holder=holder, units=units) for holder, units in holders],
        next=movements[-1].movement_id if len(movements) == most else None,
    )


class Offered(Struct, frozen=True, kw_only=True):
    lot_id: UUID
    units: int
    use_from_on: date
    use_through_on: date


class NotOffered(Struct, frozen=True, kw_only=True):
    lot_id: UUID
    reason: fefo.Reason


class Explanation(Struct, frozen=True, kw_only=True):
    """Which lots would be given for a need, and for each other one why not."""

    substitution_group: str
    content_needed: str
    content_short: str
    """What the lots would not cover: an exact fraction of the content unit, as `content_needed`."""
    would_give: list[Offered]
    not_offered: list[NotOffered]
    more_lots: bool
    """There are more lots than are looked at here: those that expire last, and before them what has expired."""


Numerator = Annotated[int, Parameter(ge=1, le=100_000, description="Content a day: the fraction's upper number")]
Denominator = Annotated[int, Parameter(ge=1, le=1000, description="Content a day: the fraction's lower number")]
DayQuery = Annotated[date, Parameter(description="YYYY-MM-DD")]


@query("/clinics/{clinic_id:uuid}/products/{product_id:uuid}/would-give", act=Act.SEE_STOCK)
async def explain_need(
    work: Work,
    product_id: UUID,
    from_on: DayQuery,
    through_on: DayQuery,
    per_day: Numerator,
    per_day_divided_by: Denominator = 1,
) -> Explanation:
    """Which lots would be given for a need of this medicine, and why each other lot would not."""
    wanted = explaining.Wanted(
        product_id=product_id,
        content_per_day=Fraction(per_day, per_day_divided_by),
        from_on=from_on,
        through_on=through_on,
    )
    found = await explaining.explain_need(work, wanted)
    return Explanation(
        substitution_group=found.substitution_group,
        content_needed=str(found.content_needed),
        content_short=str(found.content_short),
        would_give=[
            Offered(lot_id=p.lot_id, units=p.units, use_from_on=p.use_from_on, use_through_on=p.use_through_on)
            for p in found.picks
        ],
        not_offered=[NotOffered(lot_id=lot.lot_id, reason=lot.reason) for lot in found.passed_over],
        more_lots=found.more_lots,
    )


class ReasonBody(fields.Body, frozen=True):
    reason: fields.Line


@command("/clinics/{clinic_id:uuid}/lots/{lot_id:uuid}/hold", act=Act.CORRECT_STOCK)
async def hold_lot(work: Work, lot_id: UUID, data: ReasonBody) -> actions.LotChanged:
    """Hold a lot: nobody gives from it any more, and the counter is told."""
    return await actions.hold_lot(work, lot_id, data.reason)


@command("/clinics/{clinic_id:uuid}/lots/{lot_id:uuid}/lift-hold", act=Act.CORRECT_STOCK)
async def lift_hold(work: Work, lot_id: UUID, data: ReasonBody) -> actions.LotChanged:
    """Let a lot be given from again; what is in quarantine goes back to the shelf."""
    return await actions.lift_hold(work, lot_id, data.reason)


class PlaceBody(fields.Body, frozen=True):
    place: fields.Name | None


@command("/clinics/{clinic_id:uuid}/lots/{lot_id:uuid}/place", act=Act.CORRECT_STOCK)
async def place_lot(work: Work, lot_id: UUID, data: PlaceBody) -> actions.LotChanged:
    """Say where a lot lies."""
    return await actions.place_lot(work, lot_id, data.place)


class WriteOffBody(fields.Body, frozen=True):
    units: fields.Units
    source: Literal["shelf", "quarantine"]
    outcome: Literal["expired", "destroyed", "lost"]
    reason: fields.Line


@command("/clinics/{clinic_id:uuid}/lots/{lot_id:uuid}/write-off", act=Act.CORRECT_STOCK)
async def write_off_units(work: Work, lot_id: UUID, data: WriteOffBody) -> actions.LotChanged:
    """Units that expired, were destroyed or are lost."""
    return await actions.write_off_units(
        work, lot_id, data.units, Account(data.source), Account(data.outcome), data.reason
    )


class CorrectionBody(fields.Body, frozen=True):
    units: fields.Units
    batch: fields.Batch | None
    expires_on: fields.Day
    opened: bool
    reason: fields.Line


@command("/clinics/{clinic_id:uuid}/lots/{lot_id:uuid}/correct", act=Act.CORRECT_STOCK)
async def correct_lot(work: Work, lot_id: UUID, data: CorrectionBody) -> actions.LotChanged:
    """Put right the batch, expiry or condition of units on the shelf; the answer names the lot they are in now."""
    return await actions.correct_lot(
        work, lot_id, data.units, data.batch, data.expires_on, opened=data.opened, reason=data.reason
    )


ROUTES = (
    list_lots,
    see_lot,
    explain_need,
    hold_lot,
    lift_hold,
    place_lot,
    write_off_units,
    correct_lot,
)
