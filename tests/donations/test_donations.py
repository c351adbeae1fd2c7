"""Collecting at a partner pharmacy: opened, filled, handed in, and what the clinic's policies refuse at once."""

from datetime import timedelta
from uuid import UUID

import pytest

from services.donations import store
from services.donations.actions import collecting
from services.donations.errors import (
    CollectionEmpty,
    CollectionNotFound,
    CollectionNotOpen,
    LineNotFound,
    NotYourPharmacy,
    ProductNotNamed,
)
from services.donations.rules import Storage
from services.stock.catalogue.actions import judge_product
from services.stock.registry import actions as registry
from shared.database import Database
from shared.ids import new_id
from shared.known import ProductNotKnown
from shared.policies import SourceKind
from tests.donations.pharmacy import Pharmacy, open_pharmacy
from tests.people import World
from tests.stock.clinic import ALPRAZOLAM, AMLIBON, AMLIBON_CODE, INSULIN, SUSPENSION, carry, open_clinic

pytestmark = pytest.mark.anyio


@pytest.fixture
async def pharmacy(world: World, stock: Database, donations: Database) -> Pharmacy:
    return await open_pharmacy(world, stock, donations)


async def test_a_collection_is_opened_at_ones_own_pharmacy_and_nobody_else_is_told(pharmacy: Pharmacy) -> None:
    collection = await pharmacy.collection(await pharmacy.open())
    assert (collection.pharmacy_id, collection.state) == (pharmacy.clinic.pharmacy_id, "open")
    assert (collection.lines, collection.waiting_lines, collection.handed_in_at) == (0, 0, None)
    assert await pharmacy.clinic.told("donations") == []


async def test_a_collection_is_not_opened_at_anothers_pharmacy(pharmacy: Pharmacy) -> None:
    with pytest.raises(NotYourPharmacy):
        await collecting.open_collection(pharmacy.work(), frozenset({new_id()}), pharmacy.clinic.pharmacy_id)
    with pytest.raises(NotYourPharmacy):
        await collecting.open_collection(pharmacy.work(), frozenset(), pharmacy.clinic.pharmacy_id)


@pytest.mark.parametrize(("first", "last"), [(1, None), (-20, -1)])
async def test_a_pharmacy_that_is_no_partner_today_collects_nothing(
    pharmacy: Pharmacy, first: int, last: int | None
) -> None:
    clinic = pharmacy.clinic
    until_on = None if last is None else clinic.day(last)
    added = await registry.set_pharmacy(clinic.work(), None, "Another day", clinic.day(first), until_on)
    await carry(clinic.world, clinic)
    with pytest.raises(NotYourPharmacy):
        await collecting.open_collection(pharmacy.work(), frozenset({added.pharmacy_id}), added.pharmacy_id)


async def test_lines_are_numbered_and_kept_as_they_were_logged(pharmacy: Pharmacy) -> None:
    collection_id = await pharmacy.open()
    first = await pharmacy.add(collection_id, units=12, source_name="The neighbours", opened=True)
    second = await pharmacy.add(collection_id, batch=None, storage=Storage.UNKNOWN)
    assert [(line.line_number, line.state) for line in (first, second)] == [(1, "logged"), (2, "logged")]
    kept = await pharmacy.line(collection_id, first.line_id)
    assert (kept.product_id, kept.batch, kept.units, kept.opened) == (AMLIBON, "D1", 12, True)
    assert (kept.source_kind, kept.source_name, kept.storage) == ("person", "The neighbours", "room")
    assert (kept.reason, kept.policy_name, kept.decision_id, kept.accepted_units) == (None, None, None, None)
    nameless = await pharmacy.line(collection_id, second.line_id)
    assert (nameless.batch, nameless.source_name, nameless.storage) == (None, None, "unknown")
    assert await pharmacy.clinic.told("donations") == []


async def test_a_product_is_named_by_its_id_or_by_the_code_on_its_pack(pharmacy: Pharmacy) -> None:
    collection_id = await pharmacy.open()
    by_code = await pharmacy.add(collection_id, product_id=None, code=AMLIBON_CODE)
    assert (await pharmacy.line(collection_id, by_code.line_id)).product_id == AMLIBON
    with pytest.raises(ProductNotNamed):
        await pharmacy.add(collection_id, product_id=AMLIBON, code=AMLIBON_CODE)
    with pytest.raises(ProductNotNamed):
        await pharmacy.add(collection_id, product_id=None, code=None)
    with pytest.raises(ProductNotKnown):
        await pharmacy.add(collection_id, product_id=None, code="2809999999999")
    with pytest.raises(ProductNotKnown):
        await pharmacy.add(collection_id, product_id=new_id())
    assert (await pharmacy.collection(collection_id)).lines == 1


