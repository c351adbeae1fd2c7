"""The words of a pack: what it counts, the boxes around it, and the materials that are passed over. All folded."""

import re
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise

from services.stock.catalogue.names.amounts import Token, decimal_from, decimal_of, tokens_of
from services.stock.catalogue.names.letters import fold, fold_words
from services.stock.catalogue.names.measures import ML_OF


class Holds(StrEnum):
    """What a number in a pack counts."""

    BLISTER = "blister"
    BOTTLE = "bottle"
    VIAL = "vial"
    AMPOULE = "ampoule"
    SYRINGE = "pre-filled syringe"
    PEN = "pen"
    CARTRIDGE = "cartridge"
    SACHET = "sachet"
    TUBE = "tube"
    JAR = "jar"
    BAG = "bag"
    INHALER = "inhaler"
    SINGLE_DOSE = "single-dose container"
    TABLET = "tablet"
    CAPSULE = "capsule"
    SUPPOSITORY = "suppository"
    PESSARY = "pessary"
    PATCH = "patch"
    LOZENGE = "lozenge"
    ML = "ml"
    G = "g"
    MG = "mg"
    IU = "iu"
    DOSE = "dose"


MEASURES = frozenset({Holds.ML, Holds.G, Holds.MG, Holds.IU, Holds.DOSE})

_KINDS = {
    Holds.BLISTER: "BLIST BLISTER BLISTERS BLISTS BL BLS STRIP STRIPS ΚΥΨΕΛΗ ΚΥΨΕΛΕΣ ΤΑΙΝΙΑ ΤΑΙΝΙΕΣ ΚΑΡΤΕΛΑ ΚΑΡΤΕΛΕΣ"
    " ΘΗΚΗ ΘΗΚΕΣ WALLET WALLETS FOIL FOILS",
    Holds.BOTTLE: "FL FLAC FLACON FLACONS BOTTLE BOTTLES BOT BOTT ΦΙΑΛΗ ΦΙΑΛΕΣ ΦΙΑΛΙΔΙΟ ΦΙΑΛΙΔΙΑ",
    Holds.VIAL: "VIAL VIALS",
    Holds.AMPOULE: "AMP AMPS AMPOULE AMPOULES ΦΥΣΙΓΓΑ ΦΥΣΙΓΓΕΣ ΦΥΣΙΓΓΙΑ ΑΜΠΟΥΛΑ ΑΜΠΟΥΛΕΣ",
    Holds.SYRINGE: "SYRINGE SYRINGES SYR PFS",
    Holds.PEN: "PEN PENS ΠΕΝΑ ΠΕΝΕΣ SOLOSTAR FLEXPEN KWIKPEN FLEXTOUCH DOUBLESTAR INNOLET OPTISET",
    Holds.CARTRIDGE: "CARTRIDGE CARTRIDGES CARTR CART PENFILL PENFILLS GLASSAMPOULE",
    Holds.SACHET: "SACHET SACHETS SACH SACHS ΦΑΚΕΛΛΙΣΚΟΙ ΦΑΚΕΛΙΣΚΟΙ ΦΑΚΕΛΑΚΙΑ ΦΑΚΕΛΑΚΙ ΦΑΚΕΛΟΙ ΦΑΚΕΛΟΥΣ ΦΑΚ",
    Holds.TUBE: "TUB TUBE TUBES ΣΩΛΗΝΑΡΙΟ ΣΩΛΗΝΑΡΙΑ",
    Holds.JAR: "JAR VASE POT ΒΑΖΟ ΒΑΖΑΚΙ",
    Holds.BAG: "BAG BAGS ΣΑΚΟΣ ΣΑΚΟΙ",
    Holds.INHALER: "INHALER INHALERS DEVICE DEVICES CANISTER CANISTERS CAN ΣΥΣΚΕΥΗ ΣΥΣΚΕΥΕΣ ΣΥΣΚ"
    " ΕΙΣΠΝΕΥΣΤΗΡΑΣ ΕΙΣΠΝΕΥΣΤΗΡΕΣ DISKUS TURBUHALER ELLIPTA GENUAIR NEXTHALER EASYHALER SPIROMAX FORSPIRO NOVOLIZER"
    " ACCUHALER TWISTHALER",
    Holds.SINGLE_DOSE: "SDC SD CONTAINER CONTAINERS ΠΕΡΙΕΚΤΗΣ ΠΕΡΙΕΚΤΗ ΠΕΡΙΕΚΤΕΣ ΜΟΝΟΔΟΣΗ ΜΟΝΟΔΟΣΕΙΣ MONODOSE"
    " MONODOSES",
    Holds.TABLET: "TAB TABS TABLET TABLETS ΔΙΣΚΙΑ ΔΙΣΚΙΩΝ ΔΙΣΚΙΟ",
    Holds.CAPSULE: "CAP CAPS CAPSULE CAPSULES ΚΑΨΑΚΙΑ ΚΑΨΑΚΙΟ ΚΑΨΟΥΛΕΣ ΚΑΨΟΥΛΑ ΚΑΨΑΚΙΩΝ",
    Holds.SUPPOSITORY: "SUP SUPP SUPPOS SUPPOSITORIES ΥΠΟΘΕΤΑ ΥΠΟΘΕΤΟ",
    Holds.PESSARY: "PESS PESSARY PESSARIES OVULES OVULE ΚΟΛΠΙΚΑ",
    Holds.PATCH: "PATCH PATCHES TTS ΕΜΠΛΑΣΤΡΑ ΕΜΠΛΑΣΤΡΟ ΑΥΤΟΚΟΛΛΗΤΑ",
    Holds.LOZENGE: "LOZ LOZENGES LOZENGE ΤΡΟΧΙΣΚΟΙ ΤΡΟΧΙΣΚΩΝ ΠΑΣΤΙΛΙΕΣ",
    Holds.ML: "ML",
    Holds.G: "G GR ΓΡ",
    Holds.MG: "MG",
    Holds.IU: "IU",
    Holds.DOSE: "DOSE DOSES ΔΟΣΕΙΣ ΔΟΣΕΩΝ ΕΙΣΠΝΟΕΣ ΨΕΚΑΣΜΟΙ ΨΕΚΑΣΜΩΝ PUFFS ACTUATIONS SPRAYS INHALATIONS",
}
HOLDS = {word: kind for kind, words in _KINDS.items() for word in fold_words(words)}
BOXES = fold_words("BT BX BOX ΚΟΥΤΙ ΣΥΣΚΕΥΑΣΙΑ")
TIMES = "X"
GREEK_AMPOULES = fold_words("ΦΥΣΙΓΓΑ ΦΥΣΙΓΓΕΣ ΦΥΣΙΓΓΙΑ")
GLASS_AMPOULE = "GLASSAMPOULE"  # ΓΥΑΛ.ΦΥΣΙΓΓΕΣ as one word
SMALL_BOTTLES = fold_words("ΦΙΑΛΙΔΙΟ ΦΙΑΛΙΔΙΑ")
NAMED_BOTTLES = fold_words("BOTTLE BOTTLES BOT BOTT")
# What may stand behind a bare number without saying what was counted: 30 σε BLISTERS, 20 PVC/AL.
_JOINING = fold_words("ΣΕ ΣΤΟ ΜΕ ΤΟΥ ΑΝΑ IN OF WITH ΕΚΑΣΤΗ ΕΚΑΣΤΟ")
PASSED_OVER = fold_words(
    ". , PLASTIC GLASS HDPE LDPE PE PP PVC PET ΓΥΑΛΙΝΗ ΓΥΑΛΙΝΕΣ ΓΥΑΛΙΝΟ ΓΥΑΛΙΝΑ ΠΛΑΣΤ ΠΛΑΣΤΙΚΗ ΠΛΑΣΤΙΚΕΣ ΠΛΑΣΤΙΚΟ"
    " ΠΛΑΣΤΙΚΑ ΠΛΑΣΤΙΚΟΙ ΕΙΣΠΝΟΗΣ ΕΙΣΠΝΟΩΝ METERED ΔΟΣΟΜΕΤΡΗΜΕΝΕΣ ΣΤΑΓΟΝΟΜΕΤΡΙΚΑ ΣΤΑΓΟΝΟΜΕΤΡΙΚΟ RECTAL ΑΛΟΥΜΙΝΙΟΥ"
)


