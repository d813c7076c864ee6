"""How do a hundred callers append at once without a hundred commits? One task writes for all of them.

Requests queue up while a commit is on its way; together they are the next commit. There is no timer: a lone request is
written at once. A connection that breaks in the middle leaves open whether its commit happened, so the same requests are
sent again over a new one, and the log recognises by their event ids those that it holds already.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, LiteralString

import psycopg
from psycopg import AsyncConnection

from domain.kernel import Position
from infra.eventlog.columns import Bigints, Blobs, Instants, Texts, Uuids
from infra.eventlog.port import Before, Conflict, Unavailable
from infra.eventlog.session import ask

Connect = Callable[[], Awaitable[AsyncConnection[Any]]]

BATCH_MAX = 256
SPLIT_MIN = 16
RETRY_FIRST_S, RETRY_MAX_S = 0.005, 0.5

_APPEND = "SELECT first_position, refused FROM append_facts(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
_LOOK_UP = """
SELECT (SELECT coalesce(max(originator_version), -1) FROM stored_events WHERE originator_id = asked.stream),
       written.ids, written.position
FROM unnest(%s::text[], %s::bigint[], %s::bigint[]) WITH ORDINALITY AS asked (stream, expected, size, n),
     LATERAL (SELECT array_agg(event_id ORDER BY originator_version) AS ids, max(notification_id) AS position
              FROM stored_events
              WHERE originator_id = asked.stream
              AND originator_version > asked.expected AND originator_version <= asked.expected + asked.size) AS written
ORDER BY n
"""


class Request:
    """One caller's facts, already encoded, and the future that tells the position of the last of them."""

    __slots__ = ("at", "cause", "deadline", "done", "expected", "ids", "origin", "states", "stream", "topics")

    def __init__(
        self, stream: str, expected: int, topics: list[str], states: list[bytes], ids: list[bytes],
        at: int, cause: bytes, origin: Any, done: asyncio.Future[Position], deadline: float,
    ) -> None:  # fmt: skip
        self.stream = stream
        self.expected = expected
        self.topics = topics
        self.states = states
        self.ids = ids
        self.at = at
        self.cause = cause
        self.origin = origin  # what the caller gave, for those who want to hear of it without reading it back
        self.done = done
        self.deadline = deadline


Committed = Callable[[int, Sequence[Request]], None]
"""Told straight after each commit: the position of the first fact, and the requests in the order of their positions."""


