"""What a scanner's own habits and a keyboard's layout did to a code, undone where that is certain."""

import itertools
import re
import unicodedata
from typing import NamedTuple

from shared.codes.reading import Unreadable
from shared.codes.sentences import RefusalReason

GS = "\x1d"
EDGES = " \t\r\n\x02\x03\x04\x00\ufeff\u200b\u00a0"
"""Line ends, and frames that scanners put around a code."""

QUOTES = {'"': '"', "'": "'", "*": "*", "«": "»", "\u201c": "\u201d"}
"""No code begins with one of these: they stand around what is copied, and around the bars' letters of Code 39."""

# A separator as programs spell it. None of these can be a part of a value, but for < and >, where no batch spells GS.
_SPELLED = re.compile(
    r"\u241d|\u2194|\^\]"
    r"|[<{\[(](?:GS|FNC1|FNC-1|0x1D|\\x1d|U\+001D)[>}\])]"
    r"|[<{\[]029[>}\]]|~d?029|\\F(?=[0-9])"
    r"|\\x1d|\\u001d|\\u\{1d\}|\\035|&#29;|&#x1d;",
    re.IGNORECASE,
)
_SPELLED_IN_GREEK = re.compile(r"(?<=[<{\[(])[Γγ][Σσς](?=[>}\])])")

# One key, two letters: what a Greek layout types where English is meant. Ctrl+] is the same in both.
_LOWER = dict(zip(";ςερτυθιοπασδφγηξκλζχψωβνμ", "qwertyuiopasdfghjklzxcvbnm", strict=True))
_UPPER = dict(zip(":ΕΡΤΥΘΙΟΠΑΔΦΓΗΞΚΛΖΧΨΩΒΝΜ", "QERTYUIOPADFGHJKLZXCVBNM", strict=True))
_KEYS = _LOWER | _UPPER
# Σ is typed by S and by W while Shift is held; ; by Q, which Caps Lock does not turn into a capital there.
_UNSURE = {"Σ": "SW", ";": "Qq"}
MOST_UNSURE = 3
# What a person types in Greek who sees a Latin letter; of small ones, those that look like one at a glance.
_ALIKE = dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧαβγεικνορτυχωςσ", "ABEZHIKMNOPTYXabyeikvoptuxwss", strict=True))

_PREFIX = re.compile(r"\](?P<letter>[A-Za-z])(?P<modifier>[0-9A-Za-z])")
_ENVELOPE = re.compile(r"\[\)>\x1e(?P<format>[0-9]{2})\x1d(?P<data>.*?)\x1e?\x04?", re.DOTALL)
GS1_PREFIXES = {"]d2", "]C1", "]e0", "]e1", "]e2", "]Q3", "]J1"}
EAN_PREFIXES = {"]E0", "]E3", "]E4", "]I0", "]I1"}


class Carried(NamedTuple):
    """A code without what carried it. `prefix`: the symbology identifier (ISO/IEC 15424), empty if none was sent."""

    text: str
    prefix: str
    case_swapped: bool


def bare(text: str) -> str:
    """The text without line ends and frames at its edges; raises Unreadable if nothing is left."""
    inner = text.strip(EDGES)
    if len(inner) > 1 and QUOTES.get(inner[0]) == inner[-1]:
        inner = inner[1:-1].strip(EDGES)
    if not inner.strip(GS):
        raise Unreadable(RefusalReason.EMPTY)
    return inner


def on_one_line(text: str) -> str:
    """Several lines as one."""
    return re.sub(r"[\r\n]+", " ", text)


def with_separators(text: str) -> str:
    """The text with GS for every separator that a program spelled, in Greek letters too."""
    text = _SPELLED_IN_GREEK.sub("GS", text) if not has_latin(text) else text
    return _SPELLED.sub(GS, text)


def is_greek(text: str) -> bool:
    return any("\u0370" <= each <= "\u03ff" or "\u1f00" <= each <= "\u1fff" for each in text)


