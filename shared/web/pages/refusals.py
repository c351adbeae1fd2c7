"""What a page shows when something is refused: in the reader's words, with the way on, and with what was typed."""

from collections.abc import Callable, Mapping
from typing import Any

import asyncpg
import msgspec
from litestar import Response
from litestar.exceptions import HTTPException

from shared.database import AWAY, fact_of
from shared.errors import BadRequest, DosisError, NotFound, NotSignedIn, StillBeingDone
from shared.language import N_
from shared.log import logger
from shared.web.admitting import AnyRequest
from shared.web.pages.handling import PageTooOld
from shared.web.pages.view import View, csrf_token, go

log = logger(__name__)

SIGN_IN = "/stock/sign-in"
FRAGMENTS = "/fragments/"
"""Parts of pages, asked for by a page of another service: what they can't show is left out there."""


class NoSuchPage(NotFound):
    title = N_("There is no such page")
    detail = N_("Go back, or begin again from the first page.")


def page_of_error(request: AnyRequest, error: DosisError) -> Response[Any]:
    """The page of a refusal. What had been typed stands in it, and can be sent again."""
    if FRAGMENTS in request.url.path:
        return Response("", status_code=error.status, media_type="text/html")
    view = View(request)
    typed = request.scope["state"].get("typed")
    if isinstance(error, NotSignedIn) and not isinstance(error, PageTooOld):
        if typed is None:
            return go(SIGN_IN, next=view.path)
        carried = msgspec.json.encode(kept_of(typed)).decode()
        return view.plain("sign_in.html", status=401, next=request.url.path, carried=carried, ended=True)
    if typed is not None and (isinstance(error, (PageTooOld, StillBeingDone)) or error.status >= 500):
        return send_again(view, request.url.path, kept_of(typed), error, csrf=view.csrf)
    return view.plain("refused.html", status=error.status, error=error)


def kept_of(typed: Mapping[str, tuple[str, ...]]) -> list[tuple[str, str]]:
    """All that a person typed, and the form's key, so that it is still the same form."""
    return [(name, value) for name, values in typed.items() if name != "csrf" for value in values]


def send_again(
    view: View, path: str, kept: list[tuple[str, str]], error: DosisError | None, *, csrf: str
) -> Response[Any]:
    """A page with the form as it was typed, to be sent again."""
    status = error.status if error is not None else 200
    return view.plain("send_again.html", status=status, path=path, kept=kept, error=error, csrf=csrf)


def after_signing_in(view: View, path: str, carried: str, token: str) -> Response[Any]:
    """Back to where somebody was, or the form that was on its way when their session had ended."""
    if not carried:
        return go(path)
    try:
        kept = msgspec.json.decode(carried, type=list[tuple[str, str]])
    except msgspec.DecodeError:
        return go(path)
    return send_again(view, path, kept, None, csrf=csrf_token(token))


def page_exception_handlers(
    constraints: Mapping[str, type[DosisError]],
) -> dict[Any, Callable[[AnyRequest, Any], Response[Any]]]:
    """For pages what `problems.exception_handlers` is for the API."""

    def on_database_error(request: AnyRequest, error: Exception) -> Response[Any]:
        fact = fact_of(error, constraints)
        if isinstance(error, AWAY):
            log.error("database_away", why=f"{type(error).__name__}: {error}")
        return page_of_error(request, fact) if fact is not None else on_anything_else(request, error)

    return {
        DosisError: page_of_error,
        HTTPException: on_http_exception,
        Exception: on_anything_else,
        **dict.fromkeys((asyncpg.PostgresError, *AWAY), on_database_error),
    }


def on_http_exception(request: AnyRequest, error: HTTPException) -> Response[Any]:
    """What Litestar itself refuses: unknown addresses, ids that are none, other methods."""
    if error.status_code >= 500:
        return on_anything_else(request, error)
    return page_of_error(request, BadRequest() if error.status_code in (413, 415) else NoSuchPage())


def on_anything_else(request: AnyRequest, error: Exception) -> Response[Any]:
    """A programmer's mistake: logged in full, told in short."""
    log.error("unexpected_error", path=request.url.path, exc_info=error)
    return page_of_error(request, DosisError())
