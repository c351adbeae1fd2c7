"""Bodies that no good program sends: refused with a problem that says what to do, never a fault, never stored."""

import gzip
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from deploy.cell import SERVICES
from tests.edge import Edge, why_no_problem
from tests.operations import OPERATIONS, Operation

MEBIBYTE = 1024 * 1024
WITH_BODY = [operation for operation in OPERATIONS if operation.has_body]
WITHOUT_BODY = [o for o in OPERATIONS if o.is_command and not o.has_body]

NO_JSON_OBJECT = {
    "nested arrays": b"[" * 100_000,
    "nested objects": b'{"a":' * 100_000,
    "nothing": b"",
    "null": b"null",
    "an array": b"[]",
    "a text": b'"text"',
    "a huge number": b"1" * 400,
    "not a number": b"NaN",
    "half of it": b'{"a": "b',
    "two of them": b"{} {}",
    "a byte order mark": b"\xef\xbb\xbf{}",
    "invalid UTF-8": b'{"a": "\xff"}',
    "half a character": b'{"a": "\xce"}',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "an unknown field": b'{"nobody_knows_this": 1}',
    "a bare control character": b'{"a": "\x01"}',
}
OTHER_TYPES = (
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/x-msgpack",
    "application/jsonp",
    "",
)


def _url(edge: Edge, operation: Operation) -> str:
    return operation.url(edge.urls, edge.clinic.clinic_id)


@pytest.mark.usefixtures("nothing_is_stored")
@pytest.mark.parametrize("kind", NO_JSON_OBJECT)
def test_every_operation_refuses_a_body_that_is_no_such_object(edge: Edge, kind: str) -> None:
    answers = {o.name: edge.post(_url(edge, o), NO_JSON_OBJECT[kind]) for o in WITH_BODY}
    assert {name: (a.status_code, a.text) for name, a in answers.items() if a.status_code != 400} == {}
    assert {name: why for name, a in answers.items() if (why := why_no_problem(a))} == {}


@pytest.mark.usefixtures("nothing_is_stored")
def test_an_operation_that_takes_no_body_refuses_one(edge: Edge) -> None:
    """It may be a misspelt intention: units to hand in, a reason to forget."""
    bodies = (b'{"units": 5}', b"[" * 100_000, b"null", b"\xff")
    answers = {(o.name, body[:9]): edge.post(_url(edge, o), body) for o in WITHOUT_BODY for body in bodies}
    assert {name: why for name, a in answers.items() if (why := why_no_problem(a))} == {}
    assert {a.status_code for a in answers.values()} == {400}


@pytest.mark.usefixtures("nothing_is_stored")
@pytest.mark.parametrize("media_type", OTHER_TYPES)
def test_every_operation_refuses_what_does_not_call_itself_json(edge: Edge, media_type: str) -> None:
    """A page elsewhere can make a browser send a form or text under our cookie; JSON it can't."""
    answers = {o.name: edge.post(_url(edge, o), b'{"a": 1}', Content_Type=media_type) for o in WITH_BODY}
    assert {a.status_code for a in answers.values()} == {415}
    assert {name: why for name, a in answers.items() if (why := why_no_problem(a))} == {}


@pytest.mark.usefixtures("nothing_is_stored")
@pytest.mark.parametrize("packing", ["gzip", "deflate", "br", "zstd", "gzip, gzip"])
def test_nothing_is_unpacked_however_small_it_was_packed(edge: Edge, packing: str) -> None:
    bomb = gzip.compress(b"[" * 50 * MEBIBYTE)
    assert len(bomb) < 100_000
    answers = {o.name: edge.post(_url(edge, o), bomb, Content_Encoding=packing) for o in (*WITH_BODY, *WITHOUT_BODY)}
    assert {name: why for name, a in answers.items() if (why := why_no_problem(a))} == {}
    assert {answers[o.name].status_code for o in WITH_BODY} == {415}
    assert "compressed" in answers[WITH_BODY[0].name].json()["detail"]


def _in_pieces() -> Iterator[bytes]:
    """A body whose length is not told beforehand."""
    yield b'{"reason": "'
    for _ in range(20):
        yield b"a" * 65_536
    yield b'"}'


@pytest.mark.usefixtures("nothing_is_stored")
@pytest.mark.parametrize("make", [lambda: b'"' + b"a" * MEBIBYTE + b'"', _in_pieces])
def test_a_body_over_one_mebibyte_is_refused_and_the_next_request_is_heard(edge: Edge, make: Callable[[], Any]) -> None:
    for operation in WITH_BODY:
        answer = edge.post(_url(edge, operation), make())
        assert (answer.status_code, why_no_problem(answer)) == (413, None)
        assert edge.http.get(f"{edge.urls[operation.service]}/health/live").status_code == 200


@pytest.mark.usefixtures("nothing_is_stored")
def test_an_unread_body_at_no_address_does_not_spoil_the_next_request(edge: Edge) -> None:
    for service in SERVICES:
        for method, path in (("POST", "/nowhere"), ("PUT", "")):
            answer = edge.http.request(method, edge.url(service, path), content=b"x" * 200_000)
            assert why_no_problem(answer) is None
            assert edge.http.get(f"{edge.urls[service]}/health/live").status_code == 200


def test_head_is_answered_as_get_is_without_the_body(edge: Edge) -> None:
    for operation in OPERATIONS:
        url = _url(edge, operation)
        head, got = edge.http.head(url), edge.http.get(url)
        assert (head.status_code, head.content) == (got.status_code, b""), operation.name
        assert head.headers.keys() == got.headers.keys()
    assert edge.http.head(f"{edge.urls['stock']}/nowhere").status_code == 404
    refused = httpx.head(edge.url("stock", "/lots"), trust_env=False)
    assert (refused.status_code, refused.content) == (401, b"")
