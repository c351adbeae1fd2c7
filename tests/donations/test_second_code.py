"""Many packs have a 2D code and an EAN: the second code of the box that was scanned last makes no second line."""

from calendar import monthrange
from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest

from services.donations.actions import collecting
from services.donations.rules import Storage
from services.donations.scanning.actions import LineScanned, LoggedScan, add_scanned_extra_line, add_scanned_line
from services.donations.scanning.deciding import ScannedItem
from services.donations.store.lines import LineRow
from shared.database import AlreadyAnswered, Command, Database
from shared.events.donations import GtinLearnt
from shared.ids import new_id
from shared.policies import SourceKind
from tests.donations.pharmacy import Pharmacy, open_pharmacy
from tests.donations.test_scanning import added, code, not_added, packs_seen
from tests.people import World
from tests.stock.clinic import AMLIBON, AMLIBON_CODE, NORMODIN, owner_rows
from tests.stock.new_gtins import NEW

pytestmark = pytest.mark.anyio


@pytest.fixture
async def pharmacy(world: World, stock: Database, donations: Database) -> Pharmacy:
    return await open_pharmacy(world, stock, donations)


def month_end(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


def read(pharmacy: Pharmacy, **more: Any) -> dict[str, Any]:
    """What a person reads on the box whose 2D code `code` is: the month, and the batch."""
    return {"batch": "D1", "expires_on": month_end(pharmacy.clinic.day(400)), **more}


async def same_pack(pharmacy: Pharmacy, collection_id: UUID, text: str, **more: Any) -> LoggedScan:
    """The line that a second code belongs to; no line was added."""
    lines = (await pharmacy.collection(collection_id)).lines
    item = ScannedItem(text=text, source_kind=more.pop("source_kind", SourceKind.PERSON), **more)
    answer = await add_scanned_line(pharmacy.work(), pharmacy.mine, collection_id, item)
    assert (answer.added, answer.not_certain) == (None, None)
    assert answer.same_pack is not None
    assert (await pharmacy.collection(collection_id)).lines == lines
    return answer.same_pack


async def kept(pharmacy: Pharmacy, collection_id: UUID, scanned: LoggedScan) -> LineRow:
    """The line as it is stored, which is what was told of it."""
    line = await pharmacy.line(collection_id, scanned.line.line_id)
    told = (scanned.product_id, scanned.batch, scanned.expires_on, scanned.units)
    assert told == (line.product_id, line.batch, line.expires_on, line.units)
    assert (scanned.line.state, scanned.line.reason) == (line.state, line.reason)
    assert (scanned.line.line_number, scanned.line.policy_name) == (line.line_number, line.policy_name)
    return line


async def test_an_ean_after_the_2d_code_of_the_same_box_is_its_line(pharmacy: Pharmacy) -> None:
    collection_id = await pharmacy.open()
    first = await added(pharmacy, collection_id, code(pharmacy))
    assert (await pharmacy.line(collection_id, first.line.line_id)).scanned == "pack"
    assert await same_pack(pharmacy, collection_id, AMLIBON_CODE) == first
    assert (await kept(pharmacy, collection_id, first)).scanned == "both"


async def test_a_2d_code_after_the_ean_completes_the_line_by_what_it_says(pharmacy: Pharmacy) -> None:
    collection_id = await pharmacy.open()
    said = read(pharmacy, batch=None, batch_unreadable=True)
    first = await added(pharmacy, collection_id, AMLIBON_CODE, **said)
    assert (await pharmacy.line(collection_id, first.line.line_id)).scanned == "number"
    second = await same_pack(pharmacy, collection_id, code(pharmacy))
    assert (second.batch, second.expires_on, second.units) == ("D1", pharmacy.clinic.day(400), first.units)
    line = await kept(pharmacy, collection_id, second)
    assert (line.line_id, line.scanned) == (first.line.line_id, "both")
    assert [row["line_id"] for row in await packs_seen(pharmacy)] == [line.line_id]


async def test_a_box_has_two_codes_and_a_third_scan_is_another_box(pharmacy: Pharmacy) -> None:
    collection_id, text = await pharmacy.open(), code(pharmacy)
    await added(pharmacy, collection_id, text)
    await same_pack(pharmacy, collection_id, AMLIBON_CODE)
    assert (await not_added(pharmacy, collection_id, AMLIBON_CODE)).missing == ("batch", "expires_on")
    assert (await not_added(pharmacy, collection_id, text)).seen_on == pharmacy.clinic.today
    second = await added(pharmacy, collection_id, code(pharmacy))
    assert second.line.line_number == 2
    assert (await same_pack(pharmacy, collection_id, AMLIBON_CODE)).line == second.line


async def test_two_bare_codes_are_two_boxes_and_so_are_two_full_ones(pharmacy: Pharmacy) -> None:
    bare, full = await pharmacy.open(), await pharmacy.open()
    for number in (1, 2):
        scanned = await added(pharmacy, bare, AMLIBON_CODE, **read(pharmacy))
        assert scanned.line.line_number == number
        assert (await added(pharmacy, full, code(pharmacy))).line.line_number == number


async def test_another_pack_is_a_line_of_its_own(pharmacy: Pharmacy) -> None:
    collection_id = await pharmacy.open()
    await added(pharmacy, collection_id, code(pharmacy))
    answer = await not_added(pharmacy, collection_id, AMLIBON_CODE, another_pack=True)
    assert answer.missing == ("batch", "expires_on")
    second = await added(pharmacy, collection_id, AMLIBON_CODE, another_pack=True, **read(pharmacy))
    assert second.line.line_number == 2
    assert (await same_pack(pharmacy, collection_id, code(pharmacy))).line == second.line


CONTRADICTIONS: list[dict[str, Any]] = [
    {"batch": "OTHER"},
    {"days": 40},
    {"source_kind": SourceKind.COLLECTIVE},
    {"source_name": "The neighbours"},
    {"units": 12},
]


@pytest.mark.parametrize("otherwise", CONTRADICTIONS, ids=str)
async def test_what_contradicts_the_line_is_another_box(pharmacy: Pharmacy, otherwise: dict[str, Any]) -> None:
    collection_id = await pharmacy.open()
    said: dict[str, Any] = {"source_name": "Demo", **read(pharmacy), **otherwise}
    item = {"source_kind": said.pop("source_kind", SourceKind.PERSON)}
    if days := said.pop("days", 0):
        said["expires_on"] = month_end(pharmacy.clinic.day(400 + days))
    first = ScannedItem(text=AMLIBON_CODE, **item, **said)
    assert (await add_scanned_line(pharmacy.work(), pharmacy.mine, collection_id, first)).added is not None
    second = await added(pharmacy, collection_id, code(pharmacy), source_name="Demo", units=30)
    assert second.line.line_number == 2


@pytest.mark.parametrize(
    "otherwise",
    [
        {"batch": "OTHER"},
        {"batch": None, "batch_unreadable": True},
        {"opened": True, "units": 30},
        {"storage": Storage.COLD},
    ],
    ids=str,
)
async def test_what_a_person_says_with_the_second_code_may_contradict_too(
    pharmacy: Pharmacy, otherwise: dict[str, Any]
) -> None:
    collection_id = await pharmacy.open()
    await added(pharmacy, collection_id, code(pharmacy))
    second = await added(pharmacy, collection_id, AMLIBON_CODE, **{**read(pharmacy), **otherwise})
    assert second.line.line_number == 2


async def test_what_a_person_says_alike_with_the_second_code_contradicts_nothing(pharmacy: Pharmacy) -> None:
    collection_id = await pharmacy.open()
    first = await added(pharmacy, collection_id, code(pharmacy))
    said = read(pharmacy, units=first.units, product_id=AMLIBON)
    assert (await same_pack(pharmacy, collection_id, AMLIBON_CODE, **said)) == first


async def test_what_a_person_says_against_the_second_code_is_asked_about(pharmacy: Pharmacy) -> None:
    collection_id = await pharmacy.open()
    await added(pharmacy, collection_id, AMLIBON_CODE, **read(pharmacy))
    answer = await not_added(pharmacy, collection_id, code(pharmacy), batch="OTHER")
    assert "another batch" in str(answer.question)


async def test_a_number_of_another_product_or_of_another_size_is_another_box(pharmacy: Pharmacy) -> None:
    collection_id, gtin = await pharmacy.open(), next(NEW)
    await added(pharmacy, collection_id, AMLIBON_CODE, **read(pharmacy))
    other = await added(pharmacy, collection_id, code(pharmacy, "02802585801014"))
    assert (other.line.line_number, other.product_id) == (2, NORMODIN)
    await added(pharmacy, collection_id, AMLIBON_CODE, **read(pharmacy))
    larger = await added(pharmacy, collection_id, code(pharmacy, gtin), product_id=AMLIBON, units_per_pack=90)
    assert (larger.line.line_number, larger.units) == (4, 90)


async def test_a_number_that_nobody_knew_is_learnt_with_the_second_code(pharmacy: Pharmacy) -> None:
    collection_id, text, gtin = await pharmacy.open(), AMLIBON_CODE, next(NEW)
    first = await added(pharmacy, collection_id, text, **read(pharmacy))
    assert "product" in (await not_added(pharmacy, collection_id, code(pharmacy, gtin))).missing
    second = await same_pack(pharmacy, collection_id, code(pharmacy, gtin), product_id=AMLIBON)
    assert (second.line.line_id, second.needs_look) == (first.line.line_id, True)
    [learnt] = await pharmacy.clinic.told_of(GtinLearnt, "donations")
    assert (learnt.gtin, learnt.product_id, learnt.units_per_pack) == (gtin, AMLIBON, None)
    line = await kept(pharmacy, collection_id, second)
    assert (line.gtin, line.needs_look) == (f"0{AMLIBON_CODE}", False)


async def test_only_the_latest_line_that_is_not_withdrawn_counts(pharmacy: Pharmacy) -> None:
    collection_id = await pharmacy.open()
    first = await added(pharmacy, collection_id, code(pharmacy))
    by_name = await pharmacy.add(collection_id)
    assert (await not_added(pharmacy, collection_id, AMLIBON_CODE)).missing == ("batch", "expires_on")
    await collecting.withdraw_line(pharmacy.work(), pharmacy.mine, collection_id, by_name.line_id)
    assert (await same_pack(pharmacy, collection_id, AMLIBON_CODE)).line == first.line


async def test_a_line_of_another_collection_or_person_is_another_box(pharmacy: Pharmacy) -> None:
    collection_id = await pharmacy.open()
    await added(pharmacy, collection_id, code(pharmacy))
    await not_added(pharmacy, await pharmacy.open(), AMLIBON_CODE)
    item = ScannedItem(text=AMLIBON_CODE, source_kind=SourceKind.PERSON)
    answer = await add_scanned_line(pharmacy.at_the_clinic(), None, collection_id, item)
    assert answer.not_certain is not None


@pytest.fixture
def not_the_first(world: World) -> Iterator[None]:
    """A day of this month has passed, also when the tests run on its first."""
    world.cell.set_days_ahead(1 if world.cell.settings_of("donations").clock().today().day == 1 else 0)
    yield
    world.cell.set_days_ahead(0)


@pytest.mark.usefixtures("not_the_first")
async def test_a_line_is_judged_anew_by_the_day_that_the_second_code_says(pharmacy: Pharmacy) -> None:
    """Sold as good until the end of a month, in which the 2D code has a day that has passed."""
    collection_id, today = await pharmacy.open(), pharmacy.clinic.today
    first = await added(pharmacy, collection_id, AMLIBON_CODE, batch="D1", expires_on=month_end(today))
    assert (first.line.state, first.line.reason) == ("refused", "life_too_short")
    second = await same_pack(pharmacy, collection_id, code(pharmacy, days=-1))
    line = await kept(pharmacy, collection_id, second)
    assert (line.state, line.reason, line.policy_name) == ("refused", "expired", None)
    assert (line.decision_id, line.expires_on) == (None, pharmacy.clinic.day(-1))


async def test_a_serial_that_was_logged_before_is_asked_about_at_the_second_code_too(pharmacy: Pharmacy) -> None:
    elsewhere, collection_id, text = await pharmacy.open(), await pharmacy.open(), code(pharmacy)
    await added(pharmacy, elsewhere, text)
    first = await added(pharmacy, collection_id, AMLIBON_CODE, **read(pharmacy))
    assert (await not_added(pharmacy, collection_id, text)).seen_on == pharmacy.clinic.today
    assert (await pharmacy.line(collection_id, first.line.line_id)).scanned == "number"
    second = await same_pack(pharmacy, collection_id, text, seen_before_ok=True)
    assert second.line.line_id == first.line.line_id
    assert len(await packs_seen(pharmacy)) == 2


async def test_a_box_has_one_serial(pharmacy: Pharmacy) -> None:
    """A 2D code without an expiry is bare, and may have a serial: another one's is another box."""
    collection_id, bare = await pharmacy.open(), f"]d2010{AMLIBON_CODE}21SERIALONE"
    await added(pharmacy, collection_id, bare, **read(pharmacy))
    assert (await added(pharmacy, collection_id, code(pharmacy))).line.line_number == 2
    assert (await not_added(pharmacy, collection_id, bare, **read(pharmacy))).seen_on == pharmacy.clinic.today


async def test_a_withdrawn_line_frees_the_serial_of_its_second_code(pharmacy: Pharmacy) -> None:
    collection_id, text = await pharmacy.open(), code(pharmacy)
    await added(pharmacy, collection_id, AMLIBON_CODE, **read(pharmacy))
    line = (await same_pack(pharmacy, collection_id, text)).line
    await collecting.withdraw_line(pharmacy.work(), pharmacy.mine, collection_id, line.line_id)
    assert (await added(pharmacy, collection_id, text)).line.line_number == 2


async def test_a_repeated_second_code_gets_its_first_answer(pharmacy: Pharmacy) -> None:
    """It was lost on the way: the repetition is not taken for a third scan."""
    collection_id, work = await pharmacy.open(), pharmacy.work()
    await added(pharmacy, collection_id, code(pharmacy))
    work.command = Command(operation="donations.scan_line", key=str(new_id()), request_mac=b"x", status=200)
    item = ScannedItem(text=AMLIBON_CODE, source_kind=SourceKind.PERSON)
    first = await add_scanned_line(work, pharmacy.mine, collection_id, item)
    assert first.same_pack is not None
    with pytest.raises(AlreadyAnswered) as again:
        await add_scanned_line(work, pharmacy.mine, collection_id, item)
    assert msgspec.json.decode(again.value.answer, type=LineScanned) == first


async def test_at_the_check_the_second_code_of_an_extra_box_is_its_line_too(pharmacy: Pharmacy) -> None:
    collection_id, _ = await pharmacy.handed_in({})
    first = await extra(pharmacy, collection_id, AMLIBON_CODE, **read(pharmacy))
    assert first.added is not None
    second = await extra(pharmacy, collection_id, code(pharmacy))
    assert second.same_pack is not None
    assert second.same_pack.line == first.added.line
    third = await extra(pharmacy, collection_id, code(pharmacy))
    assert third.added is not None
    await pharmacy.check(collection_id, third.added.line.line_id, "accept")
    assert (await extra(pharmacy, collection_id, AMLIBON_CODE)).not_certain is not None, "it was checked meanwhile"


async def test_an_extra_box_is_no_second_code_of_a_line_that_was_handed_in(pharmacy: Pharmacy) -> None:
    collection_id = await pharmacy.open()
    same_person = pharmacy.at_the_clinic()
    item = ScannedItem(text=AMLIBON_CODE, source_kind=SourceKind.PERSON, **read(pharmacy))
    assert (await add_scanned_line(same_person, None, collection_id, item)).added is not None
    await pharmacy.hand_in(collection_id)
    assert (await extra(pharmacy, collection_id, code(pharmacy))).added is not None


async def extra(pharmacy: Pharmacy, collection_id: UUID, text: str, **more: Any) -> LineScanned:
    item = ScannedItem(text=text, source_kind=SourceKind.PERSON, **more)
    return await add_scanned_extra_line(pharmacy.at_the_clinic(), collection_id, item)


async def test_a_line_keeps_no_other_word_for_the_codes_that_were_read(pharmacy: Pharmacy) -> None:
    collection_id = await pharmacy.open()
    line = await pharmacy.add(collection_id)
    assert (await pharmacy.line(collection_id, line.line_id)).scanned is None
    change = "UPDATE line SET scanned = 'three' WHERE line_id = $1"
    with pytest.raises(asyncpg.CheckViolationError, match="line_scanned_known"):
        await owner_rows(pharmacy.clinic.world, "donations", change, line.line_id)
