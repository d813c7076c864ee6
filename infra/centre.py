"""The write side and everything that follows the log, put together over any log: what a server, a test and a simulation
have in common."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from commands.bus import Commands
from commands.routing import Router
from domain.configuration.catalog import Catalog
from domain.kernel import Fact, Position
from infra.checkpoints import Checkpoints
from infra.eventlog.port import EventLog
from infra.folds import CatalogFold, Folds
from infra.live import LiveLog, Observer
from infra.reactor import Reaction, Reactor, policy_reactions
from infra.store import WarmStore
from infra.timers import Timers


class Centre:
    """`start()` catches up and sets everything going; `stop()` ends it and stores where it was."""

    def __init__(self, log: EventLog, checkpoints: Checkpoints, clock: Callable[[], datetime]) -> None:
        self.log = log
        self.store = WarmStore(log)
        self.live = LiveLog(log)
        self._catalog = CatalogFold()
        self.commands = Commands(self.store, lambda: self.catalog, clock, self.live.reached)
        self.timers = Timers(self.commands, clock)
        self.router = Router(self.commands)
        self._checkpoints = checkpoints
        self._folds = Folds((self._catalog, self.timers, self.router), checkpoints)
        self._reactors = [Reactor("policies", log, checkpoints, policy_reactions(self.commands))]
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def catalog(self) -> Catalog:
        return self._catalog.catalog

    def react(self, name: str, reactions: Mapping[type[Fact], Sequence[Reaction]]) -> None:
        """Add reactions that keep a position of their own (the outbox). Before `start`."""
        self._reactors.append(Reactor(name, self.log, self._checkpoints, reactions))

    async def start(self, observers: tuple[Observer, ...] = ()) -> Position:
        """`observers` are told of each batch after the store and the folds, before followers."""
        position = await self._folds.catch_up(self.log)
        self.live.observers = (self.store.observe, self._folds.observe, *observers)
        runs = [self.live.run(position), self.timers.run(), self.router.run()]
        runs += [reactor.run() for reactor in self._reactors]
        self._tasks = [asyncio.create_task(run) for run in runs]
        return position

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for reactor in self._reactors:
            await reactor.save()
        await self._folds.store()

    def failed(self) -> BaseException | None:
        """Why one of the parts stopped by itself, if one did: the process must not go on without it."""
        for task in self._tasks:
            if task.done() and not task.cancelled() and (error := task.exception()) is not None:
                return error
        return None
