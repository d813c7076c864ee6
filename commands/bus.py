"""How does a command find its handler? Each command is a frozen dataclass and has exactly one.

    @dataclass(frozen=True, slots=True)
    class LogIn(Command):
        agent_id: AgentId

    @handles(LogIn)
    async def log_in(cmd: LogIn, ctx: Context) -> Position:
        return await ctx.change(Agent, cmd.agent_id, lambda agent: agent.log_in())

A handler changes one stream. What must follow in others follows by policies, or by `ctx.then(...)`: further commands
whose ids derive from this one's, so that a crash in between and a retry converge.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from commands.ports import Change, Clock, Store
from domain.agents.agent import Agent
from domain.configuration.catalog import Catalog
from domain.ids import AgentId, QueueId
from domain.kernel import BEGINNING, Cause, Decision, M, Position, uuid5


class Command:
    """An order to do something, in the imperative. Subclasses are frozen dataclasses."""

    __slots__ = ()


C = TypeVar("C", bound=Command)
Handler = Callable[[Any, "Context"], Awaitable[Position]]
HANDLERS: dict[type[Command], Handler] = {}


def handles(
    command: type[C],
) -> Callable[[Callable[[C, "Context"], Awaitable[Position]]], Callable[[C, "Context"], Awaitable[Position]]]:
    def register(
        handler: Callable[[C, "Context"], Awaitable[Position]],
    ) -> Callable[[C, "Context"], Awaitable[Position]]:
        if command in HANDLERS:
            raise TypeError(f"{command.__name__} already has a handler")
        HANDLERS[command] = handler
        return handler

    return register


@dataclass(frozen=True, slots=True)
class Context:
    """What a handler works with: the store, the configuration, the time at which the command came, and its cause."""

    store: Store
    catalog: Catalog
    now: datetime
    cause: Cause
    effective: Callable[[Position], Awaitable[None]]
    """Returns when what was set up at that position, and who holds it, is in force in this process."""
    waiting: Callable[[QueueId], int]
    """How many requests wait in a queue, as far as this process has heard."""
    agents: Callable[[], Mapping[AgentId, Agent]]
    """Everybody, as far as this process has heard."""

    async def load(self, model: type[M], subject: str) -> M:
        return await self.store.load(model, subject)

    async def change(self, model: type[M], subject: str, decide: Callable[[M], Decision]) -> Position:
        return (await self.store.change(model, subject, decide, self.cause, self.now)).position

    async def changed(
        self, model: type[M], subject: str, decide: Callable[[M], Decision], *, newborn: bool = False
    ) -> Change[M]:
        return await self.store.change(model, subject, decide, self.cause, self.now, newborn=newborn)

    async def then(self, command: Command) -> Position:
        """Carry out what follows from this command, under an id that derives from it."""
        return await HANDLERS[type(command)](command, self.step(repr(command)))

    def step(self, name: str) -> "Context":
        """A further step of the same command. A stream takes each cause once, so a second change of it needs this."""
        cause = Cause(uuid5(self.cause.command_id, name), self.cause.actor, self.cause.correlation)
        return Context(self.store, self.catalog, self.now, cause, self.effective, self.waiting, self.agents)


NOTHING = BEGINNING
"""What a handler returns that had nothing to do."""


class Commands:
    """The way in to the write side: everybody who wants something done sends a command here."""

    def __init__(
        self,
        store: Store,
        catalog: Callable[[], Catalog],
        clock: Clock,
        effective: Callable[[Position], Awaitable[None]],
        waiting: Callable[[QueueId], int],
        agents: Callable[[], Mapping[AgentId, Agent]],
    ) -> None:
        self._store = store
        self._catalog = catalog
        self._effective = effective
        self._waiting = waiting
        self._agents = agents
        self.clock = clock

    async def send(self, command: Command, command_id: UUID, actor: str = "system", correlation: str = "") -> Position:
        """Carry out a command; returns a position that whoever wants to read its effects waits for.

        The same `command_id` sent again has no further effect. Raises `Refused` (an expected no) and `Unavailable`.
        """
        cause = Cause(command_id, actor, correlation)
        context = Context(
            self._store, self._catalog(), self.clock(), cause, self._effective, self._waiting, self._agents
        )
        return await HANDLERS[type(command)](command, context)
