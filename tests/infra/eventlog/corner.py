"""How does a test get an empty log on a server that others use too? A corner of it: own stream names, from now on."""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Self
from uuid import uuid4

from domain.kernel import BEGINNING, NOT_WRITTEN, Cause, Fact, Position, Recorded
from infra.eventlog.port import Batch, EventLog


class Corner:
    """An `EventLog` that shows only the streams written through it. Nobody else may write meanwhile."""

    def __init__(self, log: EventLog, start: Position) -> None:
        self._log, self._start = log, start
        self._mark = f"-test{uuid4().hex}"

    @classmethod
    async def of(cls, log: EventLog) -> Self:
        return cls(log, await log.head())

    async def append(self, stream: str, expected: int, facts: Sequence[Fact], cause: Cause, at: datetime) -> Position:
        return await self._log.append(stream + self._mark, expected, facts, cause, at)

    async def read(self, stream: str, after: int = NOT_WRITTEN, limit: int | None = None) -> list[Recorded[Any]]:
        return self._shown(await self._log.read(stream + self._mark, after, limit))

    async def read_all(self, after: Position = BEGINNING, limit: int = 500) -> list[Recorded[Any]]:
        return self._shown(await self._log.read_all(max(after, self._start), limit))

    async def skim(self, kinds: Collection[str], after: Position, limit: int = 50_000):
        found, position = await self._log.skim(kinds, max(after, self._start), limit)
        return self._shown(found), position

    async def subscribe(self, after: Position = BEGINNING) -> AsyncIterator[Batch]:
        async for batch in self._log.subscribe(max(after, self._start)):
            yield self._shown(batch)

    async def head(self) -> Position:
        head = await self._log.head()
        return head if head > self._start else BEGINNING

    async def close(self) -> None:
        await self._log.close()

    def _shown(self, batch: Batch) -> list[Recorded[Any]]:
        return [replace(recorded, stream=recorded.stream.removesuffix(self._mark)) for recorded in batch]
