"""The relay: in the order of numbers, until the stream has confirmed, and all over again for a new stream."""

import contextlib
from collections import defaultdict
from collections.abc import AsyncGenerator, Generator
from uuid import UUID

import msgspec
import pytest
from nats.errors import Error as NatsError
from nats.js.api import StreamConfig
from nats.js.errors import NoStreamResponseError

from deploy.cell import Cell
from deploy.embedded import Nats
from shared import outbox
from shared.bus import ELSEWHERE
from shared.database import Database
from shared.events import decode_event
from shared.events.stock import ClinicAnnounced
from shared.ids import new_id
from tests.scratch import Scratch, connected, empty_event_tables, nats_apart, read_stream, streams_of, until, work_of
from tests.shared.outbox_writing import (
    all_published,
    held,
    ids_by_number,
    publish,
    relaying,
    scratch_with_effects,
    unpublished,
    write_at_random,
)

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
async def scratch(cell: Cell) -> AsyncGenerator[Scratch, None]:
    async with scratch_with_effects(cell) as made:
        yield made


@pytest.fixture
async def database(scratch: Scratch) -> AsyncGenerator[Database, None]:
    await empty_event_tables(scratch)
    made = await Database.connect(scratch.app_url, 12)
    yield made
    await made.close()


@pytest.fixture
def server() -> Generator[Nats, None, None]:
    with nats_apart() as started:
        yield started


async def test_the_relay_publishes_in_the_order_of_numbers_what_ten_writers_write(
    cell: Cell, scratch: Scratch, server: Nats, database: Database
) -> None:
    async with relaying(cell, scratch, server, database):
        written = await write_at_random(cell, database, [new_id() for _ in range(5)], 12)
        await until(lambda: all_published(database), "all is published")
    messages = await read_stream(server, "CELL")
    assert {message.message_id for message in messages} == set(await ids_by_number(database))
    assert len(messages) == written.total() > 2 * outbox.BATCH_ROWS
    versions: defaultdict[UUID, list[int]] = defaultdict(list)
    for message in messages:
        versions[message.envelope.aggregate_id].append(message.envelope.version)
    assert versions == {aggregate_id: list(range(1, count + 1)) for aggregate_id, count in written.items()}


async def test_what_waited_is_published_in_the_order_of_numbers(
    cell: Cell, scratch: Scratch, server: Nats, database: Database
) -> None:
    await write_at_random(cell, database, [new_id() for _ in range(5)], 12)
    async with relaying(cell, scratch, server, database):
        await until(lambda: all_published(database), "all is published")
    assert [message.message_id for message in await read_stream(server, "CELL")] == await ids_by_number(database)


async def test_an_envelope_tells_what_stands_in_its_row(
    cell: Cell, scratch: Scratch, server: Nats, database: Database
) -> None:
    event, clinic_id, person_id = held("Ανάκληση"), new_id(), new_id()
    async with work_of(cell, database, clinic_id, person_id).transaction() as tx:
        tx.emit(event.lot_id, event)
    async with relaying(cell, scratch, server, database):
        await until(lambda: all_published(database), "it is published")
    (message,) = await read_stream(server, "CELL")
    row = await database.pool.fetchrow("SELECT event_id, recorded_at FROM outbox")
    assert row is not None
    assert message.subject == "cell.stock.lot_held.v1"
    assert decode_event(message.envelope.data) == event
    assert msgspec.structs.asdict(message.envelope) == {
        "event_id": row["event_id"],
        "producer": "stock",
        "aggregate_id": event.lot_id,
        "version": 1,
        "clinic_id": clinic_id,
        "person_id": person_id,
        "request_id": "test",
        "recorded_at": row["recorded_at"],
        "data": message.envelope.data,
    }


# What was not confirmed


async def make_cell_stream(server: Nats) -> None:
    async with streams_of(server, "stock") as stream:
        await stream.add_stream(StreamConfig(name="CELL", subjects=["cell.>"]))


async def emit(cell: Cell, database: Database, *, to_the_network: bool = False) -> None:
    """An event that stays in the cell, or one for the network."""
    async with work_of(cell, database, new_id()).transaction() as tx:
        tx.emit(new_id(), ClinicAnnounced(name="Demo") if to_the_network else held())


async def test_only_what_the_stream_confirmed_is_marked(cell: Cell, server: Nats, database: Database) -> None:
    """The network's stream is missing, so nothing for it is confirmed; the events around it are."""
    await make_cell_stream(server)
    for to_the_network in (False, True, False, True, False):
        await emit(cell, database, to_the_network=to_the_network)
    written = await ids_by_number(database)
    with pytest.raises(NoStreamResponseError):
        await publish(server, database)
    assert await unpublished(database) == [written[1], written[3]]
    assert [message.message_id for message in await read_stream(server, "CELL")] == written[::2]


