"""The one door refuses what is no movement of this clinic, and then nothing has changed."""

from collections.abc import AsyncGenerator, Callable
from typing import NamedTuple
from uuid import UUID

import asyncpg
import pytest

from deploy.cell import Cell
from services.stock.store.lots import POST
from shared.ids import new_id
from tests.scratch import in_clinic
from tests.stock.ledger import AT, ENDS, INSIDE, SOURCES, Ledger, Move, Moved, a_ledger, mirrored, post, replay

pytestmark = pytest.mark.anyio

MOST_UNITS = 2**31 - 1


class Lots(NamedTuple):
    """Two lots of the north, one of the south, with 10 units on the shelf each, and their first movements."""

    one: UUID
    other: UUID
    souths: UUID
    first: Moved
    others_first: Moved
    souths_first: Moved


@pytest.fixture(scope="module")
async def ledger(cell: Cell) -> AsyncGenerator[Ledger, None]:
    async with a_ledger(cell) as made:
        yield made


@pytest.fixture
async def lots(ledger: Ledger) -> AsyncGenerator[Lots, None]:
    """Whatever was tried, what stands in the ledger has not changed, and each lot equals its movements."""
    one, other = [await ledger.make_lot(ledger.north, units=10) for _ in range(2)]
    souths = await ledger.make_lot(ledger.south, units=10)
    firsts = [(await ledger.movements(lot_id))[0] for lot_id in (one, other, souths)]
    made = Lots(one, other, souths, *firsts)
    yield made
    for lot_id in (one, other, souths):
        assert await ledger.balances(lot_id) == replay(await ledger.movements(lot_id))
    assert await ledger.balances(souths) == {"donated": 10, "shelf": 10}


async def is_refused(ledger: Ledger, lots: Lots, constraint: str, *moves: Move) -> None:
    """The door raises, naming the constraint or in these words, and leaves nothing behind."""
    before = await ledger.movements(*lots[:3])
    with pytest.raises(asyncpg.IntegrityConstraintViolationError) as refused:
        await ledger.post(*moves)
    assert constraint in str(refused.value)
    assert await ledger.movements(*lots[:3]) == before


# Clinics


async def test_another_clinics_lot_is_not_moved(ledger: Ledger, lots: Lots) -> None:
    await is_refused(ledger, lots, "movement_lot_fkey", Move(lots.souths, "shelf", "lost", 1))
    await is_refused(
        ledger,
        lots,
        "movement_lot_fkey",
        Move(lots.one, "shelf", "lost", 1),
        Move(lots.souths, "shelf", "lost", 1),
    )


async def test_a_lot_that_never_was_is_not_moved(ledger: Ledger, lots: Lots) -> None:
    await is_refused(ledger, lots, "movement_lot_fkey", Move(new_id(), "donated", "shelf", 1, new_id()))


@pytest.mark.parametrize("clinic", [None, "", "south"])
async def test_movements_are_of_the_transactions_own_clinic(ledger: Ledger, lots: Lots, clinic: str | None) -> None:
    if clinic == "south":
        clinic = str(ledger.south)
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="in a transaction of another"):
        async with ledger.app.transaction():
            if clinic is not None:
                await ledger.app.execute("SELECT set_config('app.clinic', $1, true)", clinic)
            await post(ledger.app, ledger.north, [Move(lots.one, "shelf", "lost", 1)])


async def test_movements_without_any_clinic_are_refused(ledger: Ledger, lots: Lots) -> None:
    with pytest.raises(asyncpg.NotNullViolationError):
        async with ledger.app.transaction():
            await post(ledger.app, None, [Move(lots.one, "shelf", "lost", 1)])


async def test_a_clinic_changed_midway_changes_what_may_be_moved(ledger: Ledger, lots: Lots) -> None:
    lost = [Move(lots.one, "shelf", "lost", 1)]
    for clinic_id, refusal in (
        (ledger.north, asyncpg.InsufficientPrivilegeError),
        (ledger.south, asyncpg.ForeignKeyViolationError),
    ):
        with pytest.raises(refusal):
            async with in_clinic(ledger.app, ledger.north):
                await ledger.app.fetch("SELECT lot_id FROM lot WHERE lot_id = $1 FOR UPDATE", lots.one)
                await ledger.app.execute("SELECT set_config('app.clinic', $1, true)", str(ledger.south))
                await post(ledger.app, clinic_id, lost)


