"""A demo cell's clock: what its file says, and that nothing in it stops the work."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs

from shared.clock import MOST_DEMO_DAYS, Clock


def ahead(path: Path) -> timedelta:
    clock = Clock(time_zone=ZoneInfo("Europe/Athens"), demo_days_path=path)
    return round((clock.now() - datetime.now(UTC)) / timedelta(days=1)) * timedelta(days=1)


@pytest.mark.parametrize("days", [0, 1, -3, MOST_DEMO_DAYS, -MOST_DEMO_DAYS])
def test_it_is_so_many_days_ahead(tmp_path: Path, days: int) -> None:
    path = tmp_path / "demo-days"
    path.write_text(f"{days}\n")
    assert ahead(path) == timedelta(days=days)


def test_without_the_file_it_is_today_and_nothing_is_said(tmp_path: Path) -> None:
    with capture_logs() as said:
        assert ahead(tmp_path / "demo-days") == timedelta()
    assert said == []


@pytest.mark.parametrize(
    "content",
    [b"", b"soon", b"1.5", b"\xff", b"\0", b"36501", b"-36501", b"9999999999", b"9" * 5000, b"1e3"],
    ids=lambda content: repr(content[:12]),
)
def test_what_cannot_be_reckoned_with_is_today_and_told_once(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "demo-days"
    path.write_bytes(content)
    with capture_logs() as said:
        assert [ahead(path) for _ in range(3)] == [timedelta()] * 3
    assert [line["event"] for line in said] == ["demo_days_unreadable"]


def test_nor_does_a_folder_in_its_place_stop_anything(tmp_path: Path) -> None:
    with capture_logs() as said:
        assert ahead(tmp_path) == timedelta()
    assert len(said) == 1
