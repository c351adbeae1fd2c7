"""The one place where errors become HTTP: RFC 9457 problem details that say what to do."""

from collections.abc import Mapping
from typing import Any

import asyncpg
import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException
from msgspec import Struct

from shared.database import AWAY, AlreadyAnswered, fact_of
from shared.errors import BadRequest, DosisError
from shared.language import N_
from shared.log import logger

log = logger(__name__)

MEDIA_TYPE = "application/problem+json"
AnyRequest = Request[Any, Any, Any]


class FieldProblem(Struct, frozen=True, kw_only=True):
    """What is wrong with one field."""

    field: str
    problem: str


class Problem(Struct, frozen=True, kw_only=True):
    """Problem details (RFC 9457): what is wrong, and what to do about it."""

    status: int
    title: str
    detail: str
    type: str
    fields: tuple[FieldProblem, ...] = ()
    facts: dict[str, Any] = {}


def problem_response(error: DosisError, fields: tuple[FieldProblem, ...] = ()) -> Response[Problem]:
    problem = Problem(
        status=error.status,
        title=error.title,
        detail=error.said,
        type=f"urn:dosis:problem:{error.code}",
        fields=fields,
        facts=dict(error.facts),
    )
    headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else None
    return Response(problem, status_code=error.status, media_type=MEDIA_TYPE, headers=headers)


def on_dosis_error(_request: AnyRequest, error: DosisError) -> Response[Problem]:
    return problem_response(error)


def on_already_answered(_request: AnyRequest, first: AlreadyAnswered) -> Response[bytes]:
    """A repeated command gets its first answer."""
    return Response(
        msgspec.Raw(first.answer),
        status_code=first.status,
        media_type="application/json",
        headers={"Idempotent-Replayed": "true"},
    )


def on_http_exception(request: AnyRequest, error: HTTPException) -> Response[Problem]:
    """What Litestar itself refuses: unknown paths, unreadable bodies, wrong fields."""
    title, said = _LITESTAR_SAYS.get(error.status_code, (BadRequest.title, BadRequest.detail))
    fields = _fields_of(error.extra) if error.status_code < 500 else ()
    if error.status_code == 400:
        said = _PUT_RIGHT if fields else f"{_first_sentence(error.detail)} {said}"
    problem = Problem(
        status=error.status_code,
        title=title,
        detail=said,
        type=f"urn:dosis:problem:http-{error.status_code}",
        fields=fields,
    )
    headers = dict(error.headers or {})
    if error.status_code in _BODY_UNREAD and request.method not in ("GET", "HEAD", "OPTIONS"):
        # Behind a body that nobody reads no further request can come on this connection.
        headers["Connection"] = "close"
    return Response(problem, status_code=error.status_code, media_type=MEDIA_TYPE, headers=headers)


_BODY_UNREAD = (404, 405, 413)
_PUT_RIGHT = N_("Put right what `fields` names: its bounds stand in this operation's documentation.")
_LITESTAR_SAYS = {
    400: (BadRequest.title, N_("Send JSON with just the fields of this operation's documentation.")),
    404: (N_("There is nothing at this address"), N_("Look at the API's documentation for the addresses there are.")),
    405: (N_("This address does not take that method"), N_("Look at the Allow header for the methods it takes.")),
    413: (N_("The request is too long"), N_("Send less at once: at most one mebibyte.")),
    415: (N_("The request is not JSON"), N_("Send JSON with Content-Type: application/json, not compressed.")),
    500: (DosisError.title, DosisError.detail),
}


def _fields_of(extra: object) -> tuple[FieldProblem, ...]:
    found: list[FieldProblem] = []
    for entry in extra if isinstance(extra, list) else []:
        if isinstance(entry, Mapping):
            found.append(FieldProblem(field=str(entry.get("key", "body")), problem=str(entry.get("message", ""))[:300]))
    return tuple(found)


def _first_sentence(text: str) -> str:
    line = text.split("\n", maxsplit=1)[0][:200].strip()
    return line if line.endswith(".") else f"{line}."


def on_anything_else(request: AnyRequest, error: Exception) -> Response[Problem]:
    """A programmer's mistake: logged in full, told in short."""
    log.error("unexpected_error", path=request.url.path, exc_info=error)
    return problem_response(DosisError())


class DatabaseErrors:
    """The database is away, or a named constraint stands for a fact that a person can understand."""

    def __init__(self, constraints: Mapping[str, type[DosisError]]) -> None:
        self.constraints = constraints

    def __call__(self, request: AnyRequest, error: Exception) -> Response[Problem]:
        if isinstance(error, AWAY):
            log.error("database_away", why=f"{type(error).__name__}: {error}")
        fact = fact_of(error, self.constraints)
        return problem_response(fact) if fact is not None else on_anything_else(request, error)


def exception_handlers(constraints: Mapping[str, type[DosisError]]) -> dict[Any, Any]:
    on_database_error = DatabaseErrors(constraints)
    return {
        DosisError: on_dosis_error,
        AlreadyAnswered: on_already_answered,
        HTTPException: on_http_exception,
        Exception: on_anything_else,
        **dict.fromkeys((asyncpg.PostgresError, *AWAY), on_database_error),
    }
