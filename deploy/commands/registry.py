"""Clinics, pharmacies, people, delegations and tokens."""

import sys
from collections.abc import Callable
from datetime import date, timedelta
from uuid import UUID

import rich_click as click

from deploy import operator
from deploy.commands import values
from deploy.commands.common import print_json, run, servers, this_cell
from deploy.commands.listing import print_list
from services.stock.registry import store as registry
from services.stock.registry.actions import Decision
from services.stock.registry.rules import LONGEST_DELEGATION_DAYS
from shared.roles import Role


@click.command()
@click.argument("person", type=values.NAME)
@click.option(
    "--label", type=values.NAME, default="command line", help="What the token is for; shown in the person's list."
)
def token(person: str, label: str) -> None:
    """Print a bearer token for PERSON (sign-in name or id), good for 90 days or until it is ended."""

    async def work() -> None:
        cell = this_cell()
        async with servers(cell):
            sys.stdout.write((await operator.make_token(cell, person, label)).token + "\n")

    run(work())


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def people(as_json: bool) -> None:
    """List who is registered, at which clinic, and as what until when."""

    async def work() -> list[operator.WorksHere]:
        cell = this_cell()
        async with servers(cell):
            return await operator.people(cell)

    columns: dict[str, Callable[[operator.WorksHere], object]] = {
        "person id": lambda who: who.person_id,
        "sign-in name": lambda who: who.sign_in_name,
        "name": lambda who: who.display_name,
        "clinic": lambda who: who.clinic,
        "roles": lambda who: ", ".join(map(_role, who.roles)) or None,
    }
    print_list(run(work()), columns, as_json=as_json, nothing="Nobody is registered yet.")


def _role(held: operator.HeldRole) -> str:
    return f"{held.role} ended {held.ended_at:%Y-%m-%d}" if held.ended_at else f"{held.role} until {held.until_on}"


@click.group()
def clinic() -> None:
    """The clinics of this cell."""


@clinic.command("create")
@click.argument("name", type=values.NAME)
@click.option("--phone", type=values.NAME)
@click.option(
    "--decision", "text", type=values.TEXT, required=True, help="The founding decision, in the assembly's words."
)
def clinic_create(name: str, phone: str | None, text: str) -> None:
    """Create a clinic with its founding decision; the usual policies are in force from then on."""

    async def work() -> None:
        cell = this_cell()
        async with servers(cell):
            today = cell.settings_of("stock").clock().today()
            founding = Decision(
                body="General assembly", text=text, decided_on=today, reevaluate_on=today + timedelta(days=365)
            )
            print_json(await operator.create_clinic(cell, name, phone, founding))

    run(work())


@clinic.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def clinic_list(as_json: bool) -> None:
    """List the clinics of this cell with their ids."""

    async def work() -> list[registry.ClinicRow]:
        cell = this_cell()
        async with servers(cell), operator.stock_work(cell) as stock, stock.reading() as tx:
            return await registry.clinics(tx.sql)

    columns: dict[str, Callable[[registry.ClinicRow], object]] = {
        "clinic id": lambda row: row.clinic_id,
        "name": lambda row: row.name,
        "phone": lambda row: row.phone,
    }
    print_list(run(work()), columns, as_json=as_json, nothing="There is no clinic yet.")


@click.command()
@click.argument("clinic_id", type=click.UUID)
@click.argument("name", type=values.NAME)
@click.option("--from", "from_on", type=values.DAY, help="From this day; today if not given.")
def pharmacy(clinic_id: UUID, name: str, from_on: date | None) -> None:
    """Take a pharmacy as a partner of a clinic."""

    async def work() -> None:
        cell = this_cell()
        async with servers(cell):
            day = from_on or cell.settings_of("stock").clock().today()
            print_json({"pharmacy_id": await operator.create_pharmacy(cell, clinic_id, name, day)})

    run(work())


@click.command()
@click.argument("sign_in_name", type=values.NAME)
@click.argument("display_name", type=values.NAME)
@click.option("--password", type=values.PASSWORD, help="Asked for if it is not given; empty: tokens only.")
def person(sign_in_name: str, display_name: str, password: str | None) -> None:
    """Register somebody who works here. What they may do follows from `dosis delegate`."""
    chosen = password
    if chosen is None:
        chosen = click.prompt("Password", hide_input=True, default="", show_default=False, type=values.PASSWORD)

    async def work() -> None:
        cell = this_cell()
        async with servers(cell):
            person_id = await operator.create_person(cell, sign_in_name, display_name, chosen or None)
            print_json({"person_id": person_id})

    run(work())


@click.command()
@click.argument("person_id", type=click.UUID)
@click.argument("role", type=click.Choice([role.value for role in Role]))
@click.argument("clinic_id", type=click.UUID)
@click.option("--decision", "decision_id", type=click.UUID, required=True, help="The decision that it stands on.")
@click.option("--pharmacy", "pharmacy_id", type=click.UUID, help="The place of a partner pharmacist.")
@click.option(
    "--days",
    type=click.IntRange(0, LONGEST_DELEGATION_DAYS),
    default=365,
    show_default=True,
    help="How long it holds, at most two years.",
)
def delegate(
    person_id: UUID, role: str, clinic_id: UUID, decision_id: UUID, pharmacy_id: UUID | None, days: int
) -> None:
    """Delegate a role at a clinic, from today on: the first roles of a new clinic."""

    async def work() -> None:
        cell = this_cell()
        async with servers(cell):
            place_id = pharmacy_id or clinic_id
            given = await operator.delegate(cell, clinic_id, person_id, Role(role), place_id, decision_id, days)
            print_json({"delegation_id": given})

    run(work())
