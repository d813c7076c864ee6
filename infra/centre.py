"""The write side and everything that follows the log, put together over any log: what a server, a test and a simulation
have in common.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from commands.bus import Commands
from commands.routing import Router
from commands.waits import Announcer
from domain.configuration.catalog import Catalog
from domain.ids import QueueId
from domain.kernel import Fact, Position, Recorded
from infra.checkpoints import Checkpoints
from infra.eventlog.port import EventLog, Unavailable
from infra.folds import CatalogFold, Fold, Folds
from infra.live import LiveLog, Observer
from infra.reactor import Reaction, Reactor, policies_want, policy_reactions
from infra.snapshots import Snapshots
from infra.store import WarmStore
from infra.timers import Timers


class Centre:
    """`start()` catches up and sets everything going; `stop()` ends it and stores where it was."""

    def __init__(
        self, log: EventLog, checkpoints: Checkpoints, clock: Callable[[], datetime], folds: Sequence[Fold] = ()
    ) -> None:
        """`folds`: further ones to be kept in memory, fed before anybody else hears of a fact."""
        self.log = log
        self.snapshots = Snapshots(checkpoints)
        self.store = WarmStore(log, snapshots=self.snapshots)
        self.live = LiveLog(log)
        self._catalog = CatalogFold()
        self.commands = Commands(
            self.store, lambda: self.catalog, clock, self.live.reached, self._waiting, lambda: self.router.agents
        )
        self.timers = Timers(self.commands, clock)
        self.announcer = Announcer(self.commands)
        self.router = Router(self.commands, self._expected)
        self._checkpoints = checkpoints
        self._folds = Folds((self._catalog, self.timers, self.router, self.announcer, *folds), checkpoints)
        reactions = policy_reactions(self.commands)
        self._policies = Reactor("policies", log, checkpoints, reactions, policies_want, self.live.reached)
        self._added: list[Reactor] = []
        self._following: asyncio.Task[None] | None = None

    @property
    def catalog(self) -> Catalog:
        return self._catalog.catalog

    def _waiting(self, queue_id: QueueId) -> int:
        return self.router.waiting(queue_id)

    def _expected(self, queue_id: QueueId) -> int | None:
        return self.announcer.waits.expected_s(queue_id)

    def react(
        self,
        name: str,
        reactions: Mapping[type[Fact], Sequence[Reaction]],
        wants: Callable[[Recorded[Any]], bool] = lambda _: True,
    ) -> None:
        """Add reactions that keep a position of their own (the outbox). Before `start`."""
        self._added.append(Reactor(name, self.log, self._checkpoints, reactions, wants, self.live.reached))

    async def start(self, observers: tuple[Observer, ...] = ()) -> Position:
        """Catch up, then follow the log. `observers` are told of each batch after the store and the folds."""
        position = await self._folds.catch_up(self.log)
        self.live.observers = (self.store.observe, self._folds.observe, *observers)
        self.live.position = position
        self._following = asyncio.create_task(self.live.run(position))
        return position

    async def lead(self) -> None:
        """Both duties at once: `route` and `deliver`."""
        async with asyncio.TaskGroup() as duties:
            duties.create_task(self.route())
            duties.create_task(self.deliver())

    async def route(self) -> None:
        """Decide, react and fire timers, until cancelled or one of them fails. One process at a time (`infra/lease.py`)."""
        await self._run((self._policies,), self.timers.run(), self.router.run(), self.announcer.run())

    async def deliver(self) -> None:
        """Run the reactions that were added: what leaves for customers and bots. One process at a time."""
        await self._run(self._added)

    async def _run(self, reactors: Sequence[Reactor], *others: Coroutine[Any, Any, None]) -> None:
        try:
            async with asyncio.TaskGroup() as parts:
                for part in (*others, *(reactor.run() for reactor in reactors)):
                    parts.create_task(part)
        finally:
            for reactor in reactors:
                with suppress(Unavailable):  # then the next run repeats a little
                    await reactor.save()

    async def stop(self) -> None:
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)
        await self._folds.store()

    async def until_it_fails(self) -> None:
        """Returns never: raises what stopped the reading of the log, without which the process must not go on."""
        if self._following is None:
            raise AssertionError("start first")
        await asyncio.shield(self._following)
