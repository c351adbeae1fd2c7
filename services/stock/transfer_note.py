"""The code on a transfer's note: the transfer with its lots as text, readable also where no word of it has come yet.

    DT1*<transfer id, 32 hex digits>*<part>/<parts>*<lot>*<lot>…*<check>

A lot is `number+product+batch+expiry+units`, with `+O` after it if its packs are opened. The product is up to three
pack codes parted by `/`, or `$` and its name where it has none; an unreadable batch is empty; the expiry is YYMMDD.
What isn't a letter or digit of ASCII is percent-escaped, Greek as ISO 8859-7. The check is the CRC-32 of all before its
`*`, in hex, so that a key which a scanner lost is noticed.

Only signs of QR's alphanumeric mode that stand on the same key of a Greek and a US keyboard. Many lots are parted over
several codes, each with as many as stay easy to read from paper. No patient is in it.
"""

import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from urllib.parse import quote, unquote
from uuid import UUID

from msgspec import Struct

from shared.codes import typed
from shared.codes.reading import Unreadable

BEGINNING = "DT1*"
MOST_CHARACTERS = 300
"""Of one code, unless a single lot takes more; a field takes 500 from a scanner."""
MOST_CODES = 3
MOST_OF_NAME = 60
_ALPHABET = "iso8859_7"
_WHOLE = re.compile(r"DT1\*(?P<id>[0-9A-F]{32})\*(?P<part>[0-9]+)/(?P<parts>[0-9]+)\*(?P<lots>.+)")
_NUMBER = re.compile(r"[0-9]{1,7}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_PREFIX = re.compile(r"\][A-Za-z][0-9]")  # by which some scanners say that it was a QR code


class NotWholeError(ValueError):
    """It begins as a note's code does, and isn't all there."""


class NotedLot(Struct, frozen=True, kw_only=True):
    """A lot as the code says it: `codes`, or else `name`."""

    lot_number: int
    codes: tuple[str, ...] = ()
    name: str = ""
    batch: str | None = None
    expires_on: date
    units: int
    opened: bool = False


class Noted(Struct, frozen=True, kw_only=True):
    """What one code says: part `part` of `parts` of a transfer."""

    transfer_id: UUID
    part: int
    parts: int
    lots: tuple[NotedLot, ...]


def codes_of_note(transfer_id: UUID, lots: Iterable[NotedLot]) -> list[str]:
    """The texts of the codes that the note needs."""
    parts = list(_parted([_lot_text(lot) for lot in lots]))
    return [
        _checked(f"{BEGINNING}{transfer_id.hex.upper()}*{number}/{len(parts)}*{'*'.join(part)}")
        for number, part in enumerate(parts, start=1)
    ]


def _parted(texts: Sequence[str]) -> Iterator[list[str]]:
    part: list[str] = []
    room = most = MOST_CHARACTERS - len(f"{BEGINNING}{32 * 'F'}*10/10**{8 * 'F'}")
    for text in texts:
        if part and len(text) + 1 > room:
            yield part
            part, room = [], most
        part.append(text)
        room -= len(text) + 1
    if part:
        yield part


def _lot_text(lot: NotedLot) -> str:
    product = "/".join(map(_escaped, lot.codes[:MOST_CODES])) or "$" + _escaped(lot.name[:MOST_OF_NAME])
    fields = [str(lot.lot_number), product, _escaped(lot.batch or ""), f"{lot.expires_on:%y%m%d}", str(lot.units)]
    return "+".join(fields + ["O"] * lot.opened)


def _escaped(text: str) -> str:
    return quote(text, safe="", encoding=_ALPHABET, errors="replace")


def _checked(text: str) -> str:
    return f"{text}*{zlib.crc32(text.encode('ascii')):08X}"


def read_note(text: str) -> Noted | None:
    """What a scanned code says; None: it is no note's code. Raises NotWholeError."""
    wholes = [whole for whole in _latin(_PREFIX.sub("", text.strip())) if whole.startswith(BEGINNING)]
    if not wholes:
        return None
    whole = next((whole for whole in wholes if _checked(whole.rpartition("*")[0]) == whole), None)
    found = _WHOLE.fullmatch(whole.rpartition("*")[0]) if whole else None
    if found is None:
        raise NotWholeError
    try:
        lots = tuple(_lot(each) for each in found["lots"].split("*"))
    except ValueError as problem:
        raise NotWholeError from problem
    return Noted(transfer_id=UUID(found["id"]), part=int(found["part"]), parts=int(found["parts"]), lots=lots)


def _latin(text: str) -> Sequence[str]:
    """The text as its keys say it on a US keyboard: the check tells which it is, where a Greek letter may be two."""
    if text.isascii():
        return (text,)
    try:
        return [each for each in typed.from_greek_keys(text) if each.isascii()]
    except Unreadable:
        return ()


def _lot(text: str) -> NotedLot:
    number, product, batch, expires, units, *opened = text.split("+")
    if not (_NUMBER.fullmatch(number) and _NUMBER.fullmatch(units) and opened in ([], ["O"])):
        raise ValueError(text)
    named = product.startswith("$")
    return NotedLot(
        lot_number=int(number),
        codes=() if named else tuple(map(_plain, product.split("/"))),
        name=_plain(product[1:]) if named else "",
        batch=_plain(batch) or None,
        expires_on=date(2000 + int(expires[:2]), int(expires[2:4]), int(expires[4:])),
        units=int(units),
        opened=bool(opened),
    )


def _plain(text: str) -> str:
    plain = unquote(text, encoding=_ALPHABET)
    if _CONTROL.search(plain):
        raise ValueError(plain)
    return plain
