"""The bounded types that every request is made of: a limit on everything, and no NUL anywhere."""

from datetime import date
from typing import Annotated

from msgspec import Meta, Struct

_NO_CONTROLS = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"

Units = Annotated[int, Meta(ge=1, le=1_000_000, description="Smallest units that can be handed out")]
UnitsOrNone = Annotated[int, Meta(ge=0, le=1_000_000, description="Smallest units that can be handed out")]
Name = Annotated[str, Meta(min_length=1, max_length=120, pattern=_NO_CONTROLS)]
Line = Annotated[str, Meta(min_length=1, max_length=300, pattern=_NO_CONTROLS)]
Text = Annotated[str, Meta(min_length=1, max_length=4000, pattern=_NO_CONTROLS)]
Batch = Annotated[str, Meta(min_length=1, max_length=20, pattern=r"^[!-~Ͱ-Ͽ ]*$", description="GS1 AI (10)")]
Code = Annotated[str, Meta(min_length=4, max_length=20, pattern=r"^[0-9A-Za-z]+$", description="Pack code")]
Password = Annotated[str, Meta(min_length=10, max_length=200, pattern=_NO_CONTROLS)]
Key = Annotated[str, Meta(min_length=8, max_length=80, pattern=r"^[!-~]+$")]
Fraction = Annotated[
    str,
    Meta(
        min_length=1, max_length=20, pattern=r"^[0-9 /.½¼¾]+$", description="An exact fraction: 1, 1/2, 1 1/2"
    ),
]
Day = Annotated[date, Meta(description="A calendar day, YYYY-MM-DD")]


class Body(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a command is sent: unknown fields are refused, for they may be a misspelt intention."""
