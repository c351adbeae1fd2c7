from typing import ClassVar, Literal

from msgspec import Struct


class Event(Struct, frozen=True, kw_only=True, tag_field="type"):
    """A fact that its producer has committed. `wire` says how far it travels: the cell, or the network."""

    wire: ClassVar[Literal["cell", "net"]] = "cell"
