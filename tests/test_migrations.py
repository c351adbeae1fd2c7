"""The migrations lead to the schema files, run once each, and are never changed."""

import asyncio
import difflib
import re
import shutil
import subprocess
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from deploy.cell import SERVICES, Cell
from deploy.embedded import BIN
from shared.migrate import MigrationChanged, migrate, migrations_in
from tests.scratch import Parts, Scratch, connected, scratch_database, until

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parent.parent
APP = "dosis_stock"
EVERY_PART = sorted({part for service in SERVICES.values() for part in service.migrations})


@asynccontextmanager
async def empty(cell: Cell) -> AsyncGenerator[tuple[Scratch, asyncpg.Connection], None]:
    """A database without any table, and its owner."""
    async with scratch_database(cell, ()) as scratch, connected(scratch.owner_url) as owner:
        await owner.execute("DROP TABLE schema_migration")
        yield scratch, owner


# The migrations and the schema files


def schema_files(name: str) -> list[Path]:
    """The files that tell a service's whole schema as it is now."""
    files = {part: ROOT / "shared" / "schema" / f"{part}.sql" for part, _ in EVERY_PART if part not in SERVICES}
    return [files.get(part, ROOT / "services" / name / "schema.sql") for part, _ in SERVICES[name].migrations]


def dumped(url: str) -> list[str]:
    """The schema as pg_dump tells it, without comments and the table that the migrations themselves keep."""
    command = [
        str(BIN / "pg_dump"),
        "--schema-only",
        "--exclude-table=schema_migration",
        "--restrict-key=same",
        f"--dbname={url}",
    ]
    told = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    return [line for line in told.splitlines() if line and not line.startswith("--")]


@pytest.mark.parametrize("name", list(SERVICES))
async def test_the_migrations_lead_to_exactly_the_schema_files(cell: Cell, name: str) -> None:
    async with empty(cell) as (described, owner), scratch_database(cell, SERVICES[name].migrations) as migrated:
        for file in schema_files(name):
            await owner.execute(file.read_text().replace(":app_role", APP))
        wanted, made = dumped(described.owner_url), dumped(migrated.owner_url)
    assert not list(difflib.unified_diff(wanted, made, "schema files", "migrations", lineterm="", n=1))
    assert any(line.startswith("CREATE TABLE public.outbox ") for line in made)


async def test_the_comparison_sees_a_single_right_too_many(cell: Cell) -> None:
    """What makes the test above worth something: names, rights, policies and functions are in what is compared."""
    async with scratch_database(cell, SERVICES["stock"].migrations) as migrated:
        before = dumped(migrated.owner_url)
        for change in (
            "GRANT DELETE ON movement TO dosis_stock",
            "ALTER TABLE lot RENAME CONSTRAINT lot_balanced TO balanced",
            "ALTER TABLE lot NO FORCE ROW LEVEL SECURITY",
            "ALTER FUNCTION post_movements RESET search_path",
            "COMMENT ON TABLE lot IS NULL",
        ):
            async with connected(migrated.owner_url) as owner:
                await owner.execute(change)
            after = dumped(migrated.owner_url)
            assert before != after, change
            before = after


async def test_sign_in_names_get_their_one_form_and_of_two_that_are_the_same_one_keeps_its_own(
    cell: Cell, tmp_path: Path
) -> None:
    folder = dict(SERVICES["stock"].migrations)["stock"]
    paths = [migration.path for migration in migrations_in("stock", folder)]
    folding = next(path for path in paths if "sign_in_names" in path.name)
    for path in paths[: paths.index(folding)]:
        shutil.copy(path, tmp_path)
    shared = tuple(part for part in SERVICES["stock"].migrations if part[0] != "stock")
    names = ["ANNA", " Anna ", "anna", "ΚΏΣΤΑΣ", "Eleni", "ELENI"]
    async with scratch_database(cell, (*shared, ("stock", tmp_path))) as scratch, connected(scratch.owner_url) as owner:
        for number, name in enumerate(names):
            await owner.execute("INSERT INTO person VALUES ($1, $2, 'Demo')", UUID(int=number), name)
        shutil.copy(folding, tmp_path)
        await migrate(owner, (*shared, ("stock", tmp_path)), APP)
        kept = await owner.fetch("SELECT sign_in_name FROM person ORDER BY person_id")
    assert [row["sign_in_name"] for row in kept] == ["ANNA", " Anna ", "anna", "κώστας", "eleni", "ELENI"]


# Their numbers


@pytest.mark.parametrize(("part", "folder"), EVERY_PART)
def test_each_file_of_a_part_is_a_migration_and_their_numbers_have_no_gap(part: str, folder: Path) -> None:
    migrations = migrations_in(part, folder)
    assert [migration.number for migration in migrations] == list(range(1, len(migrations) + 1))
    assert {migration.path for migration in migrations} == set(folder.iterdir())


