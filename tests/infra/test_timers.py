"""Does every deadline fire when it is due, once in effect, whatever moves, fails or restarts meanwhile? (routing 42)"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

import pytest

from commands.answering import EndHold, ExpireResponse, RemindCustomer, WarnOfResponse
from commands.bus import Command
from commands.conversations import ExpireCustomerInactivity
from commands.desks import ExpireDesk, ExpireIdling, WarnOfIdling
from commands.domains import EndCoolDown
from commands.policies.deadlines import Clear, Set
from commands.supervisors import ExpireSupervisor
from commands.tasks import ExpireOffer, ExpireTask
from commands.wrap_up import ExpireWrapUp
from domain.ids import AgentId, ConversationId, MessageId, MrdId, OfferId, TaskId
from domain.kernel import Position, Recorded, WrongState
from infra import timers as timers_module
from infra.eventlog.port import Conflict, Unavailable
from infra.timers import Timers
from tests.infra.eventlog.notes import Noted
from tests.infra.restless import NOON, a_cause

pytestmark = pytest.mark.anyio


@dataclass
class Sent:
    """The write side, as far as timers see it."""

    commands: list[Command] = field(default_factory=list)
    ids: list[UUID] = field(default_factory=list)
    failures: list[BaseException] = field(default_factory=list)
    gate: asyncio.Event | None = None

    async def send(self, command: Command, command_id: UUID, actor: str = "") -> Position:
        self.ids.append(command_id)
        if self.gate is not None:
            await self.gate.wait()
        if self.failures:
            raise self.failures.pop()
        self.commands.append(command)
        return Position(1)


class Clockwork:
    """Timers under a clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOON
        self.sent = Sent()
        self.timers = Timers(self.sent, lambda: self.now)

    def set(self, key: str, due_s: float, command: Command | None = None) -> None:
        self.timers.feed(_deadline(Set(key, NOON + timedelta(seconds=due_s), command or ExpireTask(TaskId(key)))))

    def clear(self, key: str) -> None:
        self.timers.feed(_deadline(Clear(key)))

    async def at(self, seconds: float) -> list[str]:
        """What fired up to this moment."""
        self.now = NOON + timedelta(seconds=seconds)
        self.timers.look_again()
        await asyncio.sleep(0.005)
        async with asyncio.timeout(5):
            while self.timers._heap and self.timers._heap[0][0] <= self.now:
                await asyncio.sleep(0.001)
        return [command.task_id for command in self.sent.commands]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.timers.run())
        await asyncio.sleep(0)
        try:
            yield
        finally:
            failed = task.done()
            task.cancel()
            (result,) = await asyncio.gather(task, return_exceptions=True)
            if failed:
                raise AssertionError("the timers stopped by themselves") from result


def _deadline(change: Set | Clear) -> Recorded:
    return Recorded(Position(1), "task-1", 0, NOON, a_cause(), change)


@pytest.fixture(autouse=True)
def deadlines_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timers_module, "deadlines", lambda recorded: [recorded.fact])
    monkeypatch.setattr(timers_module, "RETRY_S", 0.01)


async def test_a_timer_fires_when_it_is_due_and_not_before() -> None:
    clockwork = Clockwork()
    async with clockwork.running():
        clockwork.set("a", 10)
        assert await clockwork.at(9.9) == []
        assert await clockwork.at(10) == ["a"]
        assert await clockwork.at(1_000) == ["a"]
        assert len(clockwork.timers) == 0


async def test_a_timer_wakes_up_by_itself() -> None:
    sent = Sent()
    timers = Timers(sent, lambda: datetime.now(NOON.tzinfo))
    running = asyncio.create_task(timers.run())
    timers.feed(_deadline(Set("a", datetime.now(NOON.tzinfo) + timedelta(seconds=0.02), ExpireTask(TaskId("a")))))
    await asyncio.sleep(0.01)
    assert sent.commands == []
    await asyncio.sleep(0.03)
    assert len(sent.commands) == 1
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_later_deadline_puts_the_timer_off() -> None:
    clockwork = Clockwork()
    async with clockwork.running():
        clockwork.set("a", 10)
        clockwork.set("a", 20)
        assert await clockwork.at(15) == []
        assert await clockwork.at(20) == ["a"]


