"""What a pack says by itself, where the form isn't known."""

from msgspec.structs import replace

from services.stock.catalogue.forms import FORMS
from services.stock.catalogue.names.counted import Asked, Counted, ends_nameless
from services.stock.catalogue.names.counts import count_packed
from services.stock.catalogue.names.pack_words import NAMED_BOTTLES, Holds
from services.stock.catalogue.names.packs import packed_of

_PLAINEST = {
    Holds.TABLET: "tablet",
    Holds.CAPSULE: "capsule",
    Holds.SUPPOSITORY: "suppository",
    Holds.PATCH: "transdermal patch",
    Holds.LOZENGE: "lozenge",
    Holds.SACHET: "granules in sachet",
    Holds.TUBE: "ointment",
    Holds.JAR: "ointment",
    Holds.BOTTLE: "oral solution",
    Holds.INHALER: "pressurised inhalation",
}


_SAY_THEIR_UNIT = {Holds.SYRINGE, Holds.PEN, Holds.SINGLE_DOSE}
_MAY_BE_OTHERS = {Holds.VIAL, Holds.AMPOULE, Holds.CARTRIDGE}


def count_unformed(text: str, *, in_units: bool) -> Counted:
    """Read the pack of a form that isn't known, where the pack itself says what it counts.

    `in_units`: the name speaks of units (iu), so a volume may have to be counted in them.
    """
    packed = packed_of(text, powder=False)
    if packed is None or packed.kind is None:
        return Counted(None)
    if packed.kind in _SAY_THEIR_UNIT | _MAY_BE_OTHERS:
        nameless = ends_nameless(packed.chain) or packed.kind in _MAY_BE_OTHERS
        return Counted(None, "" if nameless else packed.kind.value, packed.units)
    label = _PLAINEST.get(packed.kind)
    if label is None:
        return Counted(None)
    if packed.kind is Holds.SACHET and Holds.ML in packed.measures:
        label = _PLAINEST[Holds.BOTTLE]
    counted = replace(count_packed(packed, Asked(label, FORMS[label].group)), group=None)
    if packed.kind is Holds.BOTTLE and packed.words.isdisjoint(NAMED_BOTTLES):
        counted = replace(counted, unit="")  # of an injection the FL is a vial
    return replace(counted, content=None, content_unit="") if in_units and counted.content_unit == "ml" else counted
