"""What the other services know of the registry and the catalogue is what stock has on record."""

import pytest

from services.stock.actions.gtins import judge_gtin, learn_gtin
from services.stock.catalogue.actions import judge_product
from services.stock.registry import actions, sign_in
from shared.database import Database
from shared.outbox import envelope
from shared.roles import Role
from tests.people import World
from tests.stock.clinic import AMLIBON, NORMODIN, OF_CLINICS, deliver, open_clinic, owner_rows
from tests.stock.new_gtins import NEW

pytestmark = pytest.mark.anyio

# Each table of the projection, in an order of its own.
KNOWN = {
    "clinic": "SELECT clinic_id, name, phone FROM clinic ORDER BY clinic_id",
    "partnership": """
        SELECT partnership_id, clinic_id, pharmacy_id, name, from_on, until_on
        FROM partnership
        ORDER BY partnership_id
        """,
    "person": "SELECT person_id, display_name FROM person ORDER BY person_id",
    "delegation": """
        SELECT delegation_id, delegate_id, role, place_id, from_on, until_on, ended_at
        FROM delegation
        ORDER BY delegation_id
        """,
    "ended_session": "SELECT session_id, ended_at FROM ended_session ORDER BY session_id",
    "policy": "SELECT clinic_id, name, value::text AS value, decision_id FROM policy ORDER BY clinic_id, name",
    "product": """
        SELECT product_id, name, substitution_group, controlled, facts::text AS facts
        FROM product
        ORDER BY product_id
        """,
    "pack": "SELECT code, product_id, units_per_pack FROM pack ORDER BY code",
    "gtin_binding": """
        SELECT gtin, product_id, units_per_pack, state, learnt_by, learnt_clinic_id, learnt_at, judged_by,
               judged_clinic_id, judged_at
        FROM gtin_binding
        WHERE learnt_clinic_id = '{clinic_id}'
        ORDER BY gtin
        """,
    "product_override": """
        SELECT clinic_id, product_id, controlled, substitution_group
        FROM product_override
        ORDER BY clinic_id, product_id
        """,
}


async def test_every_change_is_told_so_that_the_projections_equal_the_record(
    world: World, stock: Database, donations: Database, dispense: Database
) -> None:
    clinic = await open_clinic(world, stock)
    work = clinic.work()
    person_id = (await actions.add_person(work, f"known@{clinic.clinic_id}", "Known", None)).person_id
    for until in (10, 20):
        last_day = clinic.day(until)
        given = await actions.give_delegation(
            work, person_id, Role.AUDITOR, clinic.clinic_id, clinic.decision_id, clinic.today, last_day
        )
    await actions.end_delegation(work, given.delegation_id)
    await actions.set_pharmacy(work, clinic.pharmacy_id, "Renamed", clinic.today, clinic.day(5))
    await actions.set_policy(work, "sources_accepted", ["person", "company"], clinic.decision_id)
    await actions.set_policy(work, "cold_chain_accepted", True, clinic.decision_id)
    await judge_product(work, AMLIBON, controlled=True, substitution_group=None, reason="So.")
    await judge_product(work, NORMODIN, controlled=None, substitution_group="ours", reason="So.")
    await judge_product(work, NORMODIN, controlled=None, substitution_group="ours alone", reason="Better.")
    gtin = next(NEW)
    await learn_gtin(work, gtin, AMLIBON, 30)
    await judge_gtin(work, gtin, "confirm", None, None, None)
    token = await sign_in.make_token(work, person_id, "a program", world.cell.signing_key.read_text())
    mine = world.work(stock, "stock", clinic.clinic_id, person_id)
    await sign_in.end_session(mine, token.session_id)
    told = [envelope("stock", row) for row in await owner_rows(world, "stock", OF_CLINICS, None)]
    await deliver(world, "donations", told, donations)
    await deliver(world, "dispense", told, dispense)
    for table, every in KNOWN.items():
        # Bindings are the cell's, and other tests tell donations of some that stock never had.
        query = every.format(clinic_id=clinic.clinic_id)
        record = await owner_rows(world, "stock", query)
        assert record, f"nothing in {table} would be no test"
        for service in ("donations", "dispense"):
            assert await owner_rows(world, service, query) == record, f"{table} of {service}"


async def test_every_table_of_the_projection_is_compared(world: World) -> None:
    query = """
    SELECT table_name
    FROM information_schema.tables
    WHERE table_schema = 'public' AND table_name NOT LIKE ALL ($1::text[])
        AND table_name NOT LIKE '%migration%'
    """
    own = ["inbox%", "outbox%", "line", "collection", "pack_seen", "idempotency", "search_word"]
    found = {row["table_name"] for row in await owner_rows(world, "donations", query, own)}
    assert found == set(KNOWN)
