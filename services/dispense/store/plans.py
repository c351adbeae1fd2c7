"""Therapy lines with what has been supplied of them."""

from datetime import date
from fractions import Fraction
from uuid import UUID

import asyncpg
import msgspec
from msgspec.structs import replace

from services.dispense.rules import Schedule
from services.dispense.rules.carrying import CARRIED_DAYS, carried_over
from services.dispense.rules.plan import OwedBefore, Plan, Supplied
from shared.database import Transaction
from shared.exact import fraction_of

COMING = """
WITH coming AS (
    -- What will be supplied on days from today to the day before; and of who was served in part, what is being
    -- made up: it lies at the counter, or stock is asked for it.
    SELECT visit_line.therapy_line_id, coalesce(visit_line.tops_up, visit_line.supply_id) AS tops_up,
           visit_line.from_on, visit_line.through_on, visit_line.content_needed,
           visit_line.short_units * visit_line.content_per_unit AS short_content
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
"""
# Every line in force, and those that ended not long ago, with what has been supplied of it; supply that a visit of this
# same day gave counts too, and what is prepared for an earlier day that is still to come.
PLANS = (
    COMING
    + """
SELECT therapy_line.patient_id, therapy_line.therapy_line_id, therapy_line.product_id,
       CASE
           WHEN therapy_line.only_this_product THEN 'product:' || therapy_line.product_id
           ELSE coalesce(product_override.substitution_group, product.substitution_group)
       END AS substitution_group,
       coalesce(product_override.substitution_group, product.substitution_group) AS medicine,
       coalesce((product.facts ->> 'content_per_unit')::integer, 1) AS content_per_unit,
       therapy_line.per_intake, therapy_line.schedule::text AS schedule, therapy_line.starts_on,
       therapy_line.until_on, therapy_line.follows, patient.cycle_days,
       greatest(supplied.covered_through, prepared.covered_through) AS covered_through,
       open_owed.supply_id AS owed_supply_id, open_owed.units AS owed_units, open_owed.through_on AS owed_through_on,
       handed.given_on AS handed_on, handed.content AS handed_content
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
LEFT JOIN LATERAL (
    SELECT array_agg(pharmacy_day.day_on ORDER BY dispensed.dispensed_id) AS given_on,
           array_agg(dispensed.units * coalesce((product.facts ->> 'content_per_unit')::integer, 1)
                     ORDER BY dispensed.dispensed_id) AS content
    FROM dispensed
    JOIN visit USING (visit_id)
    JOIN pharmacy_day USING (day_id)
    JOIN escrow USING (line_id, lot_id)
    JOIN product ON product.product_id = escrow.product_id
    WHERE dispensed.supply_id = open_owed.supply_id AND dispensed.undone_at IS NULL
) AS handed ON true
WHERE therapy_line.clinic_id = $1
    AND patient.forgotten_at IS NULL
    AND ($2::uuid IS NULL OR therapy_line.patient_id = $2)
    AND (therapy_line.until_on IS NULL OR therapy_line.until_on >= $3::date - $5::integer)
ORDER BY therapy_line.patient_id, therapy_line.therapy_line_id
"""
)

# For which days what was given or lies ready, of patients with a line that has ended not long ago.
SUPPLIED = (
    COMING
    + """
SELECT supply.therapy_line_id, lower(supply.days) AS from_on, upper(supply.days) - 1 AS through_on,
       (
           SELECT coalesce(sum(dispensed.units * coalesce((product.facts ->> 'content_per_unit')::integer, 1)), 0)
           FROM dispensed
           JOIN escrow USING (line_id, lot_id)
           JOIN product ON product.product_id = escrow.product_id
           WHERE dispensed.supply_id = supply.supply_id AND dispensed.undone_at IS NULL
       )::text AS content, 0 AS short_content
FROM supply
WHERE supply.patient_id = ANY($2) AND supply.voided_at IS NULL AND upper(supply.days) > $3::date - $5::integer
UNION ALL
SELECT coming.therapy_line_id, coming.from_on, coming.through_on, coming.content_needed, coming.short_content
FROM coming
JOIN therapy_line USING (therapy_line_id)
WHERE therapy_line.patient_id = ANY($2)
ORDER BY therapy_line_id, from_on
"""
)


# Made once: for a choice of types it takes longer to make than a plan to read.
_SCHEDULE = msgspec.json.Decoder(Schedule)


async def plans(tx: Transaction, day_on: date, patient_id: UUID | None = None) -> list[Plan]:
    """All plans in force on a day or later, or one patient's."""
    rows = await tx.sql.fetch(PLANS, tx.clinic_id, patient_id, day_on, tx.today, CARRIED_DAYS)
    found = {row["therapy_line_id"]: _plan(row) for row in rows}
    ended = {plan.patient_id for plan in found.values() if plan.until_on is not None}
    if ended:
        for row in await tx.sql.fetch(SUPPLIED, tx.clinic_id, list(ended), day_on, tx.today, CARRIED_DAYS):
            plan = found.get(row["therapy_line_id"])
            if plan is not None:
                found[plan.therapy_line_id] = replace(plan, supplied=(*plan.supplied, _supplied(plan, row)))
    return [plan for plan in carried_over([*found.values()]) if plan.until_on is None or plan.until_on >= day_on]


async def covered_through(tx: Transaction, patient_id: UUID) -> dict[UUID, date]:
    """Through which day each line that is in force is supplied, by what was given of it or is left of another."""
    covered = {plan.therapy_line_id: plan.covered_through for plan in await plans(tx, tx.today, patient_id)}
    return {line_id: day_on for line_id, day_on in covered.items() if day_on is not None}


def _plan(row: asyncpg.Record) -> Plan:
    owed = None
    if row["owed_supply_id"] is not None:
        handed = zip(row["handed_on"] or (), row["handed_content"] or (), strict=True)
        owed = OwedBefore(
            supply_id=row["owed_supply_id"],
            units=row["owed_units"],
            through_on=row["owed_through_on"],
            handed=tuple((given_on, Fraction(content)) for given_on, content in handed),
        )
    return Plan(
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
        medicine=row["medicine"],
        changed_from=row["follows"],
    )


def _supplied(plan: Plan, row: asyncpg.Record) -> Supplied:
    """At most what its days need: of a bottle that is opened for a week the rest is no supply."""
    from_on, through_on = row["from_on"], row["through_on"]
    content = fraction_of(row["content"]) - row["short_content"]
    return Supplied(from_on=from_on, through_on=through_on, content=min(content, plan.content(from_on, through_on)))
