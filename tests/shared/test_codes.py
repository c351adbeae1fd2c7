"""Codes as scanners and people send them: a table that a pharmacist can read, and what holds of every text.

In `scans.csv` ¶ stands for the separator GS (byte 1D), and \\x.., \\u...., \\r, \\n, \\\\ for single characters.
Of a question, the row has a reading that must be among those offered.
"""

import csv
import random
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.codes import GS, MOST_CHARACTERS, Possible, Question, Recognised, Refusal, codes_of, is_gtin, read_code
from shared.codes.numbers import day_of
from shared.codes.sentences import SENTENCES, RefusalReason

TODAY = date(2026, 11, 22)
ESCAPED = re.compile(r"\\(?:x[0-9a-f]{2}|u[0-9a-f]{4}|[rn\\])")
ESCAPES = {r"\r": "\r", r"\n": "\n", r"\\": "\\"}


def _plain(text: str) -> str:
    def meant(found: re.Match[str]) -> str:
        return ESCAPES.get(found[0]) or chr(int(found[0][2:], 16))

    return ESCAPED.sub(meant, text.replace("¶", GS))


def _rows() -> list[dict[str, str]]:
    with (Path(__file__).parent / "scans.csv").open(newline="") as file:
        return list(csv.DictReader(file))


ROWS = _rows()


def _expected(row: Mapping[str, str]) -> tuple[str | None, str | None, date | None, str | None]:
    expires_on = date.fromisoformat(row["expires_on"]) if row["expires_on"] else None
    return row["gtin"] or None, row["batch"] or None, expires_on, row["serial"] or None


def _said(reading: Recognised | Possible) -> tuple[str | None, str | None, date | None, str | None]:
    return reading.gtin, reading.batch, reading.expires_on, reading.serial


@pytest.mark.parametrize("row", ROWS, ids=[row["what"] for row in ROWS])
def test_a_code_is_read_asked_about_or_refused_as_the_table_says(row: Mapping[str, str]) -> None:
    answer = read_code(_plain(row["scanned"]), TODAY)
    match answer:
        case Recognised():
            assert (row["answer"], _expected(row)) == ("reading", _said(answer))
        case Question():
            assert row["answer"] == "question", answer
            assert _expected(row) in [_said(reading) for reading in answer.readings], answer
            assert answer.question.endswith("?") or "more possibilities" in answer.question
        case Refusal():
            assert (row["answer"], row["reason"]) == ("refusal", answer.reason)
            assert answer.refusal == SENTENCES[answer.reason]


@pytest.mark.parametrize("row", ROWS, ids=[row["what"] for row in ROWS])
def test_each_reading_that_is_offered_has_a_text_that_is_read_as_just_that_one(row: Mapping[str, str]) -> None:
    answer = read_code(_plain(row["scanned"]), TODAY)
    for offered in answer.readings if isinstance(answer, Question) else ():
        assert offered.text is not None
        again = read_code(offered.text, TODAY)
        if offered.gtin is not None:
            assert isinstance(again, Recognised)
            assert (_said(again), again.national_numbers) == (_said(offered), offered.national_numbers)
        else:
            assert isinstance(again, Question)
            assert again.only_lacks_product
            assert again.readings == (offered,)


def test_the_text_of_a_reading_is_what_is_printed_wherever_that_is_certain() -> None:
    for text, offered in (
        ("010280204300102417270630" + "10S121SER9", "(01)02802043001024(17)270630(10)S1(21)SER9"),
        ("280204300102", "(01)02802043001024"),
        ("LOT A1 EXP 06/2028", "(17)280630(10)A1"),
        ("lot a1 exp 06/2028", "]d217280630<GS>10a1<GS>"),
        ("(01)02802043001024(10)lot1", "https://id.gs1.org/01/02802043001024?10=lot1"),
    ):
        answer = read_code(text, TODAY)
        assert isinstance(answer, Question)
        assert offered in [reading.text for reading in answer.readings]


def test_a_day_long_past_is_not_offered_where_the_usual_order_has_one_to_come() -> None:
    for text, days in (
        ("05/06/27", [date(2027, 6, 5), date(2027, 5, 6)]),
        ("25/05/27", [date(2027, 5, 25), date(2025, 5, 27)]),
        ("05/06/07", [date(2007, 6, 5), date(2007, 5, 6), date(2005, 6, 7)]),
    ):
        answer = read_code(f"2802043001024 EXP {text}", TODAY)
        assert isinstance(answer, Question)
        assert [reading.expires_on for reading in answer.readings] == days


