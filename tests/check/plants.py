"""What is planted in a story without a fault, and as what the check is to find it."""

from typing import NamedTuple

from deploy.check import Kind


class Plant(NamedTuple):
    what: str
    service: str
    statement: str
    found: set[Kind]


A_LOT = "WHERE lot_id = (SELECT lot_id FROM lot WHERE shelf > 0 ORDER BY lot_id LIMIT 1)"
OPEN_ESCROW = """
WHERE (line_id, lot_id) = (
    SELECT line_id, lot_id FROM escrow WHERE reserved_units > given_units + released_units LIMIT 1
)
"""
ONE_DONATED = "WHERE movement_id = (SELECT min(movement_id) FROM movement WHERE from_account = 'donated')"
AGREED_ONLY = "SELECT transfer_id FROM transfer WHERE state = 'agreed'"