async def test_nothing_is_marked_while_the_bus_is_down_and_all_is_sent_later(
    cell: Cell, server: Nats, database: Database
) -> None:
    await make_cell_stream(server)
    for _ in range(3):
        await emit(cell, database)
    written = await ids_by_number(database)
    async with streams_of(server, "stock") as stream:
        server.kill()
        with pytest.raises((NatsError, TimeoutError, ConnectionError)):
            await outbox.publish_waiting("stock", database.pool, stream)
    assert await unpublished(database) == written
    server.start()
    assert await publish(server, database) == 3
    assert await unpublished(database) == []
    assert [message.message_id for message in await read_stream(server, "CELL")] == written


async def test_what_was_stored_but_not_marked_is_sent_again_under_the_same_id(
    cell: Cell, scratch: Scratch, server: Nats, database: Database
) -> None:
    """As if the relay had died between the stream's answer and the mark: the stream knows the id, and has it once."""
    await make_cell_stream(server)
    for _ in range(3):
        await emit(cell, database)
    await publish(server, database)
    async with connected(scratch.owner_url) as owner:
        await owner.execute("UPDATE outbox SET published_at = NULL")
    assert await publish(server, database) == 3
    assert await all_published(database)
    assert [message.message_id for message in await read_stream(server, "CELL")] == await ids_by_number(database)


async def test_the_relay_goes_on_by_itself_when_the_bus_is_back(
    cell: Cell, scratch: Scratch, server: Nats, database: Database
) -> None:
    async with relaying(cell, scratch, server, database) as bus:
        await emit(cell, database)
        await until(lambda: all_published(database), "the first is published")
        server.kill()
        for _ in range(3):
            await emit(cell, database)
        await until(lambda: _is(not bus.state.connected), "the relay has noticed")
        assert len(await unpublished(database)) == 3
        server.start()
        await until(lambda: all_published(database), "the others are published")
    assert [message.message_id for message in await read_stream(server, "CELL")] == await ids_by_number(database)


async def _is(holds: object) -> object:
    return holds


# A stream that was made anew


@pytest.mark.parametrize("running", [True, False])
async def test_a_new_stream_is_filled_again_from_the_outbox(
    cell: Cell, scratch: Scratch, server: Nats, database: Database, running: bool
) -> None:
    """All that was ever published, under the same ids; whether the relay saw the stream go or not."""
    for to_the_network in (False, True, False, False):
        await emit(cell, database, to_the_network=to_the_network)
    written = await ids_by_number(database)
    async with relaying(cell, scratch, server, database):
        await until(lambda: all_published(database), "all is published")
        if running:
            _lose_everything(server)
            await _until_full_again(server, database)
    if not running:
        _lose_everything(server)
        async with relaying(cell, scratch, server, database):
            await _until_full_again(server, database)
    assert [message.message_id for message in await read_stream(server, "CELL")] == [written[0], *written[2:]]
    assert [message.message_id for message in await read_stream(server, "NET")] == [written[1]]


async def _until_full_again(server: Nats, database: Database) -> None:
    await until(lambda: _has(server, "CELL", 3), "the cell's stream is full again", 60)
    await until(lambda: _has(server, "NET", 1), "the network's stream is full again")
    await until(lambda: all_published(database), "all is marked again")


def _lose_everything(server: Nats) -> None:
    server.kill()
    server.wipe()
    server.start()


async def _has(server: Nats, name: str, events: int) -> bool:
    async with streams_of(server, "tests") as stream:
        try:
            return (await stream.stream_info(name)).state.messages >= events
        except NatsError:
            return False


# One relay a database


async def test_a_second_relay_waits_until_the_first_is_gone(
    cell: Cell, scratch: Scratch, server: Nats, database: Database
) -> None:
    first_life = contextlib.AsyncExitStack()
    first = await first_life.enter_async_context(relaying(cell, scratch, server, database))
    await until(lambda: _is(first.state.connected), "the first relays")
    async with relaying(cell, scratch, server, database) as second:
        await until(lambda: _is("another process" in second.state.last_error), "the second waits")
        await emit(cell, database)
        await until(lambda: all_published(database), "the first has published")
        assert not second.state.connected
        await first_life.aclose()
        await emit(cell, database)
        await until(lambda: all_published(database), "the second has published")
        assert second.state.connected
    assert [message.message_id for message in await read_stream(server, "CELL")] == await ids_by_number(database)


async def test_a_relay_that_takes_over_without_a_bus_says_so_at_once(
    cell: Cell, scratch: Scratch, server: Nats, database: Database
) -> None:
    """The counter's banner hangs on it: from here on nobody else relays for this database."""
    first_life = contextlib.AsyncExitStack()
    first = await first_life.enter_async_context(relaying(cell, scratch, server, database))
    await until(lambda: _is(first.state.connected), "the first relays")
    async with relaying(cell, scratch, server, database) as second:
        await until(lambda: _is(second.state.last_error == ELSEWHERE), "the second waits")
        server.kill()
        await first_life.aclose()
        await until(lambda: _is(second.state.last_error != ELSEWHERE), "the second takes over", 5)
        await until(lambda: _is("NoServersError" in second.state.last_error), "it says why it can't go on", 10)
        server.start()
        await until(lambda: _is(second.state.connected), "it relays")
