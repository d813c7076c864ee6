"""Does the routing engine, played in virtual time, meet queueing theory; and how many virtual arrivals per second?

    python -m bench.erlang [--data CSV] [--arrivals 20000] [--runs 10] [--only textbook] [--fifo] [--profile] [--quick]

Twelve settings, from 4 to 1,200 agents: Poisson arrivals, exponential handling and patience, one queue. Accepted is a gap
of at most three standard errors of the runs, or of 1 % on P(wait) and the service level and 3 % on the mean wait,
whichever is wider. `--data` names a table of settings with their theoretical values, against which ours are checked too.
`--fifo` plays through a queue of ten lines in place of the engine: it shows what the simulator itself costs.
"""

import argparse
import cProfile
import csv
import gc
import os
import pstats
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import inf, sqrt
from pathlib import Path
from random import Random
from statistics import fmean, stdev
from typing import Any

from bench.figures import Figure, Run, lines, number, rows_of
from domain.agents.facts import MrdMadeReady, SlotReleased
from domain.configuration.settings import MediaRoutingDomain, Queue
from domain.ids import AgentId, MrdId, OfferId, QueueId, TaskId
from domain.kernel import Recorded
from domain.routing.engine import Engine, Move, Offer
from domain.tasks.facts import TaskClosed, TaskQueued
from infra.simulation.arrivals import poisson
from infra.simulation.durations import exponential
from infra.simulation.erlang import SteadyState, erlang_a, erlang_c
from infra.simulation.patience import never
from infra.simulation.plan import AgentPlan, Call, Plan, QueuePlan
from infra.simulation.tally import Cohort, Hours
from infra.simulation.telling import Router
from infra.simulation.world import World

VOICE = MrdId("voice")
THRESHOLD_S = 20
GOAL_PER_S = 50_000
WIDEST = {"p_wait": 0.01, "service_level": 0.01, "mean_wait_s": 0.03}
"""Relative gaps that are accepted anyway."""


@dataclass(frozen=True, slots=True)
class Setting:
    name: str
    per_hour: float
    handle_s: float
    agents: int
    patience_s: float | None = None

    @property
    def theory(self) -> SteadyState:
        per_s = self.per_hour / 3600
        if self.patience_s is None:
            return erlang_c(per_s, self.handle_s, self.agents, THRESHOLD_S)
        return erlang_a(per_s, self.handle_s, self.agents, self.patience_s, THRESHOLD_S)

    @property
    def relaxation_s(self) -> float:
        """In about this time the memory of an empty beginning fades to a third."""
        if self.patience_s is not None:
            return max(self.handle_s, self.patience_s)
        return self.handle_s / (sqrt(self.agents) - sqrt(self.per_hour / 3600 * self.handle_s)) ** 2

    def plan(self, arrivals: int, seed: str) -> Plan:
        """The first interval is the warm-up: five relaxation times, or a tenth of the arrivals."""
        measured_s = arrivals / self.per_hour * 3600
        warm_up_s = max(5 * self.relaxation_s, measured_s / 10)
        horizon_s = warm_up_s * (1 + max(1, round(measured_s / warm_up_s)))
        queue = Queue("phone", VOICE, service_level_threshold_s=THRESHOLD_S, wrap_up_enabled=False)
        staff = [AgentPlan(AgentId(f"a{n:04d}"), {VOICE: 1}, [(0.0, inf)]) for n in range(self.agents)]
        queues = [QueuePlan(QueueId("phone"), queue, self._calls(horizon_s, seed))]
        return Plan({VOICE: MediaRoutingDomain("voice")}, {}, queues, staff, horizon_s, warm_up_s)

    def _calls(self, horizon_s: float, seed: str) -> Iterator[Call]:
        handling = exponential(Random(f"{seed}/handling"), self.handle_s)
        patience = exponential(Random(f"{seed}/patience"), self.patience_s) if self.patience_s else never()
        for at_s in poisson(Random(f"{seed}/arrivals"), [self.per_hour], horizon_s):
            yield Call(at_s, handling(), patience())


SETTINGS = [
    Setting("small-chat", 30, 240, 4),
    Setting("textbook-100-per-half-hour", 200, 180, 14),
    Setting("hour-360x240-30", 360, 240, 30),
    Setting("bank-500x177-30", 500, 177, 30),
    Setting("large-2400x300-210", 2400, 300, 210),
    Setting("garnett-48-per-min-C", 2880, 60, 50),
    Setting("garnett-48-per-min-A", 2880, 60, 50, 120),
    Setting("small-overload-A", 60, 240, 4, 90),
    Setting("bank-500x177-25-A", 500, 177, 25, 180),
    Setting("large-2400x300-195-A", 2400, 300, 195, 120),
    Setting("huge-12000x360-1200-A", 12000, 360, 1200, 150),
    Setting("quality-600x300-58-A", 600, 300, 58, 60),
]


