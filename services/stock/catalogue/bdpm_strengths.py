"""The strength of each substance of a French pack: from its column, held against the name on the box.

The column often gives the weight of the salt ("ranitidine (chlorhydrate de)", 168 mg) where the box says what
everybody prescribes by (150 mg). So the box has the word, and the column must agree: be the same, or be somewhat more
beside a substance that is named as a salt. Whatever doesn't agree is left to a person.
"""

import functools
import re
from collections.abc import Sequence
from fractions import Fraction

from msgspec import Struct

from services.stock.catalogue.bdpm_forms import FrenchForm
from services.stock.catalogue.bdpm_packs import NUMBER, Packed, number_of
from services.stock.catalogue.facts import decimal
from services.stock.catalogue.reasons import Gap, OpenReason
from shared.catalogue import FormGroup, is_decimal
from shared.moieties import folded, is_known_moiety, moiety_name, names_salt

HEAVIEST_SALT = 2
"""A salt that weighs more than twice its moiety is not met; another number is meant."""

_UNITS: dict[str, tuple[str, int]] = {
    "mg": ("mg", 1),
    "g": ("g", 1),
    "microgramme": ("microgram", 1),
    "microgrammes": ("microgram", 1),
    "µg": ("microgram", 1),
    "μg": ("microgram", 1),
    "ui": ("iu", 1),
    "u.i.": ("iu", 1),
    "m.u.i.": ("iu", 10**6),
    "million d'ui": ("iu", 10**6),
    "millions d'ui": ("iu", 10**6),
    "millions ui": ("iu", 10**6),
    "%": ("%", 1),
    "pour cent": ("%", 1),
}
_IN_MG = {"g": Fraction(1000), "mg": Fraction(1), "microgram": Fraction(1, 1000)}
_UNIT = "|".join(sorted((re.escape(unit) for unit in _UNITS), key=len, reverse=True))
_AMOUNT = re.compile(rf"({NUMBER}) ?({_UNIT})")
_IN_NAME = re.compile(
    rf"(?<![\w.,/-])(?P<number>{NUMBER}) ?(?P<unit>{_UNIT})(?![\w.])"
    rf"(?: ?/ ?(?P<count>{NUMBER})? ?(?P<per>ml|dose|heures?|h)\b)?"
)
_ALSO_A_NUMBER = re.compile(rf"(?<![\w.,])({NUMBER}) ?/ ?(?={NUMBER})")
_PER = re.compile(rf"(?P<count>{NUMBER}) ?(?P<measure>ml|g)\b.*")
_METALS = frozenset({"calcium", "sodium", "potassium", "lithium", "magnesium", "strontium"})
_MEASURES = {"h": "h", "heure": "h", "heures": "h", "ml": "ml", "dose": "dose"}


class Amount(Struct, frozen=True):
    """An amount as written, and where it is in a measure, in how much of it: 250 mg in 5 ml."""

    number: Fraction
    unit: str
    count: Fraction | None = None
    per: str | None = None

    def base(self) -> tuple[Fraction, str]:
        return (self.number * _IN_MG[self.unit], "mg") if self.unit in _IN_MG else (self.number, self.unit)

    def strength(self) -> tuple[str, str]:
        """As Dosis stores it: "250", "mg/5 ml"."""
        if self.per is None:
            return decimal(self.number), self.unit
        count = "" if self.count in (None, 1) else f"{decimal(self.count or Fraction(1))} "
        return decimal(self.number), f"{self.unit}/{count}{self.per}"


def strengths_of(
    name: str, substances: Sequence[str], column: str, per: str, form: FrenchForm, pack: Packed | None
) -> list[tuple[str, str]] | Gap:
    """Strength and unit of each substance: of one piece, one container, one dose, or in a measure of it."""
    found = f"{name}; {column}; {per}"
    given = [_amount(part) for part in column.split(" + ")] if column else [None] * len(substances)
    if len(given) != len(substances):
        return Gap(OpenReason.STRENGTH_MISSING, found)
    on_the_box = _amounts_in(name)
    if on_the_box is None:
        return Gap(OpenReason.STRENGTH_CONTRADICTED, found)
    if form.group is FormGroup.PATCH:
        return _released(on_the_box, len(substances), found)
    told = [_held(amount, per, form, pack) if amount else None for amount in given]
    boxed = [_as_held(amount, form, pack) for amount in on_the_box]
    if any(amount is None for amount in boxed):
        return Gap(OpenReason.STRENGTH_CONTRADICTED, found)
    agreed = _agreed(substances, told, [amount for amount in boxed if amount is not None])
    if agreed is None:
        missing = not on_the_box or not column
        return Gap(OpenReason.STRENGTH_MISSING if missing else OpenReason.STRENGTH_CONTRADICTED, found)
    strengths = [amount.strength() for amount in agreed]
    return strengths if all(is_decimal(number) for number, _ in strengths) else Gap(OpenReason.STRENGTH_MISSING, found)


@functools.lru_cache(maxsize=5_000)
def _amount(text: str) -> Amount | None:
    match = _AMOUNT.fullmatch(folded(text))
    if match is None:
        return None
    unit, times = _UNITS[match[2]]
    return Amount(number_of(match[1]) * times, unit)


