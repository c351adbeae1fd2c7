"""The simulated scanner types as a real one does: the page sees keys, letters, sides and modifiers."""

import itertools

import pytest
from playwright.sync_api import Page

from tests.browser.scanner import GS, scan
from tests.browser.visiting import Visits

RECORDER = """
<input autofocus>
<script>
  window.seen = [];
  for (const kind of ["keydown", "keypress", "keyup"])
    addEventListener(kind, (e) => seen.push({ kind, code: e.code, key: e.key, number: e.keyCode, location: e.location,
      shift: e.shiftKey, ctrl: e.ctrlKey, alt: e.altKey, trusted: e.isTrusted, at: e.timeStamp }));
</script>
"""


@pytest.fixture
def page(visit: Visits) -> Page:
    blank = visit()
    blank.set_content(RECORDER)
    blank.focus("input")
    return blank


def _typed(page: Page) -> str:
    return page.input_value("input")


def _down(page: Page) -> list[tuple[str, str]]:
    seen: list[tuple[str, str]] = page.evaluate("seen.filter((e) => e.kind == 'keydown').map((e) => [e.code, e.key])")
    return [(code, key) for code, key in seen]


def test_a_us_layout_types_what_the_code_says(page: Page) -> None:
    code = """]d20105012345678900 !"%&'()*+,-./:;<=>?_azAZ"""
    scan(page, code)
    assert _typed(page) == code
    assert _down(page)[:3] == [("BracketRight", "]"), ("KeyD", "d"), ("Digit2", "2")]
    assert _down(page)[-1] == ("Enter", "Enter")
    assert page.evaluate("seen.every((e) => e.trusted)")


def test_a_greek_layout_types_greek_letters_by_the_same_keys(page: Page) -> None:
    scan(page, "0105012345678900asdfqwuASDFQWU-10", layout="greek")
    assert _typed(page) == "0105012345678900ασδφ;ςθΑΣΔΦ:ΣΘ-10"
    assert ("KeyQ", ";") in _down(page)
    assert page.evaluate("seen.find((e) => e.kind == 'keydown' && e.code == 'KeyW' && !e.shift).number") == ord("W")


def test_an_accent_of_the_greek_layout_types_nothing_by_itself(page: Page) -> None:
    scan(page, "1;2", layout="greek")
    assert _typed(page) == "12"
    assert ("Semicolon", "Dead") in _down(page)


def test_capitals_are_typed_with_shift_held(page: Page) -> None:
    scan(page, "aB")
    keys = page.evaluate("seen.filter((e) => e.kind != 'keypress').map((e) => [e.kind, e.code, e.shift, e.location])")
    assert keys[:6] == [
        ["keydown", "KeyA", False, 0],
        ["keyup", "KeyA", False, 0],
        ["keydown", "ShiftLeft", True, 1],
        ["keydown", "KeyB", True, 0],
        ["keyup", "KeyB", True, 0],
        ["keyup", "ShiftLeft", False, 1],
    ]


@pytest.mark.parametrize("layout", ["us", "greek"])
def test_the_separator_as_ctrl_and_bracket(page: Page, layout: str) -> None:
    scan(page, f"1{GS}2", layout="greek" if layout == "greek" else "us", separator="ctrl")
    assert _typed(page) == "12"
    assert _down(page)[1:3] == [("ControlLeft", "Control"), ("BracketRight", "]")]
    assert page.evaluate("seen.find((e) => e.code == 'BracketRight').ctrl")
    assert page.evaluate("seen.findLast((e) => e.code == 'Digit2').ctrl") is False


def test_the_separator_as_alt_and_the_number_pad(page: Page) -> None:
    scan(page, f"1{GS}2", separator="alt")
    assert _typed(page) == "12"
    assert _down(page)[1:5] == [("AltLeft", "Alt"), ("Numpad0", "0"), ("Numpad2", "2"), ("Numpad9", "9")]
    pad = page.evaluate("seen.filter((e) => e.code.startsWith('Numpad')).map((e) => [e.alt, e.location])")
    assert pad == [[True, 3]] * 6


def test_the_separator_left_out(page: Page) -> None:
    scan(page, f"1{GS}2", separator="none")
    assert _down(page) == [("Digit1", "1"), ("Digit2", "2"), ("Enter", "Enter")]


def test_the_gap_is_kept_between_keys_however_long_the_machine_takes(page: Page) -> None:
    scan(page, "0123456789", gap_ms=40)
    at: list[float] = page.evaluate("seen.filter((e) => e.kind == 'keydown').map((e) => e.at)")
    assert [round(later - earlier) for earlier, later in itertools.pairwise(at)] == [40] * 10
