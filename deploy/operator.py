"""What the person who runs a cell does at the command line: clinics, people, tokens, catalogues, events."""

import contextlib
from collections.abc import AsyncGenerator
from datetime import date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
from msgspec import Struct

from deploy.cell import SERVICES, Cell
from services.dispense.sealing import make_clinic_key
from services.stock.catalogue import Reading
from services.stock.catalogue.actions import Imported, Progress, import_catalogue, preview_catalogue
from services.stock.catalogue.formats import Format, read_file
from services.stock.catalogue.planning import Plan
from services.stock.catalogue.seed import SEED_FILE
from services.stock.catalogue.store import AskedFor, WaitingRow, count_waiting, waiting_rows
from services.stock.errors import ClinicNotFound, PersonNotFound
from services.stock.registry import actions, sign_in, store
from services.stock.registry.rules import sign_in_name_of
from shared.database import Database, Work
from shared.ids import new_id
from shared.inbox import Inbox
from shared.roles import Role

SEED = "seed"


@contextlib.asynccontextmanager
async def stock_work(cell: Cell) -> AsyncGenerator[Work, None]:
    """Work in stock's database, under the role that requests use, for no clinic yet."""
    settings = cell.settings_of("stock")
    database = await Database.connect(settings.database_url, 2)
    try:
        yield Work(
            database=database,
            clock=settings.clock(),
            clinic_id=None,
            person_id=None,
            request_id=f"operator-{new_id()}",
        )
    finally:
        await database.close()


async def create_clinic(cell: Cell, name: str, phone: str | None, founding: actions.Decision) -> actions.ClinicAdded:
    """A clinic with its founding decision, and its key for patients' identities."""
    clinic_id = new_id()
    # The key comes first: a clinic that stood without one could register nobody.
    key = make_clinic_key(cell.clinic_keys, clinic_id)
    try:
        async with stock_work(cell) as work:
            return await actions.add_clinic(work, clinic_id, name, phone, founding)
    except asyncpg.IntegrityConstraintViolationError:  # refused: there is no such clinic
        key.unlink()
        raise


async def create_person(cell: Cell, sign_in_name: str, display_name: str, password: str | None = None) -> UUID:
    async with stock_work(cell) as work:
        return (await actions.add_person(work, sign_in_name, display_name, password)).person_id


async def delegate(
    cell: Cell,
    clinic_id: UUID,
    person_id: UUID,
    role: Role,
    place_id: UUID,
    decision_id: UUID,
    days: int = 365,
) -> UUID:
    """A delegation from today on, by a decision."""
    today = cell.settings_of("stock").clock().today()
    async with stock_work(cell) as work:
        async with work.reading() as tx:
            if await store.find_clinic(tx.sql, clinic_id) is None:
                raise ClinicNotFound
        given = await actions.give_delegation(
            work.at(clinic_id), person_id, role, place_id, decision_id, today, today + timedelta(days=days)
        )
        return given.delegation_id


async def create_pharmacy(cell: Cell, clinic_id: UUID, name: str, from_on: date) -> UUID:
    async with stock_work(cell) as work:
        return (await actions.set_pharmacy(work.at(clinic_id), None, name, from_on, None)).pharmacy_id


PERSON_NAMED = "SELECT person_id FROM person WHERE sign_in_name = $1 OR person_id::text = $1"


async def make_token(cell: Cell, person: str, label: str) -> sign_in.SignedIn:
    """A bearer token for a person, named by sign-in name or id."""
    async with stock_work(cell) as work:
        person_id = await work.database.pool.fetchval(PERSON_NAMED, sign_in_name_of(person))
        if person_id is None:
            raise PersonNotFound("Nobody signs in as {person}: `dosis people` lists who does.", person=person)
        return await sign_in.make_token(work, person_id, label, cell.signing_key.read_text())


