"""What time it is at the clinic. Only a demo cell's clock can be set."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from shared.log import logger

log = logger(__name__)

MOST_DEMO_DAYS = 36_500
"""So far ahead or back a demo's clock can be: about a century."""


@dataclass(frozen=True, kw_only=True)
class Clock:
    """The wall clock, in the clinic's time zone.

    `demo_days_path` names a file with the number of days that a demo cell is ahead of today. It is read at
    every question, so that three processes move on together.
    """

    time_zone: ZoneInfo
    demo_days_path: Path | None = None

    def now(self) -> datetime:
        """The present moment, in UTC."""
        return datetime.now(UTC) + self._days_ahead()

    def today(self) -> date:
        """The day it is in the clinic's time zone."""
        return self.now().astimezone(self.time_zone).date()

    def _days_ahead(self) -> timedelta:
        return timedelta(days=days_ahead(self.demo_days_path)) if self.demo_days_path else timedelta()


def days_ahead(path: Path) -> int:
    """What a demo cell's file says; 0 when there is none, or when it says nothing that can be reckoned with."""
    try:
        days = int(path.read_text())
        if abs(days) > MOST_DEMO_DAYS:
            raise ValueError(f"more than {MOST_DEMO_DAYS} days")
    except FileNotFoundError:
        return 0
    except (OSError, ValueError) as problem:
        _say_once(path, str(problem)[:200])
        return 0
    return days


@lru_cache(maxsize=16)
def _say_once(path: Path, why: str) -> None:
    """The file is read at every question; what is wrong with it is told at the first."""
    log.warning("demo_days_unreadable", path=str(path), why=why)
