"""The clinic's check of each donated line, and the units that come of it in stock."""

import asyncio

import asyncpg
import pytest

from services.donations.actions import collecting
from services.donations.errors import (
    CollectionNotFound,
    CollectionNotHandedIn,
    LineAlreadyChecked,
    LineCannotBeAccepted,
    LineNotFound,
    LineStaysRefused,
    ReasonMissing,
)
from services.donations.rules import Storage
from services.stock.actions.lots import hold_lot, receive_accepted_lines
from services.stock.catalogue.actions import judge_product
from services.stock.registry.actions import set_policy
from shared.database import Database
from shared.events.donations import LineAccepted
from shared.ids import new_id
from shared.policies import SourceKind
from shared.roles import Role
from tests.donations.pharmacy import Pharmacy, open_pharmacy
from tests.people import World
from tests.stock.clinic import ALPRAZOLAM, AMLIBON, carry, open_clinic

pytestmark = pytest.mark.anyio


@pytest.fixture
async def pharmacy(world: World, stock: Database, donations: Database) -> Pharmacy:
    return await open_pharmacy(world, stock, donations)


async def accepted(pharmacy: Pharmacy) -> list[LineAccepted]:
    return await pharmacy.clinic.told_of(LineAccepted, "donations")


async def test_an_accepted_line_is_told_once_with_what_it_is(pharmacy: Pharmacy) -> None:
    collection_id, [line_id] = await pharmacy.handed_in({"units": 28})
    answer = await pharmacy.check(collection_id, line_id, "accept")
    assert (answer.line_number, answer.state, answer.reason) == (1, "accepted", None)
    told = LineAccepted(
        collection_id=collection_id,
        line_id=line_id,
        pharmacy_id=pharmacy.clinic.pharmacy_id,
        product_id=AMLIBON,
        batch="D1",
        expires_on=pharmacy.clinic.day(400),
        opened=False,
        units=28,
    )
    assert await pharmacy.clinic.told("donations") == [told]
    line = await pharmacy.line(collection_id, line_id)
    assert (line.state, line.accepted_units) == ("accepted", 28)
    assert line.checked_by == pharmacy.clinic.clinic.people[Role.CLINIC_PHARMACIST]
    assert line.checked_at is not None


async def test_what_the_pharmacist_puts_right_is_what_is_accepted(pharmacy: Pharmacy) -> None:
    collection_id, [line_id] = await pharmacy.handed_in({"units": 30, "batch": None})
    right_day = pharmacy.clinic.day(500)
    put_right = {"units": 14, "batch": "B7", "expires_on": right_day, "opened": True}
    await pharmacy.check(collection_id, line_id, "accept", **put_right)
    [told] = await accepted(pharmacy)
    assert (told.units, told.batch, told.expires_on, told.opened) == (14, "B7", right_day, True)
    line = await pharmacy.line(collection_id, line_id)
    found = (line.accepted_units, line.checked_batch, line.checked_expires_on, line.checked_opened)
    assert found == (14, "B7", right_day, True)
    logged = (line.units, line.batch, line.expires_on, line.opened)
    assert logged == (30, None, pharmacy.clinic.day(400), False), "what was logged stays"


async def test_a_batch_that_was_logged_can_turn_out_unreadable(pharmacy: Pharmacy) -> None:
    collection_id, [line_id] = await pharmacy.handed_in({"batch": "D1"})
    await pharmacy.check(collection_id, line_id, "accept", batch_unreadable=True)
    [told] = await accepted(pharmacy)
    assert told.batch is None


@pytest.mark.parametrize("outcome", ["hold", "refuse"])
async def test_nobody_holds_or_refuses_without_saying_why(pharmacy: Pharmacy, outcome: str) -> None:
    collection_id, [line_id] = await pharmacy.handed_in({})
    with pytest.raises(ReasonMissing):
        await pharmacy.check(collection_id, line_id, outcome, reason_text=None)
    assert (await pharmacy.line(collection_id, line_id)).state == "logged"


