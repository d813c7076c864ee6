"""How do facts cause commands? The reactor runs reactions from the log, from a stored position, at least once each.

Facts of one stream are reacted to in order; different streams do not wait for each other. The position that is stored
is the newest before which everything is done. The ids of the commands derive from the fact, so a repeat is harmless.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

import structlog

from commands.bus import Command, Commands
from commands.policies import POLICIES
from domain.kernel import NAMESPACE, Fact, Position, Recorded, Refused, uuid5
from infra.checkpoints import Checkpoints
from infra.eventlog.port import Conflict, EventLog, Unavailable

Reaction = Callable[[Recorded[Any]], Awaitable[None]]

IN_FLIGHT_MAX = 2_000
SAVE_EVERY_S = 0.5
RETRY_FIRST_S, RETRY_MAX_S = 0.05, 5.0
TRIES_MAX = 5
"""How often a reaction that fails by a bug is tried before it is parked."""

log = structlog.get_logger(__name__)


def command_id(recorded: Recorded[Any], name: str) -> UUID:
    """The id of a command that a fact causes."""
    return uuid5(NAMESPACE, f"{recorded.position}/{name}")


def policy_reactions(commands: Commands) -> Mapping[type[Fact], Sequence[Reaction]]:
    """The policies as reactions: carry out each command that a policy yields."""

    def reaction(policies: Sequence[Callable[[Recorded[Any]], Any]]) -> Reaction:
        async def react(recorded: Recorded[Any]) -> None:
            for policy in policies:
                for number, command in enumerate(policy(recorded)):
                    await _send(commands, command, recorded, f"{policy.__name__}/{number}")

        return react

    return {fact: [reaction(policies)] for fact, policies in POLICIES.items()}


def policies_want(recorded: Recorded[Any]) -> bool:
    return any(True for policy in POLICIES[type(recorded.fact)] for _ in policy(recorded))


async def _send(commands: Commands, command: Command, recorded: Recorded[Any], name: str) -> None:
    try:
        await commands.send(command, command_id(recorded, name), "system", recorded.cause.correlation)
    except Refused as refused:  # the world moved on
        log.info("policy refused", command=type(command).__name__, code=refused.code, position=recorded.position)


class Reactor:
    """Runs reactions. `name` is what its position is stored under."""

    def __init__(
        self,
        name: str,
        event_log: EventLog,
        checkpoints: Checkpoints,
        reactions: Mapping[type[Fact], Sequence[Reaction]],
        wants: Callable[[Recorded[Any]], bool] = lambda _: True,
        reached: Callable[[Position], Awaitable[None]] | None = None,
    ) -> None:
        """`reached` returns when the store has heard of a position: a reaction must not see a world older than its fact.

        `wants` tells cheaply which facts will lead to anything: most messages need nothing done.
        """
        self._wants, self._reached = wants, reached
        self.name = name
        self._log = event_log
        self._checkpoints = checkpoints
        self._reactions = reactions
        self._lanes: dict[str, deque[Recorded[Any]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._open: dict[Position, None] = {}
        self._seen: Position | None = None
        self._room = asyncio.Event()
        self.parked = 0

    @property
    def position(self) -> Position | None:
        """Everything up to here is done; none before we know where we were."""
        return Position(next(iter(self._open)) - 1) if self._open else self._seen

    async def run(self) -> None:
        """May be run again after it was cancelled: it starts from what is stored, as another process would."""
        self._seen = None
        self._open.clear()
        self._lanes.clear()
        self._seen, _ = await self._checkpoints.load(self.name)
        saver = asyncio.create_task(self._save_now_and_then())
        try:
            async for batch in self._log.subscribe(self._seen):
                for recorded in batch:
                    if type(recorded.fact) in self._reactions and self._wanted(recorded):
                        self._take(recorded)
                    self._seen = recorded.position
                while len(self._open) > IN_FLIGHT_MAX:
                    self._room.clear()
                    await self._room.wait()
        finally:
            saver.cancel()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(saver, *self._tasks, return_exceptions=True)

    async def save(self) -> None:
        if self.position is not None:
            await self._checkpoints.save(self.name, self.position)

    def _wanted(self, recorded: Recorded[Any]) -> bool:
        try:
            return self._wants(recorded)
        except Exception:  # noqa: BLE001 - it fails again in the reaction, where failures are counted and parked
            return True

    def _take(self, recorded: Recorded[Any]) -> None:
        self._open[recorded.position] = None
        lane = self._lanes.get(recorded.stream)
        if lane is not None:
            lane.append(recorded)
            return
        lane = self._lanes[recorded.stream] = deque((recorded,))
        task = asyncio.create_task(self._work(recorded.stream, lane))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self, stream: str, lane: deque[Recorded[Any]]) -> None:
        while lane:
            await self._react(lane[0])
            recorded = lane.popleft()
            del self._open[recorded.position]
            self._room.set()
        del self._lanes[stream]

    async def _react(self, recorded: Recorded[Any]) -> None:
        if self._reached is not None:
            await self._reached(recorded.position)
        for reaction in self._reactions[type(recorded.fact)]:
            tries, wait_s = 0, RETRY_FIRST_S
            while True:
                try:
                    await reaction(recorded)
                    break
                except (Unavailable, Conflict):
                    log.warning("log unavailable, trying again", reactor=self.name, position=recorded.position)
                except Exception as error:
                    tries += 1
                    log.exception("reaction failed", reactor=self.name, position=recorded.position, tries=tries)
                    if tries >= TRIES_MAX:
                        self.parked += 1
                        log.critical("reaction parked", reactor=self.name, position=recorded.position, error=str(error))
                        break
                await asyncio.sleep(wait_s)
                wait_s = min(wait_s * 2, RETRY_MAX_S)

    async def _save_now_and_then(self) -> None:
        saved = None
        while True:
            await asyncio.sleep(SAVE_EVERY_S)
            position = self.position
            if position != saved:
                try:
                    await self.save()
                except Unavailable:
                    log.warning("position not stored, trying again", reactor=self.name)
                else:
                    saved = position
