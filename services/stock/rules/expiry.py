"""How long something may still be given, in bands that people plan by."""

from datetime import date, timedelta
from enum import StrEnum
from typing import Literal

Within = Literal["0", "30", "60", "90", "180", "all"]
"""What a list is cut to: expired ("0"), or still valid and expiring within so many days, or everything."""
WITHIN_DAYS = (30, 60, 90, 180)
LONG_AGO, FAR_AHEAD = date(1900, 1, 1), date(9999, 12, 31)


class Band(StrEnum):
    EXPIRED = "expired"
    UNDER_30 = "under_30"
    UNDER_90 = "under_90"
    UNDER_180 = "under_180"
    LATER = "later"


def band_of(expires_on: date, today: date) -> Band:
    """A lot may be given through its last day: it has expired on the day after."""
    days_left = (expires_on - today).days
    if days_left < 0:
        return Band.EXPIRED
    if days_left < 30:
        return Band.UNDER_30
    if days_left < 90:
        return Band.UNDER_90
    return Band.UNDER_180 if days_left < 180 else Band.LATER


def days_of(within: Within, today: date) -> tuple[date, date]:
    """The first and the last expiry that a list shows."""
    if within == "all":
        return LONG_AGO, FAR_AHEAD
    if within == "0":
        return LONG_AGO, today - timedelta(days=1)
    return today, last_within(int(within), today)


def last_within(days: int, today: date) -> date:
    """The last expiry that is under so many days away."""
    return today + timedelta(days=days - 1)
