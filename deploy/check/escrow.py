"""Stock and dispense: what is asked, reserved, given and released, reference by reference and lot by lot."""

from collections import Counter
from collections.abc import AsyncGenerator
from typing import NamedTuple
from uuid import UUID

from deploy.check.on_the_way import OnTheWay, ReservedLot, event_of
from deploy.check.reading import EVENTS_AT_ONCE, Reading, Row, chunks, paired, rows
from deploy.check.report import Difference, Kind, in_words
from shared.events.dispense import ReservationReleased

# Requests

ASKED = "SELECT request_id, clinic_id, state FROM request ORDER BY request_id"
ANSWERED = "SELECT request_id, clinic_id, state FROM request ORDER BY request_id"


async def compare_requests(reading: Reading, way: OnTheWay) -> AsyncGenerator[Difference, None]:
    """What dispense waits for is on its way, and what it gave up stock has given up."""
    async for asked, heard in paired(
        rows(reading.dispense, ASKED), rows(reading.stock, ANSWERED), lambda row: row["request_id"]
    ):
        there = asked or heard
        assert there is not None
        if not _go_together(there["request_id"], asked, heard, way):
            yield Difference(
                kind=Kind.REQUEST,
                clinic_id=there["clinic_id"],
                subject=f"request {there['request_id']}",
                one_side=f"dispense: {asked['state'] if asked else 'never asked'}",
                other_side=f"stock: {heard['state'] if heard else 'never heard'}",
            )


def _go_together(request_id: UUID, asked: Row | None, heard: Row | None, way: OnTheWay) -> bool:
    if asked is None:
        return False
    if heard is None:
        return request_id in way.asked
    if asked["clinic_id"] != heard["clinic_id"]:
        return False
    explained = {
        ("asked", "arriving"): request_id in way.asked,
        ("asked", "answered"): request_id in way.answers,
        ("answered", "answered"): True,
        ("abandoned", "abandoned"): True,
        ("abandoned", "arriving"): request_id in way.abandoned,
        ("abandoned", "answered"): request_id in way.abandoned,
    }
    return explained.get((asked["state"], heard["state"]), False)


# Units

ABANDONED = "SELECT request_id FROM request WHERE state = 'abandoned'"
RESERVATIONS = """
SELECT reservation.reference, reservation.lot_id, reservation.clinic_id, reservation.request_id, reservation.units,
       reservation.taken_units, reservation.released_units, lot.product_id, lot.batch, lot.expires_on, lot.opened
FROM reservation
JOIN lot USING (lot_id)
WHERE reservation.holder = 'visit_line'
ORDER BY reservation.reference, reservation.lot_id
"""
ESCROWS = """
SELECT visit_line.reference, escrow.lot_id, escrow.clinic_id, escrow.reserved_units AS units,
       escrow.given_units AS taken_units, escrow.released_units, escrow.product_id, escrow.batch, escrow.expires_on,
       escrow.opened
FROM escrow
JOIN visit_line USING (line_id)
ORDER BY visit_line.reference, escrow.lot_id
"""


class Held(NamedTuple):
    """Units set apart under a reference of one lot: all of them, those given, those sent back."""

    units: int
    taken: int
    released: int

    def __str__(self) -> str:
        return f"reserved {self.units}, given {self.taken}, released {self.released}"


class _Expected:
    """What stock will say when it and dispense have heard all that is on its way."""

    def __init__(self, way: OnTheWay, abandoned: set[UUID]) -> None:
        self.way = way
        self.abandoned = abandoned
        # The answer to an abandoned request will change nothing in dispense.
        self.unheard: Counter[ReservedLot] = Counter()
        for request_id, units in way.answers.items():
            if request_id not in abandoned:
                self.unheard.update(units)

    def held(self, row: Row) -> Held:
        """The reservation without the units that dispense has yet to hear of."""
        key = _key(row)
        taken = row["taken_units"] + self.way.taken[key]
        released = row["released_units"] + self.way.released[key]
        if row["request_id"] in self.way.abandoned:
            released = row["units"] - taken
        return Held(row["units"] - self.unheard[key], taken, released)


