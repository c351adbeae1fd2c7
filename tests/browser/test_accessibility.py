"""The pages that are there, as axe-core sees them; and that it sees anything."""

import hashlib
import re

import pytest

from tests.browser.accessibility import AXE, EXCEPTIONS, violations
from tests.browser.visiting import LANGUAGES, SIZES, Language, Size, Visits

PAGES = ("/stock/sign-in", "/health")


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("size", SIZES, ids=lambda size: size.name)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_keeps_to_the_rules(visit: Visits, path: str, size: Size, language: Language) -> None:
    assert violations(visit(None, path, size, language)) == []


def test_what_breaks_a_rule_is_found_and_named(visit: Visits) -> None:
    page = visit()
    page.set_content(
        "<html lang=el><title>x</title><main><h1>x</h1><img src='data:,'><p style='color: #999'>pale</p></main>"
    )
    found = " ".join(violations(page))
    assert "image-alt (critical)" in found
    assert "color-contrast (serious)" in found


def test_each_exception_has_a_reason() -> None:
    assert all(len(reason.split()) > 3 for reason in EXCEPTIONS.values())


def test_axe_is_the_one_that_was_written_down() -> None:
    vendor = AXE.parent.parent
    rows = re.findall(r"\| (\S+) \| ([0-9a-f]{64}) \|$", (vendor / "VENDORED.md").read_text(), re.MULTILINE)
    there = {path for path in vendor.rglob("*") if path.is_file() and path.name != "VENDORED.md"}
    digests = {str(path.relative_to(vendor)): hashlib.sha256(path.read_bytes()).hexdigest() for path in there}
    assert digests == dict(rows)
