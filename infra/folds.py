"""Folds that live in memory: the catalog, the timers, the routing engine. Each starts from its last snapshot."""

import asyncio
from collections.abc import Sequence
from typing import Any, Protocol

import msgspec
import structlog

from domain.configuration.catalog import Catalog
from domain.kernel import BEGINNING, Position, Recorded
from infra.checkpoints import Checkpoints
from infra.eventlog.port import Batch, EventLog, Unavailable

SNAPSHOT_EVERY = 20_000
"""Facts after which a fold is stored again: what a restart after a crash has to read."""

log = structlog.get_logger(__name__)


class Fold(Protocol):
    """`shape` changes whenever an older snapshot cannot be restored; the fold then begins again at the beginning."""

    name: str
    shape: int

    def feed(self, recorded: Recorded[Any]) -> None: ...

    def dump(self) -> bytes: ...

    def restore(self, state: bytes) -> None: ...


class CatalogFold:
    name = "catalog"
    shape = 1

    def __init__(self) -> None:
        self.catalog = Catalog()

    def feed(self, recorded: Recorded[Any]) -> None:
        self.catalog = self.catalog.evolve(recorded)

    def dump(self) -> bytes:
        return msgspec.json.encode(self.catalog)

    def restore(self, state: bytes) -> None:
        self.catalog = msgspec.json.decode(state, type=Catalog)


class Folds:
    """Several folds kept at one position: `catch_up()` once, then `observe` each batch of the live log."""

    def __init__(self, folds: Sequence[Fold], checkpoints: Checkpoints) -> None:
        self._folds = folds
        self._checkpoints = checkpoints
        self._stored: Position = BEGINNING
        self._storing: asyncio.Task[None] | None = None
        self.position: Position = BEGINNING

    async def catch_up(self, log: EventLog) -> Position:
        """Restore the snapshots and read on to the newest fact; returns its position."""
        starts = {}
        for fold in self._folds:
            position, state = await self._checkpoints.load(f"fold {fold.name}", fold.shape)
            if state:
                fold.restore(state)
            starts[fold.name] = position if state else BEGINNING
        self.position = self._stored = min(starts.values(), default=BEGINNING)
        while batch := await log.read_all(self.position, 2_000):
            for recorded in batch:
                for fold in self._folds:
                    if recorded.position > starts[fold.name]:
                        fold.feed(recorded)
            self.position = batch[-1].position
        return self.position

    def observe(self, batch: Batch) -> None:
        for recorded in batch:
            for fold in self._folds:
                fold.feed(recorded)
        self.position = batch[-1].position
        if self.position - self._stored >= SNAPSHOT_EVERY and (self._storing is None or self._storing.done()):
            self._stored = self.position
            self._storing = asyncio.create_task(self.store())

    async def store(self) -> None:
        """What cannot be stored is read again at the next start: a snapshot only saves time."""
        position = self.position
        try:
            for name, shape, state in [(fold.name, fold.shape, fold.dump()) for fold in self._folds]:
                await self._checkpoints.save(f"fold {name}", position, shape, state)
        except Unavailable as error:
            log.warning("snapshot not stored", error=str(error))
