"""Numbers and strengths as the bulletin writes them, on folded text. What can be read two ways is not read."""

import re
from fractions import Fraction

from msgspec import Struct

from services.stock.catalogue.names.letters import fold_words

_TOKEN = re.compile(r"[0-9]+(?:[.,][0-9]+)*|[^\W\d_]+|\S")
_GROUPED = re.compile(r"[1-9][0-9]{0,2}(?:\.[0-9]{3})+|[1-9][0-9]{0,2}(?:,[0-9]{3})+")
_GROUPED_WITH_DECIMALS = re.compile(
    r"(?P<whole>[1-9][0-9]{0,2}(?:(?:\.[0-9]{3})+(?=,)|(?:,[0-9]{3})+(?=\.)))[.,](?P<rest>[0-9]+)"
)
_PLAIN = re.compile(r"(?P<whole>[0-9]+)(?:[.,](?P<rest>[0-9]+))?")
MAX_DIGITS = 9

UNITS = {
    **dict.fromkeys(("MG", "MGR"), "mg"),
    **dict.fromkeys(("G", "GR"), "g"),
    **dict.fromkeys(("MCG", "MC", "UG", "MICROGR", "MICROGRAM", "MICROGRAMS"), "microgram"),
    "NG": "ng",
    "IU": "iu",
    **dict.fromkeys(("U", "UNIT", "UNITS"), "u"),
    "MMOL": "mmol",
    "%": "%",
}
_UNITS_SPELLED_OUT = [
    ["ANTI", "-", "XA", "IU"],
    ["IU", "ANTI", "-", "XA"],
    ["ANTI", "-", "XAIU"],
    ["I", ".", "U", "."],
    ["I", ".", "U"],
]
_DOSE = fold_words("DOSE DOSES DOS PUFF ACT ACTUATION SPRAY INHALATION ΔΟΣΗ ΨΕΚΑΣΜΟ ΨΕΚΑΣΜΟΣ ΕΙΣΠΝΟΗ")
_HOUR = fold_words("H HR HOUR HOURS ΩΡΑ ΩΡΕΣ")
PIECE_OF_WORD = {
    **dict.fromkeys(fold_words("TAB TABS TABLET TABLETS ΔΙΣΚΙΟ"), "tablet"),
    **dict.fromkeys(fold_words("CAP CAPS CAPSULE ΚΑΨΟΥΛΑ ΚΑΨΑΚΙΟ"), "capsule"),
    **dict.fromkeys(fold_words("SUP SUPP SUPPOS ΥΠΟΘΕΤΟ"), "suppository"),
    **dict.fromkeys(fold_words("PESS PESSARY OVULE VAG"), "pessary"),
    **dict.fromkeys(fold_words("SACHET SACH SAC ΦΑΚΕΛΛΙΣΚΟΣ ΦΑΚΕΛΙΣΚΟΣ ΦΑΚΕΛΑΚΙ"), "sachet"),
    **dict.fromkeys(fold_words("PATCH TTS"), "patch"),
    **dict.fromkeys(fold_words("LOZ LOZENGE"), "lozenge"),
    **dict.fromkeys(fold_words("VIAL ΦΙΑΛΙΔΙΟ"), "vial"),
    **dict.fromkeys(fold_words("AMP AMPOULE ΦΥΣΙΓΓΑ"), "ampoule"),
    **dict.fromkeys(fold_words("PFS SYR SYRINGE ΣΥΡΙΓΓΑ"), "pre-filled syringe"),
    "PEN": "pen",
}


class Token(Struct, frozen=True):
    text: str
    start: int
    end: int

    @property
    def is_number(self) -> bool:
        return self.text[0] in "0123456789"


class Strengths(Struct, frozen=True):
    """What stands in one place; `per_piece` is the unit that the strength is said to be of ("5MG/TAB")."""

    amounts: tuple[str, ...]
    units: tuple[str, ...]
    per_piece: str | None
    has_per: bool
    after: int


def tokens_of(folded: str) -> list[Token]:
    return [Token(match.group(), match.start(), match.end()) for match in _TOKEN.finditer(folded)]


def decimal_of(text: str, unit: str = "") -> str | None:
    """Give a number as a decimal string, or None where the sign in it may part either thousands or decimals.

    Greek writes 1.000,5, English 1,000.5, and both are printed. 1.000 is a thousand in units (no thousandth of a
    unit is ever printed), and one in grams and per cent; in milligrams it is either.
    """
    mixed = _GROUPED_WITH_DECIMALS.fullmatch(text)
    if mixed is not None:
        return _canonical(re.sub("[.,]", "", mixed["whole"]), mixed["rest"])
    if _GROUPED.fullmatch(text):
        if text.count(".") + text.count(",") > 1 or ("." in text and unit in {"iu", "u"}):
            return _canonical(re.sub("[.,]", "", text), "")
        if unit not in {"g", "%"}:
            return None
    plain = _PLAIN.fullmatch(text)
    return None if plain is None else _canonical(plain["whole"], plain["rest"] or "")


def _canonical(whole: str, rest: str) -> str | None:
    whole, rest = whole.lstrip("0") or "0", rest.rstrip("0")
    if len(whole) > MAX_DIGITS or len(rest) > MAX_DIGITS or (whole == "0" and not rest):
        return None
    return f"{whole}.{rest}" if rest else whole