class HeldRole(Struct, frozen=True, kw_only=True):
    role: str
    place_id: UUID
    until_on: date
    ended_at: datetime | None


class WorksHere(Struct, frozen=True, kw_only=True):
    """Somebody with their roles at one clinic; without a clinic, somebody who has been given none yet."""

    person_id: UUID
    sign_in_name: str
    display_name: str
    clinic_id: UUID | None
    clinic: str | None
    roles: list[HeldRole]


PEOPLE = """
SELECT person.person_id, person.sign_in_name, person.display_name, clinic.clinic_id, clinic.name AS clinic,
       delegation.role, delegation.place_id, delegation.until_on, delegation.ended_at
FROM person
LEFT JOIN delegation ON delegation.delegate_id = person.person_id
LEFT JOIN clinic ON clinic.clinic_id = delegation.clinic_id
ORDER BY clinic.name NULLS LAST, person.display_name, person.person_id, delegation.until_on, delegation.delegation_id
"""


async def people(cell: Cell) -> list[WorksHere]:
    """Everybody who is registered, by clinic."""
    found: dict[tuple[UUID, UUID | None], WorksHere] = {}
    async with stock_work(cell) as work:
        rows = await work.database.pool.fetch(PEOPLE)
    for row in rows:
        who = {name: row[name] for name in ("person_id", "sign_in_name", "display_name", "clinic_id", "clinic")}
        at = found.setdefault((row["person_id"], row["clinic_id"]), WorksHere(**who, roles=[]))
        if row["role"] is not None:
            held = {name: row[name] for name in HeldRole.__struct_fields__}
            at.roles.append(HeldRole(**held))
    return list(found.values())


def read_catalogue(file: Path | None, form: Format | None = None) -> Reading:
    """The built-in seed, or a file in the form that is told or that its columns show."""
    return read_file(SEED_FILE, Format.SEED) if file is None else read_file(file, form)


async def import_file(
    cell: Cell, file: Path | None, reading: Reading | None = None, progress: Progress | None = None
) -> Imported:
    """Take in the built-in seed, or a file; `reading` if it has been read before."""
    read = reading or read_catalogue(file)
    async with stock_work(cell) as work:
        source = SEED if file is None else file.name
        return await import_catalogue(work, source, read, *([progress] if progress else []))


async def preview_file(cell: Cell, reading: Reading) -> Plan:
    async with stock_work(cell) as work:
        return await preview_catalogue(work, reading)


async def open_rows(cell: Cell, asked: AskedFor, most: int) -> tuple[list[WaitingRow], int]:
    """The rows that wait for a person, and how many there are of them in all."""
    async with stock_work(cell) as work, work.reading() as tx:
        return await waiting_rows(tx.sql, most, 0, asked), await count_waiting(tx.sql, asked)


WAITING = """
SELECT event_id, producer, aggregate_id, version, reason, detail, arrived_at
FROM inbox_waiting
ORDER BY arrived_at
LIMIT 1000
"""
SEND_AGAIN = "UPDATE outbox SET published_at = NULL WHERE number >= $1"


async def waiting_events(cell: Cell, service: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(cell.owner_url(service))
    try:
        return await connection.fetch(WAITING)
    finally:
        await connection.close()


async def retry_events(cell: Cell, service: str, event_id: UUID | None) -> int:
    """Try parked events again; returns how many were applied."""
    settings = cell.settings_of(service)
    database = await Database.connect(settings.database_url, 2)
    try:
        return await Inbox(database, settings.clock(), SERVICES[service].consumers).retry(event_id)
    finally:
        await database.close()


async def send_again(cell: Cell, service: str, from_number: int) -> int:
    """Publish a service's events again from a number on; whoever has read them passes them over."""
    connection = await asyncpg.connect(cell.owner_url(service))
    try:
        answer = await connection.execute(SEND_AGAIN, from_number)
        return int(answer.removeprefix("UPDATE "))
    finally:
        await connection.close()