@pytest.mark.parametrize("names", [["0002_late.sql"], ["0001_a.sql", "0003_c.sql"], ["0001_a.sql", "0001_b.sql"]])
def test_numbers_with_a_gap_or_given_twice_are_refused(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        (tmp_path / name).write_text("SELECT 1")
    with pytest.raises(AssertionError, match="gap in"):
        migrations_in("demo", tmp_path)


# Applying them


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    """A part of two migrations, of which the first would fail if it were applied twice."""
    folder = tmp_path / "demo"
    folder.mkdir()
    (folder / "0001_things.sql").write_text(
        "CREATE TABLE thing (name text NOT NULL); GRANT SELECT ON thing TO :app_role"
    )
    (folder / "0002_first_thing.sql").write_text("INSERT INTO thing (name) VALUES ('first')")
    return folder


def parts_of(folder: Path) -> Parts:
    return (("demo", folder),)


BOTH = ["demo/0001_things.sql", "demo/0002_first_thing.sql"]


async def test_applying_twice_does_nothing(cell: Cell, demo: Path) -> None:
    async with empty(cell) as (scratch, owner):
        assert await migrate(owner, parts_of(demo), APP) == BOTH
        written = await owner.fetch("SELECT part, number, sha256, applied_at FROM schema_migration ORDER BY number")
        assert await migrate(owner, parts_of(demo), APP) == []
        assert (
            await owner.fetch("SELECT part, number, sha256, applied_at FROM schema_migration ORDER BY number")
            == written
        )
        async with connected(scratch.app_url) as app:
            assert await app.fetchval("SELECT count(*) FROM thing") == 1


async def test_a_new_migration_is_applied_alone(cell: Cell, demo: Path) -> None:
    async with empty(cell) as (_, owner):
        await migrate(owner, parts_of(demo), APP)
        (demo / "0003_second_thing.sql").write_text("INSERT INTO thing (name) VALUES ('second')")
        assert await migrate(owner, parts_of(demo), APP) == ["demo/0003_second_thing.sql"]
        assert await owner.fetchval("SELECT count(*) FROM thing") == 2


@pytest.mark.parametrize("name", ["0001_things.sql", "0002_first_thing.sql"])
async def test_a_changed_migration_is_refused_and_nothing_after_it_applied(cell: Cell, demo: Path, name: str) -> None:
    async with empty(cell) as (_, owner):
        await migrate(owner, parts_of(demo), APP)
        first = (demo / name).read_text()
        (demo / name).write_text(first + " ")
        (demo / "0003_second_thing.sql").write_text("INSERT INTO thing (name) VALUES ('second')")
        with pytest.raises(MigrationChanged) as refused:
            await migrate(owner, parts_of(demo), APP)
        assert refused.value.facts == {"file": name}
        assert await owner.fetchval("SELECT count(*) FROM thing") == 1
        (demo / name).write_text(first)
        assert await migrate(owner, parts_of(demo), APP) == ["demo/0003_second_thing.sql"]


async def test_a_migration_that_fails_leaves_nothing_and_can_be_mended(cell: Cell, demo: Path) -> None:
    third = demo / "0003_two_things.sql"
    third.write_text("INSERT INTO thing (name) VALUES ('second'); INSERT INTO thing (name) VALUES (NULL)")
    async with empty(cell) as (_, owner):
        with pytest.raises(asyncpg.NotNullViolationError):
            await migrate(owner, parts_of(demo), APP)
        assert await owner.fetchval("SELECT array_agg(name) FROM thing") == ["first"]
        third.write_text("INSERT INTO thing (name) VALUES ('second')")
        assert await migrate(owner, parts_of(demo), APP) == ["demo/0003_two_things.sql"]


WAITS_FOR_THE_OTHER = """
SELECT count(*)
FROM pg_locks
WHERE locktype = 'advisory' AND NOT granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


async def test_of_two_migrators_one_waits_and_nothing_is_applied_twice(cell: Cell, demo: Path) -> None:
    (demo / "0003_gate.sql").write_text("LOCK TABLE gate IN ACCESS EXCLUSIVE MODE")
    async with (
        empty(cell) as (scratch, keeper),
        connected(scratch.owner_url) as one,
        connected(scratch.owner_url) as other,
    ):
        await keeper.execute("CREATE TABLE gate ()")
        async with asyncio.TaskGroup() as group, keeper.transaction():
            # The first is held in the middle of its work until the second is seen to wait.
            await keeper.execute("LOCK TABLE gate IN ACCESS EXCLUSIVE MODE")
            both = [group.create_task(migrate(by, parts_of(demo), APP)) for by in (one, other)]
            await until(lambda: keeper.fetchval(WAITS_FOR_THE_OTHER), "one of them waits")
        assert sorted(task.result() for task in both) == [[], [*BOTH, "demo/0003_gate.sql"]]
        assert await keeper.fetchval("SELECT count(*) FROM thing") == 1


async def test_services_share_parts_and_keep_them_apart_from_their_own(cell: Cell) -> None:
    async with (
        scratch_database(cell, SERVICES["dispense"].migrations) as scratch,
        connected(scratch.owner_url) as owner,
    ):
        rows = await owner.fetch("SELECT DISTINCT part FROM schema_migration ORDER BY part")
        assert [row["part"] for row in rows] == ["dispense", "events", "known"]


# What the services know of stock

COLUMNS = """
SELECT relname AS "table", attname AS "column", format_type(atttypid, atttypmod) AS type, attnotnull AS required
FROM pg_attribute
JOIN pg_class ON pg_class.oid = attrelid
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
ORDER BY 1, 2
"""


async def test_every_column_of_a_known_table_stands_in_stocks_own_with_the_same_type(cell: Cell) -> None:
    async with (
        scratch_database(cell, [part for part in SERVICES["donations"].migrations if part[0] == "known"]) as known,
        scratch_database(cell, SERVICES["stock"].migrations) as stock,
        connected(known.owner_url) as owner_of_known,
        connected(stock.owner_url) as owner_of_stock,
    ):
        known_columns = {
            tuple(row) for row in await owner_of_known.fetch(COLUMNS) if row["table"] != "schema_migration"
        }
        stock_columns = {tuple(row) for row in await owner_of_stock.fetch(COLUMNS)}
    text = (ROOT / "shared" / "schema" / "known.sql").read_text()
    assert {table for table, *_ in known_columns} == set(re.findall(r"CREATE TABLE (\w+)", text))
    assert known_columns <= stock_columns
