"""All of dispense's SQL: one typed function per statement, in rooms by what they keep."""

from services.dispense.store import (
    calendar,
    days,
    escrow,
    held,
    owed,
    patients,
    plans,
    requests,
    supplies,
    visit_lines,
    visits,
)

__all__ = [
    "calendar",
    "days",
    "escrow",
    "held",
    "owed",
    "patients",
    "plans",
    "requests",
    "supplies",
    "visit_lines",
    "visits",
]
