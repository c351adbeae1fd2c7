"""The wall between two clinics of one cell, in every table that names a clinic.

Tried twice: as the application's own role, and as a probe that has every right on every table but no way round
row security, so that what holds is the policy and not a right that happens to be missing.
"""

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import AsyncGenerator, Generator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from deploy.cell import SERVICES, Cell
from shared.database import Database
from tests.people import Clinic, World, make_world
from tests.scratch import connected, in_clinic
from tests.whole_life import WholeLife

pytestmark = pytest.mark.anyio

# Read before a clinic is known, or no clinic's own matter: the registry, and events on their way.
WITHOUT_POLICY = {"clinic", "neighbour", "neighbour_surplus", "partnership", "delegation", "outbox"}
TABLES_AT_LEAST = {"stock": 12, "donations": 4, "dispense": 19}
PROBE = "dosis_probe"
PASSWORD = "probe-password"


async def _live(cell: Cell) -> World:
    await cell.start_servers()
    world = await make_world(cell)
    databases = {name: await Database.connect(cell.app_url(name), 4) for name in SERVICES}
    try:
        for clinic, other in ((world.north, world.south), (world.south, world.north)):
            await WholeLife(world, clinic, databases).live(other)
    finally:
        for database in databases.values():
            await database.close()
    server = await asyncpg.connect(cell.postgres.url("postgres"))
    await server.execute(f"CREATE ROLE {PROBE} LOGIN PASSWORD '{PASSWORD}'")
    for name in SERVICES:
        await server.execute(f"GRANT CONNECT ON DATABASE dosis_{name} TO {PROBE}")
        async with connected(cell.postgres.url(f"dosis_{name}")) as there:
            await there.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {PROBE}")
            await there.execute(f"GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {PROBE}")
    await server.close()
    return world


@pytest.fixture(scope="module")
def lived() -> Generator[World, None, None]:
    """A cell of its own in which both clinics have rows everywhere, and no service runs."""
    folder = Path(tempfile.mkdtemp(prefix="dosis-walls-"))
    cell = Cell(folder, demo=True, postgres_options=("fsync=off",))
    try:
        yield asyncio.run(_live(cell))
    finally:
        cell.stop_servers()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=list(SERVICES))
def service(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=["north", "south"])
def viewer(lived: World, request: pytest.FixtureRequest) -> Clinic:
    """The clinic that looks; the other is the foreign one."""
    return lived.north if request.param == "north" else lived.south


@pytest.fixture
async def owner(lived: World, service: str) -> AsyncGenerator[asyncpg.Connection, None]:
    async with connected(lived.cell.owner_url(service)) as connection:
        yield connection


@pytest.fixture(params=["application", "probe"])
async def role(lived: World, service: str, request: pytest.FixtureRequest) -> AsyncGenerator[asyncpg.Connection, None]:
    url = lived.cell.app_url(service)
    if request.param == "probe":
        url = lived.cell.postgres.url(f"dosis_{service}", PROBE, PASSWORD)
    async with connected(url) as connection:
        yield connection


TABLES = """
SELECT pg_class.oid, relname, relrowsecurity, relforcerowsecurity
FROM pg_attribute
JOIN pg_class ON pg_class.oid = attrelid
WHERE attname = 'clinic_id' AND NOT attisdropped AND relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
ORDER BY relname
"""


async def walled(owner: asyncpg.Connection) -> list[str]:
    return [row["relname"] for row in await owner.fetch(TABLES) if row["relname"] not in WITHOUT_POLICY]


def foreign_to(viewer: Clinic, world: World) -> Clinic:
    return world.south if viewer is world.north else world.north


# What stands in the catalogue


async def test_every_table_with_a_clinic_is_under_forced_row_security(owner: asyncpg.Connection, service: str) -> None:
    rows = await owner.fetch(TABLES)
    unforced = {row["relname"] for row in rows if not (row["relrowsecurity"] and row["relforcerowsecurity"])}
    assert unforced <= WITHOUT_POLICY
    assert len(await walled(owner)) >= TABLES_AT_LEAST[service]


POLICIES = """
SELECT polrelid::regclass::text AS "table", polpermissive, polcmd, polroles = '{0}' AS everybody,
       pg_get_expr(polqual, polrelid) AS who_sees, pg_get_expr(polwithcheck, polrelid) AS who_writes
FROM pg_policy
ORDER BY 1
"""
OWN_CLINIC = "(clinic_id = (NULLIF(current_setting('app.clinic'::text, true), ''::text))::uuid)"


async def test_each_has_one_policy_for_everything_and_everybody(owner: asyncpg.Connection) -> None:
    policies = [tuple(row) for row in await owner.fetch(POLICIES)]
    assert policies == [(table, True, b"*", True, OWN_CLINIC, None) for table in await walled(owner)]


RIGHTS = """
SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication,
       EXISTS (SELECT FROM pg_auth_members WHERE member = pg_roles.oid) AS is_member_of_another,
       EXISTS (SELECT FROM pg_shdepend WHERE refobjid = pg_roles.oid AND deptype = 'o') AS owns_something
FROM pg_roles
WHERE rolname = $1
"""