async def test_a_line_is_accepted_only_once(pharmacy: Pharmacy) -> None:
    collection_id, [line_id] = await pharmacy.handed_in({})
    await pharmacy.check(collection_id, line_id, "accept")
    for outcome in ("accept", "hold", "refuse", "missing"):
        with pytest.raises(LineAlreadyChecked):
            await pharmacy.check(collection_id, line_id, outcome)
    assert len(await accepted(pharmacy)) == 1


async def test_two_pharmacists_who_accept_at_the_same_time_accept_it_once(pharmacy: Pharmacy) -> None:
    collection_id, [line_id] = await pharmacy.handed_in({})
    checks = [pharmacy.check(collection_id, line_id, "accept") for _ in range(4)]
    answers = await asyncio.gather(*checks, return_exceptions=True)
    assert sum(isinstance(answer, LineAlreadyChecked) for answer in answers) == 3
    assert len(await accepted(pharmacy)) == 1


@pytest.mark.parametrize(
    ("outcome", "state", "reason"),
    [("hold", "held", "by_pharmacist"), ("refuse", "refused", "by_pharmacist"), ("missing", "missing", None)],
)
async def test_a_line_that_is_not_accepted_stays_in_donations_with_the_pharmacists_word(
    pharmacy: Pharmacy, outcome: str, state: str, reason: str | None
) -> None:
    collection_id, [line_id] = await pharmacy.handed_in({})
    answer = await pharmacy.check(collection_id, line_id, outcome, reason_text="The box is wet.")
    assert (answer.state, answer.reason) == (state, reason)
    line = await pharmacy.line(collection_id, line_id)
    assert (line.state, line.reason, line.reason_text) == (state, reason, "The box is wet.")
    assert line.accepted_units is None
    assert await pharmacy.clinic.told("donations") == []


async def test_a_held_line_can_be_accepted_later(pharmacy: Pharmacy) -> None:
    collection_id, [line_id] = await pharmacy.handed_in({})
    await pharmacy.check(collection_id, line_id, "hold", reason_text="Which tablets are these?")
    assert await accepted(pharmacy) == []
    assert await pharmacy.waiting("held") == [line_id]
    await pharmacy.check(collection_id, line_id, "accept")
    assert [told.line_id for told in await accepted(pharmacy)] == [line_id]
    assert await pharmacy.waiting("held") == []
    line = await pharmacy.line(collection_id, line_id)
    assert (line.state, line.reason) == ("accepted", None)


async def test_held_and_refused_lines_wait_the_oldest_first(pharmacy: Pharmacy) -> None:
    collection_id, lines = await pharmacy.handed_in({}, {}, {}, {}, {"product_id": ALPRAZOLAM})
    for line_id, outcome in zip(lines, ("accept", "hold", "refuse", "missing"), strict=False):
        await pharmacy.check(collection_id, line_id, outcome)
    assert await pharmacy.waiting("held") == [lines[1]]
    assert await pharmacy.waiting("refused") == [lines[2], lines[4]]


async def test_nothing_is_checked_before_it_is_handed_in(pharmacy: Pharmacy) -> None:
    collection_id = await pharmacy.open()
    line = await pharmacy.add(collection_id)
    with pytest.raises(CollectionNotHandedIn):
        await pharmacy.check(collection_id, line.line_id, "accept")
    with pytest.raises(CollectionNotHandedIn):
        await collecting.add_extra_line(pharmacy.at_the_clinic(), collection_id, pharmacy.an_item())
    assert await accepted(pharmacy) == []


async def test_a_withdrawn_line_is_not_checked(pharmacy: Pharmacy) -> None:
    collection_id = await pharmacy.open()
    withdrawn = await pharmacy.add(collection_id)
    await pharmacy.add(collection_id)
    await collecting.withdraw_line(pharmacy.work(), pharmacy.mine, collection_id, withdrawn.line_id)
    await pharmacy.hand_in(collection_id)
    with pytest.raises(LineAlreadyChecked):
        await pharmacy.check(collection_id, withdrawn.line_id, "accept")
    assert await accepted(pharmacy) == []


