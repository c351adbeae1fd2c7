"""What a transfer sets apart, and what a count means: plain values."""

from datetime import date, timedelta
from uuid import UUID

from services.stock.rules.ledger import Account, Movement
from services.stock.rules.transfer import (
    LEAST_LIFE_DAYS,
    AgreedPick,
    ShelfLot,
    missing_units,
    movements_on_arrival,
    pick_for_transfer,
)

TODAY = date(2026, 11, 30)
METFORMIN, SIMVASTATIN = UUID(int=1), UUID(int=2)
TRANSFER = UUID(int=9)


def a_lot(
    number: int, units: int, *, expires_on: date = date(2027, 6, 30), product: UUID = METFORMIN, held: bool = False
) -> ShelfLot:
    return ShelfLot(lot_id=UUID(int=number), product_id=product, expires_on=expires_on, shelf=units, held=held)


def picked(wanted: list[tuple[int, UUID, int]], lots: list[ShelfLot]) -> list[tuple[int, int, int]]:
    """(line, lot, units)."""
    found: list[AgreedPick] = pick_for_transfer(wanted, lots, TODAY)
    return [(pick.line_number, pick.lot_id.int, pick.units) for pick in found]


def test_what_expires_first_is_sent_first_and_a_tie_goes_by_lot() -> None:
    lots = [
        a_lot(14, 5, expires_on=date(2027, 9, 30)),
        a_lot(12, 5),
        a_lot(11, 5),
        a_lot(13, 5, expires_on=date(2027, 1, 31)),
    ]
    assert picked([(1, METFORMIN, 17)], lots) == [(1, 13, 5), (1, 11, 5), (1, 12, 5), (1, 14, 2)]
    assert picked([(1, METFORMIN, 17)], lots[::-1]) == picked([(1, METFORMIN, 17)], lots)


def test_nothing_held_or_about_to_expire_or_of_another_product_is_sent() -> None:
    lots = [
        a_lot(11, 5, held=True),
        a_lot(12, 5, expires_on=date(2026, 11, 29)),
        a_lot(13, 5, product=SIMVASTATIN),
        a_lot(14, 5, expires_on=TODAY + timedelta(days=LEAST_LIFE_DAYS - 1)),
        a_lot(15, 5, expires_on=TODAY + timedelta(days=LEAST_LIFE_DAYS)),
    ]
    assert picked([(1, METFORMIN, 20)], lots) == [(1, 15, 5)]


def test_two_lines_of_one_product_never_share_a_unit() -> None:
    wanted = [(1, METFORMIN, 7), (2, SIMVASTATIN, 1), (3, METFORMIN, 7)]
    assert picked(wanted, [a_lot(11, 10)]) == [(1, 11, 7), (3, 11, 3)]


def arrival(shipped: int, counted: int, *, fit: bool = True) -> list[tuple[str, str, int]]:
    movements: list[Movement] = movements_on_arrival(UUID(int=11), shipped, counted, TRANSFER, fit=fit)
    assert {movement.cause_id for movement in movements} <= {TRANSFER}
    return [(movement.source, movement.target, movement.units) for movement in movements]


def test_what_arrives_is_on_the_shelf_and_more_than_was_shipped_is_found() -> None:
    received, found, shelf, quarantine = (
        Account.RECEIVED_FROM_CLINIC,
        Account.FOUND,
        Account.SHELF,
        Account.QUARANTINE,
    )
    assert arrival(30, 30) == [(received, shelf, 30)]
    assert arrival(30, 28) == [(received, shelf, 28)]
    assert arrival(30, 33) == [(received, shelf, 30), (found, quarantine, 3)]
    assert arrival(30, 33, fit=False) == [(received, quarantine, 30), (found, quarantine, 3)]
    assert arrival(30, 0) == []


def test_what_is_too_much_of_one_lot_does_not_make_up_for_another() -> None:
    assert missing_units({1: 30, 2: 10}, {1: 33, 2: 8}) == 2
    assert missing_units({1: 30, 2: 10}, {1: 30}) == 10
    assert missing_units({1: 30}, {1: 30}) == 0