async def compare_escrow(reading: Reading, way: OnTheWay) -> AsyncGenerator[Difference, None]:
    """Each reservation beside its escrow.

    Units that dispense sent back on arrival (the day was closed, the line dropped, the lot held) never were in
    its escrow: then what it told of them is looked for in its outbox.
    """
    expected = _Expected(way, {row["request_id"] for row in await reading.dispense.fetch(ABANDONED)})
    unwanted: dict[ReservedLot, tuple[UUID, Held, Held]] = {}
    reservations, escrows = rows(reading.stock, RESERVATIONS), rows(reading.dispense, ESCROWS)
    async for reserved, escrow in paired(reservations, escrows, _key):
        there = reserved or escrow
        assert there is not None
        clinic_id: UUID = there["clinic_id"]
        there_held = _held(escrow)
        if reserved is None:
            yield _difference(clinic_id, _key(there), None, there_held)
            continue
        held = expected.held(reserved)
        if _same_but_unwanted(held, there_held):
            if held.units > there_held.units and reserved["request_id"] not in expected.abandoned:
                unwanted[_key(there)] = (clinic_id, held, there_held)
        else:
            yield _difference(clinic_id, _key(there), held, there_held)
        if escrow is not None and _lot(reserved) != _lot(escrow):
            yield _other_lot(reserved, escrow)
    async for found in _never_told(reading, unwanted):
        yield found


def _key(row: Row) -> ReservedLot:
    return row["reference"], row["lot_id"]


def _held(row: Row | None) -> Held:
    return Held(row["units"], row["taken_units"], row["released_units"]) if row else Held(0, 0, 0)


def _same_but_unwanted(stock: Held, dispense: Held) -> bool:
    """The same units; those that dispense never kept are all released."""
    unwanted = stock.units - dispense.units
    return unwanted >= 0 and stock.taken == dispense.taken and stock.released - dispense.released == unwanted


def _lot(row: Row) -> tuple[object, ...]:
    return row["clinic_id"], row["product_id"], row["batch"], row["expires_on"], row["opened"]


def _other_lot(reserved: Row, escrow: Row) -> Difference:
    return Difference(
        kind=Kind.ESCROW_LOT,
        clinic_id=reserved["clinic_id"],
        lot_id=reserved["lot_id"],
        reference=reserved["reference"],
        one_side=f"stock: {_lot_in_words(reserved)}",
        other_side=f"dispense: {_lot_in_words(escrow)}",
    )


def _lot_in_words(row: Row) -> str:
    condition = "opened" if row["opened"] else "sealed"
    said = in_words(product=row["product_id"], batch=row["batch"], until=row["expires_on"])
    return f"clinic {row['clinic_id']}, {said}, {condition}"


def _difference(clinic_id: UUID, key: ReservedLot, stock: Held | None, dispense: Held) -> Difference:
    return Difference(
        kind=Kind.ESCROW,
        clinic_id=clinic_id,
        reference=key[0],
        lot_id=key[1],
        one_side=f"stock, with what is on its way: {stock or 'no reservation'}",
        other_side=f"dispense: {dispense}",
    )


RELEASES = "SELECT data::text AS data FROM outbox WHERE subject LIKE 'cell.dispense.reservation_released.%'"


async def _never_told(
    reading: Reading, unwanted: dict[ReservedLot, tuple[UUID, Held, Held]]
) -> AsyncGenerator[Difference, None]:
    """Units that stock took back and that are in no escrow, though dispense never sent them back."""
    if not unwanted:
        return
    told: Counter[ReservedLot] = Counter()
    async for released in chunks(reading.dispense, RELEASES, at_once=EVENTS_AT_ONCE):
        for event in map(event_of, released):
            if isinstance(event, ReservationReleased):
                for line in event.lines:
                    told[line.reference, line.lot_id] += line.units
    for key, (clinic_id, stock, dispense) in unwanted.items():
        if told[key] != stock.released:
            yield _difference(clinic_id, key, stock, dispense)


# Lots that are held

HELD = "SELECT lot_id, clinic_id, held_reason FROM lot WHERE held_at IS NOT NULL ORDER BY lot_id"
KNOWN_HELD = "SELECT lot_id, clinic_id, held_reason FROM lot_state WHERE held_reason IS NOT NULL ORDER BY lot_id"


async def compare_lot_states(reading: Reading, way: OnTheWay) -> AsyncGenerator[Difference, None]:
    """Dispense gives of no lot that stock holds, and of every lot that it doesn't."""
    held, known = rows(reading.stock, HELD), rows(reading.dispense, KNOWN_HELD)
    async for lot, state in paired(held, known, lambda row: row["lot_id"]):
        there = lot or state
        assert there is not None
        if there["lot_id"] not in way.lot_states and (lot is None or state is None or tuple(lot) != tuple(state)):
            yield Difference(
                kind=Kind.LOT_STATE,
                clinic_id=there["clinic_id"],
                lot_id=there["lot_id"],
                one_side=f"stock: {_state(lot)}",
                other_side=f"dispense: {_state(state)}",
            )


def _state(row: Row | None) -> str:
    return f"held ({row['held_reason']})" if row else "free"
