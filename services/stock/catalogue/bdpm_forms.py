"""The French database's words for forms and routes, as far as they are certain.

A form that isn't here is not guessed: its row waits for a person, and the form is added here.
"""

import functools
import re

from msgspec import Struct

from shared.catalogue import FormGroup, Route
from shared.moieties import folded


class FrenchForm(Struct, frozen=True):
    """`label` is EDQM's; `holds`: French word of what is counted → the unit; `measured` if ml, g or doses are."""

    label: str
    group: FormGroup
    route: Route | None  # what it must be; None: several
    holds: tuple[tuple[str, str], ...]
    measured: bool = False


_TABLET = (("comprime", "tablet"),)
_CAPSULE = (("gelule", "capsule"),)
_SOFT = (("capsule", "capsule"),)
_SACHET = (("sachet", "sachet"), ("sachet-dose", "sachet"))
_BOTTLE = (("flacon", "bottle"), ("flacon compte-gouttes", "bottle"))
_TUBE = (("tube", "tube"),)
_SINGLE = (("recipient unidose", "single-dose container"),)
_PARENTERAL = (
    ("ampoule", "ampoule"),
    ("ampoule bouteille", "ampoule"),
    ("flacon", "vial"),
    ("seringue preremplie", "pre-filled syringe"),
    ("poche", "bag"),
)
_ORAL = Route.ORAL

_TABLETS = {
    "": ("tablet", FormGroup.ORAL_SOLID),
    "pellicule": ("film-coated tablet", FormGroup.ORAL_SOLID),
    "enrobe": ("coated tablet", FormGroup.ORAL_SOLID),
    "effervescent": ("effervescent tablet", FormGroup.ORAL_EFFERVESCENT),
    "dispersible": ("dispersible tablet", FormGroup.ORAL_EFFERVESCENT),
    "orodispersible": ("orodispersible tablet", FormGroup.ORAL_ORODISPERSIBLE),
    "a croquer": ("chewable tablet", FormGroup.ORAL_CHEWABLE),
    "gastro-resistant": ("gastro-resistant tablet", FormGroup.ORAL_GASTRO_RESISTANT),
    "enrobe gastro-resistant": ("gastro-resistant tablet", FormGroup.ORAL_GASTRO_RESISTANT),
    "pellicule gastro-resistant": ("gastro-resistant tablet", FormGroup.ORAL_GASTRO_RESISTANT),
    "a liberation prolongee": ("prolonged-release tablet", FormGroup.ORAL_PROLONGED),
    "pellicule a liberation prolongee": ("prolonged-release tablet", FormGroup.ORAL_PROLONGED),
    "enrobe a liberation prolongee": ("prolonged-release tablet", FormGroup.ORAL_PROLONGED),
    "a liberation modifiee": ("modified-release tablet", FormGroup.ORAL_MODIFIED),
    "pellicule a liberation modifiee": ("modified-release tablet", FormGroup.ORAL_MODIFIED),
    "enrobe a liberation modifiee": ("modified-release tablet", FormGroup.ORAL_MODIFIED),
}
_CAPSULES = {
    "gelule": ("capsule, hard", FormGroup.ORAL_SOLID),
    "gelule gastro-resistant": ("gastro-resistant capsule, hard", FormGroup.ORAL_GASTRO_RESISTANT),
    "microgranule gastro-resistant en gelule": ("gastro-resistant capsule, hard", FormGroup.ORAL_GASTRO_RESISTANT),
    "gelule a liberation prolongee": ("prolonged-release capsule, hard", FormGroup.ORAL_PROLONGED),
    "microgranule a liberation prolongee en gelule": ("prolonged-release capsule, hard", FormGroup.ORAL_PROLONGED),
    "gelule a liberation modifiee": ("modified-release capsule, hard", FormGroup.ORAL_MODIFIED),
}
_POWDERS = ("poudre pour suspension buvable", "poudre pour solution buvable")
_GRANULES = ("granules pour solution buvable", "granules pour suspension buvable")
_SOLUTIONS_FOR_INJECTION = (
    "solution injectable",
    "solution injectable pour perfusion",
    "solution injectable ou pour perfusion",
    "solution a diluer injectable",
)
_SOLUTIONS_FOR_INFUSION = ("solution pour perfusion", "solution a diluer pour perfusion")
_POWDERS_FOR_INJECTION = (
    "poudre pour solution injectable",
    "poudre pour solution injectable ou pour perfusion",
    "poudre pour solution injectable pour perfusion",
    "poudre pour solution pour perfusion",
    "poudre pour solution a diluer pour perfusion",
)


