"""The ledger against itself: balances and movements, reservations and what they hold."""

from collections.abc import AsyncGenerator

from deploy.check.on_the_way import OnTheWay
from deploy.check.reading import Reading, rows
from deploy.check.report import Difference, Kind, in_words

# Every movement of every lot replayed. Sources count what left them, the others what came in; a reversal takes
# back. Forward, a movement out of `recast` is a source of its lot and one into `recast` an end.
BALANCES = """
SELECT lot.clinic_id, lot.lot_id, side.account, side.balance, coalesce(side.moved, 0) AS moved,
       coalesce(replayed.movements, 0) AS movements
FROM lot
LEFT JOIN (
    SELECT
        lot_id,
        count(*) AS movements,
        sum(CASE 'donated' WHEN from_account THEN units WHEN to_account THEN -units END) AS donated,
        sum(CASE 'received_from_clinic' WHEN from_account THEN units WHEN to_account THEN -units END)
            AS received_from_clinic,
        sum(CASE 'found' WHEN from_account THEN units WHEN to_account THEN -units END) AS found,
        sum(CASE
            WHEN from_account = 'recast' AND reverses IS NULL THEN units
            WHEN to_account = 'recast' AND reverses IS NOT NULL THEN -units
        END) AS recast_in,
        sum(CASE 'quarantine' WHEN to_account THEN units WHEN from_account THEN -units END) AS quarantine,
        sum(CASE 'shelf' WHEN to_account THEN units WHEN from_account THEN -units END) AS shelf,
        sum(CASE 'reserved' WHEN to_account THEN units WHEN from_account THEN -units END) AS reserved,
        sum(CASE 'in_transit' WHEN to_account THEN units WHEN from_account THEN -units END) AS in_transit,
        sum(CASE 'dispensed' WHEN to_account THEN units WHEN from_account THEN -units END) AS dispensed,
        sum(CASE 'sent' WHEN to_account THEN units WHEN from_account THEN -units END) AS sent,
        sum(CASE 'expired' WHEN to_account THEN units WHEN from_account THEN -units END) AS expired,
        sum(CASE 'destroyed' WHEN to_account THEN units WHEN from_account THEN -units END) AS destroyed,
        sum(CASE 'lost' WHEN to_account THEN units WHEN from_account THEN -units END) AS lost,
        sum(CASE
            WHEN to_account = 'recast' AND reverses IS NULL THEN units
            WHEN from_account = 'recast' AND reverses IS NOT NULL THEN -units
        END) AS recast_out
    FROM movement
    GROUP BY lot_id
) AS replayed USING (lot_id)
CROSS JOIN LATERAL (
    VALUES
        ('donated', lot.donated, replayed.donated),
        ('received_from_clinic', lot.received_from_clinic, replayed.received_from_clinic),
        ('found', lot.found, replayed.found),
        ('recast_in', lot.recast_in, replayed.recast_in),
        ('quarantine', lot.quarantine, replayed.quarantine),
        ('shelf', lot.shelf, replayed.shelf),
        ('reserved', lot.reserved, replayed.reserved),
        ('in_transit', lot.in_transit, replayed.in_transit),
        ('dispensed', lot.dispensed, replayed.dispensed),
        ('sent', lot.sent, replayed.sent),
        ('expired', lot.expired, replayed.expired),
        ('destroyed', lot.destroyed, replayed.destroyed),
        ('lost', lot.lost, replayed.lost),
        ('recast_out', lot.recast_out, replayed.recast_out)
) AS side (account, balance, moved)
WHERE side.balance <> coalesce(side.moved, 0)
"""


async def compare_balances(reading: Reading, _way: OnTheWay) -> AsyncGenerator[Difference, None]:
    async for row in rows(reading.stock, BALANCES):
        moved = f"its {row['movements']} movements give {row['moved']}" if row["movements"] else "it has no movements"
        yield Difference(
            kind=Kind.LEDGER,
            clinic_id=row["clinic_id"],
            lot_id=row["lot_id"],
            subject=f"account {row['account']}",
            one_side=f"the balance is {row['balance']}",
            other_side=moved,
        )


REVERSALS = """
SELECT undoing.clinic_id, undoing.lot_id, undoing.movement_id, undoing.from_account, undoing.to_account,
       undoing.units, first.movement_id AS first_id, first.from_account AS first_from, first.to_account AS first_to,
       first.units AS first_units, first.lot_id AS first_lot_id
FROM movement AS undoing
JOIN movement AS first ON first.movement_id = undoing.reverses
WHERE first.reverses IS NOT NULL
    OR first.lot_id <> undoing.lot_id
    OR first.from_account <> undoing.to_account
    OR first.to_account <> undoing.from_account
    OR first.units <> undoing.units
"""


