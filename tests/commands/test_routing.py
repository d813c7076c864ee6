"""Does the shell of the engine carry out what is decided, and think again when it cannot be?"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

import pytest

from commands import routing
from commands.agents import ReserveSlot
from commands.bus import Command
from commands.ports import Conflict, Unavailable
from commands.routing import Router
from commands.tasks import WidenTask
from domain.agents.agent import NotRoutable
from domain.kernel import Position
from tests.domain.routing.floor import ANYBODY, CHAT, SPANISH, Floor, knows

pytestmark = pytest.mark.anyio


class Sender:
    """The write side, as far as the router sees it."""

    def __init__(self, floor: Floor) -> None:
        self.floor = floor
        self.sent: list[Command] = []
        self.ids: list[UUID] = []
        self.failures: list[Exception] = []
        self.gate: asyncio.Event | None = None

    def clock(self):
        return self.floor.now

    async def send(self, command: Command, command_id: UUID, actor: str = "") -> Position:
        if self.gate is not None:
            await self.gate.wait()
        self.ids.append(command_id)
        if self.failures:
            raise self.failures.pop()
        self.sent.append(command)
        return Position(1)


class Shell(Floor):
    """A floor whose facts go to the router."""

    def __init__(self) -> None:
        self.sender = Sender(self)
        self.router = Router(self.sender)
        super().__init__(self.router)
        self.queue("sales", CHAT, knows(SPANISH, 5, timeout_s=30), ANYBODY)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.router.run())
        await asyncio.sleep(0.005)
        try:
            yield
        finally:
            assert not task.done()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def sends(self, count: int = 1) -> list[Command]:
        async with asyncio.timeout(2):
            while len(self.sender.sent) < count:
                await asyncio.sleep(0.001)
        await asyncio.sleep(0.01)
        assert len(self.sender.sent) == count
        return self.sender.sent


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routing, "THINK_AGAIN_S", 0.005)
    monkeypatch.setattr(routing, "AFTER_A_BUG_S", 0.005)


async def test_an_offer_is_a_slot_to_be_held() -> None:
    shell = Shell()
    async with shell.running():
        shell.staff("ada", spanish=7)
        shell.ask("t1")
        (command,) = await shell.sends()
        assert isinstance(command, ReserveSlot)
        assert (command.agent_id, command.task_id) == ("ada", "t1")


async def test_a_step_begins_when_it_is_due() -> None:
    shell = Shell()
    async with shell.running():
        shell.ask("t1", first_enqueued_at=shell.now - timedelta(seconds=29.95))
        await asyncio.sleep(0.01)
        assert shell.sender.sent == []
        shell.now += timedelta(seconds=0.1)
        assert await shell.sends() == [WidenTask("t1", 1)]


@pytest.mark.parametrize("failure", [NotRoutable("busy"), Conflict("again"), Unavailable("away")])
async def test_an_offer_that_came_to_nothing_is_thought_over(failure: Exception) -> None:
    shell = Shell()
    shell.sender.failures = [failure]
    async with shell.running():
        shell.staff("ada", spanish=7)
        shell.ask("t1")
        await shell.sends()
        assert len(shell.sender.ids) == 2
        assert len(set(shell.sender.ids)) == 1


async def test_a_bug_is_loud_and_keeps_nobody_waiting(caplog: pytest.LogCaptureFixture) -> None:  # routing 17
    shell = Shell()
    shell.sender.failures = [KeyError("a bug")]
    async with shell.running():
        shell.staff("ada", spanish=7)
        shell.ask("t1")
        (command,) = await shell.sends()
        assert isinstance(command, ReserveSlot)
        assert "a move failed" in caplog.text
        assert "a bug" in caplog.text


async def test_why_somebody_was_chosen_is_told_from_what_was_known_then() -> None:
    shell = Shell()
    shell.sender.gate = asyncio.Event()
    async with shell.running():
        shell.staff("ada", spanish=7)
        shell.ask("t1")
        await asyncio.sleep(0.01)
        shell.staff("grace", spanish=7)
        shell.queue("sales", CHAT, ANYBODY)
        shell.sender.gate.set()
        (command,) = await shell.sends()
        assert isinstance(command, ReserveSlot)
        assert (command.decision.candidate_count, command.decision.configuration) == (1, 1)


async def test_a_step_that_could_not_be_written_is_written_later() -> None:
    shell = Shell()
    shell.sender.failures = [Unavailable("away")]
    async with shell.running():
        shell.ask("t1", first_enqueued_at=shell.now - timedelta(seconds=31))
        assert await shell.sends() == [WidenTask("t1", 1)]


@pytest.mark.parametrize("waited_s", [0, 31])
async def test_what_was_under_way_when_the_lead_was_lost_is_done_when_it_is_regained(waited_s: int) -> None:
    shell = Shell()
    shell.sender.gate = asyncio.Event()
    if not waited_s:
        shell.staff("ada", spanish=7)
    shell.ask("t1", first_enqueued_at=shell.now - timedelta(seconds=waited_s))
    async with shell.running():
        pass
    assert shell.sender.sent == []
    shell.sender.gate = None
    async with shell.running():
        await shell.sends()


async def test_a_restored_router_goes_on() -> None:
    shell = Shell()
    shell.staff("ada", spanish=7)
    state = shell.router.dump()
    again = Shell()
    again.router.restore(state)
    async with again.running():
        again.ask("t1")
        await again.sends()


async def test_the_same_offer_with_other_reasons_is_the_same_command() -> None:  # routing 18, 66
    """Two engines that know the same agents, of which one has heard that the request is at its second step."""
    late, early = Shell(), Shell()
    for shell in (late, early):
        shell.staff("ada", spanish=7)
    late.ask("t1", first_enqueued_at=late.now)
    early.ask("t1", first_enqueued_at=early.now, step=1)
    reasons = []
    for shell in (late, early):
        async with shell.running():
            (command,) = await shell.sends()
            assert isinstance(command, ReserveSlot)
            reasons.append(command.decision.step)
    assert reasons == [0, 1]
    assert late.sender.ids == early.sender.ids
