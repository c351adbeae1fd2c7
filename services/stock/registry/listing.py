"""What the clinic's pages show: people with what they are delegated to, decisions, and how many there are. Its SQL."""

from collections.abc import Sequence
from datetime import date, datetime, tzinfo
from uuid import UUID

from msgspec import Struct

from services.stock.registry.decisions import DecisionRow
from services.stock.registry.rules import NEAR, Term
from services.stock.registry.store import PersonRow
from shared.database import Transaction

A_PAGE = 20


class Held(Struct, frozen=True, kw_only=True):
    """A delegation with the names that belong to it. `pharmacy` None: it is at the clinic itself."""

    delegation_id: UUID
    delegate_id: UUID
    display_name: str
    role: str
    place_id: UUID
    clinic: str
    pharmacy: str | None
    decision_id: UUID
    from_on: date
    until_on: date
    ended_at: datetime | None

    def is_over(self, today: date) -> bool:
        return self.ended_at is not None or self.until_on < today

    def term(self, zone: tzinfo) -> Term:
        return Term(
            delegation_id=self.delegation_id,
            delegate_id=self.delegate_id,
            role=self.role,
            place_id=self.place_id,
            from_on=self.from_on,
            until_on=self.until_on,
            ended_on=self.ended_at.astimezone(zone).date() if self.ended_at else None,
        )


_HELD = """
SELECT delegation.delegation_id, delegation.delegate_id, person.display_name, delegation.role, delegation.place_id,
       clinic.name AS clinic, partnership.name AS pharmacy, delegation.decision_id, delegation.from_on,
       delegation.until_on, delegation.ended_at
FROM delegation
JOIN person ON person.person_id = delegation.delegate_id
JOIN clinic ON clinic.clinic_id = delegation.clinic_id
LEFT JOIN partnership ON partnership.clinic_id = delegation.clinic_id
    AND partnership.pharmacy_id = delegation.place_id
"""
HELD_BY = (
    _HELD
    + """
WHERE delegation.clinic_id = $1 AND delegation.delegate_id = ANY($2)
ORDER BY delegation.until_on, delegation.delegation_id
"""
)
HELD_BY_ME = (
    _HELD
    + """
WHERE delegation.delegate_id = $1 AND delegation.until_on >= $2 AND delegation.ended_at IS NULL
ORDER BY clinic.name, delegation.until_on, delegation.delegation_id
"""
)
HELD_BY_DECISION = (
    _HELD
    + """
WHERE delegation.clinic_id = $1 AND delegation.decision_id = $2 AND delegation.until_on >= $3
    AND delegation.ended_at IS NULL
ORDER BY person.display_name, delegation.until_on, delegation.delegation_id
LIMIT $4
"""
)
HELD_OF_LATE = (
    _HELD
    + """
WHERE delegation.clinic_id = $1 AND delegation.until_on >= $2
ORDER BY delegation.until_on, delegation.delegation_id
"""
)
# Those who hold something, now or later; or all who ever did; or just those who are named.
_PEOPLE = """
FROM person
WHERE EXISTS (
        SELECT
        FROM delegation
        WHERE delegation.delegate_id = person.person_id
            AND delegation.clinic_id = $1
            AND ($3 OR (delegation.ended_at IS NULL AND delegation.until_on >= $2))
    )
    AND ($4::uuid[] IS NULL OR person.person_id = ANY($4))
"""
PEOPLE = (
    "SELECT person.person_id, person.sign_in_name, person.display_name"
    + _PEOPLE
    + "ORDER BY person.display_name, person.person_id LIMIT $5 OFFSET $6"
)
COUNT_PEOPLE = "SELECT count(*)::int" + _PEOPLE
_DECISION = """
SELECT decision_id, body, text, decided_on, consensus, votes_for, votes_against, votes_blank, dissent,
       reevaluate_on, recorded_by, recorded_at, reevaluates,
       (
           SELECT later.decision_id
           FROM decision AS later
           WHERE later.clinic_id = decision.clinic_id AND later.reevaluates = decision.decision_id
           ORDER BY later.decided_on DESC, later.decision_id DESC
           LIMIT 1
       ) AS looked_at_by
FROM decision
"""
ONE_DECISION = _DECISION + "WHERE clinic_id = $1 AND decision_id = $2"
DECISIONS = (
    _DECISION + "WHERE clinic_id = $1 ORDER BY decided_on DESC, recorded_at DESC, decision_id DESC LIMIT $2 OFFSET $3"
)
_DUE = """
WHERE clinic_id = $1
    AND reevaluate_on <= $2
    AND NOT EXISTS (
        SELECT
        FROM decision AS later
        WHERE later.clinic_id = decision.clinic_id AND later.reevaluates = decision.decision_id
    )
"""
DECISIONS_DUE = _DECISION + _DUE + "ORDER BY reevaluate_on, decision_id LIMIT $3 OFFSET $4"
COUNTS = """
SELECT
    (
        SELECT count(DISTINCT delegate_id)
        FROM delegation
        WHERE clinic_id = $1 AND ended_at IS NULL AND from_on <= $2 AND until_on >= $2
    )::int AS people,
    (SELECT count(*) FROM decision WHERE clinic_id = $1)::int AS decisions,
    (SELECT count(*) FROM decision WHERE_DUE)::int AS decisions_due,
    (
        SELECT count(*)
        FROM partnership
        WHERE clinic_id = $1 AND from_on <= $2 AND (until_on IS NULL OR until_on >= $2)
    )::int AS pharmacies
""".replace("WHERE_DUE", _DUE)


