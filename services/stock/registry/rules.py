"""What the registry decides over plain values."""

import unicodedata
from datetime import date, datetime, timedelta
from uuid import UUID

from shared.roles import Role

LONGEST_DELEGATION_DAYS = 731
TRIES = 5
WAIT = timedelta(minutes=1)


def are_delegation_days(from_on: date, until_on: date) -> bool:
    """A delegation has an end that the assembly can keep in mind: within two years."""
    return from_on <= until_on <= from_on + timedelta(days=LONGEST_DELEGATION_DAYS)


def is_place_of_role(role: Role, place_id: UUID, clinic_id: UUID, pharmacy_ids: frozenset[UUID]) -> bool:
    """A partner pharmacist's place is a partner pharmacy of the clinic; every other role's is the clinic."""
    return place_id in pharmacy_ids if role is Role.PARTNER_PHARMACIST else place_id == clinic_id


def sign_in_name_of(typed: str) -> str:
    """The one form of a sign-in name, however its letters and the blanks around it are typed.

    Case-folded, and then in small letters: folding alone would leave a Greek name with the wrong sigma at its end.
    """
    return unicodedata.normalize("NFC", typed.strip().casefold().upper().lower())


def must_wait(failed_sign_ins: int, last_failed_at: datetime | None, now: datetime) -> bool:
    """After every fifth wrong try in a row there is a minute's wait."""
    return (
        last_failed_at is not None
        and failed_sign_ins > 0
        and failed_sign_ins % TRIES == 0
        and now < last_failed_at + WAIT
    )


def are_votes(consensus: bool, votes: tuple[int | None, int | None, int | None]) -> bool:  # noqa: FBT001
    """Consensus counts no votes; a vote counts for, against and blank, with more for than against."""
    if consensus:
        return votes == (None, None, None)
    votes_for, votes_against, votes_blank = votes
    return votes_for is not None and votes_against is not None and votes_blank is not None and votes_for > votes_against
