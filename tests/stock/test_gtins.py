"""Which product a GTIN is: learnt, confirmed, corrected, refused; shared in a cell, and told to the others."""

from typing import Any
from uuid import UUID

import asyncpg
import pytest

from services.donations.scanning.actions import add_scanned_line
from services.donations.scanning.deciding import ScannedItem
from services.stock.actions.gtins import judge_gtin, learn_gtin, take_learnt_gtin
from services.stock.errors import GtinBoundOtherwise, GtinCheckDigitWrong, GtinInCatalogue, GtinNotBound
from shared import gtins
from shared.database import Database, Work
from shared.events.donations import GtinLearnt
from shared.events.stock import GtinBound
from shared.ids import derived_id, new_id
from shared.known import ProductNotKnown
from shared.policies import SourceKind
from shared.roles import Role
from tests.donations.pharmacy import Pharmacy, open_pharmacy
from tests.people import World
from tests.scratch import connected
from tests.stock.clinic import AMLIBON, AMLIBON_CODE, NORMODIN, OwnClinic, carry, open_clinic, owner_rows
from tests.stock.new_gtins import NEW

pytestmark = pytest.mark.anyio


@pytest.fixture
async def clinic(world: World, stock: Database) -> OwnClinic:
    return await open_clinic(world, stock)


async def binding(work: Work, gtin: str) -> gtins.Binding:
    async with work.reading() as tx:
        found = await gtins.binding_of(tx.sql, gtin)
    assert found is not None
    return found


async def pack(work: Work, gtin: str) -> gtins.KnownPack | None:
    async with work.reading() as tx:
        return await gtins.pack_of(tx.sql, tx.clinic_id, gtin)


async def test_a_pharmacist_names_the_product_of_a_gtin_and_everybody_is_told(clinic: OwnClinic) -> None:
    gtin, pharmacist = next(NEW), clinic.clinic.people[Role.CLINIC_PHARMACIST]
    learnt = await learn_gtin(clinic.work(), gtin, AMLIBON, 30)
    assert (learnt.state, learnt.product_id, learnt.units_per_pack) == ("learnt", AMLIBON, 30)
    told = (await clinic.told_of(GtinBound))[0]
    assert (told.gtin, told.state, told.learnt_by, told.learnt_clinic_id) == (
        gtin,
        "learnt",
        pharmacist,
        clinic.clinic_id,
    )
    assert (told.judged_by, told.judged_clinic_id, told.judged_at) == (None, None, None)
    known = await pack(clinic.work(), gtin)
    assert known is not None
    assert (known.product.product.product_id, known.units_per_pack, known.needs_look) == (AMLIBON, 30, True)


async def test_the_same_word_again_changes_and_tells_nothing_and_another_is_refused(clinic: OwnClinic) -> None:
    gtin = next(NEW)
    await learn_gtin(clinic.work(), gtin, AMLIBON, 30)
    assert (await learn_gtin(clinic.work(), gtin, AMLIBON, None)).units_per_pack == 30
    with pytest.raises(GtinBoundOtherwise) as refused:
        await learn_gtin(clinic.work(), gtin, NORMODIN, 30)
    assert refused.value.facts == {"product_id": AMLIBON, "state": "learnt"}
    assert len(await clinic.told_of(GtinBound)) == 1


async def test_a_pharmacist_of_any_clinic_confirms_it_and_both_are_named(
    clinic: OwnClinic, world: World, stock: Database
) -> None:
    gtin, other = next(NEW), await open_clinic(world, stock)
    await learn_gtin(clinic.work(), gtin, AMLIBON, 30)
    assert (await judge_gtin(other.work(), gtin, "confirm", None, None, None)).state == "confirmed"
    kept = await binding(clinic.work(), gtin)
    assert (kept.learnt_clinic_id, kept.judged_clinic_id) == (clinic.clinic_id, other.clinic_id)
    assert kept.judged_by == other.clinic.people[Role.CLINIC_PHARMACIST]
    assert kept.learnt_by_name is not None
    assert kept.judged_by_name not in (None, kept.learnt_by_name)
    assert kept.learnt_clinic_name not in (None, kept.judged_clinic_name)
    known = await pack(other.work(), gtin)
    assert known is not None
    assert (known.needs_look, known.units_per_pack) == (False, 30)
    told = (await other.told_of(GtinBound))[0]
    assert (told.state, told.learnt_by, told.judged_by) == ("confirmed", kept.learnt_by, kept.judged_by)


