"""A morning at a small desk, by the real commands, policies and engine in virtual time: the past that is played again.

One agent speaks English, which everybody who asks wants; the other one is there, and has nothing to do.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from random import Random
from uuid import UUID

from psycopg import AsyncConnection

from commands.agents import AssignAttribute, GrantMrd, LogIn, LogOut, MakeReady, RegisterAgent
from commands.bus import Command
from commands.configuration import Configure
from commands.conversations import EndConversation
from commands.inbound import EndSession, OpenSession
from commands.tasks import AcceptTask
from commands.wrap_up import FinishWrapUp
from domain.agents.agent import Agent
from domain.agents.facts import SlotState
from domain.configuration import settings as s
from domain.ids import AgentId
from domain.kernel import Position, Recorded, Refused
from domain.sessions.facts import SessionEndReason
from domain.tasks.task import Task
from infra.centre import Centre
from infra.eventlog.codec import encode, encode_cause
from infra.eventlog.memory import MemoryLog
from infra.eventlog.port import event_id
from infra.eventlog.postgres import PostgresLog
from tests.e2e.world import CHAT, ENGLISH, World
from tests.simulation.loop import SimulatedLoop

BEGINS = datetime(2026, 3, 2, 8, tzinfo=UTC)
HOURS = 4
ENDS = BEGINS + timedelta(hours=HOURS)
ALERT_S, WRAP_UP_S, PATIENCE_S, TALK_S, COMES_EVERY_S = 2.0, 10.0, 240.0, 60.0, 85.0


class Shift:
    """`await goes_by()` on a simulated loop; `world.log` then holds the morning."""

    def __init__(self, loop: SimulatedLoop, seed: int = 1) -> None:
        self.world = World(MemoryLog())
        self.world.clock = lambda: BEGINS + timedelta(seconds=loop.time())  # type: ignore[assignment]
        self.world.centre = Centre(self.world.log, self.world.checkpoints, self.world.clock)
        self.world.send = self._send  # type: ignore[method-assign]
        self._random, self._numbers = Random(seed), count(1)

    async def _send(self, command: Command) -> Position:
        """With ids that are the same each time."""
        return await self.world.centre.commands.send(command, UUID(int=next(self._numbers)), "test")

    async def goes_by(self) -> None:
        async with self.world:
            await self._opens()
            desks = [asyncio.create_task(self._works(AgentId(name))) for name in ("ada", "grace")]
            async with asyncio.TaskGroup() as customers:
                for number in range(10_000):
                    await asyncio.sleep(self._random.expovariate(1 / COMES_EVERY_S))
                    if self.world.clock() >= ENDS:
                        break
                    customers.create_task(self._asks(f"c{number}"))
            await asyncio.sleep(600)
            for desk in desks:
                desk.cancel()
            await asyncio.gather(*desks, return_exceptions=True)
            for name in ("ada", "grace"):
                await self.world.send(LogOut(AgentId(name)))

    async def _opens(self) -> None:
        world = self.world
        await world.configure(mode=s.ChannelMode.AGENT, service_level_type=2, service_level_threshold_s=20)
        await world.send(Configure("billing", s.Queue("Billing", CHAT)))
        for name in ("ada", "grace"):
            await world.send(RegisterAgent(AgentId(name), name, name.title()))
            await world.send(GrantMrd(AgentId(name), CHAT, 1))
        await world.send(AssignAttribute(AgentId("ada"), ENGLISH))
        for name in ("ada", "grace"):
            await world.send(LogIn(AgentId(name)))
            await world.send(MakeReady(AgentId(name)))

    async def _asks(self, who: str) -> None:
        """They open the chat, and leave when nobody has come before their patience ended."""
        world = self.world
        await world.send(OpenSession(world.inbound(who, "", who)))
        await asyncio.sleep(self._random.expovariate(1 / PATIENCE_S))
        with suppress(Refused):
            talk = await world.conversation(await world.conversation_of(who))
            if not talk.agents and talk.sessions:
                await world.send(EndSession(await world.session_of(who), SessionEndReason.CUSTOMER))

    async def _works(self, agent: AgentId) -> None:
        """Takes what rings, talks, wraps up."""
        world = self.world
        while True:
            await asyncio.sleep(0.5)
            me = await world.centre.store.load(Agent, agent)
            for task_id, slot in me.slots.items():
                with suppress(Refused):
                    if slot.state is SlotState.RESERVED:
                        await asyncio.sleep(ALERT_S)
                        await world.send(AcceptTask(task_id, agent))
                    elif slot.state is SlotState.ACTIVE:
                        await asyncio.sleep(self._random.lognormvariate(0, 0.5) * TALK_S)
                        task = await world.centre.store.load(Task, task_id)
                        await world.send(EndConversation(task.created.conversation_id, agent))
                    else:
                        await asyncio.sleep(WRAP_UP_S)
                        await world.send(FinishWrapUp(task_id, agent))


@cache
def a_morning(seed: int = 1) -> tuple[Recorded, ...]:
    """The log of such a morning, lived once."""
    return lived(Shift, seed)


def lived(kind: "type[Shift]", seed: int) -> tuple[Recorded, ...]:
    """In a thread of its own, since whoever asks may have a running loop."""
    with ThreadPoolExecutor(1) as aside:
        return aside.submit(_lived, kind, seed).result()


def _lived(kind: "type[Shift]", seed: int) -> tuple[Recorded, ...]:
    loop = SimulatedLoop(f"what if {seed}", 0.0)
    shift = kind(loop, seed)
    try:
        loop.run_until_complete(shift.goes_by())
    finally:
        loop.close()
    return tuple(shift.world.log._log)  # type: ignore[attr-defined]


async def told(history: Sequence[Recorded], url: str) -> None:
    """The same facts in a PostgreSQL log, written past it: one commit is enough for a past."""
    async with PostgresLog(url):
        pass
    rows = "notification_id, originator_version, at, event_id, originator_id, topic, state, cause"
    async with (
        await AsyncConnection.connect(url) as connection,
        connection.cursor() as cursor,
        cursor.copy(f"COPY stored_events ({rows}) FROM STDIN") as copy,
    ):
        for it in history:
            row = (it.version, it.at, event_id(it.cause, it.stream, it.position), it.stream, it.fact.stored_as)
            await copy.write_row((it.position, *row, encode(it.fact), encode_cause(it.cause)))
