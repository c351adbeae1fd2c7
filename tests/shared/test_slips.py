"""The number on a collection's slip: read from the id, checked when it is typed, found again at its clinic only."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.donations import store
from shared.database import Database
from shared.ids import new_id
from shared.slips import bits_of_slip, slip_number, slip_number_shown
from tests.donations.pharmacy import Pharmacy, open_pharmacy
from tests.people import World
from tests.stock.clinic import open_clinic, owner_rows

ONE = UUID("019b0000-0000-7000-8000-0000075bcd15")  # Its last 32 bits are 123456789.


def test_a_slip_number_is_ten_digits_of_the_id_and_a_check_digit() -> None:
    assert slip_number(ONE) == "01234567897"
    assert slip_number_shown(ONE) == "012 3456 7897"
    assert slip_number(UUID(int=0)) == "00000000000"
    assert slip_number(UUID(int=2**128 - 1)) == "42949672952"


@given(st.uuids())
def test_every_slip_number_leads_back_to_its_id(collection_id: UUID) -> None:
    for text in (slip_number(collection_id), slip_number_shown(collection_id)):
        bits = bits_of_slip(text)
        assert bits is not None
        assert str(collection_id).endswith(bits)


@given(st.uuids(), st.integers(0, 10), st.integers(1, 9))
def test_no_single_wrong_digit_is_taken(collection_id: UUID, place: int, more: int) -> None:
    number = slip_number(collection_id)
    wrong = f"{number[:place]}{(int(number[place]) + more) % 10}{number[place + 1 :]}"
    assert bits_of_slip(wrong) is None


@pytest.mark.parametrize("text", [" 01234567897 ", "012 3456 7897", "0 1 2 3 4 5 6 7 8 9 7", "012\u00a03456\u00a07897"])
def test_blanks_are_let_pass(text: str) -> None:
    assert bits_of_slip(text) == "075bcd15"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0123456789",
        "012345678970",
        "012-3456-7897",
        "01234567897x",
        "٠١٢٣٤٥٦٧٨٩٧",  # digits, and not those of the slip
        "42949672960",  # one more than 32 bits can be, with its right check digit
    ],
)
def test_what_is_no_slip_number_is_none(text: str) -> None:
    assert bits_of_slip(text) is None


@pytest.fixture
async def pharmacy(world: World, stock: Database, donations: Database) -> Pharmacy:
    return await open_pharmacy(world, stock, donations)


async def by_slip(pharmacy: Pharmacy, number: str) -> UUID | None:
    bits = bits_of_slip(number)
    assert bits is not None
    async with pharmacy.work().reading() as tx:
        found = await store.collections.by_slip(tx, bits)
    return found.collection_id if found else None


@pytest.mark.anyio
async def test_a_collection_is_found_by_its_slip_whatever_its_state(pharmacy: Pharmacy) -> None:
    await pharmacy.open()
    still_open = await pharmacy.open()
    handed_in, _ = await pharmacy.handed_in({})
    for collection_id in (still_open, handed_in):
        assert await by_slip(pharmacy, slip_number_shown(collection_id)) == collection_id
    assert await by_slip(pharmacy, slip_number(new_id())) is None


@pytest.mark.anyio
async def test_of_two_with_one_number_the_latest_is_found(pharmacy: Pharmacy) -> None:
    first, second = await pharmacy.open(), await pharmacy.open()
    same = UUID(f"{str(new_id())[:-8]}{str(first)[-8:]}")
    change = "UPDATE collection SET collection_id = $2 WHERE collection_id = $1"
    await owner_rows(pharmacy.clinic.world, "donations", change, second, same)
    assert await by_slip(pharmacy, slip_number(first)) == same


@pytest.mark.anyio
async def test_no_other_clinic_finds_a_collection_by_its_slip(
    pharmacy: Pharmacy, world: World, stock: Database
) -> None:
    collection_id = await pharmacy.open()
    elsewhere = Pharmacy(await open_clinic(world, stock), pharmacy.donations)
    assert await by_slip(elsewhere, slip_number(collection_id)) is None
