"""What a pack of an injection holds: ampoules, vials, syringes, pens, cartridges, bags, and how much is in each."""

from fractions import Fraction

from services.stock.catalogue.names.amounts import decimal_from
from services.stock.catalogue.names.brands import CARTRIDGE_BRANDS, LIKE_PEN_BRANDS, PEN_BRANDS
from services.stock.catalogue.names.counted import Asked, Counted, ends_nameless
from services.stock.catalogue.names.pack_words import (
    GLASS_AMPOULE,
    GREEK_AMPOULES,
    NAMED_BOTTLES,
    SMALL_BOTTLES,
    Holds,
)
from services.stock.catalogue.names.packs import Packed
from shared.catalogue import FormGroup

_CONTAINERS = {Holds.AMPOULE, Holds.VIAL, Holds.SYRINGE, Holds.PEN, Holds.CARTRIDGE, Holds.BOTTLE, Holds.BAG}
_COUNTED_IN_UNITS = {"pen", "cartridge", "vial"}
_USED_AT_ONCE = {"ampoule", "pre-filled syringe"}
_MADE_READY = ("pen", "pre-filled syringe", "cartridge")


def injections(packed: Packed, asked: Asked) -> Counted:
    kind = _container(packed, asked)
    if (packed.kind is not None and packed.kind not in _CONTAINERS) or ends_nameless(packed.chain):
        return Counted(None)
    if kind is Holds.SYRINGE and _may_be_pen(packed, asked):
        return Counted(None, "", packed.units)
    if _may_be_ampoule_or_cartridge(packed, asked, kind):
        return Counted(asked.group, "", packed.units)
    by_form = next((ready for ready in _MADE_READY if asked.label.endswith(ready)), None)
    said = by_form or asked.per_piece
    unit = kind.value if kind else "" if packed.kind else said or ""
    group: FormGroup | None = asked.group
    if unit == "pen":
        group = None if group is FormGroup.INJECTION_PROLONGED else FormGroup.INJECTION_PEN
    if unit and said is not None and unit != said:
        unit, group = "", None if "pen" in {said, unit} else asked.group
    elif unit != "pen" and kind is not Holds.CARTRIDGE and not asked.brand_words.isdisjoint(LIKE_PEN_BRANDS):
        unit, group = "", None if "pen" in {said, unit} or said is None else asked.group
    content, measure = _content(packed, asked, unit)
    return Counted(group, unit, packed.units, content, measure)


def _container(packed: Packed, asked: Asked) -> Holds | None:
    """Say what is handed out; None where the word for it, or its absence, leaves that open."""
    kind = packed.kind
    if kind in {None, Holds.AMPOULE, Holds.CARTRIDGE} and not asked.brand_words.isdisjoint(CARTRIDGE_BRANDS):
        return Holds.CARTRIDGE
    if kind is None and not asked.brand_words.isdisjoint(PEN_BRANDS):
        return Holds.PEN
    named = packed.named & _CONTAINERS
    kind = next(iter(named)) if kind is None and len(named) == 1 else kind
    return _bottle(packed, asked) if kind is Holds.BOTTLE else kind


def _bottle(packed: Packed, asked: Asked) -> Holds | None:
    """An injection's ΦΙΑΛΙΔΙΟ is a vial; its FL or ΦΙΑΛΗ is one too, or a bottle."""
    if not packed.words.isdisjoint(SMALL_BOTTLES):
        return Holds.VIAL
    if not packed.words.isdisjoint(NAMED_BOTTLES):
        return Holds.BOTTLE
    if _is_powder(asked) or _is_of_units(asked) or asked.per_piece == "vial":
        return Holds.VIAL
    is_infused = asked.label.endswith("for infusion") and not asked.label.startswith("concentrate")
    return Holds.BOTTLE if is_infused else None


def _may_be_ampoule_or_cartridge(packed: Packed, asked: Asked, kind: Holds | None) -> bool:
    """The Greek word for the one is the other's too; of insulin a glass one is a cartridge."""
    if kind is Holds.AMPOULE:
        return _is_of_units(asked) and not packed.words.isdisjoint(GREEK_AMPOULES)
    named = packed.kind is Holds.CARTRIDGE and GLASS_AMPOULE in packed.words
    return (
        named and kind is Holds.CARTRIDGE and not _is_of_units(asked) and CARTRIDGE_BRANDS.isdisjoint(asked.brand_words)
    )


def _may_be_pen(packed: Packed, asked: Asked) -> bool:
    """Insulin's pens are printed PF.SYR too: 100U/ML 5PF.SYRx3ML."""
    return _is_of_units(asked) and Fraction(packed.measures.get(Holds.ML, "0")) > 1


def _is_of_units(asked: Asked) -> bool:
    return asked.units[:1] in {("iu/ml",), ("u/ml",)}


def _is_powder(asked: Asked) -> bool:
    return asked.label.startswith("powder")


def _content(packed: Packed, asked: Asked, unit: str) -> tuple[str | None, str]:
    volume = packed.measures.get(Holds.ML) if len(packed.measures) == 1 else None
    if _is_powder(asked) and volume is not None:
        plain = bool(asked.units) and not any("/" in strength for strength in asked.units)
        # The volume of a powder's vial is the glass's, or what is made of it.
        return ("1", unit) if plain and unit else (None, "") if plain or not asked.units else (volume, "ml")
    if volume is not None:
        return _volume(volume, asked, unit)
    if packed.measures.keys() <= {Holds.MG, Holds.G, Holds.IU} and (_is_powder(asked) or asked.per_piece):
        in_ml = any("/" in strength for strength in asked.units)  # 250MCG/ML of a powder: in how many ml?
        return ("1", unit) if unit and packed.kind and not in_ml else (None, "")
    return _volume_of_strength(asked) if not packed.measures and unit in _USED_AT_ONCE else (None, "")


def _volume(volume: str, asked: Asked, unit: str) -> tuple[str | None, str]:
    unsaid = not asked.units or (asked.units[0] in {"iu", "u"} and asked.per_piece is None)
    if (_is_of_units(asked) and not unit) or (unsaid and unit in _COUNTED_IN_UNITS):
        return None, ""  # of a pen of insulin it would be counted in units, of a syringe in ml
    if _is_of_units(asked) and unit in _COUNTED_IN_UNITS and asked.strengths and len(asked.strengths.amounts) == 1:
        held = Fraction(asked.strengths.amounts[0]) * Fraction(volume)
        return (str(held), asked.units[0].removesuffix("/ml")) if held.denominator == 1 else (None, "")
    return volume, "ml"


def _volume_of_strength(asked: Asked) -> tuple[str | None, str]:
    """40MG/0,4ML is said of the whole syringe; 40MG/ML of any."""
    (per, *others) = {unit.partition("/")[2] for unit in asked.units} or {""}
    count, _, measure = per.partition(" ")
    if others or measure != "ml":
        return None, ""
    return decimal_from(Fraction(count)), "ml"
