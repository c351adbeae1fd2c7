"""Read a pack's name as the Greek price bulletin writes it: BRAND FORM STRENGTH PACK."""

import re

from msgspec.structs import replace

from services.stock.catalogue.forms import FORMS
from services.stock.catalogue.names.amounts import Token, text_at, tokens_of
from services.stock.catalogue.names.brands import contradicts, contradicts_route
from services.stock.catalogue.names.counted import Counted
from services.stock.catalogue.names.counts import count_pack
from services.stock.catalogue.names.facts import Field, PackName
from services.stock.catalogue.names.forms import FormCode, form_codes
from services.stock.catalogue.names.letters import Folded, fold_with_places
from services.stock.catalogue.names.measures import UNITS
from services.stock.catalogue.names.strengths import Strengths, strengths_at, whole_strengths_at
from services.stock.catalogue.names.unformed import count_unformed
from shared.catalogue import FormGroup, Route

MAX_CHARACTERS = 500

_BOX_BEGINS = re.compile(r"B[TX]X?|FLX?|TUBE?X?|BOTTLEX?")

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
        return _pack_alone(text, folded, tokens)
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
    read = _pack_name(brand, code.label, strengths, counted, (head, text[folded.places[ends] :].strip()))
    return replace(read, route=None, open=read.open | {Field.ROUTE}) if contradicts_route(words, code.label) else read


def _pack_alone(text: str, folded: Folded, tokens: list[Token]) -> PackName:
    """Tell what the pack itself says, where the form isn't known."""
    box = _box_at(tokens)
    begins = tokens[box].start if 0 < box < len(tokens) else len(folded.text)
    in_units = any(UNITS.get(token.text) in {"iu", "u"} for token in tokens)
    counted = count_unformed(folded.text[begins:], in_units=in_units)
    place = folded.places[begins]
    return _pack_name("", "", None, counted, (text[:place].strip(), text[place:].strip()))


def _form_and_strengths(tokens: list[Token]) -> tuple[FormCode | None, Strengths | None]:
    """Find the form's code with its strength right behind it; else the one code before the pack, and no strength."""
    codes = [code for code in form_codes(tokens) if 0 < code.first < _box_at(tokens)]
    if any(text_at(tokens, code.first - 1) in {"+", "&"} for code in codes):
        return None, None  # two medicines in one box: TAB 500MG/TAB + CAPS 20MG/CAP
    pairs = [(code, found) for code in codes if (found := whole_strengths_at(tokens, _after_dots(tokens, code.after)))]
    if len(pairs) == 1:
        return pairs[0]
    if pairs or len({code.label for code in codes}) != 1:
        return None, None
    return replace(codes[0], after=codes[-1].after), None


def _box_at(tokens: list[Token]) -> int:
    return next((at for at, token in enumerate(tokens) if _BOX_BEGINS.fullmatch(token.text)), len(tokens))


def _after_dots(tokens: list[Token], at: int) -> int:
    while at < len(tokens) and tokens[at].text in {".", ","}:
        at += 1
    return at


def _end_of_head(folded: Folded, tokens: list[Token], code: FormCode, strengths: Strengths | None) -> int:
    """Say where the pack begins; a strength that couldn't be read is left before it."""
    if strengths is None:
        box = _box_at(tokens)
        if box < len(tokens):
            return tokens[box].start
        unread = code.after < len(tokens) and (tokens[code.after].is_number or tokens[code.after].text == "(")
        return len(folded.text) if unread else tokens[code.after - 1].end
    return tokens[strengths.after - 1].end


def _piece_fits(label: str, strengths: Strengths | None) -> bool:
    """Whether the piece that the strength is of (/TAB) can be this form's."""
    piece = strengths.per_piece if strengths else None
    units = FORMS[label].units
    if piece is None or not (units <= _PIECES or piece in _PIECES):
        return True
    return any(piece in _PIECES_WRITTEN.get(unit, {unit}) for unit in units)


def _strengths_fit(code: FormCode, strengths: Strengths, brand: list[Token]) -> bool:
    """Whether a strength of this measure is a strength of this form, and the brand prints no other."""
    if not _is_the_brands(strengths, brand):
        return False
    form = FORMS[code.label]
    if strengths.slashed and not (form.units <= _PIECES or _is_of_several(strengths, code)):
        return False
    units = set(strengths.units)
    plain = not any("/" in unit or unit == "%" for unit in units)
    if form.units <= _PIECES:
        return plain or (form.group is FormGroup.INHALATION and all(unit.endswith("/dose") for unit in units))
    if form.group is FormGroup.ORAL_POWDER:
        return plain
    if form.group is FormGroup.PATCH:
        return all(unit.endswith((" h", "/h")) for unit in units) or strengths.per_piece == "patch"
    if plain:
        return strengths.per_piece is not None or code.is_powder_injected
    return not any(unit.endswith("h") for unit in units)


def _is_the_brands(strengths: Strengths, brand: list[Token]) -> bool:
    """Whether the brand prints no other strength than this."""
    for at, token in enumerate(brand):
        begins = token.is_number and text_at(brand, at - 1) not in {"+", "/"}
        printed = strengths_at(brand, at) if begins else None
        if printed and (printed.amounts, printed.units) != (strengths.amounts, strengths.units):
            return False
    return True


def _is_of_several(strengths: Strengths, code: FormCode) -> bool:
    """Whether a slash parts substances where the form has no pieces: 10MG/5G may be ten mg in five grams."""
    same = len(set(strengths.units)) == 1
    return same and (code.is_powder_injected or not strengths.units[0].startswith("g"))


def _route(label: str, group: FormGroup | None) -> Route | None:
    if group is None:
        return None
    if group.startswith("oral_"):
        return Route.ORAL
    if label.startswith("sublingual"):
        return Route.SUBLINGUAL
    if label.endswith("for infusion"):
        return Route.INTRAVENOUS
    return _ROUTE_OF_GROUP.get(group)


def _pack_name(
    brand: str, label: str, strengths: Strengths | None, counted: Counted, parts: tuple[str, str]
) -> PackName:
    route = _route(label, FORMS[label].group) if label else None
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
        form=label,
        route=route,
        unit=counted.unit,
        units_per_pack=counted.units_per_pack,
        content_per_unit=counted.content,
        content_unit=counted.content_unit,
        open=frozenset(field for field, is_known in known.items() if not is_known),
        head=parts[0],
        pack=parts[1],
    )
