"""A visit as the counter sees it: what to hand over, what not and why, what is owed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from msgspec import Struct

from services.dispense import store
from services.dispense.actions import patients
from services.dispense.actions.patients import TherapyAlert
from services.dispense.pages.people import identities_of
from shared import known
from shared.catalogue import Product
from shared.web.pages import View

MOST_OWED = 100


class BagLine(Struct, frozen=True, kw_only=True):
    """`lots`: those to give of; `stopped`: those that may no longer be given, with the reason."""

    line: store.visit_lines.VisitLine
    product: Product | None
    """What is handed over, which may be another of its group than the plan names."""
    lots: list[store.escrow.VisitLot]
    stopped: list[store.escrow.VisitLot]
    handed: dict[tuple[UUID, str], int]
    """Units given already, by product and its name: it need not be the one that the plan names."""
    alerts: list[TherapyAlert]

    @property
    def name(self) -> str:
        return self.lots[0].product_name if self.lots else self.line.product_name

    @property
    def units(self) -> int:
        return sum(lot.reserved_units for lot in self.lots)

    @property
    def given(self) -> int:
        return self.line.given_units

    @property
    def instead(self) -> bool:
        return self.name != self.line.product_name

    @property
    def place(self) -> str:
        return next((lot.place for lot in self.lots if lot.place), "")


class Bag(Struct, frozen=True, kw_only=True):
    visit: store.visits.VisitRow
    who: patients.Identity | None
    lines: list[BagLine]
    owed: list[store.owed.OwedRow]
    products: Mapping[UUID, known.KnownProduct]
    over: frozenset[UUID]
    """Lines of which the plan was stopped or changed since: more lies in the bag than is taken."""
    waits_until: datetime | None
    """Until when a walk-in waits for stock's answer."""

    @property
    def to_give(self) -> list[BagLine]:
        return [line for line in self.lines if line.units]

    @property
    def waits(self) -> bool:
        return any(line.line.waits for line in self.lines)

    @property
    def short(self) -> list[BagLine]:
        return [line for line in self.lines if line.line.short_units and not line.line.waits]

    @property
    def given(self) -> list[BagLine]:
        return [line for line in self.lines if line.given]

    @property
    def cancelled(self) -> bool:
        return not self.lines


async def bag_of(view: View, visit: store.visits.VisitRow) -> Bag:
    """All from dispense's own database. That somebody looked at who it is, is written down."""
    identities = await identities_of(view, [visit.patient_id], "counter")
    who = identities.get(visit.patient_id)
    async with view.reading.reading() as tx:
        lines = await store.visit_lines.lines_of_visit(tx, visit.visit_id)
        lots = await store.escrow.lots_of_visit(tx, visit.visit_id)
        owed = await store.owed.owed_of_visit(tx, visit.visit_id, MOST_OWED)
        ids = {line.product_id for line in lines} | {lot.product_id for lot in lots} | {row.product_id for row in owed}
        products = await known.products(tx.sql, tx.clinic_id, list(ids))
        waits_until = await store.requests.waits_until(tx, visit.visit_id)
        plan = await store.patients.therapy_lines_of(tx, visit.patient_id)
        until = {one.therapy_line_id: one.until_on or date.max for one in plan}
        over = frozenset(line.line_id for line in lines if line.through_on > until[line.therapy_line_id])
        shown = bag_lines(lines, lots, products, who.allergies if who else (), tx.today)
    return Bag(visit=visit, who=who, lines=shown, owed=owed, products=products, over=over, waits_until=waits_until)


def bag_lines(
    lines: Sequence[store.visit_lines.VisitLine],
    lots: Sequence[store.escrow.VisitLot],
    products: Mapping[UUID, known.KnownProduct],
    allergies: Sequence[str],
    today: date,
) -> list[BagLine]:
    """In the order of the shelves; what can't be given comes last."""
    found: list[BagLine] = []
    twice = _substances_twice(lines, products)
    for line in lines:
        theirs = [lot for lot in lots if lot.line_id == line.line_id]
        there = [lot for lot in theirs if lot.reserved_units and lot.expires_on >= today]
        product = products.get(there[0].product_id if there else line.product_id)
        alerts = [TherapyAlert.ALLERGY] if product and patients.is_allergic(allergies, product) else []
        if product and twice & {ingredient.moiety for ingredient in product.product.ingredients}:
            alerts.append(TherapyAlert.SAME_SUBSTANCE_TWICE)
        found.append(
            BagLine(
                line=line,
                product=product.product if product else None,
                lots=there,
                stopped=[lot for lot in theirs if lot.stopped_reason],
                handed=_handed(theirs),
                alerts=alerts,
            )
        )
    return sorted(found, key=lambda one: (not one.units, not one.place, one.place, one.name))


def _handed(lots: Sequence[store.escrow.VisitLot]) -> dict[tuple[UUID, str], int]:
    handed: dict[tuple[UUID, str], int] = {}
    for lot in lots:
        if lot.given_units:
            which = (lot.product_id, lot.product_name)
            handed[which] = handed.get(which, 0) + lot.given_units
    return handed


def _substances_twice(
    lines: Sequence[store.visit_lines.VisitLine], products: Mapping[UUID, known.KnownProduct]
) -> set[str]:
    """Substances that two lines of the plan have; what is owed of a line is the same line."""
    of_line = {line.therapy_line_id: products.get(line.product_id) for line in lines}
    counted = Counter(
        moiety
        for product in of_line.values()
        if product is not None
        for moiety in {ingredient.moiety for ingredient in product.product.ingredients}
    )
    return {moiety for moiety, number in counted.items() if number > 1}
