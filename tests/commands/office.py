"""The whole write side in memory, one step after the other: commands, policies, timers, and a clock that we move."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, TypeVar
from uuid import UUID, uuid4, uuid5

from commands.bus import Command, Commands
from commands.inbound import ReceiveMessage
from commands.policies import POLICIES
from commands.policies.deadlines import Clear, Set, deadlines
from domain.agents.agent import Agent
from domain.channels.inbound import Contact, ContactKind, Inbound
from domain.channels.messages import Body
from domain.configuration.catalog import Catalog
from domain.ids import AgentId, ChannelId
from domain.kernel import BEGINNING, NAMESPACE, NOT_WRITTEN, Cause, Fact, M, Position, Recorded, Refused
from infra.eventlog.memory import MemoryLog
from infra.store import WarmStore
from tests.domain.configuration.situations import catalog

NOON = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
PHONE = Contact(ContactKind.PHONE, "+49301234")
F = TypeVar("F", bound=Fact)


class RestlessLog(MemoryLog):
    """A log at which everybody waits a while, never the same while: other callers come in between."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._random = Random(seed)

    async def append(self, stream: str, expected: int, facts: Sequence[Fact], cause: Cause, at: datetime) -> Position:
        await self._wait()
        position = await super().append(stream, expected, facts, cause, at)
        await self._wait()
        return position

    async def read(self, stream: str, after: int = NOT_WRITTEN, limit: int | None = None) -> list[Recorded[Any]]:
        await self._wait()
        return await super().read(stream, after, limit)

    async def _wait(self) -> None:
        for _ in range(self._random.randrange(5)):
            await asyncio.sleep(0)


@dataclass
class Office:
    log: MemoryLog
    catalog: Catalog
    now: datetime = NOON
    reacted: Position = BEGINNING
    waiting: int = 0
    """How many requests wait in a queue, as this process has heard."""
    agents: dict[AgentId, Agent] = field(default_factory=dict)
    """Everybody, as this process has heard."""

    def __post_init__(self) -> None:
        self.store = WarmStore(self.log)
        self.timers: dict[str, Set] = {}
        self.commands = Commands(
            self.store,
            lambda: self.catalog,
            lambda: self.now,
            self._effective,
            lambda _: self.waiting,
            lambda: self.agents,
        )

    async def send(self, command: Command, command_id: UUID | None = None) -> Position:
        return await self.commands.send(command, command_id or uuid4())

    async def sends(self, *commands: Command) -> None:
        """Each with everything that follows from it."""
        for command in commands:
            await self.send(command)
            await self.settle()

    async def settle(self) -> None:
        """Policies and timers take in the log until nothing follows any more."""
        while batch := await self.log.read_all(self.reacted):
            for recorded in batch:
                await self.react(recorded)
                self.reacted = recorded.position

    async def settle_but_for(self, stream: str, until: type[Fact] | None = None) -> list[Recorded[Any]]:
        """The same, but one stream is late, or it ends before such a fact: what is left to react to."""
        late: list[Recorded[Any]] = []
        while batch := await self.log.read_all(self.reacted, 1):
            (recorded,) = batch
            self.reacted = recorded.position
            if until is not None and isinstance(recorded.fact, until):
                return [recorded]
            if recorded.stream == stream:
                late.append(recorded)
            else:
                await self.react(recorded)
        return late

    async def react(self, recorded: Recorded[Any]) -> None:
        self.note_deadlines(recorded)
        await self.carry_out_policies(recorded)

    def note_deadlines(self, recorded: Recorded[Any]) -> None:
        for change in deadlines(recorded):
            match change:
                case Set(key=key):
                    self.timers[key] = change
                case Clear(key=key):
                    self.timers.pop(key, None)

    async def carry_out_policies(self, recorded: Recorded[Any]) -> None:
        for policy in POLICIES[type(recorded.fact)]:
            for number, command in enumerate(policy(recorded)):
                await self._try(command, uuid5(NAMESPACE, f"{recorded.position}/{policy.__name__}/{number}"))

    async def wait(self, seconds: float) -> None:
        """Time passes; whatever is due is done when it is due, with all that follows."""
        await self.settle()
        until = self.now + timedelta(seconds=seconds)
        while due := sorted((it for it in self.timers.values() if it.due <= until), key=lambda it: it.due):
            self.now = max(self.now, due[0].due)
            del self.timers[due[0].key]
            await self._try(due[0].command, uuid4())
            await self.settle()
        self.now = until

    async def facts(self, kind: type[F]) -> list[F]:
        return [it.fact for it in await self.log.read_all(limit=100_000) if isinstance(it.fact, kind)]

    async def subjects(self, kind: type[Fact]) -> list[str]:
        return [it.subject for it in await self.log.read_all(limit=100_000) if isinstance(it.fact, kind)]

    async def load(self, model: type[M], subject: str) -> M:
        return await self.store.load(model, subject)

    async def _try(self, command: Command, command_id: UUID) -> None:
        with suppress(Refused):  # the world moved on
            await self.commands.send(command, command_id)

    async def _effective(self, position: Position) -> None:
        """The catalog of these tests is set up beforehand."""


def an_office(log: MemoryLog | None = None) -> Office:
    return Office(log or MemoryLog(), catalog())


def another_process(office: Office) -> Office:
    """The same log, with a memory of its own."""
    return replace(office, log=office.log)


def message(
    number: int | str = 1, channel: str = "whatsapp-line", contact: Contact = PHONE, text: str = "Hello"
) -> ReceiveMessage:
    return ReceiveMessage(Inbound(ChannelId(channel), contact, f"{channel}-{number}", Body(text=text), NOON, "John"))
