"""How do facts become what people see? Each projection is kept up with the log, in batches as large as what has come.

A fact is stored together with those of the next moment, or at once when somebody waits for it; the longer a batch takes, the more the next one holds, up to `BATCH_MAX`.
A fact that a projection cannot fold is parked (table `parked`) and said loudly; the others know nothing of it. A projection
whose tables cannot be written steps aside and tries again, without holding up the others.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, Self

import psycopg
import structlog

from domain.kernel import BEGINNING, Position, Recorded
from infra.eventlog.port import Batch, EventLog, Unavailable
from infra.lease import CHECKS_PER_LEASE, LEASE_S
from infra.read_model import ReadModel
from projections.table import Projection

BATCH_MAX = 4_000
WAITING_MAX = 3 * BATCH_MAX
"""Facts that may wait for a slow projection before reading stops for those that read with it."""
FLOOD, FLOOD_PAUSE_S = 500, 0.010
"""Facts that come at once when a log is read from behind; then it pays to wait for the next such page."""
GATHER_S = 0.100
"""How long a fact may wait for others to be stored with it, while nobody waits for it."""
REBUILD_PAGE = 2_000
RETRY_FIRST_S, RETRY_MAX_S = 0.05, 5.0
STORE_AFTER_S = 0.1

Progress = Callable[[Position, Position], None]
"""Told how far a rebuild has come, of how far."""
ReadAll = Callable[[Position, int], Awaitable[Sequence[Recorded[Any]]]]
A_FACTS_FAULT = (
    psycopg.DataError,
    psycopg.IntegrityError,
    psycopg.errors.CardinalityViolation,
    psycopg.errors.ProgramLimitExceeded,
)
"""What the database says of a value that it cannot hold; of anything else the database itself is the cause."""

log = structlog.get_logger(__name__)


class Projector:
    """Keeps projections up with a log: `async with Projector(log, url, [Conversations, Tasks]) as projector`.

    `projections` are called without arguments, for each keeps its own warm rows. Ends with an error only when the log
    does; then whoever waits is told so.
    """

    def __init__(
        self, log: EventLog, url: str, projections: Sequence[Callable[[], Projection]], lease_s: float = LEASE_S
    ) -> None:
        """`lease_s`: how long we may be silent, as when paused, before another projector may take our place."""
        self._log = log
        self._url, self._lease_s = url, lease_s
        self._make = {(made := make()).name: (make, made) for make in projections}
        self._followers: dict[str, _Follower] = {}
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> Self:
        """Returns when every projection is open: where another process holds one, when that lets go of it."""
        for name, (_, projection) in self._make.items():
            model = ReadModel(self._url, projection, silent_max_s=self._lease_s)
            self._followers[name] = _Follower(model, self._log.read_all, self._lease_s / CHECKS_PER_LEASE)
        await asyncio.gather(*(follower.model.open() for follower in self._followers.values()))
        self._task = asyncio.create_task(self._run(), name="projector")
        self._task.add_done_callback(self._ended)
        return self

    async def stop(self) -> None:
        """Whoever waits is told that we write no more. It may be started again."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        for follower in self._followers.values():
            follower.fail(Unavailable("the projector was stopped"))
            await follower.close()

    async def run(self) -> None:
        """Start, and go on until cancelled. Raises what ended the log. It may be run again."""
        try:
            if self._task is None:
                await self.start()
            if self._task is not None:
                await asyncio.shield(self._task)
        finally:
            await self.stop()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._make)

    @property
    def is_writing(self) -> bool:
        """Are the projections open here, and do they follow the log? Another process may write otherwise."""
        return self._task is not None and not self._task.done()

    @property
    def positions(self) -> dict[str, Position]:
        """How far each projection is."""
        return {name: follower.model.position for name, follower in self._followers.items()}

    async def wait_for(self, position: Position, *names: str) -> None:
        """Returns as soon as these projections (or all) show everything up to `position`: read your writes."""
        await asyncio.gather(*(self._followers[name].reached(position) for name in names or self._followers))

    async def rebuild(self, name: str, progress: Progress | None = None) -> None:
        """Fold a projection anew from the first fact, in a shadow schema that then takes the old one's place.

        The old rows stay readable and up to date until then.
        """
        make, _ = self._make[name]
        follower = self._followers[name]
        shadow = ReadModel(self._url, make(), shadow=True, silent_max_s=self._lease_s)
        fold = _Follower(shadow, self._log.read_all, self._lease_s)
        try:
            await shadow.open(afresh=True)
            while not await self._caught_up(follower, fold, progress):
                pass
        finally:
            await shadow.close()

    async def _caught_up(self, follower: "_Follower", shadow: "_Follower", progress: Progress | None) -> bool:
        batch = await self._log.read_all(shadow.model.position, REBUILD_PAGE)
        if batch:
            await shadow.apply(batch)
        if progress is not None:
            progress(shadow.model.position, max(shadow.model.position, follower.model.position))
        async with follower.lock:
            if shadow.model.position < follower.model.position:
                return False
            await follower.model.take_over(shadow.model)
            follower.tell()
            return True

    async def _run(self) -> None:
        followers = self._followers.values()
        fresh = [follower for follower in followers if follower.model.position == BEGINNING]
        settled = [follower for follower in followers if follower.model.position > BEGINNING]
        async with asyncio.TaskGroup() as tasks:
            for follower in followers:
                tasks.create_task(follower.run(), name=f"projection {follower.model.name}")
            for group in (fresh, settled):  # who begins anew does not hold up the rest
                if group:
                    tasks.create_task(self._feed(group), name="projector feed")

    async def _feed(self, group: Sequence["_Follower"]) -> None:
        async for batch in self._log.subscribe(min(follower.model.position for follower in group)):
            for follower in group:
                follower.push(batch)
            for follower in group:
                await follower.room()

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            log.critical("the projector has stopped", error=repr(error), exc_info=error)
            for follower in self._followers.values():
                follower.fail(error)


