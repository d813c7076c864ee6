"""`parley what-if`: play a stretch of the past again with another configuration, and say what would have become of it."""

import asyncio
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer
import uvloop
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from infra.configuration_change import check
from infra.configuration_file import BadConfiguration, Configuration, parse
from infra.embedded_postgres import PostgresFailed
from infra.eventlog.port import Unavailable
from infra.settings import BadSettings, Settings, load
from infra.simulation.charts import NoMatplotlib
from infra.simulation.cli import of_caller
from infra.simulation.report import Estimate
from infra.storage import opened
from infra.what_if.assumptions import assumptions
from infra.what_if.charts import draw
from infra.what_if.comparison import Comparison, Row, compared
from infra.what_if.past import CannotReplay, Past, Reading, WindowReversed
from infra.what_if.reading import read
from infra.what_if.replay import Habits, Replay, Setup

NEAR = 0.05
WORDS = {
    "offered": "offered",
    "service_level_1": "in time, type 1",
    "service_level_2": "in time, type 2",
    "service_level_3": "in time, type 3",
    "asa_s": "speed of answer",
    "abandon_rate": "gave up",
}
REPLAYED = ("attributes", "media_routing_domains", "queues", "agents")
"""Sections of a file that make a difference to routing."""

out = Console() if sys.stdout.isatty() else Console(width=120)
err = Console(stderr=True, soft_wrap=True)


class UnknownQueue(CannotReplay):
    """The file names a queue that nobody could have asked for."""


def what_if(
    begins: Annotated[str, typer.Option("--from", help="Since when: a time like 2026-11-20T08:00.")],
    ends: Annotated[str, typer.Option("--to", help="Until when.")],
    changed: Annotated[
        Path, typer.Option("--with", help="What is otherwise: YAML as `config export` writes, or a part.")
    ],
    runs: Annotated[int, typer.Option(min=1, help="How often, each with other chance.")] = 20,
    seed: Annotated[int, typer.Option(help="Which chance: the same seed, the same result.")] = 1,
    interval_minutes: Annotated[int, typer.Option("--interval", min=1, help="Minutes, for charts and intervals.")] = 30,
    out_dir: Annotated[Path | None, typer.Option("--out", help="Where to write CSV and charts (nowhere).")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Where data lives (PARLEY_DATA_DIR).")] = None,
) -> None:
    """Play a stretch of the past again with other queues, steps or skills: who would have waited how long?"""
    try:
        settings = load(data_dir=data_dir)
        wanted = parse(of_caller(changed).read_text(encoding="utf-8"))
        reading = Reading(_moment(begins, "--from"), _moment(ends, "--to"))
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            past = runner.run(_read(settings, reading))
        replay = Replay(past, Habits(past), interval_minutes * 60.0)
        was = Setup.as_it_was(past)
        would = changed_setup(was, past, wanted)
    except (BadSettings, WindowReversed, BadMoment, OSError, UnicodeDecodeError) as wrong:
        _fail(str(wrong), 2)
    except BadConfiguration as bad:
        _fail(bad.text(str(changed)), 2)
    except (CannotReplay, PostgresFailed, Unavailable) as cannot:
        _fail(str(cannot), 1)
    comparison = _played(replay, was, would, runs, seed)
    _say(replay, was, would, wanted, comparison)
    if out_dir is not None:
        _write(comparison, was, of_caller(out_dir), f"{begins} to {ends}")


class BadMoment(Exception):
    """A text that is no time."""


def changed_setup(was: Setup, past: Past, wanted: Configuration) -> Setup:
    """Raises `UnknownQueue`, or `BadConfiguration` with everything in the file that does not fit what was there."""
    for queue in wanted.entities.get("queues", {}):
        if queue not in was.catalog.queues:
            known = ", ".join(sorted(was.catalog.queues)) or "none"
            raise UnknownQueue(f"There was no queue {queue!r}, so nobody asked for it; there were: {known}.")
    people = {it.agent.username: id_ for id_, it in past.people.items()}
    agents = {username: was.agents[id_] for username, id_ in people.items()}
    check(wanted, was.catalog, people, agents, prune=False)
    return was.changed(past, wanted)


async def _read(settings: Settings, reading: Reading) -> Past:
    async with opened(settings) as storage:
        with _progress() as progress:
            bar = progress.add_task("reading the log", total=1.0)
            await read(storage.log, reading, lambda done: progress.update(bar, completed=done))
    return reading.past()


def _played(replay: Replay, was: Setup, would: Setup, runs: int, seed: int) -> Comparison:
    with _progress() as progress:
        bar = progress.add_task(f"{runs} runs, as it was and changed", total=1.0)
        return compared(replay, was, would, runs, seed, lambda done: progress.update(bar, completed=done))


def _progress() -> Progress:
    return Progress(TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn(), console=err, transient=True)


def _say(replay: Replay, was: Setup, would: Setup, wanted: Configuration, comparison: Comparison) -> None:
    stretch, runs = replay.past.of_stretch, len(comparison.was.hours)
    table = Table(title=f"{len(stretch):,} requests, {runs} runs; ± half a 95 % interval; * the queue's own type")
    table.add_column("queue", no_wrap=True)
    table.add_column("figure", no_wrap=True)
    for heading in ("really", "as it was", "changed", "difference"):
        table.add_column(heading, justify="right", no_wrap=True)
    last = ""
    for row in comparison.rows():
        if last and row.queue != last:
            table.add_section()
        table.add_row("" if row.queue == last else row.queue, *_shown(row, _own(was, row.queue)))
        last = row.queue
    out.print(table)
    for queue in sorted(_unlike(comparison, was)):
        out.print(f"The replay of {queue} as it was is not what happened: trust the difference more than the levels.")
    out.print("\nWhat this takes for granted:")
    for line in assumptions(replay, was, would):
        out.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)
    if idle := [section for section, those in wanted.entities.items() if those and section not in REPLAYED]:
        out.print(f"  Of the file, {', '.join(idle)} change nothing here.", markup=False, highlight=False)