# Accounts and units

OUTSIDE_TO_OUTSIDE = [
    *((source, end) for source in SOURCES for end in ENDS),
    ("donated", "found"),
    ("dispensed", "lost"),
]
BACKWARDS = [
    *((end, inside) for end in ENDS for inside in INSIDE if end != "recast"),
    *((inside, source) for inside in INSIDE for source in SOURCES if source != "recast"),
]
UNKNOWN = [("shelf", "gifts"), ("gifts", "shelf"), ("shelf", ""), ("SHELF", "lost"), ("recast_in", "shelf")]


@pytest.mark.parametrize(
    ("source", "target"), [*OUTSIDE_TO_OUTSIDE, *BACKWARDS, *UNKNOWN, *((one, one) for one in INSIDE)]
)
async def test_units_go_only_from_a_source_inside_and_from_inside_to_an_end(
    ledger: Ledger, lots: Lots, source: str, target: str
) -> None:
    await is_refused(ledger, lots, "movement_accounts_known", Move(lots.one, source, target, 1, new_id()))


@pytest.mark.parametrize("units", [0, -1, -10, -MOST_UNITS])
async def test_a_movement_moves_at_least_one_unit(ledger: Ledger, lots: Lots, units: int) -> None:
    for source, target in (("shelf", "lost"), ("donated", "shelf"), ("shelf", "reserved")):
        await is_refused(ledger, lots, "movement_units_positive", Move(lots.one, source, target, units, new_id()))


@pytest.mark.parametrize("source", INSIDE)
async def test_no_more_leaves_an_account_than_is_there(ledger: Ledger, lots: Lots, source: str) -> None:
    if source != "shelf":
        await ledger.post(Move(lots.one, "shelf", source, 10))
    target = "reserved" if source == "shelf" else "shelf"
    for end in (target, "lost"):
        await is_refused(ledger, lots, "lot_units_not_negative", Move(lots.one, source, end, 11))
        await is_refused(
            ledger, lots, "lot_units_not_negative", Move(lots.one, source, end, 6), Move(lots.one, source, end, 5)
        )
    await ledger.post(Move(lots.one, source, "lost", 10))


async def test_one_refused_movement_takes_its_whole_operation_with_it(ledger: Ledger, lots: Lots) -> None:
    await is_refused(
        ledger,
        lots,
        "lot_units_not_negative",
        Move(lots.other, "shelf", "lost", 10),
        Move(lots.one, "shelf", "lost", 11),
    )


async def test_units_beyond_an_integer_are_refused_not_wrapped(ledger: Ledger, lots: Lots) -> None:
    with pytest.raises(asyncpg.NumericValueOutOfRangeError):
        async with in_clinic(ledger.app, ledger.north):
            await ledger.app.execute(
                POST.replace("$9", "ARRAY[2147483648]::integer[]").replace("$12", "$9"),
                *(ledger.north, new_id(), "storing", None, AT, [lots.one], ["found"], ["shelf"]),
                *([None], [None], [None]),
            )


async def test_a_lot_holds_more_units_than_one_movement_can_move(ledger: Ledger, lots: Lots) -> None:
    most = Move(lots.one, "found", "shelf", MOST_UNITS)
    await ledger.post(most, most)
    await ledger.post(most)
    assert await ledger.balances(lots.one) == {"donated": 10, "found": 3 * MOST_UNITS, "shelf": 10 + 3 * MOST_UNITS}


# Causes


async def test_a_donated_line_becomes_units_once(ledger: Ledger, lots: Lots) -> None:
    line = new_id()
    again = Move(lots.one, "donated", "shelf", 5, line)
    await is_refused(ledger, lots, "movement_donated_once_key", again, again)
    (first,) = await ledger.post(again)
    await is_refused(ledger, lots, "movement_donated_once_key", again)
    await is_refused(ledger, lots, "movement_donated_once_key", Move(lots.other, "donated", "quarantine", 1, line))
    await ledger.post(Move(lots.one, "shelf", "donated", 5, line, reverses=first))
    await is_refused(ledger, lots, "movement_donated_once_key", again)


