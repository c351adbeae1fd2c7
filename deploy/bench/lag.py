"""event_lag: from the commit at donations to the lot on the shelf, at half of the top load.

PostgreSQL itself says when each transaction was committed (track_commit_timestamp): the row that the check changed
last, and the movement that made its units stock. Both databases are of one server, under one clock.
"""

import asyncio
import threading
import time
from functools import partial
from uuid import UUID

from deploy.bench import intake
from deploy.bench.caller import Caller, side_by_side
from deploy.bench.measure import Measured, alone
from deploy.bench.processes import Stretch
from deploy.bench.stage import Clinic, Stage

CHECKED = """
SELECT line_id, extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8 AS at
FROM line
WHERE clinic_id = $1 AND state = 'accepted'
"""
ON_THE_SHELF = """
SELECT cause_id, extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8 AS at
FROM movement
WHERE clinic_id = $1 AND from_account = 'donated'
"""


class _Pace:
    """Collections begun at even intervals, whoever of the clients is free."""

    def __init__(self, a_second: float, boxes: list[list[intake.Box]]) -> None:
        self._interval = 1 / a_second
        self._boxes = boxes
        self._begun = 0
        self._started = time.monotonic()
        self._lock = threading.Lock()

    def next(self) -> list[intake.Box] | None:
        with self._lock:
            if self._begun == len(self._boxes):
                return None
            found, at = self._boxes[self._begun], self._started + self._begun * self._interval
            self._begun += 1
        time.sleep(max(0.0, at - time.monotonic()))
        return found


async def measure(stage: Stage, clients: int, collections: int, top_collections: int) -> list[Measured]:
    """The top load first, by itself; then half of it, and how long each line was on its way."""
    clinic = await stage.new_clinic()
    warm = intake.Intake(stage, clinic, clients, clients)
    await warm.ours()
    top = await intake.Intake(stage, clinic, clients, top_collections).ours()
    half_a_second = top.operations / top.seconds / 2
    quiet = await stage.new_clinic()
    after = await stage.last_number("donations")
    pace = _Pace(half_a_second, intake.next_boxes(stage, collections))
    callers = [stage.caller(quiet) for _ in range(clients)]
    stretch = Stretch(stage.processes)
    await asyncio.to_thread(side_by_side, [partial(_client, caller, quiet, pace) for caller in callers])
    await stage.until_read("donations", "stock", after)
    stolen = round(stretch.end(collections).stolen, 4)
    lags = await _lags(stage, quiet)
    assert len(lags) == collections * intake.LINES, "every line has reached the shelf"
    return [
        alone("event_lag", clients, "s (p99)", lags, at=0.99, stolen=stolen),
        alone("event_lag_p50", clients, "s (p50)", lags, stolen=stolen),
    ]


def _client(caller: Caller, clinic: Clinic, pace: _Pace) -> None:
    while (boxes := pace.next()) is not None:
        intake.hand_in_and_check(caller, clinic.pharmacy_id, boxes)
    caller.close()


async def _lags(stage: Stage, clinic: Clinic) -> list[float]:
    checked = await stage.watch["donations"].fetch(CHECKED, clinic.clinic_id)
    there: dict[UUID, float] = {
        row["cause_id"]: row["at"] for row in await stage.watch["stock"].fetch(ON_THE_SHELF, clinic.clinic_id)
    }
    return [there[row["line_id"]] - row["at"] for row in checked]