async def compare_reversals(reading: Reading, _way: OnTheWay) -> AsyncGenerator[Difference, None]:
    async for row in rows(reading.stock, REVERSALS):
        first = f"movement {row['first_id']} of lot {row['first_lot_id']}"
        yield Difference(
            kind=Kind.REVERSAL,
            clinic_id=row["clinic_id"],
            lot_id=row["lot_id"],
            subject=f"movement {row['movement_id']}",
            one_side=f"{row['units']} from {row['from_account']} to {row['to_account']}",
            other_side=f"{first}: {row['first_units']} from {row['first_from']} to {row['first_to']}",
        )


RECASTS = """
SELECT clinic_id, operation_id,
       coalesce(sum(units) FILTER (WHERE to_account = 'recast'), 0) AS out_of_lots,
       coalesce(sum(units) FILTER (WHERE from_account = 'recast'), 0) AS into_lots
FROM movement
WHERE from_account = 'recast' OR to_account = 'recast'
GROUP BY clinic_id, operation_id
HAVING sum(CASE 'recast' WHEN to_account THEN units ELSE -units END) <> 0
"""


async def compare_recasts(reading: Reading, _way: OnTheWay) -> AsyncGenerator[Difference, None]:
    async for row in rows(reading.stock, RECASTS):
        yield Difference(
            kind=Kind.RECAST,
            clinic_id=row["clinic_id"],
            subject=f"operation {row['operation_id']}",
            one_side=in_words(out_of_lots=row["out_of_lots"]),
            other_side=in_words(into_lots=row["into_lots"]),
        )


RESERVED = """
SELECT lot.clinic_id, lot.lot_id, lot.reserved, coalesce(held.units, 0) AS held
FROM lot
LEFT JOIN (
    SELECT lot_id, sum(units - taken_units - released_units) AS units
    FROM reservation
    GROUP BY lot_id
) AS held USING (lot_id)
WHERE lot.reserved <> coalesce(held.units, 0)
"""


async def compare_reserved(reading: Reading, _way: OnTheWay) -> AsyncGenerator[Difference, None]:
    async for row in rows(reading.stock, RESERVED):
        yield Difference(
            kind=Kind.RESERVED,
            clinic_id=row["clinic_id"],
            lot_id=row["lot_id"],
            one_side=f"the balance reserved is {row['reserved']}",
            other_side=f"its reservations hold {row['held']}",
        )


# Movements into and out of `reserved` name the reference that they were for. Out of it go units that their holder
# took (to whom they were given, or on their way to another clinic) and units that were sent back.
RESERVATIONS = """
SELECT coalesce(reservation.clinic_id, moved.clinic_id) AS clinic_id, reference, lot_id, reservation.units,
       reservation.taken_units AS taken, reservation.released_units AS released, moved.units AS moved_units,
       moved.taken AS moved_taken, moved.released AS moved_released
FROM reservation
FULL JOIN (
    SELECT
        clinic_id, cause_id AS reference, lot_id,
        sum(CASE
            WHEN to_account = 'reserved' AND reverses IS NULL THEN units
            WHEN from_account = 'reserved' AND reverses IS NOT NULL THEN -units
            ELSE 0
        END) AS units,
        sum(CASE
            WHEN to_account IN ('dispensed', 'in_transit') THEN units
            WHEN from_account IN ('dispensed', 'in_transit') THEN -units
            ELSE 0
        END) AS taken,
        sum(CASE
            WHEN to_account IN ('shelf', 'quarantine') AND reverses IS NULL THEN units
            WHEN from_account IN ('shelf', 'quarantine') AND reverses IS NOT NULL THEN -units
            ELSE 0
        END) AS released
    FROM movement
    WHERE from_account = 'reserved' OR to_account = 'reserved'
    GROUP BY clinic_id, cause_id, lot_id
) AS moved USING (reference, lot_id)
WHERE reservation.units IS DISTINCT FROM moved.units
    OR reservation.taken_units IS DISTINCT FROM moved.taken
    OR reservation.released_units IS DISTINCT FROM moved.released
"""


async def compare_reservation_movements(reading: Reading, _way: OnTheWay) -> AsyncGenerator[Difference, None]:
    async for row in rows(reading.stock, RESERVATIONS):
        held = in_words(units=row["units"], taken=row["taken"], released=row["released"])
        moved = in_words(units=row["moved_units"], taken=row["moved_taken"], released=row["moved_released"])
        yield Difference(
            kind=Kind.RESERVATION_MOVEMENTS,
            clinic_id=row["clinic_id"],
            lot_id=row["lot_id"],
            reference=row["reference"],
            one_side=f"the reservation: {held}",
            other_side=f"the movements: {moved}",
        )


SURPLUS = """
SELECT clinic_id, lot_id, surplus.units, lot.shelf
FROM surplus
JOIN lot USING (clinic_id, lot_id)
WHERE surplus.units > lot.shelf
"""


async def compare_surplus(reading: Reading, _way: OnTheWay) -> AsyncGenerator[Difference, None]:
    async for row in rows(reading.stock, SURPLUS):
        yield Difference(
            kind=Kind.SURPLUS,
            clinic_id=row["clinic_id"],
            lot_id=row["lot_id"],
            one_side=f"others were told of {row['units']}",
            other_side=f"on the shelf are {row['shelf']}",
        )
