"""How many deliveries per second to 200 subscribers of one document, and what does an idle subscription weigh?

    python -m bench.fanout [--quick]

Ours beside stock Strawberry: the same machine, client, payload and garbage collector, alternating; server and client are
separate processes. A rate counts as sustained when every subscriber has every item with p99 <= 100 ms. CPU per delivery
survives noisy neighbours, the rates less so.
"""

import argparse
import asyncio
import gc
import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import orjson
import strawberry
import uvloop

from bench.figures import Figure, Run, lines, rows_of

SUBSCRIBERS = 200
P99_MAX_MS = 100
QUERY = "subscription { updates { cursor state ts agent { id name } } }"


# --- the servers ------------------------------------------------------------------------------------------------------


@strawberry.type
class Agent:
    id: str
    name: str


@strawberry.type
class Update:
    cursor: str
    state: str
    ts: str
    agent: Agent


class Log:
    def __init__(self) -> None:
        self.updates: list[Update] = []
        self.changed = asyncio.Event()

    def append(self) -> None:
        cursor = str(len(self.updates) + 1)
        self.updates.append(
            Update(cursor=cursor, state="RESERVED", ts=str(time.time_ns()), agent=Agent(id="a1", name="Ada"))
        )
        self.changed.set()
        self.changed = asyncio.Event()

    async def after(self, position: int) -> AsyncIterator[tuple[int, Update]]:
        while True:
            while position < len(self.updates):
                position += 1
                yield position, self.updates[position - 1]
            await self.changed.wait()


LOG = Log()


@strawberry.type
class Query:
    ok: bool = True


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def updates(self) -> AsyncIterator[Update]:
        async for _, update in LOG.after(len(LOG.updates)):
            yield update


SCHEMA = strawberry.Schema(Query, subscription=Subscription)


class BenchFeed:
    scope, after = "all", None

    async def head(self) -> int:
        return len(LOG.updates)

    def marker(self, position: int) -> None:
        return None

    def replay(self, after: int, upto: int) -> Any:
        raise NotImplementedError

    def live(self, after: int) -> AsyncIterator[tuple[int, object]]:
        return LOG.after(after)


class BenchFeeds:
    async def open(self, field: str, arguments: Mapping[str, Any], viewer: object, /) -> BenchFeed:
        return BenchFeed()


def ours() -> Any:
    from api.graphql.limits import Profile
    from api.graphql.transport import GraphQLTransport

    @dataclass
    class Anyone:
        expires_at: float | None = None

    async def authenticate(token: str | None) -> Anyone:
        return Anyone()

    return GraphQLTransport(
        SCHEMA,
        authenticate=authenticate,
        make_context=lambda viewer, connection: {"viewer": viewer},
        feeds=BenchFeeds(),
        profile=Profile.production(),
        clock=time.time,
    )


def stock() -> Any:
    from strawberry.asgi import GraphQL

    return GraphQL(SCHEMA, subscription_protocols=["graphql-transport-ws"])


async def publish(rate: float, count: int) -> None:
    begun = time.perf_counter()
    for n in range(count):
        if (wait := begun + n / rate - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        elif n % 8 == 0:
            await asyncio.sleep(0)
        LOG.append()


def with_controls(app: Any) -> Any:
    """`/stats` gives CPU seconds and memory; `/publish?rate=..&count=..` begins to publish."""
    running = set()

    async def controlled(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["path"] == "/graphql":
            await app(scope, receive, send)
            return
        if scope["path"] == "/publish":
            asked = dict(pair.split("=") for pair in scope["query_string"].decode().split("&"))
            gc.collect()
            gc.freeze()
            task = asyncio.create_task(publish(float(asked["rate"]), int(asked["count"])))
            running.add(task)
            task.add_done_callback(running.discard)
        status = Path("/proc/self/status").read_text()
        rss_kb = int(status.split("VmRSS:")[1].split()[0])
        body = orjson.dumps({"cpu_s": time.process_time(), "rss_kb": rss_kb})
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})

    return controlled


def serve(kind: str, port: int, ws: str) -> None:
    import uvicorn

    async def main() -> None:
        gc.set_threshold(100_000, 50, 1000)
        app = with_controls({"ours": ours, "stock": stock}[kind]())
        config = uvicorn.Config(
            app,
            port=port,
            ws=ws,
            ws_per_message_deflate=False,
            ws_ping_interval=None,
            log_level="error",
            lifespan="off",
            backlog=4096,
        )
        await uvicorn.Server(config).serve()

    uvloop.run(main())


# --- the client -------------------------------------------------------------------------------------------------------