def _phrase(pattern: str) -> re.Pattern[str]:
    """Compile a phrase; a number may stand against it before, a times sign after."""
    return re.compile(rf"(?<![^\W\d_])(?:{pattern})(?=X?(?![^\W\d_]))")


MATERIALS = fold_words(
    "BLIST BLISTER BLISTERS STRIP STRIPS PVC PVDC PE PP PET HDPE LDPE OPA PA AL ALU ALUM ALUMINIUM ALUMINUM FOIL PCTFE"
    " ACLAR TYPE GLASS ΑΛΟΥΜΙΝΙΟ ΑΛΟΥΜΙΝΙΟΥ ΤΥΠΟΥ"
)

_FOLLOWING = _JOINING | MATERIALS | HOLDS.keys() | BOXES | PASSED_OVER

# Kinds of more than one word, written as one that the tables above know.
_PHRASES = [
    (_phrase(r"P\.? ?F[., ]*SYR(?:INGES?|S)?\.?"), " SYRINGE "),
    (_phrase(r"(?:PRE-? ?FILLED|P\.? ?F)[., ]*SYR(?:INGES?|S)?\.?"), " SYRINGE "),
    (_phrase(r"(?:PRE-? ?FILLED|P\.? ?F)[., ]*PENS?"), " PEN "),
    (_phrase(rf"{fold('ΠΡΟΓΕΜΙΣΜΕΝ')}\w* {fold('ΣΥΡΙΓΓ')}\w*?"), " SYRINGE "),
    (_phrase(rf"(?:{fold('ΠΡΟΓΕΜΙΣΜΕΝ')}\w*|{fold('ΠΡ')}\.) {fold('ΣΥΣΚ')}(?:\.|\w*) {fold('ΤΥΠΟΥ ΠΕΝΑΣ')}"), " PEN "),
    (_phrase(rf"{fold('ΠΡΟΓΕΜΙΣΜΕΝ')}\w* {fold('ΠΕΝ')}\w*?"), " PEN "),
    (_phrase(rf"{fold('ΓΥΑΛ')}[., ]+{fold('ΦΥΣΙΓ')}\w*?[.,]?"), f" {GLASS_AMPOULE} "),
    (_phrase(rf"{fold('ΓΥΑΛ')}[., ]+{fold('ΦΙΑΛΙΔ')}\w*?[.,]?"), f" {fold('ΦΙΑΛΙΔΙΟ')} "),
    (_phrase(rf"{fold('ΓΥΑΛ')}[., ]+{fold('ΦΙΑΛ')}\w*?[.,]?"), " FL "),
    (_phrase(r"SINGLE[- ]DOSE(?: CONTAINERS?)?"), " SDC "),
    (_phrase(rf"{fold('ΠΕΡΙΕΚΤ')}\w+ {fold('ΜΙΑΣ')} (?:{fold('ΔΟΣΗΣ')}|{fold('ΧΡΗΣΗΣ')})"), " SDC "),
    (_phrase(r"SINGLE DOSES"), " SDC "),
    (_phrase(rf"{fold('ΤΩΝ')}(?= [0-9])"), " X "),
    (_phrase(r"(?:F\. ?C|S\. ?C|GR|PR|MR|EF|CHW)\. ?TABS?"), " TABS "),
    (_phrase(r"(?:GR|PR|MR)\. ?CAPS?"), " CAPS "),
    (_phrase(rf"(?:{fold('ΗΜΕΡΟΛΟΓΙΑΚΗ')}|{fold('ΝΟΣΟΚ')}\w*)\.?(?: {fold('ΣΥΣΚΕΥΑΣΙΑ')})?"), " "),
    (_phrase(rf"(?:{fold('ΜΙΑΣ')}|{fold('ΜΟΝΑΔΑ')}) {fold('ΔΟΣΗΣ')}"), " "),
]


