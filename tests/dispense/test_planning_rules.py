"""Who is expected on a pharmacy day, what each needs, and what preparing a day again has to change."""

from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from uuid import UUID, uuid5

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from services.dispense.rules import OnWeekdays, TimesADay
from services.dispense.rules.plan import OwedBefore, Plan
from services.dispense.rules.planning import (
    Calendar,
    Wanted,
    by_registration,
    by_urgency,
    needed_by,
    next_expected,
    wanted_on,
)
from services.dispense.rules.renewal import AskAgain, Changes, Prepared, changes

MONDAY = date(2027, 3, 1)
THURSDAY = MONDAY + timedelta(days=3)
NEXT_MONDAY = MONDAY + timedelta(days=7)
TWICE_A_WEEK = Calendar(weekdays=frozenset({1, 4}), closures=frozenset())
MOST_DAYS = 30
NOTHING = Changes(add=(), ask_again=(), drop=())


def named(name: str) -> UUID:
    """The same id for the same name, in the names' order."""
    return UUID(int=uuid5(UUID(int=0), name).int >> 32 | ord(name[-1]) << 96)


def plan(patient: str = "A", line: str = "a", **changed: object) -> Plan:
    """One piece a day since long ago, every four weeks, nothing supplied yet."""
    plain = Plan(
        patient_id=named(patient),
        therapy_line_id=named(patient + line),
        product_id=named("norvasc"),
        substitution_group="amlodipine 5 mg",
        medicine="amlodipine 5 mg",
        content_per_unit=1,
        per_intake=Fraction(1),
        schedule=TimesADay(times=1),
        starts_on=MONDAY - timedelta(days=100),
        until_on=None,
        cycle_days=28,
        covered_through=None,
        owed=None,
    )
    return msgspec.structs.replace(plain, **changed)


def expected(*plans: Plan, day_on: date = MONDAY, calendar: Calendar = TWICE_A_WEEK) -> list[Wanted]:
    return wanted_on(plans, day_on, calendar, MOST_DAYS)


def owed(units: int, through_on: date) -> OwedBefore:
    return OwedBefore(supply_id=named("S"), units=units, through_on=through_on)


# The calendar


def test_the_following_pharmacy_day_passes_over_closures() -> None:
    calendar = Calendar(weekdays=frozenset({1, 4}), closures=frozenset({THURSDAY}))
    assert TWICE_A_WEEK.following(MONDAY) == THURSDAY
    assert calendar.following(MONDAY) == NEXT_MONDAY
    assert not calendar.is_open(THURSDAY)


def test_a_clinic_without_weekdays_has_no_following_day() -> None:
    assert Calendar(weekdays=frozenset(), closures=frozenset()).following(MONDAY) is None


# Who is expected


def test_a_new_patient_is_expected_on_the_next_pharmacy_day() -> None:
    (need,) = expected(plan())
    assert (need.patient_id, need.from_on, need.tops_up) == (named("A"), MONDAY, None)


def test_a_patient_who_is_covered_is_not_expected() -> None:
    assert expected(plan(covered_through=THURSDAY)) == []


def test_a_patient_who_runs_out_before_the_following_day_is_expected() -> None:
    (need,) = expected(plan(covered_through=THURSDAY - timedelta(days=2)))
    assert need.from_on == THURSDAY - timedelta(days=1)
    assert expected(plan(covered_through=THURSDAY - timedelta(days=1))) == []


def test_what_is_owed_brings_a_covered_patient_back() -> None:
    through_on = MONDAY + timedelta(days=20)
    owed_units, further_on = expected(plan(covered_through=through_on, owed=owed(5, through_on)))
    assert (owed_units.tops_up, owed_units.content_needed) == (named("S"), 5)
    assert (further_on.tops_up, further_on.from_on) == (None, through_on + timedelta(days=1))


def test_the_next_day_is_the_first_that_some_line_brings_them_to() -> None:
    tuesday = MONDAY + timedelta(days=1)
    assert next_expected([plan()], MONDAY, TWICE_A_WEEK) == MONDAY
    assert next_expected([plan()], tuesday, TWICE_A_WEEK) == THURSDAY
    covered = plan(covered_through=NEXT_MONDAY + timedelta(days=1))
    assert next_expected([covered], tuesday, TWICE_A_WEEK) == NEXT_MONDAY
    assert next_expected([covered, plan(line="b")], tuesday, TWICE_A_WEEK) == THURSDAY