async def test_a_wrong_binding_is_corrected_even_when_it_was_confirmed_and_lots_keep_their_product(
    clinic: OwnClinic,
) -> None:
    gtin = next(NEW)
    lot_id = await clinic.shelve(AMLIBON, 30)
    await learn_gtin(clinic.work(), gtin, AMLIBON, 30)
    await judge_gtin(clinic.work(), gtin, "confirm", None, None, None)
    corrected = await judge_gtin(clinic.work(), gtin, "confirm", NORMODIN, None, "It is another brand.")
    # How much is in a pack of the other product, nobody said.
    assert (corrected.product_id, corrected.units_per_pack, corrected.state) == (NORMODIN, None, "confirmed")
    assert [told.product_id for told in await clinic.told_of(GtinBound)] == [AMLIBON, AMLIBON, NORMODIN]
    assert (await clinic.lot(lot_id)).product_id == AMLIBON


async def test_a_refused_binding_says_nothing_and_may_be_learnt_anew(clinic: OwnClinic) -> None:
    gtin = next(NEW)
    await learn_gtin(clinic.work(), gtin, AMLIBON, 30)
    await judge_gtin(clinic.work(), gtin, "refuse", None, None, "It is a cream.")
    assert await pack(clinic.work(), gtin) is None
    anew = await learn_gtin(clinic.work(), gtin, NORMODIN, None)
    assert (anew.state, anew.product_id) == ("learnt", NORMODIN)
    kept = await binding(clinic.work(), gtin)
    assert (kept.judged_by, kept.judged_clinic_id, kept.judged_at) == (None, None, None)
    assert [told.state for told in await clinic.told_of(GtinBound)] == ["learnt", "refused", "learnt"]


async def test_what_nobody_named_can_not_be_judged(clinic: OwnClinic) -> None:
    with pytest.raises(GtinNotBound):
        await judge_gtin(clinic.work(), next(NEW), "confirm", AMLIBON, None, None)
    with pytest.raises(ProductNotKnown):
        await learn_gtin(clinic.work(), next(NEW), new_id(), None)


async def test_the_code_of_a_pack_needs_no_binding_and_gets_none(clinic: OwnClinic) -> None:
    with pytest.raises(GtinInCatalogue):
        await learn_gtin(clinic.work(), f"0{AMLIBON_CODE}", AMLIBON, None)
    known = await pack(clinic.work(), f"0{AMLIBON_CODE}")
    assert known is not None
    assert (known.product.product.product_id, known.binding, known.needs_look) == (AMLIBON, None, False)
    assert known.units_per_pack is not None


async def test_a_gtin_with_a_wrong_check_digit_is_never_bound(clinic: OwnClinic, world: World) -> None:
    gtin = next(NEW)
    wrong = gtin[:-1] + str((int(gtin[-1]) + 1) % 10)
    with pytest.raises(GtinCheckDigitWrong):
        await learn_gtin(clinic.work(), wrong, AMLIBON, None)
    insert = """
    INSERT INTO gtin_binding (gtin, product_id, state, learnt_by, learnt_clinic_id, learnt_at)
    VALUES ($1, $2, 'learnt', $3, $3, now())
    """
    for service in ("stock", "donations", "dispense"):
        async with connected(world.cell.owner_url(service)) as owner:
            for bad in (wrong, gtin[1:], f"0{gtin}", gtin[:-1] + "x", "", f"{gtin}\n"):
                with pytest.raises(asyncpg.CheckViolationError, match="gtin_binding_check_digit"):
                    await owner.execute(insert, bad, AMLIBON, new_id())
            async with owner.transaction():
                await owner.execute(insert, next(NEW), AMLIBON, new_id())


