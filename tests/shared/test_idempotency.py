"""A command under a key is carried out once: its first answer is given again, and nothing else of it is kept."""

import asyncio
from collections.abc import AsyncGenerator

import msgspec
import pytest
from msgspec import Struct

from deploy.cell import Cell
from shared.database import AlreadyAnswered, Command, Database, Transaction, Work
from shared.errors import KeyUsedForAnotherRequest, Refused, StillBeingDone
from shared.events.stock import LotHoldLifted
from shared.ids import new_id
from shared.service import EVENT_MIGRATIONS
from tests.scratch import Scratch, connected, empty_event_tables, scratch_database, work_of

pytestmark = pytest.mark.anyio

GIVE = Command(operation="stock.give", key="key-1234", request_mac=b"mac of a body", status=201)


def other(
    operation: str = GIVE.operation, key: str = GIVE.key, request_mac: bytes = GIVE.request_mac, status: int = 201
) -> Command:
    """The command with something else in it."""
    return Command(operation=operation, key=key, request_mac=request_mac, status=status)


class Done(Struct, frozen=True, kw_only=True):
    number: int
    note: str | None = None


class ThingRefused(Refused):
    title = "Not this one"


@pytest.fixture(scope="module")
async def scratch(cell: Cell) -> AsyncGenerator[Scratch, None]:
    async with scratch_database(cell, (EVENT_MIGRATIONS,)) as made, connected(made.owner_url) as owner:
        await owner.execute(
            "CREATE TABLE effect (number integer GENERATED ALWAYS AS IDENTITY, note text NOT NULL);"
            "GRANT SELECT, INSERT ON effect TO dosis_stock"
        )
        yield made


@pytest.fixture
async def database(scratch: Scratch) -> AsyncGenerator[Database, None]:
    await empty_event_tables(scratch)
    async with connected(scratch.owner_url) as owner:
        await owner.execute("TRUNCATE effect RESTART IDENTITY")
    made = await Database.connect(scratch.app_url, 12)
    yield made
    await made.close()


class Person:
    """Somebody who sends commands."""

    def __init__(self, cell: Cell, database: Database) -> None:
        self.cell = cell
        self.database = database
        self.person_id = new_id()

    def work(self, command: Command = GIVE) -> Work:
        return work_of(self.cell, self.database, new_id(), self.person_id, command)

    async def does(self, command: Command = GIVE, *, note: str = "done", fails: Exception | None = None) -> Done:
        """An action: it writes, tells an event, and answers, unless something in it fails."""
        async with self.work(command).transaction() as tx:
            number = await write(tx, note)
            if fails is not None:
                raise fails
            return tx.done(Done(number=number))

    async def is_answered(self, command: Command = GIVE) -> tuple[int, Done]:
        """The answer that stands already; the action isn't begun again."""
        with pytest.raises(AlreadyAnswered) as answered:
            await self.does(command, note="done twice")
        return answered.value.status, msgspec.json.decode(answered.value.answer, type=Done)


async def write(tx: Transaction, note: str) -> int:
    number = await tx.sql.fetchval("INSERT INTO effect (note) VALUES ($1) RETURNING number", note)
    tx.emit(new_id(), LotHoldLifted(lot_id=new_id()))
    return int(number or 0)


@pytest.fixture
def person(cell: Cell, database: Database) -> Person:
    return Person(cell, database)


async def notes(database: Database) -> list[str]:
    return [row["note"] for row in await database.pool.fetch("SELECT note FROM effect ORDER BY number")]


async def counted(database: Database, table: str) -> int:
    return int(await database.pool.fetchval(f"SELECT count(*) FROM {table}") or 0)


# Repeated


async def test_a_repeated_command_gets_the_first_answer_and_does_nothing(database: Database, person: Person) -> None:
    first = await person.does()
    for _ in range(3):
        assert await person.is_answered() == (201, first)
    assert await notes(database) == ["done"]
    assert await counted(database, "outbox") == 1


async def test_the_answers_own_status_is_given_again(person: Person) -> None:
    first = await person.does(other(status=200))
    assert await person.is_answered(other(status=201)) == (200, first)


async def test_a_key_with_another_request_is_refused(database: Database, person: Person) -> None:
    first = await person.does()
    with pytest.raises(KeyUsedForAnotherRequest) as refused:
        await person.does(other(request_mac=b"mac of another body"), note="another")
    assert (refused.value.status, refused.value.code) == (422, "key-used-for-another-request")
    assert await notes(database) == ["done"]
    assert await person.is_answered() == (201, first)