def masked(message: Mapping[str, Any]) -> bytes:
    """A client frame; a mask of zeros is a mask."""
    body = orjson.dumps(message)
    assert len(body) < 65_536
    size = bytes((0x80 | len(body),)) if len(body) < 126 else b"\xfe" + len(body).to_bytes(2, "big")
    return b"\x81" + size + b"\0\0\0\0" + body


class Reader(asyncio.Protocol):
    """Subscribes, counts items, and measures the delay of the first item in each read."""

    def __init__(self, tally: "Tally", n: int) -> None:
        self.tally, self.n, self.buffer, self.upgraded = tally, n, b"", False

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.write(
            b"GET /graphql HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
        )

    def data_received(self, data: bytes) -> None:
        now, data = time.time_ns(), self.buffer + data
        if not self.upgraded:
            head, end, data = data.partition(b"\r\n\r\n")
            if not end:
                self.buffer = head
                return
            assert b" 101 " in head, head
            self.upgraded = True
            self.transport.write(masked({"type": "connection_init"}))
        at, size, first = 0, len(data), True
        while size - at >= 2:
            length, skip = data[at + 1], 2
            if length == 126:
                length, skip = int.from_bytes(data[at + 2 : at + 4], "big"), 4
            if size - at < skip + length:
                break
            start = at + skip
            if data[at] != 0x81:
                self.tally.lost += 1
            elif b'"next"' in data[start : start + 60]:
                self.tally.items += 1
                if first:
                    ts = data.index(b'"ts":"', start) + 6
                    self.tally.delays.append(now - int(data[ts : ts + 19]))
                    first = False
            elif data.find(b'"connection_ack"', start, start + length) >= 0:
                frame = {"id": f"op-{self.n:06}", "type": "subscribe", "payload": {"query": QUERY}}
                self.transport.write(masked(frame))
                self.tally.ready += 1
            at = start + length
        self.buffer = data[at:]


@dataclass
class Tally:
    items: int = 0
    lost: int = 0
    ready: int = 0

    def __post_init__(self) -> None:
        self.delays: list[int] = []


def control(port: int, path: str) -> Any:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}") as answer:
        return json.load(answer)


async def connected(port: int, count: int) -> Tally:
    loop, tally = asyncio.get_running_loop(), Tally()
    for n in range(count):
        await loop.create_connection(lambda n=n: Reader(tally, n), "127.0.0.1", port)
        if n % 50 == 49:
            await asyncio.sleep(0.02)
    while tally.ready < count:
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.5)
    return tally


async def settled(tally: Tally) -> None:
    """Wait until nothing of an earlier, perhaps overloaded, measurement arrives any more."""
    before = -1
    while before != tally.items:
        before = tally.items
        await asyncio.sleep(0.3)