async def test_the_applications_role_owns_nothing_and_passes_no_wall(owner: asyncpg.Connection, service: str) -> None:
    rights = await owner.fetchrow(RIGHTS, f"dosis_{service}")
    assert rights is not None
    assert not any(rights.values())
    owners = await owner.fetchrow(RIGHTS, f"dosis_{service}_owner")
    assert owners is not None
    assert owners["owns_something"] and not owners["rolsuper"]


DEFINERS = "SELECT proname FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace"
VIEWS = "SELECT relname FROM pg_class WHERE relkind IN ('v', 'm') AND relnamespace = 'public'::regnamespace"


async def test_the_ledgers_door_is_the_only_way_to_another_roles_rights(
    owner: asyncpg.Connection, service: str
) -> None:
    """A view or a SECURITY DEFINER function would read with its owner's rights, past every policy."""
    doors = ["post_movements"] if service == "stock" else []
    assert [row["proname"] for row in await owner.fetch(DEFINERS)] == doors
    assert await owner.fetch(VIEWS) == []


# What a transaction sees and does


async def test_both_clinics_have_a_row_in_every_table(lived: World, owner: asyncpg.Connection, viewer: Clinic) -> None:
    empty = [table for table in await walled(owner) if not await count(owner, table, viewer)]
    assert empty == []


async def test_a_clinic_sees_all_of_its_own_rows_and_none_of_anothers(
    lived: World, owner: asyncpg.Connection, role: asyncpg.Connection, viewer: Clinic
) -> None:
    foreign = foreign_to(viewer, lived)
    for table in await walled(owner):
        async with in_clinic(role, viewer.clinic_id):
            assert await count(role, table, foreign) == 0, table
            assert await role.fetchval(f"SELECT count(*) FROM {table}") == await count(owner, table, viewer), table


@pytest.mark.parametrize("clinic", [None, ""])
async def test_without_a_clinic_nothing_is_seen(
    owner: asyncpg.Connection, role: asyncpg.Connection, clinic: str | None
) -> None:
    for table in await walled(owner):
        async with role.transaction():
            if clinic is not None:
                await role.execute("SELECT set_config('app.clinic', $1, true)", clinic)
            assert await role.fetchval(f"SELECT count(*) FROM {table}") == 0, table
        assert await owner.fetchval(f"SELECT count(*) FROM {table}") != 0


async def test_the_clinic_ends_with_its_transaction(
    lived: World, owner: asyncpg.Connection, role: asyncpg.Connection
) -> None:
    table = (await walled(owner))[0]
    async with in_clinic(role, lived.north.clinic_id):
        assert await role.fetchval(f"SELECT count(*) FROM {table}") != 0
    assert await role.fetchval(f"SELECT count(*) FROM {table}") == 0


@pytest.mark.parametrize("change", ["UPDATE {} SET clinic_id = clinic_id", "DELETE FROM {}"])
async def test_a_clinic_changes_and_deletes_no_row_of_another(
    lived: World, owner: asyncpg.Connection, role: asyncpg.Connection, viewer: Clinic, change: str
) -> None:
    foreign = foreign_to(viewer, lived)
    for table in await walled(owner):
        before = await rows_of(owner, table, foreign)
        with contextlib.suppress(asyncpg.InsufficientPrivilegeError):
            async with in_clinic(role, viewer.clinic_id):
                changed = await role.execute(f"{change.format(table)} WHERE clinic_id = $1", foreign.clinic_id)
                assert changed.split()[-1] == "0", table
        assert await rows_of(owner, table, foreign) == before


async def test_a_clinic_makes_no_row_that_names_another(
    lived: World, owner: asyncpg.Connection, role: asyncpg.Connection, viewer: Clinic
) -> None:
    foreign = foreign_to(viewer, lived)
    for table in await walled(owner):
        before = await rows_of(owner, table, foreign)
        with pytest.raises(asyncpg.InsufficientPrivilegeError) as refused:
            async with in_clinic(role, viewer.clinic_id):
                await role.execute(COPY_ROW.format(table=table), before[0])
        is_probe = await role.fetchval("SELECT current_user") == PROBE
        assert "row-level security" in str(refused.value) or not is_probe
        assert await rows_of(owner, table, foreign) == before


async def test_a_clinic_gives_no_row_of_its_own_to_another(
    lived: World, owner: asyncpg.Connection, role: asyncpg.Connection, viewer: Clinic
) -> None:
    foreign = foreign_to(viewer, lived)
    for table in await walled(owner):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with in_clinic(role, viewer.clinic_id):
                await role.execute(f"UPDATE {table} SET clinic_id = $1", foreign.clinic_id)


COPY_ROW = """
INSERT INTO public.{table} OVERRIDING SYSTEM VALUE
SELECT * FROM jsonb_populate_record(NULL::public.{table}, $1)
"""


async def count(sql: asyncpg.Connection, table: str, clinic: Clinic) -> int:
    return int(await sql.fetchval(f"SELECT count(*) FROM {table} WHERE clinic_id = $1", clinic.clinic_id) or 0)


async def rows_of(sql: asyncpg.Connection, table: str, clinic: Clinic) -> list[Any]:
    """The rows of a clinic, whole, in some fixed order."""
    query = f"SELECT to_jsonb({table}) AS whole FROM {table} WHERE clinic_id = $1 ORDER BY 1"
    return [row["whole"] for row in await sql.fetch(query, clinic.clinic_id)]
