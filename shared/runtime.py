"""A service while it runs: its settings, database, clock and bus."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator

from shared.bus import Bus, BusState
from shared.clock import Clock
from shared.database import Database
from shared.identity import Standings
from shared.inbox import Consumers, Inbox
from shared.log import logger
from shared.search import refresh_search_tokens
from shared.settings import Settings
from shared.tasks import end_tasks

log = logger(__name__)

ANSWERS_KEPT_DAYS = 60
FORGET_ANSWERS = "DELETE FROM idempotency WHERE answered_at < now() - make_interval(days => $1)"
HOUSEKEEPING_SECONDS = 3600


class Runtime:
    """Made when the app is built; alive inside `running()`."""

    def __init__(self, service_name: str, settings: Settings, consumers: Consumers, reads: tuple[str, ...]) -> None:
        self.service_name = service_name
        self.settings = settings
        self.clock: Clock = settings.clock()
        self.standings = Standings()
        self._consumers = consumers
        self._reads = reads
        self._database: Database | None = None
        self._bus: Bus | None = None

    @property
    def database(self) -> Database:
        assert self._database is not None, "the service is not running"
        return self._database

    @property
    def inbox(self) -> Inbox:
        return Inbox(self.database, self.clock, self._consumers)

    @property
    def bus(self) -> BusState:
        return self._bus.state if self._bus else BusState()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncGenerator[None, None]:
        """Connect to the database and keep the bus going in the background."""
        self._database = await Database.connect(self.settings.database_url, self.settings.database_connections)
        self._bus = Bus(self.service_name, self.settings, self.inbox, reads=self._reads)
        tasks = [asyncio.create_task(self._bus.run()), asyncio.create_task(self._keep_house())]
        try:
            yield
        finally:
            await end_tasks(tasks)
            await self._database.close()

    async def _keep_house(self) -> None:
        while True:
            try:
                await self.database.pool.execute(FORGET_ANSWERS, ANSWERS_KEPT_DAYS)
                # At the start too: a migration can't fold the names of the products that were there before it.
                await refresh_search_tokens(self.database.pool)
            except Exception as problem:
                log.warning("housekeeping_failed", why=f"{type(problem).__name__}: {problem}")
            await asyncio.sleep(HOUSEKEEPING_SECONDS)