def strengths_at(tokens: list[Token], at: int) -> Strengths | None:
    """Read the strength that begins at this token, of one substance or of several joined by "+"."""
    shared, own = _shared_unit(tokens, at), _own_units(tokens, at)
    found = own if own and (shared is None or own.after > shared.after) else shared
    while found and found.has_per and found.per_piece is None and _text(tokens, found.after) == "+":
        # 40MCG/ML+5MG/ML. Of pieces it would be two kinds in one box: 125MG/CAP+80MG/CAP.
        more = _shared_unit(tokens, found.after + 1)
        if more is None or not more.has_per or more.per_piece is not None:
            return None
        found = Strengths(found.amounts + more.amounts, found.units + more.units, None, has_per=True, after=more.after)
    return found


def ratio(amount: str, unit: str) -> tuple[Fraction, str]:
    """Give 100 mg/5 ml as 20 "mg/ml", to see whether two strengths are one."""
    what, _, per = unit.partition("/")
    count, _, measure = per.strip().rpartition(" ")
    return Fraction(amount) / Fraction(count or 1), f"{what}/{measure}"


def _shared_unit(tokens: list[Token], at: int) -> Strengths | None:
    """Read 850MG/TAB, (10+20)MG/TAB and 25+250MCG/DOSE: one unit after all numbers."""
    bracket = _text(tokens, at) == "("
    here = at + bracket
    numbers: list[str] = []
    while here < len(tokens) and tokens[here].is_number:
        numbers.append(tokens[here].text)
        here += 1
        if _text(tokens, here) != "+":
            break
        here += 1
    if not numbers or (bracket and _text(tokens, here) != ")"):
        return None
    unit, here = _unit_at(tokens, here + bracket)
    return _with_per(tokens, here, numbers, [unit] * len(numbers)) if unit else None


def _own_units(tokens: list[Token], at: int) -> Strengths | None:
    """Read 5MG+160MG and (70MG+140MCG)/TAB: a unit after each number."""
    bracket = _text(tokens, at) == "("
    here = at + bracket
    numbers: list[str] = []
    units: list[str] = []
    while here < len(tokens) and tokens[here].is_number:
        unit, after = _unit_at(tokens, here + 1)
        if not unit:
            return None
        numbers.append(tokens[here].text)
        units.append(unit)
        here = after
        if _text(tokens, here) != "+":
            break
        here += 1
    if not numbers or (bracket and _text(tokens, here) != ")"):
        return None
    return _with_per(tokens, here + bracket, numbers, units)


def _unit_at(tokens: list[Token], at: int) -> tuple[str, int]:
    """Give the unit and the token after it. Anti-Xa units are units (iu) of another kind, said by the substance."""
    words = [_text(tokens, place) for place in range(at, at + 4)]
    for spelled in _UNITS_SPELLED_OUT:
        if words[: len(spelled)] == spelled:
            return "iu", at + len(spelled)
    return UNITS.get(words[0], ""), at + 1


def _with_per(tokens: list[Token], at: int, numbers: list[str], units: list[str]) -> Strengths | None:
    amounts = [decimal_of(number, unit) for number, unit in zip(numbers, units, strict=True)]
    known = tuple(amount for amount in amounts if amount is not None)
    if len(known) < len(amounts):
        return None
    if _text(tokens, at) != "/":
        return Strengths(known, tuple(units), None, has_per=False, after=at)
    per = _per_at(tokens, at + 1)
    if per is None or "%" in units:
        return None
    measure, piece, after = per
    return Strengths(known, tuple(unit + measure for unit in units), piece, has_per=True, after=after)


def _per_at(tokens: list[Token], at: int) -> tuple[str, str | None, int] | None:
    """Give what follows "/": a measure ("/5 ml"), or the piece that the strength is of, and the token after it."""
    count: str | None = "1"
    if at < len(tokens) and tokens[at].is_number:
        count, at = decimal_of(tokens[at].text), at + 1
    word = _text(tokens, at)
    if count is None:
        return None
    if word == "ML" or word in _HOUR:
        measure = "ml" if word == "ML" else "h"
        return f"/{measure}" if count == "1" else f"/{count} {measure}", None, at + 1
    if count != "1":
        return None
    if word in {"G", "GR"} and not (_text(tokens, at + 1) == "." and _text(tokens, at + 2).isalpha()):
        return "/g", None, at + 1
    if word in _DOSE:
        return "/dose", None, at + 1
    if word == "PF" and (made_ready := _made_ready(tokens, at)):
        return "", *made_ready
    while _text(tokens, at + 1) == "." and _text(tokens, at).isalpha() and _text(tokens, at) not in PIECE_OF_WORD:
        at += 2  # /F.C.TAB
    piece = PIECE_OF_WORD.get(_text(tokens, at))
    return None if piece is None else ("", piece, at + 1)


def _made_ready(tokens: list[Token], at: int) -> tuple[str, int] | None:
    """Read PF.SYR and PF PEN."""
    at += 1 + (_text(tokens, at + 1) in {".", ","})
    piece = {"SYR": "pre-filled syringe", "PEN": "pen"}.get(_text(tokens, at))
    return None if piece is None else (piece, at + 1 + (_text(tokens, at + 1) == "."))


def _text(tokens: list[Token], at: int) -> str:
    return tokens[at].text if 0 <= at < len(tokens) else ""
