"""A donated box is logged by scanning it."""

from datetime import date
from uuid import UUID

from msgspec import Struct

from services.donations import actions
from services.donations.errors import CollectionNotHandedIn, CollectionNotOpen
from services.donations.scanning import store
from services.donations.scanning.deciding import NotCertain, ScannedItem, decide
from services.donations.store import collections
from shared import gtins
from shared.codes import Recognised, read_code
from shared.database import Transaction, Work
from shared.events.donations import GtinLearnt
from shared.ids import derived_id


class LoggedScan(Struct, frozen=True, kw_only=True):
    """The line that was added, and what it says. `needs_look`: a pharmacist has yet to confirm the number's product."""

    line: actions.LineChanged
    product_id: UUID
    batch: str | None
    expires_on: date
    units: int
    needs_look: bool


class LineScanned(Struct, frozen=True, kw_only=True):
    """`added`: the line. Null: nothing was stored, and `not_certain` says what to answer or to add."""

    added: LoggedScan | None = None
    not_certain: NotCertain | None = None


class _NothingIsAdded(Exception):
    """Takes an answer out of a transaction that leaves nothing behind, its key included."""

    def __init__(self, answer: NotCertain) -> None:
        super().__init__()
        self.answer = answer


async def add_scanned_line(
    work: Work, pharmacies: actions.Pharmacies, collection_id: UUID, item: ScannedItem
) -> LineScanned:
    """Log a box from its code if all is certain; else nothing is stored, and the answer says what isn't."""
    try:
        async with work.transaction() as tx:
            collection = await actions.locked_collection(tx, collection_id, pharmacies)
            if collection.state != "open":
                raise CollectionNotOpen
            return tx.done(LineScanned(added=await _log(tx, collection_id, item)))
    except _NothingIsAdded as nothing:
        return LineScanned(not_certain=nothing.answer)


async def add_scanned_extra_line(work: Work, collection_id: UUID, item: ScannedItem) -> LineScanned:
    """The same for a box found at the check that nobody had logged."""
    try:
        async with work.transaction() as tx:
            collection = await actions.locked_collection(tx, collection_id, None)
            if collection.state == "open":
                raise CollectionNotHandedIn
            added = await _log(tx, collection_id, item)
            await collections.set_checked_if_done(tx, collection_id)
            return tx.done(LineScanned(added=added))
    except _NothingIsAdded as nothing:
        return LineScanned(not_certain=nothing.answer)


async def _log(tx: Transaction, collection_id: UUID, item: ScannedItem) -> LoggedScan:
    reading = read_code(item.text, tx.today)
    if not isinstance(reading, Recognised):
        raise _NothingIsAdded(NotCertain(reading=reading))
    pack = await gtins.pack_of(tx.sql, tx.clinic_id, reading.gtin)
    decided = decide(item, reading, pack)
    if isinstance(decided, NotCertain):
        raise _NothingIsAdded(decided)
    seen = store.pack_hash(reading.gtin, reading.serial) if reading.serial is not None else None
    if seen is not None:
        await _ask_if_seen(tx, seen, item, reading, pack)
    line = await actions.log_line(tx, collection_id, decided)
    if seen is not None:
        await store.add(tx, seen, line.line_id)
    assert decided.product_id is not None
    if pack is None:
        _learn(tx, reading.gtin, decided.product_id, item.units_per_pack)
    return LoggedScan(
        line=line,
        product_id=decided.product_id,
        batch=decided.batch,
        expires_on=decided.expires_on,
        units=decided.units,
        needs_look=pack is None or pack.needs_look,
    )


async def _ask_if_seen(
    tx: Transaction, seen: bytes, item: ScannedItem, reading: Recognised, pack: gtins.KnownPack | None
) -> None:
    day = await store.seen_on(tx, seen)
    if day is not None and not item.seen_before_ok:
        question = f"This very pack seems to have been logged already, on {day}. Add it all the same?"
        raise _NothingIsAdded(NotCertain(reading=reading, pack=pack, question=question, seen_on=day))


def _learn(tx: Transaction, gtin: str, product_id: UUID, units_per_pack: int | None) -> None:
    """The product that was named for a number that nobody knew is told to stock, which tells everybody."""
    tx.emit(
        derived_id("gtin", gtin),
        GtinLearnt(gtin=gtin, product_id=product_id, units_per_pack=units_per_pack, learnt_at=tx.now),
    )
