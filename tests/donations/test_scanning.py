"""A line from a raw scan: added when all is certain, else nothing is stored and the answer says why."""

from typing import Any
from uuid import UUID

import asyncpg
import pytest

from services.donations.actions import collecting
from services.donations.errors import CollectionNotFound, CollectionNotHandedIn, CollectionNotOpen
from services.donations.scanning.actions import LoggedScan, add_scanned_extra_line, add_scanned_line
from services.donations.scanning.deciding import NotCertain, ScannedItem
from services.stock.actions.gtins import judge_gtin, learn_gtin
from shared.codes import Question, Refusal
from shared.database import AlreadyAnswered, Command, Database
from shared.events.donations import GtinLearnt
from shared.ids import new_id
from shared.policies import SourceKind
from tests.donations.pharmacy import Pharmacy, open_pharmacy
from tests.people import World
from tests.stock.clinic import AMLIBON, AMLIBON_CODE, NORMODIN, carry, owner_rows
from tests.stock.test_gtins import NEW

pytestmark = pytest.mark.anyio
GS = "\x1d"
# Digits within a serial may look like a further part whose separator was lost, which is rightly asked about.
NO_DIGITS = str.maketrans("0123456789", "GHIJKLMNOP")


@pytest.fixture
async def pharmacy(world: World, stock: Database, donations: Database) -> Pharmacy:
    return await open_pharmacy(world, stock, donations)


def code(pharmacy: Pharmacy, gtin: str = f"0{AMLIBON_CODE}", *, days: int = 400, serial: str | None = None) -> str:
    """A 2D code as a scanner sends it, with a serial that no other test has."""
    serial = serial or new_id().hex[-16:].upper().translate(NO_DIGITS)
    return f"]d201{gtin}17{pharmacy.clinic.day(days):%y%m%d}10D1{GS}21{serial}"


async def scan(pharmacy: Pharmacy, collection_id: UUID, text: str, **more: Any) -> LoggedScan | NotCertain:
    item = ScannedItem(text=text, source_kind=SourceKind.PERSON, **more)
    answer = await add_scanned_line(pharmacy.work(), pharmacy.mine, collection_id, item)
    assert answer.same_pack is None
    assert (answer.added is None) != (answer.not_certain is None)
    found = answer.added or answer.not_certain
    assert found is not None
    return found


async def added(pharmacy: Pharmacy, collection_id: UUID, text: str, **more: Any) -> LoggedScan:
    answer = await scan(pharmacy, collection_id, text, **more)
    assert isinstance(answer, LoggedScan), answer
    return answer


async def not_added(pharmacy: Pharmacy, collection_id: UUID, text: str, **more: Any) -> NotCertain:
    """The answer, when no line, event or hint was stored."""
    lines = (await pharmacy.collection(collection_id)).lines
    told = await pharmacy.clinic.told("donations")
    seen = await packs_seen(pharmacy)
    answer = await scan(pharmacy, collection_id, text, **more)
    assert isinstance(answer, NotCertain), answer
    assert (await pharmacy.collection(collection_id)).lines == lines
    assert await pharmacy.clinic.told("donations") == told
    assert await packs_seen(pharmacy) == seen
    return answer


async def packs_seen(pharmacy: Pharmacy) -> list[asyncpg.Record]:
    query = "SELECT pack_seen.* FROM pack_seen JOIN line USING (line_id) WHERE clinic_id = $1 ORDER BY line_id"
    return await owner_rows(pharmacy.clinic.world, "donations", query, pharmacy.clinic.clinic_id)


async def test_a_2d_code_of_a_known_pack_is_a_sealed_full_pack(pharmacy: Pharmacy) -> None:
    collection_id = await pharmacy.open()
    answer = await added(pharmacy, collection_id, code(pharmacy))
    line = await pharmacy.line(collection_id, answer.line.line_id)
    assert (line.product_id, line.batch, line.expires_on) == (AMLIBON, "D1", pharmacy.clinic.day(400))
    assert (line.opened, line.storage, line.source_kind, line.state) == (False, "room", "person", "logged")
    assert line.units == answer.units > 1
    assert not answer.needs_look
    assert await pharmacy.clinic.told("donations") == []


