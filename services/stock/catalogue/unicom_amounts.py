"""How much: the unit, pack and strength of a UNICOM row, each held against what its name and labels print."""

from collections.abc import Mapping
from fractions import Fraction

from msgspec import Struct

from services.stock.catalogue.forms import Form
from services.stock.catalogue.names import read_pack_name
from services.stock.catalogue.names.amounts import tokens_of
from services.stock.catalogue.names.letters import fold
from services.stock.catalogue.names.pack_words import Holds
from services.stock.catalogue.names.packs import packed_of
from services.stock.catalogue.names.strengths import strengths_at
from services.stock.catalogue.reasons import Gap, OpenReason
from shared.catalogue import is_decimal

MAX_CONTENT_OR_UNITS = 10_000

_CONTAINERS = frozenset({"ampoule", "vial"})


class Amount(Struct, frozen=True):
    unit: str
    content_per_unit: int
    content_unit: str
    units_per_pack: int


class Printed(Struct, frozen=True):
    """A strength as printed: 100 mg in 5 ml, or 40 mg in each tablet. `text` is its first number."""

    text: str
    amount: Fraction
    unit: str
    count: Fraction
    per: str


NO_AMOUNT = Amount("", 1, "", 1)


def amount_of(values: Mapping[str, str], form: Form | None) -> Amount | Gap:
    """Say what is handed out and how many are in the pack. The form, if it is known, must allow the unit."""
    size_text = values["pack_size"]
    if not (size_text.isascii() and size_text.isdigit() and 0 < int(size_text) <= MAX_CONTENT_OR_UNITS):
        return Gap(OpenReason.PACK_SIZE_MISSING, size_text)
    amount = _amount_by_columns(int(size_text), values["unit"].lower(), values["pack_volume_unit"].lower())
    if isinstance(amount, Gap):
        return amount
    if form is not None and amount.unit not in form.units:
        return Gap(OpenReason.UNIT_CONTRADICTED, f"{amount.unit}, {values['form_label']}")
    name = read_pack_name(values["full_name"])
    in_name = name.content_per_unit if amount.content_unit == "ml" else name.units_per_pack
    if in_name is not None and Fraction(in_name) != int(size_text):
        return Gap(OpenReason.PACK_SIZE_CONTRADICTED, f"{size_text}, {name.pack}")
    return amount


def _amount_by_columns(size: int, unit: str, volume_unit: str) -> Amount | Gap:
    if unit and volume_unit:
        return Gap(OpenReason.UNIT_CONTRADICTED, f"{unit}, {volume_unit}")
    if unit:
        return Amount(unit, 1, unit, size)
    if volume_unit == "ml":
        # A volume for a pack's size means one bottle of so much.
        return Amount("bottle", size, "ml", 1)
    if volume_unit in _CONTAINERS:
        return Amount(volume_unit, 1, volume_unit, size)
    return Gap(OpenReason.UNIT_MISSING, volume_unit)


def strength_of(values: Mapping[str, str], amount: Amount | None) -> tuple[str, str] | Gap:
    """Give strength and unit: of one piece, of one ampoule, or of a measure of liquid.

    The column alone doesn't say whether a syrup's 20 mg are in 1 ml or in 5, so the printed strength must.
    Where the amount isn't known, only that there is a strength can be said.
    """
    value, unit = values["strength_value"], values["strength_unit"].lower()
    if not is_decimal(value) or not unit:
        return Gap(OpenReason.STRENGTH_MISSING, f"{value} {unit}".strip())
    if amount is None:
        return value, unit
    printed = _printed(values["strength_local"])
    found = f"{value} {unit}, {values['strength_local']}"
    if amount.content_unit == "ml":
        return _strength_of_liquid(Fraction(value), unit, printed, found)
    if amount.unit in _CONTAINERS:
        return _strength_of_container(value, unit, printed, found, values["pack_local"])
    if printed is not None and (printed.amount, printed.unit) != (Fraction(value), unit):
        return Gap(OpenReason.STRENGTH_CONTRADICTED, found)
    return value, unit


def _printed(text: str) -> Printed | None:
    tokens = tokens_of(fold(text))
    found = strengths_at(tokens, 0)
    if found is None or len(found.amounts) != 1 or found.after < len(tokens):
        return None
    unit, _, per = found.units[0].partition("/")
    count, _, measure = per.rpartition(" ")
    return Printed(found.amounts[0], Fraction(found.amounts[0]), unit, Fraction(count or "1"), measure)


def _strength_of_liquid(value: Fraction, unit: str, printed: Printed | None, found: str) -> tuple[str, str] | Gap:
    """Some rows give what is in the printed measure (100 of 100 mg/5 ml), others what is in 1 ml (20)."""
    if printed is None or printed.per != "ml" or printed.count == 0:
        return Gap(OpenReason.STRENGTH_MISSING, found)
    if printed.unit != unit or value not in (printed.amount, printed.amount / printed.count):
        return Gap(OpenReason.STRENGTH_CONTRADICTED, found)
    measure = "ml" if printed.count == 1 else f"{printed.count} ml"
    return printed.text, f"{unit}/{measure}"


def _strength_of_container(
    value: str, unit: str, printed: Printed | None, found: str, pack_label: str
) -> tuple[str, str] | Gap:
    """What one ampoule or vial holds: its concentration times its volume must come to the column's value."""
    packed = packed_of(fold(pack_label), powder=False)
    volume = packed.measures.get(Holds.ML) if packed else None
    if printed is None or printed.per != "ml" or printed.count == 0 or volume is None:
        return Gap(OpenReason.STRENGTH_MISSING, f"{found}, {pack_label}")
    held = printed.amount / printed.count * Fraction(volume)
    if (held, printed.unit) != (Fraction(value), unit):
        return Gap(OpenReason.STRENGTH_CONTRADICTED, f"{found}, {pack_label}")
    return value, unit
