"""What a check puts right stands until a later check says otherwise: batch and count, and what contradicts itself."""

import pytest

from services.donations.errors import BatchReadAndUnreadable, MissingYetCounted
from shared.database import Database
from shared.events.donations import LineAccepted
from tests.donations.pharmacy import Pharmacy, open_pharmacy
from tests.people import World

pytestmark = pytest.mark.anyio


@pytest.fixture
async def pharmacy(world: World, stock: Database, donations: Database) -> Pharmacy:
    return await open_pharmacy(world, stock, donations)


async def accepted(pharmacy: Pharmacy) -> LineAccepted:
    [told] = await pharmacy.clinic.told_of(LineAccepted, "donations")
    return told


@pytest.mark.parametrize("outcome", ["hold", "refuse", "missing"])
async def test_a_batch_that_an_earlier_check_could_not_read_stays_unreadable(pharmacy: Pharmacy, outcome: str) -> None:
    collection_id, [line_id] = await pharmacy.handed_in({"batch": "LOGGED"})
    await pharmacy.check(collection_id, line_id, outcome, batch_unreadable=True)
    await pharmacy.check(collection_id, line_id, "accept")
    assert (await accepted(pharmacy)).batch is None
    assert (await pharmacy.line(collection_id, line_id)).checked_batch is None


async def test_a_batch_that_was_unreadable_can_be_read_by_a_later_check(pharmacy: Pharmacy) -> None:
    collection_id, [line_id] = await pharmacy.handed_in({"batch": "LOGGED"})
    await pharmacy.check(collection_id, line_id, "hold", batch_unreadable=True)
    await pharmacy.check(collection_id, line_id, "accept", batch="READ")
    assert (await accepted(pharmacy)).batch == "READ"


async def test_a_batch_that_no_check_corrected_is_the_one_that_was_logged(pharmacy: Pharmacy) -> None:
    collection_id, [line_id] = await pharmacy.handed_in({"batch": "LOGGED"})
    await pharmacy.check(collection_id, line_id, "hold")
    await pharmacy.check(collection_id, line_id, "accept")
    assert (await accepted(pharmacy)).batch == "LOGGED"


@pytest.mark.parametrize("outcome", ["hold", "refuse"])
async def test_what_an_earlier_check_counted_is_what_is_accepted(pharmacy: Pharmacy, outcome: str) -> None:
    collection_id, [line_id] = await pharmacy.handed_in({"units": 30})
    await pharmacy.check(collection_id, line_id, outcome, units=5)
    line = await pharmacy.line(collection_id, line_id)
    assert (line.units, line.checked_units, line.accepted_units) == (30, 5, None)
    await pharmacy.check(collection_id, line_id, "hold")
    await pharmacy.check(collection_id, line_id, "accept")
    assert (await accepted(pharmacy)).units == 5
    line = await pharmacy.line(collection_id, line_id)
    assert (line.units, line.checked_units, line.accepted_units) == (30, 5, 5)


async def test_a_later_count_is_the_one_that_counts(pharmacy: Pharmacy) -> None:
    collection_id, [line_id] = await pharmacy.handed_in({"units": 30})
    await pharmacy.check(collection_id, line_id, "hold", units=5)
    await pharmacy.check(collection_id, line_id, "accept", units=6)
    assert (await accepted(pharmacy)).units == 6


@pytest.mark.parametrize("outcome", ["accept", "hold", "refuse", "missing"])
async def test_a_batch_is_not_both_named_and_unreadable(pharmacy: Pharmacy, outcome: str) -> None:
    collection_id, [line_id] = await pharmacy.handed_in({})
    with pytest.raises(BatchReadAndUnreadable):
        await pharmacy.check(collection_id, line_id, outcome, batch="XYZ", batch_unreadable=True)
    assert (await pharmacy.line(collection_id, line_id)).state == "logged"


async def test_what_is_missing_has_no_units(pharmacy: Pharmacy) -> None:
    """Five of thirty missing, or five there? Whoever means either says it otherwise."""
    collection_id, [line_id] = await pharmacy.handed_in({"units": 30})
    with pytest.raises(MissingYetCounted):
        await pharmacy.check(collection_id, line_id, "missing", units=5)
    assert (await pharmacy.line(collection_id, line_id)).state == "logged"
