"""Whoever waits is told how long it may still be: seldom, and only where their place has changed (routing 65). And where
it would be too long they are sent on (routing 58).
"""

import asyncio
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from commands.bus import Command, Commands, Context, handles
from commands.diversions import DivertTask
from commands.ports import Conflict, Unavailable
from domain.configuration.diversions import OverflowCondition
from domain.conversations.conversation import Conversation
from domain.ids import ConversationId, MessageId, QueueId, TaskId
from domain.kernel import Position, Recorded, Refused, derived_id
from domain.routing.waits import Estimate, Waits

FIRST_AFTER = timedelta(seconds=5)
"""Whoever is answered sooner need not be told."""
AGAIN_AFTER = timedelta(seconds=60)
LOOK_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class TellWait(Command):
    """`task_id`: the request's first. The same place is told once."""

    conversation_id: ConversationId
    task_id: TaskId
    position: int
    words: str


@handles(TellWait)
async def tell_wait(cmd: TellWait, ctx: Context) -> Position:
    message_id = MessageId(derived_id("wait", cmd.task_id, cmd.position))
    return await ctx.change(
        Conversation, cmd.conversation_id, lambda it: it.tell_wait(cmd.task_id, message_id, cmd.words)
    )


class Announcer:
    """A fold of the log (`infra/folds.py`) of everybody who waits; `run` tells those whose queue wants it."""

    name = "waits"
    shape = 2

    def __init__(self, commands: Commands) -> None:
        self._commands = commands
        self.waits = Waits()
        self._told: dict[TaskId, tuple[int, datetime]] = {}
        self._fed = asyncio.Event()

    def feed(self, recorded: Recorded[Any]) -> None:
        self.waits.feed(recorded)
        if not self._fed.is_set():
            self._fed.set()

    def dump(self) -> bytes:
        return msgspec.json.encode(self.waits)

    def restore(self, state: bytes) -> None:
        self.waits = msgspec.json.decode(state, type=Waits)

    async def run(self) -> None:
        """Until cancelled: look now and then while somebody waits who is to be told, else sleep until something happens."""
        while True:
            self._fed.clear()
            if any(self.waits.lines.get(queue_id) for queue_id in (*self._talkative(), *self._impatient())):
                await self.tell()
                await self.send_on()
            else:
                await self._fed.wait()
            await asyncio.sleep(LOOK_EVERY_S)  # not at every fact: to look goes through all queues

    async def tell(self) -> None:
        """Whoever is to be told now."""
        for root, conversation_id, words, estimate in list(self._due(self._commands.clock())):
            self._told[root] = estimate.position, self._commands.clock()
            command = TellWait(conversation_id, root, estimate.position, words)
            try:
                command_id = UUID(derived_id("tell wait", root, estimate.position))
                await self._commands.send(command, command_id, "engine")
            except (Refused, Conflict, Unavailable):
                continue  # they are gone, or they are told of their next place

    async def send_on(self) -> None:
        """Whoever would wait too long goes where their queue says (routing 58); whoever rings is left alone."""
        for move in list(self.waits.overflowing(self._commands.clock())):
            command = DivertTask(move.task_id, move.rule, move.diversion, move.measured, move.queue_id)
            try:
                command_id = UUID(derived_id("divert", move.task_id, move.rule))
                await self._commands.send(command, command_id, "engine")
            except (Refused, Conflict, Unavailable):
                continue  # they are gone, or asked about again in a moment

    def _impatient(self) -> list[QueueId]:
        """Queues that send on whoever would wait too long."""
        return [
            queue_id
            for queue_id, queue in self.waits.catalog.queues.items()
            if any(rule.condition is OverflowCondition.ESTIMATED_WAIT for rule in queue.overflow)
        ]

    def _due(self, now: datetime) -> Iterator[tuple[TaskId, ConversationId, str, Estimate]]:
        waiting: set[TaskId] = set()
        for queue_id, template in self._talkative().items():
            for _, _, root in self.waits.lines.get(queue_id, ()):
                it = self.waits.requests[self.waits.tasks[root]]
                if it.routing.queue_id != queue_id:  # the first of their queues speaks to them (routing 11)
                    continue
                waiting.add(root)
                estimate = self.waits.of_request(root, now)
                if estimate is None or estimate.wait_s is None or now < it.routing.first_enqueued_at + FIRST_AFTER:
                    continue
                position, at = self._told.get(root, (0, it.routing.first_enqueued_at - AGAIN_AFTER))
                if position != estimate.position and now >= at + AGAIN_AFTER:
                    yield root, it.conversation_id, words_of(template, estimate.position, estimate.wait_s), estimate
        for root in self._told.keys() - waiting:
            del self._told[root]

    def _talkative(self) -> dict[QueueId, str]:
        queues = self.waits.catalog.queues
        return {queue_id: queue.wait_message for queue_id, queue in queues.items() if queue.wait_message}


def words_of(template: str, position: int, wait_s: float) -> str:
    """Minutes are rounded up: nobody is told that it takes none."""
    minutes = max(1, math.ceil(wait_s / 60))
    return template.replace("{position}", str(position)).replace("{minutes}", str(minutes))
