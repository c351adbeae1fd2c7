"""What a pack's chain means for its form: what is handed out, how many there are, how much is in each.

Whatever the form doesn't allow, or a bracket contradicts, leaves its field open.
"""

from collections.abc import Callable
from fractions import Fraction

from msgspec import Struct
from msgspec.structs import replace

from services.stock.catalogue.forms import FORMS
from services.stock.catalogue.names.amounts import Strengths
from services.stock.catalogue.names.forms import POWDER_CODES, FormCode
from services.stock.catalogue.names.letters import fold_words
from services.stock.catalogue.names.pack_words import Holds
from services.stock.catalogue.names.packs import Chain, Level, Packed, packed_of
from shared.catalogue import FormGroup

_PEN_BRANDS = fold_words("PEN FLEXPEN KWIKPEN SOLOSTAR DOUBLESTAR FLEXTOUCH INNOLET TEMPO JUNIOR AUTOINJECTOR")


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
    strengths: Strengths | None
    brand_words: frozenset[str]


def count_pack(code: FormCode, strengths: Strengths | None, brand_words: frozenset[str], text: str) -> Counted:
    """Read a name's pack, on folded text."""
    group = FORMS[code.label].group
    packed = packed_of(text, powder=code.code in POWDER_CODES)
    if packed is None:
        return Counted(None if group in _GROUP_NEEDS_PACK else group)
    return _FAMILIES[group](packed, Asked(code.label, group, strengths, brand_words))


# Solid pieces: tablets, capsules, suppositories, patches.

_PIECES = {
    "tablet": {Holds.TABLET},
    "capsule": {Holds.CAPSULE},
    "suppository": {Holds.SUPPOSITORY},
    "pessary": {Holds.PESSARY, Holds.TABLET, Holds.CAPSULE, Holds.SUPPOSITORY},
    "patch": {Holds.PATCH, Holds.SACHET},
    "lozenge": {Holds.LOZENGE, Holds.TABLET},
}
_MOST_AROUND = {"suppository": 4, "pessary": 4, "patch": 4}
"""So many strips or sachets of several pieces stand in a box; of tablets and capsules, twelve blisters."""
_AROUND_PIECES = {None, Holds.BLISTER, Holds.BOTTLE, Holds.VIAL, Holds.TUBE, Holds.JAR}


def _pieces(packed: Packed, asked: Asked) -> Counted:
    (unit,) = FORMS[asked.label].units
    words = _PIECES[unit]
    *around, last = packed.chain.counted or [Level("0", Holds.ML)]
    fits = (
        not packed.measures
        and (last.holds is None or last.holds in words or _in_blisters(last))
        and all(level.holds in _AROUND_PIECES | words for level in around)
        and not _perhaps_total(packed.chain, _MOST_AROUND.get(unit, 12))
        and packed.named.isdisjoint(set().union(*_PIECES.values()) - words - {Holds.SACHET})
    )
    return Counted(asked.group, unit, packed.units if fits else None, "1", unit)


def _in_blisters(level: Level) -> bool:
    """BTx30 BLISTERS: no box has so many blisters, so it is the pieces that were counted."""
    return level.holds is Holds.BLISTER and not level.implied and Fraction(level.count) > 12


def _perhaps_total(chain: Chain, most: int) -> bool:
    """BTx30 BLISTx10 may be thirty in tens, or thirty times ten: no box has so many of what holds several."""
    counts = [Fraction(level.count) for level in chain.counted if level.count != "1"]
    return len(counts) > 1 and counts[0] > most


# What is measured out of bottles, tubes and sachets.

_TUBE = frozenset({"tube"})


def _one_measure(packed: Packed, *allowed: Holds) -> tuple[str | None, str]:
    found = [(count, measure.value) for measure, count in packed.measures.items()]
    if len(found) == 1 and next(iter(packed.measures)) in allowed:
        return found[0]
    return None, ""


def _ends_nameless(chain: Chain) -> bool:
    """FLx100, BTx1FLx200, BAGx3L: of what? A measure may have been left out, or is not known."""
    if not chain.counted or chain.counted[-1].holds is not None:
        return False
    return chain.counted[0].implied or any(level.holds is not None for level in chain.counted[:-1])


