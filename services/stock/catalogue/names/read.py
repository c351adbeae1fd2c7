"""Read a pack's name as the Greek price bulletin writes it: BRAND FORM STRENGTH PACK."""

import re

from services.stock.catalogue.forms import FORMS
from services.stock.catalogue.names.amounts import Strengths, Token, ratio, strengths_at, tokens_of
from services.stock.catalogue.names.counts import Counted, count_pack
from services.stock.catalogue.names.facts import Field, PackName
from services.stock.catalogue.names.forms import POWDER_CODES, FormCode, contradicts, form_codes
from services.stock.catalogue.names.letters import Folded, fold_with_places
from shared.catalogue import FormGroup, Route

MAX_CHARACTERS = 500

_PER_CENT_OF = re.compile(r"\s*\(?[WV]\s?/\s?[WV]\)?(?![^\W\d_])")
_BOX_BEGINS = re.compile(r"B[TX]X?|FLX?")

_ROUTE_OF_GROUP = {
    FormGroup.INHALATION: Route.INHALATION,
    FormGroup.NEBULISATION: Route.INHALATION,
    FormGroup.NASAL: Route.NASAL,
    FormGroup.EYE: Route.OCULAR,
    FormGroup.EYE_SINGLE_DOSE: Route.OCULAR,
    FormGroup.EAR: Route.AURICULAR,
    FormGroup.CUTANEOUS: Route.CUTANEOUS,
    FormGroup.CUTANEOUS_LIQUID: Route.CUTANEOUS,
    FormGroup.PATCH: Route.TRANSDERMAL,
    FormGroup.RECTAL: Route.RECTAL,
    FormGroup.VAGINAL: Route.VAGINAL,
}
_PIECES = frozenset({"tablet", "capsule", "suppository", "pessary", "lozenge"})
_PIECES_WRITTEN = {"pessary": frozenset({"pessary", "tablet", "capsule", "suppository"})}


def read_pack_name(text: str) -> PackName:
    """Tell what is certain of a pack by its name; the rest stays open. No text is refused."""
    folded = fold_with_places(text[:MAX_CHARACTERS])
    tokens = tokens_of(folded.text)
    code, strengths = _form_and_strengths(tokens)
    if code is None:
        return _nothing_certain(text)
    begins, ends = tokens[code.first].start, _end_of_head(folded, tokens, code, strengths)
    brand = text[: folded.places[begins]].strip(" ®™")
    brand_tokens = tokens[: code.first]
    words = frozenset(token.text for token in brand_tokens)
    counted = count_pack(code, strengths, words, folded.text[ends:])
    if contradicts(words, code.label) or not _piece_fits(code.label, strengths):
        counted = Counted(None, counted.unit, counted.units_per_pack, counted.content, counted.content_unit)
    if strengths and not _strengths_fit(code, strengths, brand_tokens):
        strengths = None
    head = text[: folded.places[ends]].strip()
    return _pack_name(brand, code, strengths, counted, (head, text[folded.places[ends] :].strip()))


def _form_and_strengths(tokens: list[Token]) -> tuple[FormCode | None, Strengths | None]:
    """Find the form's code with its strength right behind it; else the one code before the pack, and no strength."""
    codes = [code for code in form_codes(tokens) if 0 < code.first < _box_at(tokens)]
    pairs = [(code, found) for code in codes if (found := _clean_strengths(tokens, _after_dots(tokens, code.after)))]
    if len(pairs) == 1:
        return pairs[0]
    if pairs or len({code.label for code in codes}) != 1:
        return None, None
    return codes[-1], None


def _box_at(tokens: list[Token]) -> int:
    return next((at for at, token in enumerate(tokens) if _BOX_BEGINS.fullmatch(token.text)), len(tokens))


def _after_dots(tokens: list[Token], at: int) -> int:
    while at < len(tokens) and tokens[at].text in {".", ","}:
        at += 1
    return at


def _clean_strengths(tokens: list[Token], at: int) -> Strengths | None:
    """Read the strength here, unless more of it follows that isn't understood: (70MG+140MCG) (5600IU)."""
    found = strengths_at(tokens, at)
    if found is None or found.after >= len(tokens):
        return found
    here = found.after
    follows = tokens[here].text
    if follows == "(":
        again = strengths_at(tokens, here + 1)
        if again is None:
            return found
        closed = again.after < len(tokens) and tokens[again.after].text == ")"
        same = [ratio(*pair) for pair in zip(again.amounts, again.units, strict=True)] == [
            ratio(*pair) for pair in zip(found.amounts, found.units, strict=True)
        ]
        return (
            Strengths(found.amounts, found.units, found.per_piece, found.has_per, again.after + 1)
            if (closed and same)
            else None
        )
    if follows in {"+", "/", "?"} or strengths_at(tokens, here) or (follows == "-" and strengths_at(tokens, here + 1)):
        return None
    return found


