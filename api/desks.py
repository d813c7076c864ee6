"""Who sits at their desk, as far as this process can see? Begun and ended desk subscriptions become commands (routing 39).

A desk that another takes over from is ended here with DESK_TAKEN_OVER. Supervisors have no desk: whoever of them follows
anything at all is there. A server that stops says nothing: its people are found missing by whoever leads next
(`infra/desks.py`), unless they have come back before.
"""

import asyncio
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import partial
from itertools import count
from uuid import UUID

import structlog

from api.auth import Role, Viewer
from api.graphql.attendance import Leave, SendAway
from api.ports import Batch, Sender
from commands.bus import Command
from commands.desks import ConnectDesk, DisconnectDesk
from commands.ports import Conflict, Unavailable
from commands.supervisors import ConnectSupervisor, DisconnectSupervisor
from domain.agents.facts import DeskConnected, DeskDisconnected, LoggedIn
from domain.ids import AgentId
from domain.kernel import Refused
from domain.supervisors.facts import SupervisionBegan, SupervisorDisconnected

AGAIN_S = 0.5
TAKEN_OVER = [{"message": "You follow your desk elsewhere now.", "extensions": {"code": "DESK_TAKEN_OVER"}}]
log = structlog.get_logger(__name__)


class Part(Enum):
    """In which part somebody is there."""

    AGENT = auto()
    SUPERVISOR = auto()


Place = tuple[Part, str, Hashable]


@dataclass(slots=True)
class _Desk:
    part: Part
    connection_id: str
    agent_id: AgentId
    actor: str
    ends: list[SendAway] = field(default_factory=list)
    latest: asyncio.Task[None] | None = None

    @property
    def comes(self) -> Command:
        says = ConnectDesk if self.part is Part.AGENT else ConnectSupervisor
        return says(self.agent_id, self.connection_id)

    @property
    def goes(self) -> Command:
        says = DisconnectDesk if self.part is Part.AGENT else DisconnectSupervisor
        return says(self.agent_id, self.connection_id)


class Desks:
    """An `Attendance` for the desk. `house` names this process among all; a connection is known by it and a number."""

    def __init__(self, commands: Sender, new_id: Callable[[], UUID]) -> None:
        self._commands, self._new_id = commands, new_id
        self.house = new_id().hex
        self._numbers = count(1)
        self._desks: dict[Place, _Desk] = {}
        self._under_way: set[asyncio.Task[None]] = set()

    def came(self, field: str, viewer: Viewer, place: Hashable, send_away: SendAway, /) -> Leave:
        parts = [Part.AGENT] if field == "desk" else []
        if viewer.is_any((Role.SUPERVISOR,)):
            parts.append(Part.SUPERVISOR)
        leaves = [self._comes(part, viewer, place, send_away) for part in parts]

        def leave(*, restarts: bool) -> None:
            for it in leaves:
                it(restarts=restarts)

        return leave

    def _comes(self, part: Part, viewer: Viewer, place: Hashable, send_away: SendAway) -> Leave:
        key = (part, viewer.agent_id, place)
        desk = self._desks.get(key)
        if desk is None:
            connection_id = f"{self.house}/{next(self._numbers)}"
            desk = self._desks[key] = _Desk(part, connection_id, AgentId(viewer.agent_id), viewer.subject)
            self._say(desk, desk.comes)
        desk.ends.append(send_away)
        return partial(self._left, key, desk, send_away)

    def _left(self, key: Place, desk: _Desk, send_away: SendAway, *, restarts: bool) -> None:
        desk.ends.remove(send_away)
        if not desk.ends:
            del self._desks[key]
            if not restarts:
                self._say(desk, desk.goes)

    def observe(self, batch: Batch) -> None:
        """What the log tells of desks, whoever wrote it."""
        for recorded in batch:
            match recorded.fact:
                case DeskConnected(evicted=evicted) if evicted:
                    self._evict(frozenset(evicted))
                case DeskDisconnected() | LoggedIn():  # taken for lost, and it is not; or not known when it began
                    self._assure(Part.AGENT, recorded.subject)
                case SupervisorDisconnected() | SupervisionBegan():
                    self._assure(Part.SUPERVISOR, recorded.subject)
                case _:
                    pass

    async def run(self) -> None:
        """While others may take us for alive: whoever they took for gone meanwhile is back."""
        for part, agent_id in {(desk.part, desk.agent_id) for desk in self._desks.values()}:
            self._assure(part, agent_id)
        await asyncio.Event().wait()

    async def settled(self) -> None:
        """Returns when everything that was under way is said."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    def _evict(self, connections: frozenset[str]) -> None:
        for desk in [it for it in self._desks.values() if it.connection_id in connections]:
            for send_away in list(desk.ends):
                send_away(TAKEN_OVER)

    def _assure(self, part: Part, agent_id: str) -> None:
        """Nothing follows where it is known that they are there."""
        for desk in self._desks.values():
            if (desk.part, desk.agent_id) == (part, agent_id):
                self._say(desk, desk.comes)

    def _say(self, desk: _Desk, command: Command) -> None:
        """Each in its turn: nobody leaves before they came."""
        task = desk.latest = asyncio.get_running_loop().create_task(self._send(command, desk.actor, desk.latest))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _send(self, command: Command, actor: str, earlier: asyncio.Task[None] | None) -> None:
        if earlier is not None:
            await asyncio.wait((earlier,))
        command_id = self._new_id()
        while True:
            try:
                await self._commands.send(command, command_id, actor)
            except Refused as no:  # no agent, or not any more
                log.info("no desk", code=no.code)
            except (Unavailable, Conflict):
                await asyncio.sleep(AGAIN_S)
                continue
            return