async def test_only_this_clinics_lines_of_this_collection_are_checked(
    pharmacy: Pharmacy, world: World, stock: Database
) -> None:
    collection_id, [line_id] = await pharmacy.handed_in({})
    other_collection, _ = await pharmacy.handed_in({})
    with pytest.raises(LineNotFound):
        await pharmacy.check(other_collection, line_id, "accept")
    with pytest.raises(CollectionNotFound):
        await pharmacy.check(new_id(), line_id, "accept")
    elsewhere = Pharmacy(await open_clinic(world, stock), pharmacy.donations)
    with pytest.raises(CollectionNotFound):
        await elsewhere.check(collection_id, line_id, "accept")
    assert (await pharmacy.line(collection_id, line_id)).state == "logged"


async def test_what_expired_meanwhile_or_on_a_closer_look_cannot_be_accepted(pharmacy: Pharmacy) -> None:
    collection_id, [line_id] = await pharmacy.handed_in({})
    with pytest.raises(LineCannotBeAccepted) as refused:
        await pharmacy.check(collection_id, line_id, "accept", expires_on=pharmacy.clinic.day(-1), needed_soon=True)
    assert refused.value.facts == {"reason": "expired", "policy_name": None}
    assert (await pharmacy.line(collection_id, line_id)).state == "logged"
    assert await accepted(pharmacy) == []


async def test_a_short_life_is_accepted_only_when_a_pharmacist_marks_that_it_is_needed_soon(
    pharmacy: Pharmacy,
) -> None:
    collection_id, [line_id] = await pharmacy.handed_in({"expires_on": pharmacy.clinic.day(60)})
    assert (await pharmacy.line(collection_id, line_id)).reason == "life_too_short"
    with pytest.raises(LineCannotBeAccepted) as refused:
        await pharmacy.check(collection_id, line_id, "accept")
    assert refused.value.facts == {"reason": "life_too_short", "policy_name": "least_remaining_months"}
    await pharmacy.check(collection_id, line_id, "accept", needed_soon=True)
    assert len(await accepted(pharmacy)) == 1
    line = await pharmacy.line(collection_id, line_id)
    assert (line.state, line.reason) == ("accepted", "life_too_short"), "why it was refused at first stays"
    assert line.policy_name == "least_remaining_months"


async def test_a_controlled_substance_cannot_be_accepted_whatever_the_clinic_decides(
    pharmacy: Pharmacy,
) -> None:
    clinic = pharmacy.clinic
    collection_id, [line_id] = await pharmacy.handed_in({"product_id": ALPRAZOLAM})
    generous = {
        "least_remaining_months": 0,
        "cold_chain_accepted": True,
        "sources_accepted": list(SourceKind),
    }
    for name, value in generous.items():
        await set_policy(clinic.work(), name, value, clinic.decision_id)
    await carry(clinic.world, clinic)
    for outcome in ("accept", "hold", "missing"):
        with pytest.raises(LineStaysRefused):
            await pharmacy.check(collection_id, line_id, outcome, needed_soon=True)
    assert await accepted(pharmacy) == []
    assert await pharmacy.waiting("refused") == [line_id]


async def test_the_clinics_word_of_the_day_of_the_check_counts(pharmacy: Pharmacy) -> None:
    clinic = pharmacy.clinic
    collection_id, [line_id] = await pharmacy.handed_in({"source_kind": SourceKind.COLLECTIVE})
    await set_policy(clinic.work(), "sources_accepted", ["person"], clinic.decision_id)
    await carry(clinic.world, clinic)
    with pytest.raises(LineCannotBeAccepted) as refused:
        await pharmacy.check(collection_id, line_id, "accept")
    assert refused.value.facts == {"reason": "source_not_accepted", "policy_name": "sources_accepted"}
    await judge_product(clinic.work(), AMLIBON, controlled=True, substitution_group=None, reason="So.")
    await carry(clinic.world, clinic)
    with pytest.raises(LineCannotBeAccepted) as refused:
        await pharmacy.check(collection_id, line_id, "accept")
    assert refused.value.facts["reason"] == "controlled"


