"""What a brand's words say of a form, where the form's code says nothing of it. Then the group is not certain."""

from services.stock.catalogue.forms import FORMS
from services.stock.catalogue.names.letters import fold_words
from shared.catalogue import FormGroup

_SLOW = fold_words(
    "SR XR CR ER XL LA PR MR LP XT HBS OD OCAS TOCAS UNO RET RETARD CHRONO CRONO CHRONOSPHERE CONTIN CONTINUS OROS"
    " PROLONG PROLONGATUM DEPOT DEPO LAR CONSTA CHRONODOSE MAINTENA DECANOAS DECANOATE RAPITARD ZOK DURULES DUR"
    " DURETTES SPANSULE PROLIB TIMECAPS TIMED SLOW SLO LONG ONCE LENTE EXTENDED RELEASE EXTENTABS REPETABS SUSTAINED"
    " CHRONOTAB CHRONOTABS CRONOTAB ΒΡΑΔΕΙΑΣ ΠΑΡΑΤΕΤΑΜΕΝΗΣ ΕΛΕΓΧΟΜΕΝΗΣ ΤΡΟΠΟΠΟΙΗΜΕΝΗΣ ΔΕΣΜΕΥΣΗΣ ΑΠΟΔΕΣΜΕΥΣΗΣ"
)
_GUARDED = fold_words(
    "GR EC ENTERIC GASTRO PROTECT ENTERO ENTAB ENTERICOATED MUPS GASTRORESISTANT ΓΑΣΤΡΟΑΝΘΕΚΤΙΚΑ ΓΑΣΤΡΟΑΝΘΕΚΤΙΚΟ"
)
_IN_MOUTH = fold_words(
    "ODT ODIS ORODIS ORODISP ORODISPERSIBLE VELOTAB VELOTABS QUICKTAB QUICKLET QUICKLETS RAPITAB INSTANT FASTTAB SOLTAB"
    " ORO OROTAB FLASH FLASHTAB FLASHTABS ZYDIS MELT MELTS MELTAB MELTABS MELTLETS RAPIDMELT FASTMELT RPD RAPIDISC"
    " EXPIDET LYOC LYO LYOPHILISATE LINGUAL SUPRALINGUAL SMELT XPRESS ΔΙΑΣΠΕΙΡΟΜΕΝΑ ΔΙΑΣΠΕΙΡΟΜΕΝΟ"
)
_IN_WATER = fold_words(
    "EFF EF EFFERVESCENT EFFER EFFERTAB DISPERSIBLE DISPERS DISPERTAB DISP SOLUBLE SOLU SOLUTAB SOLUTABS ΑΝΑΒΡΑΖΟΝ"
    " ΑΝΑΒΡΑΖΟΝΤΑ"
)
_ELSEWHERE = fold_words("GYNO VAGINAL VAG PROCTO RECTAL ORAL NASAL EYE EAR OPHTHALMIC OTIC BUCCAL SUBLINGUAL LINGUAL")
_CHEWED = fold_words("CHEW CHEWABLE CHEWS CHEWTAB")
_CONTRADICTING = {
    FormGroup.ORAL_SOLID: _SLOW | _GUARDED | _IN_MOUTH | _IN_WATER | _CHEWED | _ELSEWHERE - {"ORAL"},
    FormGroup.ORAL_GASTRO_RESISTANT: _SLOW | _IN_MOUTH,
    FormGroup.ORAL_PROLONGED: _IN_MOUTH | _IN_WATER,
    FormGroup.ORAL_MODIFIED: _IN_MOUTH | _IN_WATER,
    FormGroup.ORAL_ORODISPERSIBLE: _SLOW - {"OD"} | _IN_WATER - {"DISP"},
    FormGroup.ORAL_EFFERVESCENT: _SLOW | _IN_MOUTH | _CHEWED,
    FormGroup.ORAL_CHEWABLE: _SLOW | _IN_MOUTH | _IN_WATER,
    FormGroup.INJECTION: _SLOW,
    FormGroup.CUTANEOUS: _ELSEWHERE,
    FormGroup.CUTANEOUS_LIQUID: _ELSEWHERE,
}
_ENDINGS = (
    "RETARD",
    "CHRONO",
    "DEPOT",
    "MELT",
    "VELOTAB",
    "FLASHTAB",
    "QUICKLET",
    "ZYDIS",
    "SOLUTAB",
    "SOLTAB",
    "ODIS",
)
"""What is written as one word with the brand: MOTILIUMZYDIS is a ZYDIS too."""

# Whose containers are always of one kind, and words that a brand has besides.
PEN_BRANDS = fold_words("FLEXPEN KWIKPEN SOLOSTAR DOUBLESTAR FLEXTOUCH INNOLET OPTISET")
CARTRIDGE_BRANDS = fold_words("PENFILL")
LIKE_PEN_BRANDS = PEN_BRANDS | fold_words("PEN TEMPO JUNIOR AUTOINJECTOR")


def contradicts(brand_words: frozenset[str], label: str) -> bool:
    """Whether the brand says something of the form that its code doesn't."""
    telling = _CONTRADICTING.get(FORMS[label].group, frozenset())
    endings = tuple(ending for ending in _ENDINGS if ending in telling)
    return not brand_words.isdisjoint(telling) or any(word.endswith(endings) for word in brand_words)


def contradicts_route(brand_words: frozenset[str], label: str) -> bool:
    """Whether the brand names another place than its form's: GYNO-PEVARYL CREAM."""
    telling = _CONTRADICTING.get(FORMS[label].group, frozenset())
    return not brand_words.isdisjoint(telling & _ELSEWHERE)
