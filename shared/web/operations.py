"""The operations of the API: a command does something once, a query only looks.

Each names its act, and the clinic in its path; `work` reaches the handler only after the signature, the
session and a delegation in force today have been checked, before its body is read.
"""

import contextlib
import functools
import hashlib
import hmac
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, ParamSpec, TypeVar
from uuid import UUID

import asyncpg
import structlog
from litestar import Request, get, post
from litestar.connection import ASGIConnection
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import HeaderParameter, Parameter

from shared import fields, identity
from shared.database import Command, Work
from shared.errors import BadRequest, DosisError, IdempotencyKeyMissing, NotSignedIn
from shared.identity import Access
from shared.roles import Act
from shared.runtime import Runtime
from shared.web.problems import MEDIA_TYPE, Problem
from shared.web.readable import AnyRequest, refuse_unreadable

P = ParamSpec("P")
R = TypeVar("R")

ATTEMPTS = 4


def _refusals(*statuses: int) -> dict[int, ResponseSpec]:
    return {
        status: ResponseSpec(
            data_container=Problem, description=_MEANS[status], media_type=MEDIA_TYPE, generate_examples=False
        )
        for status in statuses
    }


_MEANS = {
    400: "The request can't be read",
    401: "Not signed in",
    403: "No delegation in force today allows this here",
    404: "There is no such thing here",
    405: "The address does not take this method",
    409: "It has changed, or is being done, in the meantime",
    413: "The request is too long",
    415: "The request is not JSON",
    422: "A rule of the work forbids it",
    503: "A part of Dosis can't be reached",
}


def command(
    path: str, *, act: Act | None, status_code: int = 201
) -> Callable[[Callable[P, Awaitable[R]]], HTTPRouteHandler]:
    """An operation that changes something, under an Idempotency-Key. `act` None: one's own matters."""

    def decorate(handler: Callable[P, Awaitable[R]]) -> HTTPRouteHandler:
        provider = _clinic_command if act is not None else _own_command
        return post(
            path,
            status_code=status_code,
            opt={"act": act, "command": True},
            dependencies={"work": Provide(provider)},
            responses=_refusals(400, 401, 403, 404, 409, 413, 415, 422, 503),
        )(_again_if_in_vain(handler))

    return decorate


def query(path: str, *, act: Act | None) -> Callable[[Callable[P, Awaitable[R]]], HTTPRouteHandler]:
    """An operation that only looks. `act` None: one's own matters."""

    def decorate(handler: Callable[P, Awaitable[R]]) -> HTTPRouteHandler:
        provider = _clinic_query if act is not None else _own_query
        return get(
            path,
            opt={"act": act},
            dependencies={"work": Provide(provider)},
            responses=_refusals(400, 401, 403, 404, 422, 503),
        )(handler)

    return decorate


def asking(path: str, *, act: Act) -> Callable[[Callable[P, Awaitable[R]]], HTTPRouteHandler]:
    """A question whose words must not stand in a URL (a patient's card code): POST, and no key needed."""

    def decorate(handler: Callable[P, Awaitable[R]]) -> HTTPRouteHandler:
        return post(
            path,
            status_code=200,
            opt={"act": act},
            dependencies={"work": Provide(_clinic_query)},
            responses=_refusals(400, 401, 403, 404, 413, 415, 422, 503),
        )(handler)

    return decorate


def public_command(path: str) -> Callable[[Callable[P, Awaitable[R]]], HTTPRouteHandler]:
    """Signing in: nobody is known yet, so there is no key and no act."""

    def decorate(handler: Callable[P, Awaitable[R]]) -> HTTPRouteHandler:
        return post(
            path,
            status_code=201,
            opt={"public": True},
            dependencies={"work": Provide(_nobodys_work)},
            responses=_refusals(400, 401, 413, 415, 422, 503),
        )(handler)

    return decorate