@pytest.mark.parametrize("another", [other(key="key-5678"), other(operation="stock.take")])
async def test_another_key_or_operation_is_another_command(
    database: Database, person: Person, another: Command
) -> None:
    first = await person.does()
    second = await person.does(another)
    assert first != second
    assert (await person.is_answered(), await person.is_answered(another)) == ((201, first), (201, second))
    assert await notes(database) == ["done", "done"]


async def test_another_person_has_keys_of_their_own(cell: Cell, database: Database, person: Person) -> None:
    somebody_else = Person(cell, database)
    first = await person.does()
    second = await somebody_else.does(other(request_mac=b"mac of another body"))
    assert await person.is_answered() == (201, first)
    with pytest.raises(KeyUsedForAnotherRequest):
        await somebody_else.does()
    assert first != second


# At once


async def test_while_a_command_is_carried_out_its_repetition_is_told_so_at_once(
    cell: Cell, database: Database, person: Person
) -> None:
    async with person.work().transaction() as tx:
        number = await write(tx, "done")
        for repeated in (GIVE, other(request_mac=b"mac of another body")):
            with pytest.raises(StillBeingDone) as refused:
                await person.does(repeated, note="done twice")
            assert (refused.value.status, refused.value.code) == (409, "still-being-done")
        # Nobody else is held up: another key, another person.
        await person.does(other(key="key-5678"), note="other key")
        await Person(cell, database).does(note="other person")
        tx.done(Done(number=number))
    assert await person.is_answered() == (201, Done(number=number))
    assert await notes(database) == ["done", "other key", "other person"]


async def test_of_many_at_once_one_is_carried_out(database: Database, person: Person) -> None:
    async def attempt() -> Done | StillBeingDone | AlreadyAnswered:
        try:
            return await person.does()
        except (StillBeingDone, AlreadyAnswered) as other_first:
            return other_first

    outcomes = await asyncio.gather(*(attempt() for _ in range(30)))
    (done,) = [outcome for outcome in outcomes if isinstance(outcome, Done)]
    answers = [outcome.answer for outcome in outcomes if isinstance(outcome, AlreadyAnswered)]
    assert all(msgspec.json.decode(answer, type=Done) == done for answer in answers)
    assert await notes(database) == ["done"]
    assert await counted(database, "idempotency") == 1


# Failed


@pytest.mark.parametrize("problem", [ThingRefused(), RuntimeError("a programmer's mistake")])
async def test_an_error_keeps_nothing_and_the_same_key_can_be_used_again(
    database: Database, person: Person, problem: Exception
) -> None:
    with pytest.raises(type(problem)):
        await person.does(fails=problem)
    for table in ("effect", "outbox", "idempotency"):
        assert await counted(database, table) == 0
    # Also by another request: nothing was answered yet.
    done = await person.does(other(request_mac=b"mac of a better body"))
    assert await notes(database) == ["done"]
    assert await person.is_answered(other(request_mac=b"mac of a better body")) == (201, done)


async def test_a_command_that_was_cut_off_can_be_repeated(database: Database, person: Person) -> None:
    began = asyncio.Event()

    async def hang() -> None:
        async with person.work().transaction() as tx:
            await write(tx, "cut off")
            began.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(hang())
    await began.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await person.does()
    assert await notes(database) == ["done"]


async def test_an_action_that_forgets_its_answer_is_a_mistake_and_changes_nothing(
    database: Database, person: Person
) -> None:
    with pytest.raises(AssertionError, match=r"tx\.done"):
        async with person.work().transaction() as tx:
            await write(tx, "unanswered")
    assert await notes(database) == []


# What is kept


async def test_nothing_of_the_request_is_kept_but_its_keyed_hash(scratch: Scratch, person: Person) -> None:
    secret = "Ελένη Παπαδοπούλου"
    done = await person.does(note=secret)
    async with connected(scratch.owner_url) as owner:
        row = await owner.fetchrow("TABLE idempotency")
    assert row is not None
    kept = dict(row)
    assert msgspec.json.decode(kept.pop("answer"), type=Done) == done
    kept.pop("answered_at")
    assert kept == {
        "person_id": person.person_id,
        "operation": GIVE.operation,
        "key": GIVE.key,
        "request_mac": GIVE.request_mac,
        "status": 201,
    }
    assert secret not in str(row)
