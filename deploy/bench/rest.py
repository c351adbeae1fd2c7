"""memory and start: what a cell takes at rest, and how soon it answers."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from deploy.bench.measure import Measured, alone
from deploy.bench.processes import memory_mb
from deploy.bench.stage import Stage
from deploy.embedded import free_port

SETTLE_SECONDS = 3.0
FIRST_ANSWER_SECONDS = 60.0


async def memory(stage: Stage) -> list[Measured]:
    """The whole cell, at rest after the work that was before; without the backends that look on."""
    await asyncio.sleep(SETTLE_SECONDS)
    pss, rss = memory_mb(stage.processes.all_pids())
    return [alone("memory", 0, "MB (PSS)", [pss]), alone("memory_rss", 0, "MB (RSS)", [rss])]


def start(runs: int) -> list[Measured]:
    """`dosis up` on a folder that is set up, from the command to the first answer; and the very first time."""
    folder = Path(tempfile.mkdtemp(prefix="dosis-bench-start-"))
    try:
        first = _first_answer(folder)
        return [
            alone("start", 0, "s", [_first_answer(folder) for _ in range(runs)]),
            alone("start_new", 0, "s", [first]),
        ]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _first_answer(folder: Path) -> float:
    environment = {**os.environ, "DOSIS_HOME": str(folder / "cell")}
    port = _port_of(folder) or free_port()
    environment["DOSIS_PORT"] = str(port)
    (folder / "port").write_text(str(port))
    started = time.perf_counter()
    with (folder / "up.log").open("wb") as log:
        process = subprocess.Popen(
            [str(Path(sys.executable).parent / "dosis"), "up"],
            env=environment,
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
        )
    try:
        while not _answers(f"http://127.0.0.1:{port}/health/ready"):
            assert process.poll() is None, (folder / "up.log").read_text()
            assert time.perf_counter() - started < FIRST_ANSWER_SECONDS, "no answer"
            time.sleep(0.01)
        return time.perf_counter() - started
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def _port_of(folder: Path) -> int | None:
    """A cell keeps the port it was made with."""
    path = folder / "port"
    return int(path.read_text()) if path.exists() else None


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:  # noqa: S310 - a loopback address of ours
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False
