"""The `dosis` command as a person types it."""

import os
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner, Result

from deploy.cli import main

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
