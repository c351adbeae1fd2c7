"""One phonetic key for a name in Greek, in Latin letters, and in Latin letters that stand for Greek ones.

Greek letters become Latin ones; from then on there is one way, so that what sounds alike is folded alike whatever
it was typed in. It is a key for finding only: nothing is ever shown or decided by it.
"""

import functools
import re
import unicodedata

_GREEK = str.maketrans(
    dict(zip("αβγδεζηικλμνξοπρστυφω", "avgdeziiklmnxoprstyfo", strict=True))
    | {"θ": "th", "χ": "ch", "ψ": "ps", "ς": "s", "œ": "oe", "æ": "ae"}
)
_LOOK_ALIKE = str.maketrans("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX")
_MARKS_OF_TRADE = str.maketrans("", "", "®™©℠")
_MICROGRAM = re.compile("μg(?![a-zα-ω])")
_WORD = re.compile(r"[a-z0-9]+")
LETTERS_TO_MEND = 4, 14
LETTERS_THAT_SAY_ENOUGH = 3
# parac is folded as if it ended there, but paracetamol has an s; pan begins pantoprazole too, where nt is d.
_SOUNDS_LIKE_BEFORE_MORE = {"c": "sk", "k": "s", "q": "k", "n": "dg", "m": "b", "p": "f", "o": "u", "a": "e"}
_RUN = re.compile(r"[a-z]+")
_MIXED = re.compile(r"[A-ZΑ-Ω]*(?:[A-Z][ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ]|[ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ][A-Z])[A-ZΑ-Ω]*")

# 8yro, 3anax: digits that look like θ and ξ, before two letters or more that are no unit.
_DIGIT_LETTERS = {"8": "th", "9": "th", "3": "x"}
_UNIT = "mg|mcg|ug|gr|ml|cm|mm|iu|dos|tab|tabs|cap|caps|amp|amps|vials?"
_DIGIT_FOR_LETTER = re.compile(rf"(?<![0-9.,])([389])(?=[a-z]{{2}})(?!(?:{_UNIT})(?![a-z]))")

# Each rule shortens, or turns a letter into one that no earlier rule takes back: so folding comes to an end.
_RULES = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        ("ph", "f"),
        ("o[uy]+", "u"),  # ου
        ("([ae])[uy](?=[ptkfsxc])", r"\1f"),  # αυ and ευ before a voiceless sound
        ("([ae])[uy]", r"\1b"),
        ("a[ie]|oe", "e"),  # αι
        ("[eo]i|yi", "i"),  # ει, οι, υι
        ("[ck]h", "k"),  # χ
        ("(?<=[lnmdvbzxf])h(?=[b-df-hj-np-tvwxz]|$)", "i"),  # h that is drawn for η: paraketamolh
        ("h", ""),
        ("m[pb]", "b"),  # μπ
        ("n[td]", "d"),  # ντ
        ("[ckq]s|kx", "x"),  # ξ
        ("[td]z|dj|j", "z"),  # τζ
        ("ts", "s"),  # τσ
        ("^x(?=[aeiouyw]|$)", "z"),  # Xanax, Xarelto are said with ζ
        ("^x(?=[lrnmtf])", "k"),  # x that is drawn for χ: xlor
        ("w(?=[aeiouy])", "b"),
        ("w", "o"),  # w that is drawn for ω
        ("v", "b"),
        ("y", "i"),
        ("[ckq](?=[ei])", "s"),  # Cipralex, Σιπραλέξ, kipralex; παρακεταμόλη is folded the same way
        ("[cq]", "k"),
        ("n[gk]|gk", "g"),  # γγ, γκ
        (r"(.)\1+", r"\1"),
        ("(?<=...)s$", ""),
    )
)


def folded(text: str) -> str:
    """Give the key of a text: its words in a-z and 0-9, one space between. Folding a key again changes nothing.

    A Greek word and its usual spellings in Latin letters have one key: Ντεπόν, ntepon and DEPON® are "depon".
    """
    return " ".join(filter(None, (_folded_word(word) for word in _WORD.findall(latin(text)))))


def stem(folded_word: str) -> str:
    """Leave out the vowels at the end, where languages differ: αμλοδιπίνη and amlodipine."""
    stripped = folded_word.rstrip("aeiou")
    return stripped if len(stripped) >= 3 else folded_word


def beginnings(latin_word: str) -> tuple[str, ...]:
    """The keys of words that go on after these letters: the last letter may sound otherwise in what follows."""
    key = folded(latin_word)
    if len(key) < LETTERS_THAT_SAY_ENOUGH:
        return (key,)
    if latin_word.endswith("s") and not key.endswith(("s", "z")):
        key += "s"  # it is left out at the end of a word only
    others = _SOUNDS_LIKE_BEFORE_MORE.get(latin_word[-1:], "")
    return (key, *(key[:-1] + other for other in others if key[-1:] != other))


def mended(latin_word: str) -> set[str]:
    """The stems that were meant if one letter is too many or two are turned round: what no trigram tells."""
    if not LETTERS_TO_MEND[0] <= len(latin_word) <= LETTERS_TO_MEND[1]:
        return set()
    places = range(len(latin_word) - 1)
    turned = [latin_word[:at] + latin_word[at + 1] + latin_word[at] + latin_word[at + 2 :] for at in places]
    shorter = [latin_word[:at] + latin_word[at + 1 :] for at in range(len(latin_word))]
    return {stem(_folded_word(spelling)) for spelling in turned + shorter}


def latin(text: str) -> str:
    """Write a text in small Latin letters, one for one where that can be; signs and digits stay."""
    marked = unicodedata.normalize("NFKD", text.translate(_MARKS_OF_TRADE))
    bare = "".join(letter for letter in marked if not unicodedata.combining(letter))
    # Β, Τ and Χ among Latin capitals are meant to be B, T and X.
    one_script = _MIXED.sub(lambda word: word[0].translate(_LOOK_ALIKE), bare)
    return _MICROGRAM.sub("mcg", one_script.casefold()).translate(_GREEK)


def with_letters_for_digits(latin_text: str) -> str:
    """Write 8yro as thyro."""
    return _DIGIT_FOR_LETTER.sub(lambda digit: _DIGIT_LETTERS[digit[1]], latin_text)


@functools.lru_cache(maxsize=20_000)
def _folded_word(word: str) -> str:
    while True:
        once = _RUN.sub(lambda run: _folded_once(run[0]), with_letters_for_digits(word))
        if once == word:
            return word
        word = once


def _folded_once(letters: str) -> str:
    for pattern, replacement in _RULES:
        letters = pattern.sub(replacement, letters)
    return letters
