"""The application's own role tries to break the ledger, with statements that go past its one door."""

from collections.abc import AsyncGenerator
from uuid import UUID

import asyncpg
import pytest

from deploy.cell import SERVICES, Cell
from shared.ids import new_id
from tests.scratch import connected, in_clinic
from tests.stock.ledger import BALANCES, Ledger, Move, a_ledger, post, replay

pytestmark = pytest.mark.anyio

FORBIDDEN = asyncpg.InsufficientPrivilegeError


@pytest.fixture(scope="module")
async def ledger(cell: Cell) -> AsyncGenerator[Ledger, None]:
    async with a_ledger(cell) as made:
        yield made


@pytest.fixture
async def lot_id(ledger: Ledger) -> AsyncGenerator[UUID, None]:
    """A lot with 10 units on its shelf; whatever was tried, nothing of it has changed."""
    made = await ledger.make_lot(ledger.north, units=10)
    movements = await ledger.movements(made)
    yield made
    assert await ledger.movements(made) == movements
    assert await ledger.balances(made) == replay(movements) == {"donated": 10, "shelf": 10}


async def is_forbidden(ledger: Ledger, statement: str, *values: object) -> None:
    """The role may not do it, even in a transaction of the clinic whose rows they are."""
    with pytest.raises(FORBIDDEN):
        async with in_clinic(ledger.app, ledger.north):
            await ledger.app.execute(statement, *values)


# Balances

INSERT_LOT = """
INSERT INTO lot (lot_id, clinic_id, product_id, batch, expires_on, opened, place{columns})
VALUES ($1, $2, $3, 'FORGED', '2027-01-31', false, 'shelf 1'{values})
"""


async def test_a_lot_without_units_can_be_made_and_placed(ledger: Ledger) -> None:
    made = new_id()
    async with in_clinic(ledger.app, ledger.north):
        insert = INSERT_LOT.format(columns="", values="")
        assert await ledger.app.execute(insert, made, ledger.north, ledger.product_id) == "INSERT 0 1"
        held = "UPDATE lot SET place = 'shelf 2', held_at = now(), held_reason = 'leaks' WHERE lot_id = $1"
        assert await ledger.app.execute(held, made) == "UPDATE 1"
    assert await ledger.balances(made) == {}


@pytest.mark.parametrize("column", BALANCES)
async def test_no_units_can_be_forged_with_a_new_lot(ledger: Ledger, column: str) -> None:
    insert = INSERT_LOT.format(columns=f", {column}", values=", 500")
    await is_forbidden(ledger, insert, new_id(), ledger.north, ledger.product_id)


async def test_no_lot_can_be_made_with_a_forged_but_balanced_sum(ledger: Ledger) -> None:
    insert = INSERT_LOT.format(columns=", donated, shelf", values=", 500, 500")
    await is_forbidden(ledger, insert, new_id(), ledger.north, ledger.product_id)


async def test_no_lot_can_be_copied_in_with_units(ledger: Ledger) -> None:
    columns = ["lot_id", "clinic_id", "product_id", "expires_on", "opened", "donated", "shelf"]
    with pytest.raises(FORBIDDEN):
        async with in_clinic(ledger.app, ledger.north):
            await ledger.app.copy_records_to_table(
                "lot", records=[(new_id(), ledger.north, ledger.product_id, None, False, 5, 5)], columns=columns
            )


@pytest.mark.parametrize("column", BALANCES)
async def test_no_balance_can_be_written(ledger: Ledger, lot_id: UUID, column: str) -> None:
    await is_forbidden(ledger, f"UPDATE lot SET {column} = {column} + 1 WHERE lot_id = $1", lot_id)


@pytest.mark.parametrize(
    "change",
    [
        "donated = donated + 5, shelf = shelf + 5",
        "shelf = shelf - 5, dispensed = dispensed + 5",
        "lot_id = uuidv7()",
        "clinic_id = uuidv7()",
        "product_id = uuidv7()",
        "batch = 'OTHER'",
        "expires_on = expires_on + 365",
        "opened = true",
    ],
)
async def test_no_lot_can_become_another(ledger: Ledger, lot_id: UUID, change: str) -> None:
    await is_forbidden(ledger, f"UPDATE lot SET {change} WHERE lot_id = $1", lot_id)


async def test_a_repeated_lot_can_not_be_turned_into_units(ledger: Ledger, lot_id: UUID) -> None:
    insert = INSERT_LOT.format(columns="", values="")
    upsert = f"{insert} ON CONFLICT (lot_id) DO UPDATE SET shelf = 500, donated = 500"
    await is_forbidden(ledger, upsert, lot_id, ledger.north, ledger.product_id)


# Movements

INSERT_MOVEMENT = """
INSERT INTO movement (clinic_id, lot_id, from_account, to_account, units, operation_id, business_step, recorded_at)
VALUES ($2, $1, 'donated', 'shelf', 5, uuidv7(), 'accepting', now())
"""