class Fifo:
    """The shortest thing that routes one queue: who came first gets who is free longest."""

    def __init__(self) -> None:
        self.waiting: dict[str, None] = {}
        self.free: dict[str, None] = {}

    def feed(self, recorded: Recorded[Any]) -> None:
        fact = recorded.fact
        kind = type(fact)
        if kind is TaskQueued:
            self.waiting[fact.routing.root_request_id] = None
        elif kind is TaskClosed:
            self.waiting.pop(recorded.stream[5:], None)
        elif kind is SlotReleased or kind is MrdMadeReady:
            self.free[recorded.stream[6:]] = None

    def decide(self, now: datetime) -> list[Move]:
        if not self.waiting or not self.free:
            return []
        task, agent = next(iter(self.waiting)), next(iter(self.free))
        del self.waiting[task], self.free[agent]
        return [Offer(TaskId(task), VOICE, AgentId(agent), OfferId("o"), 0, {})]

    def forget(self, move: Move) -> None:
        raise AssertionError(f"{move} was refused")

    def next_due(self) -> datetime | None:
        return None


class Tape(Fifo):
    """Keeps what it was asked, so that the same can be asked of another without a simulator."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Any] = []

    def feed(self, recorded: Recorded[Any]) -> None:
        self.asked.append(recorded)
        super().feed(recorded)

    def decide(self, now: datetime) -> list[Move]:
        self.asked.append(now)
        return super().decide(now)


def trivial_us(setting: Setting, arrivals: int) -> float:
    """What the trivial router itself takes for an arrival: not the simulator's fault."""
    tape, router = Tape(), Fifo()
    world = World(setting.plan(arrivals, "tape"), tape).play()
    begun = time.thread_time()
    for it in tape.asked:
        if isinstance(it, datetime):
            router.decide(it)
        else:
            router.feed(it)
    return (time.thread_time() - begun) / world.arrivals * 1e6


def one_run(setting: Setting, router: type[Router], arrivals: int, seed: str) -> tuple[World, float]:
    """The world after it was played, and the CPU seconds that this took; drawing the chances is part of it."""
    world = World(setting.plan(arrivals, seed), router())
    gc.collect()
    begun = time.thread_time()
    world.play()
    return world, time.thread_time() - begun


def found(world: World) -> dict[str, float]:
    """What was measured after the warm-up."""
    calls = sum(world.cohorts["phone"][1:], Cohort())
    hours = sum(world.timesheet.hours[1 : world.intervals], Hours())
    return {
        "p_wait": calls.queued / calls.offered,
        "service_level": calls.answered_in / calls.offered,
        "mean_wait_s": calls.wait_s / calls.offered,
        "occupancy": hours.busy_s / (hours.busy_s + hours.idle_s),
        "abandoned": calls.abandoned / calls.offered,
    }


def compared(setting: Setting, runs: Sequence[dict[str, float]]) -> list[dict[str, Any]]:
    rows = []
    for name in runs[0]:
        ours, theory = fmean(run[name] for run in runs), getattr(setting.theory, name)
        error = stdev(run[name] for run in runs) / sqrt(len(runs)) if len(runs) > 1 else 0.0
        if not theory:
            continue
        gap = ours - theory
        unit, scale = ("s", 1) if name.endswith("_s") else ("%", 100)
        row = {"setting": setting.name, "figure": f"{name.removesuffix('_s')}, {unit}"}
        row |= {"ours": round(scale * ours, 3), "theory": round(scale * theory, 3)}
        row |= {"gap_%": round(100 * gap / theory, 2), "errors": round(gap / error, 1) if error else 0.0}
        if name in WIDEST:
            row["verdict"] = "ok" if abs(gap) <= max(3 * error, WIDEST[name] * theory) else "OUTSIDE"
        rows.append(row)
    return rows


def read(path: Path) -> list[Setting]:
    """The settings of a table; ends loudly where its theory is not ours."""
    settings = []
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            patience_s = float(row["mean_patience_s"]) if row["mean_patience_s"] else None
            numbers = float(row["arrivals_per_hour"]), float(row["aht_s"]), int(row["operators"])
            setting = Setting(row["setting"], *numbers, patience_s)
            theory = setting.theory
            theirs = [float(row[it]) for it in ("p_wait", "service_level_20s", "mean_wait_all_s", "abandon_fraction")]
            ours = [theory.p_wait, theory.service_level, theory.mean_wait_s, theory.abandoned]
            if any(abs(a - b) > 1e-6 * max(1, abs(a)) for a, b in zip(theirs, ours, strict=True)):
                sys.exit(f"✗ {setting.name}: the table says {theirs}, our formulas {ours}")
            settings.append(setting)
    print(f"our formulas give the table's values in all {len(settings)} settings")
    return settings


def asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="a table of settings with their theoretical values")
    parser.add_argument("--arrivals", type=int, default=20_000, help="per run, after the warm-up")
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--only", default="", help="settings whose name contains this")
    parser.add_argument("--fifo", action="store_true", help="the simulator alone, with a trivial router")
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--quick", action="store_true", help="3 runs of 2,000 arrivals")
    options = parser.parse_args()
    if options.quick:
        options.arrivals, options.runs = 2_000, 3
    return options


def main() -> None:
    options = asked()
    settings = read(options.data) if options.data else SETTINGS
    settings = [it for it in settings if options.only in it.name]
    if options.profile:
        profiled(settings[0], Fifo if options.fifo else Engine, options.arrivals, options.seed)
        return
    run = Run("erlang", "Does the engine in virtual time meet Erlang's formulas, and how fast?", quick=options.quick)
    table: list[dict[str, Any]] = []
    router_us = trivial_us(settings[0], min(options.arrivals, 20_000))
    speeds = [measured(setting, options, table) for setting in settings]
    inside = sum(all(row.get("verdict") != "OUTSIDE" for row in table if row["setting"] == it.name) for it in settings)
    print("", *lines(table), sep="\n")
    marks = figures(speeds, inside, len(settings), router_us)
    print("", *lines(rows_of(marks)), sep="\n")
    if not options.fifo and not options.only:
        run.save(marks, table, speeds=speeds, runs=options.runs, arrivals=options.arrivals)


def measured(setting: Setting, options: argparse.Namespace, table: list[dict[str, Any]]) -> dict[str, Any]:
    """All runs of one setting, each beside the same one with a trivial router; adds to the table."""
    runs, cpu_s, arrivals, fifo_s, fifo_arrivals = [], 0.0, 0, 0.0, 0
    for n in range(options.runs):
        seed = f"{options.seed}/{setting.name}/{n}"
        if options.fifo or n == 0:
            plain, took_s = one_run(setting, Fifo, options.arrivals, seed)
            fifo_s, fifo_arrivals = fifo_s + took_s, fifo_arrivals + plain.arrivals
        world, took_s = (plain, took_s) if options.fifo else one_run(setting, Engine, options.arrivals, seed)
        if n == 0 and world.cohorts != plain.cohorts:
            print(f"! {setting.name}: the engine does not serve in the order of arrival", file=sys.stderr)
        cpu_s, arrivals = cpu_s + took_s, arrivals + world.arrivals
        runs.append(found(world))
    rows = compared(setting, runs)
    table += rows
    speed = {"setting": setting.name, "arrivals": arrivals, "cpu_s": cpu_s, "us": cpu_s / arrivals * 1e6}
    speed |= {"fifo_us": fifo_s / fifo_arrivals * 1e6}
    outside = [row["figure"] for row in rows if row.get("verdict") == "OUTSIDE"]
    print(
        f"{setting.name:28}{number(arrivals):>10} arrivals {speed['us']:7.1f} us each; with a trivial router "
        f"{speed['fifo_us']:5.1f}; load {os.getloadavg()[0]:.1f}  {'OUTSIDE: ' + ', '.join(outside) if outside else 'ok'}",
        flush=True,
    )
    return speed


def figures(speeds: Sequence[dict[str, Any]], inside: int, settings: int, router_us: float) -> list[Figure]:
    arrivals, cpu_s = sum(it["arrivals"] for it in speeds), sum(it["cpu_s"] for it in speeds)
    plain_us = fmean(it["fifo_us"] for it in speeds)
    per_s = arrivals / cpu_s
    return [
        Figure("settings inside the tolerance", inside, f"of {settings}", 8, 12),
        Figure("virtual arrivals through the engine", per_s, "/s", None, GOAL_PER_S, "trivial router", 1e6 / plain_us),
        Figure(
            "the engine's part of an arrival", 1e6 / per_s - plain_us + router_us, "µs", None, None, less_is_better=True
        ),
        Figure("the simulator's own part of an arrival", plain_us - router_us, "µs", None, 8.0, less_is_better=True),
    ]


def profiled(setting: Setting, router: type[Router], arrivals: int, seed: str) -> None:
    world, profiler = World(setting.plan(arrivals, f"{seed}/0"), router()), cProfile.Profile()
    profiler.enable()
    world.play()
    profiler.disable()
    print(f"{setting.name}: {world.arrivals:,} arrivals, {world.moves:,} moves, {world.refused:,} refused")
    pstats.Stats(profiler).sort_stats("tottime").print_stats(25)


if __name__ == "__main__":
    main()
