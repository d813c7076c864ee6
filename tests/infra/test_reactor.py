"""Is every fact reacted to, in the order of its stream, whatever fails, ends and starts again?"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import pytest

from domain.kernel import Position, Recorded
from infra import reactor as reactor_module
from infra.checkpoints import MemoryCheckpoints
from infra.eventlog.memory import MemoryLog
from infra.eventlog.port import Conflict, Unavailable
from infra.reactor import TRIES_MAX, Reactor, command_id
from tests.infra.eventlog.notes import Noted, Tagged, note, write_in_turn

pytestmark = pytest.mark.anyio


class Desk:
    """What was reacted to, and how to get in the way of it."""

    def __init__(
        self, log: MemoryLog, checkpoints: MemoryCheckpoints | None = None, wants: Any = lambda _: True
    ) -> None:
        self.done: list[Recorded[Any]] = []
        self.failures: dict[str, list[BaseException]] = defaultdict(list)
        self.gates: dict[str, asyncio.Event] = {}
        self.at_work = self.at_work_max = 0
        self.checkpoints = checkpoints or MemoryCheckpoints()
        self.reactor = Reactor("desk", log, self.checkpoints, {Noted: [self.react]}, wants)

    async def react(self, recorded: Recorded[Any]) -> None:
        self.at_work += 1
        self.at_work_max = max(self.at_work, self.at_work_max)
        try:
            if recorded.fact.text in self.gates:
                await self.gates[recorded.fact.text].wait()
            if self.failures[recorded.fact.text]:
                raise self.failures[recorded.fact.text].pop()
            await asyncio.sleep(0)
            self.done.append(recorded)
        finally:
            self.at_work -= 1

    @property
    def texts(self) -> list[str]:
        return [recorded.fact.text for recorded in self.done]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.reactor.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self.reactor.save()

    async def until(self, count: int) -> None:
        async with asyncio.timeout(5):
            while len(self.done) < count:
                await asyncio.sleep(0.001)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reactor_module, "RETRY_FIRST_S", 0.001)
    monkeypatch.setattr(reactor_module, "SAVE_EVERY_S", 0.005)


async def test_the_facts_of_one_stream_are_reacted_to_in_order() -> None:
    log, gate = MemoryLog(), asyncio.Event()
    desk = Desk(log)
    desk.gates["1"] = gate
    await note(log, "task-1", "1", "2", "3")
    async with desk.running():
        await asyncio.sleep(0.01)
        assert desk.texts == []
        gate.set()
        await desk.until(3)
        assert desk.texts == ["1", "2", "3"]


async def test_streams_do_not_wait_for_each_other() -> None:
    log = MemoryLog()
    desk = Desk(log)
    desk.gates["1"] = asyncio.Event()
    await note(log, "task-1", "1")
    await note(log, "task-2", "2")
    async with desk.running():
        await desk.until(1)
        assert desk.texts == ["2"]


async def test_the_stored_position_is_the_newest_before_which_everything_is_done() -> None:
    log = MemoryLog()
    desk = Desk(log)
    desk.gates["b"] = asyncio.Event()
    await note(log, "task-1", "a")
    await note(log, "task-2", "b")
    await note(log, "task-3", "c")
    async with desk.running():
        await desk.until(2)
        await asyncio.sleep(0.02)
        assert (await desk.checkpoints.load("desk"))[0] == 1
        desk.gates["b"].set()
        await desk.until(3)
        await asyncio.sleep(0.02)
        assert (await desk.checkpoints.load("desk"))[0] == 3


async def test_what_was_done_is_not_done_again_after_a_restart() -> None:
    log, checkpoints = MemoryLog(), MemoryCheckpoints()
    await note(log, "task-1", "a")
    first = Desk(log, checkpoints)
    async with first.running():
        await first.until(1)
    second = Desk(log, checkpoints)
    await note(log, "task-1", "b", expected=0)
    async with second.running():
        await second.until(1)
        assert second.texts == ["b"]


async def test_what_was_cancelled_in_mid_flight_is_done_after_a_restart() -> None:
    log, checkpoints = MemoryLog(), MemoryCheckpoints()
    await note(log, "task-1", "a", "b")
    first = Desk(log, checkpoints)
    first.gates["a"] = asyncio.Event()
    async with first.running():
        await asyncio.sleep(0.01)
    assert first.texts == []
    second = Desk(log, checkpoints)
    async with second.running():
        await second.until(2)
        assert second.texts == ["a", "b"]


async def test_the_same_reactor_goes_on_when_it_leads_again() -> None:
    log = MemoryLog()
    desk = Desk(log)
    desk.gates["a"] = asyncio.Event()
    await note(log, "task-1", "a", "b")
    async with desk.running():
        await asyncio.sleep(0.01)
    desk.gates["a"].set()
    async with desk.running():
        await desk.until(2)
        assert desk.texts == ["a", "b"]
    assert desk.reactor.position == 2


@pytest.mark.parametrize("failure", [Unavailable("away"), Conflict("again")])
async def test_an_outage_is_waited_out(failure: Exception) -> None:
    log = MemoryLog()
    desk = Desk(log)
    desk.failures["a"] = [failure] * (TRIES_MAX + 3)
    await note(log, "task-1", "a")
    async with desk.running():
        await desk.until(1)
    assert (desk.texts, desk.reactor.parked) == (["a"], 0)


async def test_a_bug_is_parked_and_the_rest_goes_on() -> None:
    log = MemoryLog()
    desk = Desk(log)
    desk.failures["a"] = [KeyError("bug")] * TRIES_MAX
    await note(log, "task-1", "a", "b")
    async with desk.running():
        await desk.until(1)
    assert (desk.texts, desk.reactor.parked, desk.reactor.position) == (["b"], 1, 2)


async def test_a_bug_that_passes_is_not_parked() -> None:
    log = MemoryLog()
    desk = Desk(log)
    desk.failures["a"] = [KeyError("bug")] * (TRIES_MAX - 1)
    await note(log, "task-1", "a")
    async with desk.running():
        await desk.until(1)
    assert (desk.texts, desk.reactor.parked) == (["a"], 0)


async def test_what_leads_to_nothing_is_left_out() -> None:
    log = MemoryLog()
    desk = Desk(log, wants=lambda recorded: recorded.fact.text != "b")
    await note(log, "task-1", "a", "b", "c")
    async with desk.running():
        await desk.until(2)
    assert (desk.texts, desk.reactor.position) == (["a", "c"], 3)


async def test_a_bug_in_the_question_whether_it_leads_to_anything_stops_nobody() -> None:
    def wants(recorded: Recorded[Any]) -> bool:
        if recorded.fact.text == "a":
            raise KeyError("bug")
        return True

    log = MemoryLog()
    desk = Desk(log, wants=wants)
    await note(log, "task-1", "a", "b")
    async with desk.running():
        await desk.until(2)
        assert desk.texts == ["a", "b"]


async def test_facts_that_nobody_reacts_to_move_the_position_too() -> None:
    log = MemoryLog()
    desk = Desk(log)
    await note(log, "task-1", "a")
    await log.append("task-2", -1, [Tagged(command_id(log._log[0], "x"))], log._log[0].cause, log._log[0].at)
    async with desk.running():
        await desk.until(1)
        await asyncio.sleep(0.01)
    assert desk.reactor.position == 2


async def test_no_more_than_so_many_are_in_flight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reactor_module, "IN_FLIGHT_MAX", 10)
    log, gate = PagedLog(), asyncio.Event()
    desk = Desk(log)
    desk.gates["0"] = gate
    for number in range(50):
        await note(log, f"task-{number}", "0")
    async with desk.running():
        await asyncio.sleep(0.02)
        assert desk.at_work == 11
        gate.set()
        await desk.until(50)


async def test_a_position_that_cannot_be_stored_now_is_stored_later() -> None:
    class Away(MemoryCheckpoints):
        times = 2

        async def save(self, name: str, position: Position, shape: int = 0, state: bytes = b"") -> None:
            if self.times:
                self.times -= 1
                raise Unavailable("away")
            await super().save(name, position, shape, state)

    log, checkpoints = MemoryLog(), Away()
    desk = Desk(log, checkpoints)
    await note(log, "task-1", "a")
    async with desk.running():
        async with asyncio.timeout(2):
            while (await checkpoints.load("desk"))[0] != 1:
                await asyncio.sleep(0.005)


@pytest.mark.parametrize("seed", range(10))
async def test_nothing_is_skipped_and_streams_keep_their_order_through_any_number_of_deaths(seed: int) -> None:
    random, log, checkpoints = Random(seed), MemoryLog(), MemoryCheckpoints()
    writing = [asyncio.create_task(write_in_turn(log, f"task-{n}", 30)) for n in range(5)]
    done: list[Recorded[Any]] = []
    for life in range(6):
        desk = Desk(log, checkpoints)
        for number in random.sample(range(30), 8):
            desk.failures[str(number)] = [Unavailable("away")]
        async with desk.running():
            if life == 5:
                await asyncio.gather(*writing)
                async with asyncio.timeout(5):
                    while desk.reactor.position != await log.head():
                        await asyncio.sleep(0.001)
            else:
                await asyncio.sleep(random.random() * 0.01)
        done += desk.done
    for number in range(5):
        first_times = list(dict.fromkeys(recorded for recorded in done if recorded.stream == f"task-{number}"))
        assert first_times == await log.read(f"task-{number}")


class PagedLog(MemoryLog):
    """One fact at a time, as a quiet log gives them."""

    async def subscribe(self, after: Position = Position(0)) -> AsyncIterator[Any]:
        async for batch in super().subscribe(after):
            for recorded in batch:
                yield [recorded]
