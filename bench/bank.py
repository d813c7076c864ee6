"""Does the simulator foretell real days? Those of a bank's call log, from their arrivals and their operators.

    python -m bench.bank --data CSV [--runs 10] [--split alternate|halves] [--quick]

Every second day is foretold with the habits (handling times, patience, pauses between calls) of the days between, and the
other way round; with `--split halves`, each half of the month with those of the other. Of a day itself only the moments at
which calls came and the spans in which operators were seen are used. How long a pause counts as absence, and how long
whoever was absent was there before and after, is calibrated on the days that teach, too; how well it fits them is printed
beside how well it foretells the others. `knowing`: foretold once more with the day's own handling times, which shows how much of the
error is theirs.
"""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from statistics import fmean
from typing import Any

from bench.figures import Figure, Run, lines, rows_of
from infra.simulation.bank import BankCall, Habits, Outcome, read
from infra.simulation.patience import mean_of_censored
from infra.simulation.tally import Cohort
from infra.simulation.world import World

GAPS_S, EDGES_S = (600.0, 900.0, 1800.0), (0.0, 60.0)
MEASURES = (
    ("service_level", "service level", "points", 100.0),
    ("mean_wait_s", "mean wait", "s", 1.0),
    ("abandoned", "share that gave up", "points", 100.0),
)
Days = dict[date, list[BankCall]]


@dataclass(frozen=True, slots=True)
class Foretold:
    """`informed`: foretold with the day's own handling times; `usual`: the mean of the days that taught."""

    day: date
    actual: Outcome
    ours: Outcome
    informed: Outcome
    usual: Outcome


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


def calibrated(days: Days, runs: int, seed: str) -> tuple[Habits, dict[str, float]]:
    """The habits of these days, with the gap and the edge under which these very days come out best, and how well: a point
    of service level weighs as much as a second of waiting.
    """
    found = []
    n = sum(map(len, days.values()))
    actual = {day: Outcome.of(calls) for day, calls in days.items()}
    for gap_s in GAPS_S:
        learned = Habits.of(days.values(), gap_s)
        for edge_s in EDGES_S:
            habits = replace(learned, edge_s=edge_s)
            ours = {day: played(habits, calls, runs, seed) for day, calls in days.items()}
            fit = {
                name: sum(
                    scale * abs(getattr(ours[day], name) - getattr(it, name)) * it.calls for day, it in actual.items()
                )
                / n
                for name, _, _, scale in MEASURES
            }
            found.append((fit["service_level"] + fit["mean_wait_s"], gap_s, edge_s, habits, fit))
            told = f"{fit['service_level']:.1f} points, {fit['mean_wait_s']:.1f} s"
            print(f"  gap {gap_s:5.0f} s, edge {edge_s:4.0f} s: off by {told}", flush=True)
    *_, habits, fit = min(found, key=lambda it: it[:3])
    return habits, fit


def row(it: Foretold) -> dict[str, Any]:
    ours, actual = it.ours, it.actual
    return {
        "day": f"{it.day:%a %d %b}",
        "calls": actual.calls,
        "service_level_%": round(100 * actual.service_level, 1),
        "foretold_%": round(100 * ours.service_level, 1),
        "knowing_%": round(100 * it.informed.service_level, 1),
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
    foretold, gaps, fits = [], [], []
    for taught, asked in split(days, options.split):
        print(f"habits of {len(taught)} days, {min(taught)} to {max(taught)} (load {os.getloadavg()[0]:.1f})")
        habits, fit = calibrated(taught, max(1, runs // 5), options.seed)
        gaps.append((habits.gap_s, habits.edge_s))
        fits.append(fit)
        usual = Outcome.of([it for calls in taught.values() for it in calls])
        foretold += [a_day(habits, usual, calls, runs, options.seed) for calls in asked.values()]
    foretold.sort(key=lambda it: it.day)
    table = [row(it) for it in foretold]
    marks = [*figures(foretold), *fitted(fits)]
    print("", *lines(table), "", *lines(rows_of(marks)), f"{time.perf_counter() - begun:.0f} s", sep="\n")
    calls = [it for day in days.values() for it in day]
    patience_s = mean_of_censored((it.wait_s, not it.answered) for it in calls)
    if options.split == "alternate":
        run.save(marks, table, runs=runs, gaps_s=gaps, patience_s=patience_s)


def fitted(fits: Sequence[dict[str, float]]) -> list[Figure]:
    """How well the days that taught come out themselves: nothing is foretold here."""
    return [
        Figure(
            f"{words} of a day that taught, off by",
            fmean(it[name] for it in fits),
            unit,
            None,
            None,
            less_is_better=True,
        )
        for name, words, unit, _ in MEASURES
    ]


def split(days: Days, how: str) -> list[tuple[Days, Days]]:
    """(who teaches, what is foretold), twice, so that every day is foretold once."""
    names, half = sorted(days), len(days) // 2
    one, other = (names[:half], names[half:]) if how == "halves" else (names[::2], names[1::2])
    sides = {day: days[day] for day in one}, {day: days[day] for day in other}
    return [sides, sides[::-1]]


def a_day(habits: Habits, usual: Outcome, calls: Sequence[BankCall], runs: int, seed: str) -> Foretold:
    own = replace(habits, handling=Habits.of([calls], habits.gap_s).handling)
    day, actual = calls[0].day, Outcome.of(calls)
    ours, informed = (played(it, calls, runs, f"foretold/{seed}") for it in (habits, own))
    return Foretold(day, actual, ours, informed, usual)


def figures(days: Sequence[Foretold]) -> list[Figure]:
    """All together, and the mean day: a month can be right while its days are not."""
    n = sum(it.actual.calls for it in days)

    def whole(which: str, name: str) -> float:
        return sum(getattr(getattr(it, which), name) * it.actual.calls for it in days) / n

    def off(which: str, name: str) -> float:
        misses = [abs(getattr(getattr(it, which), name) - getattr(it.actual, name)) * it.actual.calls for it in days]
        return sum(misses) / n

    found = []
    for which, knowing in (("ours", ""), ("informed", ", knowing its handling times")):
        month = 100 * abs(whole(which, "service_level") - whole("actual", "service_level"))
        found.append(
            Figure(f"service level of the month{knowing}, off by", month, "points", None, 3, less_is_better=True)
        )
        for name, words, unit, scale in MEASURES:
            beside = "the mean of the days that taught", scale * off("usual", name)
            found.append(
                Figure(f"{words} of a day{knowing}, off by", scale * off(which, name), unit, None, None, *beside, True)
            )
    for name, words, unit, scale in MEASURES:
        sides = scale * whole("ours", name), scale * whole("actual", name)
        found.append(
            Figure(
                f"{words} of the month, foretold",
                sides[0],
                unit.replace("points", "%"),
                None,
                None,
                "as it was",
                sides[1],
            )
        )
    return found


if __name__ == "__main__":
    main()
