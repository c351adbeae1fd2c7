"""Transfers and the ledger: what was set apart, shipped, counted and settled is what moved, on each side.

Each comparison is of one clinic with itself, so it also holds for transfers with clinics of other cells.
"""

from collections.abc import AsyncGenerator

from deploy.check.on_the_way import OnTheWay
from deploy.check.reading import Reading, rows
from deploy.check.report import Difference, Kind, in_words

# The side's own id is the reference of its reservation, and the cause of its movements.
RESERVED = """
SELECT coalesce(agreed.clinic_id, held.clinic_id) AS clinic_id, agreed.transfer_id, reference, lot_id, agreed.state,
       agreed.units AS agreed_units, held.units, held.taken_units, held.released_units
FROM (
    SELECT transfer.clinic_id, transfer.transfer_id, transfer.state, transfer.side_id AS reference,
           transfer_lot.lot_id, sum(transfer_lot.shipped_units) AS units
    FROM transfer
    JOIN transfer_lot USING (clinic_id, transfer_id)
    WHERE transfer.side = 'sending'
    GROUP BY transfer.clinic_id, transfer.transfer_id, transfer_lot.lot_id
) AS agreed
FULL JOIN (
    SELECT clinic_id, reference, lot_id, units, taken_units, released_units
    FROM reservation
    WHERE holder = 'transfer'
) AS held USING (reference, lot_id)
WHERE agreed.units IS DISTINCT FROM held.units
    OR held.taken_units <> CASE WHEN agreed.state IN ('shipped', 'received', 'closed') THEN agreed.units ELSE 0 END
    OR held.released_units <> CASE WHEN agreed.state = 'declined' THEN agreed.units ELSE 0 END
"""


async def compare_reserved(reading: Reading, _way: OnTheWay) -> AsyncGenerator[Difference, None]:
    """What is agreed is reserved, what is shipped was taken out, what is declined went back."""
    async for row in rows(reading.stock, RESERVED):
        held = in_words(units=row["units"], taken=row["taken_units"], released=row["released_units"])
        yield Difference(
            kind=Kind.TRANSFER_RESERVED,
            clinic_id=row["clinic_id"],
            lot_id=row["lot_id"],
            reference=row["reference"],
            transfer_id=row["transfer_id"],
            one_side=f"the transfer: {in_words(state=row['state'], units=row['agreed_units'])}",
            other_side=f"the reservation: {held}",
        )


IN_TRANSIT = """
SELECT lot.clinic_id, lot.lot_id, lot.in_transit, coalesce(away.units, 0) AS away
FROM lot
LEFT JOIN (
    SELECT transfer_lot.lot_id,
           sum(CASE transfer.state
               WHEN 'shipped' THEN transfer_lot.shipped_units
               WHEN 'received'
                   THEN greatest(0, transfer_lot.shipped_units - coalesce(transfer_lot.counted_units, 0))
               ELSE 0
           END) AS units
    FROM transfer
    JOIN transfer_lot USING (clinic_id, transfer_id)
    WHERE transfer.side = 'sending'
    GROUP BY transfer_lot.lot_id
) AS away USING (lot_id)
WHERE lot.in_transit <> coalesce(away.units, 0)
"""


async def compare_in_transit(reading: Reading, _way: OnTheWay) -> AsyncGenerator[Difference, None]:
    """Shipped and not yet counted, or counted fewer and not yet settled."""
    async for row in rows(reading.stock, IN_TRANSIT):
        yield Difference(
            kind=Kind.IN_TRANSIT,
            clinic_id=row["clinic_id"],
            lot_id=row["lot_id"],
            one_side=f"the balance in_transit is {row['in_transit']}",
            other_side=f"its transfers have {row['away']} on the way or missing",
        )


