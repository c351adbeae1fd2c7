"""Forms as browsers send them, read field by field: every problem is told at once, and nothing typed is lost."""

import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, TypeVar
from urllib.parse import parse_qsl
from uuid import UUID

from msgspec import Struct, inspect

from shared import fields
from shared.errors import BadRequest, Refused
from shared.language import N_

T = TypeVar("T", bound=Struct)
Typed = Mapping[str, tuple[str, ...]]
"""What stood in each field, as it was typed; of boxes to tick, all that were ticked."""

MOST_FIELDS = 1000
_BLANK = " \t\r\n\xa0"
"""Not the separators of a scanned code, which Python counts among the blanks too."""
_DAY = re.compile(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4})")

_FLAGS = {"yes": True, "no": False}
"""What a box to tick sends; one that isn't ticked sends nothing."""

NEEDED = N_("Fill this in.")
TOO_LONG = N_("This is too long: at most {most} characters.")
TOO_SHORT = N_("This is too short: at least {least} characters.")
NO_NUMBER = N_("Type a whole number from {least} to {most}.")
NO_DAY = N_("Type a day like this: 27/6/2027.")
NO_SUCH_DAY = N_("There is no such day in the calendar.")
NO_CHOICE = N_("Choose one of the list.")
NO_FLAG = N_("This can only be yes or no.")
ODD_SIGN = N_("There is a sign in it that can't stand here.")


class FieldProblem(Struct, frozen=True):
    """What is wrong with one field: a msgid, and what is filled in."""

    field: str
    text: str
    facts: Mapping[str, object] = {}


class FormWrong(Refused):
    title = N_("Something has to be put right")
    detail = N_("Look at what is marked, and send it again.")

    def __init__(self, *, problems: Sequence[FieldProblem] = ()) -> None:
        super().__init__()
        self.problems = tuple(problems)


class BadForm(BadRequest):
    title = N_("The form can't be read")
    detail = N_("Go back, and send it again.")


def read_body(body: bytes) -> Typed:
    """The fields of a form (application/x-www-form-urlencoded); raises BadRequest."""
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError as problem:
        raise BadForm from problem
    typed: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        typed[name] = (*typed.get(name, ()), value.replace("\r\n", "\n"))
    return typed


def read_as(kind: type[T], typed: Typed) -> T:
    """The form as a Struct; raises FormWrong with the problem of each field. What is left empty has its default."""
    values, problems = _values_of(kind, typed)
    if problems:
        raise FormWrong(problems=problems)
    return kind(**values)


def read_rows(kind: type[T], typed: Typed, numbers: Iterable[int]) -> dict[int, T]:
    """The numbered rows of a form, whose fields are named with their row: `units-3`; raises FormWrong for all rows."""
    rows: dict[int, T] = {}
    problems: list[FieldProblem] = []
    for number in numbers:
        end = f"-{number}"
        own = {name.removesuffix(end): said for name, said in typed.items() if name.endswith(end)}
        try:
            rows[number] = read_as(kind, own)
        except FormWrong as wrong:
            problems += [FieldProblem(each.field + end, each.text, each.facts) for each in wrong.problems]
    if problems:
        raise FormWrong(problems=problems)
    return rows


def read_what_can_be(kind: type[T], typed: Typed) -> T:
    """The same without what is wrong; for forms of which no field has to be filled in."""
    return kind(**_values_of(kind, typed)[0])


def _values_of(kind: type[Struct], typed: Typed) -> tuple[dict[str, Any], list[FieldProblem]]:
    values: dict[str, Any] = {}
    problems: list[FieldProblem] = []
    for field in _fields_of(kind):
        said = [each.strip(_BLANK) for each in typed.get(field.encode_name, ()) if each.strip(_BLANK)]
        if said:
            try:
                values[field.encode_name] = _read(field.type, said)
            except _Wrong as wrong:
                problems.append(FieldProblem(field.encode_name, wrong.text, wrong.facts))
        elif field.required:
            listed = isinstance(field.type, inspect.EnumType | inspect.LiteralType)
            problems.append(FieldProblem(field.encode_name, NO_CHOICE if listed else NEEDED))
    return values, problems


@functools.cache
def _fields_of(kind: type[Struct]) -> tuple[inspect.Field, ...]:
    described = inspect.type_info(kind)
    assert isinstance(described, inspect.StructType)
    return described.fields


class _Wrong(Exception):
    def __init__(self, text: str, **facts: object) -> None:
        super().__init__(text)
        self.text = text
        self.facts = facts


def _read(kind: inspect.Type, said: list[str]) -> Any:
    match kind:
        case inspect.Metadata(type=inner):
            return _read(inner, said)
        case inspect.UnionType(types=types):
            return _read(next(each for each in types if not isinstance(each, inspect.NoneType)), said)
        case inspect.VarTupleType(item_type=item):
            return tuple(_read(item, [each]) for each in said)
        case inspect.BoolType():
            return _flag(said[-1])
        case inspect.StrType():
            return _text(kind, said[-1])
        case inspect.IntType():
            return _number(kind, said[-1])
        case inspect.DateType():
            return _day(said[-1])
        case inspect.EnumType() | inspect.LiteralType() | inspect.UUIDType():
            return _choice(kind, said[-1])
        case _:
            raise AssertionError(f"no form has a field of {kind}")


def _flag(said: str) -> bool:
    if said not in _FLAGS:
        raise _Wrong(NO_FLAG)
    return _FLAGS[said]


def _text(kind: inspect.StrType, said: str) -> str:
    if kind.max_length is not None and len(said) > kind.max_length:
        raise _Wrong(TOO_LONG, most=kind.max_length)
    if kind.min_length is not None and len(said) < kind.min_length:
        raise _Wrong(TOO_SHORT, least=kind.min_length)
    if kind.pattern is not None and not re.search(kind.pattern, said):
        raise _Wrong(ODD_SIGN)
    return said


def _number(kind: inspect.IntType, said: str) -> int:
    least, most = kind.ge if kind.ge is not None else 0, kind.le if kind.le is not None else 1_000_000
    if not re.fullmatch(r"[0-9]{1,9}", said) or not least <= int(said) <= most:
        raise _Wrong(NO_NUMBER, least=least, most=most)
    return int(said)


def _day(said: str) -> date:
    day = day_typed(said)
    if day is None:
        raise _Wrong(NO_SUCH_DAY if _is_of_no_calendar(said) else NO_DAY)
    return day


def _is_of_no_calendar(said: str) -> bool:
    """Written as a day, like 31/2/2027, and there is none."""
    found = _DAY.fullmatch(said)
    if found is None:
        return False
    try:
        date(int(found[3]), int(found[2]), int(found[1]))
    except ValueError:
        return True
    return False


def day_typed(said: str) -> date | None:
    """A day as people here write it, 27/6/2027, or as browsers send it; None: it is none."""
    found = _DAY.fullmatch(said)
    try:
        day = date(int(found[3]), int(found[2]), int(found[1])) if found else date.fromisoformat(said)
    except ValueError:
        return None
    return day if len(said) >= 8 and fields.is_day(day) else None


def _choice(kind: inspect.EnumType | inspect.LiteralType | inspect.UUIDType, said: str) -> Any:
    try:
        match kind:
            case inspect.EnumType(cls=cls):
                return cls(said)
            case inspect.LiteralType(values=values):
                return next(value for value in values if value == said)
            case _:
                return UUID(said)
    except (ValueError, StopIteration) as problem:
        raise _Wrong(NO_CHOICE) from problem
