"""What lies in the box beside the medicine and is not handed out by itself: spoons, needles, solvents, pads."""

from services.stock.catalogue.names.form_codes import LABELS
from services.stock.catalogue.names.letters import fold_words
from services.stock.catalogue.names.measures import UNITS
from services.stock.catalogue.names.pack_words import MEASURES, Holds, holds_in

_ACCESSORIES = tuple(
    fold_words(
        "ΣΥΡΙΓΓΑ SYRINGE ΔΟΣΟΜΕΤΡ ΔΟΣΙΜΕΤΡ ΚΟΥΤΑΛ SPOON CUP ΠΟΤΗΡ ΚΥΠΕΛ ΒΕΛΟΝ NEEDLE APP ΣΤΑΓΟΝΟΜΕΤΡ DROPPER ΠΡΟΣΑΡΜΟΓΕ"
        " ADAPT INHALER ΣΥΣΚΕΥ DEVICE SPACER SWAB VALV ΒΑΛΒΙΔ ΠΙΠΕΤ PIPETTE ΑΛΚΟΟΛ ΟΙΝΟΠΝΕΥΜΑ ALCOHOL PAD ΕΠΙΘΕΜΑ"
        " ΕΦΑΡΜΟΓ HANDIHALER BREEZHALER AEROLIZER AXAHALER RESPIMAT ΑΠΟΞΗΡΑΝ ΞΗΡΑΝΤΙΚ DESICCANT ΣΕΤ ΚΑΘΕΤΗΡ ΔΑΚΤΥΛΗΘΡ"
        " ΜΕΤΡΗΤ ΡΥΓΧΟΣ ΑΝΤΑΠΤΟΡ INFUSION"
    )
)
_DESICCANTS = tuple(fold_words("ΑΠΟΞΗΡΑΝ ΞΗΡΑΝΤΙΚ DESICCANT"))
_SOLVENT_WORDS = tuple(fold_words("SOLV ΔΙΑΛΥΤ WATER WFI DILUENT"))
_SOLVENTS = frozenset({Holds.AMPOULE, Holds.VIAL, Holds.SYRINGE, Holds.BOTTLE})
_DEVICES = frozenset({Holds.SYRINGE, Holds.INHALER})
# A form or a strength is of a second medicine; a syringe is written SYR too.
_CODES_OF_ONE_WORD = [code for codes in LABELS.values() for code in codes.split() if "." not in code]
_MEDICINES = fold_words(f"{' '.join(_CODES_OF_ONE_WORD)} ΚΡΕΜΑ ΓΕΛΗ ΑΛΟΙΦΗ ΣΙΡΟΠΙ") - {"SYR"}
_STRENGTH_UNITS = frozenset(word for word, unit in UNITS.items() if unit not in {"g", "u"})


def is_accessory(items: list[str], *, powder: bool) -> bool:
    """Whether what stands behind a "+" is no medicine. `powder` has its solvent beside it."""
    kinds = set(holds_in(items)) - MEASURES
    if _begins(items, _DESICCANTS):
        return True
    if not _STRENGTH_UNITS.isdisjoint(items) or not _MEDICINES.isdisjoint(items):
        return _begins(items, _SOLVENT_WORDS) and kinds <= _SOLVENTS
    if _begins(items, _SOLVENT_WORDS) or (powder and kinds and kinds <= _SOLVENTS):
        return kinds <= _SOLVENTS
    return _begins(items, _ACCESSORIES) and kinds <= _DEVICES


def _begins(items: list[str], words: tuple[str, ...]) -> bool:
    return any(item.startswith(words) for item in items)
