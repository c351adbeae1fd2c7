"""What may be typed: the bounds that the API has for the same names, passwords and days."""

from datetime import date
from typing import Any

import msgspec
import rich_click as click
from msgspec.inspect import StrType, type_info

from shared import fields


class Bounded(click.ParamType[str, Any]):
    """One of the API's bounded strings."""

    def __init__(self, name: str, bounds: Any, *, may_be_empty: bool = False) -> None:
        self.name = name
        self.bounds = bounds
        self.may_be_empty = may_be_empty

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if self.may_be_empty and value == "":
            return ""
        try:
            str(value).encode()
            return msgspec.convert(value, self.bounds)
        except (msgspec.ValidationError, UnicodeEncodeError):
            self.fail(self._why(str(value)), param, ctx)

    def _why(self, text: str) -> str:
        """The value itself is not repeated: it may be a password."""
        known = type_info(self.bounds)
        assert isinstance(known, StrType)
        least, most = known.min_length or 0, known.max_length or len(text)
        if not least <= len(text) <= most:
            return f"a {self.name} has {least} to {most} characters, this one has {len(text)}."
        if known.pattern == fields.SEEN_LINE:
            return f"a {self.name} is not blank, holds no line end or invisible character, and is in UTF-8."
        return f"a {self.name} holds no line end or other control character, and is in UTF-8."


class BoundedDay(click.ParamType[date, Any]):
    name = "YYYY-MM-DD"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        try:
            day = msgspec.convert(value, date)
        except msgspec.ValidationError:
            self.fail("write the day as YYYY-MM-DD.", param, ctx)
        if not fields.is_day(day):
            self.fail(f"it lies outside {fields.FIRST_DAY} to {fields.LAST_DAY}.", param, ctx)
        return day


NAME = Bounded("name", fields.Name)
TEXT = Bounded("text", fields.Text)
PASSWORD = Bounded("password", fields.Password, may_be_empty=True)
DAY = BoundedDay()
EVENT_NUMBER = click.IntRange(0, 2**63 - 1)
