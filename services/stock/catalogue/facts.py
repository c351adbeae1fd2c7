"""What is known of one pack, field by field: for a preview, and for the person who completes a row."""

from fractions import Fraction

from msgspec import Struct

from shared.catalogue import Ingredient, Kind, Pack, Product

_IN_MG = {"g": Fraction(1000), "mg": Fraction(1), "microgram": Fraction(1, 1000), "ng": Fraction(1, 10**6)}


class PackFacts(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A pack as its row tells it; None is what a person must say.

    `strengths` are decimal strings in the order of `substances`, all in `strength_unit`; several units of mass
    are written in mg, others side by side ("mg + iu").
    """

    code: str | None = None
    name: str | None = None
    kind: Kind | None = None
    substances: tuple[str, ...] | None = None
    strengths: tuple[str, ...] | None = None
    strength_unit: str | None = None
    form_group: str | None = None
    form: str | None = None
    route: str | None = None
    unit: str | None = None
    content_per_unit: int | None = None
    content_unit: str | None = None
    units_per_pack: int | None = None
    pack_label: str | None = None
    atc: str | None = None
    holder: str | None = None
    source_key: str | None = None


def facts_of_pack(product: Product, pack: Pack) -> PackFacts:
    strengths, unit = strengths_in_one_unit(product.ingredients)
    return PackFacts(
        code=pack.code,
        name=product.name or None,
        kind=product.kind,
        substances=tuple(ingredient.moiety for ingredient in product.ingredients),
        strengths=strengths,
        strength_unit=unit,
        form_group=product.form_group.value,
        form=product.form or None,
        route=product.route.value,
        unit=product.unit or None,
        # A stand-in for what could not be read has no unit.
        content_per_unit=product.content_per_unit if product.unit else None,
        content_unit=product.content_unit or None,
        units_per_pack=pack.units_per_pack if product.unit else None,
        pack_label=pack.label or None,
        atc=product.atc,
        holder=product.holder,
        source_key=product.source_key or None,
    )


def strengths_in_one_unit(ingredients: tuple[Ingredient, ...]) -> tuple[tuple[str, ...] | None, str | None]:
    """The strengths and their unit; both None where one isn't known."""
    parts = [(part.strength, part.strength_unit) for part in ingredients]
    known = [(strength, unit) for strength, unit in parts if strength is not None and unit is not None]
    if len(known) < len(parts):
        return None, None
    units = [unit for _, unit in known]
    if len(set(units)) > 1 and all(unit in _IN_MG for unit in units):
        return tuple(decimal(Fraction(strength) * _IN_MG[unit]) for strength, unit in known), "mg"
    return tuple(strength for strength, _ in known), " + ".join(dict.fromkeys(units)) or None


def decimal(amount: Fraction) -> str:
    """An amount as a decimal string without needless zeros; it must have one of at most nine places."""
    scaled = amount * 10**9
    assert scaled.denominator == 1, "no exact decimal"
    whole, places = divmod(scaled.numerator, 10**9)
    return f"{whole}.{places:09d}".rstrip("0").rstrip(".")
