"""Events that wait."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import rich_click as click
from msgspec import Struct

from deploy import operator
from deploy.cell import SERVICES
from deploy.commands import values
from deploy.commands.common import console, run, servers, this_cell
from deploy.commands.listing import print_list
from shared.web.parked import reference_of


@click.group()
def events() -> None:
    """Events that wait, in plain words, and what can be done."""


class Waiting(Struct, frozen=True, kw_only=True):
    service: str
    event_id: UUID
    producer: str
    reason: str
    detail: str | None
    arrived_at: datetime


@events.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def events_list(as_json: bool) -> None:
    """List the events that wait in each service, with the reason."""

    async def work() -> list[Waiting]:
        cell = this_cell()
        async with servers(cell):
            return [
                Waiting(service=name, **{field: row[field] for field in Waiting.__struct_fields__[1:]})
                for name in SERVICES
                for row in await operator.waiting_events(cell, name)
            ]

    columns: dict[str, Callable[[Waiting], object]] = {
        "service": lambda row: row.service,
        "event": lambda row: row.event_id,
        "reference": lambda row: reference_of(row.event_id),
        "from": lambda row: row.producer,
        "reason": lambda row: row.reason,
        "since": lambda row: f"{row.arrived_at:%Y-%m-%d %H:%M}",
        "why": lambda row: row.detail,
    }
    print_list(run(work()), columns, as_json=as_json, nothing="No event waits.")


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
@click.option("--from", "from_number", type=values.EVENT_NUMBER, default=0, help="From this number of the outbox on.")
def events_resend(service: str, from_number: int) -> None:
    """Publish SERVICE's events again; whoever has read them passes them over."""

    async def work() -> None:
        cell = this_cell()
        async with servers(cell):
            sent = await operator.send_again(cell, service, from_number)
        console.print(f"{sent} events are published again as soon as the service runs.")

    run(work())
