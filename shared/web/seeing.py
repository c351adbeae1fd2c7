"""Seeing what goes on: health, metrics, and the request id that follows an event through the services."""

import re
import time
from collections.abc import Sequence

import structlog
from litestar import Response, get
from litestar.enums import ScopeType
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from msgspec import Struct
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, Gauge, generate_latest

from shared import inbox, outbox
from shared.ids import new_id
from shared.log import logger
from shared.runtime import Runtime

log = logger(__name__)

_REQUEST_ID = re.compile(r"^[0-9A-Za-z_-]{8,64}$")
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
# The API's viewer writes styles into its page; nothing else does.
_VIEWERS_POLICY = _POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
_VIEWER = re.compile(r"^/\w+/api/schema/?$")
_KEPT_BY_NOBODY = (b"cache-control", b"no-store")


def _headers(policy: str) -> list[tuple[bytes, bytes]]:
    return [
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"same-origin"),
        (b"content-security-policy", policy.encode()),
    ]


_HEADERS_KEPT = _headers(_POLICY)
_HEADERS = [*_HEADERS_KEPT, _KEPT_BY_NOBODY]
_HEADERS_OF_VIEWER = [*_headers(_VIEWERS_POLICY), _KEPT_BY_NOBODY]
_QUIET = ("/health", "/metrics", "/static")

OUTBOX_AGE = Gauge("dosis_outbox_age_seconds", "Age of the oldest event not yet published", ["service"])
CONSUMER_LAG = Gauge("dosis_consumer_lag_events", "Events on the bus not yet read", ["service"])
WAITING = Gauge("dosis_waiting_events", "Events kept waiting in the inbox", ["service", "reason"])
BUS_UP = Gauge("dosis_bus_connected", "1 when the service is connected to the bus", ["service"])


def request_id_middleware(app: ASGIApp) -> ASGIApp:
    """Give each request an id (the caller's, if it is a decent one), log it, and answer with the id."""

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return
        given = dict(scope["headers"]).get(b"x-request-id", b"").decode("latin-1")
        request_id = given if _REQUEST_ID.match(given) else str(new_id())
        started = time.perf_counter()
        status = 500

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                # As they stand, beside the app's own: none of these is ever set there.
                message["headers"] = [
                    *message["headers"],
                    (b"x-request-id", request_id.encode()),
                    *_headers_of(scope["path"], status),
                ]
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            await app(scope, receive, answer)
            if not scope["path"].startswith(_QUIET):
                took_ms = round((time.perf_counter() - started) * 1000, 1)
                log.info("request", method=scope["method"], path=scope["path"], status=status, ms=took_ms)

    return handle


def _headers_of(path: str, status: int) -> list[tuple[bytes, bytes]]:
    """Only an asset says itself how long it may be kept, and only when it is there."""
    if path.startswith("/static/") and status in (200, 304):
        return _HEADERS_KEPT
    return _HEADERS_OF_VIEWER if _VIEWER.match(path) else _HEADERS


class PartHealth(Struct, frozen=True, kw_only=True):
    service: str
    database: bool
    bus: bool
    missing: tuple[str, ...]
    outbox_age_seconds: float
    consumer_lag_events: int
    waiting_events: dict[str, int]


class Health(Struct, frozen=True, kw_only=True):
    """`ready` is false only when a database is away; without the bus the work goes on and catches up."""

    ready: bool
    services: tuple[PartHealth, ...]


async def health_of(runtime: Runtime) -> PartHealth:
    missing: list[str] = []
    age, waiting, database = 0.0, dict[str, int](), True
    try:
        pool = runtime.database.pool
        age = await pool.fetchval(outbox.OLDEST_UNPUBLISHED_SECONDS, timeout=2)
        waiting = {row["reason"]: row["events"] for row in await pool.fetch(inbox.COUNT_WAITING, timeout=2)}
    except Exception as problem:
        database = False
        missing.append(f"The database can't be reached: {type(problem).__name__}")
    if not runtime.bus.connected:
        missing.append(f"The bus can't be reached; events wait and are sent later: {runtime.bus.last_error}")
    if waiting.get("failed") or waiting.get("fork"):
        missing.append("Some events could not be applied: see `dosis events`")
    return PartHealth(
        service=runtime.service_name,
        database=database,
        bus=runtime.bus.connected,
        missing=tuple(missing),
        outbox_age_seconds=age,
        consumer_lag_events=runtime.bus.consumer_lag_events,
        waiting_events=waiting,
    )


def seeing_routes(runtimes: Sequence[Runtime]) -> list[HTTPRouteHandler]:
    """Liveness, readiness and metrics of all services in this process."""

    @get("/health/live", opt={"public": True}, include_in_schema=False)
    async def live() -> dict[str, bool]:
        return {"live": True}

    @get("/health/ready", opt={"public": True}, include_in_schema=False)
    async def ready() -> Response[Health]:
        services = tuple([await health_of(runtime) for runtime in runtimes])
        health = Health(ready=all(part.database for part in services), services=services)
        return Response(health, status_code=200 if health.ready else 503)

    @get("/metrics", opt={"public": True}, include_in_schema=False)
    async def metrics() -> Response[bytes]:
        for runtime in runtimes:
            part = await health_of(runtime)
            OUTBOX_AGE.labels(part.service).set(part.outbox_age_seconds)
            CONSUMER_LAG.labels(part.service).set(part.consumer_lag_events)
            BUS_UP.labels(part.service).set(part.bus)
            for reason in ("early", "failed", "fork"):
                WAITING.labels(part.service, reason).set(part.waiting_events.get(reason, 0))
        return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)

    return [live, ready, metrics]
