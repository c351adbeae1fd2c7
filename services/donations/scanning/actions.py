"""A donated box is logged by scanning it."""

from datetime import date
from typing import NamedTuple
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from services.donations.actions import collecting
from services.donations.errors import CollectionNotHandedIn, CollectionNotOpen
from services.donations.scanning import store
from services.donations.scanning.deciding import (
    SEEN_BEFORE,
    Doubt,
    NotCertain,
    ScannedItem,
    decide,
    decide_without_number,
    doubted,
)
from services.donations.scanning.second_code import is_second_code
from services.donations.scanning.settling import settled
from services.donations.store import collections
from services.donations.store.lines import LineRow, half_read_line, put_right, verdict_of
from shared import gtins
from shared.codes import Possible, Question, Recognised, certain, read_code
from shared.database import Transaction, Work
from shared.events.donations import GtinLearnt
from shared.ids import derived_id


class LoggedScan(Struct, frozen=True, kw_only=True):
    """The line of the box, and what it says. `needs_look`: a pharmacist has yet to confirm the number's product."""

    line: collecting.LineChanged
    product_id: UUID
    batch: str | None
    expires_on: date
    units: int
    needs_look: bool


class LineScanned(Struct, frozen=True, kw_only=True):
    """Just one of them: the line that was `added`; the line of which it is the other code; or what isn't certain.

    Where it is `not_certain`, nothing was stored, and it says what to answer or to add. With `same_pack`, the line that
    was logged last has what this code says too; if it was another box after all, send it again as `another_pack`.
    """

    added: LoggedScan | None = None
    same_pack: LoggedScan | None = None
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
            return tx.done(await _log(tx, collection_id, item))
    except _NothingIsAdded as nothing:
        return LineScanned(not_certain=nothing.answer)


async def add_scanned_extra_line(work: Work, collection_id: UUID, item: ScannedItem) -> LineScanned:
    """The same for a box found at the check that nobody had logged."""
    try:
        async with work.transaction() as tx:
            collection = await collecting.locked_collection(tx, collection_id, None)
            if collection.state == "open":
                raise CollectionNotHandedIn
            scanned = await _log(tx, collection_id, item)
            await collections.set_checked_if_done(tx, collection_id)
            return tx.done(scanned)
    except _NothingIsAdded as nothing:
        return LineScanned(not_certain=nothing.answer)


class _Scan(NamedTuple):
    """A number that is certain, with what a person says of the box, and what the number is known as."""

    item: ScannedItem
    reading: Recognised
    pack: gtins.KnownPack | None


async def _log(tx: Transaction, collection_id: UUID, item: ScannedItem) -> LineScanned:
    reading = await _reading(tx, item)
    if isinstance(reading, _WithoutNumber):
        return LineScanned(added=await _log_without_number(tx, collection_id, item, reading))
    scan = _Scan(item, reading, await gtins.pack_of(tx.sql, tx.clinic_id, reading.gtin))
    decided = decide(item, reading, scan.pack)
    if isinstance(decided, NotCertain) and decided.question is not None:
        raise _NothingIsAdded(decided)
    line = await _line_of_the_same_box(tx, collection_id, scan)
    if line is not None:
        return LineScanned(same_pack=await _complete(tx, line, scan))
    if isinstance(decided, NotCertain):
        raise _NothingIsAdded(decided)
    return LineScanned(added=await _add(tx, collection_id, decided, scan))


async def _add(tx: Transaction, collection_id: UUID, decided: collecting.DonatedItem, scan: _Scan) -> LoggedScan:
    """A line of its own."""
    await _ask_if_seen(tx, scan)
    line = await collecting.log_line(tx, collection_id, decided)
    logged = _logged(line, decided, needs_look=scan.pack is None or scan.pack.needs_look)
    await _keep_what_is_new(tx, scan, line.line_id, logged.product_id)
    return logged


async def _line_of_the_same_box(tx: Transaction, collection_id: UUID, scan: _Scan) -> LineRow | None:
    """The line that was logged last, if this is the other code of its box."""
    item, reading, pack = scan
    line = None if item.another_pack else await half_read_line(tx, collection_id)
    if line is None or not is_second_code(
        line,
        item,
        reading,
        product_id=pack.product.product.product_id if pack else item.product_id,
        units_per_pack=pack.units_per_pack if pack else item.units_per_pack,
        units_of_line=await collecting.units_by_number(tx, line),
    ):
        return None
    # One box has one serial: a second one is another box's.
    return None if reading.serial is not None and await store.has_serial(tx, line.line_id) else line


async def _complete(tx: Transaction, line: LineRow, scan: _Scan) -> LoggedScan:
    """The line says what either code does. Another day of the same month may be refused: then it is judged anew."""
    await _ask_if_seen(tx, scan)
    right = replace(
        line,
        scanned="both",
        batch=line.batch or scan.reading.batch or scan.item.batch,
        expires_on=scan.reading.expires_on or line.expires_on,
    )
    is_new_day = right.expires_on != line.expires_on
    verdict = await collecting.judged_anew(tx, right) if is_new_day else verdict_of(line)
    await put_right(tx, right, verdict)
    await _keep_what_is_new(tx, scan, line.line_id, line.product_id)
    return LoggedScan(
        line=collecting.line_changed(line.line_id, line.line_number, verdict),
        product_id=line.product_id,
        batch=right.batch,
        expires_on=right.expires_on,
        units=line.units,
        needs_look=line.needs_look or scan.pack is None or scan.pack.needs_look,
    )


async def _keep_what_is_new(tx: Transaction, scan: _Scan, line_id: UUID, product_id: UUID) -> None:
    """The pack's serial, to know it again; and what a number is that nobody knew."""
    if scan.reading.serial is not None:
        await store.add(tx, store.pack_hash(scan.reading.gtin, scan.reading.serial), line_id)
    if scan.pack is None:
        _learn(tx, scan.reading.gtin, product_id, scan.item.units_per_pack)


async def what_is_asked(work: Work, item: ScannedItem) -> NotCertain | None:
    """What isn't certain of a scan, without a collection to add it to; None: all is."""
    async with work.reading() as tx:
        try:
            reading = await _reading(tx, item)
        except _NothingIsAdded as nothing:
            return nothing.answer
        if isinstance(reading, _WithoutNumber):
            decided = decide_without_number(item, reading.found, reading.question)
        else:
            decided = decide(item, reading, await gtins.pack_of(tx.sql, tx.clinic_id, reading.gtin))
    return decided if isinstance(decided, NotCertain) else None


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


async def _ask_if_seen(tx: Transaction, scan: _Scan) -> None:
    item, reading, pack = scan
    day = await store.seen_on(tx, store.pack_hash(reading.gtin, reading.serial)) if reading.serial is not None else None
    if day is not None and not item.seen_before_ok:
        raise _NothingIsAdded(doubted(Doubt(SEEN_BEFORE, {"day": day}), reading, pack, seen_on=day))


def _learn(tx: Transaction, gtin: str, product_id: UUID, units_per_pack: int | None) -> None:
    """The product that was named for a number that nobody knew is told to stock, which tells everybody."""
    tx.emit(
        derived_id("gtin", gtin),
        GtinLearnt(gtin=gtin, product_id=product_id, units_per_pack=units_per_pack, learnt_at=tx.now),
    )
