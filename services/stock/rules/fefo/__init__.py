"""First expired, first out: which lots are given to whom, and why the others are not.

A lot may be given only if it is valid through the last day of the use that it covers. The use of a need runs
through its lots in the order of their expiry, each for its own share of the days.
"""

from services.stock.rules.fefo.allocate import allocate, explain
from services.stock.rules.fefo.facts import (
    Allocation,
    Lot,
    Need,
    PassedOver,
    Pick,
    Reason,
    Shortage,
)
from shared.policies import SharingRule

__all__ = [
    "Allocation",
    "Lot",
    "Need",
    "PassedOver",
    "Pick",
    "Reason",
    "SharingRule",
    "Shortage",
    "allocate",
    "explain",
]