def _end_of_head(folded: Folded, tokens: list[Token], code: FormCode, strengths: Strengths | None) -> int:
    """Say where the pack begins; a strength that couldn't be read is left before it."""
    if strengths is None:
        box = _box_at(tokens)
        if box < len(tokens):
            return tokens[box].start
        unread = code.after < len(tokens) and (tokens[code.after].is_number or tokens[code.after].text == "(")
        return len(folded.text) if unread else tokens[code.after - 1].end
    end = tokens[strengths.after - 1].end
    of = _PER_CENT_OF.match(folded.text, end) if strengths.units[0] == "%" else None
    return of.end() if of else end


def _piece_fits(label: str, strengths: Strengths | None) -> bool:
    """Whether the piece that the strength is of (/TAB) can be this form's."""
    piece = strengths.per_piece if strengths else None
    units = FORMS[label].units
    if piece is None or not (units <= _PIECES or piece in _PIECES):
        return True
    return any(piece in _PIECES_WRITTEN.get(unit, {unit}) for unit in units)


def _strengths_fit(code: FormCode, strengths: Strengths, brand: list[Token]) -> bool:
    """Whether a strength of this measure is a strength of this form, and the brand prints no other."""
    for at, _ in enumerate(brand):
        printed = strengths_at(brand, at) if brand[at].is_number and not (at and brand[at - 1].text == "+") else None
        if printed and (printed.amounts, printed.units) != (strengths.amounts, strengths.units):
            return False
    units = set(strengths.units)
    plain = not any("/" in unit or unit == "%" for unit in units)
    group = FORMS[code.label].group
    if FORMS[code.label].units <= _PIECES:
        return plain or (group is FormGroup.INHALATION and all(unit.endswith("/dose") for unit in units))
    if group is FormGroup.ORAL_POWDER:
        return plain
    if group is FormGroup.PATCH:
        return all(unit.endswith((" h", "/h")) for unit in units) or strengths.per_piece == "patch"
    if plain:
        return strengths.per_piece is not None or code.code in POWDER_CODES or code.label.startswith("powder for sol")
    return not any(unit.endswith("h") for unit in units)


def _route(label: str, group: FormGroup | None) -> Route | None:
    if group is None:
        return None
    if group.startswith("oral_"):
        return Route.ORAL
    if label == "sublingual tablet":
        return Route.SUBLINGUAL
    if label.endswith("for infusion"):
        return Route.INTRAVENOUS
    return _ROUTE_OF_GROUP.get(group)


def _pack_name(
    brand: str, code: FormCode, strengths: Strengths | None, counted: Counted, parts: tuple[str, str]
) -> PackName:
    route = _route(code.label, FORMS[code.label].group)
    known = {
        Field.BRAND: bool(brand),
        Field.STRENGTHS: strengths is not None,
        Field.STRENGTH_UNIT: strengths is not None,
        Field.FORM_GROUP: counted.group is not None,
        Field.ROUTE: route is not None,
        Field.UNIT: bool(counted.unit),
        Field.UNITS_PER_PACK: counted.units_per_pack is not None,
        Field.CONTENT_PER_UNIT: counted.content is not None,
        Field.CONTENT_UNIT: bool(counted.content_unit),
    }
    return PackName(
        brand=brand,
        strengths=strengths.amounts if strengths else (),
        strength_units=strengths.units if strengths else (),
        form_group=counted.group,
        form=code.label,
        route=route,
        unit=counted.unit,
        units_per_pack=counted.units_per_pack,
        content_per_unit=counted.content,
        content_unit=counted.content_unit,
        open=frozenset(field for field, is_known in known.items() if not is_known),
        head=parts[0],
        pack=parts[1],
    )


def _nothing_certain(text: str) -> PackName:
    return PackName(
        brand="",
        strengths=(),
        strength_units=(),
        form_group=None,
        form="",
        route=None,
        unit="",
        units_per_pack=None,
        content_per_unit=None,
        content_unit="",
        open=frozenset(Field),
        head=text.strip(),
        pack="",
    )
