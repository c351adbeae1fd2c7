"""Dispense against itself: what was given is what left the escrow, what the supplies count, and what is owed."""

from collections.abc import AsyncGenerator

from deploy.check.on_the_way import OnTheWay
from deploy.check.reading import Reading, rows
from deploy.check.report import Difference, Kind, in_words

GIVEN = """
SELECT coalesce(escrow.clinic_id, given.clinic_id) AS clinic_id, visit_line.reference, line_id, lot_id,
       escrow.given_units, given.units AS dispensed_units
FROM escrow
FULL JOIN (
    SELECT clinic_id, line_id, lot_id, sum(units) AS units
    FROM dispensed
    WHERE undone_at IS NULL
    GROUP BY clinic_id, line_id, lot_id
) AS given USING (line_id, lot_id)
LEFT JOIN visit_line USING (line_id)
WHERE coalesce(escrow.given_units, 0) <> coalesce(given.units, 0)
"""


async def compare_given(reading: Reading, _way: OnTheWay) -> AsyncGenerator[Difference, None]:
    async for row in rows(reading.dispense, GIVEN):
        yield Difference(
            kind=Kind.GIVEN,
            clinic_id=row["clinic_id"],
            lot_id=row["lot_id"],
            reference=row["reference"],
            subject=f"visit line {row['line_id']}",
            one_side=f"the escrow: {in_words(given=row['given_units'])}",
            other_side=f"handed to the patient: {in_words(units=row['dispensed_units'])}",
        )


SUPPLIES = """
SELECT supply.clinic_id, supply.supply_id, supply.given_units, coalesce(given.units, 0) AS dispensed_units
FROM supply
LEFT JOIN (
    SELECT supply_id, sum(units) AS units
    FROM dispensed
    WHERE undone_at IS NULL
    GROUP BY supply_id
) AS given USING (supply_id)
WHERE supply.given_units <> coalesce(given.units, 0)
"""


async def compare_supplies(reading: Reading, _way: OnTheWay) -> AsyncGenerator[Difference, None]:
    async for row in rows(reading.dispense, SUPPLIES):
        yield Difference(
            kind=Kind.SUPPLY,
            clinic_id=row["clinic_id"],
            subject=f"supply {row['supply_id']}",
            one_side=f"the supply: {in_words(given=row['given_units'])}",
            other_side=f"handed to the patient: {in_words(units=row['dispensed_units'])}",
        )


# Open: so many units were needed and not given, of a supply that still counts. Where something is missing it is
# owed, unless a person cancelled it or its days are over.
OWED = """
SELECT supply.clinic_id, supply.supply_id, supply.needed_units, supply.given_units,
       supply.voided_at IS NOT NULL AS voided, owed.units, owed.state
FROM supply
LEFT JOIN owed USING (supply_id)
WHERE CASE
    WHEN owed.state = 'open'
        THEN supply.voided_at IS NOT NULL OR owed.units <> supply.needed_units - supply.given_units
    ELSE supply.voided_at IS NULL
        AND supply.needed_units > supply.given_units
        AND coalesce(owed.state, 'given') IN ('given', 'undone')
END
"""


async def compare_owed(reading: Reading, _way: OnTheWay) -> AsyncGenerator[Difference, None]:
    async for row in rows(reading.dispense, OWED):
        supply = in_words(needed=row["needed_units"], given=row["given_units"])
        owed = in_words(units=row["units"], state=row["state"])
        yield Difference(
            kind=Kind.OWED,
            clinic_id=row["clinic_id"],
            subject=f"supply {row['supply_id']}",
            one_side=f"the supply: {supply}{', undone' if row['voided'] else ''}",
            other_side=f"owed: {owed}",
        )


# When a day is closed, a line dropped or a lot held, what is left goes back to stock in the same transaction.
ESCROW_LEFT = """
SELECT escrow.clinic_id, escrow.lot_id, visit_line.reference,
       escrow.reserved_units - escrow.given_units - escrow.released_units AS left_units,
       concat_ws(
           ', ',
           CASE WHEN pharmacy_day.state = 'closed' THEN 'the day ' || pharmacy_day.day_on || ' is closed' END,
           CASE WHEN visit_line.state = 'dropped' THEN 'the line is dropped' END,
           CASE WHEN lot_state.held_reason IS NOT NULL THEN 'the lot is held' END
       ) AS why
FROM escrow
JOIN visit_line USING (line_id)
JOIN visit USING (visit_id)
JOIN pharmacy_day USING (day_id)
LEFT JOIN lot_state USING (lot_id)
WHERE escrow.reserved_units > escrow.given_units + escrow.released_units
    AND (pharmacy_day.state = 'closed' OR visit_line.state = 'dropped' OR lot_state.held_reason IS NOT NULL)
"""


async def compare_escrow_left(reading: Reading, _way: OnTheWay) -> AsyncGenerator[Difference, None]:
    async for row in rows(reading.dispense, ESCROW_LEFT):
        yield Difference(
            kind=Kind.ESCROW_LEFT,
            clinic_id=row["clinic_id"],
            lot_id=row["lot_id"],
            reference=row["reference"],
            one_side=f"the escrow: {in_words(units_left=row['left_units'])}",
            other_side=row["why"],
        )
