"""What Litestar and msgspec would pass over, or stumble on: it may be a misspelt intention, or worse."""

import functools
import json
import re
from datetime import date
from typing import Any

import msgspec
from litestar import Request
from litestar.exceptions import HTTPException, ValidationException
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
        raise BadRequest("Name a day from {first} to {last}.", first=fields.FIRST_DAY, last=fields.LAST_DAY)
    if request.method == "POST":
        data = handler.parsed_fn_signature.parameters.get("data")
        await _refuse_odd_body(request, data.annotation if data is not None else None)


def _refuse_odd_query(request: AnyRequest, known: set[str]) -> None:
    """Of a parameter that is sent twice, one would be passed over in silence; a misspelt one, wholly."""
    sent = [name for name, _ in request.query_params.multi_items()]
    if len(set(sent)) < len(sent) or not known.issuperset(sent):
        raise BadRequest("Send each query parameter of this operation's documentation once, and no others.")


async def _refuse_odd_body(request: AnyRequest, expected: type[Any] | None) -> None:
    body = await request.body()
    if expected is None:
        if body not in (b"", b"{}"):
            raise BadRequest("This operation takes no body: send it without one.")
        return
    # A page elsewhere can make a browser post a form or plain text unasked; JSON it can't. Nothing is unpacked.
    if not _JSON.match(request.headers.get("content-type", "")) or request.headers.get("content-encoding"):
        raise HTTPException(status_code=415)
    if not body:
        raise BadRequest("The body is missing: send the JSON of this operation's documentation.")
    _refuse_other_json(body, expected)


def _refuse_other_json(body: bytes, expected: type[Any]) -> None:
    """Litestar's own reading takes "5" for 5, 1 for true, and answers some bytes with a fault."""
    try:
        _decoder(expected).decode(body)
    except msgspec.ValidationError as problem:
        message, _, place = str(problem).partition(" - at `$")
        key = place.strip("`.") or "body"
        raise ValidationException(extra=[{"key": key, "message": message}]) from problem
    except msgspec.DecodeError as problem:
        raise BadRequest("{problem}. Send well-formed JSON.", problem=str(problem)) from problem
    except UnicodeDecodeError as problem:
        raise BadRequest("The body is not UTF-8: send JSON in UTF-8.") from problem
    except RecursionError as problem:
        raise BadRequest("The JSON is nested too deeply: send the documented fields only.") from problem
    json.loads(body, object_pairs_hook=_refuse_doubled)


def _refuse_doubled(pairs: list[tuple[str, Any]]) -> None:
    """Of a field that is sent twice, msgspec would pass over the first in silence."""
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        doubled = next(name for name in names if names.count(name) > 1)
        raise ValidationException(extra=[{"key": doubled, "message": "It is sent twice: send it once."}])


@functools.cache
def _decoder(expected: type[Any]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(expected)
