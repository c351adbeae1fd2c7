"""`dosis demo --once`: a fresh cell in a temporary folder, the six stories, a check, and what happened."""

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from deploy import operator
from deploy.cell import SERVICES, Cell
from deploy.check import CheckReport, check_cell
from deploy.demo import days, intake, sharing
from deploy.demo.people import found_clinics
from deploy.demo.stage import NotAsTold, Stage, Story
from services.stock.catalogue import read_seed, read_unicom
from shared.catalogue import Product

COLLECTIONS_PER_PHARMACY = 11
LINES_PER_COLLECTION = 12
PATIENTS_BEFORE_EACH_DAY = 25


class Performance(Struct, frozen=True, kw_only=True):
    """What happened, and whether all of it was right."""

    ok: bool
    stories: list[Story]
    check: CheckReport


async def perform(catalogue: Path | None) -> Performance:
    """Play everything in a fresh cell, which is gone afterwards."""
    reading = read_seed() if catalogue is None else read_unicom(catalogue)
    folder = Path(tempfile.mkdtemp(prefix="dosis-demo-"))
    cell = Cell(folder, demo=True)
    try:
        await cell.start_servers()
        await operator.import_file(cell, catalogue)
        return await _in_cell(cell, reading.products)
    finally:
        cell.stop_servers()
        shutil.rmtree(folder, ignore_errors=True)


async def _in_cell(cell: Cell, products: Sequence[Product]) -> Performance:
    today = cell.settings_of("stock").clock().today()
    places = await found_clinics(cell, today)
    with contextlib.ExitStack() as stack:
        processes = {name: stack.enter_context(cell.service_process(name)) for name in SERVICES}
        stage = Stage(cell, {name: p.url for name, p in processes.items()}, places, products)
        stage.processes = processes
        await stage.hire()
        right = await asyncio.to_thread(_play, stage)
        report = await check_cell(cell)
    ok = right and not report.differences and not report.parked_events
    return Performance(ok=ok, stories=stage.told, check=report)


def _play(stage: Stage) -> bool:
    stage.wait_until_known()
    days.set_calendar(stage)
    try:
        stage.tell("1 a partner pharmacy logs boxes", _log)
        stage.tell("2 the clinic's pharmacist checks them", intake.check_boxes)
        stage.tell("3 anyone sees what is there, and why", intake.look_at_stock)
        stage.tell("4 patients, and a pharmacy day prepared", _register_first)
        stage.tell("5 the counter gives, with a lot held", days.first_day)
        stage.tell("4 more patients", _register_second)
        stage.tell("5 the counter gives, with stock and NATS killed", days.second_day)
        stage.tell("6 clinics say what they can spare", sharing.spare)
        stage.tell("6 a second clinic is helped", sharing.transfer)
    except NotAsTold:
        return False
    return True


def _log(stage: Stage) -> dict[str, object]:
    return intake.log_boxes(stage, COLLECTIONS_PER_PHARMACY, LINES_PER_COLLECTION)


def _register_first(stage: Stage) -> dict[str, object]:
    days.register_patients(stage, 1, PATIENTS_BEFORE_EACH_DAY)
    return {"patients": len(stage.cards)}


def _register_second(stage: Stage) -> dict[str, object]:
    days.register_patients(stage, PATIENTS_BEFORE_EACH_DAY + 1, PATIENTS_BEFORE_EACH_DAY)
    return {"patients": len(stage.cards)}
