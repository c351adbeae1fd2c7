"""What the work costs."""

from pathlib import Path

import rich_click as click
import uvloop

from deploy.bench import run as bench_run
from deploy.bench.measure import Measured
from deploy.commands.common import console
from deploy.commands.listing import print_list


@click.command()
@click.option("--quick", is_flag=True, help="Small sizes, in about a minute: whether it works, not how fast it is.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default="bench.json",
    show_default=True,
    help="Where the figures go.",
)
@click.argument("names", nargs=-1, type=click.Choice(bench_run.NAMES), metavar="[NAME]…")
def bench(quick: bool, output: Path, names: tuple[str, ...]) -> None:
    """Measure what the work costs beside the least it could cost, in a cell of its own that is gone afterwards.

    All of it, or the scenarios named: memory, intake, give, event_lag, prepare, stock_today, recall, search, start.
    """
    found: list[Measured] = []

    async def work() -> None:
        sizes = bench_run.QUICK if quick else bench_run.FULL
        async for one in bench_run.measure(sizes, names or bench_run.NAMES):
            found.append(one)
            console.print(f"{one.name}, {one.clients} clients: {one.ours:g} {one.unit}", highlight=False)
            bench_run.write_file(found, output)

    uvloop.run(work())
    print_list(found, bench_run.columns(), as_json=False, nothing="Nothing was measured.")
    console.print(f"The figures stand in {output}.")
