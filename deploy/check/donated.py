"""Donations and stock: what was accepted is what came in, line by line and lot by lot."""

from collections import Counter
from collections.abc import AsyncGenerator
from datetime import date
from uuid import UUID

from deploy.check.on_the_way import OnTheWay
from deploy.check.reading import Reading, Row, paired, rows
from deploy.check.report import Difference, Kind

ACCEPTED = """
SELECT line_id, clinic_id, product_id, checked_batch AS batch, checked_expires_on AS expires_on,
       checked_opened AS opened, accepted_units AS units
FROM line
WHERE state = 'accepted'
ORDER BY line_id
"""
# A movement that names no line is set beside the nil id, which no line has.
DONATED = """
SELECT coalesce(movement.cause_id, '00000000-0000-0000-0000-000000000000') AS line_id, movement.clinic_id,
       movement.lot_id, lot.product_id, lot.batch, lot.expires_on, lot.opened, movement.units
FROM movement
JOIN lot USING (lot_id)
WHERE movement.from_account = 'donated' AND movement.reverses IS NULL
ORDER BY line_id
"""


async def compare_lines(reading: Reading, way: OnTheWay) -> AsyncGenerator[Difference, None]:
    """Each accepted line has one donated movement, and each donated movement its accepted line."""
    accepted, donated = rows(reading.donations, ACCEPTED), rows(reading.stock, DONATED)
    async for line, movement in paired(accepted, donated, lambda row: row["line_id"]):
        there = line or movement
        assert there is not None
        if movement is None and there["line_id"] in way.accepted:
            continue
        if line is None or movement is None or _what(line) != _what(movement):
            yield Difference(
                kind=Kind.DONATED_LINE,
                clinic_id=there["clinic_id"],
                lot_id=movement["lot_id"] if movement else None,
                subject=f"line {there['line_id']}",
                one_side=f"donations accepted {_said(line)}",
                other_side=f"stock took in {_said(movement)}",
            )


def _what(row: Row) -> tuple[object, ...]:
    return row["clinic_id"], row["units"], *_identity(row)


def _said(row: Row | None) -> str:
    if row is None:
        return "nothing"
    condition = "opened" if row["opened"] else "sealed"
    return f"{row['units']} of {row['product_id']} batch {row['batch']} until {row['expires_on']} {condition}"


LotIdentity = tuple[UUID, UUID, date, bool, bool, str]
"""Clinic, product, expiry, condition and batch, in the order of the statements below: no batch comes first."""

ACCEPTED_BY_LOT = """
SELECT clinic_id, product_id, checked_batch AS batch, checked_expires_on AS expires_on, checked_opened AS opened,
       sum(accepted_units) AS units
FROM line
WHERE state = 'accepted'
GROUP BY clinic_id, product_id, checked_batch, checked_expires_on, checked_opened
ORDER BY clinic_id, product_id, checked_expires_on, checked_opened, checked_batch COLLATE "C" NULLS FIRST
"""
# From the balances, not the movements. A line that was taken back in the ledger stays accepted in donations.
DONATED_BY_LOT = """
SELECT lot.clinic_id, lot.lot_id, lot.product_id, lot.batch, lot.expires_on, lot.opened,
       lot.donated + coalesce(taken_back.units, 0) AS units
FROM lot
LEFT JOIN (
    SELECT lot_id, sum(units) AS units
    FROM movement
    WHERE to_account = 'donated'
    GROUP BY lot_id
) AS taken_back USING (lot_id)
WHERE lot.donated + coalesce(taken_back.units, 0) > 0
ORDER BY lot.clinic_id, lot.product_id, lot.expires_on, lot.opened, lot.batch COLLATE "C" NULLS FIRST
"""


async def compare_lots(reading: Reading, way: OnTheWay) -> AsyncGenerator[Difference, None]:
    """In sum: what was accepted for a lot, as far as stock has heard of it, is what the lot's balance says."""
    unheard = _unheard(way)
    accepted, donated = rows(reading.donations, ACCEPTED_BY_LOT), rows(reading.stock, DONATED_BY_LOT)
    async for lines, lot in paired(accepted, donated, _lot_key):
        there = lines or lot
        assert there is not None
        on_the_way = unheard[_lot_key(there)]
        accepted_units = lines["units"] if lines else 0
        donated_units = lot["units"] if lot else 0
        if accepted_units - on_the_way != donated_units:
            yield Difference(
                kind=Kind.DONATED_LOT,
                clinic_id=there["clinic_id"],
                lot_id=lot["lot_id"] if lot else None,
                subject=f"{there['product_id']} batch {there['batch']} until {there['expires_on']}",
                one_side=f"donations accepted {accepted_units}, {on_the_way} of them on the way",
                other_side=f"the lot was donated {donated_units}",
            )


def _unheard(way: OnTheWay) -> Counter[LotIdentity]:
    """Units that stock has yet to hear of, by lot."""
    sums: Counter[LotIdentity] = Counter()
    for one in way.accepted.values():
        line, clinic_id = one.event, one.clinic_id
        if clinic_id is not None:
            has_batch = line.batch is not None
            key = (clinic_id, line.product_id, line.expires_on, line.opened, has_batch, line.batch or "")
            sums[key] += line.units
    return sums


def _lot_key(row: Row) -> LotIdentity:
    return (row["clinic_id"], *_identity(row))


def _identity(row: Row) -> tuple[UUID, date, bool, bool, str]:
    return row["product_id"], row["expires_on"], row["opened"], row["batch"] is not None, row["batch"] or ""