def has_latin(text: str) -> bool:
    return any(each.isascii() and each.isalpha() for each in text)


def folded(text: str) -> str:
    """In capitals without accents, letter for letter: for words that are looked for."""
    return "".join(map(_capital, text))


def _capital(letter: str) -> str:
    plain = unicodedata.normalize("NFD", letter)[0].upper()
    return plain if len(plain) == 1 else letter


def latin_of(value: str) -> tuple[list[str], bool]:
    """What a value that a person typed, perhaps in Greek, is in Latin letters; and whether that is certain.

    It is where the key and the look of every Greek letter say the same. Raises Unreadable for letters of neither.
    """
    if not is_greek(value):
        return [value], True
    keys = ["SW" if each == "Σ" else _KEYS.get(each, "") if is_greek(each) else each for each in value]
    if not all(keys) or sum(len(each) > 1 for each in keys) > MOST_UNSURE:
        raise Unreadable(RefusalReason.GREEK_LETTERS)
    alike = [_ALIKE.get(each, "") if is_greek(each) else each for each in value]
    meant = ["".join(letters) for letters in itertools.product(*keys)]
    if all(alike):
        meant.append("".join(alike))
    return list(dict.fromkeys(meant)), keys == alike


def from_greek_keys(text: str) -> list[str]:
    """What was meant, when a code was typed through a Greek layout: one text, or all that it could be.

    Raises Unreadable if letters of both alphabets, or accents, say that it was something else.
    """
    text = with_separators(text)
    if has_latin(text):
        raise Unreadable(RefusalReason.GREEK_LETTERS)
    prefix, text = _qr_prefix(text)
    has_capitals = any(each in _UPPER or each == "Σ" for each in text)
    choices = [_meant(each, has_capitals=has_capitals) for each in text]
    if not all(choices) or sum(len(choice) > 1 for choice in choices) > MOST_UNSURE:
        raise Unreadable(RefusalReason.GREEK_LETTERS)
    return [prefix + "".join(letters) for letters in itertools.product(*choices)]


def _qr_prefix(text: str) -> tuple[str, str]:
    """The prefix of a GS1 QR code, ]Q3, which no other is like; and the rest."""
    return ("]Q3", text[3:]) if text[:3] in ("]:3", "];3") else ("", text)


def _meant(typed: str, *, has_capitals: bool) -> str:
    """The letters that a key may have meant; empty: no key of an English layout types this in a Greek one."""
    if typed in _UNSURE and (has_capitals or typed != ";"):
        return _UNSURE[typed]
    return _KEYS.get(typed, typed if typed.isascii() else "")


def from_lost_letters(text: str) -> list[str]:
    """A code without any letter, in which ; and : are themselves, or q and Q typed through a Greek layout."""
    prefix, rest = _qr_prefix(text)
    capital, small = (prefix + rest.replace(":", "Q").replace(";", letter) for letter in "Qq")
    return [capital, small] if prefix else [text, capital, small]


def carried(text: str) -> Carried:
    """Take the prefix and the envelope off, and write every separator as GS. Raises Unreadable for other systems."""
    prefix, swapped = "", False
    if found := _PREFIX.match(text):
        prefix, text = found[0], text[3:]
        if prefix not in GS1_PREFIXES | EAN_PREFIXES and prefix.swapcase() in GS1_PREFIXES | EAN_PREFIXES:
            # Caps Lock turned every letter round.
            prefix, text, swapped = prefix.swapcase(), text.swapcase(), True
    text = _SPELLED.sub(GS, text)
    if wrapped := _ENVELOPE.fullmatch(text):
        if wrapped["format"] != "05":
            raise Unreadable(RefusalReason.OTHER_SYSTEM)
        text, prefix = wrapped["data"], prefix or "]d2"
    return Carried(text.strip(EDGES), prefix, swapped)
