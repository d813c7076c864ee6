"""How is the log kept in EventStoreDB? Streams by their names, event types by stored names, facts as plain JSON.

Four habits of esdbclient 1.1.7 shape this file:
- It repeats every call once by itself, so every event id is derived from the command that caused it.
- Any call that meets UNAVAILABLE replaces the one connection, which ends everybody else's calls on it: reads end early
  *without an error*, appends raise `CancelledError` though nobody cancelled. `_undisturbed` and `_whole` tell those from
  real cancellations and whole answers.
- It swallows the cancellation of a task that reads, and reports the end of the events instead.
- Its keep-alive settings have no effect, so a connection that died in silence would never be noticed; and gRPC by
  itself waits up to two minutes between attempts to connect. `_CHANNEL` sets both right.

Importing this module loads gRPC (about 0.3 s): do it before the event loop runs.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from datetime import datetime
from random import uniform
from typing import Any, TypeVar
from uuid import UUID

import structlog
from esdbclient import AsyncEventStoreDBClient, RecordedEvent, StreamState
from esdbclient.common import AbstractAsyncCatchupSubscription
from esdbclient.exceptions import (
    CancelledByClient,
    DeadlineExceeded,
    DiscoveryFailed,
    EventStoreDBClientException,
    GrpcError,
    NodeIsNotLeader,
    NotFound,
    UnknownError,
    WrongCurrentVersion,
)
from esdbclient.streams import AsyncReadResponse
from grpc.aio import UsageError  # type: ignore[import-untyped]

from domain.kernel import BEGINNING, NOT_WRITTEN, Cause, Fact, Position, Recorded
from infra.eventlog.esdb_events import commit_position_of, new_events, position, position_of, recorded_of, why_of
from infra.eventlog.inbox import Inbox
from infra.eventlog.port import Batch, Before, Conflict, Unavailable

log = structlog.get_logger(__name__)

T = TypeVar("T")

PAGE = 500
"""Events asked for at a time. Reading one costs about 45 µs, so a page stays well inside the deadline of a call."""

PAUSE_S, PAUSE_S_MAX = 0.05, 2.0
"""Between attempts: doubled from the first to the second."""

_CHANNEL = (
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.http2.ping_timeout_ms", 10_000),  # measured with gRPC 1.71: it decides, not `keepalive_timeout_ms`
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 1_000),
    ("grpc.max_reconnect_backoff_ms", 2_000),
)


class EventStoreDbLog:
    """`EventLog` on EventStoreDB 23.10 or newer, by an `esdb://` or `esdb+discover://` URI.

    A database may be shared: events that do not carry our metadata are passed over, wherever they are. An event that
    does, but whose type this version does not know, raises `codec.UnknownFact`: a newer Parley wrote it.
    """

    def __init__(self, uri: str, *, patience_s: float = 10.0, call_s: float = 4.0) -> None:
        """`patience_s` until `Unavailable`, `call_s` for one attempt. Connects on first use."""
        self._client = AsyncEventStoreDBClient(uri)
        self._client.grpc_options += _CHANNEL
        self._patience_s, self._call_s = patience_s, call_s
        self._connecting = asyncio.Lock()
        self._connected = self._closed = False

    async def append(self, stream: str, expected: int, facts: Sequence[Fact], cause: Cause, at: datetime) -> Position:
        if not facts:
            raise ValueError("nothing to append")
        events = new_events(stream, facts, cause, at)
        version = StreamState.NO_STREAM if expected == NOT_WRITTEN else expected

        async def write(client: AsyncEventStoreDBClient) -> int:
            return await client.append_to_stream(stream, current_version=version, events=events, timeout=self._call_s)

        try:
            return position(await self._ask(write))
        except WrongCurrentVersion as wrong:
            before = await self._written_before(stream, expected, [event.id for event in events])
            if before is None:
                raise Conflict(f"{stream}: {wrong}") from None
            return Position(Before(before))

    async def _written_before(self, stream: str, expected: int, ids: Sequence[UUID]) -> Position | None:
        """The position of the last of these events, if they are what follows `expected`."""
        found = await self._page(stream, expected + 1, len(ids))
        if [event.id for event in found] != list(ids):
            return None
        return position_of(found[-1])

    async def read(self, stream: str, after: int = NOT_WRITTEN, limit: int | None = None) -> list[Recorded[Any]]:
        found: list[Recorded[Any]] = []
        size = PAGE if limit is None else min(limit, PAGE)
        while page := await self._page(stream, after + 1, size):
            found += filter(None, map(recorded_of, page))
            after = page[-1].stream_position
            if len(page) < size or (limit is not None and len(found) >= limit):
                break
        return found[:limit]

    async def _page(self, stream: str, start: int, limit: int) -> list[RecordedEvent]:
        async def read(client: AsyncEventStoreDBClient) -> list[RecordedEvent]:
            ask = client.read_stream(stream, stream_position=start, limit=limit, timeout=self._call_s)
            return await _whole(await ask)

        try:
            return await self._ask(read)
        except NotFound:
            return []

    async def read_all(self, after: Position = BEGINNING, limit: int = 500) -> list[Recorded[Any]]:
        found: list[Recorded[Any]] = []
        while len(found) < limit:
            # Forwards the server includes the event at the position itself, hence one more.
            page = await self._page_of_all(commit_position_of(after), min(limit, PAGE) + 1)
            found += filter(None, (recorded_of(event) for event in page if position_of(event) > after))
            if len(page) <= min(limit, PAGE):
                break
            after = position_of(page[-1])
        return found[:limit]

    async def skim(
        self, kinds: Collection[str], after: Position, limit: int = 50_000
    ) -> tuple[list[Recorded[Any]], Position]:
        found: list[Recorded[Any]] = []
        for _ in range(max(1, limit // PAGE)):
            page = await self._page_of_all(commit_position_of(after), PAGE + 1)
            wanted = (it for it in page if it.type in kinds and position_of(it) > after)
            found += filter(None, map(recorded_of, wanted))
            after = max([after, *map(position_of, page[-1:])])
            if len(page) <= PAGE:
                break
        return found, after

    async def head(self) -> Position:
        before: int | None = None
        while page := await self._page_of_all(before, 32, backwards=True):  # backwards the position is excluded
            for event in page:
                if why_of(event) is not None:
                    return position_of(event)
            before = page[-1].commit_position
        return BEGINNING

    async def _page_of_all(self, start: int | None, limit: int, *, backwards: bool = False) -> list[RecordedEvent]:
        async def read(client: AsyncEventStoreDBClient) -> list[RecordedEvent]:
            ask = client.read_all(commit_position=start, backwards=backwards, limit=limit, timeout=self._call_s)
            return await _whole(await ask)

        return await self._ask(read)

    async def subscribe(self, after: Position = BEGINNING) -> AsyncIterator[Batch]:
        inbox = Inbox()
        reader = asyncio.create_task(self._fill(inbox, after))
        try:
            while True:
                yield await inbox.batch()
        finally:
            reader.cancel()
            await asyncio.wait([reader])

    async def _fill(self, inbox: Inbox, seen: Position) -> None:
        """Put every fact after `seen` into the inbox; where one subscription ends, begin the next.

        It resumes from the last event that it saw, not from checkpoints: a server that resumes from a position passes
        over the next event that it finds there, which is right only if the position is that of an event. Nothing but
        system events lies between, and to consider those again is cheap.
        """
        pause_s = PAUSE_S
        while True:
            start, inbox.live = seen, False
            try:
                async with await self._subscription(seen) as events:
                    while True:
                        event = await _undisturbed(anext(events))
                        if event.is_caught_up:
                            inbox.live = True
                        elif position_of(event) > seen:
                            seen = position_of(event)
                            await inbox.put(recorded_of(event))
            except Exception as trouble:  # noqa: BLE001 (not ours to judge: the subscriber gets it)
                if not _passes(trouble):
                    await inbox.put(trouble)
                    return
                log.warning("subscription interrupted", after=seen, why=repr(trouble))
            pause_s = PAUSE_S if seen > start else min(2 * pause_s, PAUSE_S_MAX)
            await asyncio.sleep(pause_s)

    async def _subscription(self, after: Position) -> AbstractAsyncCatchupSubscription:
        """System events are excluded by the client's default filter; `None` is the very start."""
        client = await self._connection()
        ask = client.subscribe_to_all(commit_position=commit_position_of(after), include_caught_up=True)
        return await _undisturbed(ask)

    async def close(self) -> None:
        """Everything under way ends with `Unavailable`, subscriptions too."""
        self._closed = True
        if self._connected:
            await self._client.close()

    async def _connection(self) -> AsyncEventStoreDBClient:
        async with self._connecting:
            if self._closed:
                raise Unavailable("the log is closed")
            if not self._connected:
                await self._client.connect()
                self._connected = True
        return self._client

    async def _ask(self, question: Callable[[AsyncEventStoreDBClient], Awaitable[T]]) -> T:
        """One answer; asked again while the trouble is of the passing kind. Raises `Unavailable` out of patience."""
        why: Exception = TimeoutError("no answer")
        pause_s = PAUSE_S
        try:
            async with asyncio.timeout(self._patience_s):
                while True:
                    try:
                        return await _undisturbed(question(await self._connection()))
                    except Exception as trouble:
                        if not _passes(trouble):
                            raise
                        why = trouble
                    await asyncio.sleep(pause_s * uniform(0.5, 1.0))  # not all processes at the same instant
                    pause_s = min(2 * pause_s, PAUSE_S_MAX)
        except TimeoutError:
            raise Unavailable(f"EventStoreDB: {type(why).__name__}: {why}") from why


