"""The substance behind a spelling: salts, and Greek, French and Latin names, folded to the English INN.

Two tables stand beside this file and can be extended by a pharmacist with a spreadsheet:

`moieties.csv`: the moiety, and further spellings by language, several joined by "|". Capitals and accents make no
difference. With `kept` under `salts`, its salts and esters are other substances or are dosed otherwise
(hydrocortisone acetate, benzathine benzylpenicillin) and stay as they are unless they are spelled in a row.
`salt_words.csv`: words that only name a salt, or the water in a crystal, and the small words that join them.

A salt is left out only where what remains stands in the table: nothing is guessed. An ester that acts by itself
(fluticasone propionate, fluticasone furoate) has a row of its own, and no word for an ester is a salt word.
"""

import csv
import functools
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

_FOLDER = Path(__file__).parent
_LANGUAGES = ("english", "greek", "french", "latin")
_GREEK = re.compile(r"[Ͱ-Ͽἀ-῿]")
# Capitals that look the same in both alphabets; typed Greek often holds a Latin one.
_LOOK_ALIKES = str.maketrans("ABEZHIKMNOPTYX", "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ")
_TURNED = re.compile(r"(?P<what>[^()]+?) \((?P<first>[^()]+?) (?P<joint>de|d')\)(?P<rest>.*)")
_ACID = re.compile(r"(?P<what>[^()]+?) \(acide\)(?P<rest>.*)")
_WORD = re.compile(r"[^\s(),;]+?'(?=\w)|[^\s(),;]+")
_ACCENTS = re.compile(r"[\u0300-\u036f]")
_LETTERS = re.compile(r"[^\W\d_]+")


@functools.lru_cache(maxsize=20_000)
def folded(text: str) -> str:
    """Lower case without accents, in single spaces; a Greek word's Latin look-alikes become Greek."""
    if _GREEK.search(text):
        text = " ".join(w.translate(_LOOK_ALIKES) if _GREEK.search(w) else w for w in text.split())
    plain = unicodedata.normalize("NFD", text.lower().replace("ς", "σ").replace("’", "'").replace("œ", "oe"))
    return " ".join(_ACCENTS.sub("", plain).split())


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (_FOLDER / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _spellings() -> Iterator[tuple[str, str]]:
    for row in _rows("moieties.csv"):
        yield folded(row["moiety"]), row["moiety"]
        for language in _LANGUAGES:
            yield from ((folded(word), row["moiety"]) for word in row[language].split("|") if word.strip())


MOIETY_OF = dict(_spellings())
"""Folded spelling → moiety."""
_SALTS_KEPT = {row["moiety"] for row in _rows("moieties.csv") if row["salts"] == "kept"}
_KIND_OF_WORD = {row["word"]: row["kind"] for row in _rows("salt_words.csv")}


@functools.lru_cache(maxsize=20_000)
def moiety_name(text: str) -> str:
    """Give the INN as Dosis writes it; a spelling that the tables don't know stays, lower case, without accents."""
    name = _in_order(folded(text))
    return MOIETY_OF.get(name) or _without_salt(name) or name


def is_known_moiety(text: str) -> bool:
    """Whether the table has this substance; if not, its name stands as its source writes it."""
    return folded(moiety_name(text)) in MOIETY_OF


def names_salt(text: str) -> bool:
    """Whether a spelling names a salt or the water in a crystal: the weight beside it may be theirs too."""
    return any(_KIND_OF_WORD.get(word) in ("salt", "water") for word in _WORD.findall(_in_order(folded(text))))


def names_substance(spelling: str, moiety: str) -> bool:
    """Whether a substance as somebody wrote it is this moiety, or the part of it that an ester carries.

    "Fluticasone" names fluticasone propionate. Exact substances only: "penicillin" names no amoxicillin.
    """
    words = words_of(moiety_name(spelling))
    return bool(words) and words <= words_of(moiety_name(moiety))


@functools.lru_cache(maxsize=20_000)
def words_of(name: str) -> frozenset[str]:
    """The words of a substance's name, each as the table writes it: "insuline humaine" has insulin in it."""
    words: list[str] = _LETTERS.findall(folded(name))
    return frozenset(MOIETY_OF.get(word, word) for word in words) | frozenset(words)


def _in_order(name: str) -> str:
    """Write "ranitidine (chlorhydrate de)" as "chlorhydrate de ranitidine", "salicylique (acide)" as "acide …"."""
    if turned := _TURNED.fullmatch(name):
        joint = turned["joint"] if turned["joint"] == "d'" else "de "
        return f"{turned['first']} {joint}{turned['what']}{turned['rest']}"
    if acid := _ACID.fullmatch(name):
        return f"acide {acid['what']}{acid['rest']}"
    return name


def _without_salt(name: str) -> str | None:
    """The moiety without the words for salt and water at both ends; None where the table doesn't have it."""
    words: list[str] = _WORD.findall(name)
    left_out: set[str] = set()
    while len(words) > 1:
        kinds = _KIND_OF_WORD.get(words[-1]), _KIND_OF_WORD.get(words[0])
        if kinds == (None, None):
            return None
        # A joining word goes with the salt that it joins, so the end is looked at first.
        left_out |= {kinds[0] or kinds[1] or ""}
        words = words[:-1] if kinds[0] else words[1:]
        moiety = MOIETY_OF.get(" ".join(words).replace("d' ", "d'"))
        if moiety is not None and not ("salt" in left_out and moiety in _SALTS_KEPT):
            return moiety
    return None