# Reversals

REVERSAL = "a reversal does not mirror"
Falsified = Callable[[Lots], Move]
NOT_MIRRORED: dict[str, Falsified] = {
    "fewer units": lambda lots: mirrored(lots.first)._replace(units=9),
    "more units": lambda lots: mirrored(lots.first)._replace(units=11),
    "another lot": lambda lots: mirrored(lots.first)._replace(lot_id=lots.other),
    "another clinic's movement": lambda lots: mirrored(lots.souths_first)._replace(lot_id=lots.one),
    "another source": lambda lots: mirrored(lots.first)._replace(source="quarantine"),
    "another target": lambda lots: mirrored(lots.first)._replace(target="found"),
    "the same way again": lambda lots: Move(lots.one, "shelf", "reserved", 10, reverses=lots.first.movement_id),
}


@pytest.mark.parametrize("how", NOT_MIRRORED)
async def test_a_reversal_mirrors_what_it_reverses(ledger: Ledger, lots: Lots, how: str) -> None:
    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await ledger.post(NOT_MIRRORED[how](lots))
    assert REVERSAL in str(refused.value) or "movement_accounts_known" in str(refused.value)
    await ledger.post(mirrored(lots.first))


async def test_a_reversal_names_a_movement_that_was_made(ledger: Ledger, lots: Lots) -> None:
    for nothing in (0, -1, 2**63 - 1):
        await is_refused(ledger, lots, "movement_reverses_fkey", mirrored(lots.first)._replace(reverses=nothing))


async def test_a_movement_is_reversed_once(ledger: Ledger, lots: Lots) -> None:
    await ledger.post(Move(lots.one, "found", "shelf", 30))
    back = mirrored(lots.first)
    await is_refused(ledger, lots, "movement_reversed_once_key", back, back)
    await ledger.post(back)
    await is_refused(ledger, lots, "movement_reversed_once_key", back)


async def test_a_reversal_is_not_reversed(ledger: Ledger, lots: Lots) -> None:
    await ledger.post(Move(lots.one, "shelf", "reserved", 4))
    await ledger.post(mirrored((await ledger.movements(lots.one))[-1]))
    reversal = (await ledger.movements(lots.one))[-1]
    await is_refused(ledger, lots, REVERSAL, mirrored(reversal))


async def test_a_donation_whose_units_are_gone_is_not_taken_back(ledger: Ledger, lots: Lots) -> None:
    await ledger.post(Move(lots.one, "shelf", "dispensed", 1))
    await is_refused(ledger, lots, "lot_units_not_negative", mirrored(lots.first))


# Recast

RECAST = "what is recast out of lots and into lots differs"


async def test_what_is_recast_out_of_lots_is_recast_into_lots(ledger: Ledger, lots: Lots) -> None:
    out, back_in = Move(lots.one, "shelf", "recast", 5), Move(lots.other, "recast", "shelf", 5)
    await is_refused(ledger, lots, RECAST, out)
    await is_refused(ledger, lots, RECAST, back_in)
    await is_refused(ledger, lots, RECAST, out, back_in._replace(units=6))
    await is_refused(ledger, lots, RECAST, out._replace(units=4), back_in)
    await is_refused(ledger, lots, RECAST, out, back_in, back_in)
    ids = await ledger.post(out, back_in)
    halves = {moved.movement_id: mirrored(moved) for moved in await ledger.movements(lots.one, lots.other)}
    for movement_id in ids:
        await is_refused(ledger, lots, RECAST, halves[movement_id])


# Arrays


async def test_columns_of_different_length_are_refused(ledger: Ledger, lots: Lots) -> None:
    full = ([lots.one, lots.other], ["shelf"] * 2, ["lost"] * 2, [1, 1], [None] * 2, [None] * 2, [None] * 2)
    for short in range(4):
        columns = [column[:1] if place == short else column for place, column in enumerate(full)]
        with pytest.raises(asyncpg.NotNullViolationError):
            async with in_clinic(ledger.app, ledger.north):
                await ledger.app.execute(POST, ledger.north, new_id(), "storing", None, AT, *columns)
