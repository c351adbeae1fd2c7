"""The three services as one app at one address: what `dosis up` serves, and `python -m deploy.together CELL` alone."""

import sys
from pathlib import Path

import uvloop

from deploy.cell import SERVICES, Cell
from shared.log import set_up_logging
from shared.service import build_app, serve
from shared.settings import read_settings


async def serve_together(cell: Cell) -> None:
    """Serve a cell whose servers run, until SIGTERM or SIGINT."""
    settings = {name: read_settings(cell.settings_path(name)) for name in SERVICES}
    await serve(build_app(list(SERVICES.values()), settings), "127.0.0.1", cell.secrets.web_port)


if __name__ == "__main__":
    set_up_logging("dosis")
    uvloop.run(serve_together(Cell(Path(sys.argv[1]))))