async def test_an_earlier_deadline_fires_earlier_and_only_once() -> None:
    clockwork = Clockwork()
    async with clockwork.running():
        clockwork.set("a", 20)
        clockwork.set("a", 10)
        assert await clockwork.at(10) == ["a"]
        assert await clockwork.at(30) == ["a"]


async def test_a_moved_timer_does_what_it_was_set_for_last() -> None:
    clockwork = Clockwork()
    async with clockwork.running():
        clockwork.set("a", 10, ExpireTask(TaskId("old")))
        clockwork.set("a", 12, ExpireTask(TaskId("new")))
        assert await clockwork.at(12) == ["new"]


async def test_a_cleared_timer_does_not_fire() -> None:
    clockwork = Clockwork()
    async with clockwork.running():
        clockwork.set("a", 10)
        clockwork.clear("a")
        clockwork.clear("never set")
        assert await clockwork.at(20) == []


async def test_a_timer_set_again_after_it_was_cleared_fires() -> None:
    clockwork = Clockwork()
    async with clockwork.running():
        clockwork.set("a", 10)
        clockwork.clear("a")
        clockwork.set("a", 15)
        assert await clockwork.at(12) == []
        assert await clockwork.at(15) == ["a"]


async def test_a_deadline_in_the_past_fires_at_once() -> None:
    clockwork = Clockwork()
    async with clockwork.running():
        clockwork.set("a", -10)
        assert await clockwork.at(0) == ["a"]


async def test_however_often_a_timer_is_put_off_it_takes_one_place() -> None:
    clockwork = Clockwork()
    for second in range(1_000):
        clockwork.set("a", second)
    assert len(clockwork.timers._heap) == 1
    async with clockwork.running():
        assert await clockwork.at(998) == []
        assert await clockwork.at(999) == ["a"]


async def test_many_at_once_all_fire() -> None:
    clockwork = Clockwork()
    async with clockwork.running():
        for number in range(500):
            clockwork.set(str(number), 1)
        assert len(await clockwork.at(1)) == 500


@pytest.mark.parametrize("failure", [Unavailable("away"), Conflict("again")])
async def test_a_timer_that_could_not_be_carried_out_fires_again_under_the_same_id(failure: Exception) -> None:
    clockwork = Clockwork()
    clockwork.sent.failures = [failure] * 3
    async with clockwork.running():
        clockwork.set("a", 1)
        await clockwork.at(1)
        await asyncio.sleep(0.1)
        assert await clockwork.at(2) == ["a"]
    assert len(clockwork.sent.ids) == 4
    assert len(set(clockwork.sent.ids)) == 1


async def test_a_refused_timer_is_done() -> None:
    clockwork = Clockwork()
    clockwork.sent.failures = [WrongState("long over")]
    async with clockwork.running():
        clockwork.set("a", 1)
        assert await clockwork.at(1) == []
        assert await clockwork.at(2) == []
        assert len(clockwork.sent.ids) == 1
        assert len(clockwork.timers) == 0


async def test_a_bug_in_one_timer_stops_no_other() -> None:
    clockwork = Clockwork()
    clockwork.sent.failures = [KeyError("bug")]
    async with clockwork.running():
        clockwork.set("a", 1)
        await clockwork.at(1)
        clockwork.set("b", 2)
        assert await clockwork.at(2) == ["b"]