class Counts(Struct, frozen=True, kw_only=True):
    people: int
    decisions: int
    decisions_due: int
    pharmacies: int


class ShownDecision(DecisionRow, frozen=True, kw_only=True):
    """`looked_at_by`: the later decision that looked at this one again."""

    looked_at_by: UUID | None

    def is_due(self, today: date) -> bool:
        return self.looked_at_by is None and self.reevaluate_on <= today


async def held_by(tx: Transaction, person_ids: Sequence[UUID]) -> list[Held]:
    """What these people hold or held at the clinic; what ends first on top."""
    return [Held(**dict(row)) for row in await tx.sql.fetch(HELD_BY, tx.clinic_id, list(person_ids))]


async def held_by_me(tx: Transaction) -> list[Held]:
    """What somebody holds, now or later, at every clinic."""
    return [Held(**dict(row)) for row in await tx.sql.fetch(HELD_BY_ME, tx.person_id, tx.today)]


async def held_by_decision(tx: Transaction, decision_id: UUID, most: int) -> list[Held]:
    rows = await tx.sql.fetch(HELD_BY_DECISION, tx.clinic_id, decision_id, tx.today, most)
    return [Held(**dict(row)) for row in rows]


async def held_of_late(tx: Transaction) -> list[Held]:
    """What ends within the last month or later."""
    return [Held(**dict(row)) for row in await tx.sql.fetch(HELD_OF_LATE, tx.clinic_id, tx.today - NEAR)]


async def people(
    tx: Transaction, page: int, *, ever: bool = False, only: Sequence[UUID] | None = None
) -> tuple[list[PersonRow], int]:
    """A page of the clinic's people by name, and how many there are. `ever`: also who holds nothing any more."""
    asked = (tx.clinic_id, tx.today, ever, None if only is None else list(only))
    rows = await tx.sql.fetch(PEOPLE, *asked, A_PAGE, (page - 1) * A_PAGE)
    number: int | None = await tx.sql.fetchval(COUNT_PEOPLE, *asked)
    return [PersonRow(**dict(row)) for row in rows], number or 0


async def find_decision(tx: Transaction, decision_id: UUID) -> ShownDecision | None:
    row = await tx.sql.fetchrow(ONE_DECISION, tx.clinic_id, decision_id)
    return ShownDecision(**dict(row)) if row else None


async def decisions(tx: Transaction, page: int, most: int = A_PAGE) -> list[ShownDecision]:
    """A page of the clinic's decisions, the latest first."""
    rows = await tx.sql.fetch(DECISIONS, tx.clinic_id, most, (page - 1) * most)
    return [ShownDecision(**dict(row)) for row in rows]


async def decisions_due(tx: Transaction, page: int, most: int = A_PAGE) -> list[ShownDecision]:
    """A page of those whose day of re-evaluation has come, the oldest first."""
    rows = await tx.sql.fetch(DECISIONS_DUE, tx.clinic_id, tx.today, most, (page - 1) * most)
    return [ShownDecision(**dict(row)) for row in rows]


async def counts(tx: Transaction) -> Counts:
    row = await tx.sql.fetchrow(COUNTS, tx.clinic_id, tx.today)
    assert row is not None
    return Counts(**dict(row))
