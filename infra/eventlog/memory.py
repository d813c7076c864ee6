"""The event log in memory, for tests and simulations: the whole contract, and nothing survives the process."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.kernel import BEGINNING, NOT_WRITTEN, Cause, Fact, Position, Recorded
from infra.eventlog.port import Batch, Before, Conflict, event_id

PAGE = 500


class MemoryLog:
    """An `EventLog`. Everything is decided without a pause, so concurrent callers cannot meet half-way."""

    def __init__(self) -> None:
        self._log: list[Recorded[Any]] = []
        self._streams: defaultdict[str, list[Recorded[Any]]] = defaultdict(list)
        self._ids: defaultdict[str, list[UUID]] = defaultdict(list)
        self._moved = asyncio.Event()

    async def append(self, stream: str, expected: int, facts: Sequence[Fact], cause: Cause, at: datetime) -> Position:
        if not facts:
            raise ValueError("nothing to append")
        written, known = self._streams[stream], self._ids[stream]
        ids = [event_id(cause, stream, n) for n in range(len(facts))]
        if len(written) != expected + 1:
            if known[expected + 1 : expected + 1 + len(ids)] == ids:
                return Position(Before(written[expected + len(ids)].position))
            raise Conflict(f"{stream} is at version {len(written) - 1}, not {expected}")
        fresh = [
            Recorded(Position(len(self._log) + n), stream, expected + n, at, cause, fact)
            for n, fact in enumerate(facts, 1)
        ]
        written += fresh
        known += ids
        self._log += fresh
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()
        return fresh[-1].position

    async def read(self, stream: str, after: int = NOT_WRITTEN, limit: int | None = None) -> list[Recorded[Any]]:
        return self._streams[stream][after + 1 :][:limit]

    async def read_all(self, after: Position = BEGINNING, limit: int = 500) -> list[Recorded[Any]]:
        return self._log[after : after + limit]

    async def skim(
        self, kinds: Collection[str], after: Position, limit: int = 50_000
    ) -> tuple[list[Recorded[Any]], Position]:
        page = self._log[after : after + limit]
        return [it for it in page if it.fact.stored_as in kinds], page[-1].position if page else after

    async def subscribe(self, after: Position = BEGINNING) -> AsyncIterator[Batch]:
        position = after
        while True:
            if batch := self._log[position : position + PAGE]:
                position = batch[-1].position
                yield batch
                await asyncio.sleep(0)  # a long history is for others, too, no reason to stand still
            else:
                await self._moved.wait()

    async def head(self) -> Position:
        return Position(len(self._log))

    async def close(self) -> None:
        """Nothing to let go of."""
