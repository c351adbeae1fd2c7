"""A service's table of contents, one app out of several services, and running it."""

import asyncio
import contextlib
import gc
import os
import signal
import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import uvloop
from granian.constants import Interfaces
from granian.server.embed import Server
from litestar import Litestar, Request, Response, Router
from litestar.config.compression import CompressionConfig
from litestar.enums import HttpMethod, ScopeType
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.plugins.prometheus import PrometheusConfig
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from shared.errors import DosisError
from shared.inbox import Consumers
from shared.log import set_up_logging
from shared.runtime import Runtime
from shared.settings import Settings, read_settings
from shared.web import operations, problems
from shared.web.assets import serve_asset
from shared.web.docs import docs_routes
from shared.web.pages import refusals
from shared.web.pages.handling import page_guard
from shared.web.pages.waiting import Counting, nothing_waits, numbers_page
from shared.web.parked import parked_pages
from shared.web.seeing import request_id_middleware, seeing_routes
from shared.web.start import first_pages

SHARED = Path(__file__).parent
EVENT_MIGRATIONS = ("events", SHARED / "migrations" / "events")
KNOWN_MIGRATIONS = ("known", SHARED / "migrations" / "known")
BODY_BYTES = 1024 * 1024
OBJECTS_BETWEEN_COLLECTIONS = 20_000
"""A prepared day makes some hundred thousand objects, nearly all of which live until it is done."""

# Pages only: assets are compressed once for all, and what programs read goes without the delay.
PAGES_COMPRESSED = CompressionConfig("gzip", gzip_compress_level=6, exclude=[r"^/static/", r"^/\w+/api/"])


@dataclass(frozen=True, kw_only=True)
class Service:
    """All that one service is made of."""

    name: str
    routes: tuple[HTTPRouteHandler, ...]
    pages: tuple[HTTPRouteHandler, ...] = ()
    waiting: Counting = nothing_waits
    """How much waits for a person, for the head of every page."""
    consumers: Consumers
    reads: tuple[str, ...]
    """Whose events it reads: services of the cell, and "net"."""
    migrations: tuple[tuple[str, Path], ...]
    constraints: Mapping[str, type[DosisError]] = field(default_factory=dict[str, type[DosisError]])
    """Named constraints of the database, and the fact each stands for."""


def build_app(services: Sequence[Service], settings: Mapping[str, Settings]) -> Litestar:
    """One Litestar app of one, two or three services, each with its own database, bus connection and prefix."""
    runtimes = {
        service.name: Runtime(service.name, settings[service.name], service.consumers, service.reads)
        for service in services
    }

    @contextlib.asynccontextmanager
    async def alive(_app: Litestar) -> AsyncGenerator[None, None]:
        async with contextlib.AsyncExitStack() as stack:
            for runtime in runtimes.values():
                await stack.enter_async_context(runtime.running())
            yield

    constraints = {name: fact for service in services for name, fact in service.constraints.items()}
    prometheus = PrometheusConfig(app_name="dosis", prefix="dosis", group_path=True)
    app = Litestar(
        route_handlers=[
            *(_router(service, runtimes[service.name]) for service in services),
            *(_pages_router(service, runtimes[service.name]) for service in services),
            *(r for service in services for r in docs_routes(service.name, service.routes, version("dosis"))),
            *seeing_routes(list(runtimes.values())),
            *first_pages(list(runtimes.values())),
            serve_asset,
        ],
        lifespan=[alive],
        exception_handlers={**problems.exception_handlers(constraints), HTTPException: on_unknown_address},
        middleware=[prometheus.middleware],
        compression_config=PAGES_COMPRESSED,
        openapi_config=None,
        logging_config=None,
        request_max_body_size=BODY_BYTES,
    )
    # Around the whole app: a middleware of Litestar's never sees what no route takes.
    app.asgi_handler = request_id_middleware(_answering_head(app.asgi_handler))
    return app


def on_unknown_address(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """Whoever reads pages is answered with one, a program with problem details."""
    reads_pages = "text/html" in request.headers.get("accept", "") and "/api/" not in request.url.path
    return refusals.on_http_exception(request, error) if reads_pages else problems.on_http_exception(request, error)


def _answering_head(app: ASGIApp) -> ASGIApp:
    """HEAD is answered as GET is, without the body, wherever there is a GET."""

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or scope["method"] != "HEAD":
            await app(scope, receive, send)
            return

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.body":
                message["body"] = b""
            await send(message)

        await app({**scope, "method": HttpMethod.GET}, receive, answer)

    return handle


def _router(service: Service, runtime: Runtime) -> Router:
    return Router(
        f"/{service.name}/api",
        route_handlers=list(service.routes),
        guards=[operations.access_guard(runtime)],
        dependencies=operations.PROVIDED,
    )


def _pages_router(service: Service, runtime: Runtime) -> Router:
    return Router(
        f"/{service.name}",
        route_handlers=[*service.pages, *parked_pages(), numbers_page(service.waiting)],
        guards=[page_guard(runtime, service.waiting)],
        exception_handlers=refusals.page_exception_handlers(service.constraints),
    )


async def serve(app: Litestar, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT, then finish what is being answered."""
    _spare_the_collector()
    server = Server(app, address=host, port=port, interface=Interfaces.ASGI, websockets=False, log_enabled=False)
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, server.stop)
    await server.serve()


def _spare_the_collector() -> None:
    """What was made at the start lives to the end: the garbage collector need not look through it ever again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS, 20, 20)


def run_service(service: Service) -> None:
    """`python -m services.<name> [SETTINGS]`: one service alone. The file may be named by DOSIS_SETTINGS."""
    path = Path(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("DOSIS_SETTINGS", f"{service.name}.json"))
    settings = read_settings(path)
    set_up_logging(service.name)
    app = build_app([service], {service.name: settings})
    uvloop.run(serve(app, settings.host, settings.port))
