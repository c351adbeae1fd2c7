"""The strengths of a name: of one substance, or of several joined by "+" or "/"."""

from fractions import Fraction

from msgspec import Struct
from msgspec.structs import replace

from services.stock.catalogue.names.amounts import Token, decimal_of, text_at
from services.stock.catalogue.names.measures import per_at, unit_at

_IN_MG = {
    "g": (Fraction(1000), "mg"),
    "microgram": (Fraction(1, 1000), "mg"),
    "ng": (Fraction(1, 1_000_000), "mg"),
}
_OF_EFFECT = {"iu", "u"}
_FRACTIONS = {("1", "2"), ("1", "3"), ("1", "4"), ("3", "4")}  # 1/2MG may be half a mg


class Strengths(Struct, frozen=True):
    """What stands in one place; `per_piece` is the unit that the strength is said to be of ("5MG/TAB")."""

    amounts: tuple[str, ...]
    units: tuple[str, ...]
    per_piece: str | None
    has_per: bool
    after: int
    slashed: bool = False  # 80/12,5MG: two substances where the form has pieces; elsewhere perhaps one in a measure


def strengths_at(tokens: list[Token], at: int) -> Strengths | None:
    """Read the strength that begins at this token, of one substance or of several."""
    shared, own = _shared_unit(tokens, at, "+"), _own_units(tokens, at, "+")
    found = own if own and (shared is None or own.after > shared.after) else shared
    if found is None:
        found = _slashed(tokens, at)
    while found and found.has_per and found.per_piece is None and text_at(tokens, found.after) == "+":
        # 40MCG/ML+5MG/ML. Of pieces it would be two kinds in one box: 125MG/CAP+80MG/CAP.
        more = _shared_unit(tokens, found.after + 1, "+")
        if more is None or not more.has_per or more.per_piece is not None:
            return None
        found = Strengths(found.amounts + more.amounts, found.units + more.units, None, has_per=True, after=more.after)
    return found


def whole_strengths_at(tokens: list[Token], at: int) -> Strengths | None:
    """Read the strength here, unless more of it follows that isn't understood: (70MG+140MCG) (5600IU)."""
    found = strengths_at(tokens, at)
    if found is None:
        return None
    found = replace(found, after=_after_per_cent_of(tokens, found))
    if text_at(tokens, found.after) == "(":
        if text_at(tokens, found.after + 2) == "+":
            return _broken_down(tokens, found)
        again = strengths_at(tokens, found.after + 1)
        if again is None:
            return found
        found = _said_again(tokens, found, again)
        if found is None:
            return None
    here = found.after
    follows = text_at(tokens, here)
    if follows in {"+", "/", "?"} or strengths_at(tokens, here) or (follows == "-" and strengths_at(tokens, here + 1)):
        return None
    return found


def _broken_down(tokens: list[Token], found: Strengths) -> Strengths | None:
    """Read 625MG (500+125)MG/TAB as its parts, if they come to it."""
    parts = strengths_at(tokens, found.after)
    if parts is None:
        return None
    units = {unit.partition("/")[0] for unit in (*found.units, *parts.units)}
    comes_to_it = sum(map(Fraction, parts.amounts)) == sum(map(Fraction, found.amounts))
    return parts if comes_to_it and len(units) == 1 else None


def _said_again(tokens: list[Token], found: Strengths, again: Strengths) -> Strengths | None:
    """Pass over a bracket that says the same once more: 0,005% (50MCG/ML), 4000 IU (40MG)/0,4ML."""
    if text_at(tokens, again.after) != ")" or not _is_same(found, again):
        return None
    after = again.after + 1
    if text_at(tokens, after) == "/" and not found.has_per and not again.has_per:
        return _with_per(tokens, after, list(found.amounts), list(found.units))
    return replace(found, after=after)


def _is_same(one: Strengths, other: Strengths) -> bool:
    """Whether two strengths are one; how many units (iu) are in a mg only its substance says."""
    if len(one.amounts) != len(other.amounts):
        return False
    pairs = zip(map(_ratio, one.amounts, one.units), map(_ratio, other.amounts, other.units), strict=True)
    return all(_is_same_ratio(*pair) for pair in pairs) or (len(one.amounts) == 1 and _is_in_other_words(one, other))


