"""How do processes tell each other what nobody has to remember? Typing indicators, and “look, the log has moved”.

Nothing here is the truth. Whoever misses a signal is a little late (the log is polled anyway) and never wrong.

    async with bus.subscribe("typing.42") as signals:
        async for data in signals: ...
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Protocol

import nats
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error

SIGNALS_MAX = 100
"""Signals that may wait for one subscriber; the oldest are dropped beyond it."""
CONNECT_TIMEOUT_S = 5.0
FLUSH_TIMEOUT_S = 1
RECONNECT_EVERY_S = 0.25

log = structlog.get_logger(__name__)


class Bus(Protocol):
    async def publish(self, subject: str, data: bytes) -> None:
        """Tell everybody who listens now. Never raises for a bus that is away: the signal is lost."""
        ...

    def subscribe(self, subject: str) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """What is published on exactly this subject while the context is open."""
        ...

    async def close(self) -> None: ...


class InProcessBus:
    """The bus of a deployment of one process."""

    def __init__(self) -> None:
        self._listeners: defaultdict[str, set[asyncio.Queue[bytes]]] = defaultdict(set)

    async def publish(self, subject: str, data: bytes) -> None:
        for queue in self._listeners.get(subject, ()):
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(data)

    @asynccontextmanager
    async def subscribe(self, subject: str) -> AsyncIterator[AsyncIterator[bytes]]:
        queue: asyncio.Queue[bytes] = asyncio.Queue(SIGNALS_MAX)
        self._listeners[subject].add(queue)
        try:
            yield _Signals(queue)
        finally:
            self._listeners[subject].discard(queue)
            if not self._listeners[subject]:
                del self._listeners[subject]

    def listeners(self, subject: str) -> int:
        return len(self._listeners.get(subject, ()))

    async def close(self) -> None:
        """Nothing to let go of."""


class NatsBus:
    """The bus between processes. One subscription per subject and process, however many listen here."""

    def __init__(self, client: Client, prefix: str) -> None:
        self._client, self._prefix = client, prefix
        self._here = InProcessBus()
        self._subscriptions: dict[str, Subscription] = {}
        self._lock = asyncio.Lock()

    @classmethod
    async def connect(cls, url: str, prefix: str = "parley") -> "NatsBus":
        """Raises what `nats` raises when there is no server at the start; later ones are waited for in the background.

        `prefix` keeps several deployments on one server apart.
        """
        await _listening(url)  # the client itself waits for two seconds after a first refusal
        client = await nats.connect(
            url,
            max_reconnect_attempts=-1,
            reconnect_time_wait=RECONNECT_EVERY_S,
            connect_timeout=CONNECT_TIMEOUT_S,
            error_cb=_note,
            pending_size=65_536,
        )
        return cls(client, prefix)

    async def publish(self, subject: str, data: bytes) -> None:
        if not self._client.is_connected:  # what waits for a reconnect would be stale when it comes
            await self._here.publish(subject, data)
            return
        try:
            await self._client.publish(f"{self._prefix}.{subject}", data)
        except Error as error:
            log.info("a signal was lost", subject=subject, error=str(error))

    @asynccontextmanager
    async def subscribe(self, subject: str) -> AsyncIterator[AsyncIterator[bytes]]:
        async with self._here.subscribe(subject) as signals:
            await self._listen(subject)
            try:
                yield signals
            finally:
                await self._listen_no_more(subject)

    async def close(self) -> None:
        await self._client.close()

    async def _listen(self, subject: str) -> None:
        async with self._lock:
            if subject in self._subscriptions:
                return

            async def hear(message: Msg) -> None:
                await self._here.publish(subject, message.data)

            self._subscriptions[subject] = await self._client.subscribe(f"{self._prefix}.{subject}", cb=hear)
        with suppress(Error):  # a server that is away hears of it when it is back
            if self._client.is_connected:
                await self._client.flush(FLUSH_TIMEOUT_S)

    async def _listen_no_more(self, subject: str) -> None:
        """The last one who listens here is leaving."""
        async with self._lock:
            if self._here.listeners(subject) > 1 or self._client.is_closed:
                return
            subscription = self._subscriptions.pop(subject, None)
            if subscription is not None:
                await subscription.unsubscribe()


class _Signals:
    """Not a generator: whoever gives up waiting for one signal may wait for the next."""

    def __init__(self, queue: asyncio.Queue[bytes]) -> None:
        self._queue = queue

    def __aiter__(self) -> "_Signals":
        return self

    async def __anext__(self) -> bytes:
        return await self._queue.get()


async def _note(error: Exception) -> None:
    log.info("the bus is away", error=repr(error))


async def _listening(url: str) -> None:
    """Returns when the server's port is open, or after a while: then the client says what is wrong."""
    host, _, port = url.rpartition("@")[2].rpartition("//")[2].partition(":")
    loop = asyncio.get_running_loop()
    until = loop.time() + CONNECT_TIMEOUT_S
    while loop.time() < until:
        try:
            _, writer = await asyncio.open_connection(host, int(port or 4222))
        except OSError:
            await asyncio.sleep(0.02)
        else:
            writer.close()
            await writer.wait_closed()
            return
