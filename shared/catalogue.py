"""What a medicine is, and which may stand in for which. Plain values: nothing here reads or writes.

The forms and routes follow the EDQM Standard Terms; moieties are English INN in lower case, without the salt.
"""

import re
from collections.abc import Iterable
from enum import StrEnum
from fractions import Fraction
from uuid import UUID, uuid5

from msgspec import Struct

from shared.moieties import moiety_name, words_of

# Chosen once and never changed: every cell must give one product the same id.
PRODUCT_NAMESPACE = UUID("a8880483-b88e-4317-a8b9-8bf3104b0f43")


class FormGroup(StrEnum):
    """Forms of one group may stand in for one another; forms of two groups never do by themselves."""

    ORAL_SOLID = "oral_solid"  # tablets and capsules that release at once, plain, coated, hard or soft
    ORAL_PROLONGED = "oral_prolonged"
    ORAL_MODIFIED = "oral_modified"  # EDQM's word where neither "prolonged" nor "gastro-resistant" is true
    ORAL_GASTRO_RESISTANT = "oral_gastro_resistant"
    ORAL_ORODISPERSIBLE = "oral_orodispersible"
    ORAL_EFFERVESCENT = "oral_effervescent"  # and soluble or dispersible: in water first
    ORAL_CHEWABLE = "oral_chewable"
    ORAL_LIQUID = "oral_liquid"  # measured in ml
    ORAL_DROPS = "oral_drops"
    ORAL_POWDER = "oral_powder"  # sachets, granules
    OROMUCOSAL = "oromucosal"  # under the tongue, in the cheek
    INJECTION = "injection"  # ampoules, vials, syringes, cartridges, infusions
    INJECTION_PROLONGED = "injection_prolonged"  # depots
    INJECTION_PEN = "injection_pen"
    INHALATION = "inhalation"  # devices, and capsules for a device
    NEBULISATION = "nebulisation"
    NASAL = "nasal"
    EYE = "eye"  # bottles and tubes, thrown away some weeks after opening
    EYE_SINGLE_DOSE = "eye_single_dose"  # no preservative, one container for each use
    EAR = "ear"
    CUTANEOUS = "cutaneous"  # creams, ointments, gels: measured in g
    CUTANEOUS_LIQUID = "cutaneous_liquid"  # solutions, lotions, sprays: measured in ml
    PATCH = "patch"
    RECTAL = "rectal"
    VAGINAL = "vaginal"
    OTHER = "other"


class Route(StrEnum):
    ORAL = "oral"
    SUBLINGUAL = "sublingual"
    INHALATION = "inhalation"
    SUBCUTANEOUS = "subcutaneous"
    INTRAMUSCULAR = "intramuscular"
    INTRAVENOUS = "intravenous"
    CUTANEOUS = "cutaneous"
    TRANSDERMAL = "transdermal"
    OCULAR = "ocular"
    NASAL = "nasal"
    AURICULAR = "auricular"
    RECTAL = "rectal"
    VAGINAL = "vaginal"
    OTHER = "other"


class Kind(StrEnum):
    MEDICINE = "medicine"
    SANITARY = "sanitary"
    PARAPHARMACEUTICAL = "parapharmaceutical"


class Ingredient(Struct, frozen=True):
    """`moiety` leaves out the salt, but not an ester that acts by itself (fluticasone propionate).

    `strength` is a decimal string, "0.25", never a float; None with its unit where it isn't known.
    For pieces it is what one piece holds (5 mg); for what is measured out it is a ratio (100 mg/5 ml, 2 %).
    """

    moiety: str
    strength: str | None
    strength_unit: str | None


class Pack(Struct, frozen=True):
    code: str | None  # as text: some codes begin with 0
    units_per_pack: int
    label: str


