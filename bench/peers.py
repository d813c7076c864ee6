"""Who else makes commits durable on the same server, and how fast? PostgreSQL's own `pgbench`, and a library.

    python -m bench.peers --url postgresql://… --postmaster 123 --threads 8 --seconds 5     the library alone, as JSON

`pgbench` inserts one row per commit into a table with our columns and our two indexes: nothing is read, decided or encoded,
so it is what the server can do for single rows. The library is `eventsourcing`: every thread keeps its own aggregates in
memory, so it reads nothing either; each save is one event, checked against its expected version.
"""

import argparse
import json
import re
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from bench.machine import children_cpu_s, server_cpu_s

STREAMS = 2_000
_TABLE = """
CREATE TABLE single_rows (
    position bigserial NOT NULL, version bigint NOT NULL, at timestamptz NOT NULL, event_id uuid NOT NULL,
    stream bigint NOT NULL, topic text NOT NULL, state bytea NOT NULL, cause bytea NOT NULL,
    PRIMARY KEY (stream, version));
CREATE UNIQUE INDEX ON single_rows (position);
"""
_ONE_COMMIT = r"""
\set stream random(1, 9000000000000000)
INSERT INTO single_rows (version, at, event_id, stream, topic, state, cause)
VALUES (1, now(), gen_random_uuid(), :stream, 'agent.mrd-made-ready', repeat('x', 17)::bytea, repeat('x', 95)::bytea);
"""


def percentiles(latencies_ms: list[float]) -> dict[str, float]:
    ordered = sorted(latencies_ms) or [0.0]
    return {"p50_ms": ordered[len(ordered) // 2], "p99_ms": ordered[int(len(ordered) * 0.99)]}


def pgbench(url: str, postmaster: int, clients: int, seconds: float) -> dict[str, float]:
    """Single-row commits. Raises `FileNotFoundError` where there is no pgbench, `CalledProcessError` when it fails."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_TABLE)
    with tempfile.TemporaryDirectory() as folder:
        script, latencies = Path(folder) / "one.sql", Path(folder) / "latencies"
        script.write_text(_ONE_COMMIT)
        command = [
            program("pgbench"), "--no-vacuum", "--protocol=prepared", f"--client={clients}", f"--jobs={min(clients, 2)}",
            f"--time={max(1, round(seconds))}", "--log", f"--log-prefix={latencies}", "--sampling-rate=0.2",
            f"--file={script}", url,
        ]  # fmt: skip
        client, server = children_cpu_s(), server_cpu_s(postmaster)
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        client = children_cpu_s() - client
        time.sleep(0.3)  # the server's processes end a moment after their clients, and are counted when they have
        server = server_cpu_s(postmaster) - server
        in_ms = [int(line.split()[2]) / 1e3 for log in Path(folder).glob("latencies.*") for line in log.open()]
    with psycopg.connect(url) as connection:
        ((rows,),) = connection.execute("SELECT count(*) FROM single_rows").fetchall()
    (rate,) = re.findall(r"tps = ([\d.]+)", said)  # without the time of connecting
    cpu_us = {"client_us": client / rows * 1e6, "server_us": server / rows * 1e6}
    return {"per_s": float(rate), **percentiles(in_ms), **cpu_us}


def program(name: str) -> str:
    """Where it is, on the path or where Debian puts it. Raises `FileNotFoundError` that says how to get it."""
    places = sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True)
    path = shutil.which(name) or shutil.which(name, path=":".join(places))
    if path is None:
        raise FileNotFoundError(
            f"{name} is not here: `make bench` installs it, or on Debian: apt-get install postgresql-15"
        )
    return path


def saves(url: str, postmaster: int, threads: int, seconds: float) -> dict[str, float]:
    """`Application.save` of the `eventsourcing` library, from `threads` threads of this process."""
    from eventsourcing.application import Application
    from eventsourcing.domain import Aggregate, event

    class Agent(Aggregate):
        def __init__(self, name: str) -> None:
            self.name, self.willing = name, False

        @event("MadeReady")
        def make_ready(self, mrd_id: str) -> None:
            self.willing = True

        @event("MadeNotReady")
        def make_not_ready(self, mrd_id: str, reason: str) -> None:
            self.willing = False

    application = Application(env=_environment(url, threads))
    agents = [Agent(name=f"Agent {n}") for n in range(STREAMS)]
    for start in range(0, STREAMS, 100):
        application.save(*agents[start : start + 100])

    latencies: list[list[float]] = [[] for _ in range(threads)]
    ready = threading.Barrier(threads + 1)

    def commands(mine: list[Agent]) -> Iterator[Agent]:
        while True:
            for agent in mine:
                if agent.willing:
                    agent.make_not_ready(mrd_id="chat", reason="lunch")
                else:
                    agent.make_ready(mrd_id="chat")
                yield agent

    def work(n: int) -> None:
        ready.wait()
        end = time.perf_counter() + seconds
        for agent in commands(agents[n::threads]):
            begun = time.perf_counter()
            if begun > end:
                return
            application.save(agent)
            latencies[n].append((time.perf_counter() - begun) * 1e3)

    workers = [threading.Thread(target=work, args=(n,)) for n in range(threads)]
    for worker in workers:
        worker.start()
    server, client, begun = server_cpu_s(postmaster), time.process_time(), time.perf_counter()
    ready.wait()
    for worker in workers:
        worker.join()
    took, client, server = (
        time.perf_counter() - begun, time.process_time() - client, server_cpu_s(postmaster) - server
    )  # fmt: skip
    events = application.recorder.events_table_name
    application.close()
    every = [one for series in latencies for one in series]
    cpu_us = {"client_us": client / len(every) * 1e6, "server_us": server / len(every) * 1e6}
    _verify(url, events, len(every))
    return {"per_s": len(every) / took, **percentiles(every), **cpu_us}


def _verify(url: str, events: str, saved: int) -> None:
    with psycopg.connect(url) as connection:
        ((rows,),) = connection.execute(f"SELECT count(*) FROM {events}".encode()).fetchall()
    assert rows == saved + STREAMS, f"{rows} rows for {saved} saves of {STREAMS} aggregates"


def _environment(url: str, threads: int) -> dict[str, str]:
    """A connection for every thread; everything else as the library comes."""
    server: dict[str, Any] = conninfo_to_dict(url)
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": server["dbname"],
        "POSTGRES_HOST": server["host"],
        "POSTGRES_PORT": str(server.get("port", 5432)),
        "POSTGRES_USER": server["user"],
        "POSTGRES_PASSWORD": server.get("password", "none"),
        "POSTGRES_POOL_SIZE": str(threads),
        "POSTGRES_MAX_OVERFLOW": str(threads),
    }


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--url", required=True)
    asked.add_argument("--postmaster", type=int, required=True)
    asked.add_argument("--threads", type=int, default=8)
    asked.add_argument("--seconds", type=float, default=5)
    options = asked.parse_args()
    print(json.dumps(saves(options.url, options.postmaster, options.threads, options.seconds)))


if __name__ == "__main__":
    main()
