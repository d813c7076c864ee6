"""How does a process learn at once that another one wrote? By a word on the bus; without it, the next look finds out.

The word only says who speaks: the log is the truth, and a lost word costs a few milliseconds (docs/adr/0004).
"""

import asyncio
from collections.abc import Callable
from secrets import token_bytes

from infra.bus import Bus
from infra.eventlog.port import Batch

SUBJECT = "log"
PAUSE_S = 0.002
"""Many commits of a busy moment are one word."""


class Waker:
    """`observe` our own log, `run` to hear of the others; `wake` makes our log look."""

    def __init__(self, bus: Bus, wake: Callable[[], None]) -> None:
        self._bus, self._wake = bus, wake
        self._me = token_bytes(8)
        self._grown = asyncio.Event()

    def observe(self, _: Batch) -> None:
        self._grown.set()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as both:
            both.create_task(self._tell())
            both.create_task(self._hear())

    async def _tell(self) -> None:
        while True:
            await self._grown.wait()
            self._grown.clear()
            await self._bus.publish(SUBJECT, self._me)
            await asyncio.sleep(PAUSE_S)

    async def _hear(self) -> None:
        async with self._bus.subscribe(SUBJECT) as words:
            async for speaker in words:
                if speaker != self._me:
                    self._wake()
