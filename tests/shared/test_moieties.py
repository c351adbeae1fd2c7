"""Salts and spellings in four languages fold to one substance, and what acts by itself stays what it is."""

import csv
from pathlib import Path

import pytest

from services.stock.catalogue.seed import COLUMNS, SEED_FILE
from services.stock.catalogue.tables import read_rows
from shared import moieties
from shared.catalogue import (
    CONTROLLED_MOIETIES,
    NEVER_AUTOMATIC,
    FormGroup,
    Ingredient,
    is_controlled,
    is_never_automatic,
)
from shared.moieties import folded, is_known_moiety, moiety_name, names_salt, names_substance

TABLE = Path(moieties.__file__).with_name("moieties.csv")


@pytest.mark.parametrize(
    ("spelling", "moiety"),
    [
        ("ΜΕΤΦΟΡΜΙΝΗ", "metformin"),
        ("METΦOPMINH", "metformin"),  # Latin letters that look Greek
        ("Υδροχλωρική μετφορμίνη", "metformin"),
        ("METFORMIN HYDROCHLORIDE", "metformin"),
        ("metforminum", "metformin"),
        ("CHLORHYDRATE DE METFORMINE", "metformin"),
        ("METFORMINE (CHLORHYDRATE DE)", "metformin"),
        ("amlodipine besilate", "amlodipine"),
        ("amlodipine besylate", "amlodipine"),
        ("AMLODIPINE (BÉSILATE D')", "amlodipine"),
        ("LEVOTHYROXINE SODIUM", "levothyroxine"),
        ("PERINDOPRIL TERT-BUTYLAMINE", "perindopril"),
        ("PÉRINDOPRIL ARGININE", "perindopril"),
        ("CLOPIDOGREL HYDROGEN SULFATE", "clopidogrel"),
        ("CHLORHYDRATE D'ONDANSÉTRON DIHYDRATÉ", "ondansetron"),
        ("IPRATROPIUM (BROMURE D') MONOHYDRATÉ", "ipratropium bromide"),
        ("Acidum acetylsalicylicum", "acetylsalicylic acid"),
        ("ΑΣΠΙΡΊΝΗ", "acetylsalicylic acid"),
        ("ACÉTYLSALICYLIQUE (ACIDE)", "acetylsalicylic acid"),
        ("SODIUM (VALPROATE DE)", "valproic acid"),
        ("sodium valproate", "valproic acid"),
        ("CLAVULANATE DE POTASSIUM", "clavulanic acid"),
        ("CHLORURE DE SODIUM", "sodium chloride"),
        ("Simvastatine", "simvastatin"),
    ],
)
def test_a_salt_or_spelling_is_its_substance(spelling: str, moiety: str) -> None:
    assert moiety_name(spelling) == moiety
    assert is_known_moiety(spelling)


@pytest.mark.parametrize(
    ("spelling", "stays"),
    [
        ("fluticasone propionate", "fluticasone propionate"),
        ("fluticasone furoate", "fluticasone furoate"),
        ("PROPIONATE DE FLUTICASONE", "fluticasone propionate"),
        ("FUROATE DE MOMÉTASONE MONOHYDRATÉ", "mometasone furoate"),
        ("hydrocortisone acetate", "hydrocortisone acetate"),
        ("hydrocortisone sodium succinate", "hydrocortisone sodium succinate"),
        ("benzathine benzylpenicillin", "benzathine benzylpenicillin"),
        ("estradiol valerate", "estradiol valerate"),
        ("dimethyl fumarate", "dimethyl fumarate"),
        ("calcium carbonate", "calcium carbonate"),
        ("isosorbide dinitrate", "isosorbide dinitrate"),
        ("ketoprofen lysine", "ketoprofen lysine"),
        ("mycophenolate mofetil", "mycophenolate mofetil"),
    ],
)
def test_what_acts_by_itself_or_weighs_otherwise_is_not_folded(spelling: str, stays: str) -> None:
    assert moiety_name(spelling) == stays


def test_a_salt_of_a_substance_that_is_not_in_the_table_stays_as_it_is_written() -> None:
    assert moiety_name("  MADEUPINE  Hydrochloride ") == "madeupine hydrochloride"
    assert moiety_name("CHLORHYDRATE DE MACHINÉINE") == "chlorhydrate de machineine"
    assert moiety_name("MACHINÉINE (CHLORHYDRATE DE)") == "chlorhydrate de machineine"
    assert not is_known_moiety("madeupine")