def _amounts_in(name: str) -> list[Amount] | None:
    """The amounts before the form in the name; None where it holds numbers that aren't understood."""
    told = folded(name.split(", ", maxsplit=1)[0])
    if _ALSO_A_NUMBER.search(told) or "(" in told:
        return None
    # In "5 mg/160 mg" each number has its own unit, and the stroke is no division.
    apart = re.sub(rf"(?<=[a-z%]) ?/ ?(?={NUMBER} ?(?:mg|g|microgrammes?|ui|%)(?!\w))", " ; ", told)
    found = [_amount_in(match) for match in _IN_NAME.finditer(apart)]
    measures = {(amount.count, amount.per) for amount in found if amount.per is not None}
    if len(measures) > 1:
        return None
    if measures:
        (count, per) = measures.pop()
        return [Amount(amount.number, amount.unit, count, per) for amount in found]
    return found


def _amount_in(match: re.Match[str]) -> Amount:
    unit, times = _UNITS[match["unit"]]
    per = _MEASURES[match["per"]] if match["per"] else None
    count = (number_of(match["count"]) if match["count"] else Fraction(1)) if per else None
    return Amount(number_of(match["number"]) * times, unit, count, per)


def _released(on_the_box: list[Amount], substances: int, found: str) -> list[tuple[str, str]] | Gap:
    """A patch is known by what it gives off in an hour or a day, which only the box says."""
    if substances != 1 or len(on_the_box) != 1 or on_the_box[0].per != "h":
        return Gap(OpenReason.STRENGTH_MISSING, found)
    return [on_the_box[0].strength()]


def _held(amount: Amount, per: str, form: FrenchForm, pack: Packed | None) -> Amount | None:
    """The column's amount in one unit, or in a measure of what is measured out."""
    text = folded(per)
    measure = _PER.fullmatch(text)
    if measure is not None:
        count = number_of(measure["count"])
        return _as_held(Amount(amount.number, amount.unit, count, measure["measure"]), form, pack)
    words = [word for word, _ in form.holds]
    one = text.removeprefix("une ").removeprefix("un ").removeprefix("1 ").replace("pre-remplie", "preremplie")
    if form.group is FormGroup.INHALATION and form.measured:
        return Amount(amount.number, amount.unit, Fraction(1), "dose") if one.split()[:1] == ["dose"] else None
    if form.measured or not any(one == word or one.startswith(f"{word} ") for word in words):
        return None
    return amount


def _as_held(amount: Amount, form: FrenchForm, pack: Packed | None) -> Amount | None:
    """An amount in the way this form is known by; None where that can't be said."""
    if form.group is FormGroup.INHALATION and form.measured:
        return Amount(amount.number, amount.unit, Fraction(1), "dose") if amount.per in (None, "dose") else None
    if form.measured:
        return amount if amount.per in ("ml", "g") or amount.unit == "%" else None
    if amount.unit == "%":
        return None
    if amount.per is None:
        return amount
    if amount.per != "ml" or pack is None or pack.volume_ml is None or not amount.count:
        return None
    return Amount(amount.number / amount.count * pack.volume_ml, amount.unit)


def _agreed(substances: Sequence[str], told: list[Amount | None], boxed: list[Amount]) -> list[Amount] | None:
    """Each substance's amount on the box, where the column agrees with it."""
    if not boxed:
        certain = [amount for amount in told if amount is not None]
        return certain if len(certain) == len(substances) and not any(map(names_salt, substances)) else None
    if len(boxed) != len(substances):
        return None
    left = list(boxed)
    result: list[Amount | None] = []
    for amount in told:
        same = next((one for one in left if amount is not None and _ratio(amount, one) == 1), None)
        result.append(_better(amount, same) if amount and same else None)
        if same is not None:
            left.remove(same)
    if not left:
        return [amount for amount in result if amount is not None]
    place = result.index(None)
    if len(left) > 1 or not _may_be_its_salt(substances[place], told[place], left[0]):
        return None
    result[place] = left[0]
    return [amount for amount in result if amount is not None]


def _better(told: Amount, boxed: Amount) -> Amount:
    """Of two equal ones, what is written as a weight, for a percentage may be of weight or of volume."""
    return told if boxed.unit == "%" else boxed


def _may_be_its_salt(substance: str, told: Amount | None, boxed: Amount) -> bool:
    if told is None:
        return boxed.unit != "%" and _is_meant_by_its_name(substance)
    folded_away = names_salt(substance) and is_known_moiety(substance) and not names_salt(moiety_name(substance))
    ratio = _ratio(told, boxed)
    return folded_away and ratio is not None and 1 < ratio <= HEAVIEST_SALT


def _is_meant_by_its_name(substance: str) -> bool:
    """Whether an amount on the box is of this substance: for an inorganic salt it may be of its metal alone."""
    moiety = moiety_name(substance)
    if is_known_moiety(substance):
        return moiety.split()[0] not in _METALS
    return " " not in moiety


def _ratio(one: Amount, other: Amount) -> Fraction | None:
    """How many times the other; None where they can't be compared."""
    first, second = _per_measure(one), _per_measure(other)
    return first[0] / second[0] if first[1] == second[1] and second[0] else None


def _per_measure(amount: Amount) -> tuple[Fraction, str]:
    """In mg (or what it is) in one of its measure; a percentage is grams in a hundred grams or ml."""
    if amount.unit == "%":
        return amount.number * 10, "mg/measure"
    number, unit = amount.base()
    if amount.per is None or amount.count is None:
        return number, unit
    return number / amount.count, f"{unit}/{'measure' if amount.per in ('ml', 'g') else amount.per}"
