"""What survives a crash, and the wire to it: slow, now and then away, and sometimes it loses the answer after the deed."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

from domain.kernel import BEGINNING, NOT_WRITTEN, Cause, Fact, Position, Recorded
from infra.checkpoints import MemoryCheckpoints
from infra.eventlog.memory import MemoryLog
from infra.eventlog.port import Batch, Unavailable

BATCH_MAX = 300


@dataclass
class Weather:
    """How likely is which trouble, with each call of the log? `delay_s`: how long a call takes, at most, when it does."""

    slow: float = 0.0
    delay_s: float = 0.05
    away: float = 0.0
    answer_lost: float = 0.0
    lag_s: float = 0.0
    """How far behind a subscriber may be."""
    ends: float = 0.0
    """How likely a subscription breaks off."""


CALM = Weather()


class Disk(MemoryLog):
    """The log that everybody shares. `told` hears of each new fact at once, in order."""

    def __init__(self, told: Callable[[Recorded[Any]], None]) -> None:
        super().__init__()
        self._told = told
        self.checkpoints = MemoryCheckpoints()
        self.weather = CALM

    def __len__(self) -> int:
        return len(self._log)

    @property
    def history(self) -> list[Recorded[Any]]:
        return self._log

    @property
    def streams(self) -> dict[str, list[Recorded[Any]]]:
        return self._streams

    async def append(self, stream: str, expected: int, facts: Sequence[Fact], cause: Cause, at: datetime) -> Position:
        before = len(self._log)
        position = await super().append(stream, expected, facts, cause, at)
        for recorded in self._log[before:]:
            self._told(recorded)
        return position

    async def after(self, position: Position, most: int) -> Batch:
        """1 to `most` facts, as soon as there is one."""
        while len(self._log) <= position:
            await self._moved.wait()
        return self._log[position : position + most]


class Wire:
    """One process's log and checkpoints: an `EventLog` over the disk, until it is `cut`."""

    def __init__(self, disk: Disk, random: Random) -> None:
        self._disk, self._random = disk, random
        self.is_cut = False

    async def append(self, stream: str, expected: int, facts: Sequence[Fact], cause: Cause, at: datetime) -> Position:
        await self._there()
        position = await self._disk.append(stream, expected, facts, cause, at)
        if self._chance(self._disk.weather.answer_lost):
            await self._takes_time()
            raise Unavailable("the answer was lost")
        await self._back()
        return position

    async def read(self, stream: str, after: int = NOT_WRITTEN, limit: int | None = None) -> list[Recorded[Any]]:
        await self._there()
        found = await self._disk.read(stream, after, limit)
        await self._back()
        return found

    async def read_all(self, after: Position = BEGINNING, limit: int = 500) -> list[Recorded[Any]]:
        await self._there()
        found = await self._disk.read_all(after, self._random.randint(1, limit))
        await self._back()
        return found

    async def subscribe(self, after: Position = BEGINNING) -> AsyncIterator[Batch]:
        position = after
        while True:
            batch = await self._disk.after(position, self._random.randint(1, BATCH_MAX))
            if self._chance(self._disk.weather.ends):
                raise Unavailable("the subscription broke off")
            await asyncio.sleep(self._random.random() * self._disk.weather.lag_s)
            self._check()
            position = batch[-1].position
            yield batch

    async def head(self) -> Position:
        await self._there()
        head = await self._disk.head()
        await self._back()
        return head

    async def close(self) -> None:
        """Nothing to let go of."""

    # Checkpoints

    async def load(self, name: str, shape: int = 0) -> tuple[Position, bytes]:
        await self._there()
        return await self._disk.checkpoints.load(name, shape)

    async def save(self, name: str, position: Position, shape: int = 0, state: bytes = b"") -> None:
        await self._there()
        await self._disk.checkpoints.save(name, position, shape, state)

    async def _there(self) -> None:
        self._check()
        await self._takes_time()
        if self._chance(self._disk.weather.away):
            raise Unavailable("away")

    async def _back(self) -> None:
        await self._takes_time()

    async def _takes_time(self) -> None:
        weather = self._disk.weather
        if self._chance(weather.slow):
            await asyncio.sleep(self._random.random() * weather.delay_s)
        else:
            await asyncio.sleep(0)
        self._check()

    def _check(self) -> None:
        """Whatever a killed process still tries, it cannot."""
        if self.is_cut:
            raise asyncio.CancelledError

    def _chance(self, probability: float) -> bool:
        return probability > 0 and self._random.random() < probability