class _LetGo(Exception):
    """The answer ended before it was whole: another call replaced the connection, or the server went."""


_PASSING = (
    GrpcError,
    NodeIsNotLeader,
    DeadlineExceeded,
    DiscoveryFailed,
    CancelledByClient,
    UnknownError,
    UsageError,  # twice in a row the channel was closed under a call
    _LetGo,
)


def _passes(trouble: Exception) -> bool:
    """The bare base class is what an append raises when the server ends the call without an answer."""
    return isinstance(trouble, _PASSING) or type(trouble) is EventStoreDBClientException


async def _undisturbed(work: Awaitable[T]) -> T:
    """The result of one call; `CancelledError` if and only if this task was cancelled, `_LetGo` if the call was."""
    task = asyncio.current_task()
    assert task is not None
    cancelled_before = task.cancelling()
    try:
        return await work
    except (asyncio.CancelledError, CancelledByClient, StopAsyncIteration, _LetGo) as end:
        if task.cancelling() > cancelled_before:
            raise asyncio.CancelledError from end
        raise _LetGo from end


async def _whole(answer: AsyncReadResponse) -> list[RecordedEvent]:
    """All events of a read. Raises `_LetGo` where esdbclient would return the first few as if they were all."""
    async with answer:
        events = [event async for event in answer]
    if answer.aio_call.cancelled():
        raise _LetGo
    return events