def test_who_needs_nothing_in_three_months_has_no_next_day() -> None:
    assert next_expected([], MONDAY, TWICE_A_WEEK) is None
    assert next_expected([plan(covered_through=MONDAY + timedelta(days=200))], MONDAY, TWICE_A_WEEK) is None
    assert next_expected([plan()], MONDAY, Calendar(weekdays=frozenset(), closures=frozenset())) is None


def test_what_is_owed_covers_the_last_days_of_its_supply() -> None:
    """What was given before is taken first: a lot that expires in between must not be chosen for the rest."""
    through_on = MONDAY + timedelta(days=20)
    (need, *_) = expected(plan(covered_through=through_on, owed=owed(5, through_on)))
    assert (need.from_on, need.through_on) == (through_on - timedelta(days=4), through_on)


def test_what_was_owed_for_days_that_are_past_brings_nobody_back() -> None:
    past = MONDAY - timedelta(days=1)
    ahead = MONDAY + timedelta(days=20)
    assert expected(plan(covered_through=ahead, owed=owed(5, past))) == []


def test_one_line_that_runs_out_brings_a_supply_of_every_line() -> None:
    soon, later = MONDAY + timedelta(days=1), MONDAY + timedelta(days=10)
    needs = expected(plan(line="a", covered_through=soon), plan(line="b", covered_through=later))
    assert {need.from_on for need in needs} == {soon + timedelta(days=1), later + timedelta(days=1)}
    assert len({need.through_on for need in needs}) == 1


# What each needs


def test_a_visit_supplies_up_to_the_eve_of_the_next_one() -> None:
    (need,) = expected(plan())
    assert (need.from_on, need.through_on) == (MONDAY, MONDAY + timedelta(days=27))
    assert (need.content_needed, need.content_per_day) == (28, 1)


def test_the_content_is_exact_and_an_uneven_rhythm_has_no_content_a_day() -> None:
    (half,) = expected(plan(per_intake=Fraction(1, 2)))
    assert (half.content_needed, half.content_per_day) == (14, Fraction(1, 2))
    (uneven,) = expected(plan(schedule=OnWeekdays(weekdays=(1, 3, 5)), per_intake=Fraction(3, 2)))
    assert (uneven.content_needed, uneven.content_per_day) == (18, None)


def test_never_more_than_the_clinics_most_days_are_supplied() -> None:
    (need,) = expected(plan(cycle_days=60))
    assert need.through_on < MONDAY + timedelta(days=MOST_DAYS)


def test_of_what_is_owed_no_more_is_given_than_the_days_left_take() -> None:
    through_on = MONDAY + timedelta(days=2)
    (topped_up, *_) = expected(plan(covered_through=through_on, owed=owed(10, through_on)))
    assert (topped_up.tops_up, topped_up.content_needed) == (named("S"), 3)


def test_owed_units_are_counted_in_content() -> None:
    through_on = MONDAY + timedelta(days=20)
    syrup = plan(content_per_unit=150, per_intake=Fraction(10), covered_through=through_on, owed=owed(1, through_on))
    (need, *_) = expected(syrup)
    assert need.content_needed == 150


def test_a_line_that_begins_later_is_supplied_from_its_first_day() -> None:
    begins = MONDAY + timedelta(days=2)
    (need,) = expected(plan(starts_on=begins))
    assert need.from_on == begins


def test_a_day_out_of_turn_supplies_just_what_is_lacking_to_the_next_visit() -> None:
    ahead = MONDAY + timedelta(days=10)
    (need,) = needed_by([plan(covered_through=ahead)], MONDAY, TWICE_A_WEEK.is_open, MOST_DAYS)
    assert need.from_on == ahead + timedelta(days=1)
    beyond = MONDAY + timedelta(days=40)
    assert needed_by([plan(covered_through=beyond)], MONDAY, TWICE_A_WEEK.is_open, MOST_DAYS) == []


# In which order


def test_who_runs_out_first_comes_first_and_who_has_nothing_before_all() -> None:
    tomorrow = MONDAY + timedelta(days=1)
    needs = expected(plan("A", covered_through=tomorrow), plan("B", covered_through=MONDAY), plan("C"))
    assert list(by_urgency(needs)) == [named("C"), named("B"), named("A")]


def test_by_registration_the_eldest_id_comes_first() -> None:
    needs = expected(plan("C"), plan("A", covered_through=MONDAY), plan("B"))
    assert list(by_registration(needs)) == [named("A"), named("B"), named("C")]


# What has changed


