"""What a scan and a person's words make of a donated item: pure decisions over what is known of the number."""

from datetime import date
from typing import Literal
from uuid import UUID

from msgspec import Struct

from services.donations.actions.collecting import DonatedItem
from services.donations.rules import Storage
from shared.codes import Possible, Reading, Recognised
from shared.gtins import KnownPack
from shared.language import N_
from shared.policies import SourceKind

Missing = Literal["product", "batch", "expires_on", "units"]


class ScannedItem(Struct, frozen=True, kw_only=True):
    """A raw scan, and what a person read on the box where the code does not say it.

    `units` None: a full pack. `batch_unreadable`: neither code nor box has it. `seen_before_ok`: add it though a
    pack with this serial was logged before. `more_than_pack_ok`: there is more in the box than a full pack has.
    `another_pack`: it is a box of its own, though it could be the other code of the box that was logged last.
    """

    text: str
    source_kind: SourceKind
    source_name: str | None = None
    storage: Storage = Storage.ROOM
    opened: bool = False
    units: int | None = None
    units_per_pack: int | None = None
    product_id: UUID | None = None
    batch: str | None = None
    batch_unreadable: bool = False
    expires_on: date | None = None
    seen_before_ok: bool = False
    more_than_pack_ok: bool = False
    another_pack: bool = False


class NotCertain(Struct, frozen=True, kw_only=True):
    """Why no line was added: the reading's own question or refusal, a question, or what is missing.

    `asked` is the question as it is translated, with places for `facts`.
    """

    reading: Reading
    pack: KnownPack | None = None
    question: str | None = None
    asked: str | None = None
    facts: dict[str, int | date] = {}
    missing: tuple[Missing, ...] = ()
    seen_on: date | None = None


class Doubt(Struct, frozen=True):
    """A question, with places for its facts."""

    asked: str
    facts: dict[str, int | date] = {}


OTHER_BATCH = N_("The code says another batch than you do. Which is printed on the box?")
OTHER_EXPIRY = N_("The code says another expiry than you do. Which is printed on the box?")
OTHER_PRODUCT = N_(
    "This number is known as another product than you name. Which is it? A pharmacist can correct the binding."
)
UNREADABLE_BATCH = N_("You say that the batch can't be read, and the code has it. Is this the box that was scanned?")
BATCH_BOTH_WAYS = N_("You name a batch and say that it can't be read. Which is it?")
OTHER_PACK = N_(
    "This number is known as a pack of {known}, and you say {said}. Which is printed on the box? Send just the units "
    "that are in it; a pharmacist can correct the binding."
)
MORE_THAN_A_PACK = N_("You count {units}, and a full pack has {known}. Is there that much in this one box?")
SEEN_BEFORE = N_("This very pack seems to have been logged already, on {day}. Add it all the same?")


def doubted(doubt: Doubt, reading: Reading, pack: KnownPack | None, seen_on: date | None = None) -> NotCertain:
    return NotCertain(
        reading=reading,
        pack=pack,
        question=doubt.asked.format_map(doubt.facts),
        asked=doubt.asked,
        facts=doubt.facts,
        seen_on=seen_on,
    )


def code_kind(found: Recognised | Possible) -> Literal["number", "pack"] | None:
    """A full code says the expiry; a bare one, an EAN or a 2D code without it, is only a number. None: not even it."""
    if found.gtin is None:
        return None
    return "number" if found.expires_on is None else "pack"


def decide(item: ScannedItem, reading: Recognised, pack: KnownPack | None) -> DonatedItem | NotCertain:
    """The item to log, if nothing contradicts and nothing is missing."""
    return _decide(item, reading, pack, reading)


def decide_without_number(item: ScannedItem, reading: Possible, question: Reading) -> DonatedItem | NotCertain:
    """The same where the code doesn't say which product it is, and a person does."""
    return _decide(item, reading, None, question)


def _decide(
    item: ScannedItem, found: Recognised | Possible, pack: KnownPack | None, reading: Reading
) -> DonatedItem | NotCertain:
    """`found`: what the code says. `reading`: what is answered of it where something is not certain."""
    doubt = _contradiction(item, found, pack)
    if doubt is not None:
        return doubted(doubt, reading, pack)
    product_id = pack.product.product.product_id if pack else item.product_id
    batch = found.batch or item.batch
    expires_on = found.expires_on or item.expires_on
    units = _units(item, pack)
    missing: list[Missing] = []
    if batch is None and not item.batch_unreadable:
        missing.append("batch")
    if product_id is None:
        missing.insert(0, "product")
    if expires_on is None:
        missing.append("expires_on")
    if units is None:
        missing.append("units")
    if missing or product_id is None or expires_on is None or units is None:
        return NotCertain(reading=reading, pack=pack, missing=tuple(missing))
    return DonatedItem(
        product_id=product_id,
        code=None,
        batch=batch,
        expires_on=expires_on,
        opened=item.opened,
        units=units,
        source_kind=item.source_kind,
        source_name=item.source_name,
        storage=item.storage,
        gtin=found.gtin,
        scanned=code_kind(found),
    )


def _contradiction(item: ScannedItem, reading: Recognised | Possible, pack: KnownPack | None) -> Doubt | None:
    for said, read, asked in (
        (item.batch, reading.batch, OTHER_BATCH),
        (item.expires_on, reading.expires_on, OTHER_EXPIRY),
        (item.product_id, pack.product.product.product_id if pack else None, OTHER_PRODUCT),
    ):
        if said is not None and read is not None and said != read:
            return Doubt(asked)
    if item.batch_unreadable and reading.batch is not None:
        return Doubt(UNREADABLE_BATCH)
    if item.batch_unreadable and item.batch is not None:
        return Doubt(BATCH_BOTH_WAYS)
    return _doubtful_count(item, pack)


def _doubtful_count(item: ScannedItem, pack: KnownPack | None) -> Doubt | None:
    """What is asked about how much is in the box; nothing, where nobody knows how much a full pack has."""
    known, said = pack.units_per_pack if pack else None, item.units_per_pack
    if known is not None and said is not None and known != said:
        return Doubt(OTHER_PACK, {"known": known, "said": said})
    full = known or said
    if full is not None and item.units is not None and item.units > full and not item.more_than_pack_ok:
        return Doubt(MORE_THAN_A_PACK, {"units": item.units, "known": full})
    return None


def _units(item: ScannedItem, pack: KnownPack | None) -> int | None:
    """What was counted; else a full pack, if it is sealed and how much is in it is known."""
    if item.units is not None or item.opened:
        return item.units
    return item.units_per_pack or (pack.units_per_pack if pack else None)