SENT = """
SELECT coalesce(told.clinic_id, moved.clinic_id) AS clinic_id, told.transfer_id, reference, lot_id, told.state,
       told.shipped, told.sent, told.settled, moved.shipped AS moved_shipped, moved.sent AS moved_sent,
       moved.settled AS moved_settled
FROM (
    SELECT
        transfer.clinic_id, transfer.transfer_id, transfer.state, transfer.side_id AS reference, transfer_lot.lot_id,
        sum(transfer_lot.shipped_units) AS shipped,
        sum(CASE WHEN transfer.state IN ('received', 'closed')
            THEN least(coalesce(transfer_lot.counted_units, 0), transfer_lot.shipped_units) ELSE 0 END) AS sent,
        sum(CASE WHEN transfer.state = 'closed'
            THEN greatest(transfer_lot.shipped_units - coalesce(transfer_lot.counted_units, 0), 0) ELSE 0 END)
            AS settled
    FROM transfer
    JOIN transfer_lot USING (clinic_id, transfer_id)
    WHERE transfer.side = 'sending' AND transfer.state IN ('shipped', 'received', 'closed')
    GROUP BY transfer.clinic_id, transfer.transfer_id, transfer_lot.lot_id
) AS told
FULL JOIN (
    SELECT
        clinic_id, cause_id AS reference, lot_id,
        sum(CASE 'reserved' WHEN from_account THEN units WHEN to_account THEN -units ELSE 0 END) AS shipped,
        sum(CASE 'sent' WHEN to_account THEN units WHEN from_account THEN -units ELSE 0 END) AS sent,
        sum(CASE
            WHEN to_account IN ('lost', 'quarantine') THEN units
            WHEN from_account IN ('lost', 'quarantine') THEN -units
            ELSE 0
        END) AS settled
    FROM movement
    WHERE from_account = 'in_transit' OR to_account = 'in_transit'
    GROUP BY clinic_id, cause_id, lot_id
) AS moved USING (reference, lot_id)
WHERE (told.shipped, told.sent, told.settled) IS DISTINCT FROM (moved.shipped, moved.sent, moved.settled)
"""


async def compare_sent(reading: Reading, _way: OnTheWay) -> AsyncGenerator[Difference, None]:
    async for row in rows(reading.stock, SENT):
        told = in_words(state=row["state"], shipped=row["shipped"], sent=row["sent"], settled=row["settled"])
        moved = in_words(shipped=row["moved_shipped"], sent=row["moved_sent"], settled=row["moved_settled"])
        yield Difference(
            kind=Kind.SENT,
            clinic_id=row["clinic_id"],
            lot_id=row["lot_id"],
            reference=row["reference"],
            transfer_id=row["transfer_id"],
            one_side=f"the transfer: {told}",
            other_side=f"the movements: {moved}",
        )


# Up to what was shipped is received, more is found. Other units are found in other ways, for no transfer's sake.
RECEIVED = """
SELECT coalesce(told.clinic_id, moved.clinic_id) AS clinic_id, told.transfer_id, reference, lot_id, told.received,
       told.found, moved.received AS moved_received, moved.found AS moved_found
FROM (
    SELECT transfer.clinic_id, transfer.transfer_id, transfer.side_id AS reference, transfer_lot.lot_id,
           sum(least(transfer_lot.counted_units, transfer_lot.shipped_units)) AS received,
           sum(greatest(transfer_lot.counted_units - transfer_lot.shipped_units, 0)) AS found
    FROM transfer
    JOIN transfer_lot USING (clinic_id, transfer_id)
    WHERE transfer.side = 'asking'
        AND transfer.state IN ('received', 'closed')
        AND coalesce(transfer_lot.counted_units, 0) > 0
    GROUP BY transfer.clinic_id, transfer.transfer_id, transfer_lot.lot_id
) AS told
FULL JOIN (
    SELECT
        clinic_id, cause_id AS reference, lot_id,
        sum(CASE 'received_from_clinic' WHEN from_account THEN units WHEN to_account THEN -units ELSE 0 END)
            AS received,
        sum(CASE 'found' WHEN from_account THEN units WHEN to_account THEN -units ELSE 0 END) AS found
    FROM movement
    WHERE from_account = 'received_from_clinic'
        OR to_account = 'received_from_clinic'
        OR (
            (from_account = 'found' OR to_account = 'found')
            AND cause_id IN (SELECT side_id FROM transfer WHERE side = 'asking')
        )
    GROUP BY clinic_id, cause_id, lot_id
) AS moved USING (reference, lot_id)
WHERE (told.received, told.found) IS DISTINCT FROM (moved.received, moved.found)
"""


async def compare_received(reading: Reading, _way: OnTheWay) -> AsyncGenerator[Difference, None]:
    async for row in rows(reading.stock, RECEIVED):
        yield Difference(
            kind=Kind.RECEIVED,
            clinic_id=row["clinic_id"],
            lot_id=row["lot_id"],
            reference=row["reference"],
            transfer_id=row["transfer_id"],
            one_side=f"the count: {in_words(received=row['received'], found=row['found'])}",
            other_side=f"the movements: {in_words(received=row['moved_received'], found=row['moved_found'])}",
        )
