"""A catalogue of any size out of a small one: its products, and variations of them under made-up names."""

import random
from collections.abc import Sequence
from fractions import Fraction

from msgspec.structs import replace

from shared.catalogue import Ingredient, Product, product_id_for

_SYLLABLES = [consonant + vowel for consonant in "bdfgklmnprstvxz" for vowel in "aeiou"]
_ENDINGS = ["n", "x", "l", "r", "s", "t", "", "med", "vir", "lan", "dor", "zin"]
_CHANGES = (Fraction(1, 4), Fraction(1, 2), Fraction(1), Fraction(3, 2), Fraction(2), Fraction(4))


def vary_products(products: Sequence[Product], count: int, seed: int = 3) -> list[Product]:
    """The products, and as many variations as make up `count`; the same ones for the same seed.

    A variation keeps substances, form and pack, and has a brand near that of its original, or one of its own, and
    another strength now and then. It has no codes.
    """
    draw = random.Random(seed)  # noqa: S311 - nothing is kept secret here
    varied = list(products[:count])
    while len(varied) < count:
        varied.append(_variation(products[len(varied) % len(products)], len(varied), draw))
    return varied


def _variation(product: Product, number: int, draw: random.Random) -> Product:
    key = f"variation:{number}"
    change = draw.choice(_CHANGES)
    brand, _, rest = product.name.partition(" ")
    return replace(
        product,
        product_id=product_id_for(key),
        source_key=key,
        name=f"{_brand_like(brand, draw)} {rest}",
        ingredients=tuple(_changed(ingredient, change) for ingredient in product.ingredients),
        packs=tuple(replace(pack, code=None) for pack in product.packs),
    )


def _brand_like(brand: str, draw: random.Random) -> str:
    if draw.random() < 0.5:
        return "".join(draw.choices(_SYLLABLES, k=draw.randint(2, 4))).upper() + draw.choice(_ENDINGS).upper()
    at = draw.randrange(len(brand) + 1)
    return brand[:at] + draw.choice(_SYLLABLES).upper() + brand[at + draw.randint(0, 2) :]


def _changed(ingredient: Ingredient, change: Fraction) -> Ingredient:
    if ingredient.strength is None:
        return ingredient
    strength = f"{float(Fraction(ingredient.strength) * change):.6f}".rstrip("0").rstrip(".")
    return replace(ingredient, strength=strength)
