"""Whose desks are empty because their server is gone? Whoever leads looks after them (routing 39).

Each server holds a lease of its own for as long as it lives. Connections that were in a server whose lease is free are
lost: nobody knows whether their people are there (routing 29), who have the usual grace to come back. A restart signs
nobody out.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from uuid import UUID

import structlog

from commands.bus import Command
from commands.desks import DisconnectDesk
from commands.supervisors import DisconnectSupervisor
from domain.agents.agent import Agent
from domain.agents.facts import DeskConnected, DeskDisconnected
from domain.ids import AgentId
from domain.kernel import NAMESPACE, Position, Refused, uuid5
from domain.supervisors.supervisor import Supervisor
from infra.eventlog.port import Batch

LOOK_EVERY_S = 2.0
log = structlog.get_logger(__name__)


def lease_of(house: str) -> str:
    """The name of a server's own lease."""
    return f"desks of {house}"


class EmptyDesks:
    """`observe` the log, on every process; `run` on the one that leads. A look costs what has changed since the last:
    there are few supervisors who take part in something, and many agents.
    """

    def __init__(
        self,
        send: Callable[[Command, UUID, str], Awaitable[Position]],
        agents: Callable[[], Mapping[AgentId, Agent]],
        supervisors: Callable[[], Mapping[AgentId, Supervisor]],
        lives: Callable[[str], Awaitable[bool]],
    ) -> None:
        """`lives`: is that server there?"""
        self._send, self._agents, self._supervisors, self._lives = send, agents, supervisors, lives
        self._moved: set[AgentId] | None = None  # whose desks are others than at the last look; none: nobody looked yet
        self._houses: dict[str, set[AgentId]] = {}

    def observe(self, batch: Batch) -> None:
        if self._moved is not None:
            moved = (it.subject for it in batch if isinstance(it.fact, DeskConnected | DeskDisconnected))
            self._moved.update(map(AgentId, moved))

    async def run(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            await self.look()

    async def look(self) -> None:
        """Raises `Unavailable`."""
        agents = self._agents()
        moved, self._moved = agents.keys() if self._moved is None else self._moved, set()
        for agent_id in moved:
            self._note(agent_id, agents[agent_id])
        known = {_house(it) for supervisor in self._supervisors().values() for it in supervisor.connections}
        gone = {house for house in known | self._houses.keys() if not await self._lives(house)}
        for command in list(self._losses(gone)):
            try:
                await self._send(command, uuid5(NAMESPACE, repr(command)), "desks")
            except Refused as no:
                log.info("no desk", code=no.code)

    def _note(self, agent_id: AgentId, agent: Agent) -> None:
        here = {_house(connection) for connection in agent.desks}
        for house in here:
            self._houses.setdefault(house, set()).add(agent_id)
        for house in [house for house, there in self._houses.items() if house not in here and agent_id in there]:
            self._houses[house].remove(agent_id)
            if not self._houses[house]:
                del self._houses[house]

    def _losses(self, gone: Collection[str]) -> Iterator[Command]:
        """What is to be said of the connections in these servers."""
        agents = self._agents()
        for agent_id in sorted({agent_id for house in gone for agent_id in self._houses.get(house, ())}):
            for connection in sorted(it for it in agents[agent_id].desks if _house(it) in gone):
                yield DisconnectDesk(agent_id, connection, watched=False)
        for supervisor_id, supervisor in self._supervisors().items():
            for connection in sorted(it for it in supervisor.connections if _house(it) in gone):
                yield DisconnectSupervisor(supervisor_id, connection)


def _house(connection: str) -> str:
    return connection.partition("/")[0]
