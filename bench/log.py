"""How many commands per second are decided and durably written, and how does that compare with the server's own limit?

    python -m bench.log [--quick] [--rounds 3] [--seconds 5] [--profile]

A command loads an agent, lets the domain decide, and appends the fact with its expected version: through `WarmStore.change`
over `PostgresLog`, 100 at a time on 2,000 streams, one process. Beside it, on the same server and in the same round:
`pgbench` committing single rows, and the `eventsourcing` library (see `bench/peers.py`). Everybody is as durable: `fsync` and
`synchronous_commit` are on. Each measurement has a fresh process and a fresh database, and rounds run there and back.
"""

import argparse
import asyncio
import cProfile
import gc
import json
import pstats
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import psycopg
import uvloop
from uuid_utils.compat import uuid7

from bench.figures import Figure, Run, lines, rows_of
from bench.machine import fsync_us, server_cpu_s, waited_s
from bench.peers import percentiles, pgbench, program
from domain.agents.agent import Agent
from domain.ids import MrdId
from domain.kernel import Cause, Decision
from infra.embedded_postgres import EmbeddedPostgres
from infra.eventlog.postgres import PostgresLog
from infra.store import WarmStore

STREAMS, AT_ONCE = 2_000, 100
CHAT, VOICE = MrdId("chat"), MrdId("voice")
FLOOR, GOAL, P99_GOAL_MS, LIMIT_GOAL = 12_000, 50_000, 10.0, 1.5
OURS, FOLLOWED, LIMIT = "Parley", "Parley, log followed", "pgbench, 32 clients"
PEER = "eventsourcing, {} threads"


# --- ours -------------------------------------------------------------------------------------------------------------


def cause() -> Cause:
    return Cause(uuid7(), "agent-7", "conversation-1")


def change_of_mind(agent: Agent) -> Decision:
    """One fact per command, for ever: ready for chats, then not, then ready."""
    if agent.mrds[CHAT].willing:
        return agent.make_mrd_not_ready(CHAT, "lunch")
    return agent.make_mrd_ready(CHAT)


async def hired(store: WarmStore, n: int) -> int:
    """An agent with two media routing domains, signed in and ready; returns how many facts that took."""
    steps: list[Callable[[Agent], Decision]] = [
        lambda agent: agent.register(f"agent{n}", f"Agent {n}"),
        lambda agent: agent.grant_mrd(CHAT, 3),
        lambda agent: agent.grant_mrd(VOICE, 1),
        lambda agent: agent.log_in(),
        lambda agent: agent.make_ready(),
    ]
    return sum([len((await store.change(Agent, str(n), step, cause(), datetime.now(UTC))).facts) for step in steps])


async def commands(store: WarmStore, seconds: float) -> list[float]:
    """Keep `AT_ONCE` commands on their way; the latency of each in ms. As many latencies as facts acknowledged."""
    latencies: list[float] = []
    end = time.perf_counter() + seconds

    async def one_after_the_other(seed: int) -> None:
        chance = random.Random(seed)
        while (begun := time.perf_counter()) < end:
            subject = str(chance.randrange(STREAMS))
            change = await store.change(Agent, subject, change_of_mind, cause(), datetime.now(UTC))
            assert len(change.facts) == 1
            latencies.append((time.perf_counter() - begun) * 1e3)

    await asyncio.gather(*map(one_after_the_other, range(AT_ONCE)))
    return latencies


async def follow(log: PostgresLog, store: WarmStore) -> None:
    async for batch in log.subscribe():
        store.observe(batch)


async def ours(url: str, postmaster: int, seconds: float, *, followed: bool) -> dict[str, float]:
    async with PostgresLog(url) as log:
        store = WarmStore(log)
        follower = asyncio.create_task(follow(log, store)) if followed else None
        written = sum(await asyncio.gather(*(hired(store, n) for n in range(STREAMS))))
        written += len(await commands(store, min(1.0, seconds / 4)))  # warm
        gc.collect()
        gc.freeze()
        gc.set_threshold(100_000, 50, 1000)
        server, client = server_cpu_s(postmaster), time.process_time()
        waited, begun = waited_s(), time.perf_counter()
        latencies = await commands(store, seconds)
        took, waited = time.perf_counter() - begun, waited_s() - waited
        client, server = time.process_time() - client, server_cpu_s(postmaster) - server
        count = len(latencies)
        if follower:
            follower.cancel()
        await verify(url, log, store, written + count)
    return {
        "per_s": count / took,
        **percentiles(latencies),
        "client_us": client / count * 1e6,
        "server_us": server / count * 1e6,
        "batch": await batch_size(url, written),
        "waits_%": waited / took * 100,
    }


