"""The bounded types that every request is made of: a limit on everything, and no control character anywhere."""

from datetime import date
from typing import Annotated

from msgspec import Meta, Struct

# Python's "$" also matches before a last line end, and would let it pass.
END = r"$(?!\n)"
ONE_LINE = rf"^[^\x00-\x1f\x7f-\x9f]*{END}"
PACK_CODE = rf"^[0-9A-Za-z]+{END}"
KEY = rf"^[!-~]+{END}"
# What can't be seen, and so makes two names look like one, or a line read otherwise than it was written: zero width,
# marks and overrides of direction, joiners, soft hyphens, fillers of Hangul, selectors of variants, tags; and the two
# line ends of Unicode's own.
_TAGS = "\U000e0000-\U000e007f"  # as they are: no escape of them is read alike by every reader of a schema
_UNSEEN = (
    r"\x00-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180b-\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\u3164"
    rf"\ufe00-\ufe0f\ufeff\uffa0{_TAGS}"
)
_TURNING = r"\u202a-\u202e\u2066-\u2069"
_BLANK = r" \xa0\u1680\u2000-\u200a\u202f\u205f\u3000"
SEEN_LINE = rf"^[{_BLANK}]*[^{_BLANK}{_UNSEEN}][^{_UNSEEN}]*{END}"
_LINES = rf"^(?=[\s\S]*[^{_BLANK}{_UNSEEN}])[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f{_TURNING}]*$"
_PRINTED = "[!-~Ͱ-Ͽ]"
_BATCH = rf"^{_PRINTED}(?:[!-~Ͱ-Ͽ ]*{_PRINTED})?{END}"

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)
"""Every day that is sent lies between them: what is added to it or taken from it makes a day again."""

Units = Annotated[int, Meta(ge=1, le=1_000_000, description="Smallest units that can be handed out")]
UnitsOrNone = Annotated[int, Meta(ge=0, le=1_000_000, description="Smallest units that can be handed out")]
Name = Annotated[str, Meta(min_length=1, max_length=120, pattern=SEEN_LINE)]
Line = Annotated[str, Meta(min_length=1, max_length=300, pattern=SEEN_LINE)]
Text = Annotated[str, Meta(min_length=1, max_length=4000, pattern=_LINES)]
Batch = Annotated[str, Meta(min_length=1, max_length=20, pattern=_BATCH, description="GS1 AI (10)")]
Code = Annotated[str, Meta(min_length=4, max_length=20, pattern=PACK_CODE, description="Pack code")]
Gtin = Annotated[str, Meta(min_length=14, max_length=14, pattern=rf"^[0-9]{{14}}{END}", description="GTIN, 14 digits")]
Scan = Annotated[
    str,
    Meta(max_length=500, pattern=r"^[^\x00]*$", description="A code as the scanner sent it, separators (GS) included"),
]
Password = Annotated[str, Meta(min_length=10, max_length=200, pattern=ONE_LINE)]
Fraction = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=20,
        pattern=rf"^[0-9 /⁄.,½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅐⅛⅜⅝⅞⅑⅒]+{END}",
        description="An exact fraction: 1, 1/2, 1 1/2, ½, 0,5",
    ),
]
Day = Annotated[date, Meta(description="A calendar day, YYYY-MM-DD, from 1900 to 2199")]


def is_day(day: date) -> bool:
    return FIRST_DAY <= day <= LAST_DAY


class Body(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a command is sent: unknown fields are refused, for they may be a misspelt intention."""

    def __post_init__(self) -> None:
        # A date has no bounds of its own in the schema; a ValueError here is told as a problem of the body.
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if isinstance(value, date) and not is_day(value):
                raise ValueError(f"`{name}` lies outside {FIRST_DAY} to {LAST_DAY}")