REFUSED_AT_ONCE = [
    ("controlled", None, {"product_id": ALPRAZOLAM}),
    ("expired", None, {"days": -1}),
    ("source_not_accepted", "sources_accepted", {"source_kind": SourceKind.COMPANY}),
    ("opened_form", "opened_packs_accepted", {"product_id": SUSPENSION, "opened": True}),
    ("cold_chain", "cold_chain_accepted", {"product_id": INSULIN, "storage": Storage.COLD}),
    ("life_too_short", "least_remaining_months", {"days": 100}),
]


@pytest.mark.parametrize(("reason", "policy_name", "changes"), REFUSED_AT_ONCE)
async def test_what_the_clinic_does_not_accept_is_stored_as_refused_with_reason_policy_and_decision(
    pharmacy: Pharmacy, reason: str, policy_name: str | None, changes: dict[str, object]
) -> None:
    fields = dict(changes)
    if "days" in fields:
        fields["expires_on"] = pharmacy.clinic.today + timedelta(days=int(str(fields.pop("days"))))
    collection_id = await pharmacy.open()
    answer = await pharmacy.add(collection_id, **fields)
    decision_id = pharmacy.clinic.decision_id if policy_name else None
    line = await pharmacy.line(collection_id, answer.line_id)
    for told in (answer, line):
        assert (told.state, told.reason) == ("refused", reason)
        assert (told.policy_name, told.decision_id) == (policy_name, decision_id)
    assert await pharmacy.waiting("refused") == [answer.line_id]
    assert await pharmacy.clinic.told("donations") == []


async def test_a_line_can_be_withdrawn_while_the_collection_is_open(pharmacy: Pharmacy) -> None:
    collection_id = await pharmacy.open()
    line = await pharmacy.add(collection_id)
    withdrawn = await collecting.withdraw_line(pharmacy.work(), pharmacy.mine, collection_id, line.line_id)
    assert (withdrawn.line_number, withdrawn.state) == (1, "withdrawn")
    assert (await pharmacy.line(collection_id, line.line_id)).state == "withdrawn"
    assert (await pharmacy.collection(collection_id)).waiting_lines == 0
    with pytest.raises(LineNotFound):
        await collecting.withdraw_line(pharmacy.work(), pharmacy.mine, collection_id, new_id())
    another_collection = await pharmacy.open()
    with pytest.raises(LineNotFound):
        await collecting.withdraw_line(pharmacy.work(), pharmacy.mine, another_collection, line.line_id)


async def test_a_collection_is_handed_in_once_and_is_closed_to_the_pharmacy_from_then_on(
    pharmacy: Pharmacy,
) -> None:
    collection_id = await pharmacy.open()
    line = await pharmacy.add(collection_id)
    assert (await pharmacy.hand_in(collection_id)).state == "handed_in"
    collection = await pharmacy.collection(collection_id)
    assert (collection.state, collection.waiting_lines) == ("handed_in", 1)
    assert collection.handed_in_at is not None
    with pytest.raises(CollectionNotOpen):
        await pharmacy.add(collection_id)
    with pytest.raises(CollectionNotOpen):
        await pharmacy.hand_in(collection_id)
    with pytest.raises(CollectionNotOpen):
        await collecting.withdraw_line(pharmacy.work(), pharmacy.mine, collection_id, line.line_id)
    assert await pharmacy.clinic.told("donations") == []


async def test_a_collection_without_a_line_that_counts_is_not_handed_in(pharmacy: Pharmacy) -> None:
    collection_id = await pharmacy.open()
    with pytest.raises(CollectionEmpty):
        await pharmacy.hand_in(collection_id)
    line = await pharmacy.add(collection_id)
    await collecting.withdraw_line(pharmacy.work(), pharmacy.mine, collection_id, line.line_id)
    with pytest.raises(CollectionEmpty):
        await pharmacy.hand_in(collection_id)
    assert (await pharmacy.collection(collection_id)).state == "open"


async def test_a_collection_of_nothing_but_refused_lines_needs_no_check(pharmacy: Pharmacy) -> None:
    collection_id = await pharmacy.open()
    await pharmacy.add(collection_id, product_id=ALPRAZOLAM)
    assert (await pharmacy.hand_in(collection_id)).state == "checked"


