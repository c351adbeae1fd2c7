"""`dosis catalogue open`: the rows of imported files that wait for a person."""

import rich_click as click

from deploy import operator
from deploy.commands.common import console, run, servers, this_cell
from deploy.commands.listing import print_list
from services.stock.catalogue.reasons import IN_WORDS
from services.stock.catalogue.store import AskedFor, WaitingRow

MOST = 1000


@click.command("open")
@click.option("--text", help="Only rows with this in their name or code.")
@click.option("--source", help="Only rows of this file.")
@click.option("--json", "as_json", is_flag=True)
def catalogue_open(text: str | None, source: str | None, as_json: bool) -> None:
    """List the rows that no reader was certain of, and why. A clinic's pharmacist completes them."""
    run(_list(AskedFor(text=text or None, source=source or None), as_json))


async def _list(asked: AskedFor, as_json: bool) -> None:
    cell = this_cell()
    async with servers(cell):
        rows, waiting = await operator.open_rows(cell, asked, MOST)
    columns = {
        "source": lambda row: row.source,
        "row": lambda row: row.row_number or None,
        "code": lambda row: row.known.code,
        "name": lambda row: row.text,
        "why": _why,
    }
    print_list(rows, columns, as_json=as_json, nothing="No row waits.")
    if waiting > len(rows) and not as_json:
        console.print(f"{waiting - len(rows)} more wait: narrow it with --text or --source.")


def _why(row: WaitingRow) -> str:
    return "; ".join(IN_WORDS[gap.reason] + (f" ({gap.found})" if gap.found else "") for gap in row.gaps)
