"""A line of an open collection is counted anew: units and condition are put right, and the rules judge it again."""

from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from services.donations.actions import collecting
from services.donations.errors import CollectionNotFound, CollectionNotOpen, LineNotFound, LineWithdrawn, MoreThanAPack
from services.donations.rules import full_pack_units, is_opened
from services.donations.store.lines import LineRow
from services.stock.catalogue.actions import judge_product
from shared.catalogue import FormGroup, Pack, product_id_for
from shared.database import Database
from shared.ids import new_id
from tests.donations.pharmacy import Pharmacy, open_pharmacy
from tests.donations.test_rules import TABLETS
from tests.donations.test_scanning import added, code
from tests.people import World
from tests.stock.clinic import AMLIBON, INSULIN, SUSPENSION, carry
from tests.stock.new_gtins import NEW

pytestmark = pytest.mark.anyio

CHEWABLE = product_id_for("dosis:singulair-chewable-5")
FULL = 30
"""A full pack of `Pharmacy.an_item`, which has no other size."""


def test_a_full_pack_is_what_its_number_tells_or_the_products_only_size() -> None:
    two_sizes = replace(TABLETS, packs=(Pack(None, 30, "BTx30"), Pack(None, 60, "BTx60")))
    same_twice = replace(TABLETS, packs=(Pack(None, 30, "BTx30"), Pack("1234", 30, "30 TABS")))
    assert full_pack_units(None, TABLETS) == full_pack_units(None, same_twice) == 30
    assert full_pack_units(14, TABLETS) == full_pack_units(14, two_sizes) == 14
    assert full_pack_units(None, two_sizes) is None
    assert full_pack_units(None, replace(TABLETS, packs=())) is None


def opened(group: FormGroup, units: int, *, full: int | None = 30, said: bool | None = None, was: bool = False) -> bool:
    return is_opened(said=said, was_opened=was, units=units, full=full, form_group=group)


def test_only_of_forms_in_blisters_fewer_than_a_full_pack_mean_that_it_was_opened() -> None:
    assert {group for group in FormGroup if opened(group, 29)} == {
        FormGroup.ORAL_SOLID,
        FormGroup.ORAL_PROLONGED,
        FormGroup.ORAL_MODIFIED,
        FormGroup.ORAL_GASTRO_RESISTANT,
        FormGroup.ORAL_ORODISPERSIBLE,
        FormGroup.ORAL_CHEWABLE,
    }
    assert not any(opened(group, 30) for group in FormGroup)


def test_of_a_pack_of_no_known_size_no_count_says_anything() -> None:
    assert not opened(FormGroup.ORAL_SOLID, 1, full=None)


def test_what_a_person_says_of_the_condition_comes_before_the_count_and_stays() -> None:
    assert not opened(FormGroup.ORAL_SOLID, 29, said=False)
    assert opened(FormGroup.INJECTION, 30, said=True)
    assert opened(FormGroup.ORAL_SOLID, 30, was=True)
    assert not opened(FormGroup.ORAL_SOLID, 30, was=True, said=False)


@pytest.fixture
async def pharmacy(world: World, stock: Database, donations: Database) -> Pharmacy:
    return await open_pharmacy(world, stock, donations)


async def recount(pharmacy: Pharmacy, collection_id: UUID, line_id: UUID, units: int, **more: Any) -> LineRow:
    """The line as it is kept, which is what was answered; no other service is told."""
    told = await pharmacy.clinic.told("donations")
    answer = await collecting.recount_line(pharmacy.work(), pharmacy.mine, collection_id, line_id, units, **more)
    kept = await pharmacy.line(collection_id, line_id)
    for name in ("line_number", "state", "reason", "policy_name", "decision_id"):
        assert getattr(answer, name) == getattr(kept, name), name
    assert await pharmacy.clinic.told("donations") == told
    return kept


async def test_a_line_is_counted_anew_and_short_blisters_were_opened(pharmacy: Pharmacy) -> None:
    collection_id = await pharmacy.open()
    line_id = (await pharmacy.add(collection_id, batch="K1")).line_id
    kept = await recount(pharmacy, collection_id, line_id, 12)
    assert (kept.units, kept.opened, kept.state, kept.batch) == (12, True, "logged", "K1")
    kept = await recount(pharmacy, collection_id, line_id, FULL)
    assert (kept.units, kept.opened) == (FULL, True), "a condition stays until a person changes it"
    kept = await recount(pharmacy, collection_id, line_id, FULL, opened=False)
    assert (kept.units, kept.opened) == (FULL, False)


async def test_a_line_that_is_short_may_be_said_to_be_sealed_all_the_same(pharmacy: Pharmacy) -> None:
    collection_id = await pharmacy.open()
    line_id = (await pharmacy.add(collection_id)).line_id
    assert not (await recount(pharmacy, collection_id, line_id, 12, opened=False)).opened


async def test_pens_less_one_are_no_opened_ones(pharmacy: Pharmacy) -> None:
    collection_id = await pharmacy.open()
    line_id = (await pharmacy.add(collection_id, product_id=INSULIN, units=5)).line_id
    assert not (await recount(pharmacy, collection_id, line_id, 4)).opened


