"""How the bulletin abbreviates forms: each code, and EDQM's label for it.

A code that isn't here is not guessed. Dots, spaces and slashes between its parts make no difference: F.C.TAB is
F C TAB and FCTAB.
"""

import re

from msgspec import Struct

from services.stock.catalogue.forms import FORMS
from services.stock.catalogue.names.amounts import Token
from services.stock.catalogue.names.letters import fold_words
from shared.catalogue import FormGroup

_LABELS = {
    "tablet": "TAB TABS TABL TABLET TABLETS",
    "coated tablet": "C.TAB COAT.TAB COATED.TAB S.C.TAB SUG.C.TAB DRAG DRAGEE",
    "film-coated tablet": "F.C.TAB F.C.TABS F.C.TABLET FILM.C.TAB F.COAT.TAB",
    "capsule, hard": "CAPS CAP CAPSULE CAPSULES H.CAP H.CAPS HARD.CAP HARD.CAPS CAPS.HARD",
    "capsule, soft": "SOFT.CAP SOFT.CAPS SO.CAP SO.CAPS S.CAPS CAPS.SOFT SOFTCAPS",
    "prolonged-release tablet": "PR.TAB PRO.R.TAB PROL.R.TAB P.R.TAB PR.F.C.TAB PR.FC.TAB CON.R.TAB CONT.R.TAB"
    " CO.R.TAB C.R.TAB CR.TAB CO.R.F.C.T CO.R.F.C.TAB CON.R.F.C.T SR.TAB S.R.TAB SUST.R.TAB SU.R.TAB ER.TAB E.R.TAB"
    " XR.TAB RET.TAB RETARD.TAB",
    "prolonged-release capsule, hard": "PR.CAP PR.CAPS PRO.R.CAP PRO.R.CAPS P.R.CAPS CON.R.CAP CON.R.CAPS CO.R.CAP"
    " CO.R.CAPS C.R.CAPS CR.CAPS SR.CAP SR.CAPS S.R.CAPS SUST.R.CAP ER.CAPS XR.CAPS RET.CAPS RETARD.CAPS",
    "modified-release tablet": "MR.TAB M.R.TAB MO.R.TAB MOD.R.TAB MODIF.R.TAB",
    "modified-release capsule, hard": "MR.CAP MR.CAPS M.R.CAPS MO.R.CAP MOD.R.CAP MOD.R.CAPS",
    "gastro-resistant tablet": "GR.TAB GR.TABS G.R.TAB GA.R.TAB GAST.R.TAB GASTR.TAB E.C.TAB EC.TAB ENT.C.TAB",
    "gastro-resistant capsule, hard": "GR.CAP GR.CAPS G.R.CAPS GA.R.CAP GA.R.CAPS GAST.R.CAP GAST.R.CAPS GASTR.CAPS"
    " E.C.CAPS EC.CAP EC.CAPS",
    "orodispersible tablet": "OR.DISP.TAB OR.DISP.TA OR.DIS.TAB OR.DI.TAB ORO.DISP.TAB ORODISP.TAB ORODIS.TAB"
    " ORAL.DISP.TAB O.D.TAB OD.TAB ODT",
    "oral lyophilisate": "OR.LYO ORAL.LYO OR.LYOPH ORAL.LYOPH",
    "effervescent tablet": "EF.TAB EFF.TAB EFFER.TAB EFFERV.TAB",
    "soluble tablet": "SOLU.TAB SOL.TAB SOLUB.TAB",
    "dispersible tablet": "DISP.TAB DISPER.TAB DIS.TAB",
    "chewable tablet": "CHW.TAB CHEW.TAB CH.TAB CHWTAB",
    "sublingual tablet": "SUBL.TAB SUB.TAB SL.TAB S.L.TAB SUBLING.TAB",
    "buccal tablet": "BUC.TAB BUCC.TAB BUCCAL.TAB",
    "lozenge": "LOZ LOZENGE LOZENGES",
    "oromucosal spray, solution": "MOUTH.SPR MOUTH.SPRAY MOUTH.SP OROM.SPR OROM.SP.SOL ORO.SPR OR.SPR SUBL.SPR",
    "mouthwash": "MOUTH.WASH MOUTHW MOU.WASH GARGLE OROM.SOL",
    "syrup": "SYR SYRUP SIR SIROP",
    "oral solution": "ORAL.SOL OR.SOL ORA.SOL OR.SOL.SD OR.SO.SD ELIX",
    "oral suspension": "ORAL.SUSP ORAL.SUS OR.SUSP OR.SUS ORA.SUS OR.SUS.SD POR.SUSP",
    "powder for oral solution": "PD.ORA.SOL PD.OR.SOL PD.ORAL.SOL PD.O.SOL",
    "powder for oral suspension": "PD.ORA.SUS PD.OR.SUS PD.OR.SUSP PD.ORAL.SUS PD.ORAL.SUSP PD.O.SUSP",
    "granules for oral suspension": "GRA.OR.SUS GRAN.OR.SUS GRA.ORA.SUS GRAN.ORA.SUS GR.OR.SUS",
    "oral drops, solution": "OR.SO.D OR.SOL.D OR.DR.SOL OR.DRO.SOL OR.DROP.SOL ORAL.DROPS ORAL.DRO OR.DROPS OR.DRO"
    " OR.DR OR.S.D OR.DR.LIQ",
    "oral drops, suspension": "OR.SU.D OR.SUS.D OR.DR.SUS OR.DRO.SUS",
    "oral drops, emulsion": "OR.EM.D OR.DR.EMU",
    "oral powder in sachet": "OR.PD OR.PD.SD PD.OR.SD PD.ORA.SD PD.ORAL OR.POWD ORAL.PD ORAL.POWD SACHET SACHETS",
    "granules in sachet": "GRAN GRANULES GRA.SACHET GRAN.SACHET GRA.SD GRAN.SD GR.OR.SD GRA.OR.SD GRAN.OR.SD OR.GRAN"
    " ORAL.GRAN",
    "solution for injection": "INJ.SOL INJ.SO SOL.INJ IN.SOL INJ.SOLUTION PS.INJ.SOL P.S.INJ.SOL PS.IN.SOL PS.INJ.SO"
    " P.SO.IN.SO LY.INJ IN.SO.CR INJ.SO.CR",
    "powder for solution for injection": "PD.INJ.SOL PD.IN.SOL PD.INJ.SO PD.SOL.INJ PD.INJ LYO.INJ LYO.INJ.SOL"
    " LYO.PD.INJ",
    "suspension for injection": "INJ.SUSP INJ.SUS INJ.SU SUSP.INJ IN.SUSP",
    "solution for injection in pre-filled syringe": "INJ.SO.PFS INJ.SOL.PFS IN.SO.PFS IN.SOL.PFS INJ.S.PFS IN.SO.PF.S"
    " INJ.SO.PF.S",
    "suspension for injection in pre-filled syringe": "INJ.SU.PFS INJ.SUS.PFS IN.SU.PFS IN.SU.PF.S INJ.SUSP.PFS",
    "solution for injection in pre-filled pen": "IN.SO.PF.P IN.SO.PFP INJ.SO.PFP INJ.SO.PF.P INJ.SOL.PFP",
    "suspension for injection in pre-filled pen": "IN.SU.PF.P IN.SU.PFP INJ.SU.PFP INJ.SU.PF.P",
    "prolonged-release suspension for injection": "INJ.SU.RET INJ.SU.PR IN.SU.PR PR.INJ.SUS PR.INJ.SUSP PR.SUS.INJ"
    " PS.PR.IN.SU PS.PRO.INJ",
    "solution for injection/infusion": "INJ.SO.INF INJ.SOL.INF INJ.INF.SOL IN.SO.INF SOL.INJ.INF SO.INJ.INF",
    "powder for solution for injection/infusion": "PD.INJ.INF PD.I.S.INF PD.IN.S.INF PD.SO.IN.INF PD.SO.INJ.INF",
    "solution for infusion": "SOL.INF SOL.IV.INF IV.INF INF.SOL SO.INF SOL.I.V.INF",
    "powder for solution for infusion": "PD.SOL.INF PD.S.INF PD.SO.INF PD.IV.INF",
    "concentrate for solution for infusion": "C.S.SOL.IN C.S.SOL.INF CS.SOL.INF CON.SOL.INF CON.S.INF CO.SO.INF",
    "powder for concentrate for solution for infusion": "PD.C.SO.IN PD.C.SO.INF PD.C.S.INF PD.CO.SO.IN PD.CON.INF",
    "pressurised inhalation, suspension": "INH.SUS.P INH.SUSP.P AER.INH.SUS",
    "pressurised inhalation, solution": "INH.SOL.P INH.SO.P AER.MD.INH AER.INH",
    "inhalation powder": "PD.INH.MD INH.POWD INH.PD PD.INH",
    "inhalation powder, pre-dispensed": "INH.PD.DOS INH.PD.DO INH.PD.D INHPD.DOS PD.INH.DOS",
    "inhalation powder, hard capsule": "INH.PD.CAP INHPD.CAP INH.PD.CA INH.PD.H.C PD.INH.CAP INH.CAP INH.CAPS",
    "nebuliser solution": "INH.SOL.N INH.SO.N INH.NE.SOL INH.NEB.SOL NEB.SOL NEB.SO SOL.NEB",
    "nebuliser suspension": "INH.SUS.N INH.SUSP.N INH.SU.N INH.NE.SUS NEB.SUS NEB.SUSP SUS.NEB",
    "nasal spray, solution": "NASPR.SOL NAS.SPR.SOL NAS.SP.SOL NA.SP.SOL NASPR.SO NAS.SPR NASAL.SPR NASAL.SPRAY NASPR",
    "nasal spray, suspension": "NASPR.SUS NAS.SPR.SUS NAS.SP.SUS NA.SP.SUS",
    "nasal drops, solution": "NAS.DRO NAS.DR NAS.DRO.SOL NAS.DR.SOL NA.DRO.SOL NA.DR.SOL NASAL.DROPS",
    "eye drops, solution": "EY.DRO.SOL EY.DR.SOL EY.DRO.SO EY.DRO EY.DROPS EYE.DRO EYE.DROPS EYE.DR.SOL EYE.DRO.SOL",
    "eye drops, suspension": "EY.DRO.SUS EY.DR.SUS EYE.DR.SUS EYE.DRO.SUS EY.DRO.SU",
    "eye drops, solution in single-dose container": "EY.DR.S.SD EY.DR.SO.SD EY.DRO.S.SD EY.DR.S.DC EY.DR.SD EY.DRO.SD"
    " EY.S.SD EYE.DR.SD",
    "eye ointment": "EY.OINT EYE.OINT EY.OI EY.OINTM",
    "eye gel": "EY.GEL EYE.GEL",
    "ear drops, solution": "EAR.DRO EAR.DROPS EAR.DR.SOL EAR.DRO.SOL EA.DRO.SOL EA.DR.SOL EA.SOL EAR.SOL EA.DRO",
    "ear drops, suspension": "EAR.DR.SUS EAR.DRO.SUS EA.DR.SUS EA.DRO.SUS",
    "cream": "CREAM CREAM.EXT EXT.CREAM CUT.CREAM",
    "ointment": "OINT OINTMENT OINT.EXT EXT.OINT UNG",
    "gel": "GEL GEL.EXT EXT.GEL CUT.GEL",
    "cutaneous solution": "CUT.SOL EXT.SOL SOL.EXT CUT.SO LOT LOTION CUT.LOT",
    "cutaneous spray, solution": "CUT.SPR CUT.SPRAY CUT.SPR.SO CUT.SP.SOL",
    "shampoo": "SHAMPOO SHAMP",
    "transdermal patch": "TTS TR.DER.PA TRANSD.PA TRANS.PATCH TRANSD.PATCH TD.PATCH TRA.PATCH DERM.PATCH PATCH",
    "suppository": "SUPP SUP SUPPOS SUPPOSITORY SUPPOSITORIES",
    "rectal solution": "ENEMA REC.SOL RECT.SOL RE.SOL",
    "rectal suspension": "REC.SUS RECT.SUS REC.SUSP RECT.SUSP",
    "rectal cream": "REC.CR REC.CREAM RECT.CREAM",
    "rectal ointment": "REC.OINT RECT.OINT",
    "pessary": "PESS PESSARY VAG.SUP VAG.SUPP VAG.OVULE OVULE OVULES VAG.OV",
    "vaginal tablet": "VAG.TAB VAG.TABS",
    "vaginal capsule, soft": "VAG.CAP VAG.CAPS VAG.S.CAP VAG.SO.CAP",
    "vaginal cream": "VAG.CR VAG.CREAM",
    "vaginal gel": "VAG.GEL",
}


