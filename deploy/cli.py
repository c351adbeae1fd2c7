"""The `dosis` command: a cell on this machine, and what its operator does."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncGenerator, Coroutine
from datetime import date, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import msgspec
import rich_click as click
from rich.console import Console
from rich.table import Table

from deploy import operator
from deploy.cell import SERVICES, Cell
from deploy.check import check_cell, render
from deploy.demo import run as demo_run
from deploy.embedded import DidNotStart
from deploy.up import run_cell
from services.stock.catalogue import CatalogueFileUnreadable
from services.stock.registry import store as registry
from services.stock.registry.actions import Decision
from shared.errors import DosisError
from shared.roles import Role

T = TypeVar("T")
console = Console()
complain = Console(stderr=True)

FOLDER = "DOSIS_HOME"


def _cell() -> Cell:
    folder = Path(os.environ.get(FOLDER, ".dosis"))
    return Cell(folder, demo=(folder / "demo").exists())


@contextlib.asynccontextmanager
async def _servers(cell: Cell) -> AsyncGenerator[None, None]:
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


def _run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command; what a person can mend is told in a sentence, without a traceback."""
    try:
        return asyncio.run(work)
    except DosisError as problem:
        raise click.ClickException(f"{problem.title}. {problem.said}") from problem
    except (CatalogueFileUnreadable, DidNotStart) as problem:
        raise click.ClickException(str(problem)) from problem


