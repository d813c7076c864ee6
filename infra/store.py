"""How is a model changed? Load, decide, append; decide again when somebody else was first. The one place for all three.

Models stay warm in memory: together with group commit this is what makes a change cost microseconds (docs/adr/0004).
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from itertools import islice
from typing import Any

from commands.ports import Change
from domain.kernel import (
    BEGINNING,
    NOT_WRITTEN,
    Cause,
    Decision,
    Fact,
    M,
    Position,
    Recorded,
    Refused,
    replay,
    stream_of,
)
from infra.checkpoints import MemoryCheckpoints
from infra.eventlog.port import Batch, Before, Conflict, EventLog
from infra.snapshots import Snapshot, Snapshots

ATTEMPTS_MAX = 20
"""Writers in other processes can be first so many times before we give up; each time one of them made progress."""
WARM_STREAMS_MAX = 200_000
CAUSES_MAX = 128
"""How many of a stream's latest commands are recognised when they are sent again."""
NEVER = 1 << 62


class _Warm:
    """A model in memory, as of `version`; `None` while it must be read again."""

    __slots__ = (
        "causes",
        "guessed",
        "heard",
        "heard_last",
        "keep_at",
        "lock",
        "mistaken",
        "model",
        "position",
        "unheard",
        "version",
    )

    def __init__(self) -> None:
        self.model: Any = None
        self.version = NOT_WRITTEN
        self.position: Position = BEGINNING
        self.causes: dict[int, None] = {}  # as numbers, at which the garbage collector need not look
        self.guessed = False
        self.heard = NOT_WRITTEN  # the newest version that the log told of, perhaps while we were at work
        self.heard_last: tuple[datetime, Fact] | None = None
        self.unheard: dict[int, tuple[datetime, Fact]] = {}  # what we wrote, and the log has not told of yet
        self.mistaken = False
        self.keep_at = NEVER  # the version from which a snapshot is due
        self.lock = asyncio.Lock()

    @property
    def is_fresh(self) -> bool:
        """Does the model hold everything that the log has told of this stream?"""
        return self.model is not None and not (self.guessed or self.mistaken) and self.heard <= self.version

    def guess(self, empty: Any) -> None:
        """Suppose that the stream is empty, until an append proves it or its lack sends us reading."""
        self.model, self.version, self.position, self.guessed = empty, NOT_WRITTEN, BEGINNING, True
        self.causes = {}

    def doubt(self) -> None:
        """Believe the log alone: whoever is next reads it."""
        self.model, self.guessed, self.mistaken = None, False, False
        self.unheard.clear()

    def wrote(self, at: datetime, fact: Fact) -> None:
        if self.heard < self.version:
            self.unheard[self.version] = (at, fact)
        elif self.heard == self.version and self.heard_last != (at, fact):
            self.mistaken = True

    def hear(self, version: int, at: datetime, fact: Fact) -> None:
        """Another process may have carried out the same command a moment before us: then the log took our append for a
        repeat, and holds what the other has decided, at another time or with another outcome.
        """
        told = (at, fact)
        if version > self.heard:
            self.heard, self.heard_last = version, told
        if self.unheard.pop(version, told) != told:
            self.mistaken = True

    def remember(self, cause: Cause) -> None:
        self.causes[cause.command_id.int] = None
        if len(self.causes) > CAUSES_MAX:
            del self.causes[next(iter(self.causes))]


