"""What a person says of the box settles a scan's question, where it tells one reading from all others."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from services.donations.scanning.deciding import ScannedItem
from services.donations.scanning.settling import settled
from shared.codes import Possible, Question, Recognised, read_code
from shared.database import Database
from shared.events.donations import GtinLearnt
from shared.ids import new_id
from shared.policies import SourceKind
from tests.donations.pharmacy import Pharmacy, open_pharmacy
from tests.donations.test_scanning import added, not_added
from tests.people import World
from tests.stock.clinic import AMLIBON, AMLIBON_CODE, NORMODIN
from tests.stock.new_gtins import NEW

TODAY = date(2026, 11, 22)
GTIN, OTHER_GTIN = "02802043001024", "05901234123457"
TOGETHER = f"01{GTIN}17280630" + "10S121SER9"
TWO_NUMBERS = GTIN[1:] + OTHER_GTIN[1:]
PRODUCT, OTHER_PRODUCT = new_id(), new_id()


def meant(text: str, products: dict[str, UUID] | None = None, **said: Any) -> Possible | None:
    question = read_code(text, TODAY)
    assert isinstance(question, Question)
    return settled(question, ScannedItem(text=text, source_kind=SourceKind.PERSON, **said), products or {})


def test_the_batch_tells_where_it_ends() -> None:
    whole = meant(TOGETHER, batch="S121SER9")
    assert whole is not None
    assert (whole.batch, whole.serial) == ("S121SER9", None)
    parted = meant(TOGETHER, batch="S1", expires_on=date(2028, 6, 30))
    assert parted is not None
    assert (parted.batch, parted.serial) == ("S1", "SER9")


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"batch": "S2"},
        {"batch": "S1", "expires_on": date(2028, 6, 29)},
        {"expires_on": date(2028, 6, 30)},
        {"batch_unreadable": True},
        {"batch_unreadable": True, "batch": "S1"},
        {"product_id": PRODUCT},
    ],
)
def test_what_no_reading_has_or_all_have_leaves_the_question(said: dict[str, Any]) -> None:
    assert meant(TOGETHER, {GTIN: PRODUCT}, **said) is None


def test_a_product_that_the_number_is_not_known_as_leaves_the_question() -> None:
    assert meant(TOGETHER, {GTIN: PRODUCT}, batch="S1", product_id=PRODUCT) is not None
    assert meant(TOGETHER, batch="S1", product_id=PRODUCT) is not None
    assert meant(TOGETHER, {GTIN: OTHER_PRODUCT}, batch="S1", product_id=PRODUCT) is None


def test_the_product_tells_two_numbers_apart_where_both_are_known() -> None:
    found = meant(TWO_NUMBERS, {GTIN: PRODUCT, OTHER_GTIN: OTHER_PRODUCT}, product_id=OTHER_PRODUCT)
    assert found is not None
    assert found.gtin == OTHER_GTIN
    assert meant(TWO_NUMBERS, {GTIN: PRODUCT, OTHER_GTIN: PRODUCT}, product_id=PRODUCT) is None
    for product_id in (PRODUCT, OTHER_PRODUCT):  # The number that nobody knows may be the one or the other.
        assert meant(TWO_NUMBERS, {GTIN: PRODUCT}, product_id=product_id) is None


def test_a_batch_that_cannot_be_read_is_a_reading_without_one() -> None:
    without, with_batch = (Possible(gtin=GTIN, batch=batch) for batch in (None, "A1"))
    question = Question(question="Which?", readings=(with_batch, without))
    item = ScannedItem(text="?", source_kind=SourceKind.PERSON, batch_unreadable=True)
    assert settled(question, item, {}) == without


def test_where_there_are_more_readings_than_are_offered_nothing_is_taken() -> None:
    many = f"01{GTIN}10" + "21" * 8 + "17270630"
    question = read_code(many, TODAY)
    assert isinstance(question, Question)
    assert not question.has_all_readings
    assert all(meant(many, batch=each.batch, expires_on=each.expires_on) is None for each in question.readings)


def test_a_single_reading_is_taken_where_all_of_it_is_said() -> None:
    spaced = f"01{GTIN} 17270630 10LOT1"
    assert meant(spaced, batch="LOT1") is None
    assert meant(spaced, batch="LOT1", expires_on=date(2027, 6, 30)) is not None
    assert meant(GTIN[1:-1], batch="LOT1", expires_on=date(2027, 6, 30)) is None
    assert meant(GTIN[1:-1], {GTIN: PRODUCT}, product_id=OTHER_PRODUCT) is None
    assert meant(GTIN[1:-1], {GTIN: PRODUCT}, product_id=PRODUCT) is not None


@pytest.fixture
async def pharmacy(world: World, stock: Database, donations: Database) -> Pharmacy:
    return await open_pharmacy(world, stock, donations)


@pytest.mark.anyio
async def test_a_lost_separator_is_settled_by_the_batch_and_the_number_is_learnt(pharmacy: Pharmacy) -> None:
    collection_id, gtin = await pharmacy.open(), next(NEW)
    serial = "".join(each for each in new_id().hex.upper() if each.isalpha())[-6:]
    text = f"01{gtin}17{pharmacy.clinic.day(400):%y%m%d}10S121{serial}"
    said = {"batch": "S1", "product_id": AMLIBON, "expires_on": pharmacy.clinic.day(400)}
    missing = await not_added(pharmacy, collection_id, text, **said)
    assert isinstance(missing.reading, Recognised)
    assert missing.missing == ("units",)
    assert isinstance((await not_added(pharmacy, collection_id, text, **(said | {"batch": "S2"}))).reading, Question)
    answer = await added(pharmacy, collection_id, text, units=28, **said)
    assert (answer.batch, answer.product_id, answer.needs_look) == ("S1", AMLIBON, True)
    assert [each.gtin for each in await pharmacy.clinic.told_of(GtinLearnt, "donations")] == [gtin]
    assert (await not_added(pharmacy, collection_id, text, units=28, **said)).seen_on == pharmacy.clinic.today


@pytest.mark.anyio
async def test_a_day_either_way_round_is_settled_by_the_expiry(pharmacy: Pharmacy) -> None:
    collection_id, year = await pharmacy.open(), pharmacy.clinic.today.year + 2
    text = f"{AMLIBON_CODE} EXP 05/06/{year % 100:02} LOT Q1"
    assert isinstance((await not_added(pharmacy, collection_id, text)).reading, Question)
    answer = await added(pharmacy, collection_id, text, expires_on=date(year, 6, 5))
    assert (answer.batch, answer.expires_on) == ("Q1", date(year, 6, 5))


@pytest.mark.anyio
async def test_a_code_without_a_number_is_settled_by_the_product(pharmacy: Pharmacy) -> None:
    collection_id, year = await pharmacy.open(), pharmacy.clinic.today.year + 2
    text = f"LOT A1 EXP 06/{year}"
    assert (await not_added(pharmacy, collection_id, text)).missing == ()
    missing = await not_added(pharmacy, collection_id, text, product_id=AMLIBON)
    assert isinstance(missing.reading, Question)
    assert missing.missing == ("units",)
    await not_added(pharmacy, collection_id, text, product_id=AMLIBON, units=28, batch="A2")
    answer = await added(pharmacy, collection_id, text, product_id=AMLIBON, units=28)
    assert (answer.product_id, answer.batch, answer.units, answer.needs_look) == (AMLIBON, "A1", 28, False)
    assert answer.expires_on == date(year, 6, 30)
    assert await pharmacy.clinic.told_of(GtinLearnt, "donations") == []


@pytest.mark.anyio
async def test_a_lost_last_digit_is_settled_by_the_product_or_by_the_text_that_is_offered(pharmacy: Pharmacy) -> None:
    collection_id, text = await pharmacy.open(), AMLIBON_CODE[:-1]
    said = {"batch": "B1", "expires_on": pharmacy.clinic.day(300)}
    asked = (await not_added(pharmacy, collection_id, text, **said)).reading
    assert isinstance(asked, Question)
    await not_added(pharmacy, collection_id, text, product_id=NORMODIN, **said)
    assert (await added(pharmacy, collection_id, text, product_id=AMLIBON, **said)).product_id == AMLIBON
    (offered,) = asked.readings
    assert offered.text is not None
    assert (await added(pharmacy, collection_id, offered.text, **said)).product_id == AMLIBON