def _print_json(value: object) -> None:
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Dosis: donated medicines, from the box to the patient.

    The cell's data stands in the folder .dosis, or where DOSIS_HOME says.
    """


@main.command()
@click.option("--demo", is_flag=True, help="Fill a new cell with invented people, boxes and patients.")
def up(demo: bool) -> None:
    """Start the whole cell: PostgreSQL, NATS and the three services as one app."""
    folder = Path(os.environ.get(FOLDER, ".dosis"))
    if demo and not (folder / "cell.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "demo").touch()
    _run(run_cell(_cell(), console))


@main.command()
@click.option("--once", is_flag=True, required=True, help="In a cell of its own that is gone afterwards.")
@click.option("--json", "as_json", is_flag=True, help="Print what happened as one JSON object.")
@click.option("--catalogue", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A file of packs.")
def demo(once: bool, as_json: bool, catalogue: Path | None) -> None:
    """Play the six stories through the API on a fresh cell, with NATS and stock killed in the middle of a day."""
    assert once
    with console.status("Playing the stories…") if not as_json else contextlib.nullcontext():
        performance = _run(demo_run.perform(catalogue))
    if as_json:
        _print_json(performance)
    else:
        for story in performance.stories:
            console.print(f"{'✓' if story.ok else '✗'} {story.name} ({story.seconds} s)", highlight=False)
            console.print_json(msgspec.json.encode(story.facts).decode())
        console.print(render(performance.check))
        console.print("All of it is right." if performance.ok else "Something is wrong.")
    sys.exit(0 if performance.ok else 1)


@main.command()
@click.option("--json", "as_json", is_flag=True)
def check(as_json: bool) -> None:
    """Replay every movement against the balances, and compare what each service believes."""

    async def work() -> int:
        cell = _cell()
        async with _servers(cell):
            report = await check_cell(cell)
        if as_json:
            _print_json(report)
        else:
            console.print(render(report))
        return 1 if report.differences else 0

    sys.exit(_run(work()))


@main.command()
@click.argument("person")
@click.option("--label", default="command line", help="What the token is for; shown in the person's list.")
def token(person: str, label: str) -> None:
    """Print a bearer token for PERSON (sign-in name or id), good for 90 days or until it is ended."""

    async def work() -> None:
        cell = _cell()
        async with _servers(cell):
            sys.stdout.write((await operator.make_token(cell, person, label)).token + "\n")

    _run(work())


@main.command()
def people() -> None:
    """List who works here, and as what."""

    async def work() -> None:
        cell = _cell()
        async with _servers(cell), operator.stock_work(cell) as stock, stock.reading() as tx:
            clinics = {clinic.clinic_id: clinic.name for clinic in await registry.clinics(tx.sql)}
            table = Table("sign-in name", "name", "role", "clinic", "until")
            for clinic_id, name in clinics.items():
                at = stock.at(clinic_id)
                async with at.reading() as there:
                    names = {p.person_id: p for p in await registry.people_of_clinic(there.sql, clinic_id)}
                    for row in await registry.delegations(there):
                        who = names[row.delegate_id]
                        until = "ended" if row.ended_at else str(row.until_on)
                        table.add_row(who.sign_in_name, who.display_name, row.role, name, until)
        console.print(table)

    _run(work())


@main.group()
def clinic() -> None:
    """The clinics of this cell."""


@clinic.command("create")
@click.argument("name")
@click.option("--phone")
@click.option("--decision", "text", required=True, help="The founding decision, in the assembly's words.")
def clinic_create(name: str, phone: str | None, text: str) -> None:
    """Create a clinic with its founding decision; the usual policies are in force from then on."""

    async def work() -> None:
        cell = _cell()
        async with _servers(cell):
            today = cell.settings_of("stock").clock().today()
            founding = Decision(
                body="General assembly", text=text, decided_on=today, reevaluate_on=today + timedelta(days=365)
            )
            _print_json(await operator.create_clinic(cell, name, phone, founding))

    _run(work())


@clinic.command("list")
def clinic_list() -> None:
    """List the clinics of this cell with their ids."""

    async def work() -> None:
        cell = _cell()
        async with _servers(cell), operator.stock_work(cell) as stock, stock.reading() as tx:
            for row in await registry.clinics(tx.sql):
                console.print(f"{row.clinic_id}  {row.name}", highlight=False)

    _run(work())


@main.command()
@click.argument("clinic_id", type=click.UUID)
@click.argument("name")
@click.option("--from", "from_on", type=click.DateTime(["%Y-%m-%d"]), help="From this day; today if not given.")
def pharmacy(clinic_id: UUID, name: str, from_on: Any) -> None:
    """Take a pharmacy as a partner of a clinic."""

    async def work() -> None:
        cell = _cell()
        async with _servers(cell):
            day: date = from_on.date() if from_on else cell.settings_of("stock").clock().today()
            _print_json({"pharmacy_id": await operator.create_pharmacy(cell, clinic_id, name, day)})

    _run(work())


@main.command()
@click.argument("sign_in_name")
@click.argument("display_name")
@click.option("--password", help="Asked for if it is not given; empty: tokens only.")
def person(sign_in_name: str, display_name: str, password: str | None) -> None:
    """Register somebody who works here. What they may do follows from `dosis delegate`."""
    chosen = click.prompt("Password", hide_input=True, default="") if password is None else password

    async def work() -> None:
        cell = _cell()
        async with _servers(cell):
            person_id = await operator.create_person(cell, sign_in_name, display_name, chosen or None)
            _print_json({"person_id": person_id})

    _run(work())


@main.command()
@click.argument("person_id", type=click.UUID)
@click.argument("role", type=click.Choice([role.value for role in Role]))
@click.argument("clinic_id", type=click.UUID)
@click.option("--decision", "decision_id", type=click.UUID, required=True, help="The decision that it stands on.")
@click.option("--pharmacy", "pharmacy_id", type=click.UUID, help="The place of a partner pharmacist.")
@click.option("--days", default=365, show_default=True, help="How long it holds.")
def delegate(
    person_id: UUID, role: str, clinic_id: UUID, decision_id: UUID, pharmacy_id: UUID | None, days: int
) -> None:
    """Delegate a role at a clinic, from today on: the first roles of a new clinic."""

    async def work() -> None:
        cell = _cell()
        async with _servers(cell):
            place_id = pharmacy_id or clinic_id
            given = await operator.delegate(cell, clinic_id, person_id, Role(role), place_id, decision_id, days)
            _print_json({"delegation_id": given})

    _run(work())


@main.group()
def catalogue() -> None:
    """The medicines that this cell knows."""


@catalogue.command("import")
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True)
def catalogue_import(file: Path | None, as_json: bool) -> None:
    """Take in FILE (UNICOM's columns), or the seed that ships with Dosis. Only what changed is changed."""

    async def work() -> None:
        cell = _cell()
        with console.status("Reading…") if not as_json else contextlib.nullcontext():
            async with _servers(cell):
                imported = await operator.import_file(cell, file)
        if as_json:
            _print_json(imported)
            return
        console.print(
            f"{imported.new} products are new, {imported.changed} changed, {imported.same} stayed as they were; "
            f"{imported.open_rows} rows wait for a person to complete them."
        )

    _run(work())


@main.group()
def events() -> None:
    """Events that wait, in plain words, and what can be done."""


@events.command("list")
def events_list() -> None:
    """List the events that wait in each service, with the reason."""

    async def work() -> None:
        cell = _cell()
        table = Table("service", "event", "from", "reason", "why", "since")
        async with _servers(cell):
            for name in SERVICES:
                for row in await operator.waiting_events(cell, name):
                    since = f"{row['arrived_at']:%Y-%m-%d %H:%M}"
                    table.add_row(name, str(row["event_id"]), row["producer"], row["reason"], row["detail"], since)
        console.print(table if table.row_count else "No event waits.")

    _run(work())


@events.command("retry")
@click.argument("service", type=click.Choice(list(SERVICES)))
@click.argument("event_id", required=False, type=click.UUID)
def events_retry(service: str, event_id: UUID | None) -> None:
    """Try again what could not be applied in SERVICE: one event, or all."""

    async def work() -> None:
        cell = _cell()
        async with _servers(cell):
            applied = await operator.retry_events(cell, service, event_id)
        console.print(f"{applied} events were applied.")

    _run(work())


@events.command("resend")
@click.argument("service", type=click.Choice(list(SERVICES)))
@click.option("--from", "from_number", default=0, help="From this number of the outbox on.")
def events_resend(service: str, from_number: int) -> None:
    """Publish SERVICE's events again; whoever has read them passes them over."""

    async def work() -> None:
        cell = _cell()
        async with _servers(cell):
            console.print(await operator.send_again(cell, service, from_number))

    _run(work())