def _liquid(label: str, group: FormGroup, route: Route) -> FrenchForm:
    return FrenchForm(label, group, route, _BOTTLE, measured=True)


def _parenteral(label: str, *words: str) -> dict[tuple[str, Route | None], FrenchForm]:
    return {(word, None): FrenchForm(label, FormGroup.INJECTION, None, _PARENTERAL) for word in words}


# A form's word means another thing by another route: a capsule that is swallowed, or put into the vagina.
_FORMS: dict[tuple[str, Route | None], FrenchForm] = {
    **{(f"comprime {k}".strip(), _ORAL): FrenchForm(*v, _ORAL, _TABLET) for k, v in _TABLETS.items()},
    **{(word, _ORAL): FrenchForm(*v, _ORAL, _CAPSULE) for word, v in _CAPSULES.items()},
    ("capsule molle", _ORAL): FrenchForm("capsule, soft", FormGroup.ORAL_SOLID, _ORAL, _SOFT),
    ("comprime sublingual", Route.SUBLINGUAL): FrenchForm(
        "sublingual tablet", FormGroup.OROMUCOSAL, Route.SUBLINGUAL, _TABLET
    ),
    ("sirop", _ORAL): _liquid("syrup", FormGroup.ORAL_LIQUID, _ORAL),
    ("solution buvable", _ORAL): _liquid("oral solution", FormGroup.ORAL_LIQUID, _ORAL),
    ("suspension buvable", _ORAL): _liquid("oral suspension", FormGroup.ORAL_LIQUID, _ORAL),
    ("solution buvable en gouttes", _ORAL): _liquid("oral drops, solution", FormGroup.ORAL_DROPS, _ORAL),
    ("solution buvable gouttes", _ORAL): _liquid("oral drops, solution", FormGroup.ORAL_DROPS, _ORAL),
    **{(w, _ORAL): FrenchForm("oral powder in sachet", FormGroup.ORAL_POWDER, _ORAL, _SACHET) for w in _POWDERS},
    **{(w, _ORAL): FrenchForm("granules in sachet", FormGroup.ORAL_POWDER, _ORAL, _SACHET) for w in _GRANULES},
    ("suppositoire", Route.RECTAL): FrenchForm(
        "suppository", FormGroup.RECTAL, Route.RECTAL, (("suppositoire", "suppository"),)
    ),
    ("ovule", Route.VAGINAL): FrenchForm("pessary", FormGroup.VAGINAL, Route.VAGINAL, (("ovule", "pessary"),)),
    ("capsule molle", Route.VAGINAL): FrenchForm("vaginal capsule, soft", FormGroup.VAGINAL, Route.VAGINAL, _SOFT),
    **{
        (word, Route.CUTANEOUS): FrenchForm(label, FormGroup.CUTANEOUS, Route.CUTANEOUS, _TUBE, measured=True)
        for word, label in (("creme", "cream"), ("pommade", "ointment"), ("gel", "gel"))
    },
    ("solution pour application", Route.CUTANEOUS): _liquid(
        "cutaneous solution", FormGroup.CUTANEOUS_LIQUID, Route.CUTANEOUS
    ),
    ("shampooing", Route.CUTANEOUS): _liquid("shampoo", FormGroup.CUTANEOUS_LIQUID, Route.CUTANEOUS),
    ("collyre en solution", Route.OCULAR): _liquid("eye drops, solution", FormGroup.EYE, Route.OCULAR),
    ("collyre en suspension", Route.OCULAR): _liquid("eye drops, suspension", FormGroup.EYE, Route.OCULAR),
    ("collyre", Route.OCULAR): _liquid("eye drops", FormGroup.EYE, Route.OCULAR),
    ("solution pour inhalation par nebuliseur", Route.INHALATION): FrenchForm(
        "nebuliser solution", FormGroup.NEBULISATION, Route.INHALATION, _SINGLE
    ),
    ("suspension pour inhalation par nebuliseur", Route.INHALATION): FrenchForm(
        "nebuliser suspension", FormGroup.NEBULISATION, Route.INHALATION, _SINGLE
    ),
    ("poudre pour inhalation en gelule", Route.INHALATION): FrenchForm(
        "inhalation powder, hard capsule", FormGroup.INHALATION, Route.INHALATION, _CAPSULE
    ),
    ("poudre pour inhalation", Route.INHALATION): FrenchForm(
        "inhalation powder", FormGroup.INHALATION, Route.INHALATION, (("inhalateur", "inhaler"),), measured=True
    ),
    ("suspension pour inhalation", Route.INHALATION): FrenchForm(
        "pressurised inhalation, suspension",
        FormGroup.INHALATION,
        Route.INHALATION,
        (("flacon pressurise", "inhaler"),),
        measured=True,
    ),
    ("dispositif", Route.TRANSDERMAL): FrenchForm(
        "transdermal patch", FormGroup.PATCH, Route.TRANSDERMAL, (("dispositif", "patch"),)
    ),
    **_parenteral("solution for injection", *_SOLUTIONS_FOR_INJECTION),
    **_parenteral("solution for infusion", *_SOLUTIONS_FOR_INFUSION),
    **_parenteral("powder for solution for injection", *_POWDERS_FOR_INJECTION),
    **_parenteral("suspension for injection", "suspension injectable"),
    ("suspension injectable a liberation prolongee", None): FrenchForm(
        "prolonged-release suspension for injection", FormGroup.INJECTION_PROLONGED, None, _PARENTERAL
    ),
}
EYE_SINGLE_DOSE = FrenchForm(
    "eye drops, solution in single-dose container", FormGroup.EYE_SINGLE_DOSE, Route.OCULAR, _SINGLE
)
# Given in ml once it is mixed with water; how many that makes, its label doesn't say for certain.
POWDER_IN_BOTTLE = FrenchForm("powder for oral suspension", FormGroup.ORAL_LIQUID, _ORAL, (), measured=True)

