"""The words that stand before a value on a box: LOT, EXP, PC, SN, Παρτίδα, Λήξη."""

import re
from typing import NamedTuple

from shared.codes.elements import BATCH, EXPIRY, GTIN, SERIAL
from shared.codes.typed import folded

PASSED_OVER = ""
"""For what Dosis doesn't use, so that a day of production isn't taken for an expiry."""

# In capitals and without accents. A dot within may be missing, and words may be parted by spaces or not.
LABELS = {
    GTIN: ("PC", "GTIN", "EAN", "UPC", "BARCODE"),
    BATCH: (
        *("LOT", "LOT NO", "LOT NR", "LOT NUMBER", "BATCH", "BATCH NO", "BATCH NUMBER", "B.N", "BN", "B/N"),
        *("LOTTO", "LOTE", "CHARGE", "CH.-B", "CH.B", "ΠΑΡΤΙΔΑ", "ΠΑΡΤ", "ΑΡ. ΠΑΡΤΙΔΑΣ", "ΑΡΙΘΜΟΣ ΠΑΡΤΙΔΑΣ"),
        *("ΛΟΤ", "ΛΟΤ ΝΟ"),  # LOT on a Greek keyboard.
    ),
    EXPIRY: (
        *("EXP", "EXP DATE", "EXPIRY", "EXPIRY DATE", "EXPIRES", "EXPIRES ON", "EXPIRATION DATE", "USE BY"),
        *("SCAD", "SCADENZA", "CAD", "CADUCIDAD", "VERWENDBAR BIS", "VERW. BIS"),
        *("ΛΗΞΗ", "ΛΗΞΕΙ", "ΛΗΓΕΙ", "ΗΜ. ΛΗΞΗΣ", "ΗΜΕΡ. ΛΗΞΗΣ", "ΗΜΕΡΟΜΗΝΙΑ ΛΗΞΗΣ", "ΗΜ/ΝΙΑ ΛΗΞΗΣ"),
        *("ΕΧΠ", "ΕΧΡ"),  # EXP, by its keys and by its look.
    ),
    SERIAL: ("SN", "S/N", "SERIAL", "SERIAL NO", "SERIAL NUMBER", "SER"),
    PASSED_OVER: (
        *("MFG", "MFD", "MFG DATE", "FAB", "PROD", "NN", "REF", "NDC", "CIP", "CN", "PZN", "AIC", "EOF"),
        *("ΕΟΦ", "ΠΑΡΑΓΩΓΗ", "ΗΜ. ΠΑΡΑΓΩΓΗΣ", "ΗΜΕΡΟΜΗΝΙΑ ΠΑΡΑΓΩΓΗΣ", "BEST BEFORE"),
    ),
}
_AI_OF = {re.sub(r"[^\w/]", "", word): ai for ai, words in LABELS.items() for word in words}


def _written(word: str) -> str:
    """How a label may be written: LOT NO, Lot no., LOTNO."""
    return r"[. -]*".join(re.escape(part) for part in re.split(r"[. -]+", word))


_WORDS = sorted((word for words in LABELS.values() for word in words), key=len, reverse=True)
# Behind the word a dot, a colon or a space; digits follow at once only what has digits (EXP06/2027).
_NUMERIC = "|".join(_written(word) for word in (*LABELS[EXPIRY], *LABELS[GTIN], "MFG", "MFD", "FAB"))
_LABEL = re.compile(
    r"(?<![^\s,;|/:(])"
    rf"(?:(?P<word>{'|'.join(map(_written, _WORDS))})(?=[\s.:#=)]|$)|(?P<numeric>{_NUMERIC})(?=[0-9]))"
    r"[\s.:#=)]*(?:\([0-9]{2,4}\)\s*)?"
)
# Between two values that people write on one line.
_BETWEEN = re.compile(r"(?:[\s|(]|[,;/-]\s)*$")
_INNER = re.compile(r"(?<=.)(?:LOT|ΛΟΤ|EXP|ΕΧΠ|ΕΧΡ|ΛΗΞΗ|ΠΑΡΤΙΔΑ)(?=[:.=0-9])")


class Labelled(NamedTuple):
    """`before`: what stands before the first label. `values`: each with its AI, or with PASSED_OVER."""

    before: str
    values: list[tuple[str, str]]


def labelled(text: str) -> Labelled | None:
    """A text parted at its labels; None where no number, batch or expiry is labelled."""
    found = list(_LABEL.finditer(folded(text)))
    places = [(each.start(), each.end()) for each in found]
    ends = [start for start, _ in places[1:]] + [len(text)]
    values = [
        (_ai_of(label), _without_comma(text[start:end], last=end == len(text)))
        for label, (_, start), end in zip(found, places, ends, strict=False)
    ]
    if not found:
        return None
    before = _without_comma(text[: places[0][0]], last=False)
    said = [value for ai, value in values if ai in (GTIN, BATCH, EXPIRY) and value]
    return Labelled(before, values) if said and re.search("[0-9]", before + "".join(said)) else None


def _without_comma(value: str, *, last: bool) -> str:
    """A comma before a space and another label parts the two; at the end of all it may be the batch's own."""
    return value.strip() if last else _BETWEEN.sub("", value).strip()


def _ai_of(label: re.Match[str]) -> str:
    return _AI_OF[re.sub(r"[^\w/]", "", label["word"] or label["numeric"])]


def before_another_label(value: str) -> str:
    """The value up to a label's word that was written on to it, as in A1EXP:06/2027."""
    found = _INNER.search(folded(value))
    return value[: found.start()] if found else value
