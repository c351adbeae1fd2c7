"""`dosis up`: the whole cell on one machine, its three services as one app."""

import asyncio
import contextlib
import logging
import threading
from typing import TextIO

import structlog
from rich.console import Console

from deploy import operator
from deploy.cell import SERVICES, Cell
from deploy.client import wait_until
from deploy.demo import days, intake, sharing
from deploy.demo.people import PASSWORD, PEOPLE, DemoPlace, found_clinics
from deploy.demo.stage import Stage
from deploy.embedded import DidNotStart, is_listening
from deploy.keeping import kept_up
from deploy.together import serve_together
from services.stock.catalogue import read_seed
from shared.log import set_up_logging


async def run_cell(cell: Cell, console: Console) -> None:
    """Start what is needed, serve until Ctrl+C, stop what was started."""
    if is_listening(cell.secrets.web_port):
        raise DidNotStart(f"Port {cell.secrets.web_port} is taken: is this cell running already?")
    new = cell.is_new
    log_path = cell.folder / "dosis.log"
    log_path.touch(mode=0o600)
    with log_path.open("a", buffering=1) as log:
        try:
            with console.status("Starting PostgreSQL and NATS…"):
                await cell.start_servers()
            await _serve(cell, console, log, new=new)
        finally:
            cell.stop_servers()


async def _serve(cell: Cell, console: Console, log: TextIO, *, new: bool) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    places = None
    if new and cell.demo:
        with console.status("Inventing clinics and people, taking in the catalogue…"):
            await operator.import_file(cell, None)
            today = cell.settings_of("stock").clock().today()
            places = await found_clinics(cell, today)
    set_up_logging("dosis", log)
    url = f"http://127.0.0.1:{cell.secrets.web_port}"
    threading.Thread(target=_tell, args=(cell, console, url, places), daemon=True).start()
    with kept_up(console, cell.postgres, cell.nats):
        await serve_together(cell)


def _tell(cell: Cell, console: Console, url: str, places: dict[str, DemoPlace] | None) -> None:
    """Once the app answers: fill in the demo's boxes and patients, then print the address."""
    wait_until(lambda: is_listening(cell.secrets.web_port), "the app listens", 30)
    if places is not None:
        with console.status("Filling in boxes and patients…"), contextlib.suppress(KeyboardInterrupt):
            asyncio.run(fill_in(cell, url, places))
    console.print(f"\nDosis is at [bold]{url}[/bold]  (Ctrl+C ends it)", highlight=False)
    if cell.demo:
        console.print("\nInvented people; `dosis token NAME` prints a token for the API:", highlight=False)
        for person in PEOPLE:
            place = person.pharmacy or person.clinic
            console.print(f"  {person.sign_in_name:9} {person.role.replace('_', ' '):19} {place}", highlight=False)
        console.print(f"Their password is {PASSWORD}; this cell listens on this machine only.\n", highlight=False)


async def fill_in(cell: Cell, url: str, places: dict[str, DemoPlace]) -> None:
    """What a demo cell has at its first start: boxes on the shelves and before the check, and patients with plans."""
    stage = Stage(cell, dict.fromkeys(SERVICES, url), places, read_seed().products)
    await stage.hire()

    def play() -> None:
        stage.wait_until_known()
        intake.log_boxes(stage, 6, 14)
        intake.check_boxes(stage)
        sharing.spare(stage)
        sharing.ask(stage)
        # One collection more, which waits to be checked.
        intake.log_boxes(stage, 1, 8)
        days.set_calendar(stage)
        days.register_patients(stage, 1, 10)

    await asyncio.to_thread(play)
