"""The `dosis` command as a person types it."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

from click.testing import CliRunner, Result

from deploy.cli import main
from deploy.client import wait_until
from deploy.embedded import free_port

DOSIS = Path(sys.executable).parent / "dosis"


def dosis(folder: Path, *args: str, **environment: str) -> Result:
    """In this process."""
    return CliRunner().invoke(main, list(args), prog_name="dosis", env={"DOSIS_HOME": str(folder)} | environment)


def environment_of(folder: Path) -> dict[str, str]:
    return dict(os.environ) | {"DOSIS_HOME": str(folder)}


def dosis_apart(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    """In a process of its own."""
    command = [str(DOSIS), *args]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment_of(folder), timeout=120)


class Up:
    """`dosis up` in a folder of its own, and what it has printed."""

    def __init__(self, folder: Path, log: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.log = log
        self.environment = environment

    def said(self) -> str:
        return self.log.read_text()


@contextlib.contextmanager
def dosis_up(tmp_path: Path, *args: str, until: str) -> Generator[Up, None, None]:
    """A cell that is up, once it has printed some words; ended as by Ctrl+C."""
    folder = tmp_path / "cell"
    up = Up(folder, tmp_path / "up.log", environment_of(folder) | {"DOSIS_PORT": str(free_port())})
    with up.log.open("w") as log:
        process = subprocess.Popen(
            [str(DOSIS), "up", *args], stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=up.environment
        )
    try:
        wait_until(lambda: process.poll() is not None or until in up.said(), "the cell is up", 180)
        assert process.poll() is None, up.said()
        yield up
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0, up.said()
