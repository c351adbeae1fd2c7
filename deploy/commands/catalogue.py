"""The medicines that the cell knows."""

import contextlib
from pathlib import Path

import rich_click as click

from deploy import operator
from deploy.commands.common import console, print_json, run, servers, this_cell


@click.group()
def catalogue() -> None:
    """The medicines that this cell knows."""


@catalogue.command("import")
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True)
def catalogue_import(file: Path | None, as_json: bool) -> None:
    """Take in FILE (UNICOM's columns), or the seed that ships with Dosis. Only what changed is changed."""

    async def work() -> None:
        cell = this_cell()
        with console.status("Reading…") if not as_json else contextlib.nullcontext():
            async with servers(cell):
                imported = await operator.import_file(cell, file)
        if as_json:
            print_json(imported)
            return
        console.print(
            f"{imported.new} products are new, {imported.changed} changed, {imported.same} stayed as they were; "
            f"{imported.open_rows} rows wait for a person to complete them."
        )

    run(work())