async def test_a_pack_that_turns_out_opened_is_refused_where_the_policy_takes_sealed_ones_only(
    pharmacy: Pharmacy,
) -> None:
    collection_id = await pharmacy.open()
    line_id = (await pharmacy.add(collection_id, product_id=CHEWABLE, units=28)).line_id
    kept = await recount(pharmacy, collection_id, line_id, 27)
    assert (kept.state, kept.reason, kept.policy_name) == ("refused", "opened_form", "opened_packs_accepted")
    assert kept.decision_id == pharmacy.clinic.decision_id
    assert await pharmacy.waiting("refused") == [line_id]
    kept = await recount(pharmacy, collection_id, line_id, 28, opened=False)
    assert (kept.state, kept.reason, kept.policy_name, kept.decision_id) == ("logged", None, None, None)


async def test_what_is_refused_for_more_than_its_condition_stays_refused(pharmacy: Pharmacy) -> None:
    collection_id = await pharmacy.open()
    short = {"expires_on": pharmacy.clinic.day(60)}
    line_id = (await pharmacy.add(collection_id, product_id=SUSPENSION, units=1, opened=True, **short)).line_id
    assert (await pharmacy.line(collection_id, line_id)).reason == "opened_form"
    kept = await recount(pharmacy, collection_id, line_id, 1, opened=False)
    assert (kept.state, kept.reason) == ("refused", "life_too_short")


async def test_what_was_found_controlled_stays_refused_whatever_is_counted_and_decided(pharmacy: Pharmacy) -> None:
    collection_id, clinic = await pharmacy.open(), pharmacy.clinic
    await judge_product(clinic.work(), AMLIBON, controlled=True, substitution_group=None, reason="So.")
    await carry(clinic.world, clinic)
    line_id = (await pharmacy.add(collection_id)).line_id
    await judge_product(clinic.work(), AMLIBON, controlled=None, substitution_group=None, reason="No.")
    await carry(clinic.world, clinic)
    assert (await pharmacy.add(collection_id)).state == "logged"
    for opened in (None, True, False):
        kept = await recount(pharmacy, collection_id, line_id, 5, opened=opened)
        assert (kept.state, kept.reason, kept.units) == ("refused", "controlled", 5)


async def test_more_than_a_full_pack_is_asked_about_and_may_be_counted_all_the_same(pharmacy: Pharmacy) -> None:
    collection_id = await pharmacy.open()
    line_id = (await pharmacy.add(collection_id)).line_id
    with pytest.raises(MoreThanAPack) as refused:
        await recount(pharmacy, collection_id, line_id, FULL + 1)
    assert refused.value.facts == {"full": FULL, "units": FULL + 1}
    assert (await pharmacy.line(collection_id, line_id)).units == FULL
    kept = await recount(pharmacy, collection_id, line_id, FULL + 1, more_than_pack_ok=True)
    assert (kept.units, kept.opened) == (FULL + 1, False)


async def test_the_number_that_was_scanned_tells_how_much_a_full_pack_has(pharmacy: Pharmacy) -> None:
    collection_id, gtin = await pharmacy.open(), next(NEW)
    scanned = await added(pharmacy, collection_id, code(pharmacy, gtin), product_id=AMLIBON, units_per_pack=90)
    await carry(pharmacy.clinic.world, pharmacy.clinic)
    assert not (await recount(pharmacy, collection_id, scanned.line.line_id, 90)).opened
    with pytest.raises(MoreThanAPack) as refused:
        await recount(pharmacy, collection_id, scanned.line.line_id, 91)
    assert refused.value.facts["full"] == 90
    assert (await recount(pharmacy, collection_id, scanned.line.line_id, 89)).opened


async def test_nothing_is_recounted_that_was_withdrawn_handed_in_or_is_anothers(pharmacy: Pharmacy) -> None:
    collection_id = await pharmacy.open()
    withdrawn, line = await pharmacy.add(collection_id), await pharmacy.add(collection_id)
    await collecting.withdraw_line(pharmacy.work(), pharmacy.mine, collection_id, withdrawn.line_id)
    with pytest.raises(LineWithdrawn):
        await recount(pharmacy, collection_id, withdrawn.line_id, 5)
    with pytest.raises(LineNotFound):
        await recount(pharmacy, collection_id, new_id(), 5)
    with pytest.raises(LineNotFound):
        await recount(pharmacy, await pharmacy.open(), line.line_id, 5)
    with pytest.raises(CollectionNotFound):
        await collecting.recount_line(pharmacy.work(), frozenset({new_id()}), collection_id, line.line_id, 5)
    await pharmacy.hand_in(collection_id)
    for line_id in (withdrawn.line_id, line.line_id):
        with pytest.raises(CollectionNotOpen):
            await recount(pharmacy, collection_id, line_id, 5)
    assert [(await pharmacy.line(collection_id, each.line_id)).units for each in (withdrawn, line)] == [FULL, FULL]
