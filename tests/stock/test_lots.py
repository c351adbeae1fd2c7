"""Lots: held, let go, placed, written off, put right; listed, and explained."""

import asyncio
from datetime import date
from fractions import Fraction
from uuid import UUID

import pytest

from services.stock.actions import lots as actions
from services.stock.errors import LotHeldAlready, LotNotExpired, LotNotFound, LotNotHeld, NotEnoughUnits, SameLot
from services.stock.rules import fefo
from services.stock.rules.ledger import Account
from services.stock.store import choosing
from services.stock.store import lots as store
from shared.database import Database
from shared.events.stock import LotHeld, LotHoldLifted
from shared.ids import new_id
from tests.people import World
from tests.stock.clinic import AMLIBON, INSULIN, LEVOTHYROXINE, NORMODIN, OwnClinic, open_clinic, owner_rows

pytestmark = pytest.mark.anyio


@pytest.fixture
async def clinic(world: World, stock: Database) -> OwnClinic:
    return await open_clinic(world, stock)


async def test_units_of_one_identity_are_one_lot_and_of_another_a_lot_of_their_own(clinic: OwnClinic) -> None:
    lot_id = await clinic.shelve(AMLIBON, 30)
    assert await clinic.shelve(AMLIBON, 12) == lot_id
    assert await clinic.units(lot_id) == {"shelf": 42}
    others = [
        await clinic.shelve(AMLIBON, 30, batch="A2"),
        await clinic.shelve(AMLIBON, 30, batch=None),
        await clinic.shelve(AMLIBON, 30, days=401),
        await clinic.shelve(AMLIBON, 30, opened=True),
        await clinic.shelve(NORMODIN, 30),
    ]
    assert len({lot_id, *others}) == 6
    assert await clinic.shelve(AMLIBON, 5, batch=None) == others[1], "unreadable batches are one lot too"


async def test_a_held_lot_goes_to_quarantine_and_dispense_is_told_why(clinic: OwnClinic) -> None:
    lot_id = await clinic.shelve(AMLIBON, 30)
    answer = await actions.hold_lot(clinic.work(), lot_id, "Recalled by EOF.")
    assert answer.lot_id == lot_id
    lot = await clinic.lot(lot_id)
    assert (lot.held_reason, lot.held_at is None) == ("Recalled by EOF.", False)
    assert await clinic.units(lot_id) == {"quarantine": 30}
    assert await clinic.told() == [LotHeld(lot_id=lot_id, reason="Recalled by EOF.")]
    with pytest.raises(LotHeldAlready):
        await actions.hold_lot(clinic.work(), lot_id, "Again.")
    assert len(await clinic.told()) == 1


async def test_a_lot_without_units_on_the_shelf_can_be_held_too(clinic: OwnClinic) -> None:
    lot_id = await clinic.shelve(AMLIBON, 30)
    await actions.write_off_units(clinic.work(), lot_id, 30, Account.SHELF, Account.LOST, "Gone.")
    await actions.hold_lot(clinic.work(), lot_id, "Recalled.")
    assert await clinic.told() == [LotHeld(lot_id=lot_id, reason="Recalled.")]
    assert await clinic.units(lot_id) == {"lost": 30}


async def test_a_lot_let_go_is_on_the_shelf_again_and_dispense_is_told(clinic: OwnClinic) -> None:
    lot_id = await clinic.shelve(AMLIBON, 30)
    await actions.hold_lot(clinic.work(), lot_id, "To be looked at.")
    await clinic.shelve(AMLIBON, 6)
    assert await clinic.units(lot_id) == {"quarantine": 36}
    await actions.lift_hold(clinic.work(), lot_id, "It was another batch.")
    lot = await clinic.lot(lot_id)
    assert (lot.held_at, lot.held_reason) == (None, None)
    assert await clinic.units(lot_id) == {"shelf": 36}
    assert (await clinic.told())[1:] == [LotHoldLifted(lot_id=lot_id)]
    with pytest.raises(LotNotHeld):
        await actions.lift_hold(clinic.work(), lot_id, "Again.")


