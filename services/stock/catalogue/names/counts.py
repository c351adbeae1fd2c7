"""What a pack's chain means for its form: what is handed out, how many there are, how much is in each.

Whatever the form doesn't allow, or a bracket contradicts, leaves its field open.
"""

from collections.abc import Callable
from fractions import Fraction

from msgspec.structs import replace

from services.stock.catalogue.forms import FORMS
from services.stock.catalogue.names.counted import Asked, Counted, ends_nameless, one_measure
from services.stock.catalogue.names.forms import FormCode
from services.stock.catalogue.names.injections import injections
from services.stock.catalogue.names.pack_words import Holds
from services.stock.catalogue.names.packs import Chain, Level, Packed, packed_of
from services.stock.catalogue.names.strengths import Strengths
from shared.catalogue import FormGroup


def count_pack(code: FormCode, strengths: Strengths | None, brand_words: frozenset[str], text: str) -> Counted:
    """Read a name's pack, on folded text."""
    group = FORMS[code.label].group
    packed = packed_of(text, powder=code.is_powder_injected)
    if packed is None:
        return Counted(None if group in _GROUP_NEEDS_PACK else group)
    return count_packed(packed, Asked(code.label, group, strengths, brand_words))


def count_packed(packed: Packed, asked: Asked) -> Counted:
    return _FAMILIES[asked.group](packed, asked)


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


def _bottles(packed: Packed, asked: Asked) -> Counted:
    """Bottles of a liquid, or single-dose containers of it; sachets where the form may be one."""
    if packed.kind not in {None, Holds.BOTTLE, Holds.VIAL, Holds.AMPOULE, Holds.SINGLE_DOSE, Holds.SACHET, Holds.TUBE}:
        return Counted(asked.group)
    content, measure = _measured_out(packed, asked)
    if ends_nameless(packed.chain):
        return Counted(asked.group)
    if packed.kind is None and Holds.SINGLE_DOSE in packed.named:
        packed = replace(packed, kind=Holds.SINGLE_DOSE)
    unit = _UNIT_OF_LIQUID.get(packed.kind, "bottle") if packed.kind else "bottle"
    return Counted(asked.group, unit, packed.units, content, measure)


_UNIT_OF_LIQUID = {
    Holds.AMPOULE: "single-dose container",
    Holds.SINGLE_DOSE: "single-dose container",
    Holds.SACHET: "sachet",
    Holds.TUBE: "tube",
}


def _measured_out(packed: Packed, asked: Asked) -> tuple[str | None, str]:
    """Of a strength in each dose the doses count; of one in each ml, the ml, whatever doses are said besides."""
    if asked.is_of_doses and Holds.DOSE in packed.measures:
        return packed.measures[Holds.DOSE], "dose"
    if asked.units and not asked.is_of_doses:
        packed = replace(packed, measures={kind: said for kind, said in packed.measures.items() if kind != Holds.DOSE})
    return one_measure(packed, Holds.ML, Holds.G)


def _oral_liquid(packed: Packed, asked: Asked) -> Counted:
    of_sachet = asked.per_piece == "sachet"
    if asked.label.startswith(("powder", "granules")) and (of_sachet or packed.kind is Holds.SACHET):
        return _sachets(packed, asked)
    if packed.kind is Holds.TUBE:
        return Counted(asked.group)
    if Holds.ML in packed.measures and asked.label.startswith(("powder", "granules")):
        packed = replace(packed, measures={Holds.ML: packed.measures[Holds.ML]})  # 21,6G of powder for 60ML
    counted = _bottles(packed, asked)
    if packed.kind is None and _is_small_and_many(packed, counted):
        counted = replace(counted, unit="")  # sachets or drinking ampoules, perhaps
    if counted.content_unit != "ml":
        return replace(counted, content=None, content_unit="")  # a powder's grams are not what is measured out
    return counted


def _sachets(packed: Packed, asked: Asked) -> Counted:
    of_sachet = asked.per_piece == "sachet"
    if packed.kind is Holds.SACHET or (packed.kind in {None, Holds.BLISTER} and of_sachet and packed.units > 1):
        return Counted(FormGroup.ORAL_POWDER, "sachet", packed.units, "1", "sachet")
    if packed.kind is Holds.BOTTLE or packed.kind is Holds.JAR:
        content, measure = one_measure(packed, Holds.G)
        return Counted(asked.group, packed.kind.value, packed.units if content else None, content, measure)
    return Counted(asked.group)


