"""Who wants to hear of what? One reading of the log per process, handed to everybody who follows a stream or all of it."""

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from api.ports import Batch, SlowReader
from domain.kernel import BEGINNING, Position, Recorded
from infra.eventlog.port import EventLog

QUEUE_MAX = 10_000
"""Facts that may wait for one follower before it counts as too slow."""

Observer = Callable[[Batch], None]
Topics = Callable[[Recorded[Any]], Iterable[str]]
"""Under which names a fact is announced, besides that of its stream."""


class _Follower:
    """The facts that wait for one subscriber."""

    __slots__ = ("event", "overflowed", "queue")

    def __init__(self) -> None:
        self.queue: deque[Recorded[Any]] = deque()
        self.event = asyncio.Event()
        self.overflowed = False

    def push(self, recorded: Recorded[Any]) -> None:
        if len(self.queue) >= QUEUE_MAX:
            self.overflowed = True
        else:
            self.queue.append(recorded)
        self.event.set()

    async def batches(self, after: Position) -> AsyncIterator[Batch]:
        while True:
            await self.event.wait()
            self.event.clear()
            batch = [recorded for recorded in self.queue if recorded.position > after]
            self.queue.clear()
            if batch:
                after = batch[-1].position
                yield batch
            if self.overflowed:
                raise SlowReader


class LiveLog:
    """`api.ports.Live`: `run()` reads the log; observers are told first, then followers."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self.observers: tuple[Observer, ...] = ()
        self.topics: Topics = lambda _: ()
        self._topics: dict[str, set[_Follower]] = defaultdict(set)
        self._all: set[_Follower] = set()
        self._waiting: list[tuple[Position, asyncio.Future[None]]] = []
        self.position: Position = BEGINNING

    async def run(self, after: Position) -> None:
        self.position = after
        async for batch in self._log.subscribe(after):
            for observe in self.observers:
                observe(batch)
            for recorded in batch:
                self._announce(recorded)
            self.position = batch[-1].position
            self._wake()

    def _announce(self, recorded: Recorded[Any]) -> None:
        for follower in self._topics.get(recorded.stream, ()):
            follower.push(recorded)
        for topic in self.topics(recorded):
            for follower in self._topics.get(topic, ()):
                follower.push(recorded)
        for follower in self._all:
            follower.push(recorded)

    async def reached(self, position: Position) -> None:
        """Returns when this process has been told of `position`."""
        if self.position >= position:
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((position, future))
        await future

    async def stream(self, stream: str, after: Position = BEGINNING) -> AsyncIterator[Batch]:
        with self._following(stream) as follower:
            history = [recorded for recorded in await self._log.read(stream) if recorded.position > after]
            if history:
                after = history[-1].position
                yield history
            async for batch in follower.batches(after):
                yield batch

    async def topic(
        self, topic: str, after: Position, belongs: Callable[[Recorded[Any]], bool]
    ) -> AsyncIterator[Batch]:
        """What is announced under a topic after a position. `belongs` finds it in what was announced before."""
        with self._following(topic) as follower:
            async for history in self.history(after, self.position):
                after = history[-1].position
                if mine := [recorded for recorded in history if belongs(recorded)]:
                    yield mine
            async for batch in follower.batches(after):
                yield batch

    async def everything(self, after: Position) -> AsyncIterator[Batch]:
        with self._following(None) as follower:
            async for history in self.history(after, self.position):
                after = history[-1].position
                yield history
            async for batch in follower.batches(after):
                yield batch

    async def history(self, after: Position, upto: Position) -> AsyncIterator[Batch]:
        """The log with `after < position <= upto`."""
        while after < upto:
            page = await self._log.read_all(after)
            batch = [recorded for recorded in page if recorded.position <= upto]
            if not batch:
                return
            after = batch[-1].position
            yield batch

    @contextmanager
    def _following(self, topic: str | None) -> Iterator[_Follower]:
        followers = self._all if topic is None else self._topics[topic]
        follower = _Follower()
        followers.add(follower)
        try:
            yield follower
        finally:
            followers.discard(follower)
            if topic is not None and not followers:
                self._topics.pop(topic, None)

    def _wake(self) -> None:
        still = []
        for position, future in self._waiting:
            if position <= self.position:
                if not future.done():
                    future.set_result(None)
            else:
                still.append((position, future))
        self._waiting = still
