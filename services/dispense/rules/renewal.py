"""What has changed since a pharmacy day was prepared."""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from uuid import UUID

from msgspec import Struct

from services.dispense.rules.planning import Wanted, first_lacking_day


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
    from_on = first_lacking_day(line.from_on, line.through_on, there, line.content_per_day)
    return AskAgain(line_id=line.line_id, content_needed=content, from_on=from_on)