def prepared(need: Wanted, **changed: object) -> Prepared:
    """A line as this need made it, answered in full."""
    line = Prepared(
        line_id=named("line" + need.patient_id.hex[7]),
        therapy_line_id=need.therapy_line_id,
        supply_id=None,
        tops_up=need.tops_up,
        substitution_group=need.substitution_group,
        content_needed=need.content_needed,
        content_per_day=need.content_per_day,
        from_on=need.from_on,
        through_on=need.through_on,
        waits=False,
        short_units=0,
        content_per_unit=need.content_per_unit,
        settled=False,
        holds=True,
        needs_what_is_short=True,
    )
    return msgspec.structs.replace(line, **changed)


def test_a_day_prepared_for_the_same_changes_nothing() -> None:
    needs = expected(plan("A"), plan("B"))
    assert changes([prepared(need) for need in needs], needs) == NOTHING
    waiting = [prepared(need, waits=True, short_units=3) for need in needs]
    assert changes(waiting, needs) == NOTHING


def test_a_new_need_is_added_and_no_other_line_is_touched() -> None:
    old, new = expected(plan("A"), plan("B"))
    assert changes([prepared(old)], [old, new]) == Changes(add=(new,), ask_again=(), drop=())


def test_what_is_no_longer_wanted_is_dropped() -> None:
    kept, gone = expected(plan("A"), plan("B"))
    assert changes([prepared(kept), prepared(gone)], [kept]) == Changes(
        add=(), ask_again=(), drop=(prepared(gone).line_id,)
    )


def test_a_need_that_has_changed_is_dropped_and_added_anew() -> None:
    (before,) = expected(plan())
    for after in expected(plan(per_intake=Fraction(2)), plan(line="a", substitution_group="product:x")):
        assert changes([prepared(before)], [after]) == Changes(
            add=(after,), ask_again=(), drop=(prepared(before).line_id,)
        )


def test_what_is_short_is_asked_for_again_for_the_last_days_of_its_use() -> None:
    (need,) = expected(plan())
    line = prepared(need, short_units=8)
    last_days = MONDAY + timedelta(days=20)
    again = AskAgain(line_id=line.line_id, content_needed=Fraction(8), from_on=last_days)
    assert changes([line], [need]) == Changes(add=(), ask_again=(again,), drop=())


def test_an_uneven_need_that_is_short_is_asked_for_again_for_all_its_days() -> None:
    (need,) = expected(plan(schedule=OnWeekdays(weekdays=(1, 3, 5))))
    (again,) = changes([prepared(need, short_units=2)], [need]).ask_again
    assert (again.content_needed, again.from_on) == (2, need.from_on)


def test_what_is_owed_since_this_very_day_is_not_asked_for_beside_what_its_visit_still_has() -> None:
    (need,) = expected(plan())
    through_on = need.through_on
    served = prepared(need, supply_id=named("S"), settled=True)
    rest = [x for x in expected(plan(covered_through=through_on, owed=owed(5, through_on))) if x.tops_up]
    assert rest
    assert changes([served], rest) == NOTHING
    assert changes([], rest).add == tuple(rest)


def test_bottles_that_are_short_are_asked_for_again_by_what_they_hold() -> None:
    (need,) = expected(plan(content_per_unit=150, per_intake=Fraction(10)))
    assert need.content_needed == 280
    (again,) = changes([prepared(need, short_units=1)], [need]).ask_again
    assert (again.content_needed, again.from_on) == (150, MONDAY + timedelta(days=13))
    (all_of_it,) = changes([prepared(need, short_units=2)], [need]).ask_again
    assert (all_of_it.content_needed, all_of_it.from_on) == (280, MONDAY)


SETTLED = st.lists(
    st.builds(
        prepared,
        st.sampled_from(expected(plan("A"), plan("B"), plan("C"))),
        settled=st.just(True),
        waits=st.booleans(),
        short_units=st.integers(0, 5),
        holds=st.booleans(),
        needs_what_is_short=st.booleans(),
    ),
    unique_by=lambda line: line.line_id,
)


@given(SETTLED, st.lists(st.sampled_from(expected(plan("A"), plan("B"), plan("C"), plan("D")))))
def test_of_a_settled_visit_only_what_is_short_is_asked_for_again(
    lines: Sequence[Prepared], needs: Sequence[Wanted]
) -> None:
    todo = changes(lines, needs)
    wanted = {need.therapy_line_id for need in needs}
    may_be_given = [line for line in lines if line.needs_what_is_short and line.therapy_line_id in wanted]
    short = {line.line_id for line in may_be_given if line.short_units and not line.waits}
    assert {one.line_id for one in todo.ask_again} == short
    assert todo.drop == ()
    assert not {need.therapy_line_id for need in todo.add} & {line.therapy_line_id for line in lines}
