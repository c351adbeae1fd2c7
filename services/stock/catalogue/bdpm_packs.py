"""How much a French pack holds, from its label: "3 plaquette(s) PVC-aluminium de 28 comprimé(s)"."""

import re
from fractions import Fraction

from msgspec import Struct

from services.stock.catalogue.bdpm_forms import FrenchForm
from services.stock.catalogue.reasons import Gap, OpenReason
from shared.moieties import folded

MAX_CONTENT_OR_UNITS = 10_000
NUMBER = r"(?:\d{1,3}(?: \d{3})+(?:[.,]\d+)?|\d+(?:[.,]\d+)?)"
_PIECES = "comprime gelule capsule suppositoire ovule dispositif sachet dose"
_CONTAINERS = (
    "flacon pressurise|flacon compte-gouttes|flacon|ampoule bouteille|ampoule|seringue preremplie|seringue pre-remplie"
    "|recipient unidose|plaquette|pilulier|tube|sachet-dose|sachet|poche|film|inhalateur|boite"
)
# What is counted must be followed by nothing else: more packages, solvents or devices are for a person to see.
_LABEL = re.compile(
    rf"(?:(?P<count>\d+) )?(?P<container>{_CONTAINERS})\b(?P<made_of>[^\d:+]*?)"
    rf"(?: de (?P<number>{NUMBER}) (?P<what>{_PIECES.replace(' ', '|')}|ml|g|mg))?"
)
_EXTRA = re.compile(r" (?:avec|muni|munie) (?:une? |d'|de |l')?[^\d+:;]*$")
_BRACKET = re.compile(r" ?\((?:[^()\d]|abrogee le [\d/]+)*\)")
_HOLDS_MANY = frozenset({"plaquette", "flacon", "tube", "pilulier", "film", "sachet", "boite"})


class Packed(Struct, frozen=True):
    unit: str
    units_per_pack: int
    content_per_unit: int
    content_unit: str
    volume_ml: Fraction | None = None
    """Of one ampoule, vial or syringe, where the label says it."""


class Label(Struct, frozen=True):
    count: int | None
    container: str
    number: Fraction | None
    what: str


def number_of(text: str) -> Fraction:
    return Fraction(text.replace(" ", "").replace(",", "."))


def read_label(text: str) -> Label | None:
    """The parts of a label; None where it holds more than one kind of thing, or is written in another way."""
    plain = folded(text).replace("(s)", "").replace("pre-remplie", "preremplie")
    plain = " ".join(_EXTRA.sub("", _BRACKET.sub("", plain)).split())
    if " - " in plain:
        return None
    match = _LABEL.fullmatch(plain)
    if match is None or "dans" in match["made_of"].split():
        return None
    number = number_of(match["number"]) if match["number"] else None
    return Label(int(match["count"]) if match["count"] else None, match["container"], number, match["what"] or "")


def packed(label_text: str, form: FrenchForm) -> Packed | Gap:
    """What is handed out of the pack and how much it holds, 0 if that is no whole number; the form must allow it."""
    label = read_label(label_text)
    if label is None:
        return Gap(OpenReason.PACK_SIZE_MISSING, label_text)
    amount = _measured(label, form) if form.measured else _counted(label, form)
    if amount is None:
        return Gap(OpenReason.PACK_SIZE_MISSING, label_text)
    if not 0 < amount.units_per_pack <= MAX_CONTENT_OR_UNITS or amount.content_per_unit > MAX_CONTENT_OR_UNITS:
        return Gap(OpenReason.PACK_SIZE_MISSING, label_text)
    return amount


def _counted(label: Label, form: FrenchForm) -> Packed | None:
    holds = dict(form.holds)
    if label.what in holds and label.container in _HOLDS_MANY and label.container not in holds:
        # Without a number before it there is one of it: "plaquette(s) de 30 comprimé(s)" are 30 in all.
        if label.number is None or label.number.denominator != 1:
            return None
        unit = holds[label.what]
        return Packed(unit, (label.count or 1) * int(label.number), 1, unit)
    if label.container in holds and label.count is not None and label.what in ("", "ml", "g", "mg"):
        unit = holds[label.container]
        return Packed(unit, label.count, 1, unit, label.number if label.what == "ml" else None)
    return None


def _measured(label: Label, form: FrenchForm) -> Packed | None:
    """Bottles in ml, tubes in g, inhalers in doses. 2.5 ml can't be counted: 0 says so."""
    unit = dict(form.holds).get(label.container)
    wanted = {"bottle": "ml", "tube": "g", "inhaler": "dose"}
    if unit is None or label.count is None or label.number is None or label.what != wanted[unit]:
        return None
    content = int(label.number) if label.number.denominator == 1 else 0
    return Packed(unit, label.count, content, label.what)
