"""What is still in hand of a line that has ended: whatever is changed, stopped or planned anew, it is used up first."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from services.dispense.rules import OnWeekdays
from services.dispense.rules.carrying import carried_over
from services.dispense.rules.plan import Plan, Supplied
from services.dispense.rules.planning import needed_by
from tests.dispense.test_planning_rules import MONDAY, MOST_DAYS, named, plan

CYCLE_DAYS = 28


def day(number: int) -> date:
    return MONDAY + timedelta(days=number)


def supplied(first: int, last: int, content: int) -> Supplied:
    return Supplied(from_on=day(first), through_on=day(last), content=Fraction(content))


def one_of(plans: Sequence[Plan], line: str) -> Plan:
    return next(each for each in carried_over(plans) if each.therapy_line_id == named("A" + line))


def ended(line: str = "a", last: int = 9, *given: Supplied, **changed: Any) -> Plan:
    """Taken since Monday, and given for four weeks, until a day."""
    there = given or (supplied(0, 27, 28),)
    return plan(line=line, starts_on=MONDAY, until_on=day(last), supplied=there, **changed)


def next_line(line: str = "b", first: int = 10, **changed: Any) -> Plan:
    return plan(line=line, starts_on=day(first), **changed)


def test_what_is_left_lasts_as_long_as_the_next_line_takes_it() -> None:
    for a_day, last in ((Fraction(1), 27), (Fraction(2), 18), (Fraction(1, 2), 45), (Fraction(5), 12)):
        assert one_of([ended(), next_line(per_intake=a_day)], "b").covered_through == day(last)


def test_a_day_that_is_covered_in_part_is_not_covered() -> None:
    assert one_of([ended(), next_line(per_intake=Fraction(19))], "b").covered_through is None


def test_only_what_was_given_counts() -> None:
    assert one_of([ended("a", 9, supplied(0, 27, 14)), next_line()], "b").covered_through == day(13)
    assert one_of([ended("a", 9, supplied(0, 27, 10)), next_line()], "b").covered_through is None


def test_what_was_given_for_days_that_are_over_counts_no_more() -> None:
    assert one_of([ended(), next_line(first=28)], "b").covered_through is None
    assert one_of([ended(), next_line(first=27)], "b").covered_through == day(27 + 17)


def test_a_weekly_medicine_lasts_until_the_day_before_the_next_intake() -> None:
    weekly = OnWeekdays(weekdays=(1,))
    before = ended("a", 6, supplied(0, 27, 4), schedule=weekly)
    assert one_of([before, next_line(first=7, schedule=weekly)], "b").covered_through == day(27)


def test_another_medicine_or_another_patient_takes_nothing_over() -> None:
    other = next_line(medicine="amlodipine 10 mg")
    elsewhere = plan("B", "b", starts_on=day(10))
    assert all(each.covered_through is None for each in carried_over([ended(), other, elsewhere]))


def test_days_that_were_supplied_since_are_not_covered_twice() -> None:
    since = next_line(supplied=(supplied(12, 20, 9),), covered_through=day(20))
    assert one_of([ended("a", 9, supplied(0, 13, 14)), since], "b").covered_through == day(22)


def test_two_lines_that_ended_are_added_up() -> None:
    both = [ended("a"), ended("b", 9, supplied(0, 27, 28)), next_line("c")]
    taking = one_of(both, "c")
    assert taking.covered_through == day(9 + 36)
    assert set(taking.follows) == {named("Aa"), named("Ab")}


def test_of_several_lines_the_newest_takes_over_and_one_that_never_began_does_not() -> None:
    never = next_line("d", first=10, until_on=day(9))
    found = {each.therapy_line_id: each for each in carried_over([ended(), next_line("b"), next_line("c"), never])}
    covered = {line: found[named("A" + line)].covered_through for line in "bcd"}
    assert covered == {"b": None, "c": day(27), "d": None}


# Whatever people do to a plan


@dataclass
class Person:
    """One patient with one medicine: what they have in hand, and what the plan says."""

    today: int = 0
    hand: Fraction = Fraction(0)
    uncounted: Fraction = Fraction(0)
    """Part of a day's content at each change, and what they had when they began again after a pause."""
    lines: list[Plan] = field(default_factory=list[Plan])

    def running(self) -> Plan | None:
        return next((each for each in self.lines if each.until_on is None), None)

    def wait(self, days: int) -> None:
        taken = self.running()
        self.hand -= min(self.hand, days * taken.per_intake) if taken else 0
        self.today += days

    def stop(self) -> None:
        running = self.running()
        if running is not None:
            self._set(running, until_on=day(self.today - 1))

    def take(self, per_intake: Fraction) -> None:
        """Changed, or planned for the first time or anew."""
        self.uncounted += per_intake if self.running() else per_intake + self.hand
        self.stop()
        line = plan(starts_on=day(self.today), per_intake=per_intake)
        self.lines.append(replace(line, therapy_line_id=UUID(int=len(self.lines))))

    def visit(self) -> None:
        if self.running() is None:
            return
        in_force = [each for each in carried_over(self.lines) if each.until_on is None]
        given = needed_by(in_force, day(self.today), lambda _: True, MOST_DAYS)
        for need in given:
            line = next(each for each in self.lines if each.therapy_line_id == need.therapy_line_id)
            there = Supplied(from_on=need.from_on, through_on=need.through_on, content=need.content_needed)
            self._set(line, supplied=(*line.supplied, there), covered_through=need.through_on)
            self.hand += need.content_needed
        needed = in_force[0].per_intake * CYCLE_DAYS
        assert self.hand >= needed, "nobody goes home with too little"
        assert not given or self.hand <= needed + self.uncounted, "nothing is given twice"

    def _set(self, line: Plan, **changed: object) -> None:
        self.lines[self.lines.index(line)] = replace(line, **changed)


STEPS = st.one_of(
    st.tuples(st.just(Person.wait), st.integers(1, 40)),
    st.tuples(st.just(Person.take), st.sampled_from([Fraction(1, 2), Fraction(1), Fraction(2), Fraction(4)])),
    st.tuples(st.just(Person.stop)),
    st.tuples(st.just(Person.visit)),
)


@given(st.lists(STEPS, max_size=30))
def test_nobody_has_too_little_or_is_given_the_same_days_twice(steps: list[tuple[Any, ...]]) -> None:
    person = Person()
    person.take(Fraction(1))
    for step, *said in steps:
        step(person, *said)
    person.visit()
