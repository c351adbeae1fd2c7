"""Which of the reserved lots are handed over: what expires first, never what has expired."""

from datetime import date, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.dispense.rules.giving import EscrowLot, hand_over, left_of_lines, needed_units

TODAY = date(2027, 3, 1)
LINE, OTHER_LINE = UUID(int=1), UUID(int=2)


def lot(number: int, reserved: int, *, line: UUID = LINE, days: int = 30, gone: int = 0) -> EscrowLot:
    """A lot that expires in so many days; of its units some are given or released already."""
    return EscrowLot(
        line_id=line,
        lot_id=UUID(int=number),
        expires_on=TODAY + timedelta(days=days),
        use_through_on=TODAY,
        reserved_units=reserved,
        given_units=gone - gone // 2,
        released_units=gone // 2,
    )


def handed(wanted: dict[UUID, int], *lots: EscrowLot) -> tuple[list[tuple[int, int]], dict[UUID, int]]:
    """([(lot, units)], what is missing)"""
    given, missing = hand_over(wanted, lots, TODAY)
    return [(one.lot_id.int, units) for one, units in given], missing


def test_what_expires_first_is_handed_over_first() -> None:
    assert handed({LINE: 12}, lot(1, 10, days=90), lot(2, 10, days=9)) == ([(2, 10), (1, 2)], {})


def test_a_lot_is_handed_over_on_its_last_day_and_never_after() -> None:
    assert handed({LINE: 5}, lot(1, 10, days=0)) == ([(1, 5)], {})
    assert handed({LINE: 5}, lot(1, 10, days=-1)) == ([], {LINE: 5})
    assert left_of_lines([lot(1, 10, days=-1)], TODAY) == {}


def test_what_is_given_or_released_is_not_handed_over_again() -> None:
    assert left_of_lines([lot(1, 10, gone=7), lot(2, 4, gone=4)], TODAY) == {LINE: 3}
    assert handed({LINE: 10}, lot(1, 10, gone=7), lot(2, 4, gone=4)) == ([(1, 3)], {LINE: 7})


def test_a_line_is_never_given_of_what_another_has_reserved() -> None:
    assert handed({LINE: 5}, lot(1, 10, line=OTHER_LINE)) == ([], {LINE: 5})


def test_a_line_needs_what_was_set_apart_and_what_was_short() -> None:
    assert needed_units([lot(1, 10), lot(2, 10, gone=4)], 8) == 10 + 8 + 8


LOTS = st.lists(
    st.builds(
        lot,
        st.integers(1, 99),
        st.integers(0, 20),
        line=st.sampled_from([LINE, OTHER_LINE]),
        days=st.integers(-3, 3),
    ),
    max_size=8,
)


@given(LOTS, st.dictionaries(st.sampled_from([LINE, OTHER_LINE]), st.integers(0, 60)))
def test_what_is_handed_over_and_what_is_missing_make_what_was_wanted(
    lots: list[EscrowLot], wanted: dict[UUID, int]
) -> None:
    given_lots, missing = hand_over(wanted, lots, TODAY)
    for line_id, units in wanted.items():
        of_line = [number for one, number in given_lots if one.line_id == line_id]
        assert sum(of_line) + missing.get(line_id, 0) == units
        assert sum(of_line) == min(units, left_of_lines(lots, TODAY).get(line_id, 0))
    assert all(0 < units <= one.left_units and one.expires_on >= TODAY for one, units in given_lots)
