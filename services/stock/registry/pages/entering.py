"""Signing in and out, and the first page: what waits for whom."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Response
from msgspec import Meta, Struct

from services.stock import words
from services.stock.registry import sign_in, store
from services.stock.registry.pages.around import number_due
from services.stock.registry.session import session_cookie, signed_in
from services.stock.store import shelf, transfer_seen
from shared import fields
from shared.database import Work
from shared.identity import Access
from shared.roles import Act
from shared.runtime import Runtime
from shared.web.pages import View, form, page, public_form, public_page
from shared.web.pages.refusals import SIGN_IN, after_signing_in
from shared.web.pages.view import way_back


class SignInForm(Struct, frozen=True, kw_only=True):
    """`carried`: a form that was on its way when the session had ended, to be sent again afterwards."""

    sign_in_name: fields.Name
    password: Annotated[str, Meta(min_length=1, max_length=200)]
    next: str = "/"
    carried: str = ""


@public_page("/sign-in")
async def show_sign_in(view: View) -> Response[Any]:
    typed = view.request.scope["state"].get("typed", {})
    asked = view.request.query_params.get("next", next(iter(typed.get("next", ())), "/"))
    return view.plain("sign_in.html", next=way_back(asked), carried=next(iter(typed.get("carried", ())), ""))


@public_form("/sign-in", again=show_sign_in)
async def sign_in_by_form(work: Work, runtime: Runtime, view: View) -> Response[Any]:
    typed = view.typed(SignInForm)
    signed = await signed_in(work, runtime, typed.sign_in_name, typed.password)
    answer = after_signing_in(view, way_back(typed.next), typed.carried, signed.token)
    answer.cookies.append(session_cookie(runtime, signed.token))
    return answer


@form("/sign-out", act=None)
async def sign_out(work: Work, access: Access, view: View, runtime: Runtime) -> Response[Any]:
    await view.once(sign_in.end_session(work, access.session_id), sign_in.SessionChanged)
    answer = view.go(SIGN_IN)
    answer.cookies.append(session_cookie(runtime, ""))
    return answer


@page("/", act=None)
async def choose_clinic(work: Work, access: Access, view: View) -> Response[Any]:
    """The clinics where the person has something to do today; with just one, straight on to it."""
    async with work.reading() as tx:
        found = await store.clinics_of(tx, access.person_id)
    if len(found) == 1:
        return view.go(f"/stock/clinics/{found[0].clinic_id}")
    return await view.page("stock/clinics.html", clinics=found)


@page("/clinics/{clinic_id:uuid}", act=Act.SEE_CLINIC)
async def see_today(work: Work, view: View, clinic_id: UUID) -> Response[Any]:
    """What waits for this person today."""
    async with work.reading() as tx:
        within = await shelf.counts_within(tx) if view.may(Act.SEE_STOCK) else {}
        transfers = await transfer_seen.waiting_for_us(tx) if view.may(Act.TRANSFER) else {}
        due = await number_due(tx, view) if view.may(Act.DECIDE) else 0
    return await view.page("stock/today.html", within=within, transfers=transfers, due=due, tables=words)


PAGES = (show_sign_in, sign_in_by_form, sign_out, choose_clinic, see_today)
