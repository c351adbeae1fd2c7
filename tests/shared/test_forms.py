"""What a browser's form is read as: every field's problem at once, and nothing guessed."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

import pytest
from msgspec import Meta, Struct

from shared import fields
from shared.web.pages import forms
from shared.web.pages.forms import BadForm, FormWrong, day_typed, read_as, read_body, read_rows


class Colour(StrEnum):
    RED = "red"


class Everything(Struct, frozen=True, kw_only=True):
    name: fields.Name
    units: fields.Units
    day: fields.Day | None = None
    way: Literal["in", "out"] = "in"
    colour: Colour | None = None
    who: UUID | None = None
    ticked: bool = False
    many: tuple[fields.Name, ...] = ()
    short: Annotated[str, Meta(min_length=3, max_length=5)] | None = None


def typed(**values: str) -> dict[str, tuple[str, ...]]:
    return {name: (value,) for name, value in values.items()}


def problems_of(**values: str) -> dict[str, str]:
    with pytest.raises(FormWrong) as wrong:
        read_as(Everything, typed(**values))
    return {each.field: each.text for each in wrong.value.problems}


def test_every_kind_of_field_is_read() -> None:
    who = UUID(int=7)
    read = read_as(
        Everything,
        typed(name=" Άννα ", units="20", day="27/6/2027", way="out", colour="red", who=str(who), ticked="yes")
        | {"many": ("a", "b")},
    )
    assert read == Everything(
        name="Άννα",
        units=20,
        day=date(2027, 6, 27),
        way="out",
        colour=Colour.RED,
        who=who,
        ticked=True,
        many=("a", "b"),
    )


def test_what_is_left_empty_has_its_default() -> None:
    read = read_as(Everything, typed(name="x", units="1", day="", way=" ", colour="", short=""))
    assert (read.day, read.way, read.colour, read.short) == (None, "in", None, None)


def test_the_problem_of_every_field_is_told_at_once() -> None:
    assert problems_of(name="", units="0", day="31/2/2027", way="up", colour="blue", who="7", short="toolong") == {
        "name": forms.NEEDED,
        "units": forms.NO_NUMBER,
        "day": forms.NO_SUCH_DAY,
        "way": forms.NO_CHOICE,
        "colour": forms.NO_CHOICE,
        "who": forms.NO_CHOICE,
        "short": forms.TOO_LONG,
    }


def test_numbered_rows_are_read_apart_and_the_problems_of_all_are_told() -> None:
    sent = {"name-1": ("a",), "units-1": ("2",), "name-11": ("b",), "units-11": ("3",), "name": ("no row",)}
    rows = read_rows(Everything, sent, [1, 11])
    assert {number: (row.name, row.units) for number, row in rows.items()} == {1: ("a", 2), 11: ("b", 3)}
    with pytest.raises(FormWrong) as wrong:
        read_rows(Everything, sent | {"units-1": ("x",)}, [1, 2, 11])
    assert [each.field for each in wrong.value.problems] == ["units-1", "name-2", "units-2"]


@pytest.mark.parametrize("units", ["-1", "1.5", "1e3", "٣", "²", "0x10", "1 000", "9999999999", "1000001"])
def test_units_are_whole_numbers_within_bounds(units: str) -> None:
    assert problems_of(name="x", units=units) == {"units": forms.NO_NUMBER}


def test_signs_that_cannot_be_seen_are_refused() -> None:
    assert problems_of(name="a\u200bb", units="1") == {"name": forms.ODD_SIGN}
    assert problems_of(name="ab", units="1", short="ab") == {"short": forms.TOO_SHORT}


@pytest.mark.parametrize("sign", "\xad\u061c\u115f\u1160\u180b\u180e\u202e\u3164\ufe00\ufe0f\uffa0\U000e0000\U000e007f")
def test_a_line_has_only_what_can_be_seen(sign: str) -> None:
    for name in (f"a{sign}b", sign, f"a{sign}"):
        assert problems_of(name=name, units="1") == {"name": forms.ODD_SIGN}


class Told(Struct, frozen=True):
    text: fields.Text


@pytest.mark.parametrize(
    "text", ["a\u202eb", "\u2066a\u2069", "\u202aa", "\u200b\n\u200b", "\xad", "\u3164 \u3164", "a\x00"]
)
def test_a_text_is_read_as_it_was_written_and_has_something_to_see(text: str) -> None:
    with pytest.raises(FormWrong) as wrong:
        read_as(Told, typed(text=text))
    assert [each.text for each in wrong.value.problems] == [forms.ODD_SIGN]


@pytest.mark.parametrize("text", ["one\ntwo\n\nthree", "\tΆννα", "soft\xadhyphen", "❤\ufe0f", "x" * 4000])
def test_a_text_may_have_many_lines(text: str) -> None:
    assert read_as(Told, typed(text=text)).text == text.strip()


@pytest.mark.parametrize(("said", "read"), [("yes", True), ("no", False), ("", False)])
def test_a_tick_is_yes_or_no(said: str, read: bool) -> None:
    assert read_as(Everything, typed(name="x", units="1", ticked=said)).ticked is read


@pytest.mark.parametrize("said", ["maybe", "No", "0", "false", "yes\x00", "<b>"])
def test_a_tick_is_nothing_else(said: str) -> None:
    assert problems_of(name="x", units="1", ticked=said) == {"ticked": forms.NO_FLAG}


def test_a_scan_keeps_its_separators() -> None:
    class Scan(Struct):
        text: fields.Scan

    assert read_as(Scan, {"text": ("\x1d0101\x1d",)}).text == "\x1d0101\x1d"


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("27/6/2027", date(2027, 6, 27)),
        ("27.06.2027", date(2027, 6, 27)),
        ("2027-06-27", date(2027, 6, 27)),
        ("6/27/2027", None),
        ("20270627", date(2027, 6, 27)),
        ("27/6/27", None),
        ("1/1/1899", None),
        ("", None),
    ],
)
def test_a_day_is_read_as_people_here_write_it(said: str, day: date | None) -> None:
    assert day_typed(said) == day


def test_a_body_is_read_with_all_values_of_a_name() -> None:
    assert read_body(b"a=1&a=2&b=&c=%CE%B1%0D%0Ab") == {"a": ("1", "2"), "b": ("",), "c": ("α\nb",)}


@pytest.mark.parametrize("body", [b"\xff=1", b"a=%FF", "a=α".encode(), b"&".join(b"a=1" for _ in range(2000))])
def test_a_body_that_is_no_form_is_refused(body: bytes) -> None:
    with pytest.raises(BadForm):
        read_body(body)
