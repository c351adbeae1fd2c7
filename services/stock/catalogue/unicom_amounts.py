"""How much: the unit, pack and strength of a UNICOM row, each held against what its name and labels print."""

import re
from collections.abc import Mapping
from fractions import Fraction

from msgspec import Struct

from services.stock.catalogue.forms import Form
from services.stock.catalogue.reading import Gap, OpenReason
from shared.catalogue import is_decimal

MAX_CONTENT_OR_UNITS = 10_000

# Greek names mix the two alphabets: Β, Τ and Χ may be either, and look the same.
_TIMES = "[xXχΧ×]"
PACK_IN_NAME = re.compile(rf"\s(?:[BΒ][TΤ]|FL)\s*{_TIMES}.*$", re.IGNORECASE)
_PIECES_IN_NAME = re.compile(rf"\s[BΒ][TΤ]\s*{_TIMES}\s*(\d+)(?!\s*BLIST|\d)", re.IGNORECASE)
_ML_IN_NAME = re.compile(rf"\sFL\s*{_TIMES}\s*(\d+)\s*ML", re.IGNORECASE)
_ML_OF_CONTAINER = re.compile(rf"{_TIMES}\s*(\d+(?:[.,]\d+)?)\s*ML\b", re.IGNORECASE)
_PRINTED = re.compile(r"(\d+(?:[.,]\d+)?)\s*([^\d\s/]+)(?:/\s*(\d+(?:[.,]\d+)?)?\s*([^\d\s/]+))?")

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
    in_name = (_ML_IN_NAME if amount.content_unit == "ml" else _PIECES_IN_NAME).search(values["full_name"])
    if in_name and in_name[1] != size_text:
        return Gap(OpenReason.PACK_SIZE_CONTRADICTED, f"{size_text}, {in_name.group().strip()}")
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
    match = _PRINTED.fullmatch(text.strip())
    if match is None:
        return None
    number, unit, count, per = match.groups(default="")
    point = number.replace(",", ".")
    return Printed(point, Fraction(point), unit.lower(), Fraction(count.replace(",", ".") or "1"), per.lower())


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
    volume = _ML_OF_CONTAINER.search(pack_label)
    if printed is None or printed.per != "ml" or printed.count == 0 or volume is None:
        return Gap(OpenReason.STRENGTH_MISSING, f"{found}, {pack_label}")
    held = printed.amount / printed.count * Fraction(volume[1].replace(",", "."))
    if (held, printed.unit) != (Fraction(value), unit):
        return Gap(OpenReason.STRENGTH_CONTRADICTED, f"{found}, {pack_label}")
    return value, unit