def _bottles(packed: Packed, asked: Asked) -> Counted:
    """Bottles of a liquid, or single-dose containers of it; sachets where the form may be one."""
    if packed.kind not in {None, Holds.BOTTLE, Holds.VIAL, Holds.AMPOULE, Holds.SINGLE_DOSE, Holds.SACHET, Holds.TUBE}:
        return Counted(asked.group)
    content, measure = _one_measure(packed, Holds.ML, Holds.G)
    if _ends_nameless(packed.chain):
        return Counted(asked.group)
    if packed.kind is None and Holds.SINGLE_DOSE in packed.named:
        packed = replace(packed, kind=Holds.SINGLE_DOSE)
    unit = {Holds.AMPOULE: "single-dose container", Holds.SINGLE_DOSE: "single-dose container", Holds.SACHET: "sachet"}
    unit_of = unit.get(packed.kind, "tube" if packed.kind is Holds.TUBE else "bottle") if packed.kind else "bottle"
    return Counted(asked.group, unit_of, packed.units, content, measure)


def _oral_liquid(packed: Packed, asked: Asked) -> Counted:
    of_sachet = asked.strengths is not None and asked.strengths.per_piece == "sachet"
    if asked.label.startswith(("powder", "granules")) and (of_sachet or packed.kind is Holds.SACHET):
        return _sachets(packed, asked)
    if packed.kind is Holds.TUBE:
        return Counted(asked.group)
    counted = _bottles(packed, asked)
    if counted.content_unit != "ml":
        return replace(counted, content=None, content_unit="")  # a powder's grams are not what is measured out
    return counted


def _sachets(packed: Packed, asked: Asked) -> Counted:
    of_sachet = asked.strengths is not None and asked.strengths.per_piece == "sachet"
    if packed.kind is Holds.SACHET or (packed.kind in {None, Holds.BLISTER} and of_sachet and packed.units > 1):
        return Counted(FormGroup.ORAL_POWDER, "sachet", packed.units, "1", "sachet")
    if packed.kind is Holds.BOTTLE or packed.kind is Holds.JAR:
        content, measure = _one_measure(packed, Holds.G)
        return Counted(asked.group, packed.kind.value, packed.units if content else None, content, measure)
    return Counted(asked.group)


def _tubes(packed: Packed, asked: Asked) -> Counted:
    content, measure = _one_measure(packed, Holds.G, Holds.ML)
    if asked.group is FormGroup.EYE and packed.kind is None and Holds.SINGLE_DOSE in packed.named:
        packed = replace(packed, kind=Holds.SINGLE_DOSE)
    if packed.kind is Holds.SINGLE_DOSE and asked.group is FormGroup.EYE:
        return Counted(FormGroup.EYE_SINGLE_DOSE, "single-dose container", packed.units, content, measure)
    if packed.kind is not None and packed.kind in {Holds.TUBE, Holds.JAR, Holds.BOTTLE}:
        return Counted(asked.group, packed.kind.value, packed.units, content, measure)
    if packed.kind is None and content:
        return Counted(asked.group, "", packed.units, content, measure)
    return Counted(asked.group)


def _eye(packed: Packed, asked: Asked) -> Counted:
    if FORMS[asked.label].units == _TUBE:
        return _tubes(packed, asked)
    counted = _bottles(packed, asked)
    single = asked.group is FormGroup.EYE_SINGLE_DOSE or counted.unit == "single-dose container"
    if single and counted.unit in {"bottle", "single-dose container"}:
        return replace(counted, group=FormGroup.EYE_SINGLE_DOSE, unit="single-dose container")
    if packed.units > 6 or (counted.content is not None and Fraction(counted.content) < 1):
        return replace(counted, group=None, unit="")  # small and many: single-dose containers, but nothing says so
    return counted


def _nasal(packed: Packed, asked: Asked) -> Counted:
    of_dose = asked.strengths is not None and all(unit.endswith("/dose") for unit in asked.strengths.units)
    doses = packed.measures.get(Holds.DOSE)
    if doses is not None and of_dose:
        packed = replace(packed, measures={Holds.DOSE: doses})
        return replace(_bottles(packed, asked), content=doses, content_unit="dose")
    return _bottles(packed, asked)


def _by_unit(packed: Packed, asked: Asked) -> Counted:
    units = FORMS[asked.label].units
    family = _pieces if units <= _PIECES.keys() else _tubes if units == _TUBE else _bottles
    return family(packed, asked)


def _inhalers(packed: Packed, asked: Asked) -> Counted:
    if FORMS[asked.label].units == frozenset({"capsule"}):
        return _pieces(packed, asked)
    levels = packed.chain.counted
    doses = packed.measures.get(Holds.DOSE)
    units = packed.units
    if doses is None and len(levels) > 1 and levels[-2].holds is Holds.INHALER and levels[-1].holds is None:
        doses, units = levels[-1].count, units // int(levels[-1].count)  # DISKUSx60
    elif len(levels) > 1 and levels[-1].holds is None and Fraction(levels[-1].count) > 1:
        return Counted(asked.group)
    if packed.kind not in {None, Holds.INHALER, Holds.BOTTLE, Holds.VIAL} or units > 6:
        return Counted(asked.group)
    return Counted(asked.group, "inhaler", units, doses, "dose" if doses else "")


