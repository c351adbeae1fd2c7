"""Clinics, people and delegations of the edge's own tests: made by the operator, and heard by every service."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import asyncpg

from deploy import operator
from deploy.cell import SERVICES, Cell
from deploy.client import wait_until
from services.stock.registry import actions
from shared.ids import new_id
from shared.roles import Role
from tests.people import Clinic


def new_clinic(cell: Cell, name: str, *, pharmacies: int = 1) -> Clinic:
    """A clinic that no other test works at, with partner pharmacies and no people yet."""
    return asyncio.run(_new_clinic(cell, name, pharmacies))


async def _new_clinic(cell: Cell, name: str, pharmacies: int) -> Clinic:
    today = cell.settings_of("stock").clock().today()
    founding = actions.Decision(
        body="General assembly", text="We open.", decided_on=today, reevaluate_on=today + timedelta(days=365)
    )
    added = await operator.create_clinic(cell, f"{name} {new_id()}", None, founding)
    clinic = Clinic(added.clinic_id, added.decision_id, [])
    for number in range(pharmacies):
        made = await operator.create_pharmacy(cell, clinic.clinic_id, f"Demo pharmacy {number + 1} of {name}", today)
        clinic.pharmacies.append(made)
    return clinic


def new_person(cell: Cell, password: str | None = None) -> tuple[UUID, str]:
    """Somebody without any delegation, and the name they sign in under."""
    sign_in_name = f"demo-{new_id()}"
    return asyncio.run(operator.create_person(cell, sign_in_name, "Demo person", password)), sign_in_name


def delegate(
    cell: Cell, clinic: Clinic, person_id: UUID, role: Role, *, begins: int = 0, ends: int = 30, pharmacy: int = 0
) -> UUID:
    """A delegation by the founding decision; it begins and ends so many days from today."""
    place_id = clinic.pharmacies[pharmacy] if role is Role.PARTNER_PHARMACIST else clinic.clinic_id
    today = cell.settings_of("stock").clock().today()

    async def give() -> UUID:
        async with operator.stock_work(cell) as work:
            given = await actions.give_delegation(
                work.at(clinic.clinic_id),
                person_id,
                role,
                place_id,
                clinic.decision_id,
                today + timedelta(days=begins),
                today + timedelta(days=ends),
            )
            return given.delegation_id

    return asyncio.run(give())


def end_delegation(cell: Cell, clinic: Clinic, delegation_id: UUID) -> None:
    async def end() -> None:
        async with operator.stock_work(cell) as work:
            await actions.end_delegation(work.at(clinic.clinic_id), delegation_id)

    asyncio.run(end())


def delegate_all(cell: Cell, clinic: Clinic) -> UUID:
    """One person who holds every role of a clinic, heard in all services."""
    person_id, _ = new_person(cell)
    given = [delegate(cell, clinic, person_id, role) for role in Role]
    wait_until_heard(cell, given)
    return person_id


def count_rows(cell: Cell, service: str, statement: str, *values: object) -> int:
    """A count in one service's database, under the role that owns its tables."""

    async def count() -> int:
        connection = await asyncpg.connect(cell.owner_url(service))
        try:
            return int(await connection.fetchval(statement, *values))
        finally:
            await connection.close()

    return asyncio.run(count())


def wait_until_heard(cell: Cell, given: Sequence[UUID], *, ended: Sequence[UUID] = ()) -> None:
    """Wait until each service has read of delegations given and ended."""
    heard = "SELECT count(*) FROM delegation WHERE delegation_id = ANY($1)"
    over = f"{heard} AND ended_at IS NOT NULL"
    for service in SERVICES:
        wait_until(lambda s=service: count_rows(cell, s, heard, given) == len(given), f"{service} heard who may what")
        wait_until(lambda s=service: count_rows(cell, s, over, ended) == len(ended), f"{service} heard what ended")