_WRONG = """
SELECT count(*), count(DISTINCT event_id), coalesce(max(notification_id), 0),
       count(*) FILTER (WHERE originator_version <> nth), count(*) FILTER (WHERE notification_id <= before)
FROM (SELECT *, row_number() OVER stream - 1 AS nth, lag(notification_id, 1, 0) OVER stream AS before FROM stored_events
      WINDOW stream AS (PARTITION BY originator_id ORDER BY originator_version)) AS numbered
"""


async def verify(url: str, log: PostgresLog, store: WarmStore, acknowledged: int) -> None:
    """What was acknowledged is there, once, in order and without gaps; and reading it again gives the same models."""
    async with await psycopg.AsyncConnection.connect(url) as connection:
        found = await (await connection.execute(_WRONG)).fetchone()
    assert found == (acknowledged, acknowledged, acknowledged, 0, 0), f"{found} for {acknowledged} acknowledged facts"
    cold = WarmStore(log)
    for n in range(0, STREAMS, 40):
        assert await cold.load(Agent, str(n)) == await store.load(Agent, str(n)), f"agent {n}"


async def batch_size(url: str, after: int) -> float:
    """Facts per commit on average, as the table itself tells it: each commit has one transaction id."""
    query = "SELECT count(*)::float / count(DISTINCT xmin::text) FROM stored_events WHERE notification_id > %s"
    async with await psycopg.AsyncConnection.connect(url) as connection:
        ((size,),) = await (await connection.execute(query, (after,))).fetchall()
    return float(size)


# --- the run ----------------------------------------------------------------------------------------------------------


def alone(module: str, url: str, postmaster: int, *more: str) -> dict[str, float]:
    """A measurement in a process of its own."""
    command = [sys.executable, "-m", module, "--url", url, "--postmaster", str(postmaster), *more]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


Measure = Callable[[str, int, str], dict[str, float]]

SIDES: dict[str, Measure] = {
    "pgbench, 1 client": lambda url, pid, s: pgbench(url, pid, 1, float(s)),
    "pgbench, 8 clients": lambda url, pid, s: pgbench(url, pid, 8, float(s)),
    LIMIT: lambda url, pid, s: pgbench(url, pid, 32, float(s)),
    OURS: lambda url, pid, s: alone("bench.log", url, pid, "--seconds", s),
    FOLLOWED: lambda url, pid, s: alone("bench.log", url, pid, "--seconds", s, "--followed"),
    PEER.format(16): lambda url, pid, s: alone("bench.peers", url, pid, "--seconds", s, "--threads", "16"),
    PEER.format(8): lambda url, pid, s: alone("bench.peers", url, pid, "--seconds", s, "--threads", "8"),
    "eventsourcing, 1 thread": lambda url, pid, s: alone("bench.peers", url, pid, "--seconds", s, "--threads", "1"),
}


def measured(admin: str, postmaster: int, side: str, seconds: float, home: Path) -> dict[str, float]:
    """One side, over a database of its own, after the server has put the past behind it; and what an fsync cost just then."""
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS bench WITH (FORCE)")
        connection.execute("CREATE DATABASE bench")
        connection.execute("CHECKPOINT")
    fsync = fsync_us(home, 50)
    found = SIDES[side](admin.replace("/postgres?", "/bench?"), postmaster, str(seconds))
    print(
        f"  {side:26}{found['per_s']:>10,.0f}/s   p99 {found['p99_ms']:.1f} ms   an fsync {fsync:,.0f} µs", flush=True
    )
    return {**found, "fsync_us": fsync}


def durability(url: str) -> dict[str, str]:
    with psycopg.connect(url) as connection:
        said = {
            name: connection.execute(f"SHOW {name}").fetchone()[0]
            for name in ("server_version", "fsync", "synchronous_commit", "full_page_writes", "wal_sync_method")
        }
    assert said["fsync"] == said["synchronous_commit"] == "on", said
    return said


