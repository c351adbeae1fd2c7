"""A donated box is logged by scanning it."""

from datetime import date
from typing import NamedTuple
from uuid import UUID

from msgspec import Struct

from services.donations.actions import collecting
from services.donations.errors import CollectionNotHandedIn, CollectionNotOpen
from services.donations.scanning import store
from services.donations.scanning.deciding import NotCertain, ScannedItem, decide, decide_without_number
from services.donations.scanning.settling import settled
from services.donations.store import collections
from shared import gtins
from shared.codes import Possible, Question, Recognised, certain, read_code
from shared.database import Transaction, Work
from shared.events.donations import GtinLearnt
from shared.ids import derived_id


class LoggedScan(Struct, frozen=True, kw_only=True):
    """The line that was added, and what it says. `needs_look`: a pharmacist has yet to confirm the number's product."""

    line: collecting.LineChanged
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
    work: Work, pharmacies: collecting.Pharmacies, collection_id: UUID, item: ScannedItem
) -> LineScanned:
    """Log a box from its code if all is certain; else nothing is stored, and the answer says what isn't."""
    try:
        async with work.transaction() as tx:
            collection = await collecting.locked_collection(tx, collection_id, pharmacies)
            if collection.state != "open":
                raise CollectionNotOpen
            return tx.done(LineScanned(added=await _log(tx, collection_id, item)))
    except _NothingIsAdded as nothing:
        return LineScanned(not_certain=nothing.answer)


async def add_scanned_extra_line(work: Work, collection_id: UUID, item: ScannedItem) -> LineScanned:
    """The same for a box found at the check that nobody had logged."""
    try:
        async with work.transaction() as tx:
            collection = await collecting.locked_collection(tx, collection_id, None)
            if collection.state == "open":
                raise CollectionNotHandedIn
            added = await _log(tx, collection_id, item)
            await collections.set_checked_if_done(tx, collection_id)
            return tx.done(LineScanned(added=added))
    except _NothingIsAdded as nothing:
        return LineScanned(not_certain=nothing.answer)


async def _log(tx: Transaction, collection_id: UUID, item: ScannedItem) -> LoggedScan:
    reading = await _reading(tx, item)
    if isinstance(reading, _WithoutNumber):
        return await _log_without_number(tx, collection_id, item, reading)
    pack = await gtins.pack_of(tx.sql, tx.clinic_id, reading.gtin)
    decided = decide(item, reading, pack)
    if isinstance(decided, NotCertain):
        raise _NothingIsAdded(decided)
    seen = store.pack_hash(reading.gtin, reading.serial) if reading.serial is not None else None
    if seen is not None:
        await _ask_if_seen(tx, seen, item, reading, pack)
    line = await collecting.log_line(tx, collection_id, decided)
    if seen is not None:
        await store.add(tx, seen, line.line_id)
    logged = _logged(line, decided, needs_look=pack is None or pack.needs_look)
    if pack is None:
        _learn(tx, reading.gtin, logged.product_id, item.units_per_pack)
    return logged


class _WithoutNumber(NamedTuple):
    """All that a code without a product's number says, and the question that it is."""

    found: Possible
    question: Question


async def _reading(tx: Transaction, item: ScannedItem) -> Recognised | _WithoutNumber:
    """What the code says, with what the person says of it; raises _NothingIsAdded where that is not certain."""
    reading = read_code(item.text, tx.today)
    if isinstance(reading, Recognised):
        return reading
    if isinstance(reading, Question):
        meant = settled(reading, item, await _products(tx, reading))
        if meant is not None:
            told = certain(meant)
            return told if isinstance(told, Recognised) else _WithoutNumber(meant, reading)
    raise _NothingIsAdded(NotCertain(reading=reading))


async def _products(tx: Transaction, question: Question) -> dict[str, UUID]:
    """The product of each number that a question has and that is known."""
    gtins_asked = {each.gtin for each in question.readings if each.gtin is not None}
    packs = {gtin: await gtins.pack_of(tx.sql, tx.clinic_id, gtin) for gtin in sorted(gtins_asked)}
    return {gtin: pack.product.product.product_id for gtin, pack in packs.items() if pack is not None}


async def _log_without_number(
    tx: Transaction, collection_id: UUID, item: ScannedItem, reading: _WithoutNumber
) -> LoggedScan:
    """The person names the product; no number is learnt, and none has to be looked at."""
    decided = decide_without_number(item, reading.found, reading.question)
    if isinstance(decided, NotCertain):
        raise _NothingIsAdded(decided)
    line = await collecting.log_line(tx, collection_id, decided)
    return _logged(line, decided, needs_look=False)


def _logged(line: collecting.LineChanged, item: collecting.DonatedItem, *, needs_look: bool) -> LoggedScan:
    assert item.product_id is not None
    return LoggedScan(
        line=line,
        product_id=item.product_id,
        batch=item.batch,
        expires_on=item.expires_on,
        units=item.units,
        needs_look=needs_look,
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
