"""The API's viewer, the start page and their assets: all from this machine, nothing from elsewhere."""

import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest

from deploy.cell import SERVICES
from shared.service import SHARED
from tests.people import Running

STATIC = SHARED / "static"
VENDORED = STATIC / "vendor"
OWN_FILES = sorted(p for p in STATIC.rglob("*") if p.is_file() and VENDORED not in p.parents)
ADDRESS = re.compile(rb"(?:https?:|wss?:|[\"'(=\s])//[\w-]+(?:\.[\w-]+)+", re.IGNORECASE)

# Nothing is fetched from these: names of XML namespaces and of schema dialects, links into standards that an
# error message or a comment gives, and examples. The validator is switched off where the viewer is started.
NAMED_BY_SWAGGER_UI = {
    *("www.w3.org", "spec.openapis.org", "json-schema.org", "spdx.org"),
    *("datatracker.ietf.org", "www.rfc-editor.org", "github.com", "redux.js.org", "reactjs.org", "fb.me"),
    *("swagger.io", "validator.swagger.io", "example.com", "vladimirgorej.com", "feross.org", "jquery.org"),
    # mentions and hashtags of the viewer's markdown, which our descriptions have none of
    *("twitter.com", "www.facebook.com", "instagram.com", "soundcloud.com", "www.tiktok.com"),
}


class Links(HTMLParser):
    """Whatever a page makes the browser fetch or lets it go to."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name in ("src", "href", "data-url", "action") and value]


@pytest.mark.parametrize("service", SERVICES)
def test_the_viewer_and_the_start_page_link_to_what_this_machine_serves(running: Running, service: str) -> None:
    for page in ("/", f"/{service}/api/schema"):
        answer = httpx.get(f"{running.urls[service]}{page}", trust_env=False)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert not ADDRESS.search(answer.content)
        links = Links(answer.text).found
        assert links
        for link in links:
            assert link.startswith("/")
            assert httpx.get(f"{running.urls[service]}{link}", trust_env=False).status_code == 200


@pytest.mark.parametrize("service", SERVICES)
def test_the_browser_is_told_to_fetch_from_here_only(running: Running, service: str) -> None:
    policy = httpx.get(f"{running.urls[service]}/{service}/api/schema", trust_env=False).headers[
        "Content-Security-Policy"
    ]
    assert "default-src 'self'" in policy
    assert "http" not in policy
    assert "*" not in policy


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("docs.js", "text/javascript"),
        ("start.css", "text/css"),
        ("vendor/swagger-ui/swagger-ui-bundle.js", "text/javascript"),
        ("vendor/swagger-ui/swagger-ui.css", "text/css"),
        ("vendor/swagger-ui/favicon-32x32.png", "image/png"),
    ],
)
def test_an_asset_is_served_as_it_stands(running: Running, path: str, media_type: str) -> None:
    answer = httpx.get(f"{running.urls['stock']}/static/{path}", trust_env=False)
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, media_type)
    assert answer.content == (STATIC / path).read_bytes()


@pytest.mark.parametrize("path", ["../service.py", "%2e%2e/service.py", "..%2fservice.py", "vendor/../../service.py"])
def test_nothing_beside_the_assets_is_served(running: Running, path: str) -> None:
    answer = httpx.get(httpx.URL(running.urls["stock"]).copy_with(raw_path=f"/static/{path}".encode()), trust_env=False)
    assert answer.status_code == 404


def test_our_own_assets_name_no_address_elsewhere() -> None:
    assert OWN_FILES
    assert {path.name: ADDRESS.findall(path.read_bytes()) for path in OWN_FILES} == {p.name: [] for p in OWN_FILES}


def test_vendored_assets_name_only_addresses_that_are_never_fetched() -> None:
    named = {
        address.decode().rpartition("//")[2].lower()
        for path in VENDORED.rglob("*")
        if path.suffix in (".js", ".css")
        for address in ADDRESS.findall(path.read_bytes())
    }
    assert named <= NAMED_BY_SWAGGER_UI
    assert "validatorUrl: null" in (STATIC / "docs.js").read_text()


def test_vendored_styles_fetch_nothing() -> None:
    for path in VENDORED.rglob("*.css"):
        fetched = re.findall(rb"(?:@import|url\()\s*[\"']?([^\"')\s]+)", path.read_bytes())
        assert [each for each in fetched if not each.startswith(b"data:")] == []


def test_vendored_files_are_the_ones_that_were_written_down() -> None:
    rows = re.findall(r"\| (\S+) \| ([0-9a-f]{64}) \|$", (VENDORED / "VENDORED.md").read_text(), re.MULTILINE)
    written = {VENDORED / name: digest for name, digest in rows}
    there = {path for path in VENDORED.rglob("*") if path.is_file() and path.name != "VENDORED.md"}
    assert {path: _digest(path) for path in there} == written


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
