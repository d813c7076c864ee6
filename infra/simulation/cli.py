"""`parley simulate`: play a scenario through the routing engine, many times over, and say what came out."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from infra.simulation.charts import NoMatplotlib, draw
from infra.simulation.report import EVERYBODY, Estimate, Line, Report
from infra.simulation.scenario import BadScenario, Scenario, load
from infra.simulation.world import World

out = Console() if sys.stdout.isatty() else Console(width=120)
err = Console(stderr=True, soft_wrap=True)


def simulate(
    scenario: Annotated[Path, typer.Argument(help="What to play: a YAML file, see docs/how-to/simulate.md.")],
    runs: Annotated[int | None, typer.Option(min=1, help="How often, each with other chance (the file's).")] = None,
    seed: Annotated[int | None, typer.Option(help="Which chance: the same seed, the same result (the file's).")] = None,
    out_dir: Annotated[Path | None, typer.Option("--out", help="Where to write CSV and charts (nowhere).")] = None,
) -> None:
    """Try staffing, queues and skills on the real routing engine, in virtual time."""
    scenario = of_caller(scenario)
    try:
        wanted = load(scenario)
    except BadScenario as wrong:
        err.print(str(wrong), style="red", markup=False, highlight=False)
        raise typer.Exit(2) from None
    begun = time.perf_counter()
    report = played(
        wanted, scenario.parent, wanted.runs if runs is None else runs, wanted.seed if seed is None else seed
    )
    took_s = time.perf_counter() - begun
    out.print(_summary(wanted, report))
    virtual_s = wanted.hours * 3600 * len(report.hours)
    err.print(
        f"{report.arrivals:,} calls in {took_s:.1f} s: {report.arrivals / took_s:,.0f} per second, "
        f"{virtual_s / took_s:,.0f} times faster than life.",
        highlight=False,
    )
    if out_dir is not None:
        _write(wanted, report, of_caller(out_dir))


def of_caller(file: Path) -> Path:
    """A relative path, from where the caller stands: `./parley` goes elsewhere to start."""
    return Path(os.environ.get("PARLEY_CALLED_FROM", "")) / file


def played(scenario: Scenario, folder: Path, runs: int, seed: int) -> Report:
    plan = scenario.plan(folder, seed, 0)
    midnight = plan.start.replace(hour=0, minute=0)
    report = Report((plan.start - midnight).total_seconds(), scenario.interval_s)
    columns = TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn()
    with Progress(*columns, console=err, transient=True) as progress:
        day_s = scenario.hours * 3600
        bar = progress.add_task("", total=runs * day_s)
        for run in range(runs):
            progress.update(bar, description=f"run {run + 1} of {runs}")
            world = World(scenario.plan(folder, seed, run))
            report.add(world.play(_moving(progress, bar, run * day_s, (run + 1) * day_s)))
            progress.update(bar, completed=(run + 1) * day_s)
    return report


def _moving(progress: Progress, bar: TaskID, done_s: float, most_s: float) -> Callable[[float], None]:
    return lambda at_s: progress.update(bar, completed=min(done_s + at_s, most_s))


def _summary(scenario: Scenario, report: Report) -> Table:
    runs = len(report.hours)
    table = Table(title=f"{escape(scenario.name)}: {scenario.hours:g} h, {runs} runs; ± half a 95 % interval")
    table.add_column("queue", no_wrap=True)
    for heading in ("offered", "answered", "gave up", "in time", "speed of answer", "mean wait", "occupancy"):
        table.add_column(heading, justify="right", no_wrap=True)
    *queues, together = report.whole_days()
    if len(queues) == 1:
        queues = [Line(queues[0].queue, together.interval, together.figures)]
    for line in queues if len(queues) == 1 else [*queues, together]:
        table.add_row(escape(line.queue), *_cells(line, _level(scenario, line.queue)))
    return table


def _level(scenario: Scenario, queue: str) -> str:
    """The type of service level that counts: the queue's own; for all together the one that they share, or the second."""
    types = {it.service_level_type for name, it in scenario.queues.items() if queue in (name, EVERYBODY)}
    return f"service_level_{types.pop() if len(types) == 1 else 2}"


def _cells(line: Line, level: str) -> list[str]:
    figures = line.figures
    return [
        _shown(figures["offered"], "{:,.0f}"),
        _shown(figures["answered"], "{:,.0f}"),
        _percent(figures["abandon_rate"]),
        _percent(figures[level]),
        _shown(figures["asa_s"], "{:.1f}", " s"),
        _shown(figures["mean_wait_s"], "{:.1f}", " s"),
        _percent(figures.get("occupancy")),
    ]


def _shown(estimate: Estimate | None, pattern: str, unit: str = "") -> str:
    if estimate is None:
        return ""
    half = "" if estimate.high is None else f" ± {pattern.format(estimate.high - estimate.mean)}"
    return pattern.format(estimate.mean) + half + unit


def _percent(estimate: Estimate | None) -> str:
    if estimate is None:
        return ""
    low, high = estimate.low, estimate.high
    shares = Estimate(100 * estimate.mean, None if low is None else 100 * low, None if high is None else 100 * high)
    return _shown(shares, "{:.1f}", " %")


def _write(scenario: Scenario, report: Report, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    report.write(folder / "intervals.csv")
    written = ["intervals.csv"]
    try:
        for name, level in _pictures(scenario):
            stem = name.replace(" ", "-")
            draw(report, scenario.name, name, level, [folder / f"{stem}.png", folder / f"{stem}.svg"])
            written += [f"{stem}.png", f"{stem}.svg"]
    except NoMatplotlib as lacking:
        err.print(f"No charts: {lacking}", style="yellow", markup=False, highlight=False)
    err.print(f"Wrote {', '.join(written)} to {folder}.", markup=False, highlight=False)


def _pictures(scenario: Scenario) -> list[tuple[str, str]]:
    """A picture for each queue, and one for all together where there are several."""
    names = [*scenario.queues, EVERYBODY] if len(scenario.queues) > 1 else [*scenario.queues]
    return [(name, _level(scenario, name)) for name in names]
