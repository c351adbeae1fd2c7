"""GS1 Digital Links: the same fields in a web address, of whatever domain."""

import base64
import binascii
import re
from datetime import date
from urllib.parse import SplitResult, unquote, urlsplit

from shared.codes import elements, messages, numbers
from shared.codes.doubts import asked_of_small_letters, doubted
from shared.codes.elements import Element
from shared.codes.reading import Reading, Unreadable
from shared.codes.sentences import NUMBER_IN_ADDRESS, RefusalReason

# With its scheme, or as people copy it: a domain, and somewhere behind it the key of a product number.
_ADDRESS = re.compile(
    r"(?:\][A-Za-z][0-9])?(?P<address>https?://.*|(?!01[0-9]{14})[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}/.*\b(?:01|gtin)/.*)",
    re.IGNORECASE | re.DOTALL,
)
_PARTING = re.compile(r"&|;(?=[0-9A-Za-z]+=)")
_AI = re.compile(r"[0-9]{2,4}")
_PACKED = re.compile(r"[0-9A-Za-z_-]{10,}")
LENGTHS = (13, 14)
"""Of a product's number in a link; with fewer digits it may as well be a day, or an article's number."""
# The names that earlier versions of the standard allowed.
WORDS = {"gtin": "01", "cpv": "22", "lot": "10", "ser": "21", "exp": "17"}


def address_in(text: str) -> str | None:
    """The web address that the text is, without a scanner's prefix; None: it is something else."""
    found = _ADDRESS.fullmatch(text)
    return found["address"] if found else None


def read_link(text: str, today: date) -> Reading:
    """Read a link; raises Unreadable where it holds no product number, or holds it compressed."""
    try:
        address = urlsplit(text if "://" in text else f"https://{text}")
    except ValueError as problem:
        raise Unreadable(RefusalReason.NOT_A_GS1_LINK) from problem
    path = address.path.rstrip("/").split("/")
    start = _start(path)
    if start is None:
        return _read_query(address, path, today)
    fields, number = path[start:], unquote(path[start + 1])
    if len(number) not in LENGTHS or not all(_ai(key) for key in fields[::2]):
        return _read_doubtful(fields, number, today)
    if len(fields) % 2:
        raise Unreadable(RefusalReason.CUT_OFF)
    found = [_element(key, value) for key, value in zip(fields[::2], fields[1::2], strict=True)]
    pairs = (part.partition("=") for part in _PARTING.split(address.query))
    found += [_element(key, value) for key, is_one, value in pairs if is_one and _ai(key) is not None]
    reading = messages.settle(found, today)
    shows_case = any(each.islower() for each in text.partition("/01/")[0])
    return reading if shows_case else asked_of_small_letters(reading)


def _read_query(address: SplitResult, path: list[str], today: date) -> Reading:
    """An address without a product in its path: perhaps in what follows ?, or compressed."""
    for part in _PARTING.split(address.query):
        key, _, number = part.partition("=")
        if _ai(key) == elements.GTIN:
            return _read_doubtful([], number, today)
    packed = not any(_ai(each) for each in path) and _is_packed(address, path)
    raise Unreadable(RefusalReason.COMPRESSED_LINK if packed else RefusalReason.NOT_A_GS1_LINK)


def _read_doubtful(fields: list[str], number: str, today: date) -> Reading:
    """An address like others, in which a number stands behind 01 as a day does behind a month."""
    if len(fields) % 2 and _PACKED.fullmatch(fields[-1]) and not fields[-1].islower():
        raise Unreadable(RefusalReason.COMPRESSED_LINK)
    try:
        reading = messages.settle([Element(elements.GTIN, numbers.gtin_14(number))], today)
    except Unreadable as problem:
        raise Unreadable(RefusalReason.NOT_A_GS1_LINK) from problem
    return doubted([reading], NUMBER_IN_ADDRESS)


def _start(path: list[str]) -> int | None:
    """Where the product number's key stands: what comes before is the address's own affair."""
    for place in range(len(path) - 2, -1, -1):
        if _ai(path[place]) == elements.GTIN and _looks_like_gtin(unquote(path[place + 1])):
            return place
    return None


def _looks_like_gtin(text: str) -> bool:
    return numbers.is_digits(text) and len(text) in numbers.GTIN_LENGTHS


def _ai(key: str) -> str | None:
    word = WORDS.get(key.lower(), key)
    return word if _AI.fullmatch(word) else None


def _element(key: str, value: str) -> Element:
    ai, plain = _ai(key) or "", unquote(value)
    return Element(ai, numbers.gtin_14(plain) if ai == elements.GTIN else plain)


def _is_packed(address: SplitResult, path: list[str]) -> bool:
    """Compressed links put all fields into one word of base64url, whose first byte stands for an AI or several."""
    last = path[-1]
    if not _PACKED.fullmatch(last):
        return False
    try:
        first = base64.urlsafe_b64decode(last[:4])[0]
    except (binascii.Error, ValueError):
        return False
    return first == 0x01 or (first >> 4 < 10 and first & 15 >= 10) or (address.hostname or "").endswith("id.gs1.org")