class _Follower:
    """One projection on its way: what waits for it, and who waits for it."""

    def __init__(self, model: ReadModel, read_all: ReadAll, hello_every_s: float) -> None:
        self.model, self._hello_every_s = model, hello_every_s
        self.lock = asyncio.Lock()
        self._read_all = read_all
        self._fed = BEGINNING
        self._aside = False
        self._facts = model.projection.facts
        self._inbox: deque[Batch] = deque()
        self._size = 0
        self._filled = asyncio.Event()
        self._hurry = asyncio.Event()
        self._drained = asyncio.Event()
        self._waiting: list[tuple[Position, asyncio.Future[None]]] = []
        self._failure: BaseException | None = None

    async def run(self) -> None:
        while True:
            await self._until_filled()
            await self._gather()
            async with self.lock:
                await self.apply(self._take())
            self.tell()
            if self._aside:
                await self._rejoin()

    async def close(self) -> None:
        if self.model.position > BEGINNING:
            try:
                await self.model.advance(self.model.position, store=True)
            except psycopg.Error:  # it is gone already; the last stored position serves as well
                log.info("position not stored", projection=self.model.name)
        await self.model.close()

    def push(self, batch: Batch) -> None:
        self._fed = batch[-1].position
        if not self._aside:
            self._inbox.append(batch)
            self._size += len(batch)
            self._filled.set()

    async def room(self) -> None:
        while self._size > WAITING_MAX:
            self._drained.clear()
            await self._drained.wait()

    async def _until_filled(self) -> None:
        """Store how far we are once nothing has come for a moment: readers in other processes look there."""
        while self.model.stored < self.model.position:
            if await self._filled_within(STORE_AFTER_S):
                return
            await self._say(lambda: self.model.advance(self.model.position, store=True))
        while not await self._filled_within(self._hello_every_s):
            await self._say(self.model.say_hello)

    async def _filled_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._filled.wait()
        except TimeoutError:
            return False
        return True

    async def _say(self, what: Callable[[], Awaitable[None]]) -> None:
        try:
            async with self.lock:
                await what()
        except psycopg.Error as error:
            log.warning("the read models do not answer", projection=self.model.name, error=repr(error))
            self._step_aside()
            await asyncio.sleep(RETRY_FIRST_S)
            await self._reopen()
            await self._rejoin()

    async def _gather(self) -> None:
        """A row is written once per batch: let the batch grow, unless somebody waits to read what they wrote."""
        if not self._waiting and self._size < FLOOD:
            self._hurry.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(GATHER_S):
                    await self._hurry.wait()
        seen = 0
        while self._size - seen >= FLOOD and self._size < BATCH_MAX:
            seen = self._size
            await asyncio.sleep(FLOOD_PAUSE_S)

    def _take(self) -> list[Recorded[Any]]:
        taken: list[Recorded[Any]] = []
        while self._inbox and len(taken) < BATCH_MAX:
            taken += self._inbox.popleft()
        self._size -= len(taken)
        self._drained.set()
        if not self._inbox:
            self._filled.clear()
        return taken

    async def apply(self, events: Sequence[Recorded[Any]]) -> None:
        """Fold what is new of these; in the end the position is that of the last, whatever had to be parked.

        Or it is an earlier one, where a new connection finds that less was stored: then these are not the next.
        """
        pause = RETRY_FIRST_S
        while events and events[-1].position > self.model.position:
            after = self.model.position
            facts = [it for it in events if it.position > after and type(it.fact) in self._facts]
            try:
                await self._store(facts, events[-1].position)
            except psycopg.Error as error:
                log.warning("read models cannot be written", projection=self.model.name, error=repr(error))
                self._step_aside()
                await asyncio.sleep(pause)
                pause = min(pause * 2, RETRY_MAX_S)
                await self._reopen()
                if self.model.position < after:
                    return

    def _step_aside(self) -> None:
        """Let the others go on: what comes meanwhile is read again later."""
        self._aside = True
        self._inbox.clear()
        self._size = 0
        self._filled.clear()
        self._drained.set()

    async def _rejoin(self) -> None:
        while self.model.position < self._fed:
            batch = await self._read_all(self.model.position, REBUILD_PAGE)
            async with self.lock:
                await self.apply(batch)
            self.tell()
        self._aside = False  # nothing was fed since the position was compared, so nothing is missed

    async def _store(self, facts: Sequence[Recorded[Any]], until: Position) -> None:
        if not facts:
            await self.model.advance(until)
            return
        try:
            await self.model.apply(facts, until)
        except Exception as error:  # whatever a fact can do to a fold: that fact is found, and put aside
            if isinstance(error, psycopg.Error) and not isinstance(error, A_FACTS_FAULT):
                raise
            if len(facts) == 1:
                await self._park(facts[0], error)
                await self.model.advance(until)
            else:
                half = len(facts) // 2
                await self._store(facts[:half], facts[half - 1].position)
                await self._store(facts[half:], until)

    async def _park(self, event: Recorded[Any], error: Exception) -> None:
        log.error(
            "fact parked: rebuild this projection when it can be folded",
            projection=self.model.name,
            position=event.position,
            stream=event.stream,
            fact=event.fact.stored_as,
            error=repr(error),
        )
        await self.model.park(event, error)

    async def _reopen(self) -> None:
        try:
            await self.model.open()
        except psycopg.Error as error:
            log.warning("read models still away", projection=self.model.name, error=repr(error))

    async def reached(self, position: Position) -> None:
        if self._failure is not None:
            raise Unavailable("the projector has stopped") from self._failure
        if self.model.position < position:
            done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append((position, done))
            self._hurry.set()
            await done

    def tell(self) -> None:
        """Wake those whose position is reached."""
        if self._waiting:
            here = self.model.position
            for position, done in self._waiting:
                if position <= here and not done.done():
                    done.set_result(None)
            self._waiting = [(position, done) for position, done in self._waiting if not done.done()]

    def fail(self, error: BaseException) -> None:
        self._failure = error
        for _, done in self._waiting:
            if not done.done():
                done.set_exception(Unavailable("the projector has stopped"))
        self._waiting = []
