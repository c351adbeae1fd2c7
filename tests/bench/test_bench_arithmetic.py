"""What the bench makes of its runs, and how it reads what processes have used."""

import os
import subprocess
import sys
import time

import pytest

from deploy.bench.caller import dealt
from deploy.bench.measure import Run, alone, at_place, compared
from deploy.bench.processes import Processes, cpu_seconds, ended_children_seconds, memory_mb


def run(seconds: float, cpu_seconds: float, *, operations: int = 10, stolen: float = 0.0) -> Run:
    return Run(operations=operations, seconds=seconds, cpu_seconds=cpu_seconds, stolen=stolen)


def test_figures_are_medians_of_one_operation_and_ratios_are_of_medians() -> None:
    ours = [run(1, 0.4), run(9, 9), run(2, 0.5)]
    floor = [run(0.5, 0.1, stolen=0.3), run(0.5, 0.1, stolen=0.3), run(7, 7, stolen=0.3)]
    found = compared("intake", 8, "ms a collection", ours, floor)
    assert (found.ours, found.floor, found.ratio) == (200, 50, 4)
    assert (found.cpu_ms, found.floor_cpu_ms, found.cpu_ratio) == (50, 10, 5)
    assert (found.runs, found.clients, found.stolen) == (3, 8, 0.15)


def test_wall_time_in_seconds_leaves_cpu_in_ms() -> None:
    found = compared("prepare", 1, "s", [run(3, 2, operations=1)], [run(1.5, 1, operations=1)])
    assert (found.ours, found.floor, found.cpu_ms, found.floor_cpu_ms) == (3, 1.5, 2000, 1000)


def test_p99_is_what_99_of_100_do_not_exceed() -> None:
    values = [float(value) for value in range(1, 102)]
    assert at_place(values, 0.99) == 100
    assert at_place(values, 0.5) == 51
    assert at_place([7.0], 0.99) == 7
    assert alone("event_lag", 8, "s (p99)", values, at=0.99).ours == 100


def test_work_is_dealt_out_evenly_and_none_of_it_is_lost() -> None:
    hands = dealt(list(range(10)), 3)
    assert sorted(x for hand in hands for x in hand) == list(range(10))
    assert [len(hand) for hand in hands] == [4, 3, 3]


@pytest.mark.parametrize("ended", [False, True])
def test_cpu_of_a_child_counts_while_it_lives_and_after_it_has_ended(ended: bool) -> None:
    """As a backend's does: from its own clock, then from what its parent noted of it."""
    burn = "import time\nwhile time.process_time() < 0.3: pass\nprint('burnt', flush=True)\n"
    wait = "" if ended else "input()"
    before = ended_children_seconds(os.getpid())
    child = subprocess.Popen([sys.executable, "-c", burn + wait], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()
    if ended:
        child.wait()
        assert cpu_seconds(child.pid) == 0
        assert ended_children_seconds(os.getpid()) - before >= 0.28
    else:
        assert cpu_seconds(child.pid) >= 0.3
        child.communicate(b"\n")


def test_who_looks_on_does_not_count() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    seen = Processes(services=[], nats=os.getpid(), postmaster=os.getpid())
    assert child.pid in seen.all_pids()
    seen.instruments.add(child.pid)
    assert child.pid not in seen.all_pids()
    child.communicate(b"\n")


def test_memory_shared_by_processes_counts_once_in_pss() -> None:
    pss, rss = memory_mb([os.getpid()])
    assert 0 < pss <= rss
    assert time.process_time() > 0
