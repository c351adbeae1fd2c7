"""What is measured, and its arithmetic: medians over runs, and ratios of medians."""

from collections.abc import Callable, Sequence
from statistics import median, quantiles

from msgspec import Struct


class Measured(Struct, frozen=True, kw_only=True):
    """One line of bench.json. `floor`: the least that it could cost, or what it is compared with; None: nothing."""

    name: str
    clients: int
    unit: str
    """Of `ours` and `floor`."""
    ours: float
    floor: float | None = None
    ratio: float | None = None
    cpu_ms: float | None = None
    """CPU of one operation in ms, summed over all processes of the cell."""
    floor_cpu_ms: float | None = None
    cpu_ratio: float | None = None
    stolen: float | None = None
    """The share of the machine's CPU that went to others, hypervisor included: 0 to 1."""
    runs: int


class Run(Struct, frozen=True, kw_only=True):
    """One stretch of work: how many operations, in what time, and at what cost in CPU."""

    operations: int
    seconds: float
    cpu_seconds: float
    stolen: float

    @property
    def wall_ms(self) -> float:
        """Of an operation; of all clients together, so that eight side by side take less than one."""
        return self.seconds * 1000 / self.operations

    @property
    def cpu_ms(self) -> float:
        return self.cpu_seconds * 1000 / self.operations


def compared(name: str, clients: int, unit: str, ours: Sequence[Run], floor: Sequence[Run]) -> Measured:
    """Our runs beside those of the floor, in wall time and in CPU."""
    in_unit = 0.001 if unit == "s" else 1.0
    return Measured(
        name=name,
        clients=clients,
        unit=unit,
        ours=_rounded(_median(ours, lambda run: run.wall_ms) * in_unit),
        floor=_rounded(_median(floor, lambda run: run.wall_ms) * in_unit),
        ratio=_rounded(_median(ours, lambda run: run.wall_ms) / _median(floor, lambda run: run.wall_ms)),
        cpu_ms=_rounded(_median(ours, lambda run: run.cpu_ms)),
        floor_cpu_ms=_rounded(_median(floor, lambda run: run.cpu_ms)),
        cpu_ratio=_rounded(_median(ours, lambda run: run.cpu_ms) / _median(floor, lambda run: run.cpu_ms)),
        stolen=_rounded(_median([*ours, *floor], lambda run: run.stolen)),
        runs=len(ours),
    )


def alone(name: str, clients: int, unit: str, values: Sequence[float], *, at: float = 0.5, **more: float) -> Measured:
    """Single values with nothing to compare them with: the one at a place from 0 to 1, the median by default."""
    return Measured(
        name=name, clients=clients, unit=unit, ours=_rounded(at_place(values, at)), runs=len(values), **more
    )


def at_place(values: Sequence[float], place: float) -> float:
    """The value that a share of all values doesn't exceed: 0.5 the median, 0.99 the p99."""
    if len(values) == 1:
        return values[0]
    return quantiles(values, n=1000, method="inclusive")[round(place * 1000) - 1]


def _median(runs: Sequence[Run], value: Callable[[Run], float]) -> float:
    return median(value(run) for run in runs)


def _rounded(value: float) -> float:
    """Four digits say all that a measurement can."""
    return float(f"{value:.4g}")
