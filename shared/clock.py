"""What time it is at the clinic. Only a demo cell's clock can be set."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo


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
        if self.demo_days_path is None:
            return timedelta()
        try:
            return timedelta(days=int(self.demo_days_path.read_text()))
        except FileNotFoundError:
            return timedelta()
