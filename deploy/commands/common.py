"""What the commands share: the cell they are about, its servers, and how they answer."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncGenerator, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import rich_click as click
from rich.console import Console

from deploy.cell import Cell
from deploy.embedded import DidNotStart
from services.stock.catalogue import CatalogueFileUnreadable
from shared.errors import DosisError

T = TypeVar("T")
console = Console()

FOLDER = "DOSIS_HOME"


def this_cell() -> Cell:
    folder = Path(os.environ.get(FOLDER, ".dosis"))
    return Cell(folder, demo=(folder / "demo").exists())


@contextlib.asynccontextmanager
async def servers(cell: Cell) -> AsyncGenerator[None, None]:
    """The cell's PostgreSQL for a command: the one that runs, or one started for as long as it takes."""
    if cell.postgres.is_running():
        yield
        return
    if cell.is_new:
        raise click.ClickException("There is no cell here yet. `dosis up` makes one.")
    await asyncio.to_thread(cell.postgres.start)
    try:
        yield
    finally:
        await asyncio.to_thread(cell.postgres.stop)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command; what a person can mend is told in a sentence, without a traceback."""
    try:
        return asyncio.run(work)
    except DosisError as problem:
        raise click.ClickException(f"{problem.title}. {problem.said}") from problem
    except (CatalogueFileUnreadable, DidNotStart) as problem:
        raise click.ClickException(str(problem)) from problem


def print_json(value: object) -> None:
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")
