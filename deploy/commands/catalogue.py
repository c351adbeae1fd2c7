"""The medicines that the cell knows."""

import contextlib
import shlex
import sys
from collections.abc import Generator
from pathlib import Path

import rich_click as click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from deploy import operator
from deploy.cell import Cell
from deploy.commands.common import cell_folder, console, print_json, run, servers, this_cell
from deploy.commands.listing import print_list
from services.stock.catalogue import Format, Reading
from services.stock.catalogue.planning import Change, Plan, Standing, plan
from services.stock.catalogue.preview import PreviewRow, changes_labels_only, preview_rows


@click.group()
def catalogue() -> None:
    """The medicines that this cell knows."""


@catalogue.command("import")
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice([form.value for form in Format]),
    help="The form of FILE, if its columns don't show it.",
)
@click.option("--preview", is_flag=True, help="Only show what would change; nothing is written.")
@click.option("--json", "as_json", is_flag=True)
def catalogue_import(file: Path | None, form: str | None, preview: bool, as_json: bool) -> None:
    """Take in FILE, or the seed that ships with Dosis. Only what changed is changed.

    Forms: the Greek price bulletin, UNICOM's packs, the French database, a list of items, the seed's own.
    """
    run(_preview(file, _form(form), as_json) if preview else _import(file, _form(form), as_json))


def _form(text: str | None) -> Format | None:
    return Format(text) if text else None


async def _import(file: Path | None, form: Format | None, as_json: bool) -> None:
    cell = this_cell()
    with _bar() as bar:
        reading = _read(file, form, bar)
        async with servers(cell):
            task = bar.add_task("Importing", total=len(reading.products))
            imported = await operator.import_file(
                cell, file, reading, lambda done, of: bar.update(task, completed=done, total=of)
            )
    if as_json:
        print_json(imported)
        return
    console.print(
        f"{imported.new} products are new, {imported.changed} changed, {imported.same} stayed as they were; "
        f"{imported.open_rows} rows wait for a person to complete them."
    )
    _tell_known_elsewhere(imported.known_elsewhere)
    if imported.open_rows:
        source = f" --source {shlex.quote(file.name)}" if file else ""
        console.print(f"See them with: dosis catalogue open{source}", soft_wrap=True, markup=False)


async def _preview(file: Path | None, form: Format | None, as_json: bool) -> None:
    with _bar() as bar:
        reading = _read(file, form, bar)
        bar.add_task("Comparing", total=None)
        planned = await _plan(reading)
    rows = preview_rows(planned)
    if as_json:
        for row in rows:
            print_json(row)
        return
    _tell(list(rows), planned)


async def _plan(reading: Reading) -> Plan:
    """Held against the cell's catalogue; where no cell has been set up, everything is new."""
    cell = Cell(cell_folder(), demo=False) if (cell_folder() / "cell.json").exists() else None
    if cell is None or cell.is_new:
        return plan(reading, Standing())
    async with servers(cell):
        return await operator.preview_file(cell, reading)


def _read(file: Path | None, form: Format | None, bar: Progress) -> Reading:
    task = bar.add_task("Reading", total=None)
    reading = operator.read_catalogue(file, form)
    rows = sum(len(product.packs) for product in reading.products) + len(reading.open_rows)
    bar.update(task, completed=rows, total=rows)
    return reading


@contextlib.contextmanager
def _bar() -> Generator[Progress]:
    """A bar on a terminal, on stderr, so that what is printed can be read by a program all the same."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        yield bar


def _tell(rows: list[PreviewRow], planned: Plan) -> None:
    """What would be new or otherwise, and what a person must look at; what stays is only counted."""
    changes = [one.change for one in planned.products]
    relabelled = sum(map(changes_labels_only, planned.products))
    print_list(
        [row for row in rows if row.change is not Change.SAME and not row.labels_only],
        {
            "change": lambda row: row.change.value,
            "code": lambda row: row.code,
            "name": lambda row: row.name,
            "units": lambda row: row.units_per_pack,
            "what": _what,
        },
        as_json=False,
        nothing="Only packs' labels would change." if relabelled else "Nothing would change.",
    )
    console.print(
        f"{changes.count(Change.NEW)} products would be new, {changes.count(Change.CHANGED)} changed, "
        f"{changes.count(Change.SAME)} stay as they are; {len(planned.open_rows)} rows would wait for a person."
    )
    if relabelled:
        console.print(
            f"{relabelled} of the changed products change only in how a pack is printed; they are not listed."
        )
    _tell_known_elsewhere(planned.known_elsewhere)


def _tell_known_elsewhere(packs: int) -> None:
    if packs:
        console.print(f"{packs} packs are known under another product already.")


def _what(row: PreviewRow) -> str:
    if row.change is Change.CHANGED:
        return ", ".join(f"{one.field}: {one.before} → {one.after}" for one in row.differences)
    if row.change is Change.OPEN:
        return ", ".join(f"{gap.reason} ({gap.found})" for gap in row.reasons)
    substances = zip(row.substances or (), row.strengths or (), strict=False)
    return " + ".join(f"{name} {strength}" for name, strength in substances) + f" {row.strength_unit or ''}"
