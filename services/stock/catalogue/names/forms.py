"""Find the bulletin's codes of forms in a name."""

import re

from msgspec import Struct

from services.stock.catalogue.names.amounts import Token, text_at
from services.stock.catalogue.names.form_codes import LABELS


def _glued(code: str) -> str:
    return code.replace(".", "")


LABEL_OF_CODE = {_glued(code): label for label, codes in LABELS.items() for code in codes.split()}
# "VITAMIN C TAB" is no coated tablet: where a single letter begins the code, a dot must show that it belongs to it.
_NEEDS_DOT = frozenset(_glued(c) for codes in LABELS.values() for c in codes.split() if c[1] == "." and c[:3] != "F.C")
# "CONCOR COR F.C.TAB" is no CO.R.F.C.TAB: a word that stands apart is a code's own first part, or the brand's.
_FIRST_PARTS = frozenset(c.split(".")[0] for codes in LABELS.values() for c in codes.split() if c[1] != ".") | {
    "F",
    "FC",
}
_LONGEST_CODE = max(len(code) for code in LABEL_OF_CODE)
_OF_SYRINGE = {"PF", "FILLED", "ORAL"}  # a PF SYR is no syrup
_JOINTS = frozenset("./")
_WORD = re.compile(r"[A-Z]+")


class FormCode(Struct, frozen=True):
    """A code and where it stands, in tokens: from `first` up to, not with, `after`."""

    code: str
    label: str
    first: int
    after: int

    @property
    def is_powder_injected(self) -> bool:
        """Whether the vial holds a powder; an ampoule or syringe beside it is its solvent."""
        return self.label.startswith("powder ") and ("injection" in self.label or "infusion" in self.label)


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
            joined = here == at or (_begins_code(tokens, at) and (joints or glued not in _NEEDS_DOT))
            if label is not None and joined:
                best = FormCode(glued, label, at, here + 1)
        else:
            break
        here += 1
    if best is None or _goes_on(tokens, best) or (best.code == "SYR" and text_at(tokens, at - 1) in _OF_SYRINGE):
        return None
    return best


def _begins_code(tokens: list[Token], at: int) -> bool:
    apart = tokens[at + 1].text not in _JOINTS
    return not apart or tokens[at].text in _FIRST_PARTS


def _goes_on(tokens: list[Token], code: FormCode) -> bool:
    """Whether a dot leads on to more letters: TAB.XY is another code than TAB."""
    rest = tokens[code.after : code.after + 2]
    joined = len(rest) > 1 and rest[0].text in _JOINTS and rest[0].end == rest[1].start
    return joined and bool(_WORD.fullmatch(rest[1].text))
