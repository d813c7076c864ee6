"""How do facts that a server pushes one by one become batches for one subscriber?"""

import asyncio
from typing import Any

from domain.kernel import Recorded
from infra.eventlog.port import Batch

BATCH = 256
"""Facts handed over at once, at most."""

GATHER_S = 0.005
"""How long a batch of history waits for its next fact. Live facts never wait."""


class Inbox:
    """Facts on their way from the server to one subscriber. While it is full, the server waits."""

    def __init__(self) -> None:
        self.live = False
        """Caught up: batches do not wait to grow."""
        self._queue: asyncio.Queue[Recorded[Any] | Exception] = asyncio.Queue(4 * BATCH)
        self._trouble: Exception | None = None

    async def put(self, item: Recorded[Any] | Exception | None) -> None:
        if item is not None:
            await self._queue.put(item)

    async def batch(self) -> Batch:
        """1 to `BATCH` facts; what ended the reading is raised once all facts before it are handed over."""
        batch: list[Recorded[Any]] = []
        while self._trouble is None and len(batch) < BATCH:
            item = await self._more() if batch else await self._queue.get()
            if isinstance(item, Exception):
                self._trouble = item
            elif item is not None:
                batch.append(item)
            else:
                break
        if batch or self._trouble is None:
            return batch
        raise self._trouble

    async def _more(self) -> Recorded[Any] | Exception | None:
        """What is here already or, while catching up, very soon."""
        if self.live or not self._queue.empty():
            return None if self._queue.empty() else self._queue.get_nowait()
        try:
            async with asyncio.timeout(GATHER_S):
                return await self._queue.get()
        except TimeoutError:
            return None
