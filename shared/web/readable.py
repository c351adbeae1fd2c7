"""What Litestar and msgspec would pass over, or stumble on: it may be a misspelt intention, or worse."""

import re
from datetime import date
from typing import Any

from litestar import Request
from litestar.exceptions import HTTPException
from litestar.handlers import BaseRouteHandler

from shared import fields
from shared.errors import BadRequest

AnyRequest = Request[Any, Any, Any]

_GIVEN = frozenset({"work", "access", "runtime", "data"})
_JSON = re.compile(r"application/json\s*(;|$)", re.IGNORECASE)


async def refuse_unreadable(request: AnyRequest, handler: BaseRouteHandler) -> None:
    """Raise BadRequest, or 415, unless every part of the request is one that the operation takes."""
    parameters = handler.parsed_fn_signature.parameters.keys()
    _refuse_odd_query(request, parameters - request.path_params.keys() - _GIVEN)
    if any(isinstance(value, date) and not fields.is_day(value) for value in request.path_params.values()):
        raise BadRequest(f"Name a day from {fields.FIRST_DAY} to {fields.LAST_DAY}.")
    if request.method == "POST":
        await _refuse_odd_body(request, expected="data" in parameters)


def _refuse_odd_query(request: AnyRequest, known: set[str]) -> None:
    """Of a parameter that is sent twice, one would be passed over in silence; a misspelt one, wholly."""
    sent = [name for name, _ in request.query_params.multi_items()]
    if len(set(sent)) < len(sent) or not known.issuperset(sent):
        raise BadRequest("Send each query parameter of this operation's documentation once, and no others.")


async def _refuse_odd_body(request: AnyRequest, *, expected: bool) -> None:
    body = await request.body()
    if not expected:
        if body not in (b"", b"{}"):
            raise BadRequest("This operation takes no body: send it without one.")
        return
    # A page elsewhere can make a browser post a form or plain text unasked; JSON it can't.
    if not _JSON.match(request.headers.get("content-type", "")):
        raise HTTPException(status_code=415)
    if not body:
        raise BadRequest("The body is missing: send the JSON of this operation's documentation.")
    try:
        body.decode()
    except UnicodeDecodeError as problem:
        raise BadRequest("The body is not UTF-8: send JSON in UTF-8.") from problem
