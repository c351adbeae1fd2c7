"""What dispense decides, as pure functions over plain values: no I/O, no clock."""

from services.dispense.rules.schedule import (
    AtTimes,
    EveryDays,
    EveryHours,
    OnWeekdays,
    Schedule,
    TimesADay,
    content_needed,
    intakes,
    intakes_per_day,
)
from services.dispense.rules.supply import (
    days_covered,
    is_expected,
    is_pharmacy_day,
    next_visit_on,
    pharmacy_days,
    supply_through,
)
from shared.exact import FractionOutOfRangeError, NotAFractionError, format_fraction, parse_fraction

__all__ = [
    "AtTimes",
    "EveryDays",
    "EveryHours",
    "FractionOutOfRangeError",
    "NotAFractionError",
    "OnWeekdays",
    "Schedule",
    "TimesADay",
    "content_needed",
    "days_covered",
    "format_fraction",
    "intakes",
    "intakes_per_day",
    "is_expected",
    "is_pharmacy_day",
    "next_visit_on",
    "parse_fraction",
    "pharmacy_days",
    "supply_through",
]
