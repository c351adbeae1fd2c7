"""Events that wait."""

from uuid import UUID

import rich_click as click
from rich.table import Table

from deploy import operator
from deploy.cell import SERVICES
from deploy.commands.common import console, run, servers, this_cell


@click.group()
def events() -> None:
    """Events that wait, in plain words, and what can be done."""


@events.command("list")
def events_list() -> None:
    """List the events that wait in each service, with the reason."""

    async def work() -> None:
        cell = this_cell()
        table = Table("service", "event", "from", "reason", "why", "since")
        async with servers(cell):
            for name in SERVICES:
                for row in await operator.waiting_events(cell, name):
                    since = f"{row['arrived_at']:%Y-%m-%d %H:%M}"
                    table.add_row(name, str(row["event_id"]), row["producer"], row["reason"], row["detail"], since)
        console.print(table if table.row_count else "No event waits.")

    run(work())


@events.command("retry")
@click.argument("service", type=click.Choice(list(SERVICES)))
@click.argument("event_id", required=False, type=click.UUID)
def events_retry(service: str, event_id: UUID | None) -> None:
    """Try again what could not be applied in SERVICE: one event, or all."""

    async def work() -> None:
        cell = this_cell()
        async with servers(cell):
            applied = await operator.retry_events(cell, service, event_id)
        console.print(f"{applied} events were applied.")

    run(work())


@events.command("resend")
@click.argument("service", type=click.Choice(list(SERVICES)))
@click.option("--from", "from_number", default=0, help="From this number of the outbox on.")
def events_resend(service: str, from_number: int) -> None:
    """Publish SERVICE's events again; whoever has read them passes them over."""

    async def work() -> None:
        cell = this_cell()
        async with servers(cell):
            console.print(await operator.send_again(cell, service, from_number))

    run(work())
