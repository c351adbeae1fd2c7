"""Therapy lines with what has been supplied of them."""

from datetime import date
from uuid import UUID

import msgspec

from services.dispense.rules import Schedule
from services.dispense.rules.planning import OwedBefore, Plan, following
from shared.database import Transaction
from shared.exact import fraction_of

# Every line in force, and those that it follows, with what has been supplied of it; supply that a visit of this same
# day gave counts too, and what is prepared for an earlier day that is still to come.
PLANS = """
WITH coming AS (
    -- What will be supplied on days from today to the day before; and of who was served in part, what is being
    -- made up: it lies at the counter, or stock is asked for it.
    SELECT visit_line.therapy_line_id, coalesce(visit_line.tops_up, visit_line.supply_id) AS tops_up,
           visit_line.through_on
    FROM pharmacy_day
    JOIN visit USING (day_id)
    JOIN visit_line USING (visit_id)
    WHERE pharmacy_day.clinic_id = $1 AND pharmacy_day.state = 'open'
        AND pharmacy_day.day_on >= $4 AND pharmacy_day.day_on < $3
        AND visit_line.state <> 'dropped'
        AND (
            visit.state = 'expected'
            OR visit.state = 'served' AND (
                visit_line.state = 'asked'
                OR EXISTS (
                    SELECT
                    FROM escrow
                    WHERE escrow.line_id = visit_line.line_id
                        AND escrow.reserved_units > escrow.given_units + escrow.released_units
                )
            )
        )
)
SELECT therapy_line.patient_id, therapy_line.therapy_line_id, therapy_line.product_id,
       CASE
           WHEN therapy_line.only_this_product THEN 'product:' || therapy_line.product_id
           ELSE coalesce(product_override.substitution_group, product.substitution_group)
       END AS substitution_group,
       coalesce((product.facts ->> 'content_per_unit')::integer, 1) AS content_per_unit,
       therapy_line.per_intake, therapy_line.schedule::text AS schedule, therapy_line.starts_on,
       therapy_line.until_on, therapy_line.follows, patient.cycle_days,
       greatest(supplied.covered_through, prepared.covered_through) AS covered_through,
       open_owed.supply_id AS owed_supply_id, open_owed.units AS owed_units, open_owed.through_on AS owed_through_on
FROM therapy_line
JOIN patient ON patient.patient_id = therapy_line.patient_id
JOIN product ON product.product_id = therapy_line.product_id
LEFT JOIN product_override
    ON product_override.product_id = product.product_id AND product_override.clinic_id = $1
LEFT JOIN LATERAL (
    SELECT max(upper(supply.days) - 1) AS covered_through
    FROM supply
    WHERE supply.therapy_line_id = therapy_line.therapy_line_id AND supply.voided_at IS NULL
) AS supplied ON true
LEFT JOIN LATERAL (
    SELECT max(coming.through_on) AS covered_through
    FROM coming
    WHERE coming.therapy_line_id = therapy_line.therapy_line_id AND coming.tops_up IS NULL
) AS prepared ON true
LEFT JOIN LATERAL (
    SELECT owed.supply_id, owed.units, upper(supply.days) - 1 AS through_on
    FROM owed
    JOIN supply USING (supply_id)
    WHERE supply.therapy_line_id = therapy_line.therapy_line_id AND owed.state = 'open' AND upper(supply.days) > $3
        AND owed.supply_id NOT IN (SELECT coming.tops_up FROM coming WHERE coming.tops_up IS NOT NULL)
    ORDER BY lower(supply.days)
    LIMIT 1
) AS open_owed ON true
WHERE therapy_line.clinic_id = $1
    AND patient.forgotten_at IS NULL
    AND ($2::uuid IS NULL OR therapy_line.patient_id = $2)
    AND (
        therapy_line.until_on IS NULL
        OR therapy_line.until_on >= $3
        OR EXISTS (SELECT FROM therapy_line AS later WHERE later.follows = therapy_line.therapy_line_id)
    )
ORDER BY therapy_line.patient_id, therapy_line.therapy_line_id
"""


# Made once: for a choice of types it takes longer to make than a plan to read.
_SCHEDULE = msgspec.json.Decoder(Schedule)


async def plans(tx: Transaction, day_on: date, patient_id: UUID | None = None) -> list[Plan]:
    """All plans in force on a day or later, or one patient's."""
    found: dict[UUID, Plan] = {}
    for row in await tx.sql.fetch(PLANS, tx.clinic_id, patient_id, day_on, tx.today):
        owed = None
        if row["owed_supply_id"] is not None:
            owed = OwedBefore(
                supply_id=row["owed_supply_id"], units=row["owed_units"], through_on=row["owed_through_on"]
            )
        plan = Plan(
            patient_id=row["patient_id"],
            therapy_line_id=row["therapy_line_id"],
            product_id=row["product_id"],
            substitution_group=row["substitution_group"],
            content_per_unit=row["content_per_unit"],
            per_intake=fraction_of(row["per_intake"]),
            schedule=_SCHEDULE.decode(row["schedule"]),
            starts_on=row["starts_on"],
            until_on=row["until_on"],
            cycle_days=row["cycle_days"],
            covered_through=row["covered_through"],
            owed=owed,
        )
        # A line is made after the one that it follows, and its id with it.
        before = found.get(row["follows"])
        found[plan.therapy_line_id] = plan if before is None else following(before, plan)
    return [plan for plan in found.values() if plan.until_on is None or plan.until_on >= day_on]
