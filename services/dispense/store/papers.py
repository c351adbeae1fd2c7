"""What stands on a day's papers: what to take from which shelf, and what each bag's labels say."""

from datetime import date
from uuid import UUID

import msgspec
from msgspec import Struct

from services.dispense.rules import Schedule
from shared.database import Transaction


class Pick(Struct, frozen=True, kw_only=True):
    """Units of one lot to be taken from one place."""

    place: str | None
    product_id: UUID
    product_name: str
    batch: str | None
    expires_on: date
    opened: bool
    units: int


# What has been given is no longer on the shelf; what stock told of one lot to several lines is one row.
PICKS = """
SELECT escrow.place, escrow.product_id, escrow.product_name, escrow.batch, escrow.expires_on, escrow.opened,
       sum(escrow.reserved_units - escrow.given_units - escrow.released_units)::integer AS units
FROM escrow
JOIN visit_line USING (line_id)
JOIN visit USING (visit_id)
WHERE escrow.clinic_id = $1 AND visit.day_id = $2 AND visit_line.state <> 'dropped'
GROUP BY escrow.lot_id, escrow.place, escrow.product_id, escrow.product_name, escrow.batch, escrow.expires_on,
         escrow.opened
HAVING sum(escrow.reserved_units - escrow.given_units - escrow.released_units) > 0
ORDER BY escrow.place NULLS LAST, escrow.product_name, escrow.expires_on, escrow.batch
"""


async def picks_of_day(tx: Transaction, day_id: UUID) -> list[Pick]:
    return [Pick(**dict(row)) for row in await tx.sql.fetch(PICKS, tx.clinic_id, day_id)]


class LabelRow(Struct, frozen=True, kw_only=True):
    """One lot of one line: a pack, or part of one, that gets a label of its own."""

    patient_id: UUID
    line_id: UUID
    product_id: UUID
    product_name: str
    batch: str | None
    expires_on: date
    units: int
    per_intake: str
    schedule: Schedule


LABELS = """
SELECT visit.patient_id, escrow.line_id, escrow.product_id, escrow.product_name, escrow.batch, escrow.expires_on,
       escrow.reserved_units - escrow.released_units AS units, therapy_line.per_intake,
       therapy_line.schedule::text AS schedule
FROM escrow
JOIN visit_line USING (line_id)
JOIN visit USING (visit_id)
JOIN therapy_line USING (therapy_line_id)
WHERE escrow.clinic_id = $1 AND visit.day_id = $2 AND visit_line.state <> 'dropped'
    AND escrow.reserved_units > escrow.released_units
ORDER BY visit.patient_id, escrow.line_id, escrow.expires_on, escrow.lot_id
"""


async def labels_of_day(tx: Transaction, day_id: UUID) -> list[LabelRow]:
    rows = await tx.sql.fetch(LABELS, tx.clinic_id, day_id)
    return [LabelRow(**{**dict(row), "schedule": msgspec.json.decode(row["schedule"], type=Schedule)}) for row in rows]


class ClinicHead(Struct, frozen=True, kw_only=True):
    name: str
    phone: str | None


CLINIC = "SELECT name, phone FROM clinic WHERE clinic_id = $1"


async def clinic(tx: Transaction) -> ClinicHead:
    row = await tx.sql.fetchrow(CLINIC, tx.clinic_id)
    assert row is not None, "a delegation at the clinic came after the clinic itself"
    return ClinicHead(name=row["name"], phone=row["phone"])
