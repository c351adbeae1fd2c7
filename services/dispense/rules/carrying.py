"""What is still in hand of lines that have ended, and which line uses it up."""

from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from uuid import UUID

from msgspec.structs import replace

from services.dispense.rules.plan import Plan, Supplied
from services.dispense.rules.supply import ONE_DAY

CARRIED_DAYS = 366
"""What was given of a line that has ended counts for another one no longer than this: who still has it then?"""


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
    return min(
        later,
        key=lambda plan: (
            plan.changed_from != ended.therapy_line_id,
            max(plan.starts_on, until_on),
            -plan.therapy_line_id.int,
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
        needed = heir.content(day_on, day_on)
        if needed > content:
            break
        content -= needed
        carried.append(Supplied(from_on=day_on, through_on=day_on, content=needed))
    covered = [day.through_on for day in carried] + ([heir.covered_through] if heir.covered_through else [])
    return replace(
        heir,
        covered_through=max(covered, default=None),
        supplied=(*heir.supplied, *carried),
        follows=(*heir.follows, *ended.follows, ended.therapy_line_id),
    )


def _left(ended: Plan, given: Supplied) -> Fraction:
    """The content of what was given that is not taken until the line's end."""
    assert ended.until_on is not None
    taken = ended.content(given.from_on, min(given.through_on, ended.until_on))
    return max(given.content - taken, Fraction(0))
