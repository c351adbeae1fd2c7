"""What an import would change, pack by pack: for a table, or one JSON object a line. Plain values."""

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from services.stock.catalogue.corrections import in_order
from services.stock.catalogue.facts import PackFacts, facts_of_pack
from services.stock.catalogue.planning import Change, Difference, KeyedRow, Plan, PlannedProduct, differences
from services.stock.catalogue.reasons import FIELDS_LEFT_OPEN, Gap
from shared.catalogue import Pack, Product
from shared.moieties import is_known_moiety

FIELDS = (
    "code",
    "name",
    "substances",
    "strengths",
    "strength_unit",
    "form_group",
    "units_per_pack",
    "content_per_unit",
    "content_unit",
)
"""Those that a row tells of its pack; `open` names the ones that are left for a person."""


class PreviewRow(Struct, frozen=True, kw_only=True):
    """One row of the file as the catalogue would have it; a field that is open is null."""

    code: str | None
    name: str | None
    substances: tuple[str, ...] | None
    strengths: tuple[str, ...] | None
    strength_unit: str | None
    form_group: str | None
    units_per_pack: int | None
    content_per_unit: int | None
    content_unit: str | None
    open: tuple[str, ...]
    change: Change
    differences: tuple[Difference, ...] = ()
    reasons: tuple[Gap, ...] = ()
    labels_only: bool = False
    """Whether the product changes in nothing but how its packs are printed."""
    not_in_the_table: tuple[str, ...] = ()
    """Substances that the table of moieties doesn't have: they stand as the source spells them."""


def changes_labels_only(planned: PlannedProduct) -> bool:
    """Whether nothing changes but how packs are printed: no news for a person."""
    before, after = planned.before, planned.after
    return (
        before is not None
        and before != after
        and replace(before, packs=_unlabelled(before)) == replace(after, packs=_unlabelled(after))
    )


def _unlabelled(product: Product) -> tuple[Pack, ...]:
    return in_order(replace(pack, label="") for pack in product.packs)


def preview_rows(plan: Plan) -> Iterator[PreviewRow]:
    """Every pack of the products, then the rows that a person must complete."""
    for planned in plan.products:
        for pack in planned.read.packs:
            yield _of_pack(planned, pack)
    yield from map(_of_open_row, plan.open_rows)


def _of_pack(planned: PlannedProduct, pack: Pack) -> PreviewRow:
    # After the import the pack may have the size that a pharmacist said.
    after = next((one for one in planned.after.packs if one.code == pack.code and pack.code is not None), pack)
    changed = differences(planned.before, planned.after) if planned.before is not None else []
    row = _row(facts_of_pack(planned.after, after), (), planned.change, tuple(changed), ())
    return replace(row, labels_only=changes_labels_only(planned))


def _of_open_row(keyed: KeyedRow) -> PreviewRow:
    known = keyed.row.known
    if known == PackFacts():
        known = PackFacts(name=keyed.row.text)
    left = {field for gap in keyed.row.gaps for field in FIELDS_LEFT_OPEN.get(gap.reason, ())}
    # A pack may have no code, and what has no substance has no strength: then they are not open, only empty.
    empty = {"code"} | ({"strengths", "strength_unit"} if known.substances == () else set())
    missing = {field for field in FIELDS if getattr(known, field) is None} - empty
    still_open = [field for field in (*FIELDS, *sorted(left - set(FIELDS))) if field in left | missing]
    return _row(known, tuple(still_open), Change.OPEN, (), keyed.row.gaps)


def _row(
    facts: PackFacts,
    still_open: tuple[str, ...],
    change: Change,
    changed: tuple[Difference, ...],
    reasons: tuple[Gap, ...],
) -> PreviewRow:
    return PreviewRow(
        **{field: getattr(facts, field) for field in FIELDS},
        open=still_open,
        change=change,
        differences=changed,
        reasons=reasons,
        not_in_the_table=tuple(name for name in facts.substances or () if not is_known_moiety(name)),
    )