async def test_what_is_counted_counts_and_an_opened_pack_must_be_counted(pharmacy: Pharmacy) -> None:
    collection_id = await pharmacy.open()
    text = code(pharmacy)
    assert (await not_added(pharmacy, collection_id, text, opened=True)).missing == ("units",)
    answer = await added(pharmacy, collection_id, text, opened=True, units=7)
    line = await pharmacy.line(collection_id, answer.line.line_id)
    assert (line.units, line.opened) == (7, True)


async def test_what_is_refused_by_a_rule_is_stored_as_refused(pharmacy: Pharmacy) -> None:
    collection_id = await pharmacy.open()
    answer = await added(pharmacy, collection_id, code(pharmacy, days=-10))
    assert (answer.line.state, answer.line.reason) == ("refused", "expired")


async def test_an_ean_leaves_batch_and_expiry_to_be_read_on_the_box(pharmacy: Pharmacy) -> None:
    collection_id = await pharmacy.open()
    first = await not_added(pharmacy, collection_id, AMLIBON_CODE)
    assert first.missing == ("batch", "expires_on")
    assert first.pack is not None
    read = {"expires_on": pharmacy.clinic.day(300)}
    assert (await not_added(pharmacy, collection_id, AMLIBON_CODE, **read)).missing == ("batch",)
    answer = await added(pharmacy, collection_id, AMLIBON_CODE, batch="X9", **read)
    assert (answer.batch, answer.expires_on) == ("X9", read["expires_on"])
    unreadable = await added(pharmacy, collection_id, AMLIBON_CODE, batch_unreadable=True, **read)
    assert unreadable.batch is None


async def test_a_question_or_refusal_of_the_reading_is_the_answer(pharmacy: Pharmacy) -> None:
    collection_id = await pharmacy.open()
    day = f"{pharmacy.clinic.day(400):%y%m%d}"
    together = await not_added(pharmacy, collection_id, f"010{AMLIBON_CODE}21AB12345617{day}10LOT1")
    assert isinstance(together.reading, Question)
    assert len(together.reading.readings) > 1
    broken = await not_added(pharmacy, collection_id, AMLIBON_CODE[:-1] + "8")
    assert isinstance(broken.reading, Refusal)


async def test_what_a_person_says_against_the_code_is_asked_about(pharmacy: Pharmacy) -> None:
    collection_id, text = await pharmacy.open(), code(pharmacy)
    for more, word in (
        ({"batch": "D2"}, "another batch"),
        ({"expires_on": pharmacy.clinic.day(401)}, "another expiry"),
        ({"product_id": NORMODIN}, "another product"),
        ({"batch_unreadable": True}, "can't be read"),
    ):
        answer = await not_added(pharmacy, collection_id, text, **more)
        assert answer.question is not None
        assert word in answer.question
    same = {"batch": "D1", "expires_on": pharmacy.clinic.day(400), "product_id": AMLIBON}
    await added(pharmacy, collection_id, text, **same)


async def test_a_number_that_nobody_knows_is_learnt_with_the_line(pharmacy: Pharmacy) -> None:
    collection_id, gtin = await pharmacy.open(), next(NEW)
    text = code(pharmacy, gtin)
    assert (await not_added(pharmacy, collection_id, text)).missing == ("product", "units")
    assert (await not_added(pharmacy, collection_id, text, product_id=AMLIBON)).missing == ("units",)
    answer = await added(pharmacy, collection_id, text, product_id=AMLIBON, units_per_pack=28)
    assert (answer.product_id, answer.units, answer.needs_look) == (AMLIBON, 28, True)
    learnt = await pharmacy.clinic.told_of(GtinLearnt, "donations")
    assert [(each.gtin, each.product_id, each.units_per_pack) for each in learnt] == [(gtin, AMLIBON, 28)]
    await carry(pharmacy.clinic.world, pharmacy.clinic)
    again = await added(pharmacy, collection_id, code(pharmacy, gtin))
    assert (again.product_id, again.units, again.needs_look) == (AMLIBON, 28, True)
    assert len(await pharmacy.clinic.told_of(GtinLearnt, "donations")) == 1


