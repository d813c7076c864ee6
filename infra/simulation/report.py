"""What came out? Figures per queue and interval with their confidence over the runs, as a table and as CSV."""

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import sqrt
from pathlib import Path
from statistics import fmean, stdev
from typing import Self

from infra.simulation.tally import Cohort, Hours
from infra.simulation.world import World

T_95 = (
    12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.20, 2.18, 2.16, 2.14, 2.13,
    2.12, 2.11, 2.10, 2.09, 2.09, 2.08, 2.07, 2.07, 2.06, 2.06, 2.06, 2.05, 2.05, 2.05, 2.04,
)  # fmt: skip
"""Student's t at 97.5 % for 1, 2, … degrees of freedom: half the width of a 95 % interval, in standard errors."""
WHOLE_DAY = "whole day"
EVERYBODY = "all queues"


@dataclass(frozen=True, slots=True)
class Estimate:
    """The mean over the runs; `low` and `high` hold the true mean in 95 of 100 cases, and are none after one run."""

    mean: float
    low: float | None = None
    high: float | None = None

    @classmethod
    def of(cls, values: Sequence[float]) -> Self | None:
        """None where no run had anything to measure."""
        if not values:
            return None
        mean, n = fmean(values), len(values)
        if n == 1:
            return cls(mean)
        half = (T_95[n - 2] if n - 2 < len(T_95) else 1.96) * stdev(values) / sqrt(n)
        return cls(mean, mean - half, mean + half)


def _over(part: float, whole: float) -> float | None:
    return part / whole if whole else None


OF_CALLS: Mapping[str, Callable[[Cohort], float | None]] = {
    "offered": lambda it: it.offered,
    "answered": lambda it: it.answered,
    "abandoned": lambda it: it.abandoned,
    "expired": lambda it: it.expired,
    "waiting_at_end": lambda it: it.waiting,
    "service_level_1": lambda it: _over(it.answered_in, it.offered - it.abandoned_in),
    "service_level_2": lambda it: _over(it.answered_in, it.offered),
    "service_level_3": lambda it: _over(it.answered_in + it.abandoned_in, it.offered),
    "share_that_waits": lambda it: _over(it.queued + it.waiting, it.offered),
    "abandon_rate": lambda it: _over(it.abandoned, it.offered),
    "asa_s": lambda it: _over(it.wait_answered_s, it.answered),
    "mean_wait_s": lambda it: _over(it.wait_s, it.offered - it.waiting),
    "aht_s": lambda it: _over(it.handle_s, it.answered),
}
OF_AGENTS: Mapping[str, Callable[[Hours], float | None]] = {
    "agents": lambda it: it.busy_s + it.idle_s,  # made a mean number by the interval's length
    "occupancy": lambda it: _over(it.busy_s, it.busy_s + it.idle_s),
    "concurrency": lambda it: _over(it.task_s, it.busy_s),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One queue (or all) in one interval (or all)."""

    queue: str
    interval: str
    figures: dict[str, Estimate | None]


@dataclass(slots=True)
class Report:
    """Add each run's world, then read `lines`."""

    starts_s: float
    interval_s: float
    cohorts: dict[str, list[list[Cohort]]] = field(default_factory=dict)
    hours: list[list[Hours]] = field(default_factory=list)
    arrivals: int = 0

    def add(self, world: World) -> None:
        self.arrivals += world.arrivals
        for queue, cohorts in world.cohorts.items():
            self.cohorts.setdefault(queue, []).append(cohorts)
        self.hours.append(world.timesheet.hours[: world.intervals])

    def whole_days(self) -> list[Line]:
        queues = [(queue, [sum(run, Cohort()) for run in runs]) for queue, runs in self.cohorts.items()]
        together = [sum(runs, Cohort()) for runs in zip(*(days for _, days in queues), strict=True)]
        days = [Line(queue, WHOLE_DAY, _figures(cohorts)) for queue, cohorts in queues]
        hours = [sum(run, Hours()) for run in self.hours]
        length_s = self.interval_s * len(self.hours[0])
        return [*days, Line(EVERYBODY, WHOLE_DAY, _figures(together) | _staff(hours, length_s))]

    def intervals(self) -> list[Line]:
        found = []
        for n, name in enumerate(self.names()):
            for queue, runs in self.cohorts.items():
                found.append(Line(queue, name, _figures([run[n] for run in runs])))
            together = [
                sum((runs[n] for runs in by_queue), Cohort()) for by_queue in zip(*self.cohorts.values(), strict=True)
            ]
            staff = _staff([run[n] for run in self.hours], self.interval_s)
            found.append(Line(EVERYBODY, name, _figures(together) | staff))
        return found

    def names(self) -> list[str]:
        """The intervals by the time of day at which they begin."""
        starts = [int(self.starts_s + n * self.interval_s) // 60 for n in range(len(self.hours[0]))]
        return [f"{minutes // 60:02d}:{minutes % 60:02d}" for minutes in starts]

    def write(self, path: Path) -> None:
        """CSV, one row per queue and interval: each figure's mean, and its 95 % interval over the runs."""
        names = [*OF_CALLS, *OF_AGENTS]
        head = ["queue", "interval", *(f"{name}{part}" for name in names for part in ("", "_low", "_high"))]
        with path.open("w", newline="") as file:
            rows = csv.writer(file, lineterminator="\n")
            rows.writerow(head)
            for line in [*self.whole_days(), *self.intervals()]:
                cells = [cell for name in names for cell in _cells(line.figures.get(name))]
                rows.writerow([line.queue, line.interval, *cells])


def _figures(cohorts: Sequence[Cohort]) -> dict[str, Estimate | None]:
    return {name: Estimate.of(_known(map(figure, cohorts))) for name, figure in OF_CALLS.items()}


def _staff(hours: Sequence[Hours], length_s: float) -> dict[str, Estimate | None]:
    found = {name: _known(map(figure, hours)) for name, figure in OF_AGENTS.items()}
    found["agents"] = [seconds / length_s for seconds in found["agents"]]
    return {name: Estimate.of(values) for name, values in found.items()}


def _known(values: "map[float | None]") -> list[float]:
    return [float(value) for value in values if value is not None]


def _cells(estimate: Estimate | None) -> list[str]:
    if estimate is None:
        return ["", "", ""]
    return ["" if value is None else f"{value:.6g}" for value in asdict(estimate).values()]