class WarmStore:
    """`commands.ports.Store` over an event log."""

    def __init__(self, log: EventLog, warm_max: int = WARM_STREAMS_MAX, snapshots: Snapshots | None = None) -> None:
        self._log = log
        self._snapshots = snapshots or Snapshots(MemoryCheckpoints(), models=())
        self._warm: dict[str, _Warm] = {}
        self._warm_max = warm_max
        self._newest: Position | None = None  # what is surely written: a new fact has a position after it

    async def load(self, model: type[M], subject: str) -> M:
        stream = stream_of(model, subject)
        warm = self._warm_for(stream)
        if not warm.is_fresh:
            async with warm.lock:  # whoever holds it may be about to put that right
                await self._read(model, stream, warm)
        loaded: M = warm.model
        return loaded

    def peek(self, model: type[M], subject: str, version: int) -> M | None:
        """The model as it is in memory, none when it is not there or older than `version`: for those who must not wait."""
        warm = self._warm.get(stream_of(model, subject))
        return warm.model if warm is not None and warm.is_fresh and warm.version >= version else None

    async def change(
        self,
        model: type[M],
        subject: str,
        decide: Callable[[M], Decision],
        cause: Cause,
        at: datetime,
        *,
        newborn: bool = False,
    ) -> Change[M]:
        stream = stream_of(model, subject)
        warm = self._warm_for(stream)
        async with warm.lock:
            for attempt in range(ATTEMPTS_MAX):
                if not warm.is_fresh:
                    if newborn and attempt == 0 and warm.heard == NOT_WRITTEN:
                        warm.guess(model())
                    else:
                        await self._read(model, stream, warm)
                if cause.command_id.int in warm.causes:
                    return Change(warm.model, (), warm.position)
                try:
                    facts = tuple(decide(warm.model))
                except Refused:
                    if not self._guessed(warm):
                        raise
                    continue
                if not facts and self._guessed(warm):
                    continue
                if not facts:
                    return Change(warm.model, (), warm.position)
                try:
                    newest = await self._surely_written()
                    position = await self._log.append(stream, warm.version, facts, cause, at)
                except Conflict:
                    warm.doubt()
                    continue
                except BaseException:  # the outcome is unknown (cancelled, unavailable)
                    warm.doubt()
                    raise
                if (
                    isinstance(position, Before) or position <= newest
                ):  # the log knew this cause, and perhaps other facts
                    warm.doubt()
                    continue
                self._newest = max(self._newest or BEGINNING, position)
                warm.guessed = False
                warm.model = replay(warm.model, iter(facts))
                warm.version += len(facts)
                warm.position = position
                warm.wrote(at, facts[-1])
                warm.remember(cause)
                return Change(warm.model, facts, position)
        raise Conflict(f"{stream} was changed by others {ATTEMPTS_MAX} times while we tried")

    def observe(self, batch: Batch) -> None:
        """Keep warm models fresh with what other processes wrote. Our own facts are already in them."""
        self._newest = max(self._newest or BEGINNING, batch[-1].position)
        for recorded in batch:
            warm = self._warm.get(recorded.stream)
            if warm is None:
                continue
            warm.hear(recorded.version, recorded.at, recorded.fact)
            if recorded.version >= warm.keep_at and recorded.version == warm.version and warm.is_fresh:
                self._keep(recorded.stream, warm, recorded.position)
            if warm.model is None or recorded.version <= warm.version or warm.lock.locked():
                continue
            if recorded.version == warm.version + 1:
                warm.model = warm.model.evolve(recorded.fact)
                warm.version, warm.position = recorded.version, recorded.position
                warm.remember(recorded.cause)
            else:
                warm.doubt()

    async def _surely_written(self) -> Position:
        if self._newest is None:
            self._newest = await self._log.head()
        return self._newest

    @staticmethod
    def _guessed(warm: _Warm) -> bool:
        """Was this decided on a mere guess? Then forget the guess, and read."""
        if warm.guessed:
            warm.doubt()
            return True
        return False

    async def _read(self, model: type[M], stream: str, warm: _Warm) -> None:
        if warm.is_fresh:
            return
        warm.doubt()
        known, history = await self._history(model, stream)
        while warm.heard > (history[-1].version if history else NOT_WRITTEN):  # written while we read
            known, history = await self._history(model, stream)
        begun, version = (known.model, known.version) if known is not None else (model(), NOT_WRITTEN)
        warm.model = replay(begun, (recorded.fact for recorded in history if recorded.version > version))
        warm.version = history[-1].version if history else NOT_WRITTEN
        warm.position = history[-1].position if history else BEGINNING
        warm.causes = {recorded.cause.command_id.int: None for recorded in history[-CAUSES_MAX:]}
        if self._snapshots.has(model):
            warm.keep_at = version + self._snapshots.every
            if warm.version >= warm.keep_at:
                self._keep(stream, warm, warm.position)

    async def _history(self, model: type[M], stream: str) -> tuple[Snapshot[M] | None, list[Recorded[Any]]]:
        """What is kept of a stream, if anything, and all facts since; before that at least those whose causes we know."""
        known = await self._snapshots.load(model, stream) if self._snapshots.has(model) else None
        if known is not None:
            history = await self._log.read(stream, max(known.version - CAUSES_MAX, NOT_WRITTEN))
            if any((it.version, it.position) == (known.version, known.position) for it in history):
                return known, history
        return None, await self._log.read(stream)

    def _keep(self, stream: str, warm: _Warm, position: Position) -> None:
        self._snapshots.keep(stream, Snapshot(warm.model, warm.version, position))
        warm.keep_at = warm.version + self._snapshots.every

    def _warm_for(self, stream: str) -> _Warm:
        warm = self._warm.get(stream)
        if warm is None:
            if len(self._warm) >= self._warm_max:
                self._cool()
            warm = self._warm[stream] = _Warm()
        return warm

    def _cool(self) -> None:
        """Forget the streams that have been warm the longest, but for those in use."""
        for stream in list(islice(self._warm, max(1, self._warm_max // 10))):
            if not self._warm[stream].lock.locked():
                del self._warm[stream]
