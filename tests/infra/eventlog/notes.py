"""The facts that these tests write, and short words for writing and following them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from domain.kernel import BEGINNING, NOT_WRITTEN, Cause, Fact, Position, Recorded
from infra.eventlog.port import Batch, Conflict, EventLog

NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Noted(Fact, stored_as="test.noted"):
    text: str = ""


@dataclass(frozen=True, slots=True)
class Tagged(Fact, stored_as="test.tagged"):
    id: UUID
    tags: tuple[str, ...] = ()


def a_cause() -> Cause:
    return Cause(uuid4(), "agent-7", "conversation-1")


async def note(
    log: EventLog, stream: str, *texts: str, expected: int = NOT_WRITTEN, cause: Cause | None = None
) -> Position:
    return await log.append(stream, expected, [Noted(text) for text in texts], cause or a_cause(), NOON)


async def write_in_turn(log: EventLog, stream: str, count: int) -> None:
    """One writer that has the stream for itself."""
    for n in range(count):
        await note(log, stream, str(n), expected=n - 1)


async def write_in_competition(log: EventLog, stream: str, count: int) -> int:
    """One of several writers on a stream: decides again after each conflict; returns how many it met."""
    conflicts = 0
    for _ in range(count):
        cause = a_cause()
        while True:
            version = len(await log.read(stream)) - 1
            try:
                await note(log, stream, "mine", expected=version, cause=cause)
                break
            except Conflict:
                conflicts += 1
    return conflicts


async def the_next(following: AsyncIterator[Batch], count: int, pause_s: float = 0.0) -> list[Recorded[Any]]:
    """The next facts of a subscription, and not one more."""
    seen: list[Recorded[Any]] = []
    async with asyncio.timeout(20):
        while len(seen) < count:
            seen += await anext(following)
            await asyncio.sleep(pause_s)
    assert len(seen) == count
    return seen


async def everything(log: EventLog, page: int = 500) -> list[Recorded[Any]]:
    found: list[Recorded[Any]] = []
    while batch := await log.read_all(found[-1].position if found else BEGINNING, page):
        assert len(batch) <= page
        found += batch
    return found


def texts(recorded: Sequence[Recorded[Any]]) -> list[str]:
    return [event.fact.text for event in recorded]