def figures(rounds: list[dict[str, dict[str, float]]]) -> list[Figure]:
    """Rates are medians over the rounds; ratios are taken within each round first."""

    def middle(side: str, key: str) -> float:
        return median(each[side][key] for each in rounds)

    def times(side: str) -> float:
        return median(each[OURS]["per_s"] / each[side]["per_s"] for each in rounds)

    peers = [side for side in SIDES if side.startswith("eventsourcing")]
    best = max(peers, key=lambda side: middle(side, "per_s"))
    beside = (LIMIT, middle(LIMIT, "per_s"))
    return [
        Figure("commands decided and durable", middle(OURS, "per_s"), "/s", FLOOR, GOAL, *beside),
        Figure(
            "p99 of a command", middle(OURS, "p99_ms"), "ms", None, P99_GOAL_MS, LIMIT, middle(LIMIT, "p99_ms"), True
        ),
        Figure("times the server's single-row commits", times(LIMIT), "×", None, LIMIT_GOAL),
        Figure(f"times the library ({best})", times(best), "×", 3, 7),
        Figure(
            "CPU of a command, client",
            middle(OURS, "client_us"),
            "µs",
            None,
            None,
            best,
            middle(best, "client_us"),
            True,
        ),
        Figure(
            "CPU of a command, server",
            middle(OURS, "server_us"),
            "µs",
            None,
            None,
            LIMIT,
            middle(LIMIT, "server_us"),
            True,
        ),
        Figure("with a reader of the log in the process", middle(FOLLOWED, "per_s"), "/s", FLOOR, GOAL, *beside),
    ]


def table(rounds: list[dict[str, dict[str, float]]]) -> list[dict[str, Any]]:
    """One row per side: medians over the rounds, and the slowest and fastest round."""
    rows = []
    for side in SIDES:
        rates = [each[side]["per_s"] for each in rounds]
        middle = {key: round(median(each[side][key] for each in rounds), 3) for key in rounds[0][side]}
        rows.append({"side": side, **middle, "slowest": round(min(rates)), "fastest": round(max(rates))})
    return rows


def compare(url: str, postmaster: int, home: Path, rounds: int, seconds: float) -> list[dict[str, dict[str, float]]]:
    found = []
    for n in range(rounds):
        print(f"round {n + 1} of {rounds}")
        order = list(SIDES) if n % 2 == 0 else list(reversed(SIDES))
        found.append({side: measured(url, postmaster, side, seconds, home) for side in order})
    return found


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--quick", action="store_true", help="one short round: shows that it runs, and little else")
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--seconds", type=float, default=5)
    asked.add_argument("--profile", action="store_true", help="the hottest functions of our side")
    asked.add_argument("--url", help=argparse.SUPPRESS)  # our side alone, over this database
    asked.add_argument("--postmaster", type=int, help=argparse.SUPPRESS)
    asked.add_argument("--followed", action="store_true", help="our side with a reader of the log (with --profile)")
    options = asked.parse_args()
    if options.url:
        found = uvloop.run(ours(options.url, options.postmaster, options.seconds, followed=options.followed))
        print(json.dumps(found))
        return
    try:
        program("pgbench")
    except FileNotFoundError as missing:
        sys.exit(f"✗ {missing}")
    home = Path(tempfile.mkdtemp(prefix="parley-bench-"))
    home.chmod(0o755)  # the server may run as another user
    server = EmbeddedPostgres(home / "data")
    try:
        url, postmaster = server.start(), server.pid or 0
        if options.profile:
            profile(url, postmaster, options.seconds, followed=options.followed)
        else:
            run = Run("log", "How many commands per second are decided and durably written?", quick=options.quick)
            rounds = compare(url, postmaster, home, *((1, 2.0) if options.quick else (options.rounds, options.seconds)))
            run.save(figures(rounds), table(rounds), server=durability(url), rounds=rounds)
            print(*lines(table(rounds)), "", *lines(rows_of(figures(rounds))), sep="\n")
    finally:
        server.stop()
        shutil.rmtree(home)


def profile(url: str, postmaster: int, seconds: float, *, followed: bool) -> None:
    profiler = cProfile.Profile()
    profiler.enable()
    found = uvloop.run(ours(url, postmaster, seconds, followed=followed))
    profiler.disable()
    pstats.Stats(profiler).sort_stats("tottime").print_stats(30)
    print(found)


if __name__ == "__main__":
    main()
