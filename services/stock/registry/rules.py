"""What the registry decides over plain values."""

import unicodedata
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from msgspec import Struct

from shared.roles import Role

LONGEST_DELEGATION_DAYS = 731
TRIES = 5
WAIT = timedelta(minutes=1)
NEAR = timedelta(days=30)
"""So long before its end, and after it, a delegation is spoken of."""


class Term(Struct, frozen=True, kw_only=True):
    """Who holds which role where, and when. `ended_on`: it was ended before its day."""

    delegation_id: UUID
    delegate_id: UUID
    role: str
    place_id: UUID
    from_on: date
    until_on: date
    ended_on: date | None = None


def are_delegation_days(from_on: date, until_on: date) -> bool:
    """A delegation has an end that the assembly can keep in mind: within two years."""
    return from_on <= until_on <= from_on + timedelta(days=LONGEST_DELEGATION_DAYS)


def is_place_of_role(role: Role, place_id: UUID, clinic_id: UUID, pharmacy_ids: frozenset[UUID]) -> bool:
    """A partner pharmacist's place is a partner pharmacy of the clinic; every other role's is the clinic."""
    return place_id in pharmacy_ids if role is Role.PARTNER_PHARMACIST else place_id == clinic_id


def terms_due(terms: Sequence[Term], today: date) -> list[Term]:
    """What ends within a month and wasn't given again, or has ended in the last one and nobody carries it on.

    `terms` are all that end within the last month or later.
    """
    return [term for term in terms if _is_near(term, today) and not any(_goes_on(term, o, today) for o in terms)]


def _is_near(term: Term, today: date) -> bool:
    if term.ended_on is not None:
        return today - term.ended_on <= NEAR
    return abs(term.until_on - today) <= NEAR


def _goes_on(term: Term, other: Term, today: date) -> bool:
    """Whether the other one carries on the same task after this one's end."""
    if other.ended_on is not None or (other.role, other.place_id) != (term.role, term.place_id):
        return False
    if term.ended_on is not None:
        # Whoever ended it meant it so: only a task that nobody holds any more is spoken of.
        return other.until_on >= today
    if other.until_on <= term.until_on:
        return False
    # Whoever's own delegation ends is told so; once it has ended, somebody after them is enough.
    return other.delegate_id == term.delegate_id or (term.until_on < today and other.from_on > term.from_on)


def sign_in_name_of(typed: str) -> str:
    """The one form of a sign-in name, however its letters and the blanks around it are typed.

    Case-folded, and then in small letters: folding alone would leave a Greek name with the wrong sigma at its end.
    """
    return unicodedata.normalize("NFC", typed.strip().casefold().upper().lower())


def is_of_one_script(name: str) -> bool:
    """Whether the letters of a sign-in name are of one alphabet, and none is another form of a plain one."""
    scripts = {unicodedata.name(sign, "").partition(" ")[0] for sign in name if sign.isalpha()}
    return len(scripts) <= 1 and unicodedata.is_normalized("NFKC", name)


def must_wait(failed_sign_ins: int, last_failed_at: datetime | None, now: datetime) -> bool:
    """After every fifth wrong try in a row there is a minute's wait."""
    return (
        last_failed_at is not None
        and failed_sign_ins > 0
        and failed_sign_ins % TRIES == 0
        and now < last_failed_at + WAIT
    )


def are_votes(votes: tuple[int | None, int | None, int | None], *, consensus: bool) -> bool:
    """Consensus counts no votes; a vote counts for, against and blank, with more for than against."""
    if consensus:
        return votes == (None, None, None)
    votes_for, votes_against, votes_blank = votes
    return votes_for is not None and votes_against is not None and votes_blank is not None and votes_for > votes_against
