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
LOOK = STATIC / "dosis.css"
OWN_FILES = sorted(
    path
    for suffix in ("html", "css", "js", "svg", "webmanifest")
    for folder in (SHARED, SHARED.parent / "services")
    for path in folder.rglob(f"*.{suffix}")
    if VENDORED not in path.parents
)
ADDRESS = re.compile(rb"(?:https?:|wss?:|[\"'(=\s])//[\w-]+(?:\.[\w-]+)+", re.IGNORECASE)

# The name of what a drawing is written in, and no address.
NAMED_BY_DRAWINGS = {b"http://www.w3.org"}
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
    for page in ("/health", "/stock/sign-in" if service == "stock" else "/health", f"/{service}/api/schema"):
        answer = httpx.get(f"{running.urls[service]}{page}", trust_env=False)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert not ADDRESS.search(answer.content)
        links = Links(answer.text).found
        assert links
        for link in links:
            if link.startswith("data:image/svg+xml;base64,"):
                continue  # the mark on the browser's tab, which is all there
            assert link.startswith(("/", "#"))
            assert httpx.get(f"{running.urls[service]}{link}", trust_env=False).status_code in (200, 303)


@pytest.mark.parametrize("service", SERVICES)
def test_the_browser_is_told_to_fetch_from_here_only(running: Running, service: str) -> None:
    for path in ("/health", f"/{service}/api/schema", f"/{service}/api/me", "/static/dosis.css", "/nowhere"):
        policy = _policy(running, service, path)
        assert policy.pop("style-src") == ({"'self'", "'unsafe-inline'"} if path.endswith("schema") else {"'self'"})
        assert policy.pop("img-src") == {"'self'", "data:"}
        nothing = {name for name, sources in policy.items() if sources == {"'none'"}}
        assert nothing == {"default-src", "base-uri", "frame-ancestors"}
        assert {source for name in policy.keys() - nothing for source in policy[name]} == {"'self'"}
        assert policy.keys() >= {"script-src", "connect-src", "font-src", "form-action"}


def _policy(running: Running, service: str, path: str) -> dict[str, set[str]]:
    header = httpx.get(f"{running.urls[service]}{path}", trust_env=False).headers["Content-Security-Policy"]
    return {
        name: set(sources.split()) for name, _, sources in (part.strip().partition(" ") for part in header.split(";"))
    }


def test_no_template_style_or_script_of_ours_names_an_address_elsewhere() -> None:
    assert LOOK in OWN_FILES
    named = {path: set(ADDRESS.findall(path.read_bytes())) - NAMED_BY_DRAWINGS for path in OWN_FILES}
    assert {path: addresses for path, addresses in named.items() if addresses} == {}


def test_the_look_is_our_own() -> None:
    look = LOOK.read_text().lower()
    for theirs in ("frutiger", "#005eb8", "#003087", "@font-face", "nhs-logo", "nhsuk-logo"):
        assert theirs not in look
    assert re.search(r"(?:^|})html{font-family:system-ui,", look)


def test_no_letters_are_smaller_than_18_px() -> None:
    sizes = re.findall(r"font-size:([\d.]+)(rem|px|em|%)", LOOK.read_text())
    assert sizes
    # A size of nothing only takes away the blanks between the three fields of a date.
    small = {(size, unit) for size, unit in sizes if unit != "rem" or 0 < float(size) < 18 / 16}
    assert small == set()


def test_vendored_assets_name_only_addresses_that_are_never_fetched() -> None:
    named = {
        address.decode().rpartition("//")[2].lower()
        for path in VENDORED.rglob("*")
        if path.suffix in (".js", ".css", ".svg")
        for address in ADDRESS.findall(path.read_bytes())
    }
    assert named <= NAMED_BY_SWAGGER_UI
    assert "validatorUrl: null" in (STATIC / "docs.js").read_text()


def test_styles_fetch_nothing_from_elsewhere() -> None:
    for path in STATIC.rglob("*.css"):
        fetched = re.findall(rb"(?:@import|url\()\s*[\"']?([^\"')\s]+)", path.read_bytes())
        for address in fetched:
            assert address.startswith(b"data:") or (STATIC.parent / address.decode().lstrip("/")).is_file()


def test_what_was_vendored_or_built_is_what_was_written_down() -> None:
    rows = re.findall(r"\| (\S+) \| ([0-9a-f]{64}) \|$", (VENDORED / "VENDORED.md").read_text(), re.MULTILINE)
    written = {(VENDORED / name).resolve(): digest for name, digest in rows}
    there = {path.resolve() for path in VENDORED.rglob("*") if path.is_file() and path.name != "VENDORED.md"}
    assert {path: _digest(path) for path in there | {LOOK.resolve()}} == written


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
