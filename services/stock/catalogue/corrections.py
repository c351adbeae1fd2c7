"""What a pharmacist says of a product, put over what the sources say. Plain values: nothing here reads or writes."""

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from shared.catalogue import (
    FormGroup,
    Ingredient,
    Kind,
    Pack,
    Product,
    Route,
    is_controlled,
    is_never_automatic,
)

MAX_CONTENT_OR_UNITS = 10_000


class PackSize(Struct, frozen=True, kw_only=True):
    """How many units a pack holds, for the pack with this code, or without one with this label."""

    code: str | None = None
    label: str = ""
    units_per_pack: int


class Correction(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The facts that a person has put right; None leaves what the source says."""

    name: str | None = None
    kind: Kind | None = None
    ingredients: tuple[Ingredient, ...] | None = None
    form_group: FormGroup | None = None
    form: str | None = None
    route: Route | None = None
    unit: str | None = None
    content_per_unit: int | None = None
    content_unit: str | None = None
    atc: str | None = None
    holder: str | None = None
    cold_chain: bool | None = None
    packs: tuple[PackSize, ...] = ()


def corrected(product: Product, corrections: Iterable[Correction]) -> Product:
    """The product with each correction put over it, the last one last; its flags follow its facts."""
    for correction in corrections:
        product = _one_more(product, correction)
    return product


def _one_more(product: Product, correction: Correction) -> Product:
    said = {name: getattr(correction, name) for name in Correction.__struct_fields__ if name != "packs"}
    facts = {name: value for name, value in said.items() if value is not None}
    changed = replace(product, **facts, packs=_packs(product.packs, correction.packs))
    moieties = [ingredient.moiety for ingredient in changed.ingredients]
    # Never loosened by a correction of something else: a source may call controlled what the list doesn't have.
    controlled = is_controlled(moieties) or (product.controlled and correction.ingredients is None)
    return replace(
        changed,
        controlled=controlled,
        never_automatic=is_never_automatic(changed.ingredients, changed.form_group),
    )


def _packs(packs: tuple[Pack, ...], sizes: tuple[PackSize, ...]) -> tuple[Pack, ...]:
    for size in sizes:
        packs = tuple(
            Pack(pack.code, size.units_per_pack, pack.label) if _is_meant(pack, size) else pack for pack in packs
        )
        if not any(_is_meant(pack, size) for pack in packs):
            packs = (*packs, Pack(size.code, size.units_per_pack, size.label))
    return in_order(packs)


def _is_meant(pack: Pack, size: PackSize) -> bool:
    return pack.code == size.code and (size.code is not None or pack.label == size.label)


def in_order(packs: Iterable[Pack]) -> tuple[Pack, ...]:
    """An order of their own, so that the same file read again changes nothing."""
    return tuple(sorted(dict.fromkeys(packs), key=lambda pack: (pack.code or "", pack.units_per_pack, pack.label)))
