"""From what a pharmacist says of an open row to the product that is listed. Plain values: nothing reads or writes."""

from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from services.stock.catalogue.contradictions import describe_the_same
from services.stock.catalogue.corrections import Correction, PackSize, corrected
from services.stock.catalogue.facts import PackFacts
from services.stock.catalogue.planning import Standing, merged
from services.stock.catalogue.reading import has_valid_check_digit
from services.stock.errors import FactsWrong
from shared.catalogue import (
    FormGroup,
    Ingredient,
    Kind,
    Pack,
    Product,
    Route,
    is_cold_chain,
    is_controlled,
    is_decimal,
    is_never_automatic,
    product_id_for,
)
from shared.moieties import moiety_name


class FullFacts(Struct, frozen=True, kw_only=True):
    """Everything that a product and its pack need, as a person says it with the box in their hand."""

    name: str
    kind: Kind
    ingredients: tuple[Ingredient, ...]
    form_group: FormGroup
    form: str
    route: Route
    unit: str
    content_per_unit: int
    content_unit: str
    units_per_pack: int
    pack_label: str
    code: str | None
    atc: str | None
    holder: str | None
    cold_chain: bool


def checked_ingredients(ingredients: tuple[Ingredient, ...]) -> tuple[Ingredient, ...]:
    """The ingredients under their English INN; raises FactsWrong where a strength is none, or one stands twice."""
    if any(one.strength is None or not one.strength_unit or not is_decimal(one.strength) for one in ingredients):
        raise FactsWrong("Give each substance its strength as a decimal number with a point, and its unit.")
    named = tuple(replace(one, moiety=moiety_name(one.moiety)) for one in ingredients)
    if len({one.moiety for one in named}) < len(named):
        raise FactsWrong("Name each substance once.")
    return named


def listed_of(facts: FullFacts, known: PackFacts, row_key: UUID) -> Product:
    """The product with its one pack as the person says it; raises FactsWrong."""
    if (facts.kind is Kind.MEDICINE) != bool(facts.ingredients):
        raise FactsWrong("A medicine has substances, anything else has none.")
    if known.code and facts.code not in (None, known.code):
        raise FactsWrong("The row is of the pack {code}: leave the code out, or give that one.", code=known.code)
    code = known.code or facts.code
    if code is not None and not has_valid_check_digit(code):
        raise FactsWrong("The pack's code is thirteen digits, of which the last fits the others.")
    ingredients = checked_ingredients(facts.ingredients)
    moieties = [ingredient.moiety for ingredient in ingredients]
    source_key = known.source_key or (f"pack:{code}" if code else f"row:{row_key}")
    return Product(
        product_id=product_id_for(source_key),
        source_key=source_key,
        name=facts.name,
        kind=facts.kind,
        ingredients=ingredients,
        form_group=facts.form_group,
        form=facts.form,
        route=facts.route,
        unit=facts.unit,
        content_per_unit=facts.content_per_unit,
        content_unit=facts.content_unit,
        atc=facts.atc,
        holder=facts.holder,
        controlled=is_controlled(moieties),
        never_automatic=is_never_automatic(ingredients, facts.form_group),
        cold_chain=facts.cold_chain or is_cold_chain(moieties),
        packs=(Pack(code, facts.units_per_pack, facts.pack_label),),
    )


def completion_of(listed: Product, standing: Standing, row_key: UUID) -> Product:
    """The product that is listed: the one its code belongs to, the one of its key, or a product of its own."""
    (pack,) = listed.packs
    owner = standing.products.get(standing.owner_of_code.get(pack.code or "", listed.product_id))
    if owner is None:
        return listed
    if owner.product_id != listed.product_id:
        return corrected(owner, [correction_of(listed)])
    if describe_the_same(owner, listed) or _has(owner, pack):
        return corrected(merged(owner, listed), [correction_of(listed)])
    key = f"{listed.source_key}/{pack.code or row_key}"
    return replace(listed, source_key=key, product_id=product_id_for(key))


def _has(owner: Product, pack: Pack) -> bool:
    return pack.code is not None and any(one.code == pack.code for one in owner.packs)


def correction_of(listed: Product) -> Correction:
    """All that was said, to be put over what a later import brings."""
    said = {name: getattr(listed, name) for name in Correction.__struct_fields__ if name != "packs"}
    (pack,) = listed.packs
    size = PackSize(code=pack.code, label=pack.label, units_per_pack=pack.units_per_pack)
    return Correction(**said, packs=(size,))
