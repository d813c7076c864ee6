"""Whose desks are empty because their server is gone? Whoever leads looks after them (routing 39).

Each server holds a lease of its own for as long as it lives. Connections that were in a server whose lease is free are
lost: nobody knows whether their people are there (routing 29), who have the usual grace to come back. A restart signs
nobody out.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from uuid import UUID, uuid5

import structlog

from commands.bus import Command
from commands.desks import DisconnectDesk
from commands.supervisors import DisconnectSupervisor
from domain.agents.agent import Agent
from domain.ids import AgentId
from domain.kernel import NAMESPACE, Position, Refused
from domain.supervisors.supervisor import Supervisor

LOOK_EVERY_S = 2.0
log = structlog.get_logger(__name__)


def lease_of(house: str) -> str:
    """The name of a server's own lease."""
    return f"desks of {house}"


class EmptyDesks:
    def __init__(
        self,
        send: Callable[[Command, UUID, str], Awaitable[Position]],
        agents: Callable[[], Mapping[AgentId, Agent]],
        supervisors: Callable[[], Mapping[AgentId, Supervisor]],
        lives: Callable[[str], Awaitable[bool]],
    ) -> None:
        """`lives`: is that server there?"""
        self._send, self._agents, self._supervisors, self._lives = send, agents, supervisors, lives

    async def run(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            await self.look()

    async def look(self) -> None:
        """Raises `Unavailable`."""
        losses = list(self._losses())
        gone = {house for house in {house for house, _ in losses} if not await self._lives(house)}
        for house, command in losses:
            if house in gone:
                try:
                    await self._send(command, uuid5(NAMESPACE, repr(command)), "desks")
                except Refused as no:
                    log.info("no desk", code=no.code)

    def _losses(self) -> Iterator[tuple[str, Command]]:
        """What is to be said of each connection if its server is gone."""
        for agent_id, agent in self._agents().items():
            for connection in sorted(agent.desks):
                yield connection.partition("/")[0], DisconnectDesk(agent_id, connection, watched=False)
        for supervisor_id, supervisor in self._supervisors().items():
            for connection in sorted(supervisor.connections):
                yield connection.partition("/")[0], DisconnectSupervisor(supervisor_id, connection)
