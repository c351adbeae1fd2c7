"""The readings that a question offers, each with a text that can be sent instead: it is read as just that one."""

from collections.abc import Callable, Iterator

from msgspec.structs import replace

from shared.codes.elements import BATCH, EXPIRY, GTIN, SERIAL
from shared.codes.reading import Possible, Question, Reading, Recognised, certain

Read = Callable[[str], Reading]


def with_texts(question: Question, read: Read) -> Question:
    """The question, and with each of its readings the text for it."""
    return replace(question, readings=tuple(replace(each, text=_text_of(each, read)) for each in question.readings))


def _text_of(possible: Possible, read: Read) -> str | None:
    """The first text that is read as nothing else; None: there is none."""
    fields = _fields(possible)
    return next((text for text in _written(fields) if _is_just(possible, read(text))), None)


def _fields(possible: Possible) -> list[tuple[str, str]]:
    day = possible.expires_on
    fields = (
        (GTIN, possible.gtin),
        (EXPIRY, f"{day:%y%m%d}" if day is not None else None),
        (BATCH, possible.batch),
        (SERIAL, possible.serial),
        *possible.national_numbers.items(),
    )
    return [(ai, value) for ai, value in fields if value is not None]


def _written(fields: list[tuple[str, str]]) -> Iterator[str]:
    """As it is printed; else, for brackets or a dot in a value and for small letters, as a link or a scan."""
    yield "".join(f"({ai}){value}" for ai, value in fields)
    if fields[0][0] == GTIN:
        yield _link(fields)
    yield "]d2" + "".join(f"{ai}{value}<GS>" for ai, value in fields)


def _link(fields: list[tuple[str, str]]) -> str:
    """A GS1 Digital Link, which leaves nothing open: every sign that is no letter or digit is encoded."""
    (first, gtin), *others = fields
    told = "&".join(f"{ai}={''.join(map(_encoded, value))}" for ai, value in others)
    return f"https://id.gs1.org/{first}/{gtin}" + (f"?{told}" if told else "")


def _encoded(sign: str) -> str:
    return sign if sign.isalnum() else f"%{ord(sign):02X}"


def _is_just(possible: Possible, reading: Reading) -> bool:
    if possible.gtin is not None:
        return isinstance(reading, Recognised) and reading == certain(possible)
    return isinstance(reading, Question) and reading.only_lacks_product and reading.readings == (possible,)
