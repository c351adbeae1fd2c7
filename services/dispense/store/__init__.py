"""All of dispense's SQL: one typed function per statement, in rooms by what they keep."""

from services.dispense.store import (
    calendar,
    days,
    escrow,
    held,
    owed,
    papers,
    patients,
    plans,
    requests,
    summaries,
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
    "papers",
    "patients",
    "plans",
    "requests",
    "summaries",
    "supplies",
    "visit_lines",
    "visits",
]
