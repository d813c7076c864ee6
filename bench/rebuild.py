"""How many facts per second are folded again, of all projections together and of each alone?

    python -m bench.rebuild [--facts 200000] [--log memory|postgres] [--quick] [--profile]

A history made by the domain's own decisions is folded from its first fact into empty tables of a real PostgreSQL, which
runs on the same machine. CPU is that of this process alone; the server's own is the second figure, and on two cores the
two overlap.
"""

import argparse
import asyncio
import cProfile
import gc
import pstats
import resource
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import uvloop

from bench.figures import Figure, Run, lines, rows_of
from bench.machine import server_cpu_s
from domain.kernel import BEGINNING, Position, Recorded
from infra.embedded_postgres import EmbeddedPostgres
from infra.eventlog.codec import encode
from infra.eventlog.postgres import PostgresLog
from infra.projector import Projector
from projections.agents.projection import Agents
from projections.conversations.projection import Conversations
from projections.customers.projection import Customers
from projections.queues.projection import Queues
from projections.table import Projection
from projections.tasks.projection import Tasks
from tests.projections.histories import history

ALL: list[Callable[[], Projection]] = [Conversations, Tasks, Agents, Queues, Customers]
FLOOR, GOAL = 50_000, 150_000
FACTS_PER_CONVERSATION = 42
PAGE = 500


class Tape:
    """An event log that only reads, from a list."""

    def __init__(self, facts: list[Recorded[Any]]) -> None:
        self.facts = facts

    async def read_all(self, after: Position = BEGINNING, limit: int = 500) -> list[Recorded[Any]]:
        return self.facts[after : after + limit]

    async def subscribe(self, after: Position = BEGINNING) -> AsyncIterator[list[Recorded[Any]]]:
        for start in range(after, len(self.facts), PAGE):
            yield self.facts[start : start + PAGE]
        await asyncio.Event().wait()


async def fold(
    log: Any, url: str, projections: Sequence[Callable[[], Projection]], head: Position, pid: int
) -> dict[str, float]:
    for make in projections:
        await forget(url, make().name)
    gc.collect()
    server, wall, cpu = server_cpu_s(pid), time.perf_counter(), time.process_time()
    async with Projector(log, url, projections) as projector:
        await projector.wait_for(head)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {
        "facts_per_s": head / wall,
        "cpu_us": cpu / head * 1e6,
        "server_us": (server_cpu_s(pid) - server) / head * 1e6,
    }


async def forget(url: str, name: str) -> None:
    import psycopg

    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute(f"DROP SCHEMA IF EXISTS {name} CASCADE".encode())
        if await (await connection.execute("SELECT to_regclass('public.checkpoints')::text")).fetchone() != (None,):
            await connection.execute("DELETE FROM public.checkpoints WHERE name = %s", (name,))


async def record(log: PostgresLog, facts: list[Recorded[Any]]) -> None:
    """Copy a history into a real log, as it is."""
    import psycopg

    async with await psycopg.AsyncConnection.connect(log._url, autocommit=True) as connection:  # noqa: SLF001
        cursor = connection.cursor()
        await cursor.execute("TRUNCATE stored_events")
        columns = "notification_id, originator_id, originator_version, at, cause, topic, state, event_id"
        async with cursor.copy(f"COPY stored_events ({columns}) FROM STDIN".encode()) as copy:
            for it in facts:
                await copy.write_row(
                    (it.position, it.stream, it.version, it.at, encode(it.cause), it.fact.stored_as, encode(it.fact),
                     it.cause.command_id)
                )  # fmt: skip
        await connection.execute("ANALYZE stored_events")


async def measure(
    url: str, pid: int, facts: list[Recorded[Any]], kind: str, runs: int, profile: bool
) -> dict[str, Any]:
    log: Any = Tape(facts)
    if kind == "postgres":
        log = await PostgresLog(url).open()
        await record(log, facts)
    head = facts[-1].position
    cases = {"all together": ALL} | {make().name: [make] for make in ALL}
    profiler = cProfile.Profile()
    if profile:
        profiler.enable()
        await fold(log, url, ALL, head, pid)
        profiler.disable()
        pstats.Stats(profiler).sort_stats("tottime").print_stats(30)
        return {}
    results: dict[str, Any] = {}
    for name, projections in cases.items():
        series = [await fold(log, url, projections, head, pid) for _ in range(runs)]
        results[name] = {figure: round(median(run[figure] for run in series), 2) for figure in series[0]}
        print(f"{kind:9} {name:14}" + "".join(f"{results[name][it]:>14,.1f}" for it in results[name]))
    if kind == "postgres":
        await log.close()
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--facts", type=int, default=200_000)
    parser.add_argument("--log", choices=("memory", "postgres"), action="append")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--quick", action="store_true", help="a short history, once")
    options = parser.parse_args()
    if options.quick:
        options.facts, options.runs = 40_000, 1
    run = Run("rebuild", "How many facts per second are folded again into empty tables?", quick=options.quick)
    facts = history(7, options.facts // FACTS_PER_CONVERSATION + 1, agents=100, at_once=150)
    gc.freeze()
    gc.set_threshold(100_000, 50, 1000)
    home = Path(tempfile.mkdtemp(prefix="parley-rebuild-"))
    home.chmod(0o755)
    server = EmbeddedPostgres(home / "data")
    print(f"{len(facts):,} facts of {len({it.stream for it in facts}):,} streams")
    print(f"{'log':9} {'projections':14}{'facts/s':>14}{'CPU us/fact':>14}{'server us':>14}")
    try:
        url = server.start()
        pid = int((home / "data" / "postmaster.pid").read_text().split()[0])
        results = {
            kind: uvloop.run(measure(url, pid, facts, kind, options.runs, options.profile))
            for kind in options.log or ("memory", "postgres")
        }
    finally:
        server.stop()
        shutil.rmtree(home)
    if options.profile:
        return
    rows = [{"log": kind, "projections": name, **row} for kind, found in results.items() for name, row in found.items()]
    run.save(figures(results), rows, facts=len(facts), peak_mb=round(peak_mb()), results=results)
    print("", *lines(rows_of(figures(results))), f"peak memory {peak_mb():,.0f} MB", sep="\n")


def figures(results: dict[str, Any]) -> list[Figure]:
    """Beside all projections together stands the slowest of them alone: more than that, one process cannot fold."""
    found = []
    for kind, rates in results.items():
        alone = {name: row["facts_per_s"] for name, row in rates.items() if name != "all together"}
        slowest = min(alone, key=lambda name: alone[name])
        together = rates["all together"]["facts_per_s"]
        beside = (f"{slowest} alone", alone[slowest])
        found.append(Figure(f"facts folded again, log in {kind}", together, "/s", FLOOR, GOAL, *beside))
    return found


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