def _tubes(packed: Packed, asked: Asked) -> Counted:
    content, measure = one_measure(packed, Holds.G, Holds.ML)
    if asked.group is FormGroup.EYE and packed.kind is None and Holds.SINGLE_DOSE in packed.named:
        packed = replace(packed, kind=Holds.SINGLE_DOSE)
    if packed.kind is Holds.SINGLE_DOSE and asked.group is FormGroup.EYE:
        return Counted(FormGroup.EYE_SINGLE_DOSE, "single-dose container", packed.units, content, measure)
    if packed.kind is not None and packed.kind in {Holds.TUBE, Holds.JAR, Holds.BOTTLE, Holds.SACHET}:
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
    if _is_small_and_many(packed, counted):
        return replace(counted, group=None, unit="")
    return counted


def _ear(packed: Packed, asked: Asked) -> Counted:
    counted = _bottles(packed, asked)
    if counted.unit == "bottle" and _is_small_and_many(packed, counted):
        return replace(counted, unit="")
    return counted


def _is_small_and_many(packed: Packed, counted: Counted) -> bool:
    """Whether these are single-dose containers, perhaps, though nothing says so."""
    return packed.units > 6 or (counted.content is not None and Fraction(counted.content) < 1)


def _by_unit(packed: Packed, asked: Asked) -> Counted:
    units = FORMS[asked.label].units
    if units <= _PIECES.keys():
        return _pieces(packed, asked)
    if units == _TUBE:
        return _tubes(packed, asked)
    counted = _bottles(packed, asked)
    is_said = packed.kind is not None or asked.group is not FormGroup.RECTAL
    return counted if is_said else replace(counted, unit="")  # an enema may be a tube


_ONE_DOSE_EACH = {None, Holds.BLISTER}


def _inhalers(packed: Packed, asked: Asked) -> Counted:
    if FORMS[asked.label].units == frozenset({"capsule"}):
        return _pieces(packed, asked)
    levels = packed.chain.counted
    doses = packed.measures.get(Holds.DOSE)
    units = packed.units
    if doses is None and len(levels) > 1 and levels[-2].holds is Holds.INHALER and levels[-1].holds in _ONE_DOSE_EACH:
        doses, units = levels[-1].count, units // int(levels[-1].count)  # DISKUSx60
        packed = replace(packed, kind=Holds.INHALER)
    elif len(levels) > 1 and levels[-1].holds is None and Fraction(levels[-1].count) > 1:
        return Counted(asked.group)
    if packed.kind not in {None, Holds.INHALER, Holds.BOTTLE, Holds.VIAL, Holds.SINGLE_DOSE} or units > 6:
        return Counted(asked.group)
    return Counted(asked.group, "inhaler", units, doses, "dose" if doses else "")


def _nebules(packed: Packed, asked: Asked) -> Counted:
    counted = _bottles(replace(packed, kind=None if packed.kind is Holds.SACHET else packed.kind), asked)
    small = counted.content is not None and counted.content_unit == "ml" and Fraction(counted.content) <= 5
    return replace(counted, unit="single-dose container") if counted.unit and (packed.units > 1 or small) else counted


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
    **dict.fromkeys((FormGroup.INJECTION, FormGroup.INJECTION_PROLONGED, FormGroup.INJECTION_PEN), injections),
    FormGroup.INHALATION: _inhalers,
    FormGroup.NEBULISATION: _nebules,
    FormGroup.NASAL: _bottles,
    FormGroup.EAR: _ear,
    **dict.fromkeys((FormGroup.EYE, FormGroup.EYE_SINGLE_DOSE), _eye),
    FormGroup.CUTANEOUS_LIQUID: _bottles,
    FormGroup.CUTANEOUS: _tubes,
    **dict.fromkeys((FormGroup.RECTAL, FormGroup.VAGINAL, FormGroup.OROMUCOSAL), _by_unit),
}
