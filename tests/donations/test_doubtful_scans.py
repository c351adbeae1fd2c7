"""A scan whose own words contradict each other, or what is known of the pack, is a question and no line."""

import pytest

from shared.database import Database
from shared.language import words_in
from tests.donations.pharmacy import Pharmacy, open_pharmacy
from tests.donations.test_scanning import added, code, not_added
from tests.people import World
from tests.stock.clinic import AMLIBON, AMLIBON_CODE
from tests.stock.new_gtins import NEW

pytestmark = pytest.mark.anyio


@pytest.fixture
async def pharmacy(world: World, stock: Database, donations: Database) -> Pharmacy:
    return await open_pharmacy(world, stock, donations)


async def full_pack(pharmacy: Pharmacy) -> int:
    """How much is in a full pack of what `code` is."""
    return (await added(pharmacy, await pharmacy.open(), code(pharmacy))).units


async def test_a_batch_that_is_named_and_unreadable_is_asked_about(pharmacy: Pharmacy) -> None:
    collection_id, read = await pharmacy.open(), {"expires_on": pharmacy.clinic.day(300)}
    answer = await not_added(pharmacy, collection_id, AMLIBON_CODE, batch="K1", batch_unreadable=True, **read)
    assert answer.question is not None
    assert "can't be read" in answer.question
    assert (await added(pharmacy, collection_id, AMLIBON_CODE, batch="K1", **read)).batch == "K1"


async def test_another_size_than_the_pack_is_known_by_is_asked_about(pharmacy: Pharmacy) -> None:
    collection_id, text, full = await pharmacy.open(), code(pharmacy), await full_pack(pharmacy)
    answer = await not_added(pharmacy, collection_id, text, units_per_pack=full + 70)
    assert answer.question is not None
    assert f"a pack of {full}" in answer.question
    assert answer.asked is not None
    assert (
        words_in("el")
        .say(answer.asked, **answer.facts)
        .startswith(f"Αυτός ο αριθμός είναι γνωστός ως συσκευασία των {full} κι εσείς λέτε {full + 70}.")
    )
    assert (await added(pharmacy, collection_id, text, units_per_pack=full)).units == full


async def test_more_than_a_full_pack_is_asked_about_and_may_be_added_all_the_same(pharmacy: Pharmacy) -> None:
    collection_id, text, full = await pharmacy.open(), code(pharmacy), await full_pack(pharmacy)
    answer = await not_added(pharmacy, collection_id, text, units=full + 1)
    assert answer.question is not None
    assert f"a full pack has {full}" in answer.question
    assert (await added(pharmacy, collection_id, text, units=full + 1, more_than_pack_ok=True)).units == full + 1


async def test_up_to_a_full_pack_nothing_is_asked(pharmacy: Pharmacy) -> None:
    collection_id, full = await pharmacy.open(), await full_pack(pharmacy)
    for units in (1, full):
        assert (await added(pharmacy, collection_id, code(pharmacy), units=units)).units == units


async def test_more_than_the_pack_that_is_taught_with_it_is_asked_about(pharmacy: Pharmacy) -> None:
    collection_id, text = await pharmacy.open(), code(pharmacy, next(NEW))
    answer = await not_added(pharmacy, collection_id, text, product_id=AMLIBON, units_per_pack=28, units=99)
    assert answer.question is not None
    assert "a full pack has 28" in answer.question
