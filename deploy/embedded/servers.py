"""What both servers need: ports, what a log says last, and processes that outlived their parent."""

import contextlib
import socket
import time
from collections.abc import Sequence
from pathlib import Path

import psutil


class DidNotStart(Exception):
    """A server did not come up; the message says what it logged, or where it did."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def why(log: Path) -> str:
    """What a server said last of its trouble, and where all of it stands."""
    lines = log.read_text(errors="replace")[-4000:].splitlines()[-20:] if log.exists() else []
    worst = [line for line in lines if "FATAL" in line or "[FTL]" in line] or lines
    return f"{worst[-1].strip() if worst else 'it said nothing: may its user read the folder?'} (more stands in {log})"


def command_of(pid: int) -> str:
    """What a process was started with, or calls itself; nothing of one that is gone, or only not yet buried."""
    try:
        return " ".join(psutil.Process(pid).cmdline())
    except psutil.Error:
        return ""


def kill_all(processes: Sequence[psutil.Process]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    deadline = time.monotonic() + 10
    # What is dead and not yet buried holds nothing any more: nobody waits for it.
    while any(process.is_running() and command_of(process.pid) for process in processes):
        if time.monotonic() > deadline:
            raise DidNotStart(f"Some of {[process.pid for process in processes]} can't be killed.")
        time.sleep(0.02)
