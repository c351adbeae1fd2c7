"""The connection to NATS: streams and durable consumers made at start, and the loops that use them."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

import asyncpg
import nats
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import Error as JetStreamError
from nats.js.errors import NotFoundError

from shared import outbox
from shared.inbox import Inbox
from shared.log import logger
from shared.settings import Settings
from shared.tasks import end_tasks

log = logger(__name__)

STREAMS = {"CELL": "cell.>", "NET": "net.>"}
BATCH_MESSAGES = 100
FETCH_SECONDS = 2.0
GATHER_SECONDS = 0.01
ACK_WAIT_SECONDS = 10
CHECK_SECONDS = 3.0
RETRY_SECONDS = 0.5
KEPT_SECONDS = 400 * 24 * 3600
DUPLICATE_WINDOW_SECONDS = 120
RELAY_LOCK_ID = 0x0D0516
ELSEWHERE = "another process is relaying for this database"
"""What a process says that has no connection because it needs none."""
NOT_YET = "not connected yet"


@dataclass(kw_only=True)
class BusState:
    """What readiness and metrics tell of the bus."""

    connected: bool = False
    consumer_lag_events: int = 0
    last_error: str = NOT_YET


class Bus:
    """Relay and consumers of one service; runs once per database, whichever process holds the lock."""

    def __init__(self, service: str, settings: Settings, inbox: Inbox, *, reads: Sequence[str]) -> None:
        self.service = service
        self.settings = settings
        self.inbox = inbox
        self.reads = tuple(reads)
        self.state = BusState()

    async def run(self) -> None:
        """Keep the bus going until cancelled: whatever breaks is logged, and all is set up again."""
        while True:
            try:
                async with self._the_one_relay() as lock, self._connected() as client:
                    await self._pump(client, lock)
            except Exception as problem:
                self.state.connected = False
                self.state.last_error = f"{type(problem).__name__}: {problem}"[:300]
                log.warning("bus_interrupted", why=self.state.last_error)
            await asyncio.sleep(RETRY_SECONDS)

    @contextlib.asynccontextmanager
    async def _the_one_relay(self) -> AsyncGenerator[asyncpg.Connection, None]:
        """Hold the database's advisory lock; another process waits here until this one is gone."""
        connection = await asyncpg.connect(self.settings.database_url, timeout=5)
        try:
            while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", RELAY_LOCK_ID):
                self.state.last_error = ELSEWHERE
                await asyncio.sleep(1)
            self.state.last_error = NOT_YET
            yield connection
        finally:
            connection.terminate()

    @contextlib.asynccontextmanager
    async def _connected(self) -> AsyncGenerator[Client, None]:
        client = await nats.connect(
            list(self.settings.nats_servers),
            user=self.settings.nats_user,
            password=self.settings.nats_password,
            name=self.service,
            inbox_prefix=f"_INBOX_{self.service}".encode(),
            connect_timeout=2,
            allow_reconnect=False,
            max_reconnect_attempts=1,  # tries that fail in `connect` itself, which else goes on for two minutes
            drain_timeout=3,
            error_cb=self._said,
            pending_size=16 * 1024 * 1024,
        )
        try:
            yield client
        finally:
            self.state.connected = False
            await client.close()

    async def _said(self, problem: Exception) -> None:
        log.warning("nats_said", why=f"{type(problem).__name__}: {problem}")

    async def _pump(self, client: Client, lock: asyncpg.Connection) -> None:
        """Relay and consume; the first of them that fails ends them all, and its failure is raised."""
        stream = client.jetstream(timeout=outbox.PUBLISH_TIMEOUT_SECONDS)
        pool = self.inbox.database.pool
        await self._set_up(stream)
        self.state.connected, self.state.last_error = True, ""
        await self.inbox.retry()
        loops = [
            outbox.relay(self.service, pool, stream, self.inbox.database.outbox_written),
            self._check(client, stream),
            _watch(lock),
            *(self._consume(stream, name) for name in self._streams()),
        ]
        tasks = [asyncio.create_task(loop) for loop in loops]
        try:
            ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await end_tasks(tasks)
        for task in ended:
            if task.cancelled():  # nats-py cancels what waits on a connection that closes
                raise ConnectionError("the connection to NATS is gone")
            task.result()

    async def _set_up(self, stream: JetStreamContext) -> None:
        created: list[tuple[str, str, str]] = []
        for name, subjects in self._streams().items():
            info = await _ensure_stream(stream, name, subjects, self.settings.nats_replicas)
            created.append((name, str(info), subjects.replace(">", "%")))
            await self._ensure_consumer(stream, name)
        await outbox.refill_new_streams(self.inbox.database.pool, created)

    def _streams(self) -> dict[str, str]:
        """The streams that the service has to do with: who reads nothing of the network has no right there."""
        return STREAMS if "net" in self.reads else {"CELL": STREAMS["CELL"]}

    def _filters(self, stream: str) -> list[str]:
        if stream == "NET":
            return ["net.>"]
        return [f"cell.{producer}.>" for producer in self.reads if producer != "net"]

    async def _ensure_consumer(self, stream: JetStreamContext, name: str) -> None:
        await stream.add_consumer(
            name,
            ConsumerConfig(
                durable_name=self.service,
                deliver_policy=DeliverPolicy.ALL,
                ack_policy=AckPolicy.EXPLICIT,
                ack_wait=ACK_WAIT_SECONDS,
                max_deliver=-1,
                max_ack_pending=4 * BATCH_MESSAGES,
                filter_subjects=self._filters(name),
            ),
        )

    async def _consume(self, stream: JetStreamContext, name: str) -> None:
        subscription = await stream.pull_subscribe_bind(durable=self.service, stream=name)
        while True:
            messages = await _fetch(subscription)
            try:
                await self.inbox.take_in([message.data for message in messages])
            except BaseException:
                for message in messages:
                    await message.nak()
                raise
            for message in messages:
                await message.ack()

    async def _check(self, client: Client, stream: JetStreamContext) -> None:
        """Notice what no error tells: a connection that is gone, streams or consumers that were deleted."""
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            if not client.is_connected:
                raise ConnectionError("the connection to NATS is gone")
            await self._set_up(stream)
            lags = [(await stream.consumer_info(name, self.service)).num_pending or 0 for name in self._streams()]
            self.state.consumer_lag_events = sum(lags)


