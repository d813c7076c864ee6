"""How do many readers of one process follow the log? One tailer keeps the newest facts in a window; each reader has a place.

A reader whose place is in the window takes its facts from memory; one that is late, or too slow, reads the table until it
is back. So nothing is kept per reader, and a reader that sleeps costs nothing. Positions have no gaps: the window joins
what this process wrote and what it read of others without looking twice.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

from domain.kernel import Position, Recorded
from infra.eventlog.port import Batch, Unavailable

ReadAll = Callable[[Position, int], Awaitable[list[Recorded[Any]]]]
Head = Callable[[], Awaitable[Position]]

PAGE = 500
"""Facts per batch at most: decoding more at once would keep other tasks waiting for more than a millisecond or two."""
WINDOW = 4_096
"""Facts kept in memory at least, once so many were seen; at most twice as many."""
POLL_BUSY_S, POLL_IDLE_S = 0.005, 0.050


class Tail:
    """What was committed lately, by whomever. `head` is the position of the newest fact known here."""

    def __init__(self, read_all: ReadAll, find_head: Head) -> None:
        self._read_all = read_all
        self._find_head = find_head
        self._window: list[Recorded[Any]] = []
        self._moved = asyncio.Event()  # a new one after each move
        self._look = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closed = False
        self.head: Position | None = None

    @property
    def followed(self) -> bool:
        """Whether anybody ever asked; until then there is no need to tell the tail of anything."""
        return self.head is not None

    def offer(self, first: int, batch: Sequence[Recorded[Any]]) -> None:
        """Facts that this process has just committed: taken as they are if they are the next, read again if not."""
        if first - 1 == self.head:
            self._extend(batch)
        else:
            self._look.set()

    def wake(self) -> None:
        """Look now: somebody else says that they wrote."""
        self._look.set()

    async def follow(self, after: Position) -> AsyncIterator[Batch]:
        """Everything after a position. Raises `Unavailable` when the log is closed."""
        if self._task is None:
            self._task = asyncio.create_task(self._watch(), name="event log tail")
        while True:
            moved = self._moved  # taken before looking, so that nothing happens between looking and waiting
            batch = self._from_window(after)
            if batch is None:
                batch = await self._read_on(after)
            if batch:
                after = batch[-1].position
                yield batch
            else:
                await self._wait(moved)

    async def close(self) -> None:
        self._closed = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    def _from_window(self, after: Position) -> Batch | None:
        """What follows a position, empty if that is the future; `None` if only the table knows."""
        if self.head is None or after < (oldest := self.head - len(self._window)):
            return None
        return self._window[after - oldest : after - oldest + PAGE]

    async def _wait(self, moved: asyncio.Event) -> None:
        if self._task is not None and self._task.done():
            if self._closed:
                raise Unavailable("the log is closed")
            self._task.result()  # what ended the watch, for example a fact of a newer version, ends its readers too
        await moved.wait()

    def _extend(self, batch: Sequence[Recorded[Any]]) -> None:
        self._window.extend(batch)
        self.head = batch[-1].position
        if len(self._window) > 2 * WINDOW:
            del self._window[:-WINDOW]
        self._tell()

    def _tell(self) -> None:
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    async def _watch(self) -> None:
        """Find what others wrote: at once when woken, else by looking, the less often the longer nothing came."""
        try:
            head = self.head = await self._first_head()
            self._tell()
            pause = POLL_BUSY_S
            while True:
                woken = await self._woken_within(pause)
                if woken or head == self.head:
                    found = await self._catch_up(self.head)
                    pause = POLL_BUSY_S if found or woken else min(pause * 2, POLL_IDLE_S)
                # Else our own facts came one right after the other, so nobody else wrote in between.
                head = self.head
        finally:
            self._tell()

    async def _woken_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._look.wait()
        except TimeoutError:
            return False
        self._look.clear()
        return True

    async def _catch_up(self, head: Position) -> bool:
        """Read until nothing is left; whether there was anything."""
        found = False
        while batch := await self._read_on(head):
            known = (self.head or head) - head  # our own writer may have moved the head while we read
            if fresh := batch[known:]:
                self._extend(fresh)
                found = True
            if len(batch) < PAGE:
                break
            head = self.head or head
        return found

    async def _read_on(self, after: Position) -> Batch:
        """A page of the table; a store that is away ends nobody's subscription. Checks that nothing is left out."""
        while True:
            try:
                batch = await self._read_all(after, PAGE)
            except Unavailable:
                if self._closed:
                    raise
            else:
                if batch and batch[-1].position != after + len(batch):
                    raise RuntimeError(f"the log has a gap between position {after} and {batch[-1].position}")
                return batch

    async def _first_head(self) -> Position:
        while True:
            try:
                return await self._find_head()
            except Unavailable:
                if self._closed:
                    raise
