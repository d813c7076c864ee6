"""Does the write side hold its promises whatever happens, in whatever order? Simulated days with crashes, one seed each.

    python -m bench.sim [--seed 1] [--events 2000] [--seeds 1]

A failing seed prints what was wrong, the last facts of the streams involved, and the command that plays it again.
"""

import argparse
import sys
import time

from tests.simulation.run import simulate


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--events", type=int, default=2_000, help="how many facts each day has, at least")
    parser.add_argument("--seeds", type=int, default=1, help="how many days, one seed after the other")
    options = parser.parse_args()
    began, events, failed = time.perf_counter(), 0, []
    for seed in range(options.seed, options.seed + options.seeds):
        report = simulate(seed, options.events)
        print(report, flush=True)
        events += report.events
        if report.faults:
            failed.append(seed)
    took_s = time.perf_counter() - began
    print(
        f"{options.seeds} seeds, {events} events in {took_s:.1f} s, {events / took_s:.0f} per second; failed: {failed}"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
