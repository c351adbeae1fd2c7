"""Cells of the tests: real servers in a folder that is gone afterwards."""

import asyncio
import contextlib
import os
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path

from deploy.cell import Cell
from deploy.embedded import free_port


@contextlib.contextmanager
def made_cell() -> Generator[Cell, None, None]:
    """Servers and databases of one demo cell; the services are started by whoever needs them.

    Without fsync: these tests are about rules and transactions, not about power cuts.
    """
    folder = Path(tempfile.mkdtemp(prefix="dosis-test-"))
    cell = Cell(folder, demo=True, postgres_options=("fsync=off",), web_port=free_port())
    try:
        asyncio.run(cell.start_servers())
        yield cell
    finally:
        cell.stop_servers()
        if "DOSIS_KEEP_TEST_CELL" not in os.environ:
            shutil.rmtree(folder, ignore_errors=True)
