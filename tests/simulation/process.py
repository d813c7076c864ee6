"""A server process, as far as it can tell: the real `Centre` with bots, which may be killed at any instant."""

import asyncio
import contextvars
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import datetime
from random import Random
from typing import Any
from uuid import UUID

from commands.bus import Command
from domain.kernel import Position
from infra.centre import Centre
from infra.eventlog.port import Unavailable
from infra.outbox import BotTurns, MakeBot
from tests.simulation.disk import Disk, Wire
from tests.simulation.loop import SimulatedLoop

INSIDE: contextvars.ContextVar["Process | None"] = contextvars.ContextVar("INSIDE", default=None)
SNAPSHOT_EVERY = 7
"""Facts of an agent; so few that a day is full of snapshots, and of processes that begin with them."""


class Gone(Exception):
    """The process died while it was asked: nobody knows what it still did."""


class Process:
    """`start`, then `ask` it; `kill` it, or `stop` it politely. `failed`: the error of our own that ended it."""

    def __init__(
        self, number: int, disk: Disk, clock: Callable[[], datetime], random: Random, bots: dict[str, MakeBot]
    ) -> None:
        self.number = number
        self.wire = Wire(disk, random)
        self.centre = centre = Centre(self.wire, self.wire, clock)
        centre.snapshots.every = SNAPSHOT_EVERY
        turns = BotTurns(centre.commands.send, centre.store, self.wire, lambda: centre.catalog, bots, centre.store.peek)
        centre.react("bots", turns.reactions(), turns.wants)
        self.leads = False
        self.failed: BaseException | None = None
        self._tasks: dict[asyncio.Task[Any], None] = {}
        self._context = contextvars.copy_context()
        self._context.run(INSIDE.set, self)
        self._leading: asyncio.Task[None] | None = None

    @staticmethod
    def note(task: asyncio.Task[Any]) -> None:
        """Every task that begins inside a process ends with it."""
        process = INSIDE.get()
        if process is not None:
            process._tasks[task] = None
            task.add_done_callback(lambda done: process._tasks.pop(done, None))

    async def start(self, *, leads: bool) -> None:
        """Raises `Unavailable`."""
        await self._inside(self.centre.start())
        self._begin(self.centre.until_it_fails())
        if leads:
            self.lead()

    def lead(self) -> None:
        self.leads = True
        self._leading = self._begin(self.centre.lead())

    async def stand_by(self) -> None:
        """The lease went to somebody else."""
        self.leads = False
        if self._leading is not None:
            self._leading.cancel()
            await asyncio.gather(self._leading, return_exceptions=True)

    async def stop(self) -> None:
        """A polite end: whatever can be stored is."""
        await self.stand_by()
        with suppress(Gone, Unavailable):
            await self._inside(self.centre.stop())
        self.kill()

    def kill(self) -> None:
        self.wire.is_cut = True
        for task in list(self._tasks):
            task.cancel()

    @property
    def is_dead(self) -> bool:
        return self.wire.is_cut

    async def ask(self, command: Command, command_id: UUID, actor: str) -> Position:
        """Raises `Gone`, and what the command raises."""
        if self.is_dead:
            raise Gone
        return await self._inside(self.centre.commands.send(command, command_id, actor))

    async def _inside(self, work: Coroutine[Any, Any, Any]) -> Any:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SimulatedLoop)
        task = loop.create_task_in(work, self._context)
        try:
            return await task
        except asyncio.CancelledError:
            me = asyncio.current_task()
            if self.is_dead and me is not None and not me.cancelling():
                raise Gone from None
            raise

    def _begin(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[None]:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SimulatedLoop)
        task = loop.create_task_in(work, self._context)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        """A duty that ends by itself ends the process; only an unreachable log may be the reason."""
        error = None if task.cancelled() else task.exception()
        if task.cancelled() or self.is_dead:
            return
        if error is not None and not _is_only(error, Unavailable):
            self.failed = error
        self.kill()


def _is_only(error: BaseException, kind: type[BaseException]) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return all(_is_only(part, kind) for part in error.exceptions)
    return isinstance(error, kind)