async def _fetch(subscription: JetStreamContext.PullSubscription) -> list[Msg]:
    """What there is now, at most a batch; empty after a while of silence.

    A fetch for many waits out its whole time after the first message, so the first is fetched alone.
    """
    messages: list[Msg] = []
    with contextlib.suppress(TimeoutError):
        messages += await subscription.fetch(1, timeout=FETCH_SECONDS)
        messages += await subscription.fetch(BATCH_MESSAGES - 1, timeout=GATHER_SECONDS)
    return messages


async def _watch(connection: asyncpg.Connection) -> None:
    while True:
        await asyncio.sleep(CHECK_SECONDS)
        await connection.execute("SELECT 1", timeout=5)


async def _ensure_stream(stream: JetStreamContext, name: str, subjects: str, replicas: int) -> object:
    try:
        info = await stream.stream_info(name)
    except NotFoundError:
        with contextlib.suppress(JetStreamError):  # another service may have made it in this moment
            await stream.add_stream(
                StreamConfig(
                    name=name,
                    subjects=[subjects],
                    retention=RetentionPolicy.LIMITS,
                    storage=StorageType.FILE,
                    num_replicas=replicas,
                    max_age=KEPT_SECONDS,
                    duplicate_window=DUPLICATE_WINDOW_SECONDS,
                )
            )
        info = await stream.stream_info(name)
    return info.created