async def test_another_pharmacys_collection_is_as_if_it_were_not_there(pharmacy: Pharmacy) -> None:
    collection_id = await pharmacy.open()
    line = await pharmacy.add(collection_id)
    others = frozenset({new_id()})
    with pytest.raises(CollectionNotFound):
        await collecting.add_line(pharmacy.work(), others, collection_id, pharmacy.an_item())
    with pytest.raises(CollectionNotFound):
        await collecting.hand_in_collection(pharmacy.work(), others, collection_id)
    with pytest.raises(CollectionNotFound):
        await collecting.withdraw_line(pharmacy.work(), others, collection_id, line.line_id)
    with pytest.raises(CollectionNotFound):
        await collecting.hand_in_collection(pharmacy.work(), pharmacy.mine, new_id())


async def test_another_clinics_collection_is_as_if_it_were_not_there(
    pharmacy: Pharmacy, world: World, stock: Database
) -> None:
    collection_id = await pharmacy.open()
    foreign = Pharmacy(await open_clinic(world, stock), pharmacy.donations)
    with pytest.raises(CollectionNotFound):
        await collecting.hand_in_collection(foreign.at_the_clinic(), None, collection_id)
    async with foreign.work().reading() as tx:
        assert await tx.sql.fetchval("SELECT count(*) FROM collection") == 0


async def test_a_pharmacist_sees_the_collections_of_their_pharmacy_the_latest_on_top(
    pharmacy: Pharmacy,
) -> None:
    clinic = pharmacy.clinic
    other_id = (await registry.set_pharmacy(clinic.work(), None, "The other", clinic.today, None)).pharmacy_id
    await carry(clinic.world, clinic)
    first, second = await pharmacy.open(), await pharmacy.open()
    third = (await collecting.open_collection(pharmacy.work(), None, other_id)).collection_id
    await pharmacy.add(first)
    await pharmacy.hand_in(first)

    async def listed(state: store.collections.CollectionState | None, pharmacies: frozenset[UUID] | None) -> list[UUID]:
        async with pharmacy.work().reading() as tx:
            found = await store.collections.list_collections(tx, state, pharmacies, 100)
        return [collection.collection_id for collection in found]

    assert await listed(None, None) == [third, second, first]
    assert await listed(None, pharmacy.mine) == [second, first]
    assert await listed("handed_in", None) == [first]
    assert await listed("open", frozenset({other_id})) == [third]


async def test_a_clinics_decision_changes_what_is_refused_and_the_refusal_names_it(
    pharmacy: Pharmacy,
) -> None:
    clinic = pharmacy.clinic
    collection_id = await pharmacy.open()
    in_nine_months = {"expires_on": clinic.day(270)}
    assert (await pharmacy.add(collection_id, **in_nine_months)).state == "logged"
    decision = registry.Decision(
        body="General assembly",
        text="A year of life at least: we throw too much away.",
        decided_on=clinic.today,
        reevaluate_on=clinic.day(180),
    )
    decided = await registry.record_decision(clinic.work(), decision)
    await registry.set_policy(clinic.work(), "least_remaining_months", 12, decided.decision_id)
    await carry(clinic.world, clinic)
    refused = await pharmacy.add(collection_id, **in_nine_months)
    assert (refused.state, refused.reason) == ("refused", "life_too_short")
    assert (refused.policy_name, refused.decision_id) == ("least_remaining_months", decided.decision_id)
    other = await pharmacy.add(collection_id, source_kind=SourceKind.CHURCH)
    assert (other.policy_name, other.decision_id) == ("sources_accepted", clinic.decision_id)


async def test_what_a_clinic_calls_controlled_it_refuses_and_no_other_clinic_does(
    pharmacy: Pharmacy, world: World, stock: Database
) -> None:
    clinic = pharmacy.clinic
    await judge_product(clinic.work(), AMLIBON, controlled=True, substitution_group=None, reason="So.")
    elsewhere = Pharmacy(await open_clinic(world, stock), pharmacy.donations)
    await carry(world, clinic, elsewhere.clinic)
    refused = await pharmacy.add(await pharmacy.open())
    assert (refused.state, refused.reason, refused.policy_name) == ("refused", "controlled", None)
    assert (await elsewhere.add(await elsewhere.open())).state == "logged"