async def test_a_place_is_the_clinics_own_word_and_moves_no_units(clinic: OwnClinic) -> None:
    lot_id = await clinic.shelve(AMLIBON, 30)
    await actions.place_lot(clinic.work(), lot_id, "Ράφι 3, αριστερά")
    assert (await clinic.lot(lot_id)).place == "Ράφι 3, αριστερά"
    await actions.place_lot(clinic.work(), lot_id, None)
    assert (await clinic.lot(lot_id)).place is None
    assert await clinic.movements(lot_id) == [("donated", "shelf", 30)]
    assert await clinic.told() == []


@pytest.mark.parametrize("target", [Account.EXPIRED, Account.DESTROYED, Account.LOST])
async def test_units_written_off_leave_the_shelf_or_the_quarantine_for_good(clinic: OwnClinic, target: Account) -> None:
    lot_id = await clinic.shelve(AMLIBON, 30, days=-1 if target is Account.EXPIRED else 400)
    await actions.write_off_units(clinic.work(), lot_id, 4, Account.SHELF, target, "Counted.")
    assert await clinic.units(lot_id) == {"shelf": 26, target.value: 4}
    await actions.hold_lot(clinic.work(), lot_id, "Recalled.")
    await actions.write_off_units(clinic.work(), lot_id, 26, Account.QUARANTINE, target, "Recalled.")
    assert await clinic.units(lot_id) == {target.value: 30}
    assert await clinic.movements(lot_id) == [
        ("donated", "shelf", 30),
        ("shelf", target, 4),
        ("shelf", "quarantine", 26),
        ("quarantine", target, 26),
    ]
    assert await clinic.told_of(LotHeld) == await clinic.told()


async def test_nothing_is_written_off_as_expired_before_the_day_after_its_last(clinic: OwnClinic) -> None:
    lot_id = await clinic.shelve(AMLIBON, 30, days=0)
    with pytest.raises(LotNotExpired):
        await actions.write_off_units(clinic.work(), lot_id, 4, Account.SHELF, Account.EXPIRED, "Old.")
    assert await clinic.units(lot_id) == {"shelf": 30}


async def test_no_more_is_written_off_than_is_there(clinic: OwnClinic) -> None:
    lot_id = await clinic.shelve(AMLIBON, 30)
    for source, there in ((Account.SHELF, 30), (Account.QUARANTINE, 0)):
        with pytest.raises(NotEnoughUnits) as refused:
            await actions.write_off_units(clinic.work(), lot_id, 31, source, Account.LOST, "Gone.")
        assert refused.value.facts == {"units_there": there}
    assert await clinic.movements(lot_id) == [("donated", "shelf", 30)]


async def test_two_who_write_off_the_same_units_write_them_off_once(clinic: OwnClinic) -> None:
    lot_id = await clinic.shelve(AMLIBON, 30)
    both = [actions.write_off_units(clinic.work(), lot_id, 20, Account.SHELF, Account.LOST, "Gone.") for _ in range(2)]
    answers = await asyncio.gather(*both, return_exceptions=True)
    assert sum(isinstance(answer, NotEnoughUnits) for answer in answers) == 1
    assert await clinic.units(lot_id) == {"shelf": 10, "lost": 20}


async def test_units_under_a_wrong_batch_are_recast_into_the_right_lot(clinic: OwnClinic) -> None:
    wrong = await clinic.shelve(AMLIBON, 30)
    answer = await actions.correct_lot(clinic.work(), wrong, 10, "A7", clinic.day(500), opened=True, reason="Misread.")
    right = answer.lot_id
    lot = await clinic.lot(right)
    assert (lot.product_id, lot.batch, lot.expires_on, lot.opened) == (AMLIBON, "A7", clinic.day(500), True)
    assert (await clinic.units(wrong), await clinic.units(right)) == ({"shelf": 20}, {"shelf": 10})
    assert (await clinic.movements(wrong))[-1] == ("shelf", "recast", 10)
    assert await clinic.movements(right) == [("recast", "shelf", 10)]
    async with clinic.work().reading() as tx:
        out = (await store.movements_of(tx, wrong, 0, 10))[-1]
        [back_in] = await store.movements_of(tx, right, 0, 10)
    assert out.operation_id == back_in.operation_id, "two movements of one operation"
    assert (out.reason, back_in.reason) == ("Misread.", "Misread.")
    assert await clinic.told() == []