def _again_if_in_vain(handler: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
    """Nobody hears of what another attempt mends.

    Locks are taken in one order everywhere, so two commands hardly ever entangle; and roles seldom change between
    two commands of a person.
    """

    @functools.wraps(handler)
    async def attempt(*args: P.args, **kwargs: P.kwargs) -> R:
        for _ in range(ATTEMPTS - 1):
            try:
                return await handler(*args, **kwargs)
            except (asyncpg.DeadlockDetectedError, asyncpg.SerializationError):
                continue
            except identity.StandingChanged as changed:
                if "access" in kwargs:
                    kwargs["access"] = changed.access
        return await handler(*args, **kwargs)

    return attempt


def access_guard(
    runtime: Runtime,
) -> Callable[[ASGIConnection[Any, Any, Any, Any], BaseRouteHandler], Awaitable[None]]:
    """Checks every operation of a service: who may, before its body is looked at; then whether it can be read."""

    async def check(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
        assert isinstance(connection, Request), "operations have no websockets"
        if connection.method == "OPTIONS":
            return  # Litestar's own answer: the methods that the address takes, and nothing else.
        try:
            await check_access(connection, handler)
        except DosisError:
            # Read and forgotten: behind an unread body no further request could come on this connection.
            with contextlib.suppress(HTTPException):
                await connection.body()
            raise
        await refuse_unreadable(connection, handler)

    async def check_access(connection: AnyRequest, handler: BaseRouteHandler) -> None:
        state = connection.scope["state"]
        state["runtime"] = runtime
        if handler.opt.get("public"):
            return
        statement = identity.read_statement(
            _token(connection.headers, connection.cookies),
            runtime.settings.signing_public_key,
            runtime.clock.now(),
        )
        clinic_id: UUID | None = connection.path_params.get("clinic_id")
        # A query asks anew at every request; a command's transaction confirms by what it was let in.
        standings = runtime.standings if handler.opt.get("command") else identity.Standings()
        admission = identity.Admission(statement, handler.opt["act"], clinic_id, standings)
        state["access"] = await admission.admit(runtime.database.pool, runtime.clock.today())
        state["admission"] = admission

    return check


def _token(headers: Mapping[str, str], cookies: Mapping[str, str]) -> str:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        return token.strip()
    if identity.COOKIE in cookies:
        return cookies[identity.COOKIE]
    raise NotSignedIn


def _work(request: AnyRequest, clinic_id: UUID | None, command: Command | None) -> Work:
    runtime: Runtime = request.scope["state"]["runtime"]
    access: Access | None = request.scope["state"].get("access")
    return Work(
        database=runtime.database,
        clock=runtime.clock,
        clinic_id=clinic_id,
        person_id=access.person_id if access else None,
        request_id=structlog.contextvars.get_contextvars().get("request_id", ""),
        command=command,
    )


async def _command(request: AnyRequest, key: str) -> Command:
    if not key:
        raise IdempotencyKeyMissing
    if not 8 <= len(key) <= 80 or not re.match(fields.KEY, key):
        raise BadRequest("An Idempotency-Key has 8 to 80 printable ASCII characters and no space.")
    runtime: Runtime = request.scope["state"]["runtime"]
    body = await request.body()
    what = request.url.path.encode() + b"\0" + body
    handler = request.route_handler
    assert isinstance(handler, HTTPRouteHandler)
    return Command(
        operation=f"{runtime.service_name}.{handler.handler_name.rpartition('.')[2]}",
        key=key,
        request_mac=hmac.digest(runtime.settings.request_key.encode(), what, hashlib.sha256),
        status=handler.status_code,
        admission=request.scope["state"]["admission"],
    )


# Its bounds are told here and held in `_command`, which says more than a failed pattern would.
IdempotencyKey = Annotated[
    str,
    HeaderParameter(
        name="Idempotency-Key",
        required=True,
        description="A new random value with every new command; the same when it is repeated",
        schema_extra={"minLength": 8, "maxLength": 80, "pattern": fields.KEY},
    ),
]


async def _clinic_command(request: AnyRequest, clinic_id: UUID, idempotency_key: IdempotencyKey = "") -> Work:
    return _work(request, clinic_id, await _command(request, idempotency_key))


async def _own_command(request: AnyRequest, idempotency_key: IdempotencyKey = "") -> Work:
    return _work(request, None, await _command(request, idempotency_key))


async def _clinic_query(request: AnyRequest, clinic_id: UUID) -> Work:
    return _work(request, clinic_id, None)


async def _own_query(request: AnyRequest) -> Work:
    return _work(request, None, None)


async def _nobodys_work(request: AnyRequest) -> Work:
    return _work(request, None, None)


async def provide_access(request: AnyRequest) -> Access:
    """Who asks, for handlers that show a partner pharmacist only what is theirs."""
    return request.scope["state"]["access"]


async def provide_runtime(request: AnyRequest) -> Runtime:
    return request.scope["state"]["runtime"]


PROVIDED: Mapping[str, Provide] = {"access": Provide(provide_access), "runtime": Provide(provide_runtime)}
"""What every handler may ask for beside its `work`."""

Limit = Annotated[int, Parameter(ge=1, le=500, description="At most so many")]
# Bounds beside a Parameter are Litestar's own: those of a Meta it would pass over.
SearchText = Annotated[
    str,
    Parameter(min_length=1, max_length=120, pattern=fields.ONE_LINE, description="A part of a name or of a substance"),
]