def _unlike(comparison: Comparison, was: Setup) -> set[str]:
    """Queues of which the replay misses the service level that was by more than `NEAR`."""
    return {
        row.queue
        for row in comparison.rows()
        if row.figure == (_own(was, row.queue) or "service_level_2") and row.really is not None and row.was is not None
        if abs(row.was.mean - row.really) > NEAR
    }


def _shown(row: Row, own: str) -> list[str]:
    word = WORDS[row.figure] + (" *" if row.figure == own else "")
    if row.figure == "offered":
        scale, pattern, unit = 1.0, "{:,.0f}", ""
    elif row.figure == "asa_s":
        scale, pattern, unit = 1.0, "{:,.1f}", " s"
    else:
        scale, pattern, unit = 100.0, "{:.1f}", " %"
    really = "" if row.really is None else pattern.format(row.really * scale) + unit
    cells = [_cell(it, scale, pattern, unit) for it in (row.was, row.would)]
    points = " points" if unit == " %" else unit
    return [word, really, *cells, _cell(row.difference, scale, pattern.replace(":", ":+"), points)]


def _cell(it: Estimate | None, scale: float, pattern: str, unit: str) -> str:
    if it is None:
        return ""
    half = "" if it.high is None else f" ± {pattern.replace(':+', ':').format((it.high - it.mean) * scale)}"
    return pattern.format(it.mean * scale) + half + unit


def _own(setup: Setup, queue: str) -> str:
    found = [it.service_level_type for id_, it in setup.catalog.queues.items() if id_ == queue]
    return f"service_level_{found[0]}" if found else ""


def _write(comparison: Comparison, was: Setup, folder: Path, title: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    comparison.write(folder / "what-if.csv")
    comparison.was.write(folder / "as-it-was.csv")
    comparison.would.write(folder / "changed.csv")
    written = ["what-if.csv", "as-it-was.csv", "changed.csv"]
    try:
        for queue in comparison.names:
            names = [f"{queue.replace(' ', '-')}.{kind}" for kind in ("png", "svg")]
            level = _own(was, queue) or "service_level_2"
            draw(comparison.was, comparison.would, title, queue, level, [folder / name for name in names])
            written += names
    except NoMatplotlib as lacking:
        err.print(f"No charts: {lacking}", style="yellow", markup=False, highlight=False)
    err.print(f"Wrote {', '.join(written)} to {folder}.", markup=False, highlight=False)


def _moment(text: str, option: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadMoment(f"{option} {text!r} is no time like 2026-11-20T08:00.") from None
    return moment if moment.tzinfo else moment.astimezone()


def _fail(text: str, code: int) -> NoReturn:
    err.print(text, style="red", markup=False, highlight=False)
    raise typer.Exit(code)
