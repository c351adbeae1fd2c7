"""Who comes on a pharmacy day and what each needs; and what has changed since it was prepared."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from fractions import Fraction
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from services.dispense.rules.schedule import Schedule, content_needed, intakes_per_day
from services.dispense.rules.supply import ONE_DAY, is_expected, is_pharmacy_day, next_visit_on, supply_through

FURTHEST_DAY = 92
"""So many days on is looked for the following pharmacy day; a longer closure counts as none."""

CARRIED_DAYS = 366
"""What was given of a line that has ended counts for another one no longer than this: who still has it then?"""


class OwedBefore(Struct, frozen=True, kw_only=True):
    """Units still owed of an earlier supply. `handed`: what was given of it so far, on which days, in content."""

    supply_id: UUID
    units: int
    through_on: date
    handed: tuple[tuple[date, Fraction], ...] = ()


class Supplied(Struct, frozen=True, kw_only=True):
    """What somebody was given of a line for some days, or what lies ready for them: in content, like tablets or ml."""

    from_on: date
    through_on: date
    content: Fraction


class Plan(Struct, frozen=True, kw_only=True):
    """A therapy line with what has been supplied of it."""

    patient_id: UUID
    therapy_line_id: UUID
    product_id: UUID
    substitution_group: str
    content_per_unit: int
    per_intake: Fraction
    schedule: Schedule
    starts_on: date
    until_on: date | None
    cycle_days: int
    covered_through: date | None
    owed: OwedBefore | None
    medicine: str
    """What was given of one line can be used up for another of the same."""
    changed_from: UUID | None = None
    supplied: tuple[Supplied, ...] = ()
    follows: tuple[UUID, ...] = ()
    """Lines that have ended, whose rest it uses up."""


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


def carried_over(plans: Sequence[Plan]) -> list[Plan]:
    """The plans with what is still in hand of lines that have ended.

    What was given of a line beyond its last day is used up first by the next line of the same medicine, as that one is
    taken: whether a line was changed, or stopped and planned anew, the same days are supplied once.
    """
    found = {plan.therapy_line_id: plan for plan in plans}
    alike: dict[tuple[UUID, str], list[UUID]] = {}
    for plan in plans:
        alike.setdefault((plan.patient_id, plan.medicine), []).append(plan.therapy_line_id)
    for line_ids in alike.values():
        # A line takes over only from one that ends before it: what it has itself taken over is known by then.
        for line_id in sorted(line_ids, key=lambda line_id: (found[line_id].until_on or date.max, line_id)):
            ended = found[line_id]
            heir = _next_taken(ended, [found[each] for each in line_ids])
            if heir is not None:
                found[heir.therapy_line_id] = _taking_over(heir, ended)
    return list(found.values())


def _next_taken(ended: Plan, plans: Sequence[Plan]) -> Plan | None:
    """The one that it was changed into; else the one that is taken soonest after it, of several the newest."""
    until_on = ended.until_on
    if until_on is None:
        return None
    later = [plan for plan in plans if plan.until_on is None or plan.until_on > max(until_on, plan.starts_on - ONE_DAY)]
    newest_first = sorted(later, key=lambda plan: plan.therapy_line_id, reverse=True)
    order = {plan.therapy_line_id: place for place, plan in enumerate(newest_first)}
    return min(
        later,
        key=lambda plan: (
            plan.changed_from != ended.therapy_line_id,
            max(plan.starts_on, until_on),
            order[plan.therapy_line_id],
        ),
        default=None,
    )


def _taking_over(heir: Plan, ended: Plan) -> Plan:
    """What is left lies at the patient's home: it covers the heir's first days, also those on which both are taken."""
    assert ended.until_on is not None
    beyond = max(heir.starts_on, ended.until_on + ONE_DAY)
    there = [given for given in ended.supplied if given.through_on >= beyond]
    content = sum((_left(ended, given) for given in there), Fraction(0))
    from_on = max(heir.starts_on, min((given.from_on for given in there), default=beyond))
    carried: list[Supplied] = []
    for day_on in (from_on + timedelta(days=offset) for offset in range(CARRIED_DAYS if content else 0)):
        if any(given.from_on <= day_on <= given.through_on for given in heir.supplied):
            continue
        needed = _content(heir, day_on, day_on)
        if needed > content:
            break
        content -= needed
        carried.append(Supplied(from_on=day_on, through_on=day_on, content=needed))
    through_on = carried[-1].through_on if carried else date.min
    return replace(
        heir,
        covered_through=max(through_on, heir.covered_through or date.min) if carried else heir.covered_through,
        supplied=(*heir.supplied, *carried),
        follows=(*heir.follows, *ended.follows, ended.therapy_line_id),
    )


def _left(ended: Plan, given: Supplied) -> Fraction:
    """The content of what was given that is not taken until the line's end."""
    assert ended.until_on is not None
    taken = _content(ended, given.from_on, min(given.through_on, ended.until_on))
    return max(given.content - taken, Fraction(0))


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
    return _content(plan, first_on, min(last_on, plan.until_on or date.max)) > 0


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
            first_on = max(first_on, plan.covered_through + timedelta(days=1))
        found += _wanted(plan, max(first_on, plan.starts_on), through_on)
    return found


