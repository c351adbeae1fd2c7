"""The pages that are no service's own: the address itself, the choice of a language, and how the services are."""

from collections.abc import Sequence
from typing import Any

from litestar import Response, get
from litestar.datastructures import Cookie
from litestar.handlers import HTTPRouteHandler

from shared.language import LANGUAGES
from shared.runtime import Runtime
from shared.web.admitting import AnyRequest
from shared.web.pages.view import LANGUAGE_COOKIE, View, go, way_back
from shared.web.seeing import health_of

FIRST = "/stock/"
YEAR_SECONDS = 365 * 24 * 3600


def first_pages(runtimes: Sequence[Runtime]) -> list[HTTPRouteHandler]:
    @get("/", opt={"public": True}, include_in_schema=False)
    async def first() -> Response[str]:
        return go(FIRST)

    @get("/language/{language:str}", opt={"public": True}, include_in_schema=False)
    async def choose_language(request: AnyRequest, language: str) -> Response[str]:
        answer = go(way_back(request.query_params.get("next", "/")))
        if language in LANGUAGES:
            cookie = Cookie(
                key=LANGUAGE_COOKIE, value=language, max_age=YEAR_SECONDS, samesite="lax", httponly=True, path="/"
            )
            answer.cookies.append(cookie)
        return answer

    @get("/health", opt={"public": True}, include_in_schema=False)
    async def health(request: AnyRequest) -> Response[Any]:
        parts = [await health_of(runtime) for runtime in runtimes]
        return View(request).plain("health.html", parts=parts)

    return [first, choose_language, health]
