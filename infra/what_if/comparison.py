"""How much better or worse, queue by queue? The past as it was, as it is replayed, and as it would have been."""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from infra.simulation.plan import Plan
from infra.simulation.report import EVERYBODY, OF_CALLS, Estimate, Report
from infra.simulation.tally import Cohort
from infra.simulation.world import World
from infra.what_if.replay import Replay, Setup

FIGURES = ("offered", "service_level_1", "service_level_2", "service_level_3", "asa_s", "abandon_rate")
Progress = Callable[[float], None]
"""Told how much of all is done, from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of one queue; none where there was nothing to measure. The difference is taken run by run."""

    queue: str
    figure: str
    really: float | None
    was: Estimate | None
    would: Estimate | None
    difference: Estimate | None


@dataclass(frozen=True, slots=True)
class Comparison:
    really: Mapping[str, Cohort]
    was: Report
    would: Report

    @property
    def names(self) -> list[str]:
        """The queues to which somebody came, and all together where there are several."""
        those = [it for it in self.really if it in self.was.cohorts]
        return [*those, EVERYBODY] if len(those) > 1 else those

    def rows(self) -> Iterator[Row]:
        """Queue by queue, then all together."""
        for queue in self.names:
            was, would = _whole(self.was, queue), _whole(self.would, queue)
            really = sum(self.really.values(), Cohort()) if queue == EVERYBODY else self.really[queue]
            for figure in FIGURES:
                yield _row(queue, figure, really, was, would)

    def write(self, path: Path) -> None:
        """CSV: the figures as shares and seconds, each estimate with its 95 % interval over the runs."""
        parts = ("as_it_was", "changed", "difference")
        with path.open("w", newline="") as file:
            rows = csv.writer(file, lineterminator="\n")
            rows.writerow(
                ["queue", "figure", "really", *(f"{part}{end}" for part in parts for end in ("", "_low", "_high"))]
            )
            for row in self.rows():
                cells = [cell for it in (row.was, row.would, row.difference) for cell in _cells(it)]
                rows.writerow([row.queue, row.figure, _cell(row.really), *cells])


def compared(replay: Replay, was: Setup, would: Setup, runs: int, seed: int, progress: Progress) -> Comparison:
    """Both, `runs` times: each run has other luck, and both setups the same."""
    reports = Report(replay.starts_s, replay.interval_s), Report(replay.starts_s, replay.interval_s)
    for run in range(runs):
        for second, (setup, report) in enumerate(zip((was, would), reports, strict=True)):
            done = (2 * run + second) / (2 * runs)
            plan = replay.plan(setup, f"{seed}/{run}")
            report.add(World(plan).play(_moving(progress, done, plan, 2 * runs)))
    progress(1.0)
    return Comparison({str(id_): it for id_, it in replay.really(was).items()}, *reports)


def _moving(progress: Progress, done: float, plan: Plan, of: int) -> Callable[[float], None]:
    return lambda at_s: progress(done + min(1.0, at_s / plan.horizon_s) / of)


def _whole(report: Report, queue: str) -> list[Cohort]:
    """The whole stretch, run by run."""
    if queue != EVERYBODY:
        return [sum(run, Cohort()) for run in report.cohorts[queue]]
    by_queue = [_whole(report, it) for it in report.cohorts]
    return [sum(run, Cohort()) for run in zip(*by_queue, strict=True)]


def _row(queue: str, figure: str, really: Cohort, was: Sequence[Cohort], would: Sequence[Cohort]) -> Row:
    measure = OF_CALLS[figure]
    before, after = [measure(it) for it in was], [measure(it) for it in would]
    both = [b - a for a, b in zip(before, after, strict=True) if a is not None and b is not None]
    return Row(queue, figure, measure(really), _estimate(before), _estimate(after), Estimate.of(both))


def _estimate(values: Sequence[float | None]) -> Estimate | None:
    return Estimate.of([it for it in values if it is not None])


def _cells(estimate: Estimate | None) -> list[str]:
    if estimate is None:
        return ["", "", ""]
    return [_cell(estimate.mean), _cell(estimate.low), _cell(estimate.high)]


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"
