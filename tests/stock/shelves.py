"""Lots at a clinic of a running cell, laid before pages of them are looked at."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

from services.stock.actions.lots import receive_accepted_lines
from services.stock.store import lots
from shared.database import Database
from shared.events.donations import LineAccepted
from shared.ids import new_id
from shared.roles import Role
from tests.people import Clinic, Running


def shelve(
    running: Running,
    clinic: Clinic,
    product_id: UUID,
    units: int,
    *,
    days: int = 400,
    batch: str | None = None,
    unreadable: bool = False,
    opened: bool = False,
) -> UUID:
    """Units of an accepted donation, on the shelf; returns their lot, which is of its own where no batch is given."""
    identity = lots.LotIdentity(
        product_id,
        None if unreadable else batch or f"T{new_id().hex[-10:]}".upper(),
        running.cell.settings_of("stock").clock().today() + timedelta(days=days),
        opened,
    )
    # In a thread of its own: a browser's tests have a running loop already.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(_shelve(running, clinic, identity, units))).result()


async def _shelve(running: Running, clinic: Clinic, identity: lots.LotIdentity, units: int) -> UUID:
    database = await Database.connect(running.cell.app_url("stock"), 1)
    work = running.world.work(database, "stock", clinic)
    line = LineAccepted(
        collection_id=new_id(),
        line_id=new_id(),
        pharmacy_id=clinic.pharmacies[0],
        product_id=identity.product_id,
        batch=identity.batch,
        expires_on=identity.expires_on,
        opened=identity.opened,
        units=units,
    )
    try:
        await receive_accepted_lines(work, [line])
        async with work.reading() as tx:
            return (await lots.find_lots(tx, [identity]))[identity]
    finally:
        await database.close()


def hold_all(running: Running, clinic: Clinic, product_id: UUID) -> None:
    """Nothing of a product is free at a clinic any more: all its lots are held."""
    pharmacist = running.caller(clinic, Role.CLINIC_PHARMACIST)
    for lot in pharmacist.get("stock", "/lots", product_id=str(product_id), most=500)["lots"]:
        if lot["held_at"] is None:
            pharmacist.do("stock", f"/lots/{lot['lot_id']}/hold", {"reason": "Counted again."})
