"""Who comes on a pharmacy day, and what each needs."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from fractions import Fraction
from uuid import UUID

from msgspec import Struct

from services.dispense.rules.plan import Plan
from services.dispense.rules.schedule import intakes_per_day
from services.dispense.rules.supply import ONE_DAY, is_expected, is_pharmacy_day, next_visit_on, supply_through

FURTHEST_DAY = 92
"""So many days on is looked for the following pharmacy day; a longer closure counts as none."""


class Wanted(Struct, frozen=True, kw_only=True):
    """What a patient needs of one therapy line for some days. `tops_up`: of an earlier supply."""

    patient_id: UUID
    therapy_line_id: UUID
    tops_up: UUID | None
    product_id: UUID
    substitution_group: str
    content_needed: Fraction
    content_per_day: Fraction | None
    from_on: date
    through_on: date
    covered_through: date | None
    content_per_unit: int
    """Of the product planned; stock may set apart another of its group."""
    follows: tuple[UUID, ...] = ()


class Calendar(Struct, frozen=True, kw_only=True):
    weekdays: frozenset[int]
    closures: frozenset[date]

    def is_open(self, day_on: date) -> bool:
        return is_pharmacy_day(day_on, weekdays=self.weekdays, closures=self.closures)

    def following(self, day_on: date) -> date | None:
        """The next pharmacy day after a day."""
        days = (day_on + timedelta(days=offset) for offset in range(1, FURTHEST_DAY + 1))
        return next((day for day in days if self.is_open(day)), None)


def wanted_on(plans: Sequence[Plan], day_on: date, calendar: Calendar, most_days: int) -> list[Wanted]:
    """What everybody who is expected on a pharmacy day needs, by patient and line.

    A patient is expected when one line runs out before the following pharmacy day, or something is owed; then
    every line is supplied up to their next visit.
    """
    following_on = calendar.following(day_on)
    by_patient: dict[UUID, list[Plan]] = {}
    for plan in plans:
        by_patient.setdefault(plan.patient_id, []).append(plan)
    found: list[Wanted] = []
    for patient_id in sorted(by_patient):
        lines = by_patient[patient_id]
        if any(_brings(plan, day_on, following_on) for plan in lines):
            found += needed_by(lines, day_on, calendar.is_open, most_days)
    return found


def _brings(plan: Plan, day_on: date, following_on: date | None) -> bool:
    if _owed_on(plan, day_on):
        return True
    if not is_expected(plan.covered_through, plan.starts_on, plan.until_on, day_on, following_on):
        return False
    # What is taken every other month brings nobody in between.
    first_on = max(day_on, plan.starts_on, (plan.covered_through or date.min) + ONE_DAY)
    last_on = day_on + timedelta(days=FURTHEST_DAY) if following_on is None else following_on - ONE_DAY
    return plan.content(first_on, min(last_on, plan.until_on or date.max)) > 0


def next_expected(plans: Sequence[Plan], today: date, calendar: Calendar) -> date | None:
    """The first pharmacy day, today or later, that one patient's plans bring them to."""
    days = (today + timedelta(days=offset) for offset in range(FURTHEST_DAY + 1))
    open_days = (day for day in days if calendar.is_open(day))
    return next((day for day in open_days if any(_brings(plan, day, calendar.following(day)) for plan in plans)), None)


def needed_by(lines: Iterable[Plan], day_on: date, is_open: Callable[[date], bool], most_days: int) -> list[Wanted]:
    """What one patient needs on a day, of every line and of what is owed."""
    found: list[Wanted] = []
    for plan in sorted(lines, key=lambda plan: plan.therapy_line_id):
        next_on = next_visit_on(day_on, plan.cycle_days, most_days, is_open)
        through_on = supply_through(day_on, next_on, most_days, plan.until_on)
        found += _owed_on(plan, day_on)
        first_on = day_on
        if plan.covered_through is not None:
            first_on = max(first_on, plan.covered_through + ONE_DAY)
        found += _wanted(plan, max(first_on, plan.starts_on), through_on)
    return found


def _owed_on(plan: Plan, day_on: date) -> list[Wanted]:
    """What is still lacking for the days that an earlier supply was for, at most what is owed of it.

    Days that are past need nothing any more, and what earlier visits made up is used up first.
    """
    if plan.owed is None:
        return []
    through_on = min(plan.owed.through_on, plan.until_on or date.max)
    lacking = plan.content(day_on, through_on) - _still_there(plan, plan.owed.handed, day_on)
    most = min(lacking, Fraction(plan.owed.units * plan.content_per_unit))
    return _wanted(plan, day_on, through_on, tops_up=plan.owed.supply_id, most=most) if most > 0 else []


def _still_there(plan: Plan, handed: Sequence[tuple[date, Fraction]], day_on: date) -> Fraction:
    """What is in hand at the beginning of a day, if it was taken as planned since it was given."""
    there, since = Fraction(0), date.min
    for given_on, content in (*sorted(handed), (day_on, Fraction(0))):
        if there:
            there -= min(there, plan.content(since, given_on - ONE_DAY))
        there, since = there + content, given_on
    return there


def _wanted(
    plan: Plan, from_on: date, through_on: date, *, tops_up: UUID | None = None, most: Fraction | None = None
) -> list[Wanted]:
    if from_on > through_on:
        return []
    whole = plan.content(from_on, through_on)
    content = whole if most is None else min(whole, most)
    if content == 0:
        return []
    rhythm = intakes_per_day(plan.schedule)
    per_day = None if rhythm is None else rhythm * plan.per_intake
    return [
        Wanted(
            patient_id=plan.patient_id,
            therapy_line_id=plan.therapy_line_id,
            tops_up=tops_up,
            product_id=plan.product_id,
            substitution_group=plan.substitution_group,
            content_needed=content,
            content_per_day=per_day,
            from_on=first_lacking_day(from_on, through_on, whole - content, per_day),
            through_on=through_on,
            covered_through=plan.covered_through,
            content_per_unit=plan.content_per_unit,
            follows=plan.follows,
        )
    ]


def by_urgency(wanted: Sequence[Wanted]) -> dict[UUID, int]:
    """Patients in the order in which they run out; who has nothing yet comes first."""
    runs_out: dict[UUID, date] = {}
    for line in wanted:
        covered = line.covered_through or date.min
        runs_out[line.patient_id] = min(covered, runs_out.get(line.patient_id, date.max))
    ordered = sorted(runs_out, key=lambda patient_id: (runs_out[patient_id], patient_id))
    return {patient_id: place for place, patient_id in enumerate(ordered)}


def by_registration(wanted: Sequence[Wanted]) -> dict[UUID, int]:
    """Patients in the order in which they were registered: their ids are made in that order."""
    return {patient_id: place for place, patient_id in enumerate(sorted({line.patient_id for line in wanted}))}


def first_lacking_day(from_on: date, through_on: date, there: Fraction, per_day: Fraction | None) -> date:
    """What is there is taken first: what lacks covers the last days of the use."""
    if per_day is None:
        return from_on
    return min(from_on + timedelta(days=there // per_day), through_on)
