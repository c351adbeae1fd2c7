"""Letting a request in: who asks, whether a delegation in force today allows it, and the work it is then given.

Operations of the API and pages share it; what they differ in is how they are asked and how they answer.
"""

import functools
import hashlib
import hmac
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

import asyncpg
import structlog
from litestar import Request
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler

from shared import fields, identity
from shared.database import Command, Work
from shared.errors import BadRequest, IdempotencyKeyMissing, NotSignedIn
from shared.identity import Access
from shared.runtime import Runtime

P = ParamSpec("P")
R = TypeVar("R")
AnyRequest = Request[Any, Any, Any]

ATTEMPTS = 4


async def admit(request: AnyRequest, handler: BaseRouteHandler, runtime: Runtime) -> None:
    """Raise NotSignedIn or NotAllowed unless the handler's act is allowed to whoever asks; remember who it is."""
    state = request.scope["state"]
    state["runtime"] = runtime
    if handler.opt.get("public"):
        return
    statement = identity.read_statement(
        token_of(request.headers, request.cookies), runtime.settings.signing_public_key, runtime.clock.now()
    )
    clinic_id: UUID | None = request.path_params.get("clinic_id")
    # A query asks anew at every request; a command's transaction confirms by what it was let in.
    standings = runtime.standings if handler.opt.get("command") else identity.Standings()
    admission = identity.Admission(statement, handler.opt["act"], clinic_id, standings)
    state["access"] = await admission.admit(runtime.database.pool, runtime.clock.today())
    state["admission"] = admission


def token_of(headers: Mapping[str, str], cookies: Mapping[str, str]) -> str:
    """The signed statement that came with the request; raises NotSignedIn."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        return token.strip()
    if identity.COOKIE in cookies:
        return cookies[identity.COOKIE]
    raise NotSignedIn


def work_of(request: AnyRequest, clinic_id: UUID | None, command: Command | None = None) -> Work:
    """The work of a request that was let in."""
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


def command_of(request: AnyRequest, key: str, said: bytes) -> Command:
    """The command that a request is, under its idempotency key. `said`: what makes it the same when it is repeated."""
    if not key:
        raise IdempotencyKeyMissing
    if not 8 <= len(key) <= 80 or not re.match(fields.KEY, key):
        raise BadRequest("An Idempotency-Key has 8 to 80 printable ASCII characters and no space.")
    runtime: Runtime = request.scope["state"]["runtime"]
    what = request.url.path.encode() + b"\0" + said
    handler = request.route_handler
    assert isinstance(handler, HTTPRouteHandler)
    return Command(
        operation=f"{runtime.service_name}.{handler.handler_name.rpartition('.')[2]}",
        key=key,
        request_mac=hmac.digest(runtime.settings.request_key.encode(), what, hashlib.sha256),
        status=handler.status_code,
        admission=request.scope["state"]["admission"],
    )


def again_if_in_vain(handler: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
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