class Product(Struct, frozen=True, kw_only=True):
    """One brand in one strength and form, whatever its packs.

    `unit` is the smallest thing that can be handed out; `content_per_unit` says how many `content_unit` are
    in it (an inhaler of 120 doses, a bottle of 150 ml, a pen of 300 iu). Plans count in content.
    `other_names` are further words people search it by, such as the substance in Greek.
    """

    product_id: UUID
    source_key: str
    name: str
    kind: Kind
    ingredients: tuple[Ingredient, ...]
    form_group: FormGroup
    form: str
    route: Route
    unit: str
    content_per_unit: int = 1
    content_unit: str
    atc: str | None
    holder: str | None
    controlled: bool
    never_automatic: bool
    cold_chain: bool
    packs: tuple[Pack, ...]
    other_names: tuple[str, ...] = ()


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Only a pharmacist, by name, puts one brand of these in another's place: a small change of dose or of
# absorption harms. Single words, so that a salt ("levothyroxine sodium") and every insulin are caught too.
NEVER_AUTOMATIC = _words(
    "levothyroxine acenocoumarol warfarin phenprocoumon fluindione lithium digoxin ciclosporin tacrolimus insulin"
    # antiepileptics: all of ATC N03, with clobazam and fenfluramine
    " brivaracetam cannabidiol carbamazepine cenobamate clobazam clonazepam eslicarbazepine ethosuximide"
    " ethotoin felbamate fenfluramine fosphenytoin gabapentin lacosamide lamotrigine levetiracetam"
    " mesuximide oxcarbazepine perampanel phenobarbital phenytoin pregabalin primidone retigabine rufinamide"
    " stiripentol sultiame tiagabine topiramate valproate valproic valpromide vigabatrin zonisamide"
)

# Narcotics and psychotropics after the tables of the Greek law 4139/2013 (article 1), which follow the United
# Nations conventions of 1961 and 1971. Sure: the opioids of 1961, buprenorphine, pentazocine, the
# benzodiazepines, zolpidem, the barbiturates, meprobamate, methylphenidate, the amphetamines, medical
# cannabis; codeine is in the tables too, some combinations with an easier prescription, and is refused all
# the same. Not sure, and listed because a pack refused in error costs less than one accepted in error:
# tramadol, tapentadol, butorphanol, zopiclone, zaleplon, ketamine, oxybate. Left out, as we know of no Greek
# table that has them: pregabalin, gabapentin, cannabidiol. Written from knowledge of the law, not checked
# line by line against the official gazette: a pharmacist must do that before it is relied on.
CONTROLLED_MOIETIES = _words(
    "morphine fentanyl alfentanil remifentanil sufentanil oxycodone hydrocodone hydromorphone oxymorphone"
    " pethidine methadone levomethadone buprenorphine codeine dihydrocodeine ethylmorphine pholcodine opium"
    " dextropropoxyphene piritramide pentazocine butorphanol tramadol tapentadol"
    # benzodiazepines, and what is used like them
    " alprazolam bromazepam brotizolam chlordiazepoxide clobazam clonazepam clorazepate clorazepic"
    " clotiazepam cloxazolam diazepam estazolam flunitrazepam flurazepam halazepam ketazolam loprazolam"
    " lorazepam lormetazepam medazepam midazolam nitrazepam nordazepam oxazepam prazepam quazepam remimazolam"
    " temazepam tetrazepam triazolam zolpidem zopiclone eszopiclone zaleplon meprobamate"
    # barbiturates
    " phenobarbital methylphenobarbital barbital amobarbital butobarbital pentobarbital secobarbital"
    # stimulants and others
    " methylphenidate dexmethylphenidate amfetamine dexamfetamine lisdexamfetamine amfepramone phentermine"
    " cathine ketamine esketamine oxybate dronabinol nabilone nabiximols tetrahydrocannabinol"
)

# Kept at 2-8 °C before first use. A default for sources that don't say how a thing is stored; a few brands
# of these are made to stand at room temperature, and then a person says so.
COLD_CHAIN_MOIETIES = _words(
    "insulin semaglutide liraglutide dulaglutide exenatide teriparatide denosumab calcitonin latanoprost"
    " tafluprost adalimumab etanercept epoetin darbepoetin filgrastim interferon glatiramer octreotide"
)

