"""What pages are made with, served from memory: compressed, and named by content so that nobody asks for it twice."""

import base64
import functools
import gzip
import hashlib
from pathlib import Path
from typing import Annotated, Any

from litestar import Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.params import QueryParameter
from msgspec import Struct

STATIC = Path(__file__).parent.parent / "static"
JOINED = {"dosis.js": ("scripts/page.js", "scripts/scanner.js", "scripts/sending.js")}
"""What each page needs, in one file, because on poor internet every request is a delay of its own."""
FOREVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"
# Written here, because every machine has another table of its own, and browsers believe what they are told.
_TEXTS = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
    ".wasm": "application/wasm",
}
_PICTURES = {".png": "image/png", ".ico": "image/x-icon", ".webp": "image/webp"}


class _Asset(Struct, frozen=True, kw_only=True):
    content: bytes
    compressed: bytes | None
    """The same with gzip; None for pictures, which are compressed already."""
    media_type: str
    version: str


def asset(name: str) -> str:
    """The address of a file in `shared/static`, with the hash of its content: `/static/dosis.css?v=1a2b3c4d`."""
    return f"/static/{name}?v={_read(name).version}"


@functools.cache
def inlined(name: str) -> str:
    """A small picture as an address that holds all of it: a request less for every page."""
    found = _read(name)
    return f"data:{found.media_type};base64,{base64.b64encode(found.content).decode()}"


@get("/static/{path:path}", opt={"public": True}, include_in_schema=False)
async def serve_asset(
    request: Request[Any, Any, Any], path: str, version: Annotated[str | None, QueryParameter(name="v")] = None
) -> Response[bytes]:
    """A file of `shared/static`. Only under the hash of what is here now may it be kept without asking again.

    While one process is exchanged for another, a page may name what this one doesn't have yet.
    """
    name = path.lstrip("/")
    if name not in _names():
        raise NotFoundException
    found = _read(name)
    headers = {
        "Cache-Control": FOREVER if version == found.version else ASK_AGAIN,
        "ETag": f'W/"{found.version}"',
        "Vary": "Accept-Encoding",
    }
    if found.version in request.headers.get("If-None-Match", ""):
        return Response(b"", status_code=304, headers=headers)
    content = found.content
    if found.compressed is not None and "gzip" in request.headers.get("Accept-Encoding", ""):
        content = found.compressed
        headers["Content-Encoding"] = "gzip"
    return Response(content, media_type=found.media_type, headers=headers)


@functools.cache
def _names() -> frozenset[str]:
    """Whatever else is asked for isn't looked for."""
    return frozenset(path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*") if path.is_file()) | set(JOINED)


@functools.cache
def _read(name: str) -> _Asset:
    content = b"\n".join((STATIC / part).read_bytes() for part in JOINED.get(name, (name,)))
    suffix = Path(name).suffix
    return _Asset(
        content=content,
        compressed=None if suffix in _PICTURES else gzip.compress(content, mtime=0),
        media_type=_PICTURES.get(suffix) or _TEXTS.get(suffix, "text/plain"),
        version=hashlib.sha256(content).hexdigest()[:8],
    )
