"""Does the simulator foretell real days? Those of a bank's call log, from their arrivals and their operators.

    python -m bench.bank --data CSV [--runs 10] [--split alternate|halves] [--quick]

Every second day is foretold with the habits (handling times, patience, pauses between calls) of the days between, and the
other way round; with `--split halves`, each half of the month with those of the other. Of a day itself only the moments at
which calls came and the spans in which operators were seen are used. How long a pause counts as absence is calibrated on
the days that teach, too.
"""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from statistics import fmean
from typing import Any

from bench.figures import Figure, Run, lines, rows_of
from infra.simulation.bank import BankCall, Habits, Outcome, read
from infra.simulation.patience import mean_of_censored
from infra.simulation.tally import Cohort
from infra.simulation.world import World

GAPS_S = (120.0, 180.0, 300.0, 450.0, 600.0, 900.0, 1800.0)
Days = dict[date, list[BankCall]]


def played(habits: Habits, calls: Sequence[BankCall], runs: int, seed: str) -> Outcome:
    """The mean day of several runs."""
    outcomes = []
    for n in range(runs):
        world = World(habits.plan(calls, f"{seed}/{n}")).play()
        day = sum((cohort for cohorts in world.cohorts.values() for cohort in cohorts), Cohort())
        gone = day.abandoned + day.waiting
        outcomes.append(
            Outcome(day.offered, day.answered_in / day.offered, day.wait_s / day.offered, gone / day.offered)
        )
    names = ("service_level", "mean_wait_s", "abandoned")
    return Outcome(len(calls), *(fmean(getattr(it, name) for it in outcomes) for name in names))


def calibrated(days: Days, runs: int, seed: str) -> Habits:
    """The habits of these days, with the gap under which the service level of these very days comes out best."""
    found = []
    for gap_s in GAPS_S:
        habits = Habits.of(days.values(), gap_s)
        misses = [
            abs(played(habits, calls, runs, seed).service_level - Outcome.of(calls).service_level) * len(calls)
            for calls in days.values()
        ]
        found.append((sum(misses), gap_s, habits))
        print(f"  gap {gap_s:5.0f} s: off by {100 * sum(misses) / sum(map(len, days.values())):.1f} points", flush=True)
    return min(found, key=lambda it: it[:2])[2]


def row(day: date, ours: Outcome, actual: Outcome) -> dict[str, Any]:
    return {
        "day": f"{day:%a %d %b}",
        "calls": actual.calls,
        "service_level_%": round(100 * actual.service_level, 1),
        "foretold_%": round(100 * ours.service_level, 1),
        "mean_wait_s": round(actual.mean_wait_s, 1),
        "foretold_s": round(ours.mean_wait_s, 1),
        "gave_up_%": round(100 * actual.abandoned, 1),
        "foretold_up_%": round(100 * ours.abandoned, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="the call log")
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--split", choices=("alternate", "halves"), default="alternate")
    parser.add_argument("--quick", action="store_true", help="one run a day")
    options = parser.parse_args()
    if options.data is None:
        print("No call log given (--data), so nothing is foretold: the log is not part of the project.")
        return
    try:
        days = read(options.data)
    except (OSError, ValueError) as wrong:
        sys.exit(f"✗ {wrong}")
    runs = 1 if options.quick else options.runs
    run = Run("bank", "Are real days foretold from their arrivals and their operators?", quick=options.quick)
    begun = time.perf_counter()
    table, pairs, gaps = [], [], []
    names = sorted(days)
    half = len(names) // 2
    halves = (names[:half], names[half:]) if options.split == "halves" else (names[::2], names[1::2])
    for taught, foretold in (halves, halves[::-1]):
        print(f"habits of {len(taught)} days, {taught[0]} to {taught[-1]} (load {os.getloadavg()[0]:.1f})")
        habits = calibrated({day: days[day] for day in taught}, max(1, runs // 5), options.seed)
        gaps.append(habits.gap_s)
        for day in foretold:
            ours, actual = played(habits, days[day], runs, f"{options.seed}/{day}"), Outcome.of(days[day])
            pairs.append((ours, actual))
            table.append((day, row(day, ours, actual)))
    table = [it for _, it in sorted(table, key=lambda it: it[0])]
    print("", *lines(table), sep="\n")
    marks = figures(pairs)
    print("", *lines(rows_of(marks)), f"{time.perf_counter() - begun:.0f} s", sep="\n")
    calls = [it for day in days.values() for it in day]
    patience_s = mean_of_censored((it.wait_s, not it.answered) for it in calls)
    if options.split == "alternate":
        run.save(marks, table, runs=runs, gaps_s=gaps, patience_s=patience_s)


def figures(pairs: Sequence[tuple[Outcome, Outcome]]) -> list[Figure]:
    """All together, and the mean day: a month can be right while its days are not."""

    def whole(which: int, name: str) -> float:
        return sum(getattr(it[which], name) * it[1].calls for it in pairs) / sum(it[1].calls for it in pairs)

    def off(name: str) -> float:
        return sum(abs(getattr(a, name) - getattr(b, name)) * b.calls for a, b in pairs) / sum(
            b.calls for _, b in pairs
        )

    level = 100 * abs(whole(0, "service_level") - whole(1, "service_level"))
    return [
        Figure("service level of the month, off by", level, "points", None, 3, less_is_better=True),
        Figure("service level of a day, off by", 100 * off("service_level"), "points", less_is_better=True),
        Figure("mean wait of a day, off by", off("mean_wait_s"), "s", less_is_better=True),
        Figure("share that gave up in a day, off by", 100 * off("abandoned"), "points", less_is_better=True),
        Figure("service level, foretold", 100 * whole(0, "service_level"), "%", None, None, "as it was", 100 * whole(1, "service_level")),
        Figure("mean wait, foretold", whole(0, "mean_wait_s"), "s", None, None, "as it was", whole(1, "mean_wait_s")),
        Figure("gave up, foretold", 100 * whole(0, "abandoned"), "%", None, None, "as it was", 100 * whole(1, "abandoned")),
    ]  # fmt: skip


if __name__ == "__main__":
    main()