async def test_what_is_moved_while_it_fires_fires_again_later() -> None:
    clockwork = Clockwork()
    clockwork.sent.gate = asyncio.Event()
    async with clockwork.running():
        clockwork.set("a", 1)
        await clockwork.at(1)
        clockwork.set("a", 5)
        clockwork.sent.gate.set()
        assert await clockwork.at(2) == ["a"]
        assert await clockwork.at(5) == ["a", "a"]


# Restarts


async def test_a_snapshot_taken_while_a_timer_fires_still_holds_it() -> None:
    before, after = Clockwork(), Clockwork()
    before.sent.gate = asyncio.Event()
    async with before.running():
        before.set("a", 1)
        await before.at(1)
    after.timers.restore(before.timers.dump())
    async with after.running():
        assert await after.at(1) == ["a"]
    assert after.sent.ids == before.sent.ids


async def test_what_was_firing_when_the_lead_was_lost_fires_when_it_is_regained() -> None:
    clockwork = Clockwork()
    clockwork.sent.gate = asyncio.Event()
    async with clockwork.running():
        clockwork.set("a", 1)
        await clockwork.at(1)
    clockwork.sent.gate = None
    async with clockwork.running():
        assert await clockwork.at(2) == ["a"]


EVERY_KIND = [
    ExpireCustomerInactivity(ConversationId("c"), MessageId("m")),
    ExpireTask(TaskId("t")),
    ExpireOffer(TaskId("t"), OfferId("o")),
    ExpireWrapUp(TaskId("t")),
    ExpireDesk(AgentId("a"), "connection", NOON),
    ExpireSupervisor(AgentId("a"), NOON),
    WarnOfIdling(AgentId("a"), NOON),
    ExpireIdling(AgentId("a"), NOON),
    EndCoolDown(AgentId("a"), MrdId("m"), NOON),
    WarnOfResponse(ConversationId("c"), MessageId("m"), 50, NOON),
    ExpireResponse(ConversationId("c"), MessageId("m"), NOON),
    RemindCustomer(ConversationId("c"), MessageId("m"), 1),
    EndHold(ConversationId("c"), NOON),
]


async def test_every_kind_of_timer_survives_a_restart() -> None:
    before, after = Clockwork(), Clockwork()
    for number, command in enumerate(EVERY_KIND):
        before.set(str(number), number, command)
    after.timers.restore(before.timers.dump())
    assert after.timers._due == before.timers._due
    after.now = NOON + timedelta(seconds=100)
    async with after.running():
        await asyncio.sleep(0.01)
        assert sorted(map(repr, after.sent.commands)) == sorted(map(repr, EVERY_KIND))


def test_these_are_all_kinds_of_timers() -> None:
    from commands.policies import deadlines

    kinds = {it for it in vars(deadlines).values() if isinstance(it, type) and issubclass(it, Command)} - {Command}
    assert {type(command) for command in EVERY_KIND} == kinds


@pytest.mark.parametrize("seed", range(20))
async def test_timers_do_what_a_simple_table_of_deadlines_does(seed: int) -> None:
    random, clockwork = Random(seed), Clockwork()
    table: dict[str, float] = {}
    expected: list[str] = []
    async with clockwork.running():
        for second in range(60):
            for _ in range(random.randrange(4)):
                key = random.choice("abcdef")
                if random.random() < 0.7:
                    table[key] = second + random.randrange(1, 15)
                    clockwork.set(key, table[key])
                else:
                    table.pop(key, None)
                    clockwork.clear(key)
            if random.random() < 0.1:
                clockwork.timers.restore(clockwork.timers.dump())
            due = [key for key, when in table.items() if when <= second + 1]
            expected += due
            for key in due:
                del table[key]
            assert sorted(await clockwork.at(second + 1)) == sorted(expected)
            assert len(clockwork.timers) == len(table)


def test_a_fact_without_a_deadline_sets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    timers = Timers(Sent(), lambda: NOON)
    timers.feed(Recorded(Position(1), "task-1", 0, NOON, a_cause(), Noted("x")))
    assert len(timers) == 0
