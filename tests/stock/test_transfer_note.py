"""The code on a transfer's note: what it says is read again, whole or not at all."""

import zlib
from datetime import date
from uuid import UUID

import msgspec
import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st

from services.stock.transfer_note import (
    MOST_CHARACTERS,
    Noted,
    NotedLot,
    NotWholeError,
    codes_of_note,
    read_note,
)
from tests.browser.scanner import GREEK

ONE = UUID("019b0000-0000-7000-8000-0000075bcd15")
TABLETS = NotedLot(lot_number=1, codes=("2802818801057",), batch="A-1/B", expires_on=date(2027, 6, 30), units=44)
GAUZE = NotedLot(lot_number=2, name="Γάζα 10×10 + ταινία", expires_on=date(2029, 1, 1), units=5, opened=True)

CODES = st.text("0123456789ABC", min_size=4, max_size=20)
LOTS = st.builds(
    NotedLot,
    lot_number=st.integers(1, 9999),
    codes=st.lists(CODES, min_size=1, max_size=3).map(tuple),
    batch=st.none() | st.text("ABCxyz0189-/+*%$.;:ΑΒΓΩ ", min_size=1, max_size=20).filter(lambda text: text.strip()),
    expires_on=st.dates(date(2020, 1, 1), date(2099, 12, 31)),
    units=st.integers(1, 1_000_000),
    opened=st.booleans(),
)


def test_a_note_reads_as_it_is_described() -> None:
    [code] = codes_of_note(ONE, [TABLETS])
    assert code.startswith("DT1*019B00000000700080000000075BCD15*1/1*1+2802818801057+A-1%2FB+270630+44*")


def test_what_has_no_code_goes_by_its_name() -> None:
    [code] = codes_of_note(ONE, [TABLETS, GAUZE])
    told = msgspec.structs.replace(GAUZE, name="Γάζα 10?10 + ταινία")
    assert read_note(code) == Noted(transfer_id=ONE, part=1, parts=1, lots=(TABLETS, told))


@given(st.lists(LOTS, min_size=1, max_size=60))
def test_all_lots_are_told_once_over_codes_that_a_scanner_can_read(lots: list[NotedLot]) -> None:
    codes = codes_of_note(ONE, lots)
    read = [read_note(code) for code in codes]
    assert [lot for each in read if each for lot in each.lots] == lots
    assert [(each.part, each.parts, each.transfer_id) for each in read if each] == [
        (number, len(codes), ONE) for number in range(1, len(codes) + 1)
    ]
    assert all(code.isascii() and len(code) <= MOST_CHARACTERS for code in codes)


def test_even_the_longest_lot_fits_into_a_scan() -> None:
    lot = NotedLot(lot_number=9999, name="Ω" * 120, batch="Ω" * 20, expires_on=date(2027, 6, 30), units=1_000_000)
    [code] = codes_of_note(ONE, [lot])
    assert len(code) <= 500
    assert int(segno.make_qr(code, error="m").version) <= 15


@given(st.data())
def test_a_key_that_is_lost_or_wrong_is_noticed(data: st.DataObject) -> None:
    [code] = codes_of_note(ONE, [TABLETS, GAUZE])
    at = data.draw(st.integers(4, len(code) - 1))
    with pytest.raises(NotWholeError):
        read_note(code[:at] + code[at + 1 :])
    with pytest.raises(NotWholeError):
        read_note(code[:at] + ("Z" if code[at] != "Z" else "Y") + code[at + 1 :])


@pytest.mark.parametrize("text", ["", "hello", "2802818801057", "DT2*x", "ΔΤ", "dt1*x", "(01)05290000000000"])
def test_what_is_no_note_is_none(text: str) -> None:
    assert read_note(text) is None


@pytest.mark.parametrize("text", ["DT1*", "DT1*x*1/1*a*00000000", "DT1**"])
def test_what_begins_as_a_note_and_is_none_is_said(text: str) -> None:
    with pytest.raises(NotWholeError):
        read_note(text)


@pytest.mark.parametrize("sign", ["%00", "%0A", "%1F", "%7F", "%80", "%9F"])
@pytest.mark.parametrize("lot", ["1+$A{}B++270630+5", "1+2802818801057+A{}B+270630+5", "1+28028188{}+A+270630+5"])
def test_control_signs_are_no_part_of_a_note(lot: str, sign: str) -> None:
    for told, is_whole in ((lot.format(sign), False), (lot.format("%41"), True)):
        text = f"DT1*{ONE.hex.upper()}*1/1*{told}"
        code = f"{text}*{zlib.crc32(text.encode()):08X}"
        if is_whole:
            assert read_note(code) is not None
            continue
        with pytest.raises(NotWholeError):
            read_note(code)


def test_a_greek_keyboard_and_a_scanners_prefix_change_nothing() -> None:
    [code] = codes_of_note(ONE, [TABLETS])
    greek = "".join(GREEK.get(each, each) for each in code)
    assert greek.startswith("ΔΤ1*")
    assert read_note(greek) == read_note(code) == read_note(f"]Q1{code}\r\n")
