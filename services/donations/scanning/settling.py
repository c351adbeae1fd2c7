"""What a person says of the box settles a scan's question, where it tells one of the readings from all others.

Pure decisions over what is known of the numbers; nothing is guessed: what no reading has, settles nothing.
"""

from collections.abc import Mapping
from enum import Enum
from uuid import UUID

from services.donations.scanning.deciding import ScannedItem
from shared.codes import Possible, Question

Products = Mapping[str, UUID]
"""The product of each number that is known."""


class _Says(Enum):
    """What a reading says to a thing that a person said."""

    SAME = "same"
    OTHER = "other"
    NOTHING = "nothing"


def settled(question: Question, item: ScannedItem, products: Products) -> Possible | None:
    """The reading that is meant; None: the question stays."""
    if not question.has_all_readings:
        return None
    said = [_compared(each, question, item, products) for each in question.readings]
    fitting = [place for place, says in enumerate(said) if _Says.OTHER not in says]
    if len(fitting) != 1:
        return None
    (place,) = fitting
    meant, others = question.readings[place], [*said[:place], *said[place + 1 :]]
    if meant.gtin is None and item.product_id is None:
        return None
    if question.only_lacks_product:
        return meant
    told = all(_told_apart(said[place], other) for other in others) if others else _all_is_said(meant, said[place])
    return meant if told else None


def _compared(reading: Possible, question: Question, item: ScannedItem, products: Products) -> tuple[_Says, ...]:
    """What the reading says to the batch, the expiry and the product that a person said."""
    any_batch = any(each.batch is not None for each in question.readings)
    any_expiry = any(each.expires_on is not None for each in question.readings)
    return (
        _says_to_batch(reading, item) if any_batch else _Says.NOTHING,
        _says(item.expires_on, reading.expires_on) if any_expiry else _Says.NOTHING,
        _says_to_product(reading, item, products),
    )


def _says_to_batch(reading: Possible, item: ScannedItem) -> _Says:
    if item.batch_unreadable:
        return _Says.SAME if reading.batch is None and item.batch is None else _Says.OTHER
    return _says(item.batch, reading.batch)


def _says_to_product(reading: Possible, item: ScannedItem, products: Products) -> _Says:
    """A number that nobody knows may be any product's."""
    known = products.get(reading.gtin) if reading.gtin is not None else None
    return _Says.NOTHING if known is None else _says(item.product_id, known)


def _says(said: object, read: object) -> _Says:
    if said is None:
        return _Says.NOTHING
    return _Says.SAME if said == read else _Says.OTHER


def _told_apart(meant: tuple[_Says, ...], other: tuple[_Says, ...]) -> bool:
    """Whether something that was said is in the one and not in the other."""
    return any(pair == (_Says.SAME, _Says.OTHER) for pair in zip(meant, other, strict=True))


def _all_is_said(meant: Possible, says: tuple[_Says, ...]) -> bool:
    """Whether a person said all that a single reading has: what else it may be, nobody knows."""
    batch, expiry, product = (each is _Says.SAME for each in says)
    if meant.batch is None and meant.expires_on is None:
        return product
    return (batch or meant.batch is None) and (expiry or meant.expires_on is None)
