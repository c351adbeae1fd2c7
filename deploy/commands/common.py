"""What the commands share: the cell they are about, its servers, and how they answer."""

import asyncio
import contextlib
import fcntl
import os
import sys
from collections.abc import AsyncGenerator, Coroutine, Generator
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import rich_click as click
from rich.console import Console

from deploy.cell import Cell

T = TypeVar("T")
console = Console(soft_wrap=True)

FOLDER = "DOSIS_HOME"


def cell_folder() -> Path:
    return Path(os.environ.get(FOLDER, ".dosis"))


def this_cell() -> Cell:
    """The cell of the folder; a command never makes one by looking for it."""
    folder = cell_folder()
    if not (folder / "cell.json").exists():
        raise click.ClickException("There is no cell here yet. `dosis up` makes one.")
    return Cell(folder, demo=(folder / "demo").exists())


@contextlib.contextmanager
def only_one(folder: Path) -> Generator[None, None, None]:
    """One process at a time has a cell's servers in its hands; the lock goes with the process."""
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as problem:
            raise click.ClickException("This cell is running already, in another process.") from problem
        yield


@contextlib.asynccontextmanager
async def servers(cell: Cell) -> AsyncGenerator[None, None]:
    """The cell's PostgreSQL for a command: the one that runs, or one started for as long as it takes."""
    if cell.is_new:
        raise click.ClickException("This cell has no database yet. `dosis up` makes it.")
    if cell.postgres.is_running():
        yield
        return
    await asyncio.to_thread(cell.postgres.start)
    try:
        yield
    finally:
        await asyncio.to_thread(cell.postgres.stop)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command; `telling` puts what a person can mend into a sentence."""
    return asyncio.run(work)


def print_json(value: object) -> None:
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")