class Writer:
    """The one writer of this process; writers of other processes take turns with it by a lock in the database."""

    def __init__(self, connect: Connect, committed: Committed, patience_s: float) -> None:
        self._connect = connect
        self._committed = committed
        self._patience_s = patience_s
        self._queue: deque[Request] = deque()
        self._in_hand: list[Request] = []
        self._wake = asyncio.Event()
        self._closing = False
        self._connection: AsyncConnection[Any] | None = None
        self._task: asyncio.Task[None] | None = None

    def submit(self, request: Request) -> None:
        if self._task is None or self._closing:
            if self._closing:
                raise Unavailable("the log is closed")
            self._task = asyncio.create_task(self._run(), name="event log writer")
        self._queue.append(request)
        self._wake.set()

    async def close(self) -> None:
        """Write what was submitted, then stop."""
        self._closing = True
        self._wake.set()
        if self._task is not None:
            await self._task
        if self._connection is not None:
            await self._connection.close()

    async def _run(self) -> None:
        try:
            while self._queue or not self._closing:
                if self._queue:
                    await self._write(self._take(BATCH_MAX))
                else:
                    self._wake.clear()
                    await self._wake.wait()
                    # All came at once, so all wait for us: with half of them on the way, the next half is prepared
                    # while the database works. Otherwise callers and database would take turns at being idle.
                    await self._write(self._take(min(BATCH_MAX, max(SPLIT_MIN, len(self._queue) // 2))))
        except BaseException as bug:
            self._closing = True
            for request in (*self._in_hand, *self._queue):
                _fail(request, Unavailable(f"the log's writer stopped: {bug!r}"))
            raise

    def _take(self, most: int) -> list[Request]:
        """The next requests, in order; a caller who gave up before anything was written is left out."""
        batch: list[Request] = []
        while self._queue and len(batch) < most:
            request = self._queue.popleft()
            if not request.done.done():
                batch.append(request)
        return batch

    async def _write(self, batch: list[Request]) -> None:
        """Try until every request has its true answer, or its time is over."""
        pause = RETRY_FIRST_S
        while batch:
            self._in_hand = batch
            try:
                await self._commit(batch)
                break
            except psycopg.Error as error:
                if not self._may_pass(error):
                    await self._write_apart(batch, error)
                    break
                self._expire(error)
                batch = [request for request in batch if not request.done.done()]
                await asyncio.sleep(pause)
                pause = min(pause * 2, RETRY_MAX_S)
        self._in_hand = []

    async def _write_apart(self, batch: list[Request], error: psycopg.Error) -> None:
        """The database rejects something in the batch: its author hears of it, the others must not."""
        if len(batch) == 1:
            _fail(batch[0], error)
            return
        for request in batch:
            await self._write([request])

    def _may_pass(self, error: psycopg.Error) -> bool:
        """Whether time may heal it: a lost connection, a server that stops, starts, is full or is read-only for now."""
        return self._connection is None or self._connection.closed or (error.sqlstate or "")[:2] in HEALING

    def _expire(self, error: psycopg.Error) -> None:
        now = asyncio.get_running_loop().time()
        for request in (*self._in_hand, *self._queue):
            if request.deadline <= now:
                _fail(request, Unavailable(f"no answer within {self._patience_s:g} s: {error}"))

    async def _commit(self, batch: list[Request]) -> None:
        firsts, later = _one_per_stream(batch)
        ((first_position, refused),) = await self._ask(_APPEND, _columns(firsts))
        if refused:
            turned_down = set(refused)
            written = [request for n, request in enumerate(firsts, 1) if n not in turned_down]
            later = [firsts[n - 1] for n in refused] + later
        else:
            written = firsts
        position = first_position - 1
        for request in written:
            position += len(request.ids)
            if not request.done.done():
                request.done.set_result(Position(position))
        if written:
            self._committed(first_position, written)
        if later:
            await self._settle(later)

    async def _settle(self, refused: list[Request]) -> None:
        """A refused request was written earlier (a repeat), has become possible by now, or is in conflict."""
        asked = (
            Texts([request.stream for request in refused]),
            Bigints([request.expected for request in refused]),
            Bigints([len(request.ids) for request in refused]),
        )
        again: list[Request] = []
        heads: dict[str, int] = {}
        for request, (head, ids, position) in zip(refused, await self._ask(_LOOK_UP, asked), strict=True):
            if ids and [found.bytes for found in ids] == request.ids:
                if not request.done.done():
                    request.done.set_result(Position(Before(position)))
            elif heads.get(request.stream, head) == request.expected:
                again.append(request)
                heads[request.stream] = request.expected + len(request.ids)
            else:
                _fail(request, Conflict(f"{request.stream} is at version {head}, not {request.expected}"))
        self._queue.extendleft(reversed(again))

    async def _ask(self, query: LiteralString, values: Sequence[Any]) -> list[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = None
            self._connection = await self._connect()
        return await ask(self._connection, query, values, self._patience_s / 2)


HEALING = frozenset({"08", "25", "40", "53", "55", "57", "58"})
"""Classes of SQLSTATE that say nothing about the request: connection, read-only, deadlock, full, locked, stopped, disk."""


def _one_per_stream(batch: list[Request]) -> tuple[list[Request], list[Request]]:
    """The first request for each stream, and those which must wait to see what came of it."""
    firsts: dict[str, Request] = {}
    later = [request for request in batch if firsts.setdefault(request.stream, request) is not request]
    return list(firsts.values()), later


def _columns(batch: list[Request]) -> tuple[Any, ...]:
    streams, expecteds = Texts([request.stream for request in batch]), Bigints([request.expected for request in batch])
    facts = [(n, request, k) for n, request in enumerate(batch, 1) for k in range(len(request.ids))]
    return (
        streams,
        expecteds,
        Bigints([n for n, _, _ in facts]),
        streams if len(facts) == len(batch) else Texts([request.stream for _, request, _ in facts]),
        Bigints([request.expected + 1 + k for _, request, k in facts]),
        Texts([request.topics[k] for _, request, k in facts]),
        Blobs([request.states[k] for _, request, k in facts]),
        Uuids([request.ids[k] for _, request, k in facts]),
        Instants([request.at for _, request, _ in facts]),
        Blobs([request.cause for _, request, _ in facts]),
    )


def _fail(request: Request, error: Exception) -> None:
    if not request.done.done():
        request.done.set_exception(error)
