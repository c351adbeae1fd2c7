"""The words for a form that people type, folded, and the groups of forms they mean."""

from shared.catalogue import FormGroup
from shared.search.folding import folded

_SOLID = (
    FormGroup.ORAL_SOLID,
    FormGroup.ORAL_PROLONGED,
    FormGroup.ORAL_MODIFIED,
    FormGroup.ORAL_GASTRO_RESISTANT,
    FormGroup.ORAL_ORODISPERSIBLE,
    FormGroup.ORAL_EFFERVESCENT,
    FormGroup.ORAL_CHEWABLE,
)
_DROPS = (FormGroup.ORAL_DROPS, FormGroup.EYE, FormGroup.EYE_SINGLE_DOSE, FormGroup.EAR)
_INJECTION = (FormGroup.INJECTION, FormGroup.INJECTION_PROLONGED, FormGroup.INJECTION_PEN)
_INHALED = (FormGroup.INHALATION, FormGroup.NEBULISATION)
_EYE = (FormGroup.EYE, FormGroup.EYE_SINGLE_DOSE)

_TYPED: dict[str, tuple[FormGroup, ...]] = {
    "tab tabs tablet tablets tabl caps cap capsule capsules": _SOLID,
    "χάπι χάπια δισκίο δισκία κάψουλα κάψουλες ταμπλέτα ταμπλέτες": _SOLID,
    "syr syrup susp suspension σιρόπι σιρόπια εναιώρημα": (FormGroup.ORAL_LIQUID,),
    "drops σταγόνες": _DROPS,
    "κολλύριο κολλύρια ματιών μάτια eye": _EYE,
    "αυτιών αυτί αυτιά ear": (FormGroup.EAR,),
    "cream crem κρέμα κρέμες gel τζελ ζελέ ointment oint αλοιφή αλοιφές": (FormGroup.CUTANEOUS,),
    "lotion λοσιόν": (FormGroup.CUTANEOUS_LIQUID,),
    "supp suppository suppositories υπόθετο υπόθετα": (FormGroup.RECTAL,),
    "amp ampoule inj injection ένεση ενέσεις ενέσιμο αμπούλα αμπούλες φιαλίδιο φιαλίδια": _INJECTION,
    "pen πένα πένες": (FormGroup.INJECTION_PEN,),
    "patch patches αυτοκόλλητο αυτοκόλλητα έμπλαστρο": (FormGroup.PATCH,),
    "inhaler εισπνοή εισπνοές εισπνεόμενο εισπνευστικό εισπνευστικά": _INHALED,
    "sachet sachets φακελάκι φακελάκια σκόνη": (FormGroup.ORAL_POWDER,),
    "effervescent eff αναβράζον αναβράζοντα": (FormGroup.ORAL_EFFERVESCENT,),
    "chewable μασώμενο μασώμενα": (FormGroup.ORAL_CHEWABLE,),
    "orodispersible διασπειρόμενο διασπειρόμενα": (FormGroup.ORAL_ORODISPERSIBLE,),
    "sublingual subl υπογλώσσιο υπογλώσσια": (FormGroup.OROMUCOSAL,),
    "retard prolonged βραδείας": (FormGroup.ORAL_PROLONGED, FormGroup.ORAL_MODIFIED),
    "nasal ρινικό": (FormGroup.NASAL,),
    "vaginal κολπικό κολπικά": (FormGroup.VAGINAL,),
}

FORM_WORDS: dict[str, frozenset[FormGroup]] = {
    folded(word): frozenset(groups) for words, groups in _TYPED.items() for word in words.split()
}

# What stands in every other name and says nothing of which it is.
_NOISE_WORDS = (
    "bt bts btx fl flx tub tube box blist blister blisters vial vials bottle sachet amp mg mcg ug ml gr iu cm mm"
    " tb mod or ora oral pd sol sus susp inh iv ey dro sd nas for με σε και για των του της το με χωρίς κουτί"
    " acid acide acidum οξύ de du la le et"
)
NOISE: frozenset[str] = frozenset(folded(word) for word in _NOISE_WORDS.split())