async def test_a_count_of_what_is_in_the_box_is_not_taken_for_the_size_of_every_pack(pharmacy: Pharmacy) -> None:
    collection_id, gtin = await pharmacy.open(), next(NEW)
    await added(pharmacy, collection_id, code(pharmacy, gtin), product_id=AMLIBON, units=90)
    assert (await pharmacy.clinic.told_of(GtinLearnt, "donations"))[0].units_per_pack is None


async def test_a_confirmed_binding_needs_no_further_look_and_a_refused_one_is_as_if_unknown(
    pharmacy: Pharmacy,
) -> None:
    collection_id, gtin, clinic = await pharmacy.open(), next(NEW), pharmacy.clinic
    await learn_gtin(clinic.work(), gtin, AMLIBON, 30)
    await judge_gtin(clinic.work(), gtin, "confirm", None, None, None)
    await carry(clinic.world, clinic)
    answer = await added(pharmacy, collection_id, code(pharmacy, gtin))
    assert (answer.units, answer.needs_look) == (30, False)
    await judge_gtin(clinic.work(), gtin, "refuse", None, None, None)
    await carry(clinic.world, clinic)
    assert (await not_added(pharmacy, collection_id, code(pharmacy, gtin))).missing == ("product", "units")


async def test_the_same_serial_is_asked_about_and_may_be_added_all_the_same(pharmacy: Pharmacy) -> None:
    collection_id, text = await pharmacy.open(), code(pharmacy)
    await added(pharmacy, collection_id, text)
    answer = await not_added(pharmacy, collection_id, text)
    assert answer.seen_on == pharmacy.clinic.today
    assert answer.question is not None
    assert str(pharmacy.clinic.today) in answer.question
    await added(pharmacy, collection_id, text, seen_before_ok=True)
    assert len(await packs_seen(pharmacy)) == 2


async def test_it_is_asked_about_at_every_clinic_of_the_cell(
    pharmacy: Pharmacy, world: World, stock: Database, donations: Database
) -> None:
    text = code(pharmacy)
    await added(pharmacy, await pharmacy.open(), text)
    elsewhere = await open_pharmacy(world, stock, donations)
    assert (await not_added(elsewhere, await elsewhere.open(), text)).seen_on == pharmacy.clinic.today


async def test_the_same_serial_of_another_product_is_another_pack(pharmacy: Pharmacy) -> None:
    collection_id, serial, gtin = await pharmacy.open(), new_id().hex[-16:].upper().translate(NO_DIGITS), next(NEW)
    await added(pharmacy, collection_id, code(pharmacy, serial=serial))
    await added(pharmacy, collection_id, code(pharmacy, gtin, serial=serial), product_id=AMLIBON, units=30)


async def test_only_a_hash_of_the_serial_is_kept(pharmacy: Pharmacy) -> None:
    serial = new_id().hex[-16:].upper().translate(NO_DIGITS)
    await added(pharmacy, await pharmacy.open(), code(pharmacy, serial=serial))
    (row,) = await packs_seen(pharmacy)
    assert len(row["pack_hash"]) == 32
    for table in ("line", "pack_seen", "idempotency", "outbox"):
        rows = await owner_rows(pharmacy.clinic.world, "donations", f"SELECT {table}::text AS row FROM {table}")
        assert not any(serial in row["row"] for row in rows), table


