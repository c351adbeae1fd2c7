"""What the processes of a cell have used: CPU to the nanosecond, memory, and what others took of the machine.

CPU is read from each process's own clock (clock_getcpuclockid(3)), which counts its ended threads too; of
PostgreSQL it is the postmaster's, its children's, and what it noted of children that have ended (proc(5), cutime).
"""

import os
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from deploy.bench.measure import Run

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_PROCESS_CLOCK = 2  # CPUCLOCK_SCHED of <linux/posix-timers.h>, in the three lowest bits of a clock's number


def cpu_seconds(pid: int) -> float:
    """CPU that a process has used, all its threads; nought when it is gone."""
    try:
        return time.clock_gettime((~pid << 3) | _PROCESS_CLOCK)
    except OSError:
        return 0.0


def ended_children_seconds(pid: int) -> float:
    """CPU of a process's children that have ended and were waited for."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[13]) + int(fields[14])) / TICKS_PER_SECOND


@dataclass
class Processes:
    """The processes of one cell. `instruments`: backends of the bench itself, which look on and don't count."""

    services: Sequence[int]
    nats: int
    postmaster: int
    instruments: set[int] = field(default_factory=set[int])

    def all_pids(self) -> list[int]:
        return [*self.services, self.nats, self.postmaster, *self._backends()]

    def _backends(self) -> list[int]:
        children = psutil.Process(self.postmaster).children(recursive=True)
        return [child.pid for child in children if child.pid not in self.instruments]

    def postgres_seconds(self) -> float:
        living = sum(cpu_seconds(pid) for pid in (self.postmaster, *self._backends()))
        return living + ended_children_seconds(self.postmaster)

    def cell_seconds(self) -> float:
        """All of it: the three services, NATS and PostgreSQL."""
        return self.postgres_seconds() + sum(cpu_seconds(pid) for pid in (*self.services, self.nats))

    def by_part(self) -> dict[str, float]:
        """Where the CPU goes, for whoever wants to know more."""
        parts = {f"service {number}": cpu_seconds(pid) for number, pid in enumerate(self.services)}
        return {**parts, "nats": cpu_seconds(self.nats), "postgres": self.postgres_seconds()}


def memory_mb(pids: Collection[int]) -> tuple[float, float]:
    """(PSS, RSS) of processes in MB (10⁶ bytes). What several share counts once in PSS, and in each one's RSS."""
    pss = rss = 0
    for pid in pids:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
        sizes = {name: int(size.split()[0]) for name, _, size in (line.partition(":") for line in lines)}
        pss, rss = pss + sizes["Pss"], rss + sizes["Rss"]
    return pss * 1024 / 1e6, rss * 1024 / 1e6


@dataclass(frozen=True)
class _Machine:
    busy_seconds: float
    all_seconds: float


def _machine() -> _Machine:
    """CPU of the whole machine since its start: busy or stolen by the hypervisor, and in all."""
    user, nice, system, idle, waiting, interrupts, soft, stolen = (
        int(ticks) / TICKS_PER_SECOND for ticks in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    )
    busy = user + nice + system + interrupts + soft + stolen
    return _Machine(busy, busy + idle + waiting)


class Stretch:
    """CPU and wall time from now until `end`, of our cell or of the floor."""

    def __init__(self, processes: Processes, *, floor: bool = False) -> None:
        self.processes = processes
        self.floor = floor
        self._machine = _machine()
        self._cell, self._own, self._counted = self._read()
        self._started = time.perf_counter()

    def _read(self) -> tuple[float, float, float]:
        """CPU of the cell, of this process, and of what counts: the floor is written by this very process."""
        cell, own = self.processes.cell_seconds(), time.process_time()
        return cell, own, self.processes.postgres_seconds() + own if self.floor else cell

    def end(self, operations: int) -> Run:
        seconds = time.perf_counter() - self._started
        cell, own, counted = self._read()
        machine = _machine()
        ours = cell - self._cell + own - self._own
        others = machine.busy_seconds - self._machine.busy_seconds - ours
        capacity = machine.all_seconds - self._machine.all_seconds
        return Run(
            operations=operations,
            seconds=seconds,
            cpu_seconds=counted - self._counted,
            stolen=max(others, 0.0) / capacity if capacity else 0.0,
        )
