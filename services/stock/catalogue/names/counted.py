"""What is asked of a pack, and what it answers."""

from msgspec import Struct

from services.stock.catalogue.names.pack_words import Holds
from services.stock.catalogue.names.packs import Chain, Packed
from services.stock.catalogue.names.strengths import Strengths
from shared.catalogue import FormGroup


class Counted(Struct, frozen=True):
    """None (or no unit) where it isn't certain."""

    group: FormGroup | None
    unit: str = ""
    units_per_pack: int | None = None
    content: str | None = None
    content_unit: str = ""


class Asked(Struct, frozen=True):
    """What the rest of the name says, as far as the pack's meaning depends on it."""

    label: str
    group: FormGroup
    strengths: Strengths | None = None
    brand_words: frozenset[str] = frozenset()

    @property
    def units(self) -> tuple[str, ...]:
        return self.strengths.units if self.strengths else ()

    @property
    def per_piece(self) -> str | None:
        return self.strengths.per_piece if self.strengths else None

    @property
    def is_of_doses(self) -> bool:
        return bool(self.units) and all(unit.endswith("/dose") for unit in self.units)


def one_measure(packed: Packed, *allowed: Holds) -> tuple[str | None, str]:
    found = [(count, measure.value) for measure, count in packed.measures.items()]
    if len(found) == 1 and next(iter(packed.measures)) in allowed:
        return found[0]
    return None, ""


def ends_nameless(chain: Chain) -> bool:
    """FLx100, BTx1FLx200, BAGx3: of what? A measure may have been left out, or is not known."""
    if not chain.counted or chain.counted[-1].holds is not None:
        return False
    return chain.counted[0].implied or any(level.holds is not None for level in chain.counted[:-1])
