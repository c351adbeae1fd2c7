"""prepare: a pharmacy day for many patients over very many lots, until stock has answered every line."""

import asyncio
from uuid import UUID

from deploy.bench import laying, replay
from deploy.bench.measure import Measured, Run, compared
from deploy.bench.processes import Stretch
from deploy.bench.stage import Clinic, Stage

ALL_IN = """
SELECT coalesce(bool_and(state = 'answered'), false) FROM request WHERE clinic_id = $1
"""


async def lay(stage: Stage, patients: int, lots: int, products: int) -> Clinic:
    """A clinic with its lots and its patients, nothing prepared yet."""
    clinic = await stage.new_clinic()
    ids = await laying.lay_products(stage, products)
    await laying.lay_lots(stage, clinic, lots, ids)
    await laying.lay_patients(stage, clinic, patients, ids)
    return clinic


async def prepared(stage: Stage, clinic: Clinic) -> Run:
    """Prepare today through the API; over when dispense has committed the last part of stock's answer.

    Donations hears the answer too, has no use for it, and notes that it was read.
    """
    caller = stage.caller(clinic)
    after = await stage.last_number("stock")
    stretch = Stretch(stage.processes)
    done = await asyncio.to_thread(caller.do, "dispense", f"/pharmacy-days/{stage.today}/prepare")
    assert done["added_lines"] > 0, "somebody is expected"
    await stage.until("dispense", ALL_IN, clinic.clinic_id)
    await stage.until_read("stock", "donations", after)
    run = stretch.end(1)
    caller.close()
    return run


async def measure(stage: Stage, patients: int, lots: int, products: int, runs: int) -> list[Measured]:
    """Each run at a clinic of its own; the floor writes at another what ours has just written."""
    ours: list[Run] = []
    floor: list[Run] = []
    for number in range(runs + 1):
        clinic = await lay(stage, patients, lots, products)
        twin = await lay(stage, patients, lots, products)
        await stage.tidy()
        run = await prepared(stage, clinic)
        rows = await replay.read(stage, clinic, twin)
        floored = await replay.write(stage, twin, rows)
        if number:  # the first turn warms up and doesn't count
            ours.append(run)
            floor.append(floored)
    return [compared("prepare", 1, "s", ours, floor)]


async def visits_of(stage: Stage, clinic: Clinic) -> list[UUID]:
    rows = await stage.watch["dispense"].fetch(
        "SELECT visit_id FROM visit WHERE clinic_id = $1 ORDER BY visit_id", clinic.clinic_id
    )
    return [row["visit_id"] for row in rows]
