"""How a page's and a form's handler is declared, let in, and what is shown when something is refused."""

import functools
import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ParamSpec
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.connection import ASGIConnection
from litestar.di import Provide
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler

from shared.database import Work
from shared.errors import DosisError, KeyUsedForAnotherRequest, NotAllowed, NotSignedIn
from shared.identity import COOKIE
from shared.language import N_
from shared.roles import Act
from shared.runtime import Runtime
from shared.web.admitting import AnyRequest, admit, again_if_in_vain, command_of, work_of
from shared.web.operations import PROVIDED
from shared.web.pages.forms import BadForm, read_body
from shared.web.pages.view import Counting, SentBefore, View, failed_form, is_csrf_token, said_of

P = ParamSpec("P")
Answer = Response[Any]
Handler = Callable[P, Awaitable[Answer]]

FORM = "application/x-www-form-urlencoded"


class FromElsewhere(NotAllowed):
    title = N_("This form comes from another site")
    detail = N_("Open the page here, and send it from there.")


class PageTooOld(NotSignedIn):
    title = N_("You have signed in anew since this page was opened")
    detail = N_("Nothing was done yet. Send it again.")


def page(path: str, *, act: Act | None) -> Callable[[Handler[P]], HTTPRouteHandler]:
    """A page that only looks. `act` None: one's own matters."""

    def decorate(handler: Handler[P]) -> HTTPRouteHandler:
        return get(path, opt={"act": act}, dependencies=_given(_looking), include_in_schema=False)(handler)

    return decorate


def form(
    path: str, *, act: Act | None, again: HTTPRouteHandler | None = None
) -> Callable[[Handler[P]], HTTPRouteHandler]:
    """A form, carried out once under its idempotency key. `again`: the page that is shown with what was typed and why
    it was refused; without one, a page of its own says so."""

    def decorate(handler: Handler[P]) -> HTTPRouteHandler:
        return post(
            path,
            status_code=303,
            # No "command": a form may be answered without a transaction that confirms who may, so it is asked anew.
            opt={"act": act},
            dependencies=_given(_doing),
            include_in_schema=False,
        )(_shown_again(again_if_in_vain(handler), again, told_elsewhere=(401, 403, 404, 503)))

    return decorate


def public_page(path: str) -> Callable[[Handler[P]], HTTPRouteHandler]:
    def decorate(handler: Handler[P]) -> HTTPRouteHandler:
        return get(path, opt={"public": True}, dependencies=_given(_looking), include_in_schema=False)(handler)

    return decorate


def public_form(path: str, *, again: HTTPRouteHandler) -> Callable[[Handler[P]], HTTPRouteHandler]:
    """Signing in: nobody is known yet, so there is no key and no proof of a session."""

    def decorate(handler: Handler[P]) -> HTTPRouteHandler:
        return post(
            path, status_code=303, opt={"public": True}, dependencies=_given(_looking), include_in_schema=False
        )(_shown_again(handler, again))

    return decorate


def _shown_again(
    handler: Handler[P], again: HTTPRouteHandler | None, *, told_elsewhere: tuple[int, ...] = ()
) -> Handler[P]:
    @functools.wraps(handler)
    async def attempt(*args: P.args, **kwargs: P.kwargs) -> Answer:
        try:
            return await handler(*args, **kwargs)
        except DosisError as error:
            view = kwargs["view"]
            assert isinstance(view, View), "a form's handler asks for its view"
            if isinstance(error, KeyUsedForAnotherRequest):
                error = SentBefore()
            if again is None or error.status in told_elsewhere:
                raise error
            request = view.request
            view.failed = failed_form(request.url.path, request.scope["state"]["typed"], error)
            return await _show(again, view, kwargs)

    return attempt


async def _show(again: HTTPRouteHandler, view: View, given: Mapping[str, Any]) -> Answer:
    """The page as it is now, with the form as it was typed."""
    shown = again.fn
    values = {**given, "work": view.reading}
    return await shown(**{name: values[name] for name in inspect.signature(shown).parameters if name in values})


def page_guard(
    runtime: Runtime, counting: Counting
) -> Callable[[ASGIConnection[Any, Any, Any, Any], BaseRouteHandler], Awaitable[None]]:
    """Checks every page of a service: a form is from a page of ours and of this session, and who may."""

    async def check(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
        assert isinstance(connection, Request), "pages have no websockets"
        state = connection.scope["state"]
        state["runtime"], state["counting"] = runtime, counting
        if connection.method == "POST":
            refuse_from_elsewhere(connection)
            if not connection.headers.get("content-type", "").startswith(FORM):
                raise BadForm
            state["typed"] = read_body(await connection.body())
        await admit(connection, handler, runtime)
        if connection.method == "POST" and not handler.opt.get("public"):
            _refuse_other_session(connection)

    return check


def refuse_from_elsewhere(request: AnyRequest) -> None:
    """A browser says where a form stands; what it can't say, the cookie's SameSite and the form's proof still hold."""
    site = request.headers.get("sec-fetch-site", "")
    origin = request.headers.get("origin", "")
    strange = origin not in ("", "null") and origin.partition("://")[2] != request.headers.get("host", "")
    if site in ("cross-site", "same-site") or (not site and strange):
        raise FromElsewhere


def _refuse_other_session(request: AnyRequest) -> None:
    token = next(iter(request.scope["state"]["typed"].get("csrf", ())), "")
    if not is_csrf_token(request.cookies.get(COOKIE, ""), token):
        raise PageTooOld


# What handlers are given. The clinic stands in the path of every page but one's own.


async def _looking(request: AnyRequest) -> Work:
    return work_of(request, _clinic(request))


async def _doing(request: AnyRequest) -> Work:
    typed = request.scope["state"]["typed"]
    key = next(iter(typed.get("key", ())), "")
    return work_of(request, _clinic(request), command_of(request, key, said_of(typed)))


def _clinic(request: AnyRequest) -> UUID | None:
    return request.path_params.get("clinic_id")


async def _view(request: AnyRequest) -> View:
    return View(request)


def _given(work: Callable[[AnyRequest], Awaitable[Work]]) -> dict[str, Provide]:
    return {**PROVIDED, "work": Provide(work), "view": Provide(_view)}