async def delivered(port: int, tally: Tally, rate: float, seconds: float) -> dict[str, Any]:
    """Publish at a rate and see what arrives."""
    loop, count = asyncio.get_running_loop(), int(rate * seconds)
    wanted = count * tally.ready
    await settled(tally)
    tally.items, tally.delays = 0, []
    before = await loop.run_in_executor(None, control, port, f"/publish?rate={rate}&count={count}")
    begun = time.perf_counter()
    while tally.items < wanted and time.perf_counter() - begun < seconds * 2 + 2:
        await asyncio.sleep(0.02)
    took = time.perf_counter() - begun
    after = await loop.run_in_executor(None, control, port, "/stats")
    delays = sorted(tally.delays) or [0]
    return {
        "events_per_s": rate,
        "deliveries_per_s": round(tally.items / took),
        "complete": tally.items == wanted and tally.lost == 0,
        "cpu_us": round((after["cpu_s"] - before["cpu_s"]) / max(tally.items, 1) * 1e6, 2),
        "p50_ms": round(delays[len(delays) // 2] / 1e6, 2),
        "p99_ms": round(delays[int(len(delays) * 0.99)] / 1e6, 2),
    }


async def climbed(port: int, rates: list[float], seconds: float) -> dict[str, Any]:
    """The latency at 10 events per second, and the highest rate that is sustained."""
    tally = await connected(port, SUBSCRIBERS)
    await delivered(port, tally, 20, 1)  # warm
    calm = await delivered(port, tally, 10, seconds)
    best, failures = calm, 0
    for rate in rates:
        got = await delivered(port, tally, rate, seconds)
        if sustained(got):
            best, failures = got, 0
        elif (failures := failures + 1) == 3:  # not the first: a neighbour may have had the core
            break
    return {"calm": calm, "best": best}


def sustained(got: dict[str, Any]) -> bool:
    return got["complete"] and got["p99_ms"] <= P99_MAX_MS


async def weighed(port: int, count: int) -> dict[str, Any]:
    """Memory of the server per idle subscription, each on a socket of its own."""
    loop = asyncio.get_running_loop()
    await connected(port, 20)
    before = await loop.run_in_executor(None, control, port, "/stats")
    await connected(port, count)
    after = await loop.run_in_executor(None, control, port, "/stats")
    return {"subscriptions": count, "kb_each": round((after["rss_kb"] - before["rss_kb"]) / count, 1)}


# --- the run ----------------------------------------------------------------------------------------------------------

RATES = {"ours": [150.0 * 1.25**n for n in range(12)], "stock": [10 * 1.25**n for n in range(14)]}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def measured(kind: str, task: str, ws: str, amount: float) -> dict[str, Any]:
    """A fresh server and a fresh client."""
    port = free_port()
    me = [sys.executable, "-m", "bench.fanout"]
    server = subprocess.Popen([*me, "serve", kind, str(port), "--ws", ws])
    try:
        for _ in range(100):
            try:
                control(port, "/stats")
                break
            except OSError:
                time.sleep(0.1)
        client = subprocess.run(
            [*me, task, kind, str(port), "--amount", str(amount)], capture_output=True, text=True, check=True
        )
        return json.loads(client.stdout)
    finally:
        server.terminate()
        server.wait()


def compare(quick: bool, ws: str) -> dict[str, Any]:
    pairs, seconds, idle = (1, 1.0, 2_000) if quick else (3, 3.0, 4_000)
    runs: dict[str, list[dict[str, Any]]] = {"ours": [], "stock": []}
    for _ in range(pairs):
        for kind in ("stock", "ours"):
            runs[kind].append(measured(kind, "climb", ws, seconds))
    memory = {kind: measured(kind, "weigh", ws, idle) for kind in ("stock", "ours")}

    def middle(kind: str, part: str, key: str) -> float:
        return median(run[part][key] for run in runs[kind])

    summary = {
        kind: {
            "deliveries_per_s": middle(kind, "best", "deliveries_per_s"),
            "cpu_us": middle(kind, "best", "cpu_us"),
            "per_cpu_second": round(1e6 / middle(kind, "best", "cpu_us")),
            "p99_ms_at_best": middle(kind, "best", "p99_ms"),
            "p50_ms_calm": middle(kind, "calm", "p50_ms"),
            "p99_ms_calm": middle(kind, "calm", "p99_ms"),
            "idle_kb": memory[kind]["kb_each"],
        }
        for kind in runs
    }
    ratio = summary["ours"]["deliveries_per_s"] / summary["stock"]["deliveries_per_s"]
    return {
        "subscribers": SUBSCRIBERS,
        "ws": ws,
        "pairs": pairs,
        "ratio": round(ratio, 1),
        "summary": summary,
        "runs": runs,
    }


def figures(result: dict[str, Any]) -> list[Figure]:
    ours, stock = result["summary"]["ours"], result["summary"]["stock"]

    def figure(name: str, key: str, unit: str, floor: Any = None, goal: Any = None, less: bool = True) -> Figure:
        return Figure(name, ours[key], unit, floor, goal, "stock Strawberry", stock[key], less)

    return [
        figure("deliveries sustained, one process", "deliveries_per_s", "/s", 30_000, 75_000, less=False),
        figure("CPU of a delivery", "cpu_us", "µs"),
        figure("p99 at 10 events a second", "p99_ms_calm", "ms"),
        figure("memory of an idle subscription", "idle_kb", "kB", 40, 25),
    ]


def table(result: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"side": kind, **row} for kind, row in result["summary"].items()]


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("task", nargs="?", default="compare", choices=["compare", "serve", "climb", "weigh"])
    asked.add_argument("kind", nargs="?")
    asked.add_argument("port", nargs="?", type=int)
    asked.add_argument("--ws", default="websockets-sansio")
    asked.add_argument("--amount", type=float, default=1)
    asked.add_argument("--quick", action="store_true")
    a = asked.parse_args()
    if a.task == "serve":
        serve(a.kind, a.port, a.ws)
    elif a.task == "climb":
        print(json.dumps(uvloop.run(climbed(a.port, RATES[a.kind], a.amount))))
    elif a.task == "weigh":
        print(json.dumps(uvloop.run(weighed(a.port, int(a.amount)))))
    else:
        run = Run(
            "fanout", f"How many deliveries per second to {SUBSCRIBERS} subscribers of one document?", quick=a.quick
        )
        result = compare(a.quick, a.ws)
        run.save(figures(result), table(result), **result)
        print(*lines(table(result)), "", *lines(rows_of(figures(result))), sep="\n")


if __name__ == "__main__":
    main()