@pytest.mark.parametrize(
    "statement",
    [
        INSERT_MOVEMENT,
        "UPDATE movement SET units = 5 WHERE lot_id = $1 AND clinic_id = $2",
        "UPDATE movement SET reason = 'another' WHERE lot_id = $1 AND clinic_id = $2",
        "DELETE FROM movement WHERE lot_id = $1 AND clinic_id = $2",
        "SELECT movement_id FROM movement WHERE lot_id = $1 AND clinic_id = $2 FOR UPDATE",
        "MERGE INTO movement AS m USING lot ON m.lot_id = $1 AND m.clinic_id = $2 WHEN MATCHED THEN DELETE",
        "DELETE FROM lot WHERE lot_id = $1 AND clinic_id = $2",
    ],
)
async def test_no_movement_can_be_written_and_no_row_removed(ledger: Ledger, lot_id: UUID, statement: str) -> None:
    await is_forbidden(ledger, statement, lot_id, ledger.north)


# Structure

DOOR = """
CREATE OR REPLACE FUNCTION post_movements(
    p_clinic_id uuid, p_operation_id uuid, p_business_step text, p_person_id uuid, p_recorded_at timestamptz,
    p_lot_ids uuid[], p_from_accounts text[], p_to_accounts text[], p_units integer[],
    p_cause_ids uuid[], p_reasons text[], p_reverses bigint[]
) RETURNS void LANGUAGE sql AS 'UPDATE lot SET shelf = shelf + 1, donated = donated + 1'
"""


@pytest.mark.parametrize(
    "statement",
    [
        "TRUNCATE movement",
        "TRUNCATE lot CASCADE",
        "LOCK TABLE movement IN ACCESS EXCLUSIVE MODE",
        "DROP TABLE movement",
        "DROP INDEX movement_donated_once_key",
        "DROP POLICY lot_clinic ON lot",
        "ALTER TABLE lot DROP CONSTRAINT lot_balanced",
        "ALTER TABLE lot DISABLE TRIGGER ALL",
        "ALTER TABLE movement DISABLE TRIGGER ALL",
        "ALTER TABLE lot DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE lot NO FORCE ROW LEVEL SECURITY",
        "ALTER TABLE lot OWNER TO dosis_stock",
        "ALTER FUNCTION post_movements SECURITY INVOKER",
        "DROP FUNCTION post_movements",
        DOOR,
        "CREATE POLICY all_clinics ON lot USING (true)",
        "CREATE RULE forged AS ON INSERT TO movement DO ALSO NOTHING",
        "CREATE TRIGGER forged BEFORE UPDATE ON lot FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "CREATE TABLE public.forged (units integer)",
        "CREATE FUNCTION public.forged() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "CREATE SCHEMA forged",
        "CREATE TEMPORARY TABLE movement (units integer)",
        "CREATE EXTENSION dblink",
        "SELECT setval('movement_movement_id_seq', 1)",
        "SELECT nextval('movement_movement_id_seq')",
        "SET ROLE dosis_stock_owner",
        "SET ROLE postgres",
        "SET SESSION AUTHORIZATION dosis_stock_owner",
        "SET session_replication_role = replica",
        "ALTER ROLE dosis_stock BYPASSRLS",
        "ALTER ROLE dosis_stock_owner PASSWORD 'known'",
        "GRANT dosis_stock_owner TO dosis_stock",
    ],
)
async def test_the_walls_can_not_be_taken_down(ledger: Ledger, lot_id: UUID, statement: str) -> None:
    assert await ledger.balances(lot_id)
    await is_forbidden(ledger, statement)


async def test_the_role_can_not_give_itself_rights(ledger: Ledger, lot_id: UUID) -> None:
    async with in_clinic(ledger.app, ledger.north):
        # It holds some right on each, so PostgreSQL only warns that nothing was granted.
        await ledger.app.execute("GRANT ALL ON lot, movement TO dosis_stock")
    await is_forbidden(ledger, "UPDATE lot SET shelf = 0 WHERE lot_id = $1", lot_id)
    await is_forbidden(ledger, INSERT_MOVEMENT, lot_id, ledger.north)


async def test_without_row_security_nothing_is_read(ledger: Ledger, lot_id: UUID) -> None:
    async with ledger.app.transaction():
        await ledger.app.execute("SET LOCAL row_security = off")
        with pytest.raises(FORBIDDEN):
            await ledger.app.fetchval("SELECT count(*) FROM lot WHERE lot_id = $1", lot_id)


@pytest.mark.parametrize("table", ["lot", "movement"])
async def test_a_temporary_table_does_not_deceive_the_door(ledger: Ledger, table: str) -> None:
    """The application can't make one; but even where one is named like the ledger's own, the door passes it by."""
    lot_id = await ledger.make_lot(ledger.north, units=10)
    async with connected(ledger.scratch.owner_url) as owner:
        await owner.execute(f"CREATE TEMPORARY TABLE {table} (LIKE public.{table} INCLUDING ALL)")
        if table == "lot":
            await owner.execute("INSERT INTO pg_temp.lot SELECT * FROM public.lot")
        async with in_clinic(owner, ledger.north):
            await post(owner, ledger.north, [Move(lot_id, "shelf", "lost", 3)])
    assert await ledger.balances(lot_id) == replay(await ledger.movements(lot_id))
    assert await ledger.balances(lot_id) == {"donated": 10, "shelf": 7, "lost": 3}


# The other services


@pytest.mark.parametrize("name", [name for name in SERVICES if name != "stock"])
async def test_another_service_does_not_even_reach_the_database(cell: Cell, name: str) -> None:
    url = cell.postgres.url("dosis_stock", f"dosis_{name}", cell.secrets.app_passwords[name])
    with pytest.raises(FORBIDDEN, match="permission denied for database"):
        await asyncpg.connect(url)