def test_the_table_is_as_long_as_it_should_be_and_has_every_reason() -> None:
    answers = [row["answer"] for row in ROWS]
    assert answers.count("reading") >= 130
    assert answers.count("question") >= 80
    assert answers.count("refusal") >= 60
    assert {row["reason"] for row in ROWS} - {""} == set(RefusalReason) == set(SENTENCES)
    assert len({row["what"] for row in ROWS}) == len(ROWS)


def test_national_numbers_are_kept_under_their_country() -> None:
    row = next(row for row in ROWS if row["what"] == "two countries' numbers")
    answer = read_code(_plain(row["scanned"]), TODAY)
    assert isinstance(answer, Recognised)
    assert answer.national_numbers == {"710": "12345678", "712": "654321"}


def test_a_pack_code_is_the_number_as_it_stands_under_the_bars() -> None:
    codes = {"2802043001024": "2802043001024", "96385074": "96385074", "12802043001021": None}
    for text, pack_code in codes.items():
        answer = read_code(text, TODAY)
        assert isinstance(answer, Recognised), text
        assert answer.pack_code == pack_code
    assert codes_of("02802043001024") == ["02802043001024", "2802043001024"]
    assert codes_of("00000096385074") == ["00000096385074", "0000096385074", "000096385074", "96385074"]
    assert codes_of("12802043001021") == ["12802043001021"]


@pytest.mark.parametrize(
    ("today", "years"),
    [
        (date(2026, 1, 1), range(1977, 2077)),
        (date(2051, 1, 1), range(2002, 2102)),
        (date(2099, 1, 1), range(2050, 2150)),
    ],
)
def test_a_year_of_two_digits_is_within_forty_nine_back_and_fifty_ahead(today: date, years: range) -> None:
    assert {day_of(f"{year % 100:02}0101", today).year for year in years} == set(years)
    assert all(day_of(f"{year % 100:02}0101", today).year == year for year in years)


def test_where_there_are_too_many_ways_to_part_the_fields_nothing_is_certain() -> None:
    internal = "".join(f"9{digit}9{digit}" for digit in "1234567891234567891")
    answer = read_code(f"01028020430010241727063091{internal}", TODAY)
    assert isinstance(answer, Question)


# What holds of every code

ALPHABET = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
# <GS> spelled within a value would be taken for the separator.
VALUES = st.text(ALPHABET, min_size=1, max_size=20).filter(lambda text: "<" not in text)
MAKERS = st.sampled_from(["0280", "0340", "0400", "0590", "0030", "0803", "1280", "4340"])
GTINS = (
    st.tuples(MAKERS, st.integers(0, 10**9 - 1))
    .map(lambda parts: f"{parts[0]}{parts[1]:09}")
    .map(lambda text: text + _check_digit(text))
)
DAYS = st.dates(date(1977, 1, 1), date(2076, 12, 31))
EXTRA = st.sampled_from(["11250101", "15270101", "240AB", "9112", "3730", "8008250101", "88ZZ", "71112345"])


def _check_digit(payload: str) -> str:
    return str(-sum(int(digit) * (3, 1)[place % 2] for place, digit in enumerate(reversed(payload))) % 10)


@settings(deadline=None)
@given(GTINS, VALUES, DAYS, VALUES, st.lists(EXTRA, unique=True, max_size=3), st.randoms(use_true_random=False))
def test_fields_in_any_order_with_separators_are_read_as_they_were_written(
    gtin: str, batch: str, day: date, serial: str, extra: list[str], order: random.Random
) -> None:
    fields = [f"01{gtin}", f"10{batch}", f"17{day:%y%m%d}", f"21{serial}", *extra]
    order.shuffle(fields)
    for prefix in ("]d2", "]C1", "", GS):
        answer = read_code(prefix + GS.join(fields) + GS, TODAY)
        if isinstance(answer, Question):
            assert not prefix.startswith("]") and _may_be_another_key(batch + serial, fields)
            assert (gtin, batch, day, serial) in [_said(reading) for reading in answer.readings]
        else:
            assert isinstance(answer, Recognised)
            assert _said(answer) == (gtin, batch, day, serial)


def _may_be_another_key(values: str, fields: list[str]) -> bool:
    """Small letters alone may be capitals; without any letter, ; and : may be another layout's q."""
    return values.lower() == values != values.upper() or not re.search("[A-Za-z]", "".join(fields))


PACKS = GTINS.filter(lambda gtin: gtin.startswith("0"))
LETTERS = st.text("ABCDEFGHKLMNPRTXZ0123456789", min_size=1, max_size=12)


