"""What all three services name with a code, in words for people. A table's values are all translated."""

from collections.abc import Mapping

from shared.catalogue import FormGroup, Kind, Route
from shared.policies import SharingRule, SourceKind
from shared.roles import Role

ROLES: Mapping[Role, str] = {
    Role.PARTNER_PHARMACIST: "Partner pharmacist",
    Role.CLINIC_PHARMACIST: "Clinic pharmacist",
    Role.COUNTER_VOLUNTEER: "Counter volunteer",
    Role.TRANSFERS_DELEGATE: "Transfers delegate",
    Role.SECRETARY: "Secretary",
    Role.AUDITOR: "Auditor",
    Role.DECISIONS_DELEGATE: "Decisions delegate",
}

KINDS: Mapping[Kind, str] = {
    Kind.MEDICINE: "Medicine",
    Kind.SANITARY: "Sanitary material",
    Kind.PARAPHARMACEUTICAL: "Parapharmaceutical product",
}

FORM_GROUPS: Mapping[FormGroup, str] = {
    FormGroup.ORAL_SOLID: "Tablets and capsules",
    FormGroup.ORAL_PROLONGED: "Prolonged-release tablets and capsules",
    FormGroup.ORAL_MODIFIED: "Modified-release tablets and capsules",
    FormGroup.ORAL_GASTRO_RESISTANT: "Gastro-resistant tablets and capsules",
    FormGroup.ORAL_ORODISPERSIBLE: "Tablets that melt in the mouth",
    FormGroup.ORAL_EFFERVESCENT: "Effervescent and soluble tablets",
    FormGroup.ORAL_CHEWABLE: "Chewable tablets",
    FormGroup.ORAL_LIQUID: "Syrups and other liquids to drink",
    FormGroup.ORAL_DROPS: "Drops to swallow",
    FormGroup.ORAL_POWDER: "Powders and granules in sachets",
    FormGroup.OROMUCOSAL: "For the mouth, or under the tongue",
    FormGroup.INJECTION: "Injections",
    FormGroup.INJECTION_PROLONGED: "Long-acting injections",
    FormGroup.INJECTION_PEN: "Injection pens",
    FormGroup.INHALATION: "Inhalers",
    FormGroup.NEBULISATION: "For a nebuliser",
    FormGroup.NASAL: "For the nose",
    FormGroup.EYE: "Eye drops and ointments",
    FormGroup.EYE_SINGLE_DOSE: "Eye drops in single doses",
    FormGroup.EAR: "For the ear",
    FormGroup.CUTANEOUS: "Creams, ointments and gels",
    FormGroup.CUTANEOUS_LIQUID: "Liquids for the skin",
    FormGroup.PATCH: "Patches",
    FormGroup.RECTAL: "Suppositories and enemas",
    FormGroup.VAGINAL: "For the vagina",
    FormGroup.OTHER: "Another form",
}

ROUTES: Mapping[Route, str] = {
    Route.ORAL: "By mouth",
    Route.SUBLINGUAL: "Under the tongue",
    Route.INHALATION: "Breathed in",
    Route.SUBCUTANEOUS: "Under the skin",
    Route.INTRAMUSCULAR: "Into a muscle",
    Route.INTRAVENOUS: "Into a vein",
    Route.CUTANEOUS: "On the skin",
    Route.TRANSDERMAL: "Through the skin",
    Route.OCULAR: "Into the eye",
    Route.NASAL: "Into the nose",
    Route.AURICULAR: "Into the ear",
    Route.RECTAL: "Into the rectum",
    Route.VAGINAL: "Into the vagina",
    Route.OTHER: "Another way",
}

SOURCES: Mapping[SourceKind, str] = {
    SourceKind.PERSON: "A person",
    SourceKind.COLLECTIVE: "A collective",
    SourceKind.ASSOCIATION: "An association",
    SourceKind.COMPANY: "A company",
    SourceKind.PUBLIC_BODY: "A public body",
    SourceKind.CHURCH: "The church",
    SourceKind.PARTY: "A political party",
}

SHARING_RULES: Mapping[SharingRule, str] = {
    SharingRule.FIRST_COME: "First come, first served",
    SharingRule.MOST_URGENT: "Whoever runs out first comes first",
    SharingRule.EQUAL_DAYS: "As many days for everybody",
}

POLICIES: Mapping[str, str] = {
    "least_remaining_months": "Least time until expiry, in months",
    "opened_packs_accepted": "Forms that are accepted opened",
    "cold_chain_accepted": "Medicines for the fridge are accepted",
    "sources_accepted": "Whom donations are accepted from",
    "supply_days_usual": "Days that are given for, as a rule",
    "supply_days_most": "Days that are given for, at most",
    "sharing_rule": "How what isn't enough for all is shared out",
    "walk_in_wait_seconds": "Seconds to wait for an answer when somebody comes who is not expected",
    "records_kept_years": "Years that records are kept",
}

# A policy that is a number, with what it counts.
POLICY_UNITS: Mapping[str, tuple[str, str]] = {
    "least_remaining_months": ("{n} month", "{n} months"),
    "supply_days_usual": ("{n} day", "{n} days"),
    "supply_days_most": ("{n} day", "{n} days"),
    "walk_in_wait_seconds": ("{n} second", "{n} seconds"),
    "records_kept_years": ("{n} year", "{n} years"),
}

YES_OR_NO: Mapping[str, str] = {
    "yes": "Yes",
    "no": "No",
}

# The states of what a GTIN was learnt to be (shared.gtins), and how a product was found (shared.search).
BINDINGS: Mapping[str, str] = {
    "learnt": "Not confirmed yet",
    "confirmed": "Confirmed by a pharmacist",
    "refused": "Refused by a pharmacist",
}
MATCHES: Mapping[str, str] = {
    "exact": "Just as it was typed",
    "beginning": "Begins as it was typed",
    "similar": "Similar",
}

# What is handed out, and what is in it; a list of items may have others.
UNITS: Mapping[str, tuple[str, str]] = {
    "ampoule": ("{n} ampoule", "{n} ampoules"),
    "bag": ("{n} bag", "{n} bags"),
    "blister": ("{n} blister", "{n} blisters"),
    "bottle": ("{n} bottle", "{n} bottles"),
    "capsule": ("{n} capsule", "{n} capsules"),
    "cartridge": ("{n} cartridge", "{n} cartridges"),
    "dose": ("{n} dose", "{n} doses"),
    "g": ("{n} g", "{n} g"),
    "inhaler": ("{n} inhaler", "{n} inhalers"),
    "iu": ("{n} IU", "{n} IU"),
    "jar": ("{n} jar", "{n} jars"),
    "lozenge": ("{n} lozenge", "{n} lozenges"),
    "mg": ("{n} mg", "{n} mg"),
    "ml": ("{n} ml", "{n} ml"),
    "patch": ("{n} patch", "{n} patches"),
    "pen": ("{n} pen", "{n} pens"),
    "pessary": ("{n} pessary", "{n} pessaries"),
    "piece": ("{n} piece", "{n} pieces"),
    "pre-filled syringe": ("{n} pre-filled syringe", "{n} pre-filled syringes"),
    "sachet": ("{n} sachet", "{n} sachets"),
    "single-dose container": ("{n} single dose", "{n} single doses"),
    "suppository": ("{n} suppository", "{n} suppositories"),
    "tablet": ("{n} tablet", "{n} tablets"),
    "tin": ("{n} tin", "{n} tins"),
    "tube": ("{n} tube", "{n} tubes"),
    "vial": ("{n} vial", "{n} vials"),
}