async def test_units_put_right_into_a_held_lot_are_in_quarantine(clinic: OwnClinic) -> None:
    recalled = await clinic.shelve(AMLIBON, 5, batch="BAD")
    await actions.hold_lot(clinic.work(), recalled, "Recalled.")
    lot_id = await clinic.shelve(AMLIBON, 30)
    await actions.correct_lot(
        clinic.work(), lot_id, 30, "BAD", clinic.day(400), opened=False, reason="The batch is BAD."
    )
    assert await clinic.units(recalled) == {"quarantine": 35}
    assert await clinic.units(lot_id) == {}


async def test_a_correction_changes_something_and_no_more_units_than_are_on_the_shelf(
    clinic: OwnClinic,
) -> None:
    lot_id = await clinic.shelve(AMLIBON, 30)
    with pytest.raises(SameLot):
        await actions.correct_lot(clinic.work(), lot_id, 30, "A1", clinic.day(400), opened=False, reason="Nothing.")
    with pytest.raises(NotEnoughUnits) as refused:
        await actions.correct_lot(clinic.work(), lot_id, 31, "A2", clinic.day(400), opened=False, reason="Too many.")
    assert refused.value.facts == {"units_there": 30}
    assert await clinic.movements(lot_id) == [("donated", "shelf", 30)]


async def test_corrections_that_cross_each_other_never_wait_for_one_another(clinic: OwnClinic) -> None:
    early = await clinic.shelve(AMLIBON, 200, batch="EARLY", days=300)
    late = await clinic.shelve(AMLIBON, 200, batch="LATE", days=500)

    async def put_right(lot_id: UUID, batch: str, days: int) -> None:
        await actions.correct_lot(clinic.work(), lot_id, 1, batch, clinic.day(days), opened=False, reason="To and fro.")

    for _ in range(10):
        to_and_fro = [(early, "LATE", 500), (late, "EARLY", 300)] * 4
        await asyncio.gather(*(put_right(*one) for one in to_and_fro))
    assert (await clinic.units(early), await clinic.units(late)) == ({"shelf": 200}, {"shelf": 200})


async def test_another_clinics_lot_is_as_if_it_were_not_there(clinic: OwnClinic, world: World, stock: Database) -> None:
    neighbour = await open_clinic(world, stock)
    lot_id = await neighbour.shelve(AMLIBON, 30)
    work = clinic.work()
    for refused in (
        actions.hold_lot(work, lot_id, "So."),
        actions.lift_hold(work, lot_id, "So."),
        actions.place_lot(work, lot_id, "Here"),
        actions.write_off_units(work, lot_id, 1, Account.SHELF, Account.LOST, "So."),
        actions.correct_lot(work, lot_id, 1, "A2", clinic.day(9), opened=False, reason="So."),
        actions.hold_lot(work, new_id(), "No such lot at all."),
    ):
        with pytest.raises(LotNotFound):
            await refused
    async with work.reading() as tx:
        assert await store.find_lot(tx, lot_id) is None
        assert await store.movements_of(tx, lot_id, 0, 10) == []
        assert await store.list_lots(tx, None, None, None, 10) == []
    assert await neighbour.units(lot_id) == {"shelf": 30}
    assert await clinic.told() == []


async def listed(clinic: OwnClinic, after: tuple[date, UUID] | None = None, **only: object) -> list[UUID]:
    product_id, until = only.get("product_id"), only.get("until")
    assert product_id is None or isinstance(product_id, UUID)
    assert until is None or isinstance(until, date)
    async with clinic.work().reading() as tx:
        return [lot.lot_id for lot in await store.list_lots(tx, product_id, until, after, 2)]


async def test_lots_with_units_are_listed_in_pages_what_expires_first_on_top(clinic: OwnClinic) -> None:
    last = await clinic.shelve(AMLIBON, 1, days=300)
    first = await clinic.shelve(NORMODIN, 1, days=100)
    same_day = sorted([await clinic.shelve(AMLIBON, 1, batch=batch, days=200) for batch in ("A", "B")])
    used_up = await clinic.shelve(AMLIBON, 1, batch="USED", days=150)
    await actions.write_off_units(clinic.work(), used_up, 1, Account.SHELF, Account.LOST, "Gone.")
    assert await listed(clinic) == [first, same_day[0]]
    assert await listed(clinic, (clinic.day(200), same_day[0])) == [same_day[1], last]
    assert await listed(clinic, (clinic.day(300), last)) == []
    assert await listed(clinic, until=clinic.day(100)) == [first]
    assert await listed(clinic, product_id=NORMODIN) == [first]
    assert await listed(clinic, product_id=INSULIN) == []