async def test_a_pack_that_was_withdrawn_or_missing_is_not_asked_about(pharmacy: Pharmacy) -> None:
    collection_id, text = await pharmacy.open(), code(pharmacy)
    line = (await added(pharmacy, collection_id, text)).line
    await collecting.withdraw_line(pharmacy.work(), pharmacy.mine, collection_id, line.line_id)
    line = (await added(pharmacy, collection_id, text)).line
    await pharmacy.hand_in(collection_id)
    another = await pharmacy.open()
    await not_added(pharmacy, another, text)
    await pharmacy.check(collection_id, line.line_id, "missing")
    found = await added(pharmacy, another, text)
    await collecting.withdraw_line(pharmacy.work(), pharmacy.mine, another, found.line.line_id)
    await pharmacy.check(collection_id, line.line_id, "accept")
    assert (await not_added(pharmacy, another, text)).seen_on is not None


async def test_a_repeated_scan_gets_its_line_again_and_no_question(pharmacy: Pharmacy) -> None:
    """The answer was lost on the way: the pack is not taken for one that was logged before."""
    collection_id, text = await pharmacy.open(), code(pharmacy)
    work = pharmacy.work()
    work.command = Command(operation="donations.scan_line", key=str(new_id()), request_mac=b"x", status=200)
    item = ScannedItem(text=text, source_kind=SourceKind.PERSON)
    await add_scanned_line(work, pharmacy.mine, collection_id, item)
    with pytest.raises(AlreadyAnswered):
        await add_scanned_line(work, pharmacy.mine, collection_id, item)
    assert (await pharmacy.collection(collection_id)).lines == 1


async def test_a_question_does_not_use_up_its_key(pharmacy: Pharmacy) -> None:
    collection_id, work = await pharmacy.open(), pharmacy.work()
    work.command = Command(operation="donations.scan_line", key=str(new_id()), request_mac=b"x", status=200)
    item = ScannedItem(text=AMLIBON_CODE, source_kind=SourceKind.PERSON)
    for _ in range(2):
        assert (await add_scanned_line(work, pharmacy.mine, collection_id, item)).not_certain is not None


async def test_nothing_is_scanned_into_a_collection_that_is_handed_in_or_anothers(pharmacy: Pharmacy) -> None:
    collection_id = await pharmacy.open()
    await added(pharmacy, collection_id, code(pharmacy))
    item = ScannedItem(text=code(pharmacy), source_kind=SourceKind.PERSON)
    with pytest.raises(CollectionNotFound):
        await add_scanned_line(pharmacy.work(), frozenset({new_id()}), collection_id, item)
    await pharmacy.hand_in(collection_id)
    with pytest.raises(CollectionNotOpen):
        await add_scanned_line(pharmacy.work(), pharmacy.mine, collection_id, item)


async def test_an_extra_box_is_added_at_the_check_by_its_code_and_waits_for_its_outcome(pharmacy: Pharmacy) -> None:
    collection_id, (line_id,) = await pharmacy.handed_in({})
    await pharmacy.check(collection_id, line_id, "accept")
    assert (await pharmacy.collection(collection_id)).state == "checked"
    item = ScannedItem(text=code(pharmacy), source_kind=SourceKind.PERSON)
    answer = await add_scanned_extra_line(pharmacy.at_the_clinic(), collection_id, item)
    assert answer.added is not None
    assert (answer.added.line.state, answer.added.product_id) == ("logged", AMLIBON)
    found = await pharmacy.collection(collection_id)
    assert (found.state, found.lines, found.waiting_lines) == ("handed_in", 2, 1)


async def test_an_extra_box_that_is_not_certain_or_comes_too_soon_is_not_added(pharmacy: Pharmacy) -> None:
    collection_id = await pharmacy.open()
    item = ScannedItem(text=AMLIBON_CODE, source_kind=SourceKind.PERSON)
    with pytest.raises(CollectionNotHandedIn):
        await add_scanned_extra_line(pharmacy.at_the_clinic(), collection_id, item)
    await added(pharmacy, collection_id, code(pharmacy))
    await pharmacy.hand_in(collection_id)
    answer = await add_scanned_extra_line(pharmacy.at_the_clinic(), collection_id, item)
    assert answer.not_certain is not None
    assert answer.not_certain.missing == ("batch", "expires_on")
    assert (await pharmacy.collection(collection_id)).lines == 1
