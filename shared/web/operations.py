"""The operations of the API: a command does something once, a query only looks.

Each names its act, and the clinic in its path; `work` reaches the handler only after the signature, the
session and a delegation in force today have been checked, before its body is read.
"""

import contextlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, ParamSpec, TypeVar
from uuid import UUID

from litestar import Request, get, post
from litestar.connection import ASGIConnection
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import HeaderParameter, Parameter

from shared import fields
from shared.database import Work
from shared.errors import DosisError
from shared.identity import Access
from shared.roles import Act
from shared.runtime import Runtime
from shared.web.admitting import admit, again_if_in_vain, command_of, work_of
from shared.web.problems import MEDIA_TYPE, Problem
from shared.web.readable import AnyRequest, refuse_unreadable

P = ParamSpec("P")
R = TypeVar("R")


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
        )(again_if_in_vain(handler))

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


def access_guard(
    runtime: Runtime,
) -> Callable[[ASGIConnection[Any, Any, Any, Any], BaseRouteHandler], Awaitable[None]]:
    """Checks every operation of a service: who may, before its body is looked at; then whether it can be read."""

    async def check(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
        assert isinstance(connection, Request), "operations have no websockets"
        if connection.method == "OPTIONS":
            return  # Litestar's own answer: the methods that the address takes, and nothing else.
        try:
            await admit(connection, handler, runtime)
        except DosisError:
            # Read and forgotten: behind an unread body no further request could come on this connection.
            with contextlib.suppress(HTTPException):
                await connection.body()
            raise
        await refuse_unreadable(connection, handler)

    return check


# Its bounds are told here and held in `command_of`, which says more than a failed pattern would.
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
    return work_of(request, clinic_id, command_of(request, idempotency_key, await request.body()))


async def _own_command(request: AnyRequest, idempotency_key: IdempotencyKey = "") -> Work:
    return work_of(request, None, command_of(request, idempotency_key, await request.body()))


async def _clinic_query(request: AnyRequest, clinic_id: UUID) -> Work:
    return work_of(request, clinic_id)


async def _own_query(request: AnyRequest) -> Work:
    return work_of(request, None)


async def _nobodys_work(request: AnyRequest) -> Work:
    return work_of(request, None)


async def provide_access(request: AnyRequest) -> Access:
    """Who asks, for handlers that show a partner pharmacist only what is theirs."""
    return request.scope["state"]["access"]


async def provide_runtime(request: AnyRequest) -> Runtime:
    return request.scope["state"]["runtime"]


PROVIDED: Mapping[str, Provide] = {"access": Provide(provide_access), "runtime": Provide(provide_runtime)}
"""What every handler may ask for beside its `work`."""

Limit = Annotated[int, Parameter(ge=1, le=500, description="At most so many")]
Skip = Annotated[int, Parameter(ge=0, le=1_000_000, description="Pass over so many")]
# Bounds beside a Parameter are Litestar's own: those of a Meta it would pass over.
SearchText = Annotated[
    str,
    Parameter(min_length=1, max_length=120, pattern=fields.ONE_LINE, description="A part of a name or of a substance"),
]