def _is_in_other_words(one: Strengths, other: Strengths) -> bool:
    what, _, per = one.units[0].partition("/")
    other_what, _, other_per = other.units[0].partition("/")
    return per == other_per and (what in _OF_EFFECT) != (other_what in _OF_EFFECT) and "%" not in {what, other_what}


def _is_same_ratio(one: tuple[Fraction, str], other: tuple[Fraction, str]) -> bool:
    """Whether these are one; 1 % is 10 mg in a ml or g."""
    units = {one[1], other[1]}
    if "%" in units and units & {"mg/ml", "mg/g"}:
        one, other = ((amount * 10, "") if unit == "%" else (amount, "") for amount, unit in (one, other))
    return one == other


def _ratio(amount: str, unit: str) -> tuple[Fraction, str]:
    """Give 100 mg/5 ml as 20 "mg/ml", 50 microgram/ml as 0.05 "mg/ml"."""
    what, slash, per = unit.partition("/")
    count, _, measure = per.strip().rpartition(" ")
    times, what = _IN_MG.get(what, (Fraction(1), what))
    return Fraction(amount) * times / Fraction(count or 1), f"{what}{slash}{measure}"


def _after_per_cent_of(tokens: list[Token], found: Strengths) -> int:
    """Pass over what the per cent are of: W/V, (W/W)."""
    bracket = text_at(tokens, found.after) == "("
    at = found.after + bracket
    of = [text_at(tokens, place) for place in range(at, at + 3)]
    said = found.units[0] == "%" and of[0] in {"W", "V"} and of[1] == "/" and of[2] in {"W", "V"}
    return at + 3 + (text_at(tokens, at + 3) == ")") if said else found.after


def _slashed(tokens: list[Token], at: int) -> Strengths | None:
    """Read 80/12,5MG and 5MG/160MG."""
    shared, own = _shared_unit(tokens, at, "/"), _own_units(tokens, at, "/")
    found = own if own and (shared is None or own.after > shared.after) else shared
    if found is None or len(found.amounts) == 1 or found.amounts in _FRACTIONS:
        return None
    return replace(found, slashed=True)


def _shared_unit(tokens: list[Token], at: int, joint: str) -> Strengths | None:
    """Read 850MG/TAB, (10+20)MG/TAB and 25+250MCG/DOSE: one unit after all numbers."""
    bracket = text_at(tokens, at) == "("
    here = at + bracket
    numbers: list[str] = []
    while here < len(tokens) and tokens[here].is_number:
        numbers.append(tokens[here].text)
        here += 1
        if text_at(tokens, here) != joint:
            break
        here += 1
    if not numbers or (bracket and text_at(tokens, here) != ")"):
        return None
    unit, here = unit_at(tokens, here + bracket)
    return _with_per(tokens, here, numbers, [unit] * len(numbers)) if unit else None


def _own_units(tokens: list[Token], at: int, joint: str) -> Strengths | None:
    """Read 5MG+160MG and (70MG+140MCG)/TAB: a unit after each number."""
    bracket = text_at(tokens, at) == "("
    here = at + bracket
    numbers: list[str] = []
    units: list[str] = []
    while here < len(tokens) and tokens[here].is_number:
        unit, after = unit_at(tokens, here + 1)
        if not unit:
            return None
        numbers.append(tokens[here].text)
        units.append(unit)
        here = after
        if not _goes_on(tokens, here, joint):
            break
        here += 1
    if not numbers or (bracket and text_at(tokens, here) != ")"):
        return None
    return _with_per(tokens, here + bracket, numbers, units)


def _goes_on(tokens: list[Token], at: int, joint: str) -> bool:
    """Whether one more substance follows; behind a slash it may be the measure (50MG/160MG/5ML)."""
    return text_at(tokens, at) == joint and (joint != "/" or bool(unit_at(tokens, at + 2)[0]))


def _with_per(tokens: list[Token], at: int, numbers: list[str], units: list[str]) -> Strengths | None:
    amounts = [decimal_of(number, unit) for number, unit in zip(numbers, units, strict=True)]
    known = tuple(amount for amount in amounts if amount is not None)
    if len(known) < len(amounts):
        return None
    if text_at(tokens, at) != "/":
        return Strengths(known, tuple(units), None, has_per=False, after=at)
    per = per_at(tokens, at + 1)
    if per is None or "%" in units:
        return None
    measure, piece, after = per
    return Strengths(known, tuple(unit + measure for unit in units), piece, has_per=True, after=after)
