"""What do these tests run against? A log in memory that pauses where it may, fails when it is told to, and a notebook."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from random import Random
from typing import Any, ClassVar, Self
from uuid import uuid4

from domain.kernel import BEGINNING, NOT_WRITTEN, Cause, Decision, Fact, Position, Recorded, WrongState
from infra.eventlog.memory import MemoryLog
from infra.eventlog.port import Unavailable
from tests.infra.eventlog.notes import Noted

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Notebook:
    """The model of these tests: lines, one after the other."""

    category: ClassVar[str] = "notebook"

    lines: tuple[str, ...] = ()

    def write(self, *lines: str) -> Decision:
        return iter([Noted(line) for line in lines])

    def begin(self, line: str) -> Decision:
        """Only the first to come begins it."""
        if not self.lines:
            yield Noted(line)

    def go_on(self, line: str) -> Decision:
        if not self.lines:
            raise WrongState("Nobody has begun.")
        yield Noted(line)

    def evolve(self, fact: Noted) -> Self:
        return replace(self, lines=(*self.lines, fact.text))


class RestlessLog(MemoryLog):
    """Others come in between before and after every reading and writing."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        self.random = Random(seed)
        self.reads = self.appends = 0
        self.before_append: Callable[[], Awaitable[None]] | None = None
        self.after_append: Callable[[], Awaitable[None]] | None = None

    async def append(self, stream: str, expected: int, facts: Sequence[Fact], cause: Cause, at: datetime) -> Position:
        self.appends += 1
        await self._pause()
        await self._once("before_append")
        position = await super().append(stream, expected, facts, cause, at)
        await self._once("after_append")
        await self._pause()
        return position

    async def read(self, stream: str, after: int = NOT_WRITTEN, limit: int | None = None) -> list[Recorded[Any]]:
        self.reads += 1
        await self._pause()
        found = await super().read(stream, after, limit)
        await self._pause()
        return found

    async def read_all(self, after: Position = BEGINNING, limit: int = 500) -> list[Recorded[Any]]:
        found = await super().read_all(after, self.random.randint(1, limit))
        await self._pause()
        return found

    async def _once(self, name: str) -> None:
        happening = getattr(self, name)
        setattr(self, name, None)
        if happening is not None:
            await happening()

    async def _pause(self) -> None:
        for _ in range(self.random.randrange(4)):
            await asyncio.sleep(0)


async def goes_away() -> None:
    raise Unavailable("away")


async def hangs() -> None:
    await asyncio.Event().wait()


def a_cause() -> Cause:
    return Cause(uuid4())
