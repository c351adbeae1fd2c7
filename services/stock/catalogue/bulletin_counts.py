"""From what a pack's name says to how the catalogue counts it: whole numbers of ml, g, doses or iu, or pieces.

A name says 0.3 ml of an eye-drop container and 10 mg/2 ml of an ampoule. The catalogue counts what can't be counted
in whole measures by itself, and what is used up at once (an ampoule whose strength is that of its volume) as a piece
with what it holds: 10 mg.
"""

from fractions import Fraction

from msgspec import Struct

from services.stock.catalogue.names import PackName
from shared.catalogue import FormGroup

_INJECTIONS = {FormGroup.INJECTION, FormGroup.INJECTION_PROLONGED, FormGroup.INJECTION_PEN}
_COUNTED_WHOLE = {
    FormGroup.EYE,
    FormGroup.EYE_SINGLE_DOSE,
    FormGroup.EAR,
    FormGroup.NASAL,
    FormGroup.NEBULISATION,
    FormGroup.CUTANEOUS,
    FormGroup.CUTANEOUS_LIQUID,
    FormGroup.VAGINAL,
    FormGroup.RECTAL,
}


class Measured(Struct, frozen=True):
    """`content_per_unit` is None where the content isn't known, or can't be counted in whole numbers."""

    content_per_unit: int | None
    content_unit: str
    strengths: tuple[tuple[str, str], ...]


def measured(name: PackName, units: tuple[str, ...]) -> Measured:
    """Count a pack's content; `units` are its strengths' units as its substances make them (u of insulin is iu)."""
    strengths = tuple(zip(name.strengths, units, strict=True))
    if name.content_per_unit is None or not name.unit:
        return Measured(None, "", strengths)
    content_unit = "iu" if name.content_unit == "u" and "iu/ml" in units else name.content_unit
    if name.form_group in _INJECTIONS and content_unit == "ml":
        return _injected(name, strengths)
    content = Fraction(name.content_per_unit)
    if content.denominator == 1:
        return Measured(int(content), content_unit, strengths)
    if name.form_group in _COUNTED_WHOLE:
        return Measured(1, name.unit, strengths)
    return Measured(None, "", strengths)


def _injected(name: PackName, strengths: tuple[tuple[str, str], ...]) -> Measured:
    volume = Fraction(name.content_per_unit or 0)
    whats = [unit.partition("/")[0] for _, unit in strengths]
    pers = {unit.partition("/")[2] for _, unit in strengths}
    if pers == {""} and "%" not in whats:
        return Measured(1, name.unit, strengths)  # 840MG/VIAL
    if {_volume_of(per) for per in pers} == {volume}:
        held = tuple((amount, what) for (amount, _), what in zip(strengths, whats, strict=True))
        return Measured(1, name.unit, held)
    if volume.denominator == 1:
        return Measured(int(volume), "ml", strengths)
    return Measured(None, "", strengths)


def _volume_of(per: str) -> Fraction | None:
    count, _, measure = per.rpartition(" ")
    return Fraction(count or 1) if measure == "ml" else None
