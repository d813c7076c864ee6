"""Does every follower hear everything once and in order, whenever they come, however fast they are?"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from random import Random
from typing import Any

import pytest

from api.ports import SlowReader
from domain.kernel import BEGINNING, Position, Recorded
from infra import live
from infra.eventlog.memory import MemoryLog
from infra.live import LiveLog
from tests.infra.eventlog.notes import note, texts, write_in_turn
from tests.infra.restless import RestlessLog

pytestmark = pytest.mark.anyio


def is_even(recorded: Recorded[Any]) -> bool:
    return int(recorded.fact.text) % 2 == 0


@asynccontextmanager
async def running(log: MemoryLog, after: Position = BEGINNING) -> AsyncIterator[LiveLog]:
    live_log = LiveLog(log)
    live_log.topics = lambda recorded: ["even"] if is_even(recorded) else []
    following = asyncio.create_task(live_log.run(after))
    yield live_log
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)


async def some(batches: AsyncIterator[Any], count: int) -> list[Recorded[Any]]:
    found: list[Recorded[Any]] = []
    async with asyncio.timeout(5), aclosing(batches):
        while len(found) < count:
            found += await anext(batches)
    return found


async def reached(live_log: LiveLog) -> None:
    async with asyncio.timeout(5):
        await live_log.reached(await live_log._log.head())


async def test_a_stream_is_its_history_and_then_what_comes() -> None:
    log = MemoryLog()
    await note(log, "task-1", "1", "2")
    await note(log, "task-2", "9")
    async with running(log) as live_log:
        following = asyncio.create_task(some(live_log.stream("task-1"), 3))
        await asyncio.sleep(0.01)
        await note(log, "task-1", "3", expected=1)
        assert texts(await following) == ["1", "2", "3"]


async def test_a_stream_goes_on_after_a_position() -> None:
    log = MemoryLog()
    await write_in_turn(log, "task-1", 5)
    async with running(log) as live_log:
        assert texts(await some(live_log.stream("task-1", Position(3)), 2)) == ["3", "4"]


async def test_a_topic_finds_what_belongs_to_it_in_what_was_announced_before() -> None:
    log = MemoryLog()
    await write_in_turn(log, "task-1", 5)
    async with running(log) as live_log:
        await reached(live_log)
        assert texts(await some(live_log.topic("even", Position(1), is_even), 2)) == ["2", "4"]


async def test_who_is_ahead_of_this_process_hears_only_what_is_new_to_them() -> None:
    log = MemoryLog()
    async with running(log) as live_log:
        following = asyncio.create_task(some(live_log.everything(Position(3)), 2))
        await asyncio.sleep(0.01)
        await write_in_turn(log, "task-1", 5)
        assert texts(await following) == ["3", "4"]


async def test_history_ends_where_it_is_told_to() -> None:
    log = RestlessLog()
    await write_in_turn(log, "task-1", 9)
    pages = [page async for page in LiveLog(log).history(Position(2), Position(6))]
    assert texts([recorded for page in pages for recorded in page]) == ["2", "3", "4", "5"]


async def test_observers_hear_of_a_fact_before_anybody_can_follow_up_on_it() -> None:
    log, told = MemoryLog(), []
    async with running(log) as live_log:
        live_log.observers = (lambda batch: told.extend(texts(batch)),)
        following = asyncio.create_task(some(live_log.everything(BEGINNING), 1))
        await asyncio.sleep(0)
        await note(log, "task-1", "1")
        await following
        assert told == ["1"]


async def test_a_position_is_reached_when_observers_have_heard_of_it() -> None:
    log, told = MemoryLog(), []
    async with running(log) as live_log:
        live_log.observers = (lambda batch: told.extend(texts(batch)),)
        await live_log.reached(await note(log, "task-1", "1"))
        assert told == ["1"]
        await live_log.reached(Position(1))  # long ago
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(live_log.reached(Position(2)), 0.01)
        await note(log, "task-1", "2", expected=0)
        await reached(live_log)
        assert live_log._waiting == []


async def test_a_slow_follower_gets_what_waited_without_a_gap_and_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "QUEUE_MAX", 3)
    log = MemoryLog()
    async with running(log) as live_log, aclosing(live_log.everything(BEGINNING)) as following:
        first = asyncio.create_task(anext(following))
        await asyncio.sleep(0)
        await note(log, "task-1", "0")
        assert texts(await first) == ["0"]
        for number in range(1, 10):
            await note(log, f"task-{number + 1}", str(number))
        await reached(live_log)
        heard: list[str] = []
        with pytest.raises(SlowReader):
            await _hear(following, heard)
        assert heard == [str(number) for number in range(1, len(heard) + 1)]
        assert len(heard) <= 3


async def test_a_slow_follower_holds_nobody_else_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "QUEUE_MAX", 50)
    log = MemoryLog()
    async with running(log) as live_log, aclosing(live_log.everything(BEGINNING)) as slow:
        waiting = asyncio.create_task(anext(slow))
        quick = asyncio.create_task(some(live_log.everything(BEGINNING), 200))
        await asyncio.sleep(0)
        for number in range(200):
            await note(log, f"task-{number}", str(number))
            await asyncio.sleep(0)
        assert len(await quick) == 200
        await waiting


async def test_who_went_is_forgotten() -> None:
    log = MemoryLog()
    await note(log, "task-1", "0")
    async with running(log) as live_log:
        await reached(live_log)
        await some(live_log.stream("task-1"), 1)
        await some(live_log.topic("even", BEGINNING, is_even), 1)
        await some(live_log.everything(BEGINNING), 1)
        assert not live_log._topics
        assert not live_log._all


@pytest.mark.parametrize("seed", range(15))
async def test_no_gap_and_no_repeat_whoever_comes_whenever(seed: int) -> None:
    random, log = Random(seed), RestlessLog(seed)
    writers, length = 4, 40
    async with running(log) as live_log:
        writing = [asyncio.create_task(write_in_turn(log, f"task-{n}", length)) for n in range(writers)]
        followers = []
        for _ in range(12):
            for _ in range(random.randrange(20)):
                await asyncio.sleep(0)
            after = Position(random.randrange(int(await log.head()) + 2))
            kind = random.choice(["stream", "topic", "everything"])
            followers.append((kind, after, asyncio.create_task(_follow(live_log, kind, after))))
        await asyncio.gather(*writing)
        await reached(live_log)
        await asyncio.sleep(0.02)
        for kind, after, following in followers:
            following.cancel()
            expected = [recorded for recorded in log._log if recorded.position > after and _is_for(kind, recorded)]
            assert await following == expected, (kind, after)


async def _hear(batches: AsyncIterator[Any], heard: list[str]) -> None:
    async for batch in batches:
        heard += texts(batch)


async def _follow(live_log: LiveLog, kind: str, after: Position) -> list[Recorded[Any]]:
    batches = {
        "stream": lambda: live_log.stream("task-2", after),
        "topic": lambda: live_log.topic("even", after, is_even),
        "everything": lambda: live_log.everything(after),
    }[kind]()
    heard: list[Recorded[Any]] = []
    try:
        async for batch in batches:
            heard += batch
            await asyncio.sleep(0)
    except asyncio.CancelledError:
        return heard
    raise AssertionError("a subscription never ends by itself")


def _is_for(kind: str, recorded: Recorded[Any]) -> bool:
    return {"stream": recorded.stream == "task-2", "topic": is_even(recorded), "everything": True}[kind]
