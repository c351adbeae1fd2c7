"""Clinics, pharmacies, people, delegations and tokens."""

import sys
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import rich_click as click
from rich.table import Table

from deploy import operator
from deploy.commands.common import console, print_json, run, servers, this_cell
from services.stock.registry import decisions
from services.stock.registry import store as registry
from services.stock.registry.actions import Decision
from shared.roles import Role


@click.command()
@click.argument("person")
@click.option("--label", default="command line", help="What the token is for; shown in the person's list.")
def token(person: str, label: str) -> None:
    """Print a bearer token for PERSON (sign-in name or id), good for 90 days or until it is ended."""

    async def work() -> None:
        cell = this_cell()
        async with servers(cell):
            sys.stdout.write((await operator.make_token(cell, person, label)).token + "\n")

    run(work())


@click.command()
def people() -> None:
    """List who works here, and as what."""

    async def work() -> None:
        cell = this_cell()
        async with servers(cell), operator.stock_work(cell) as stock, stock.reading() as tx:
            clinics = {clinic.clinic_id: clinic.name for clinic in await registry.clinics(tx.sql)}
            table = Table("sign-in name", "name", "role", "clinic", "until")
            for clinic_id, name in clinics.items():
                at = stock.at(clinic_id)
                async with at.reading() as there:
                    names = {p.person_id: p for p in await registry.people_of_clinic(there.sql, clinic_id)}
                    for row in await decisions.delegations(there):
                        who = names[row.delegate_id]
                        until = "ended" if row.ended_at else str(row.until_on)
                        table.add_row(who.sign_in_name, who.display_name, row.role, name, until)
        console.print(table)

    run(work())


@click.group()
def clinic() -> None:
    """The clinics of this cell."""


@clinic.command("create")
@click.argument("name")
@click.option("--phone")
@click.option("--decision", "text", required=True, help="The founding decision, in the assembly's words.")
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
def clinic_list() -> None:
    """List the clinics of this cell with their ids."""

    async def work() -> None:
        cell = this_cell()
        async with servers(cell), operator.stock_work(cell) as stock, stock.reading() as tx:
            for row in await registry.clinics(tx.sql):
                console.print(f"{row.clinic_id}  {row.name}", highlight=False)

    run(work())


@click.command()
@click.argument("clinic_id", type=click.UUID)
@click.argument("name")
@click.option("--from", "from_on", type=click.DateTime(["%Y-%m-%d"]), help="From this day; today if not given.")
def pharmacy(clinic_id: UUID, name: str, from_on: Any) -> None:
    """Take a pharmacy as a partner of a clinic."""

    async def work() -> None:
        cell = this_cell()
        async with servers(cell):
            day: date = from_on.date() if from_on else cell.settings_of("stock").clock().today()
            print_json({"pharmacy_id": await operator.create_pharmacy(cell, clinic_id, name, day)})

    run(work())


@click.command()
@click.argument("sign_in_name")
@click.argument("display_name")
@click.option("--password", help="Asked for if it is not given; empty: tokens only.")
def person(sign_in_name: str, display_name: str, password: str | None) -> None:
    """Register somebody who works here. What they may do follows from `dosis delegate`."""
    chosen = click.prompt("Password", hide_input=True, default="") if password is None else password

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
@click.option("--days", default=365, show_default=True, help="How long it holds.")
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