async def test_a_lots_life_is_read_in_pages_in_the_order_it_was_made(clinic: OwnClinic) -> None:
    lot_id = await clinic.shelve(AMLIBON, 30)
    for units in (1, 2, 3):
        await actions.write_off_units(clinic.work(), lot_id, units, Account.SHELF, Account.LOST, f"Lost {units}.")
    async with clinic.work().reading() as tx:
        first = await store.movements_of(tx, lot_id, 0, 2)
        rest = await store.movements_of(tx, lot_id, first[-1].movement_id, 5)
    assert [(row.units, row.reason) for row in (*first, *rest)] == [
        (30, None),
        (1, "Lost 1."),
        (2, "Lost 2."),
        (3, "Lost 3."),
    ]
    assert {row.person_id for row in rest} == {clinic.work().person_id}
    assert first[0].cause_id is not None, "the donated line"
    assert first[0].business_step == "accepting"
    [row] = await owner_rows(
        clinic.world,
        "stock",
        "SELECT donated - shelf - lost AS missing FROM lot WHERE lot_id = $1",
        lot_id,
    )
    assert row["missing"] == 0


async def test_every_lot_that_would_not_be_given_has_the_reason_why(clinic: OwnClinic) -> None:
    work = clinic.work()
    expired = await clinic.shelve(AMLIBON, 9, batch="EXPIRED", days=-1)
    too_soon = await clinic.shelve(AMLIBON, 9, batch="SOON", days=2)
    held = await clinic.shelve(AMLIBON, 9, batch="HELD", days=50)
    await actions.hold_lot(work, held, "Recalled.")
    given = await clinic.shelve(NORMODIN, 27, batch="GIVEN", days=60)
    later = await clinic.shelve(AMLIBON, 9, batch="LATER", days=90)
    other = await clinic.shelve(LEVOTHYROXINE, 9, batch="OTHER", days=70)
    group_of = {AMLIBON, NORMODIN}
    need = fefo.Need(
        reference=new_id(),
        order=0,
        product_ids=frozenset(group_of),
        content_needed=Fraction(30),
        content_per_day=Fraction(1),
        from_on=clinic.today,
        through_on=clinic.day(29),
    )
    async with work.reading() as tx:
        known = await choosing.all_lots_of(tx, [AMLIBON, NORMODIN, LEVOTHYROXINE], clinic.today, 100)
    lots = [
        fefo.Lot(
            lot_id=lot.lot_id,
            product_id=lot.product_id,
            expires_on=lot.expires_on,
            opened=lot.opened,
            content_per_unit=1,
            free_units=lot.shelf,
            held=lot.held,
        )
        for lot in known
    ]
    picks, passed_over = fefo.explain(need, lots)
    assert [(pick.lot_id, pick.units) for pick in picks] == [(too_soon, 3), (given, 27)]
    assert {one.lot_id: one.reason for one in passed_over} == {
        expired: fefo.Reason.EXPIRED,
        held: fefo.Reason.HELD,
        later: fefo.Reason.EXPIRES_LATER,
        other: fefo.Reason.NOT_THIS_MEDICINE,
    }


async def test_where_there_are_too_many_lots_to_look_at_what_has_expired_is_left_out_first(clinic: OwnClinic) -> None:
    expired = [await clinic.shelve(AMLIBON, 1, batch=f"OLD{n}", days=-n) for n in range(1, 4)]
    late, soon = await clinic.shelve(AMLIBON, 1, days=400), await clinic.shelve(AMLIBON, 1, days=40)
    async with clinic.work().reading() as tx:
        seen = [lot.lot_id for lot in await choosing.all_lots_of(tx, [AMLIBON], clinic.today, 3)]
    assert seen == [soon, late, expired[2]]
