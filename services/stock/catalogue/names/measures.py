"""The words of a strength: its units, and what it is of ("5MG/TAB", "100MG/5ML"). All folded."""

from fractions import Fraction

from services.stock.catalogue.names.amounts import Token, decimal_from, decimal_of, text_at
from services.stock.catalogue.names.letters import fold_words

UNITS = {
    **dict.fromkeys(("MG", "MGR"), "mg"),
    **dict.fromkeys(("G", "GR"), "g"),
    **dict.fromkeys(("MCG", "MC", "UG", "MICROGR", "MICROGRAM", "MICROGRAMS"), "microgram"),
    "NG": "ng",
    **dict.fromkeys(fold_words("IU UI ΔΜ"), "iu"),
    **dict.fromkeys(("U", "UNIT", "UNITS"), "u"),
    "MMOL": "mmol",
    "%": "%",
}
_UNITS_SPELLED_OUT = [
    ["ANTI", "-", "XA", "IU"],
    ["IU", "ANTI", "-", "XA"],
    ["ANTI", "-", "XAIU"],
    ["ANTI", "XA", "IU"],
    ["IU", "ANTI", "XA"],
    ["IU", "AXA"],
    ["AXA", "IU"],
    ["I", ".", "U", "."],
    ["I", ".", "U"],
]
ML_OF = {
    "ML": Fraction(1),
    "MCL": Fraction(1, 1000),
    **dict.fromkeys(fold_words("L LT LTR LITRE ΛΙΤΡΟ"), Fraction(1000)),
}
_DOSE = fold_words("DOSE DOSES DOS PUFF ACT ACTUATION SPRAY INHALATION ΔΟΣΗ ΨΕΚΑΣΜΟ ΨΕΚΑΣΜΟΣ ΕΙΣΠΝΟΗ ΕΜΦΥΣΗΣΗ")
_HOUR = fold_words("H HR HOUR HOURS ΩΡΑ ΩΡΕΣ")
PIECE_OF_WORD = {
    **dict.fromkeys(fold_words("TAB TABS TABL TABLET TABLETS ΔΙΣΚΙΟ"), "tablet"),
    **dict.fromkeys(fold_words("CAP CAPS CAPSULE ΚΑΨΟΥΛΑ ΚΑΨΑΚΙΟ"), "capsule"),
    **dict.fromkeys(fold_words("SUP SUPP SUPPOS SUPPOSITORY ΥΠΟΘΕΤΟ"), "suppository"),
    **dict.fromkeys(fold_words("PESS PESSARY OVUL OVULE VAG"), "pessary"),
    **dict.fromkeys(fold_words("SACHET SACH SAC ΦΑΚΕΛΛΙΣΚΟΣ ΦΑΚΕΛΙΣΚΟΣ ΦΑΚΕΛΑΚΙ"), "sachet"),
    **dict.fromkeys(fold_words("PATCH TTS ΕΜΠΛΑΣΤΡΟ"), "patch"),
    **dict.fromkeys(fold_words("LOZ LOZENGE"), "lozenge"),
    **dict.fromkeys(fold_words("VIAL ΦΙΑΛΙΔΙΟ"), "vial"),
    **dict.fromkeys(fold_words("AMP AMPOULE ΦΥΣΙΓΓΑ"), "ampoule"),
    **dict.fromkeys(fold_words("PFS SYR SYRINGE ΣΥΡΙΓΓΑ"), "pre-filled syringe"),
    **dict.fromkeys(fold_words("BAG ΣΑΚΟΣ"), "bag"),
    "CARTRIDGE": "cartridge",
    "PEN": "pen",
}


def unit_at(tokens: list[Token], at: int) -> tuple[str, int]:
    """Give the unit and the token after it. Anti-Xa units are units (iu) of another kind, said by the substance."""
    words = [text_at(tokens, place) for place in range(at, at + 4)]
    for spelled in _UNITS_SPELLED_OUT:
        if words[: len(spelled)] == spelled:
            return "iu", at + len(spelled)
    return UNITS.get(words[0], ""), at + 1


def per_at(tokens: list[Token], at: int) -> tuple[str, str | None, int] | None:
    """Give what follows "/": a measure ("/5 ml"), or the piece that the strength is of, and the token after it."""
    count: str | None = "1"
    if at < len(tokens) and tokens[at].is_number:
        count, at = decimal_of(tokens[at].text), at + 1
    word = text_at(tokens, at)
    if count is None:
        return None
    if word in ML_OF:
        count, word = decimal_from(Fraction(count) * ML_OF[word]), "ML"
    if word == "ML" or word in _HOUR:
        measure = "ml" if word == "ML" else "h"
        return f"/{measure}" if count == "1" else f"/{count} {measure}", None, at + 1
    if count != "1":
        return None
    if word in {"G", "GR"} and not (text_at(tokens, at + 1) == "." and text_at(tokens, at + 2).isalpha()):
        return "/g", None, at + 1
    if word in _DOSE:
        return "/dose", None, at + 1
    if word == "PF" and (made_ready := _made_ready(tokens, at)):
        return "", *made_ready
    while text_at(tokens, at + 1) == "." and (
        text_at(tokens, at) not in PIECE_OF_WORD or text_at(tokens, at + 2) in PIECE_OF_WORD
    ):
        at += 2  # /F.C.TAB, /VAG.TAB
    piece = PIECE_OF_WORD.get(text_at(tokens, at))
    return None if piece is None else ("", piece, at + 1)


def _made_ready(tokens: list[Token], at: int) -> tuple[str, int] | None:
    """Read PF.SYR and PF PEN."""
    at += 1 + (text_at(tokens, at + 1) in {".", ","})
    piece = {"SYR": "pre-filled syringe", "PEN": "pen"}.get(text_at(tokens, at))
    return None if piece is None else (piece, at + 1 + (text_at(tokens, at + 1) == "."))