def _nebules(packed: Packed, asked: Asked) -> Counted:
    counted = _bottles(replace(packed, kind=None if packed.kind is Holds.SACHET else packed.kind), asked)
    small = counted.content is not None and counted.content_unit == "ml" and Fraction(counted.content) <= 5
    return replace(counted, unit="single-dose container") if counted.unit and (packed.units > 1 or small) else counted


# Injections.

_CONTAINERS = {Holds.AMPOULE, Holds.VIAL, Holds.SYRINGE, Holds.PEN, Holds.CARTRIDGE, Holds.BOTTLE, Holds.BAG}
_OF_UNITS = {Holds.PEN, Holds.CARTRIDGE, Holds.VIAL}


def _injections(packed: Packed, asked: Asked) -> Counted:
    kind = packed.kind
    per_piece = asked.strengths.per_piece if asked.strengths else None
    by_label = "pen" if asked.group is FormGroup.INJECTION_PEN else "pre-filled syringe"
    said = by_label if asked.label.endswith(by_label) else per_piece
    if (kind is not None and kind not in _CONTAINERS) or _ends_nameless(packed.chain):
        return Counted(None)
    of_units = asked.strengths is not None and asked.strengths.units[0] in {"iu/ml", "u/ml"}
    if (kind is Holds.AMPOULE and of_units) or (kind is Holds.CARTRIDGE and not of_units):
        return Counted(asked.group, "", packed.units)  # the Greek word for the one is the other's too
    unit = kind.value if kind else said or ""
    group: FormGroup | None = FormGroup.INJECTION_PEN if unit == "pen" else asked.group
    if (said is not None and unit != said) or (unit != "pen" and not asked.brand_words.isdisjoint(_PEN_BRANDS)):
        unit, group = "", None if "pen" in {said, unit} or said is None else asked.group
    content, measure = _injected(packed, asked, kind, per_piece)
    return Counted(group, unit, packed.units, content, measure)


def _injected(packed: Packed, asked: Asked, kind: Holds | None, per_piece: str | None) -> tuple[str | None, str]:
    volume = packed.measures.get(Holds.ML)
    unit = asked.strengths.units[0] if asked.strengths else ""
    if volume is not None and len(packed.measures) == 1:
        if unit in {"iu/ml", "u/ml"} and kind in _OF_UNITS and asked.strengths and len(asked.strengths.amounts) == 1:
            held = Fraction(asked.strengths.amounts[0]) * Fraction(volume)
            return (str(held), unit.removesuffix("/ml")) if held.denominator == 1 else (None, "")
        return volume, "ml"
    powder = asked.label.startswith("powder") or per_piece is not None
    if powder and packed.measures.keys() <= {Holds.MG, Holds.G, Holds.IU} and kind:
        return "1", kind.value
    return None, ""


_GROUP_NEEDS_PACK = {FormGroup.INJECTION, FormGroup.INJECTION_PEN, FormGroup.EYE}
_FAMILIES: dict[FormGroup, Callable[[Packed, Asked], Counted]] = {
    **dict.fromkeys(
        (
            FormGroup.ORAL_SOLID,
            FormGroup.ORAL_PROLONGED,
            FormGroup.ORAL_MODIFIED,
            FormGroup.ORAL_GASTRO_RESISTANT,
            FormGroup.ORAL_ORODISPERSIBLE,
            FormGroup.ORAL_EFFERVESCENT,
            FormGroup.ORAL_CHEWABLE,
            FormGroup.PATCH,
        ),
        _pieces,
    ),
    FormGroup.ORAL_LIQUID: _oral_liquid,
    FormGroup.ORAL_DROPS: _oral_liquid,
    FormGroup.ORAL_POWDER: _sachets,
    **dict.fromkeys((FormGroup.INJECTION, FormGroup.INJECTION_PROLONGED, FormGroup.INJECTION_PEN), _injections),
    FormGroup.INHALATION: _inhalers,
    FormGroup.NEBULISATION: _nebules,
    FormGroup.NASAL: _nasal,
    **dict.fromkeys((FormGroup.EYE, FormGroup.EYE_SINGLE_DOSE), _eye),
    **dict.fromkeys((FormGroup.EAR, FormGroup.CUTANEOUS_LIQUID), _bottles),
    FormGroup.CUTANEOUS: _tubes,
    **dict.fromkeys((FormGroup.RECTAL, FormGroup.VAGINAL, FormGroup.OROMUCOSAL), _by_unit),
}
