"""Visits: who comes on a day, and how it went."""

from datetime import date
from typing import Literal
from uuid import UUID

from msgspec import Struct

from shared.database import Transaction

VisitState = Literal["expected", "served", "not_come"]


class VisitRow(Struct, frozen=True, kw_only=True):
    visit_id: UUID
    patient_id: UUID
    day_on: date
    day_state: Literal["open", "closed"]
    state: VisitState
    walk_in: bool


_VISIT = """
SELECT visit.visit_id, visit.patient_id, pharmacy_day.day_on, pharmacy_day.state AS day_state, visit.state,
       visit.walk_in
FROM visit
JOIN pharmacy_day USING (day_id)
"""
FIND_VISIT = _VISIT + "WHERE visit.clinic_id = $1 AND visit.visit_id = $2"
LOCK_VISIT = FIND_VISIT + " FOR UPDATE OF visit"
VISIT_OF_PATIENT = _VISIT + "WHERE visit.clinic_id = $1 AND visit.patient_id = $2 AND pharmacy_day.day_on = $3"


async def find_visit(tx: Transaction, visit_id: UUID, *, lock: bool = False) -> VisitRow | None:
    row = await tx.sql.fetchrow(LOCK_VISIT if lock else FIND_VISIT, tx.clinic_id, visit_id)
    return VisitRow(**dict(row)) if row else None


async def visit_of_patient(tx: Transaction, patient_id: UUID, day_on: date) -> VisitRow | None:
    row = await tx.sql.fetchrow(VISIT_OF_PATIENT, tx.clinic_id, patient_id, day_on)
    return VisitRow(**dict(row)) if row else None


VISITS_OF_DAY = (
    _VISIT
    + """
WHERE visit.clinic_id = $1
    AND visit.day_id = $2
    AND EXISTS (
        SELECT FROM visit_line WHERE visit_line.visit_id = visit.visit_id AND visit_line.state <> 'dropped'
    )
ORDER BY visit.patient_id
"""
)


async def visits_of_day(tx: Transaction, day_id: UUID) -> list[VisitRow]:
    return [VisitRow(**dict(row)) for row in await tx.sql.fetch(VISITS_OF_DAY, tx.clinic_id, day_id)]


ADD_VISITS = """
INSERT INTO visit (visit_id, clinic_id, day_id, patient_id, walk_in)
SELECT visit_id, $1, $2, patient_id, $5
FROM unnest($3::uuid[], $4::uuid[]) AS given (visit_id, patient_id)
ON CONFLICT (day_id, patient_id) DO UPDATE SET walk_in = excluded.walk_in WHERE excluded.walk_in
"""
PATIENTS_OF_DAY = "SELECT visit_id, patient_id FROM visit WHERE clinic_id = $1 AND day_id = $2"


async def add_visits(
    tx: Transaction, day_id: UUID, visits: dict[UUID, UUID], *, walk_in: bool = False
) -> dict[UUID, UUID]:
    """Visits for patients ({patient: new visit id}); returns every visit of the day by patient."""
    await tx.sql.execute(ADD_VISITS, tx.clinic_id, day_id, list(visits.values()), list(visits.keys()), walk_in)
    rows = await tx.sql.fetch(PATIENTS_OF_DAY, tx.clinic_id, day_id)
    return {row["patient_id"]: row["visit_id"] for row in rows}


SET_VISIT = "UPDATE visit SET state = $3 WHERE clinic_id = $1 AND visit_id = $2"


async def set_visit_state(tx: Transaction, visit_id: UUID, state: VisitState) -> None:
    await tx.sql.execute(SET_VISIT, tx.clinic_id, visit_id, state)


NOT_COME = "UPDATE visit SET state = 'not_come' WHERE clinic_id = $1 AND day_id = $2 AND state = 'expected'"


async def mark_not_come(tx: Transaction, day_id: UUID) -> None:
    await tx.sql.execute(NOT_COME, tx.clinic_id, day_id)


NOT_LET_IN = "UPDATE visit SET walk_in = false WHERE clinic_id = $1 AND visit_id = $2"
EXPECT_AGAIN = "UPDATE visit SET state = 'expected' WHERE clinic_id = $1 AND day_id = $2 AND state = 'not_come'"


async def expect_again(tx: Transaction, day_id: UUID) -> None:
    """Whoever was noted as not come may come after all."""
    await tx.sql.execute(EXPECT_AGAIN, tx.clinic_id, day_id)


async def forget_walk_in(tx: Transaction, visit_id: UUID) -> None:
    """Nothing of a walk-in is left: whatever is prepared for the visit later is as for anybody expected."""
    await tx.sql.execute(NOT_LET_IN, tx.clinic_id, visit_id)