def items_of(pack: str) -> list[str]:
    """Give the pack's numbers, words and signs, with what is written together taken apart: BTX1BOTTLEX120ML."""
    for phrase, word in _PHRASES:
        pack = phrase.sub(word, pack)
    tokens = tokens_of(pack)
    items: list[str] = []
    for at, token in enumerate(tokens):
        before, after = _is_number(tokens, at - 1), _is_number(tokens, at + 1)
        items += [token.text] if token.is_number else _apart(token.text, before=before, after=after)
    return _litres_as_ml(items)


def _litres_as_ml(items: list[str]) -> list[str]:
    """Write 1,5 L as 1500 ML; an L by itself is left, as it may be a 1."""
    items = list(items)
    for at, (number, word) in enumerate(pairwise(items)):
        litres = decimal_of(number) if number[0].isdigit() and word != "ML" and word in ML_OF else None
        in_ml = decimal_from(Fraction(litres) * ML_OF[word]) if litres else None
        if in_ml:
            items[at : at + 2] = [in_ml, "ML"]
    return items


def is_unknown_word(item: str) -> bool:
    """Whether this word may name what was counted, or be part of the number (3O)."""
    return item.isalpha() and item != TIMES and item not in _FOLLOWING


def _is_number(tokens: list[Token], at: int) -> bool:
    return 0 <= at < len(tokens) and tokens[at].is_number


def _apart(word: str, *, before: bool, after: bool) -> list[str]:
    """Take times signs off a word, where what remains is known: BTX, TUBX before a number, XFL after one."""
    if _is_known(word) or TIMES not in word:
        return [word]
    for box in BOXES:
        if word.startswith(box + TIMES):
            rest = word.removeprefix(box + TIMES)
            parts = _apart(rest, before=False, after=after) if rest else []
            if _all_known(parts):
                return [box, TIMES, *parts]
    if (
        after
        and word.endswith(TIMES)
        and (parts := _apart(word[:-1], before=before, after=False))
        and _all_known(parts)
    ):
        return [*parts, TIMES]
    if before and word.startswith(TIMES) and _is_known(word[1:]):
        return [TIMES, word[1:]]
    return [word]


def _is_known(word: str) -> bool:
    return word == TIMES or word in HOLDS or word in BOXES or word in PASSED_OVER


def _all_known(words: list[str]) -> bool:
    return all(_is_known(word) for word in words)


def holds_in(items: list[str]) -> list[Holds]:
    """Give every kind that these words name, with a number or without."""
    return [HOLDS[item] for item in items if item in HOLDS]
