"""One key for both scripts: what is folded alike, what is read as a strength, and that nothing is ever refused."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from services.stock.catalogue import read_seed
from shared.catalogue import FormGroup
from shared.search import folded, is_a_name, tokens_of
from shared.search.folding import mended, stem
from shared.search.reading import Amount, read_typed

ALIKE = {
    "depon": "ντεπόν Ντεπόν ΝΤΕΠΟΝ ntepon depon DEPON® Dépon ddeppon δεπον",
    "brufen": "μπρούφεν mproufen mprufen brufen bruphen broufen ΜΠΡΟΥΦΕΝ",
    "zanax": "xanax ζάναξ zanax ksanax ξαναξ zanaks 3anax",
    "sipralex": "cipralex σιπραλέξ kipralex sipraleks κιπραλεξ",
    "kogor": "concor κονκόρ konkor",
    "zanubia": "januvia τζανούβια tzanouvia dzanubia zanoybia",
    "parasetamoli": "παρακεταμόλη paraketamolh paracetamoly",
    "abgmedin": "augmentin αουγκμεντίν avgmentin",
    "idroklorotiazidi": "υδροχλωροθειαζίδη hydrochlorothiazidi ydrochlwro8eiazidh",
    "omeprazoli": "ομεπραζόλη wmeprazolh omeprazoli",
    "zitromax": "zithromax ζιθρομαξ zi8romax zitromaks",
    "seretid": "seretid σερετιντ seretint",
}


@pytest.mark.parametrize(("key", "spelling"), [(key, one) for key, all_ in ALIKE.items() for one in all_.split()])
def test_what_sounds_alike_has_one_key(key: str, spelling: str) -> None:
    assert folded(spelling) == key


def test_two_words_stay_two_words() -> None:
    assert folded("  Co-Diovan® F.C.TAB ") == "ko dioban f k tab"
    assert folded("") == folded("® – %") == ""


def test_greek_capitals_among_latin_ones_are_what_they_look_like() -> None:
    assert folded("ΒΤX") == folded("BTX")
    assert folded("ΡANADOL") == folded("PANADOL")


@pytest.mark.parametrize(("one", "other"), [("αμλοδιπίνη", "amlodipine"), ("σύριγγες", "σύριγγα"), ("γάζα", "gazes")])
def test_the_last_vowels_tell_no_words_apart(one: str, other: str) -> None:
    assert stem(folded(one)) == stem(folded(other))


def test_a_letter_too_many_and_two_turned_round_are_mended() -> None:
    assert stem(folded("lasix")) in mended("laisx") & mended("lasbix")
    assert mended("abc") == mended("a" * 40) == set()


# Greek letters with the Latin ones that folding promises are the same, in any place of a word.
TYPED = dict(zip("αδεκλμνοπρστωβζιξ", "adeklmnoprstovzix", strict=True)) | {"φ": "ph", "θ": "th", "ψ": "ps"}


@given(st.text(alphabet="".join(TYPED), max_size=20))
def test_a_greek_word_and_its_transliteration_have_one_key(word: str) -> None:
    assert folded(word) == folded("".join(TYPED[letter] for letter in word))
    assert folded(word) == folded(word.upper())


@given(st.text(max_size=300))
def test_any_text_is_folded_to_plain_words_and_folding_again_changes_nothing(text: str) -> None:
    key = folded(text)
    assert folded(key) == key
    assert not key or all(word.isascii() and word.isalnum() and word == word.lower() for word in key.split(" "))


GREEKLISH = "αβγδεζηθικλμνξοπρστυφχψωςάέήίόύώϊΐabcdefghijklmnopqrstuvwxyz0123456789 ®-'"


@given(st.text(alphabet=GREEKLISH, max_size=30))
def test_folding_again_changes_nothing_of_what_people_type(text: str) -> None:
    assert folded(folded(text)) == folded(text)


@given(st.text(max_size=400))
def test_any_text_is_read(text: str) -> None:
    typed = read_typed(text)
    assert all(word.isascii() for word in typed.words)


def amount(unit: str, *numbers: str) -> Amount:
    return Amount(tuple(Fraction(number) for number in numbers), unit)


@pytest.mark.parametrize(
    ("text", "words", "amounts"),
    [
        ("glucofaz 850", ("glukofaz",), (amount("", "850"),)),
        ("depon 500mg", ("depon",), (amount("mg", "500"),)),
        ("depon500", ("depon",), (amount("", "500"),)),
        ("augmentin 1g", ("abgmedin",), (amount("mg", "1000"),)),
        ("augmentin 1 γρ", ("abgmedin",), (amount("mg", "1000"),)),
        ("diovan 1.000", ("dioban",), (amount("", "1", "1000"),)),
        ("xanax 0,25", ("zanax",), (amount("", "0.25"),)),
        ("thyro4 100μg", ("tir",), (amount("", "4"), amount("mg", "0.1"))),
        ("exforge 5/160", ("exforg",), (amount("", "5"), amount("", "160"))),
        ("T4", ("t4",), ()),
        ("8yro", ("tir",), ()),
        ("φουσιντιν 2%", ("fusidin",), (amount("%", "2"),)),
    ],
)
def test_strengths_are_read_apart_from_words(text: str, words: tuple[str, ...], amounts: tuple[Amount, ...]) -> None:
    typed = read_typed(text)
    assert (typed.words, typed.amounts) == (words, amounts)


def test_a_form_is_no_name_unless_it_is_all_that_was_typed() -> None:
    typed = read_typed("depon σιρόπι")
    assert (typed.words, typed.named, typed.forms) == (("depon",), True, (frozenset({FormGroup.ORAL_LIQUID}),))
    alone = read_typed("σιρόπι")
    assert (alone.words, alone.named, alone.forms) == ((), False, typed.forms)


def test_a_name_of_form_words_alone_is_kept_as_words() -> None:
    named = replace(read_seed().products[0], name="ΣΤΑΓΟΝΕΣ ΑΥΤΙΩΝ")
    assert "stagon" in tokens_of(named).tokens


def test_drops_are_told_apart_by_what_they_are_for() -> None:
    assert frozenset({FormGroup.EAR}) in read_typed("σταγόνες αυτιών").forms
    assert frozenset({FormGroup.EYE, FormGroup.EYE_SINGLE_DOSE}) in read_typed("σταγόνες ματιών").forms


@pytest.mark.parametrize("text", ["depon", "ντεπόν", "T4", "b12", "amlo 5", "co"])
def test_a_name_is_told_from_a_code(text: str) -> None:
    assert is_a_name(text)


@pytest.mark.parametrize("text", ["2802585801014", "010280258580101417290630", "A", "12", "5mg/50", "", "A1234567"])
def test_a_code_is_no_name(text: str) -> None:
    assert not is_a_name(text)