async def test_of_two_who_name_it_at_donations_the_first_has_the_word(clinic: OwnClinic) -> None:
    gtin, now = next(NEW), clinic.work().clock.now()
    for product_id in (AMLIBON, NORMODIN):
        event = GtinLearnt(gtin=gtin, product_id=product_id, units_per_pack=None, learnt_at=now)
        await take_learnt_gtin(clinic.work(), event)
    assert (await binding(clinic.work(), gtin)).product_id == AMLIBON
    await judge_gtin(clinic.work(), gtin, "refuse", None, None, None)
    assert [told.product_id for told in await clinic.told_of(GtinBound)] == [AMLIBON, AMLIBON]


async def test_what_was_learnt_at_donations_goes_to_stock_and_comes_back_to_all(
    world: World, stock: Database, donations: Database, dispense: Database
) -> None:
    pharmacy: Pharmacy = await open_pharmacy(world, stock, donations)
    gtin, collection_id = next(NEW), await pharmacy.open()
    expiry = pharmacy.clinic.day(400)
    item = ScannedItem(
        text=f"01{gtin}17{expiry:%y%m%d}10D1", source_kind=SourceKind.PERSON, product_id=AMLIBON, units_per_pack=30
    )
    answer = await add_scanned_line(pharmacy.work(), pharmacy.mine, collection_id, item)
    assert answer.added is not None
    learnt = (await pharmacy.clinic.told_of(GtinLearnt, "donations"))[0]
    assert (learnt.gtin, learnt.product_id, learnt.units_per_pack) == (gtin, AMLIBON, 30)
    await carry(world, pharmacy.clinic)
    partner = pharmacy.clinic.clinic.people[Role.PARTNER_PHARMACIST]
    for database, service in ((stock, "stock"), (donations, "donations"), (dispense, "dispense")):
        kept = await binding(world.work(database, service, pharmacy.clinic.clinic_id), gtin)
        assert (kept.product_id, kept.state, kept.units_per_pack) == (AMLIBON, "learnt", 30)
        assert (kept.learnt_by, kept.learnt_clinic_id) == (partner, pharmacy.clinic.clinic_id)
    await judge_gtin(pharmacy.clinic.work(), gtin, "confirm", None, None, None)
    await carry(world, pharmacy.clinic)
    for database, service in ((donations, "donations"), (dispense, "dispense")):
        known = await pack(world.work(database, service, pharmacy.clinic.clinic_id), gtin)
        assert known is not None
        assert not known.needs_look


async def test_all_that_wait_for_a_pharmacist_are_listed(clinic: OwnClinic) -> None:
    mine = [next(NEW), next(NEW)]
    for gtin in mine:
        await learn_gtin(clinic.work(), gtin, AMLIBON, None)
    await judge_gtin(clinic.work(), mine[0], "confirm", None, None, None)

    async def listed(state: Any) -> set[str]:
        async with clinic.work().reading() as tx:
            return {each.gtin for each in await gtins.bindings(tx.sql, state, 500)} & set(mine)

    assert (await listed("learnt"), await listed("confirmed"), await listed(None)) == ({mine[1]}, {mine[0]}, set(mine))


async def test_every_word_on_a_gtin_is_a_version_of_one_aggregate(clinic: OwnClinic, world: World) -> None:
    gtin = next(NEW)
    await learn_gtin(clinic.work(), gtin, AMLIBON, None)
    await judge_gtin(clinic.work(), gtin, "confirm", None, 28, None)
    aggregate: UUID = derived_id("gtin", gtin)
    rows = await owner_rows(world, "stock", "SELECT version FROM outbox WHERE aggregate_id = $1 ORDER BY 1", aggregate)
    assert [row["version"] for row in rows] == [1, 2]
