"""What pages are made with: as it stands in the folder, compressed, and kept by browsers only while it is the same."""

import gzip
import re

import httpx
import pytest

from shared.web.assets import ASK_AGAIN, FOREVER, STATIC, asset
from tests.people import Running

BUNDLE = "vendor/swagger-ui/swagger-ui-bundle.js"


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("docs.js", "text/javascript"),
        ("dosis.css", "text/css"),
        ("vendor/htmx.org/htmx.min.js", "text/javascript"),
        ("vendor/htmx.org/LICENSE", "text/plain"),
        ("vendor/nhsuk-frontend/nhsuk-icon-cross.svg", "image/svg+xml"),
        (BUNDLE, "text/javascript"),
        ("vendor/swagger-ui/favicon-32x32.png", "image/png"),
    ],
)
def test_an_asset_is_served_as_it_stands(running: Running, path: str, media_type: str) -> None:
    answer = _get(running, f"/static/{path}")
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, media_type)
    assert answer.content == (STATIC / path).read_bytes()


@pytest.mark.parametrize("path", ["../service.py", "%2e%2e/service.py", "..%2fservice.py", "vendor/../../service.py"])
def test_nothing_beside_the_assets_is_served(running: Running, path: str) -> None:
    url = httpx.URL(running.urls["stock"]).copy_with(raw_path=f"/static/{path}".encode())
    answer = httpx.get(url, trust_env=False)
    assert (answer.status_code, answer.headers["cache-control"]) == (404, "no-store")


def test_an_asset_has_an_address_of_its_content() -> None:
    assert re.fullmatch(r"/static/dosis\.css\?v=[0-9a-f]{8}", asset("dosis.css"))
    assert asset("dosis.css").partition("=")[2] != asset("docs.js").partition("=")[2]
    with pytest.raises(FileNotFoundError):
        asset("nothing.css")


def test_an_asset_is_kept_for_good_only_under_the_hash_of_what_it_is_now(running: Running) -> None:
    kept = {
        address: _get(running, address).headers.get_list("cache-control")
        for address in (asset("dosis.css"), "/static/dosis.css", "/static/dosis.css?v=00000000", asset(BUNDLE))
    }
    assert list(kept.values()) == [[FOREVER], [ASK_AGAIN], [ASK_AGAIN], [FOREVER]]


def test_what_the_browser_has_already_is_not_sent_again(running: Running) -> None:
    tag = _get(running, "/static/dosis.css").headers["etag"]
    same = _get(running, "/static/dosis.css", **{"If-None-Match": tag})
    assert (same.status_code, same.content, same.headers["cache-control"]) == (304, b"", ASK_AGAIN)
    assert _get(running, "/static/docs.js", **{"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize("path", ["dosis.css", BUNDLE, "vendor/nhsuk-frontend/nhsuk-icon-cross.svg"])
def test_styles_scripts_and_drawings_go_compressed(running: Running, path: str) -> None:
    sent, answer = _raw(running, f"/static/{path}", "gzip, deflate, br")
    assert (answer.headers["content-encoding"], answer.headers["vary"]) == ("gzip", "Accept-Encoding")
    assert len(sent) == int(answer.headers["content-length"])
    assert gzip.decompress(sent) == (STATIC / path).read_bytes()
    plain, answer = _raw(running, f"/static/{path}", "identity")
    assert "content-encoding" not in answer.headers
    assert plain == (STATIC / path).read_bytes()


def test_pages_go_compressed_and_what_programs_read_does_not(running: Running) -> None:
    sent, answer = _raw(running, "/health", "gzip")
    assert (answer.headers["content-encoding"], answer.headers["cache-control"]) == ("gzip", "no-store")
    assert b"</html>" in gzip.decompress(sent)
    assert b"</html>" in _raw(running, "/health", "identity")[0]
    for path in ("/stock/api/schema/openapi.json", "/stock/api/me", "/static/vendor/swagger-ui/favicon-32x32.png"):
        assert "content-encoding" not in _raw(running, path, "gzip")[1].headers


@pytest.mark.parametrize("path", ["/health", "/static/dosis.css", "/static/nothing.css", "/stock/api/schema"])
@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_head_is_answered_as_get_is(running: Running, path: str, encoding: str) -> None:
    headers = {"Accept-Encoding": encoding, "X-Request-Id": "looked-at-twice"}
    url = f"{running.urls['stock']}{path}"
    got, head = (httpx.request(method, url, headers=headers, trust_env=False) for method in ("GET", "HEAD"))
    assert (head.status_code, head.content) == (got.status_code, b"")
    assert _lasting(head) == _lasting(got)
    assert head.headers["x-request-id"] == "looked-at-twice"


def _lasting(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name != "date"}


def _get(running: Running, path: str, **headers: str) -> httpx.Response:
    return httpx.get(f"{running.urls['stock']}{path}", headers=headers, trust_env=False)


def _raw(running: Running, path: str, encoding: str) -> tuple[bytes, httpx.Response]:
    """The bytes as they were sent, before anything is made of them."""
    url = f"{running.urls['stock']}{path}"
    with httpx.stream("GET", url, headers={"Accept-Encoding": encoding}, trust_env=False) as answer:
        return b"".join(answer.iter_raw()), answer
