"""The cell as a whole: up, demo, check."""

import contextlib
import sys
from pathlib import Path

import msgspec
import rich_click as click

from deploy.cell import Cell
from deploy.check import check_cell, render
from deploy.commands.common import cell_folder, console, only_one, print_json, run, servers, this_cell
from deploy.demo import run as demo_run
from deploy.up import run_cell
from shared.clock import MOST_DEMO_DAYS


@click.command()
@click.option("--demo", is_flag=True, help="Fill a new cell with invented people, boxes and patients.")
def up(demo: bool) -> None:
    """Start the whole cell: PostgreSQL, NATS and the three services as one app."""
    folder = cell_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with only_one(folder):
        if demo and not (folder / "cell.json").exists():
            (folder / "demo").touch()
        run(run_cell(Cell(folder, demo=(folder / "demo").exists()), console))


@click.command()
@click.option("--once", is_flag=True, required=True, help="In a cell of its own that is gone afterwards.")
@click.option("--json", "as_json", is_flag=True, help="Print what happened as one JSON object.")
@click.option("--catalogue", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A file of packs.")
def demo(once: bool, as_json: bool, catalogue: Path | None) -> None:
    """Play the six stories through the API on a fresh cell, with NATS and stock killed in the middle of a day."""
    assert once
    with console.status("Playing the stories…") if not as_json else contextlib.nullcontext():
        performance = run(demo_run.perform(catalogue))
    if as_json:
        print_json(performance)
    else:
        for story in performance.stories:
            console.print(f"{'✓' if story.ok else '✗'} {story.name} ({story.seconds} s)", highlight=False)
            console.print_json(msgspec.json.encode(story.facts).decode())
        console.print(render(performance.check), markup=False)
        console.print("All of it is right." if performance.ok else "Something is wrong.")
    sys.exit(0 if performance.ok else 1)


@click.command()
@click.argument("days", type=click.IntRange(0, MOST_DEMO_DAYS))
def demo_day(days: int) -> None:
    """Set a demo cell's clock to DAYS after today; 0 is today. Its tokens and delegations end by that clock too."""
    cell = this_cell()
    if not cell.demo:
        raise click.ClickException("Only the clock of a cell with demo data can be set.")
    cell.set_days_ahead(days)
    sys.stdout.write(f"{cell.settings_of('stock').clock().today()}\n")


@click.command()
@click.option("--json", "as_json", is_flag=True)
def check(as_json: bool) -> None:
    """Replay every movement against the balances, and compare what each service believes."""

    async def work() -> int:
        cell = this_cell()
        async with servers(cell):
            report = await check_cell(cell)
        if as_json:
            print_json(report)
        else:
            console.print(render(report), markup=False)
        return 1 if report.differences else 0

    sys.exit(run(work()))
