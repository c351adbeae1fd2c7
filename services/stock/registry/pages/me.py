"""One's own matters: what one is delegated to, and where one is signed in."""

from typing import Any
from uuid import UUID

from litestar import Response

from services.stock import words
from services.stock.errors import PersonNotFound
from services.stock.registry import listing, sign_in, store
from services.stock.registry.session import session_cookie
from shared.database import Work
from shared.identity import Access
from shared.runtime import Runtime
from shared.web.pages import View, form, page
from shared.web.pages.refusals import SIGN_IN
from shared.words import ROLES

ME = "/stock/me"


@page("/me", act=None)
async def show_me(work: Work, access: Access, view: View) -> Response[Any]:
    async with work.reading() as tx:
        person = await store.find_person(tx.sql, access.person_id)
        if person is None:
            raise PersonNotFound
        held = await listing.held_by_me(tx)
        sessions = await store.sessions_of(tx, access.person_id)
    return await view.page(
        "stock/me.html",
        base=ME,
        person=person,
        held=held,
        sessions=sessions[::-1],
        this=access.session_id,
        was=view.asked("was"),
        uses=words.SESSION_USES,
        roles=ROLES,
    )


@form("/me/sessions/{session_id:uuid}/end", act=None, again=show_me)
async def end_my_session_by_form(
    work: Work, access: Access, view: View, runtime: Runtime, session_id: UUID
) -> Response[Any]:
    await view.once(sign_in.end_session(work, session_id), sign_in.SessionChanged)
    if session_id != access.session_id:
        return view.go(ME, was="ended")
    answer = view.go(SIGN_IN)
    answer.cookies.append(session_cookie(runtime, ""))
    return answer


PAGES = (show_me, end_my_session_by_form)
