"""EDQM's words for forms and routes, as far as the catalogue knows them: their group, and what their unit is.

A form that isn't here is not guessed: its row waits for a person, and the form is added here.
"""

from msgspec import Struct

from shared.catalogue import FormGroup, Route


class Form(Struct, frozen=True):
    group: FormGroup
    units: frozenset[str]  # what can be handed out of it; anything else contradicts the form


def _forms(group: FormGroup, units: str, *labels: str) -> dict[str, Form]:
    form = Form(group, frozenset(units.split("|")))
    return dict.fromkeys(labels, form)


FORMS: dict[str, Form] = {
    **_forms(FormGroup.ORAL_SOLID, "tablet", "tablet", "coated tablet", "film-coated tablet"),
    **_forms(FormGroup.ORAL_SOLID, "capsule", "capsule", "capsule, hard", "capsule, soft"),
    **_forms(FormGroup.ORAL_PROLONGED, "tablet", "prolonged-release tablet"),
    **_forms(
        FormGroup.ORAL_PROLONGED,
        "capsule",
        "prolonged-release capsule",
        "prolonged-release capsule, hard",
        "prolonged-release capsule, soft",
    ),
    **_forms(FormGroup.ORAL_MODIFIED, "tablet", "modified-release tablet"),
    **_forms(FormGroup.ORAL_MODIFIED, "capsule", "modified-release capsule", "modified-release capsule, hard"),
    **_forms(FormGroup.ORAL_GASTRO_RESISTANT, "tablet", "gastro-resistant tablet"),
    **_forms(
        FormGroup.ORAL_GASTRO_RESISTANT,
        "capsule",
        "gastro-resistant capsule",
        "gastro-resistant capsule, hard",
        "gastro-resistant capsule, soft",
    ),
    **_forms(FormGroup.ORAL_ORODISPERSIBLE, "tablet", "orodispersible tablet", "oral lyophilisate"),
    **_forms(FormGroup.ORAL_EFFERVESCENT, "tablet", "effervescent tablet", "soluble tablet", "dispersible tablet"),
    **_forms(FormGroup.ORAL_CHEWABLE, "tablet", "chewable tablet"),
    **_forms(
        FormGroup.ORAL_LIQUID,
        "bottle",
        "syrup",
        "oral solution",
        "oral suspension",
        "oral emulsion",
        "elixir",
        "powder for oral suspension",
    ),
    **_forms(
        FormGroup.ORAL_DROPS,
        "bottle",
        "oral drops",
        "oral drops, solution",
        "oral drops, suspension",
        "oral drops, emulsion",
    ),
    **_forms(
        FormGroup.ORAL_LIQUID,
        "bottle|sachet|single-dose container",
        "powder for oral solution",
        "granules for oral suspension",
    ),
    **_forms(FormGroup.ORAL_POWDER, "sachet", "oral powder in sachet", "granules in sachet"),
    **_forms(FormGroup.OROMUCOSAL, "tablet", "sublingual tablet", "buccal tablet"),
    **_forms(FormGroup.OROMUCOSAL, "lozenge", "lozenge"),
    **_forms(FormGroup.OROMUCOSAL, "bottle", "oromucosal spray, solution", "sublingual spray, solution", "mouthwash"),
    **_forms(
        FormGroup.INJECTION,
        "ampoule|vial|cartridge|pre-filled syringe",
        "solution for injection",
        "suspension for injection",
        "emulsion for injection",
        "solution for infusion",
        "powder for solution for injection",
        "powder and solvent for solution for injection",
        "solution for injection in cartridge",
        "solution for injection in pre-filled syringe",
        "suspension for injection in pre-filled syringe",
        "solution for injection/infusion",
        "emulsion for injection/infusion",
        "emulsion for infusion",
        "powder for solution for injection/infusion",
        "powder for solution for infusion",
        "concentrate for solution for infusion",
        "powder for concentrate for solution for infusion",
    ),
    **_forms(
        FormGroup.INJECTION_PROLONGED,
        "ampoule|vial|pre-filled syringe",
        "prolonged-release suspension for injection",
        "powder and solvent for prolonged-release suspension for injection",
    ),
    **_forms(
        FormGroup.INJECTION_PEN,
        "pen",
        "solution for injection in pre-filled pen",
        "suspension for injection in pre-filled pen",
    ),
    **_forms(
        FormGroup.INHALATION,
        "inhaler",
        "pressurised inhalation",
        "pressurised inhalation, suspension",
        "pressurised inhalation, solution",
        "inhalation powder",
        "inhalation powder, pre-dispensed",
    ),
    **_forms(FormGroup.INHALATION, "capsule", "inhalation powder, hard capsule"),
    **_forms(FormGroup.NEBULISATION, "single-dose container", "nebuliser suspension", "nebuliser solution"),
    **_forms(FormGroup.NASAL, "bottle", "nasal spray", "nasal spray, suspension", "nasal spray, solution"),
    **_forms(FormGroup.NASAL, "bottle", "nasal drops", "nasal drops, solution"),
    **_forms(FormGroup.EYE, "bottle", "eye drops", "eye drops, solution", "eye drops, suspension"),
    **_forms(FormGroup.EYE, "tube", "eye ointment", "eye gel"),
    **_forms(FormGroup.EYE_SINGLE_DOSE, "single-dose container", "eye drops, solution in single-dose container"),
    **_forms(
        FormGroup.EAR, "bottle|single-dose container", "ear drops", "ear drops, solution", "ear drops, suspension"
    ),
    **_forms(FormGroup.CUTANEOUS, "tube", "cream", "ointment", "gel"),
    **_forms(
        FormGroup.CUTANEOUS_LIQUID, "bottle", "cutaneous solution", "lotion", "cutaneous spray, solution", "shampoo"
    ),
    **_forms(FormGroup.PATCH, "patch", "transdermal patch"),
    **_forms(FormGroup.RECTAL, "suppository", "suppository"),
    **_forms(FormGroup.RECTAL, "bottle", "enema", "rectal solution", "rectal suspension", "rectal foam"),
    **_forms(FormGroup.RECTAL, "tube", "rectal cream", "rectal ointment"),
    **_forms(FormGroup.VAGINAL, "pessary", "pessary", "vaginal capsule", "vaginal capsule, soft"),
    **_forms(FormGroup.VAGINAL, "tablet", "vaginal tablet"),
    **_forms(FormGroup.VAGINAL, "tube", "vaginal cream", "vaginal gel"),
}

ROUTES: dict[str, Route] = {
    "oral use": Route.ORAL,
    "sublingual use": Route.SUBLINGUAL,
    "inhalation use": Route.INHALATION,
    "subcutaneous use": Route.SUBCUTANEOUS,
    "intramuscular use": Route.INTRAMUSCULAR,
    "intravenous use": Route.INTRAVENOUS,
    "cutaneous use": Route.CUTANEOUS,
    "transdermal use": Route.TRANSDERMAL,
    "ocular use": Route.OCULAR,
    "nasal use": Route.NASAL,
    "auricular use": Route.AURICULAR,
    "rectal use": Route.RECTAL,
    "vaginal use": Route.VAGINAL,
}

# Only to see whether a row's form code and its label say the same; a code that isn't here is not compared.
LABEL_OF_EDQM_CODE: dict[str, str] = {
    "10106000": "oral suspension",
    "10117000": "syrup",
    "10210000": "capsule, hard",
    "10211000": "capsule, soft",
    "10219000": "tablet",
    "10220000": "coated tablet",
    "10221000": "film-coated tablet",
    "10222000": "effervescent tablet",
    "10226000": "prolonged-release tablet",
    "11013000": "suppository",
    "11210000": "solution for infusion",
}
