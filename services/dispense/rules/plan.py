"""A line of a plan as planning sees it: how it is taken, and what there is of it already."""

from datetime import date
from fractions import Fraction
from uuid import UUID

from msgspec import Struct

from services.dispense.rules.schedule import Schedule, content_needed


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
    """The line that it was before."""
    supplied: tuple[Supplied, ...] = ()
    follows: tuple[UUID, ...] = ()
    """Lines that have ended, whose rest it uses up."""

    def content(self, from_on: date, through_on: date) -> Fraction:
        """What is taken on these days, both included."""
        return content_needed(self.schedule, self.per_intake, self.starts_on, from_on, through_on)
