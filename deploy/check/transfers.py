"""Transfers of which this cell has both sides: two rows that learn of each other by events alone."""

from collections.abc import AsyncGenerator, Mapping
from typing import NamedTuple

from deploy.check.on_the_way import OnTheWay, TransferEvent
from deploy.check.reading import Reading, Row, rows
from deploy.check.report import Difference, Kind, in_words
from shared.events import stock as events

# States

# Both rows of each transfer between two clinics of this cell, or the one that is there.
PAIRS = """
SELECT transfer_id, asking.clinic_id AS asking_id, sending.clinic_id AS sending_id, asking.state AS asking_state,
       sending.state AS sending_state,
       asking.other_clinic_id IS DISTINCT FROM sending.clinic_id
           OR sending.other_clinic_id IS DISTINCT FROM asking.clinic_id AS of_others
FROM (SELECT transfer_id, clinic_id, other_clinic_id, state FROM transfer WHERE side = 'asking') AS asking
FULL JOIN (SELECT transfer_id, clinic_id, other_clinic_id, state FROM transfer WHERE side = 'sending') AS sending
    USING (transfer_id)
WHERE coalesce(asking.clinic_id, sending.other_clinic_id) IN (SELECT clinic_id FROM clinic)
    AND coalesce(sending.clinic_id, asking.other_clinic_id) IN (SELECT clinic_id FROM clinic)
"""


class Step(NamedTuple):
    """What an event means: in which states the side that hears it waits, and the side that tells it stands."""

    told_by: str
    waits: frozenset[str | None]
    stands: frozenset[str]


STEPS: Mapping[type[TransferEvent], Step] = {
    events.TransferRequested: Step("asking", frozenset({None}), frozenset({"requested"})),
    events.TransferAgreed: Step("sending", frozenset({"requested"}), frozenset({"agreed"})),
    events.TransferDeclined: Step("sending", frozenset({"requested", "agreed"}), frozenset({"declined"})),
    events.TransferShipped: Step("sending", frozenset({"agreed"}), frozenset({"shipped"})),
    events.TransferReceived: Step("asking", frozenset({"shipped"}), frozenset({"received", "closed"})),
    events.TransferSettled: Step("sending", frozenset({"received"}), frozenset({"closed"})),
}


async def compare_states(reading: Reading, way: OnTheWay) -> AsyncGenerator[Difference, None]:
    """Both sides are in the same state, or one waits for what the other has told."""
    async for row in rows(reading.stock, PAIRS):
        told = way.transfers.get(row["transfer_id"], [])
        both = row["asking_id"] is not None and row["sending_id"] is not None
        if not _go_together(row, told) or (both and row["of_others"]):
            yield Difference(
                kind=Kind.TRANSFER_STATE,
                clinic_id=row["asking_id"] or row["sending_id"],
                transfer_id=row["transfer_id"],
                one_side=f"the asking clinic {row['asking_id']}: {row['asking_state'] or 'no such transfer'}",
                other_side=f"the sending clinic {row['sending_id']}: {row['sending_state'] or 'no such transfer'}",
            )


def _go_together(row: Row, told: list[TransferEvent]) -> bool:
    states: dict[str, str | None] = {"asking": row["asking_state"], "sending": row["sending_state"]}
    if not told:
        return states["asking"] == states["sending"]
    first, last = STEPS[type(told[0])], STEPS[type(told[-1])]
    waiting = "sending" if first.told_by == "asking" else "asking"
    return states[waiting] in first.waits and states[last.told_by] in last.stands


# Lines and lots

# Of transfers whose two rows are here.
LINES = """
SELECT transfer_id, line_number, coalesce(asking.clinic_id, sending.clinic_id) AS clinic_id,
       asking.product_codes IS NOT DISTINCT FROM sending.product_codes
           AND asking.product_name IS NOT DISTINCT FROM sending.product_name
           AND asking.asked_units IS NOT DISTINCT FROM sending.asked_units AS same,
       asking.asked_units AS asking_asked, asking.agreed_units AS asking_agreed, asking.product_name AS asking_name,
       sending.asked_units AS sending_asked, sending.agreed_units AS sending_agreed,
       sending.product_name AS sending_name
FROM (
    SELECT line.transfer_id, line.line_number, line.clinic_id, line.product_codes, line.product_name,
           line.asked_units, line.agreed_units
    FROM transfer AS own
    JOIN transfer AS other ON other.transfer_id = own.transfer_id AND other.side = 'sending'
    JOIN transfer_line AS line ON line.clinic_id = own.clinic_id AND line.transfer_id = own.transfer_id
    WHERE own.side = 'asking'
) AS asking
FULL JOIN (
    SELECT line.transfer_id, line.line_number, line.clinic_id, line.product_codes, line.product_name,
           line.asked_units, line.agreed_units
    FROM transfer AS own
    JOIN transfer AS other ON other.transfer_id = own.transfer_id AND other.side = 'asking'
    JOIN transfer_line AS line ON line.clinic_id = own.clinic_id AND line.transfer_id = own.transfer_id
    WHERE own.side = 'sending'
) AS sending USING (transfer_id, line_number)
WHERE (asking.product_codes, asking.product_name, asking.asked_units, asking.agreed_units)
    IS DISTINCT FROM (sending.product_codes, sending.product_name, sending.asked_units, sending.agreed_units)
"""