async def test_a_collection_is_checked_when_none_of_its_lines_waits_any_more(pharmacy: Pharmacy) -> None:
    collection_id, lines = await pharmacy.handed_in({}, {}, {})
    for line_id, outcome in zip(lines, ("hold", "missing", "accept"), strict=True):
        assert (await pharmacy.collection(collection_id)).state == "handed_in"
        await pharmacy.check(collection_id, line_id, outcome)
    assert (await pharmacy.collection(collection_id)).state == "checked"


async def test_a_box_that_nobody_had_logged_is_added_and_checked_like_the_others(pharmacy: Pharmacy) -> None:
    collection_id, [line_id] = await pharmacy.handed_in({})
    await pharmacy.check(collection_id, line_id, "accept")
    extra = await collecting.add_extra_line(
        pharmacy.at_the_clinic(), collection_id, pharmacy.an_item(batch="EXTRA", storage=Storage.UNKNOWN)
    )
    assert (extra.line_number, extra.state) == (2, "logged")
    assert (await pharmacy.collection(collection_id)).state == "handed_in"
    await pharmacy.check(collection_id, extra.line_id, "accept")
    assert (await pharmacy.collection(collection_id)).state == "checked"
    assert [told.batch for told in await accepted(pharmacy)] == ["D1", "EXTRA"]
    refused = await collecting.add_extra_line(
        pharmacy.at_the_clinic(), collection_id, pharmacy.an_item(product_id=ALPRAZOLAM)
    )
    assert (refused.state, refused.reason) == ("refused", "controlled")
    assert (await pharmacy.collection(collection_id)).state == "checked"


async def test_accepted_units_are_on_the_shelf_of_their_clinic(pharmacy: Pharmacy) -> None:
    clinic = pharmacy.clinic
    collection_id, lines = await pharmacy.handed_in({"units": 30}, {"units": 12}, {"batch": None}, {})
    for line_id, outcome in zip(lines, ("accept", "accept", "accept", "refuse"), strict=True):
        await pharmacy.check(collection_id, line_id, outcome)
    await carry(clinic.world, clinic)
    lot_id = await clinic.lot_of(AMLIBON, "D1", clinic.day(400))
    assert await clinic.units(lot_id) == {"shelf": 42}
    assert await clinic.movements(lot_id) == [("donated", "shelf", 30), ("donated", "shelf", 12)]
    unreadable = await clinic.lot_of(AMLIBON, None, clinic.day(400))
    assert unreadable != lot_id
    assert await clinic.units(unreadable) == {"shelf": 30}


async def test_a_donated_line_becomes_units_once_whatever_is_repeated(pharmacy: Pharmacy) -> None:
    clinic = pharmacy.clinic
    collection_id, [line_id] = await pharmacy.handed_in({"units": 30})
    await pharmacy.check(collection_id, line_id, "accept")
    [told] = await accepted(pharmacy)
    for _ in range(2):
        await carry(clinic.world, clinic)
    with pytest.raises(asyncpg.UniqueViolationError, match="movement_donated_once_key"):
        await receive_accepted_lines(clinic.work(), [told])
    assert await clinic.units(await clinic.lot_of(AMLIBON, "D1", clinic.day(400))) == {"shelf": 30}


async def test_units_of_a_lot_that_is_held_come_into_quarantine(pharmacy: Pharmacy) -> None:
    clinic = pharmacy.clinic
    lot_id = await clinic.shelve(AMLIBON, 10, batch="D1")
    await hold_lot(clinic.work(), lot_id, "Recalled.")
    collection_id, [line_id] = await pharmacy.handed_in({"units": 30})
    await pharmacy.check(collection_id, line_id, "accept")
    await carry(clinic.world, clinic)
    assert await clinic.units(lot_id) == {"quarantine": 40}
