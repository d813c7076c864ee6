"""Servers of the toy schema, and the peers from npm that judge them."""

import asyncio
import contextlib
import fcntl
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import uvicorn
from websockets.asyncio.client import ClientConnection, connect

from tests.api.transport.toy import SCHEMA

NODE = Path(__file__).parent / "node"


@pytest.fixture(scope="session")
def node() -> Path:
    """The folder of the npm peers, installed as locked; once, even when several test processes start together."""
    cache = NODE.parent / "__pycache__"
    cache.mkdir(exist_ok=True)
    with (cache / "npm.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        installed = NODE / "node_modules" / ".package-lock.json"
        if not installed.exists() or installed.stat().st_mtime < (NODE / "package-lock.json").stat().st_mtime:
            subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=NODE, check=True)
    return NODE


@pytest.fixture(scope="session")
def reference(node: Path) -> Iterator[str]:
    """The URL of the reference server."""
    process = subprocess.Popen(
        ["node", "reference.mjs"],
        cwd=node,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(SCHEMA.as_str())
    process.stdin.close()
    yield f"ws://127.0.0.1:{int(process.stdout.readline())}/graphql"
    process.kill()
    process.wait()
    process.stdout.close()


@contextlib.asynccontextmanager
async def serving(app: Any, **options: Any) -> AsyncIterator[str]:
    """The application behind a real server in this loop; gives `127.0.0.1:port`."""
    listening = socket.create_server(("127.0.0.1", 0))
    settings = {"ws": "websockets-sansio", "ws_per_message_deflate": False, "log_level": "error", "lifespan": "off"}
    server = uvicorn.Server(uvicorn.Config(app, **{**settings, **options}))
    task = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield f"127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


class Client:
    """A client of graphql-transport-ws that hides nothing."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def send(self, message: dict[str, Any]) -> None:
        await self.socket.send(orjson.dumps(message).decode())

    async def subscribe(self, id: str, query: str, **variables: Any) -> None:
        await self.send({"id": id, "type": "subscribe", "payload": {"query": query, "variables": variables}})

    async def receive(self) -> Any:
        return orjson.loads(await asyncio.wait_for(self.socket.recv(), 10))

    async def closed(self) -> tuple[int | None, str]:
        await asyncio.wait_for(self.socket.wait_closed(), 10)
        return self.socket.close_code, self.socket.close_reason or ""


@contextlib.asynccontextmanager
async def client(address: str, token: str | None = None, init: bool = True, **options: Any) -> AsyncIterator[Client]:
    options = {"subprotocols": ["graphql-transport-ws"], "compression": None, **options}
    async with connect(f"ws://{address}/graphql", **options) as socket:
        speaking = Client(socket)
        if init:
            payload = {"authorization": f"Bearer {token}"} if token else {}
            await speaking.send({"type": "connection_init", "payload": payload})
            assert await speaking.receive() == {"type": "connection_ack"}
        yield speaking
