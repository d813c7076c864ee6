"""How fast are real dialogues, and is every message there exactly once and in order?

    python -m bench.dialogues --spawn [--data FOLDER] [--quick]
    python -m bench.dialogues --url http://127.0.0.1:8080 --part latency --rate 500

Three parts, over HTTP and WebSocket alone, against one server:

    dialogues    many short conversations from the first click to the wrap-up, both sides talking as it was recorded
    throughput   open conversations, customers only: each posts as soon as the one before is stored
    latency      open conversations, both sides talking, at a fixed number of messages per second

`--spawn` starts a server of its own, as durable as any. A server that runs already must have `PARLEY_RATE_LIMITS=false`.
Exit code 1 when anything was lost, doubled, out of order, refused or stuck.
"""

import argparse
import gc
import sys
from pathlib import Path
from typing import Any

import uvloop

from bench.dialogues.corpus import dialogues
from bench.dialogues.customers import POST_TO_ACK, POST_TO_DESK
from bench.dialogues.play import Options, Outcome, conversations, steady
from bench.dialogues.server import Server, found, spawned
from bench.figures import Figure, Run, lines, rows_of

QUESTION = "How fast are real dialogues, and is every message there exactly once and in order?"
PARTS = ("dialogues", "throughput", "latency")
OPEN_LOOP_IN_FLIGHT = 8
FLOOR_PER_S, GOAL_PER_S, P50_MS, P99_MS = 2_000, 5_000, 4.0, 15.0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.dialogues", description=QUESTION)
    parser.add_argument("--url", default="http://127.0.0.1:8080", help="a server that runs")
    parser.add_argument("--spawn", action="store_true", help="start one instead")
    parser.add_argument("--server-pid", type=int, help="whose CPU to read; none: whoever listens on the port")
    parser.add_argument("--data", type=Path, help="a folder with *.jsonl, or one file; none: the project's own samples")
    parser.add_argument("--part", choices=(*PARTS, "all"), default="all")
    parser.add_argument("--customers", type=int, default=100, help="at once")
    parser.add_argument("--desks", type=int, default=20)
    parser.add_argument("--dialogues", type=int, default=1_000, help="how many to play in the part of that name")
    parser.add_argument("--seconds", type=float, default=10.0, help="how long to measure in the other parts")
    parser.add_argument("--rate", type=float, help="messages per second at most; the latency part has 500")
    parser.add_argument("--in-flight", type=int, help="messages that a customer posts without an answer")
    parser.add_argument("--open-loop", action="store_true", help="customers wait for nothing that the agent says")
    parser.add_argument("--receipts", action="store_true", help="browsers confirm what they were shown")
    parser.add_argument("--channel", help="an existing channel with a bot, such as `web`; none: a new one without")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="a tenth of everything, to see that it works")
    parser.add_argument("--profile", type=Path, help="with --spawn: where to leave the server's cProfile")
    return parser.parse_args()


def options_of(given: argparse.Namespace) -> Options:
    in_flight = given.in_flight or (OPEN_LOOP_IN_FLIGHT if given.open_loop else 1)
    return Options(
        dialogues(given.data), given.customers, given.desks, given.rate, in_flight, not given.open_loop,
        given.receipts, given.channel, given.seed,
    )  # fmt: skip


async def play(given: argparse.Namespace, server: Server) -> list[Outcome]:
    options, quick = options_of(given), given.quick
    count, seconds = (given.dialogues // 10, 2.0) if quick else (given.dialogues, given.seconds)
    outcomes = []
    for part in PARTS if given.part == "all" else [given.part]:
        match part:
            case "dialogues":
                outcome = await conversations(server, options, count)
            case "throughput":
                outcome = await steady(server, options, seconds, one_way=True)
            case _:
                outcome = await steady(server, options.at(given.rate or 500.0), seconds, one_way=False)
        outcomes.append(outcome)
        show(outcome)
    return outcomes


def show(outcome: Outcome) -> None:
    print(f"\n{outcome.name}: {', '.join(f'{key} {value:,.0f}' for key, value in outcome.totals().items())}")
    print(*lines(outcome.rows()), sep="\n")
    for what, count in [*outcome.faults().items(), *outcome.ledger.errors.most_common(12)]:
        print(f"  ✗ {count} × {what}")
    for stuck in outcome.stuck[:20]:
        print(f"  ✗ stuck: {stuck}")


def figures(outcomes: list[Outcome]) -> list[Figure]:
    told = {outcome.name: outcome for outcome in outcomes}
    result = []
    if it := told.get("throughput"):
        result.append(Figure("customer post → stored → desk", it.per_s, floor=FLOOR_PER_S, goal=GOAL_PER_S))
        stored = len(it.ledger.latencies[POST_TO_ACK]) / it.seconds
        result.append(Figure("customer post → stored, seen or not yet", stored))
    if it := told.get("latency"):
        for row in it.rows():
            if row["measure"] == POST_TO_DESK:
                result.append(
                    Figure(
                        f"{POST_TO_DESK}, p50 at {it.per_s:,.0f}/s",
                        row["p50 ms"],
                        "ms",
                        goal=P50_MS,
                        less_is_better=True,
                    )
                )
                result.append(
                    Figure(
                        f"{POST_TO_DESK}, p99 at {it.per_s:,.0f}/s",
                        row["p99 ms"],
                        "ms",
                        goal=P99_MS,
                        less_is_better=True,
                    )
                )
    if it := told.get("dialogues"):
        result.append(Figure("dialogues from click to wrap-up", it.ledger.counts["conversations"] / it.seconds))
    return result


async def main() -> int:
    given = arguments()
    gc.set_threshold(100_000, 50, 1_000)
    run = Run("dialogues", QUESTION, quick=given.quick)
    if given.spawn:
        async with spawned(given.profile) as server:
            outcomes = await play(given, server)
    else:
        outcomes = await play(given, found(given.url, given.server_pid))
    found_figures = figures(outcomes)
    print("", *lines(rows_of(found_figures)), sep="\n")
    table: list[dict[str, Any]] = [{"part": it.name, **row} for it in outcomes for row in it.rows()]
    parts = [
        {"part": it.name, **it.totals(), "faults": it.faults(), "errors": dict(it.ledger.errors)} for it in outcomes
    ]
    run.save(found_figures, table, parts=parts)
    return 0 if all(outcome.good for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(uvloop.run(main()))
