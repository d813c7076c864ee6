"""Run a node as a process: `python -m tests.standins.eventstoredb --port 2113 --control 2114 --fault slow_s=0.2`.

`curl localhost:2114/` shows the knobs, `curl 'localhost:2114/?unavailable=3&slow_s=0'` turns them, and
`curl localhost:2114/cut` cuts every subscription.
"""

import argparse
import asyncio
import json
from contextlib import suppress
from dataclasses import asdict
from urllib.parse import parse_qsl, urlsplit

from tests.standins.eventstoredb.node import Node


async def control(node: Node, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Just enough HTTP for curl: one request, one answer."""
    asked = urlsplit((await reader.readline()).split()[1].decode())
    status = "200 OK"
    try:
        for knob, value in parse_qsl(asked.query, keep_blank_values=True):
            node.faults.turn(knob, value)
    except (KeyError, ValueError) as wrong:
        status = f"400 Bad {wrong}"
    if asked.path == "/cut":
        await node.cut_subscriptions()
    body = json.dumps(asdict(node.faults)).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    writer.write(head.encode() + body)
    await writer.drain()
    writer.close()


async def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.standins.eventstoredb")
    parser.add_argument("--port", type=int, default=2113)
    parser.add_argument("--control", type=int, help="port of the knobs, none by default")
    parser.add_argument("--fault", action="append", default=[], metavar="KNOB=VALUE")
    asked = parser.parse_args()
    node = Node(port=asked.port)
    for fault in asked.fault:
        node.faults.turn(*fault.split("=", 1))
    async with node:
        if asked.control:
            await asyncio.start_server(lambda r, w: control(node, r, w), "127.0.0.1", asked.control)
        print(f"ready {node.uri}", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(main())
