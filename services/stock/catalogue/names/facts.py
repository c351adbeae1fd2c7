"""What a pack's name tells."""

from enum import StrEnum

from msgspec import Struct

from shared.catalogue import FormGroup, Route


class Field(StrEnum):
    """A field of a pack's name, as it is called where it is left open."""

    BRAND = "brand"
    STRENGTHS = "strengths"
    STRENGTH_UNIT = "strength_unit"
    FORM_GROUP = "form_group"
    ROUTE = "route"
    UNIT = "unit"
    UNITS_PER_PACK = "units_per_pack"
    CONTENT_PER_UNIT = "content_per_unit"
    CONTENT_UNIT = "content_unit"


class PackName(Struct, frozen=True, kw_only=True):
    """A field that isn't certain is None (or empty) and stands in `open`.

    `strengths` are decimal strings in the written order, one for each substance of a combination, each with its unit
    in `strength_units`: "mg", "microgram/dose", "mg/5 ml", "%". As printed: whether salt or base, the name doesn't say.
    `unit` is what can be handed out by itself; `content_per_unit` is a decimal string too, as an eye-drop container
    holds 0.3 ml. Pens, cartridges and vials of so many units (iu) in a ml count in iu.
    `form` is EDQM's label, no narrower than the code says ("capsule", hard or soft), and empty with the brand where the
    code isn't known; `head` is the name as written up to its pack, `pack` the rest.
    """

    brand: str
    strengths: tuple[str, ...]
    strength_units: tuple[str, ...]
    form_group: FormGroup | None
    form: str
    route: Route | None
    unit: str
    units_per_pack: int | None
    content_per_unit: str | None
    content_unit: str
    open: frozenset[Field]
    head: str
    pack: str

    @property
    def strength_unit(self) -> str:
        """The unit that all strengths share, or each one's joined by " + "."""
        return " + ".join(self.strength_units if len(set(self.strength_units)) > 1 else self.strength_units[:1])
