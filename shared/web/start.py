"""The plain start page: how the services are, and where their APIs are described."""

from collections.abc import Sequence
from html import escape

from litestar import get
from litestar.handlers import HTTPRouteHandler

from shared.runtime import Runtime
from shared.web.seeing import health_of

_PAGE = """<!doctype html>
<html lang="el">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Dosis</title>
<link rel="stylesheet" href="/static/start.css">
</head>
<body>
<main>
<h1>Dosis <span lang="grc">(δόσις)</span></h1>
{parts}
<p><a href="/health/ready">/health/ready</a> · <a href="/metrics">/metrics</a></p>
</main>
</body>
</html>
"""
_PART = """<section>
<h2>{title}</h2>
<p>{health}</p>
<p><a href="/{name}/api/schema">Τεκμηρίωση του API · API documentation</a></p>
</section>
"""


_NAMES = {"donations": "Δωρεές · Donations", "stock": "Απόθεμα · Stock", "dispense": "Χορήγηση · Dispensing"}


def start_page(runtimes: Sequence[Runtime]) -> HTTPRouteHandler:
    @get("/", media_type="text/html", opt={"public": True}, include_in_schema=False)
    async def start() -> str:
        parts: list[str] = []
        for runtime in runtimes:
            name = runtime.service_name
            missing = (await health_of(runtime)).missing
            health = "Λειτουργεί · Working" if not missing else escape(" ".join(missing))
            parts.append(_PART.format(name=name, title=_NAMES[name], health=health))
        return _PAGE.format(parts="".join(parts))

    return start
