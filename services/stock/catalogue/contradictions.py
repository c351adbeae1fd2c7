"""Where a file says otherwise than the catalogue of what is in a box: only a person changes that. Plain values.

What is on the shelf and in the plans stays what it came in as; a typing error in a newer file makes nothing else of it.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from services.stock.catalogue.facts import facts_of_pack
from services.stock.catalogue.reading import OpenRow, known_facts
from services.stock.catalogue.reasons import Gap, OpenReason
from shared.catalogue import Ingredient, Kind, Pack, Product, Route, strength_key
from shared.moieties import folded, names_substance


def contradictions(stands: Product, told: Product) -> tuple[Gap, ...]:
    """What only a person may change, each with what stands and what a file would make of it."""
    other_substances = _moieties(stands) != _moieties(told)
    strengths = (_ingredients_in_words(stands), _ingredients_in_words(told))
    checks = [
        (stands.kind != told.kind, OpenReason.KIND_CONTRADICTED, (stands.kind, told.kind)),
        (other_substances, OpenReason.SUBSTANCE_CONTRADICTED, strengths),
        (not other_substances and _other_strengths(stands, told), OpenReason.STRENGTH_CONTRADICTED, strengths),
        (stands.form_group != told.form_group, OpenReason.FORM_CONTRADICTED, (stands.form_group, told.form_group)),
        (stands.route not in (told.route, Route.OTHER), OpenReason.ROUTE_CONTRADICTED, (stands.route, told.route)),
        (
            _counted_in(stands) != _counted_in(told),
            OpenReason.UNIT_CONTRADICTED,
            (_unit_in_words(stands), _unit_in_words(told)),
        ),
    ]
    return tuple(Gap(reason, " / ".join(both)) for differs, reason, both in checks if differs)


def contradicted_rows(read: Product, packs: Sequence[Pack], gaps: tuple[Gap, ...]) -> list[OpenRow]:
    """The packs as the file tells them, for a person; what is in question stands in the gaps alone."""
    return [OpenRow(0, read.name, gaps, known_facts(replace(read, packs=(pack,)), gaps)) for pack in packs]


def stranger_row(owner: Product | None, read: Product, pack: Pack) -> OpenRow | None:
    """A known code stays with its product; a person looks where the two sources describe different things."""
    if owner is not None and _is_the_same_pack(owner, read, pack):
        return None
    stands = f"{owner.name}, {_units_of(owner, pack.code)} / {pack.units_per_pack}" if owner else "?"
    gap = Gap(OpenReason.CODE_OF_ANOTHER_PRODUCT, f"{pack.code}, {stands}")
    return OpenRow(0, read.name, (gap,), facts_of_pack(read, pack))


def _is_the_same_pack(owner: Product, read: Product, pack: Pack) -> bool:
    """A medicine is told by what is in it; of anything else only the name says what it is."""
    same_thing = read.kind is Kind.MEDICINE or folded(read.name) in map(folded, (owner.name, *owner.other_names))
    return same_thing and describe_the_same(owner, read) and _units_of(owner, pack.code) == pack.units_per_pack


def _units_of(owner: Product, code: str | None) -> int | None:
    return next((pack.units_per_pack for pack in owner.packs if pack.code == code), None)


def describe_the_same(one: Product, other: Product) -> bool:
    """Whether two products differ in nothing that matters to a patient: only in names, holders and packs."""
    return _substance_of(one) == _substance_of(other)


def _substance_of(product: Product) -> tuple[object, ...]:
    in_it = (product.kind, frozenset(product.ingredients), product.form_group, product.route)
    return (*in_it, *_counted_in(product))


def the_more_precise(stands: tuple[Ingredient, ...], read: tuple[Ingredient, ...]) -> tuple[Ingredient, ...]:
    """What is read; but where that says only less than what stands, or the same in other words, what stands."""
    told = tuple(next((one for one in stands if _says_no_more(part, one)), part) for part in read)
    return stands if len(told) == len(stands) and set(told) == set(stands) else told


def _says_no_more(read: Ingredient, stands: Ingredient) -> bool:
    """Insulin says no more than insulin human, 250 microgram no more than 0.25 mg."""
    if not names_substance(read.moiety, stands.moiety):
        return False
    return read.strength is None or _amount(read, stands.moiety) == _amount(stands, stands.moiety)


def _amount(ingredient: Ingredient, moiety: str) -> object:
    alike = replace(ingredient, moiety=moiety)
    return strength_key(alike) or alike


def _moieties(product: Product) -> list[str]:
    return sorted(ingredient.moiety for ingredient in product.ingredients)


def _other_strengths(stands: Product, told: Product) -> bool:
    """Whether a strength that was known is another; one that was not known is only filled in."""
    known = {ingredient for ingredient in stands.ingredients if ingredient.strength is not None}
    return not known <= set(told.ingredients)


def _counted_in(product: Product) -> tuple[object, ...]:
    """What one unit of a product is: what the shelf holds and what plans need is counted in it."""
    return (product.unit, product.content_per_unit, product.content_unit)


def _ingredients_in_words(product: Product) -> str:
    parts = (f"{one.moiety} {one.strength or '?'} {one.strength_unit or ''}".strip() for one in product.ingredients)
    return " + ".join(parts) or "-"


def _unit_in_words(product: Product) -> str:
    return f"{product.unit} {product.content_per_unit} {product.content_unit}"
