"""Whose desks are empty because their server is gone? Whoever leads looks after them (routing 39).

Each server holds a lease of its own for as long as it lives. Connections that were in a server whose lease is free are
lost: nobody knows whether their people are there (routing 29), who have the usual grace to come back. A restart signs
nobody out.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from uuid import UUID, uuid5

import structlog

from commands.bus import Command
from commands.desks import DisconnectDesk
from domain.agents.agent import Agent
from domain.ids import AgentId
from domain.kernel import NAMESPACE, Position, Refused

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
        lives: Callable[[str], Awaitable[bool]],
    ) -> None:
        """`lives`: is that server there?"""
        self._send, self._agents, self._lives = send, agents, lives

    async def run(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            await self.look()

    async def look(self) -> None:
        """Raises `Unavailable`."""
        agents = self._agents()
        known = {connection.partition("/")[0] for agent in agents.values() for connection in agent.desks}
        gone = {house for house in known if not await self._lives(house)}
        lost = [
            DisconnectDesk(agent_id, connection, watched=False)
            for agent_id, agent in agents.items()
            for connection in sorted(agent.desks)
            if connection.partition("/")[0] in gone
        ]
        for command in lost:
            try:
                await self._send(command, uuid5(NAMESPACE, repr(command)), "desks")
            except Refused as no:
                log.info("no desk", code=no.code)