_ROUTES = {
    "orale": Route.ORAL,
    "sublinguale": Route.SUBLINGUAL,
    "inhalee": Route.INHALATION,
    "sous-cutanee": Route.SUBCUTANEOUS,
    "intramusculaire": Route.INTRAMUSCULAR,
    "intraveineuse": Route.INTRAVENOUS,
    "cutanee": Route.CUTANEOUS,
    "transdermique": Route.TRANSDERMAL,
    "ophtalmique": Route.OCULAR,
    "nasale": Route.NASAL,
    "auriculaire": Route.AURICULAR,
    "rectale": Route.RECTAL,
    "vaginale": Route.VAGINAL,
}
# A score line doesn't change what a tablet is.
_SCORED = re.compile(r" ?\b(?:quadri|bi)?secable\b")


@functools.lru_cache(maxsize=2_000)
def form_of(form: str, route: str, *, single_doses: bool) -> FrenchForm | None:
    """The form by its word and route; an injection may have several routes, everything else must have its one.

    `single_doses`: whether the name says so, which the form's word doesn't.
    """
    word = " ".join(_SCORED.sub("", folded(form).replace("(e)", "")).split())
    if single_doses and word.startswith("collyre"):
        return EYE_SINGLE_DOSE if route_of(route) is Route.OCULAR else None
    return _FORMS.get((word, route_of(route))) or (_FORMS.get((word, None)) if _is_parenteral(route) else None)


def route_of(route: str) -> Route:
    """The route; OTHER where it is none of Dosis's, or several: then nothing may stand in for it by itself."""
    return _ROUTES.get(folded(route), Route.OTHER)


def _is_parenteral(route: str) -> bool:
    return bool(route) and all(
        one in {"sous-cutanee", "intramusculaire", "intraveineuse"} for one in folded(route).split(";")
    )