async def compare_lines(reading: Reading, way: OnTheWay) -> AsyncGenerator[Difference, None]:
    async for row in rows(reading.stock, LINES):
        heard = row["asking_agreed"]
        for event in way.transfers.get(row["transfer_id"], []):
            if isinstance(event, events.TransferAgreed):
                heard = {line.line_number: line.units for line in event.lines}.get(row["line_number"])
        if not row["same"] or heard != row["sending_agreed"]:
            asking = in_words(asked=row["asking_asked"], agreed=heard, product=row["asking_name"])
            sending = in_words(asked=row["sending_asked"], agreed=row["sending_agreed"], product=row["sending_name"])
            yield Difference(
                kind=Kind.TRANSFER_LINE,
                clinic_id=row["clinic_id"],
                transfer_id=row["transfer_id"],
                subject=f"line {row['line_number']}",
                one_side=f"the asking side: {asking}",
                other_side=f"the sending side: {sending}",
            )


LOTS = """
SELECT transfer_id, lot_number, coalesce(asking.clinic_id, sending.clinic_id) AS clinic_id,
       asking.clinic_id IS NOT NULL AS asking_has, sending.clinic_id IS NOT NULL AS sending_has,
       sending.state AS sending_state, sending.lot_id, asking.shipped_units AS asking_shipped,
       sending.shipped_units AS sending_shipped, asking.counted_units AS asking_counted,
       sending.counted_units AS sending_counted, asking.what AS asking_what, sending.what AS sending_what
FROM (
    SELECT lot.transfer_id, lot.lot_number, lot.clinic_id, lot.shipped_units, lot.counted_units,
           concat_ws(' ', lot.product_name, lot.product_codes, 'line', lot.line_number, 'batch', lot.batch, 'until',
                     lot.expires_on, CASE WHEN lot.opened THEN 'opened' ELSE 'sealed' END) AS what
    FROM transfer AS own
    JOIN transfer AS other ON other.transfer_id = own.transfer_id AND other.side = 'sending'
    JOIN transfer_lot AS lot ON lot.clinic_id = own.clinic_id AND lot.transfer_id = own.transfer_id
    WHERE own.side = 'asking'
) AS asking
FULL JOIN (
    SELECT lot.transfer_id, lot.lot_number, lot.clinic_id, lot.shipped_units, lot.counted_units, lot.lot_id,
           own.state,
           concat_ws(' ', lot.product_name, lot.product_codes, 'line', lot.line_number, 'batch', lot.batch, 'until',
                     lot.expires_on, CASE WHEN lot.opened THEN 'opened' ELSE 'sealed' END) AS what
    FROM transfer AS own
    JOIN transfer AS other ON other.transfer_id = own.transfer_id AND other.side = 'asking'
    JOIN transfer_lot AS lot ON lot.clinic_id = own.clinic_id AND lot.transfer_id = own.transfer_id
    WHERE own.side = 'sending'
) AS sending USING (transfer_id, lot_number)
WHERE (asking.shipped_units, asking.counted_units, asking.what)
    IS DISTINCT FROM (sending.shipped_units, sending.counted_units, sending.what)
"""


async def compare_lots(reading: Reading, way: OnTheWay) -> AsyncGenerator[Difference, None]:
    """What was shipped is what is awaited, and what was counted is known on both sides."""
    async for row in rows(reading.stock, LOTS):
        if not _explained(row, way.transfers.get(row["transfer_id"], [])):
            asking = in_words(shipped=row["asking_shipped"], counted=row["asking_counted"], lot=row["asking_what"])
            sending = in_words(shipped=row["sending_shipped"], counted=row["sending_counted"], lot=row["sending_what"])
            yield Difference(
                kind=Kind.TRANSFER_LOT,
                clinic_id=row["clinic_id"],
                lot_id=row["lot_id"],
                transfer_id=row["transfer_id"],
                subject=f"lot number {row['lot_number']}",
                one_side=f"the asking side: {asking}",
                other_side=f"the sending side: {sending}",
            )


def _explained(row: Row, told: list[TransferEvent]) -> bool:
    """Does the difference go away when what was told is heard? Lots are told when they are shipped."""
    if not row["sending_has"]:
        return False
    if not row["asking_has"]:
        before_shipping = row["sending_state"] in ("agreed", "declined")
        return before_shipping or any(isinstance(event, events.TransferShipped) for event in told)
    if row["asking_what"] != row["sending_what"] or row["asking_shipped"] != row["sending_shipped"]:
        return False
    counted = row["sending_counted"]
    for event in told:
        if isinstance(event, events.TransferReceived):
            counted = {lot.lot_number: lot.units for lot in event.lots}.get(row["lot_number"], 0)
    return bool(counted == row["asking_counted"])


# What was set apart for a line is what was agreed, lot by lot.
AGREED = """
SELECT line.clinic_id, line.transfer_id, line.line_number, coalesce(line.agreed_units, 0) AS agreed,
       coalesce(sum(lot.shipped_units), 0) AS shipped
FROM transfer
JOIN transfer_line AS line USING (clinic_id, transfer_id)
LEFT JOIN transfer_lot AS lot USING (clinic_id, transfer_id, line_number)
WHERE transfer.side = 'sending'
GROUP BY line.clinic_id, line.transfer_id, line.line_number, line.agreed_units
HAVING coalesce(line.agreed_units, 0) <> coalesce(sum(lot.shipped_units), 0)
"""


async def compare_agreed(reading: Reading, _way: OnTheWay) -> AsyncGenerator[Difference, None]:
    async for row in rows(reading.stock, AGREED):
        yield Difference(
            kind=Kind.TRANSFER_AGREED,
            clinic_id=row["clinic_id"],
            transfer_id=row["transfer_id"],
            subject=f"line {row['line_number']}",
            one_side=in_words(agreed=row["agreed"]),
            other_side=in_words(in_its_lots=row["shipped"]),
        )
