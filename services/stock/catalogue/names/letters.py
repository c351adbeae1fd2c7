"""One spelling of a name's letters: capitals without accents, Greek letters that look Latin made Latin.

Greek names mix the two alphabets: Β, Τ and Χ may be either, and look the same. Afterwards only the letters without a
Latin look-alike (Γ Δ Θ Λ Ξ Π Σ Φ Ψ Ω) are still Greek, so words are compared after folding both sides.
"""

import re
import unicodedata

from msgspec import Struct

_LOOK_ALIKES = str.maketrans("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ×*", "ABEZHIKMNOPTYXXX")
_NO_LETTER_BEFORE, _NO_LETTER_AFTER = r"(?<![^\W\d_])", r"(?![^\W\d_])"

# A small mu before a gram or litre means a millionth; made a capital, it would look like the M of milli.
# A capital Greek mu there is either of the two: 20ΜG is printed for 20 μg, and 20 mg is typed that way too.
_MU = re.compile(rf"{_NO_LETTER_BEFORE}(?:(?P<micro>[µμ])(?=[gGlL]{_NO_LETTER_AFTER})|Μ(?=[gG]{_NO_LETTER_AFTER}))")
_UNSURE = "?"


class Folded(Struct, frozen=True):
    """`places[n]` is where the folded text's character n stands in the text as written."""

    text: str
    places: tuple[int, ...]


def fold_with_places(text: str) -> Folded:
    """Give the text in one spelling, words apart by single spaces, and where each character was."""
    mus = {mu.start(): "MC" if mu["micro"] else _UNSURE for mu in _MU.finditer(text)}
    signs: list[str] = []
    places: list[int] = []
    for place, sign in enumerate(text):
        for folded in mus.get(place) or _fold_sign(sign):
            if folded != " " or (signs and signs[-1] != " "):
                signs.append(folded)
                places.append(place)
    return Folded("".join(signs), (*places, len(text)))


def fold(text: str) -> str:
    return fold_with_places(text).text.strip()


def _fold_sign(sign: str) -> str:
    if sign.isspace() or sign in "®™":
        return " "
    plain = "".join(part for part in unicodedata.normalize("NFKD", sign) if not unicodedata.combining(part))
    return plain.upper().translate(_LOOK_ALIKES)


def fold_words(text: str) -> frozenset[str]:
    """Fold each word of this text."""
    return frozenset(fold(text).split())
