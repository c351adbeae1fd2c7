"""The partner pharmacies: which they are, since when, until when; a new one, and one that ends."""

from datetime import date
from typing import Any
from uuid import UUID

from litestar import Response
from msgspec import Struct

from services.stock.errors import PharmacyNotFound
from services.stock.registry import actions, listing, store
from services.stock.registry.pages.around import base_of
from shared import fields
from shared.database import Work
from shared.language import N_
from shared.roles import Act, Role
from shared.web.pages import View, form, page
from shared.web.pages.forms import FieldProblem, FormWrong

PHARMACY = "/clinics/{clinic_id:uuid}/clinic/pharmacies/{pharmacy_id:uuid}"
ENDS_BEFORE = N_("It can't end before the day it began, {day}.")


def _at(clinic_id: UUID) -> str:
    return f"{base_of(clinic_id)}/pharmacies"


@page("/clinics/{clinic_id:uuid}/clinic/pharmacies", act=Act.SEE_CLINIC)
async def show_pharmacies(work: Work, view: View, clinic_id: UUID) -> Response[Any]:
    async with work.reading() as tx:
        pharmacies = await store.pharmacies(tx.sql, tx.clinic_id)
    return await view.page(
        "stock/clinic/pharmacies.html",
        base=_at(clinic_id),
        pharmacies=[each for each in pharmacies if not _is_over(each, view.today)],
        over=[each for each in pharmacies if _is_over(each, view.today)],
        changed=next((each for each in pharmacies if str(each.pharmacy_id) == view.asked("pharmacy")), None),
    )


def _is_over(pharmacy: store.PharmacyRow, today: date) -> bool:
    return pharmacy.until_on is not None and pharmacy.until_on < today


@page("/clinics/{clinic_id:uuid}/clinic/pharmacies/new", act=Act.DECIDE)
async def show_new_pharmacy(view: View, clinic_id: UUID) -> Response[Any]:
    return await view.page(
        "stock/clinic/pharmacy.html", base=_at(clinic_id), path=f"{_at(clinic_id)}/new", pharmacy=None
    )


@page(PHARMACY, act=Act.DECIDE)
async def show_pharmacy(work: Work, view: View, clinic_id: UUID, pharmacy_id: UUID) -> Response[Any]:
    async with work.reading() as tx:
        pharmacies = await store.pharmacies(tx.sql, tx.clinic_id)
        held = await listing.held_of_late(tx)
    pharmacy = next((each for each in pharmacies if each.pharmacy_id == pharmacy_id), None)
    if pharmacy is None:
        raise PharmacyNotFound
    at_it = [each for each in held if each.place_id == pharmacy_id and not each.is_over(view.today)]
    return await view.page(
        "stock/clinic/pharmacy.html",
        base=_at(clinic_id),
        path=f"{_at(clinic_id)}/{pharmacy_id}",
        pharmacy=pharmacy,
        people=[each.display_name for each in at_it if each.role == Role.PARTNER_PHARMACIST],
    )


class PharmacyForm(Struct, frozen=True, kw_only=True):
    name: fields.Name
    from_on: date
    until_on: date | None = None


@form("/clinics/{clinic_id:uuid}/clinic/pharmacies/new", act=Act.DECIDE, again=show_new_pharmacy)
async def add_pharmacy_by_form(work: Work, view: View, clinic_id: UUID) -> Response[Any]:
    return await _set(work, view, clinic_id, None)


@form(PHARMACY, act=Act.DECIDE, again=show_pharmacy)
async def change_pharmacy_by_form(work: Work, view: View, clinic_id: UUID, pharmacy_id: UUID) -> Response[Any]:
    return await _set(work, view, clinic_id, pharmacy_id)


async def _set(work: Work, view: View, clinic_id: UUID, pharmacy_id: UUID | None) -> Response[Any]:
    typed = view.typed(PharmacyForm)
    if typed.until_on is not None and typed.until_on < typed.from_on:
        day = view.words.day(typed.from_on)
        raise FormWrong(problems=[FieldProblem("until_on", ENDS_BEFORE, {"day": day})])
    doing = actions.set_pharmacy(work, pharmacy_id, typed.name, typed.from_on, typed.until_on)
    done = await view.once(doing, actions.PharmacySet)
    return view.go(_at(clinic_id), pharmacy=done.pharmacy_id)


PAGES = (show_pharmacies, show_new_pharmacy, show_pharmacy, add_pharmacy_by_form, change_pharmacy_by_form)
