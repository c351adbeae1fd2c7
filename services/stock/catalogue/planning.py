"""What a file would change: what was read, held against what stands. Import and preview both do what this says.

Plain values: nothing here reads or writes.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from services.stock.catalogue.contradictions import contradicted_rows, contradictions, stranger_row, the_more_precise
from services.stock.catalogue.corrections import Correction, corrected, in_order
from services.stock.catalogue.reading import OpenRow, Reading
from shared.catalogue import Pack, Product, Route
from shared.ids import derived_id


class Change(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    OPEN = "open"  # a person must look


class Standing(Struct, frozen=True, kw_only=True):
    """What the catalogue holds of the products and codes of a file."""

    products: Mapping[UUID, Product] = {}
    owner_of_code: Mapping[str, UUID] = {}
    corrections: Mapping[UUID, Sequence[Correction]] = {}
    completed: frozenset[UUID] = frozenset()
    """The keys of rows that a person has completed."""


class PlannedProduct(Struct, frozen=True):
    read: Product
    before: Product | None
    after: Product

    @property
    def change(self) -> Change:
        if self.before is None:
            return Change.NEW
        return Change.SAME if self.before == self.after else Change.CHANGED


class KeyedRow(Struct, frozen=True):
    """An open row under a key that it keeps in a newer file."""

    row_key: UUID
    row: OpenRow


class Plan(Struct, frozen=True):
    products: tuple[PlannedProduct, ...]
    open_rows: tuple[KeyedRow, ...]
    known_elsewhere: int = 0


class PlannedProducts(Struct, frozen=True):
    products: list[PlannedProduct]
    set_aside: list[OpenRow]
    """The packs that contradict what is known of them or of their code."""
    known_elsewhere: int
    """How many packs are known under another product that is the same: nothing is to do."""


def plan(reading: Reading, standing: Standing) -> Plan:
    planned = plan_products(reading.products, standing)
    rows = plan_open_rows((*reading.open_rows, *planned.set_aside), standing.completed)
    return Plan(tuple(planned.products), tuple(rows), planned.known_elsewhere)


def plan_products(read: Sequence[Product], standing: Standing) -> PlannedProducts:
    """What becomes of each product and each of its packs."""
    planned: list[PlannedProduct] = []
    set_aside: list[OpenRow] = []
    known_elsewhere = 0
    for product in read:
        own, foreign = _own_and_foreign(product, standing.owner_of_code)
        strangers = [
            row for pack in foreign if (row := stranger_row(_owner(pack, standing), product, pack)) is not None
        ]
        known_elsewhere += len(foreign) - len(strangers)
        set_aside += strangers
        if foreign and not own:
            continue
        before = standing.products.get(product.product_id)
        found = replace(product, packs=own)
        after = corrected(merged(before or found, found), standing.corrections.get(product.product_id, ()))
        gaps = contradictions(before, after) if before is not None else ()
        if gaps:
            set_aside += contradicted_rows(product, own, gaps)
            continue
        planned.append(PlannedProduct(product, before, after))
    return PlannedProducts(planned, set_aside, known_elsewhere)


def _owner(pack: Pack, standing: Standing) -> Product | None:
    owner = standing.owner_of_code.get(pack.code or "")
    return standing.products.get(owner) if owner is not None else None


def _own_and_foreign(product: Product, owner_of_code: Mapping[str, UUID]) -> tuple[tuple[Pack, ...], list[Pack]]:
    def is_own(pack: Pack) -> bool:
        return pack.code is None or owner_of_code.get(pack.code, product.product_id) == product.product_id

    return tuple(filter(is_own, product.packs)), [pack for pack in product.packs if not is_own(pack)]


def merged(first: Product, read: Product) -> Product:
    """What a second source says of a product; and what only the first had said: packs, names, route, ATC, holder."""
    read_codes = {pack.code for pack in read.packs if pack.code is not None}
    read_sizes = {pack.units_per_pack for pack in read.packs}
    kept = [
        pack
        for pack in first.packs
        if pack not in read.packs
        and (pack.code not in read_codes if pack.code else pack.units_per_pack not in read_sizes)
    ]
    names = [name for name in first.other_names if name not in read.other_names]
    return replace(
        read,
        ingredients=the_more_precise(first.ingredients, read.ingredients),
        route=first.route if read.route is Route.OTHER else read.route,
        atc=read.atc or first.atc,
        holder=read.holder or first.holder,
        packs=in_order((*read.packs, *kept)),
        other_names=tuple(sorted((*read.other_names, *names))),
    )


def plan_open_rows(rows: Iterable[OpenRow], completed: frozenset[UUID]) -> list[KeyedRow]:
    """The rows that still need a person, each under its key; rows that say the same are told apart by their order."""
    seen: Counter[UUID] = Counter()
    keyed: list[KeyedRow] = []
    for row in rows:
        key = row_key_of(row)
        seen[key] += 1
        if seen[key] > 1:
            key = derived_id("row", key, seen[key])
        if key not in completed:
            keyed.append(KeyedRow(key, row))
    return keyed


def row_key_of(row: OpenRow) -> UUID:
    """By the pack's code, whichever file it stands in; without one, by what the row says."""
    known = row.known
    return key_of_code(known.code) if known.code else derived_id("row", row.text, known.pack_label)


def key_of_code(code: str) -> UUID:
    return derived_id("row of code", code)


class Difference(Struct, frozen=True):
    field: str
    before: str
    after: str


_TOLD = (
    "name",
    "kind",
    "ingredients",
    "form_group",
    "form",
    "route",
    "unit",
    "content_per_unit",
    "content_unit",
    "atc",
    "holder",
    "controlled",
    "never_automatic",
    "cold_chain",
    "packs",
    "other_names",
)


def differences(before: Product, after: Product) -> list[Difference]:
    """Which facts change, from what to what, in words."""
    pairs = [(name, getattr(before, name), getattr(after, name)) for name in _TOLD]
    return [Difference(name, _in_words(one), _in_words(other)) for name, one, other in pairs if one != other]


def _in_words(value: object) -> str:
    if isinstance(value, tuple):
        return "; ".join(" ".join(str(part) for part in _parts(one) if part is not None) for one in value) or "-"
    return "-" if value is None else str(value)


def _parts(value: object) -> tuple[object, ...]:
    return tuple(getattr(value, name) for name in value.__struct_fields__) if isinstance(value, Struct) else (value,)