def _owed_on(plan: Plan, day_on: date) -> list[Wanted]:
    """What is still lacking for the days that an earlier supply was for, at most what is owed of it.

    Days that are past need nothing any more, and what earlier visits made up is used up first.
    """
    if plan.owed is None:
        return []
    through_on = min(plan.owed.through_on, plan.until_on or date.max)
    lacking = _content(plan, day_on, through_on) - _still_there(plan, plan.owed.handed, day_on)
    most = min(lacking, Fraction(plan.owed.units * plan.content_per_unit))
    return _wanted(plan, day_on, through_on, tops_up=plan.owed.supply_id, most=most) if most > 0 else []


def _still_there(plan: Plan, handed: Sequence[tuple[date, Fraction]], day_on: date) -> Fraction:
    """What is in hand at the beginning of a day, if it was taken as planned since it was given."""
    there, since = Fraction(0), date.min
    for given_on, content in (*sorted(handed), (day_on, Fraction(0))):
        if there:
            there -= min(there, _content(plan, since, given_on - ONE_DAY))
        there, since = there + content, given_on
    return there


def _content(plan: Plan, from_on: date, through_on: date) -> Fraction:
    return content_needed(plan.schedule, plan.per_intake, plan.starts_on, from_on, through_on)


def _wanted(
    plan: Plan, from_on: date, through_on: date, *, tops_up: UUID | None = None, most: Fraction | None = None
) -> list[Wanted]:
    if from_on > through_on:
        return []
    whole = _content(plan, from_on, through_on)
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
            from_on=_first_lacking_day(from_on, through_on, whole - content, per_day),
            through_on=through_on,
            covered_through=plan.covered_through,
            content_per_unit=plan.content_per_unit,
            follows=plan.follows,
        )
    ]


def _first_lacking_day(from_on: date, through_on: date, there: Fraction, per_day: Fraction | None) -> date:
    """What is there is taken first: what lacks covers the last days of the use."""
    if per_day is None:
        return from_on
    return min(from_on + timedelta(days=there // per_day), through_on)


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


class Prepared(Struct, frozen=True, kw_only=True):
    """A line as it was prepared before."""

    line_id: UUID
    therapy_line_id: UUID
    supply_id: UUID | None
    """The supply that it counts in, once something was given."""
    tops_up: UUID | None
    substitution_group: str
    content_needed: Fraction
    content_per_day: Fraction | None
    from_on: date
    through_on: date
    waits: bool
    short_units: int
    content_per_unit: int
    settled: bool
    """The visit has begun or was marked, or a person let them in: it stays, whatever is wanted now."""
    holds: bool
    """Something of it lies in the bag, or stock has not answered yet."""
    needs_what_is_short: bool
    """They may still be given what is short: they are not noted as not come, and nobody cancelled it."""


class AskAgain(Struct, frozen=True, kw_only=True):
    line_id: UUID
    content_needed: Fraction
    from_on: date


class Changes(Struct, frozen=True, kw_only=True):
    """What preparing has to do, and nothing else."""

    add: tuple[Wanted, ...]
    ask_again: tuple[AskAgain, ...]
    drop: tuple[UUID, ...]


def changes(prepared: Sequence[Prepared], wanted: Sequence[Wanted]) -> Changes:
    """Compare a day with what it was prepared for: the same stays, what is short is asked for again."""
    standing = {(line.therapy_line_id, line.tops_up): line for line in prepared}
    given_here = {line.supply_id for line in prepared if line.supply_id is not None}
    settled = {line.therapy_line_id for line in prepared if line.settled and line.holds}
    wanted_still = {need.therapy_line_id for need in wanted}
    add: list[Wanted] = []
    kept: set[UUID] = set()
    for need in wanted:
        line = standing.get((need.therapy_line_id, need.tops_up))
        if line is None and settled.intersection(need.follows):
            continue  # changed since: what lies in the bag of this very day is of the line as it was
        if line is None and need.tops_up in given_here:
            continue  # owed since this very day: its own visit still has the units, or it waits for the next day
        if line is None or not (line.settled or _is_same(line, need)):
            add.append(need)
            continue
        kept.add(line.line_id)
    stays = [line for line in prepared if line.line_id in kept or line.settled]
    again = [
        _missing(line)
        for line in stays
        if line.short_units and not line.waits and line.needs_what_is_short and line.therapy_line_id in wanted_still
    ]
    drop = [line.line_id for line in prepared if line not in stays]
    return Changes(add=tuple(add), ask_again=tuple(again), drop=tuple(sorted(drop)))


def _is_same(line: Prepared, need: Wanted) -> bool:
    return (
        line.substitution_group == need.substitution_group
        and line.content_needed == need.content_needed
        and line.content_per_day == need.content_per_day
        and (line.from_on, line.through_on) == (need.from_on, need.through_on)
    )


def _missing(line: Prepared) -> AskAgain:
    content = min(line.content_needed, Fraction(line.short_units * line.content_per_unit))
    there = line.content_needed - content
    from_on = _first_lacking_day(line.from_on, line.through_on, there, line.content_per_day)
    return AskAgain(line_id=line.line_id, content_needed=content, from_on=from_on)
