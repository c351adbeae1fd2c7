"""Each service's OpenAPI description and its viewer, which is vendored: nothing comes from elsewhere."""

import functools
from html import escape
from typing import Any

import msgspec
from litestar import Litestar, Response, Router, get
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme

from shared.web.assets import asset
from shared.web.operations import PROVIDED

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Dosis: the API of {service}</title>
<link rel="icon" href="{icon}">
<link rel="stylesheet" href="{style}">
</head>
<body>
<div id="api" data-url="/{service}/api/schema/openapi.json"></div>
<script src="{viewer}"></script>
<script src="{start}"></script>
</body>
</html>
"""
_VIEWER = {
    "icon": "vendor/swagger-ui/favicon-32x32.png",
    "style": "vendor/swagger-ui/swagger-ui.css",
    "viewer": "vendor/swagger-ui/swagger-ui-bundle.js",
    "start": "docs.js",
}


def describe(service: str, routes: tuple[HTTPRouteHandler, ...], version: str) -> bytes:
    """The OpenAPI description of one service alone, whichever app it runs in."""
    config = OpenAPIConfig(
        title=f"Dosis: {service}",
        version=version,
        use_handler_docstrings=True,
        components=Components(
            security_schemes={"token": SecurityScheme(type="http", scheme="bearer", bearer_format="JWT")}
        ),
        security=[{"token": []}],
        path=f"/{service}/api/unused",
    )
    router = Router(f"/{service}/api", route_handlers=list(routes), dependencies=PROVIDED)
    app = Litestar([router], openapi_config=config, logging_config=None)
    description = app.openapi_schema.to_schema()
    _complete(description, routes)
    return msgspec.json.encode(description)


def _complete(description: dict[str, Any], routes: tuple[HTTPRouteHandler, ...]) -> None:
    """Put msgspec's own schemas of the bodies in the place of Litestar's, and say what must be sent.

    Litestar leaves out the items of a tuple, bounds inside a union, and that no further fields are taken.
    """
    given = [route.parsed_fn_signature.parameters.get("data") for route in routes]
    bodies = [parameter.annotation for parameter in given if parameter is not None]
    _, schemas = msgspec.json.schema_components(bodies, ref_template="#/components/schemas/{name}")
    description["components"]["schemas"].update(schemas)
    for operations in description["paths"].values():
        for operation in operations.values():
            for parameter in operation.get("parameters", ()):
                if parameter["required"]:
                    parameter["schema"].pop("default", None)


def docs_routes(service: str, routes: tuple[HTTPRouteHandler, ...], version: str) -> list[HTTPRouteHandler]:
    """`<service>/api/schema` shows the API, `<service>/api/schema/openapi.json` describes it."""
    description = functools.cache(functools.partial(describe, service, routes, version))

    @get(f"/{service}/api/schema", media_type="text/html", opt={"public": True}, name=f"{service}_viewer")
    async def viewer() -> str:
        return _PAGE.format(service=escape(service), **{name: asset(file) for name, file in _VIEWER.items()})

    @get(f"/{service}/api/schema/openapi.json", opt={"public": True}, name=f"{service}_description")
    async def openapi() -> Response[bytes]:
        return Response(description(), media_type="application/vnd.oai.openapi+json")

    return [viewer, openapi]