def _glued(code: str) -> str:
    return code.replace(".", "")


LABEL_OF_CODE = {_glued(code): label for label, codes in _LABELS.items() for code in codes.split()}
# "VITAMIN C TAB" is no coated tablet: where a single letter begins the code, a dot must show that it belongs to it.
_NEEDS_DOT = frozenset(_glued(c) for codes in _LABELS.values() for c in codes.split() if c[1] == "." and c[:3] != "F.C")
_LONGEST_CODE = max(len(code) for code in LABEL_OF_CODE)
_JOINTS = frozenset("./")
_WORD = re.compile(r"[A-Z]+")

# Powder with its solvent beside it: an ampoule or syringe after a "+" is that solvent.
POWDER_CODES = fold_words("PSINJSOL PSINSOL PSINJSO PSOINSO PSINJSUS PDINJSOL PDINSOL PDINJSO PDSOLINJ PDINJ")

# What a brand says of its release, where the form's code says nothing of it. Then the group is not certain.
_SLOW = fold_words(
    "SR XR CR ER XL LA PR MR LP XT HBS OD OCAS UNO RET RETARD CHRONO CHRONOSPHERE CONTIN CONTINUS OROS PROLONG DEPOT"
    " DEPO LAR CONSTA CHRONODOSE MAINTENA DECANOAS DECANOATE RAPITARD ZOK DURULES DUR SPANSULE PROLIB TIMECAPS"
)
_GUARDED = fold_words("GR EC ENTERIC GASTRO PROTECT ENTERO")
_IN_MOUTH = fold_words("ODT ODIS ORODISPERSIBLE VELOTAB QUICKTAB QUICKLET RAPITAB INSTANT FASTTAB SOLTAB ORO FLASH")
_IN_WATER = fold_words("EFF EF EFFERVESCENT EFFER DISPERSIBLE DISP SOLUBLE SOLU")
_ELSEWHERE = fold_words("GYNO VAGINAL VAG PROCTO RECTAL ORAL NASAL EYE EAR OPHTHALMIC OTIC BUCCAL SUBLINGUAL CHEWABLE")
_CONTRADICTING = {
    FormGroup.ORAL_SOLID: _SLOW | _GUARDED | _IN_MOUTH | _IN_WATER | _ELSEWHERE - {"ORAL"},
    FormGroup.ORAL_GASTRO_RESISTANT: _SLOW,
    FormGroup.ORAL_ORODISPERSIBLE: _SLOW - {"OD"},
    FormGroup.INJECTION: _SLOW,
    FormGroup.CUTANEOUS: _ELSEWHERE,
    FormGroup.CUTANEOUS_LIQUID: _ELSEWHERE,
}