def test_no_spelling_of_the_table_stands_for_two_substances() -> None:
    meant: dict[str, set[str]] = {}
    with TABLE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            words = [row["moiety"], *(w for cell in list(row)[1:5] for w in row[cell].split("|") if w)]
            for word in words:
                meant.setdefault(folded(word), set()).add(row["moiety"])
    assert len(meant) > 1000
    assert {word: names for word, names in meant.items() if len(names) > 1} == {}


def test_the_table_is_in_order_and_knows_its_own_moieties() -> None:
    names = list(dict.fromkeys(moieties.MOIETY_OF.values()))
    assert names == sorted(names)
    assert [name for name in names if moiety_name(name) != name] == []


def test_every_greek_name_of_the_seed_is_its_substance() -> None:
    pairs = [
        (greek, english)
        for row in read_rows(SEED_FILE, COLUMNS)
        if row.values and row.values["moiety"]
        for greek, english in zip(row.values["moiety_el"].split(" + "), row.values["moiety"].split(" + "), strict=True)
    ]
    assert len(pairs) > 100
    assert [(greek, english) for greek, english in pairs if moiety_name(greek) != english] == []


@pytest.mark.parametrize(
    "spelling",
    [
        "ΑΛΠΡΑΖΟΛΑΜΗ",
        "MORPHINE (SULFATE DE)",
        "CODÉINE (PHOSPHATE DE) HÉMIHYDRATÉ",
        "OPIUM (POUDRE D')",
        "κωδεΐνη",
        "CHLORHYDRATE DE TRAMADOL",
        "CAMPHOSULFONATE DE CODÉINE",
        "CLORAZÉPATE DIPOTASSIQUE",
        "BUPRÉNORPHINE",
    ],
)
def test_a_narcotic_is_known_in_any_language(spelling: str) -> None:
    assert is_controlled([spelling])


@pytest.mark.parametrize(
    "spelling",
    [
        "WARFARINE SODIQUE",
        "INSULINE HUMAINE RECOMBINANTE ISOPHANE",
        "GLUCONATE DE LITHIUM",
        "ινσουλίνη ασπάρτη",
        "LÉVOTHYROXINE SODIQUE",
        "CICLOSPORINE",
        "DIGOXINE",
        "PHÉNYTOÏNE SODIQUE",
        "λίθιο",
        "FLUINDIONE",
    ],
)
def test_what_is_never_exchanged_by_itself_is_known_in_any_language(spelling: str) -> None:
    assert is_never_automatic([Ingredient(spelling, "1", "mg")], FormGroup.ORAL_SOLID)


def test_the_words_of_the_law_are_not_folded_away() -> None:
    """A table row that renamed one of them would let a narcotic pass."""
    for word in CONTROLLED_MOIETIES | NEVER_AUTOMATIC:
        assert is_controlled([word]) or is_never_automatic([Ingredient(word, None, None)], FormGroup.ORAL_SOLID)


@pytest.mark.parametrize(
    ("allergy", "moiety", "named"),
    [
        ("αμλοδιπίνη", "amlodipine", True),
        ("Amlodipine besylate", "amlodipine", True),
        ("φλουτικαζόνη", "fluticasone propionate", True),
        ("fluticasone", "fluticasone furoate", True),
        ("fluticasone furoate", "fluticasone propionate", False),
        ("penicillin", "amoxicillin", False),
        ("πενικιλίνη", "amoxicillin", False),
        ("", "amoxicillin", False),
    ],
)
def test_an_allergy_names_exact_substances(allergy: str, moiety: str, named: bool) -> None:
    assert names_substance(allergy, moiety) is named


def test_whether_a_weight_may_be_of_a_salt_is_seen_in_its_name() -> None:
    assert names_salt("RANITIDINE (CHLORHYDRATE DE)") and names_salt("AMOXICILLINE TRIHYDRATÉE")
    assert not names_salt("OMÉPRAZOLE") and not names_salt("ACIDE ACÉTYLSALICYLIQUE")
