"""Who is expected on a day: by card, and by name for those who may see patients."""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from msgspec import Struct

from services.dispense import store
from services.dispense.actions import patients
from services.dispense.api.keys import keys_of
from services.dispense.rules import planning
from shared import known
from shared.database import Transaction
from shared.roles import Act
from shared.web.pages import View

A_PAGE = 40
NOBODY = "–"
"""Of somebody who has been forgotten."""


class Expected(Struct, frozen=True, kw_only=True):
    """`visit_id` is None before the day is prepared."""

    visit_id: UUID | None
    card_code: str
    alias: str
    state: store.visits.VisitState
    walk_in: bool
    waits: bool
    short: bool
    lines: int


class Shown(Struct, frozen=True, kw_only=True):
    """One page of those who are expected; `number` of `pages`."""

    people: Sequence[Expected]
    count: int
    number: int
    pages: int


async def wanted_on(tx: Transaction, day_on: date) -> list[planning.Wanted]:
    """What everybody needs who is expected on a day, as the plans stand now."""
    policies = await known.policies_of(tx.sql, tx.clinic_id)
    calendar = await store.calendar.calendar_of(tx, day_on)
    plans = await store.plans.plans(tx, day_on)
    return planning.wanted_on(plans, day_on, calendar, policies.supply_days_most)


async def identities_of(view: View, patient_ids: Sequence[UUID], purpose: str) -> dict[UUID, patients.Identity]:
    """Who they are, if whoever looks may see it; that they looked is written down."""
    if not view.may(Act.SEE_PATIENT) or not patient_ids:
        return {}
    return await patients.look_at(view.reading, keys_of(view.runtime), patient_ids, purpose)


async def expected_by_visit(
    view: View,
    visits: Sequence[store.visits.VisitRow],
    lines: Sequence[store.visit_lines.VisitLine],
) -> Shown:
    """The visits of a prepared day: who is still to come first, in the order of the names."""
    identities = await identities_of(view, [visit.patient_id for visit in visits], "expected list")
    theirs: dict[UUID, list[store.visit_lines.VisitLine]] = {visit.visit_id: [] for visit in visits}
    for line in lines:
        theirs[line.visit_id].append(line)
    found = [
        Expected(
            visit_id=visit.visit_id,
            card_code=_card(identities, visit.patient_id),
            alias=_alias(identities, visit.patient_id),
            state=visit.state,
            walk_in=visit.walk_in,
            waits=any(line.waits for line in theirs[visit.visit_id]),
            short=any(line.short_units for line in theirs[visit.visit_id]),
            lines=len(theirs[visit.visit_id]),
        )
        for visit in visits
    ]
    return _a_page(view, sorted(found, key=lambda one: (one.state != "expected", one.alias.casefold(), one.card_code)))


async def expected_by_plan(view: View, wanted: Sequence[planning.Wanted]) -> Shown:
    """The same before anything is prepared."""
    lines: dict[UUID, int] = {}
    for need in wanted:
        lines[need.patient_id] = lines.get(need.patient_id, 0) + 1
    identities = await identities_of(view, list(lines), "expected list")
    found = [
        Expected(
            visit_id=None,
            card_code=_card(identities, patient_id),
            alias=_alias(identities, patient_id),
            state="expected",
            walk_in=False,
            waits=False,
            short=False,
            lines=number,
        )
        for patient_id, number in lines.items()
    ]
    return _a_page(view, sorted(found, key=lambda one: (one.alias.casefold(), one.card_code)))


def _a_page(view: View, people: Sequence[Expected]) -> Shown:
    pages = max(1, -(-len(people) // A_PAGE))
    number = min(view.page_number, pages)
    return Shown(people=people[(number - 1) * A_PAGE : number * A_PAGE], count=len(people), number=number, pages=pages)


def _card(identities: Mapping[UUID, patients.Identity], patient_id: UUID) -> str:
    return identities[patient_id].card_code if patient_id in identities else NOBODY


def _alias(identities: Mapping[UUID, patients.Identity], patient_id: UUID) -> str:
    return identities[patient_id].alias if patient_id in identities else NOBODY
