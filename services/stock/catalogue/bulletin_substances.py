"""The bulletin's substance column: whose each strength is, and what a salt says of the form."""

import re
from fractions import Fraction

from shared.moieties import moiety_name, words_of

_SEVERAL = re.compile(r"[,;+|]")
_SLOW_SALTS = words_of(
    "decanoate decanoas palmitate pamoate embonate enantate enanthate undecylate undecanoate microspheres depot"
)

# The most mg that one tablet or capsule holds of what is usually combined: more shows that strengths and substances
# don't stand in the same order. From the products' own summaries, the highest strength on the market.
_MOST_MG = {
    "hydrochlorothiazide": 50,
    "chlortalidone": 50,
    "indapamide": 5,
    "amlodipine": 10,
    "lercanidipine": 20,
    "ezetimibe": 10,
    "benserazide": 50,
    "carbidopa": 50,
    "clavulanic acid": 125,
    "dapagliflozin": 10,
    "empagliflozin": 25,
    "linagliptin": 5,
    "saxagliptin": 5,
    "sitagliptin": 100,
    "vildagliptin": 50,
    "pioglitazone": 45,
    "glimepiride": 6,
    "glibenclamide": 5,
    "tamsulosin": 1,
    "dutasteride": 1,
    "perindopril": 10,
    "ramipril": 10,
    "enalapril": 40,
    "lisinopril": 40,
    "bisoprolol": 10,
    "nebivolol": 10,
    "candesartan": 32,
    "olmesartan": 40,
    "telmisartan": 80,
    "losartan": 100,
    "atorvastatin": 80,
    "rosuvastatin": 40,
    "simvastatin": 80,
    "naloxone": 40,
    "codeine": 60,
}
_LEAST_MG = {
    "metformin": 100,
    "valsartan": 20,
    "irbesartan": 50,
    "paracetamol": 100,
    "levodopa": 50,
    "amoxicillin": 100,
}


def substances_of(text: str) -> tuple[str, ...]:
    """Give the moieties in the order of the column, each once: "INSULIN, INSULIN" is a mixture of one."""
    parts = [part.strip() for part in _SEVERAL.split(text)]
    return tuple(dict.fromkeys(moiety_name(part) for part in parts if part))


def pairing_is_plausible(substances: tuple[str, ...], strengths: tuple[str, ...], units: tuple[str, ...]) -> bool:
    """Whether there are as many strengths as substances, and each can be its substance's."""
    if len(substances) != len(strengths):
        return False
    if len(substances) == 1:
        return True
    return all(map(_can_be, substances, strengths, units))


def _can_be(substance: str, strength: str, unit: str) -> bool:
    in_mg = {"g": Fraction(strength) * 1000, "mg": Fraction(strength), "microgram": Fraction(strength) / 1000}
    amount = in_mg.get(unit)
    if amount is None:
        return True
    return _LEAST_MG.get(substance, 0) <= amount <= _MOST_MG.get(substance, amount)


def slow_by_substance(text: str) -> bool:
    """Whether the salt makes an injection a depot, though its form's code says nothing of it."""
    return not words_of(text).isdisjoint(_SLOW_SALTS)