class FormCode(Struct, frozen=True):
    """A code and where it stands, in tokens: from `first` up to, not with, `after`."""

    code: str
    label: str
    first: int
    after: int


def form_codes(tokens: list[Token]) -> list[FormCode]:
    """Find the codes in a name, from left to right, the longest where one begins within another."""
    found: list[FormCode] = []
    at = 0
    while at < len(tokens):
        code = _code_at(tokens, at)
        if code is not None:
            found.append(code)
        at = code.after if code else at + 1
    return found


def _code_at(tokens: list[Token], at: int) -> FormCode | None:
    if at and tokens[at - 1].text in _JOINTS and tokens[at - 1].end == tokens[at].start:
        return None  # the end of some code that isn't known: …X.TAB
    glued, joints, best, here = "", 0, None, at
    while here < len(tokens) and len(glued) < _LONGEST_CODE:
        text = tokens[here].text
        if text in _JOINTS and glued:
            joints += 1
        elif _WORD.fullmatch(text):
            glued += text
            label = LABEL_OF_CODE.get(glued)
            if label is not None and (joints or here == at or glued not in _NEEDS_DOT):
                best = FormCode(glued, label, at, here + 1)
        else:
            break
        here += 1
    return best if best is None or not _goes_on(tokens, best) else None


def _goes_on(tokens: list[Token], code: FormCode) -> bool:
    """Whether a dot leads on to more letters: TAB.XY is another code than TAB."""
    rest = tokens[code.after : code.after + 2]
    joined = len(rest) > 1 and rest[0].text in _JOINTS and rest[0].end == rest[1].start
    return joined and bool(_WORD.fullmatch(rest[1].text))


def contradicts(brand_words: frozenset[str], label: str) -> bool:
    """Whether the brand says something of the form that its code doesn't."""
    return not brand_words.isdisjoint(_CONTRADICTING.get(FORMS[label].group, frozenset()))
