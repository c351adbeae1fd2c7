"""Closing a day: what will happen, one button, and afterwards a short page of what happened."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from litestar import Response
from msgspec import Struct

from services.dispense import store
from services.dispense.actions import day as actions
from services.dispense.errors import DayNotPrepared
from services.dispense.pages.people import NOBODY, identities_of
from services.dispense.pages.reach import reach_of
from shared import known
from shared.database import Work
from shared.roles import Act
from shared.web.pages import View, form, page

MOST = 200


class ToBeCalled(Struct, frozen=True, kw_only=True):
    """Somebody who was given of a lot before word came that it is held."""

    row: store.held.CallBackRow
    card_code: str
    alias: str
    contact: str | None


async def to_be_called(view: View, rows: Sequence[store.held.CallBackRow]) -> list[ToBeCalled]:
    """Nobody's name for those who may see numbers only."""
    identities = await identities_of(view, list({row.patient_id for row in rows}), "call back")
    found: list[ToBeCalled] = []
    for row in rows:
        who = identities.get(row.patient_id)
        found.append(
            ToBeCalled(
                row=row,
                card_code=who.card_code if who else NOBODY,
                alias=who.alias if who else NOBODY,
                contact=who.contact if who else None,
            )
        )
    return found


@page("/clinics/{clinic_id:uuid}/days/{day_on:date}/close", act=Act.GIVE)
async def show_close(work: Work, view: View, clinic_id: UUID, day_on: date) -> Response[Any]:
    """What closing will do, before it is done."""
    async with work.reading() as tx:
        day = await store.days.find_day(tx, day_on)
        if day is None:
            raise DayNotPrepared
        numbers = (await store.summaries.numbers_of(tx, [day_on]))[day_on]
        left = await store.papers.picks_of_day(tx, day.day_id)
        products = await known.products(tx.sql, tx.clinic_id, [pick.product_id for pick in left])
    if day.state == "closed":
        return view.go(_address(clinic_id, day_on))
    return await view.page(
        "dispense/close.html",
        base=_address(clinic_id, day_on),
        day=day,
        numbers=numbers,
        left=left,
        products=products,
        reach=await reach_of(view),
    )


@form("/clinics/{clinic_id:uuid}/days/{day_on:date}/close", act=Act.GIVE, again=show_close)
async def close_by_form(work: Work, view: View, clinic_id: UUID, day_on: date) -> Response[Any]:
    await view.once(actions.close_pharmacy_day(work, day_on), actions.DayEnded)
    return view.go(_address(clinic_id, day_on))


@form("/clinics/{clinic_id:uuid}/days/{day_on:date}/reopen", act=Act.PREPARE_DAY)
async def reopen_by_form(work: Work, view: View, clinic_id: UUID, day_on: date) -> Response[Any]:
    await view.once(actions.reopen_pharmacy_day(work, day_on), actions.DayPrepared)
    return view.go(_address(clinic_id, day_on))


async def show_closed(work: Work, view: View, clinic_id: UUID, day: store.days.DayRow) -> Response[Any]:
    """What happened on a day, on one short page."""
    async with work.reading() as tx:
        numbers = (await store.summaries.numbers_of(tx, [day.day_on]))[day.day_on]
        moved = await store.summaries.products_of_day(tx, day.day_id)
        owed = await store.owed.owed_of_day(tx, day.day_id, MOST)
        rows = await store.held.call_backs_of_day(tx, day.day_id, MOST)
        ids = [one.product_id for one in moved] + [one.product_id for one in owed]
        products = await known.products(tx.sql, tx.clinic_id, ids)
    return await view.page(
        "dispense/closed.html",
        base=_address(clinic_id, day.day_on),
        day=day,
        numbers=numbers,
        moved=moved,
        owed=owed,
        in_part=len({one.patient_id for one in owed}),
        call_backs=await to_be_called(view, rows),
        products=products,
        reach=await reach_of(view),
    )


def _address(clinic_id: UUID, day_on: date) -> str:
    return f"/dispense/clinics/{clinic_id}/days/{day_on}"


PAGES = (show_close, close_by_form, reopen_by_form)