@settings(deadline=None)
@given(GTINS, LETTERS, DAYS, LETTERS, st.permutations(range(4)))
def test_fields_that_run_together_are_never_read_as_one(
    gtin: str, batch: str, day: date, serial: str, order: list[int]
) -> None:
    """Without separators a reading, if it is given as certain, is the right one; and the right one is offered."""
    fields = [f"01{gtin}", f"17{day:%y%m%d}", f"10{batch}", f"21{serial}"]
    answer = read_code("]d2" + "".join(fields[place] for place in order), TODAY)
    if isinstance(answer, Recognised):
        assert _said(answer) == (gtin, batch, day, serial)
    elif isinstance(answer, Question) and len(answer.readings) < 12:
        assert (gtin, batch, day, serial) in [_said(reading) for reading in answer.readings]
    else:
        assert isinstance(answer, Question)


@settings(deadline=None)
@given(PACKS, LETTERS, DAYS, LETTERS, st.permutations(range(4)), st.booleans())
def test_a_pack_number_that_came_with_its_code_gets_into_no_value(
    gtin: str, batch: str, day: date, serial: str, order: list[int], before: bool
) -> None:
    fields = [f"01{gtin}", f"17{day:%y%m%d}", f"10{batch}", f"21{serial}"]
    code, number = GS.join(fields[place] for place in order), gtin[1:]
    answer = read_code(number + code if before else code + number, TODAY)
    if isinstance(answer, Recognised):
        assert _said(answer) == (gtin, batch, day, serial)


PIECES = st.sampled_from(
    ["01", "02802043001024", "10", "17", "21", "91", "270630", "271399", GS, "]d2", "]E0", "]", "(", ")", "(01)"]
)
ODD_PIECES = st.sampled_from(
    [
        "LOT ",
        " EXP ",
        "06/2027",
        "Λήξη: ",
        "Ρ",
        "029",
        ",",
        "<GS>",
        "^]",
        "|",
        "~",
        " ",
        "\n",
        "Σ",
        ";",
        "ά",
        "https://",
        "/",
        "?",
        "id.gs1.org/01/",
        "[)>\x1e05\x1d",
        "(10)",
    ]
)
TEXTS = st.one_of(
    st.text(max_size=60), st.text(ALPHABET + GS, max_size=120), st.lists(PIECES | ODD_PIECES, max_size=14).map("".join)
)


@settings(max_examples=500, deadline=None)
@given(TEXTS)
@example("01" + "02802043001024" + "10" * 240)
@example(("100" + GS) * 120)
@example("91" * 250)
@example("(" * MOST_CHARACTERS)
@example("https://[")
@example("\ud800")
@example("(01)(17)(10)")
@example("LOT EXP LOT")
@example("ΛΗΞΗ ٠٦/٢٠٢٧")
@example("EXP ²/2027")
@example("(17)²/2027")
@example("ΠΑΡΤΙΔΑ " + "Σ" * 100)
@example("LOT " + "A " * 200)
def test_nothing_is_raised_and_nothing_is_said_that_is_not_in_the_text(text: str) -> None:
    answer = read_code(text, TODAY)
    readings = [answer] if isinstance(answer, Recognised) else list(getattr(answer, "readings", ()))
    # Letters may have come through a Greek layout or Caps Lock, and a link has some of its signs encoded.
    digits, signs = re.sub(r"[^0-9]", "", text), len(text)
    for reading in readings:
        assert reading.gtin is None or is_gtin(reading.gtin)
        # Of an EOF code, 280 and the check digit are not in the text.
        assert reading.gtin is None or reading.gtin.lstrip("0")[:-1].removeprefix("280") in digits
        for value in (reading.batch, reading.serial):
            assert value is None or 1 <= len(value) <= min(20, signs)
            assert value is None or "%" in text or re.sub(r"[^0-9]", "", value) in digits
        assert reading.expires_on is None or _is_in(reading.expires_on, text)


def _is_in(day: date, text: str) -> bool:
    if "EXP" in text or "Λήξη" in text or "/" in text:
        return f"{day:%y}" in text  # As people write it, in one of many ways.
    return any(f"{day:%y%m}{last}" in text for last in (f"{day:%d}", "00"))


@settings(deadline=None)
@given(st.text(min_size=MOST_CHARACTERS + 1, max_size=2 * MOST_CHARACTERS))
def test_what_is_longer_than_any_code_is_not_looked_into(text: str) -> None:
    answer = read_code(text, TODAY)
    assert isinstance(answer, Refusal)
    assert answer.reason is RefusalReason.TOO_LONG