# Content is counted in one of these measures; anything else (tablet, capsule, bottle) is counted in pieces.
CONTENT_MEASURES = frozenset({"ml", "g", "iu", "dose"})

_MASS_IN_MG = {
    "g": Fraction(1000),
    "mg": Fraction(1),
    "microgram": Fraction(1, 1000),
    "ng": Fraction(1, 10**6),
}
_UNIT_SPELLINGS = {"mcg": "microgram", "µg": "microgram", "μg": "microgram", "ug": "microgram", "hour": "h"}
_DECIMAL = re.compile(r"[0-9]{1,12}(\.[0-9]{1,9})?")
_RATIO = re.compile(r"(?P<amount>[^/]+)(/\s*(?P<count>[0-9]+(\.[0-9]+)?)?\s*(?P<per>[^/0-9]+))?")


def product_id_for(source_key: str) -> UUID:
    """Give the id that this source key has in every cell, so that two imports never make two products."""
    return uuid5(PRODUCT_NAMESPACE, source_key)


def is_never_automatic(ingredients: Iterable[Ingredient], form_group: FormGroup) -> bool:
    """Inhaler devices count whatever is in them: a new device must be taught to the patient."""
    if form_group is FormGroup.INHALATION:
        return True
    return _names_any_of([ingredient.moiety for ingredient in ingredients], NEVER_AUTOMATIC)


def is_controlled(moieties: Iterable[str]) -> bool:
    """Whether a substance is a narcotic or psychotropic one: a donation with it is always refused."""
    return _names_any_of(moieties, CONTROLLED_MOIETIES)


def is_cold_chain(moieties: Iterable[str]) -> bool:
    return _names_any_of(moieties, COLD_CHAIN_MOIETIES)


def is_decimal(text: str) -> bool:
    """Whether this is a strength as Dosis stores it: digits, a point, more than zero."""
    return _DECIMAL.fullmatch(text) is not None and Fraction(text) > 0


def substitution_group(product: Product) -> str:
    """Give the key that products which may stand in for one another share.

    Same moieties, same strength of each, same group of forms, same route, and content counted in the same
    measure, because a plan written in ml cannot be met in bottles. A product that is no medicine, whose
    strength or form isn't known, or that may never be replaced by itself, has a key of its own.
    """
    strengths = [strength_key(ingredient) for ingredient in product.ingredients]
    known = [strength for strength in strengths if strength is not None]
    if (
        product.kind is not Kind.MEDICINE
        or product.never_automatic
        or not known
        or len(known) < len(strengths)
        or product.form_group is FormGroup.OTHER
        or product.route is Route.OTHER
    ):
        return f"product:{product.product_id}"
    measure = product.content_unit if product.content_unit in CONTENT_MEASURES else "piece"
    return "; ".join([" + ".join(sorted(known)), product.form_group, product.route, measure])


def _names_any_of(moieties: Iterable[str], words: frozenset[str]) -> bool:
    return any(not words.isdisjoint(words_of(moiety_name(moiety))) for moiety in moieties)


def strength_key(ingredient: Ingredient) -> str | None:
    """Write a strength so that equal ones are equal text: 1 g is 1000 mg, 100 mg/5 ml is 20 mg/ml.

    A percentage stays one: whether it means weight or volume, only the product's text says.
    """
    ratio = _RATIO.fullmatch((ingredient.strength_unit or "").strip().lower())
    if ratio is None or ingredient.strength is None or not is_decimal(ingredient.strength):
        return None
    amount = Fraction(ingredient.strength)
    unit = _unit_name(ratio["amount"])
    if unit in _MASS_IN_MG:
        amount, unit = amount * _MASS_IN_MG[unit], "mg"
    if ratio["per"] is None:
        return f"{moiety_name(ingredient.moiety)} {amount} {unit}"
    count = Fraction(ratio["count"] or "1")
    if count == 0:
        return None
    return f"{moiety_name(ingredient.moiety)} {amount / count} {unit}/{_unit_name(ratio['per'])}"


def _unit_name(text: str) -> str:
    unit = text.strip()
    return _UNIT_SPELLINGS.get(unit, unit)
