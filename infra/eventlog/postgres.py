"""The event log in PostgreSQL: one table, one group-committing writer and one tailer per process."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from functools import partial
from importlib.resources import files
from typing import Any, LiteralString, Self

import psycopg
from psycopg import AsyncConnection

from domain.kernel import BEGINNING, NOT_WRITTEN, Cause, Fact, Position, Recorded
from infra.eventlog.codec import decode, decode_cause, encode, encode_cause
from infra.eventlog.columns import instant
from infra.eventlog.port import Batch, Unavailable, event_id_bytes
from infra.eventlog.readers import Readers
from infra.eventlog.session import ask, connect
from infra.eventlog.tail import Tail
from infra.eventlog.writer import RETRY_FIRST_S, RETRY_MAX_S, Request, Writer

_ROWS = "SELECT notification_id, originator_id, originator_version, at, cause, topic, state FROM stored_events"
_STREAM = f"{_ROWS} WHERE originator_id = %s AND originator_version > %s ORDER BY originator_version LIMIT %s"
_ALL = f"{_ROWS} WHERE notification_id > %s ORDER BY notification_id LIMIT %s"
_SOME = f"{_ROWS} WHERE notification_id > %s AND notification_id <= %s AND topic = ANY(%s) ORDER BY notification_id"
_HEAD = "SELECT coalesce(max(notification_id), 0) FROM stored_events"
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(7275939372)"

READERS_MAX = 8
Row = tuple[int, str, int, datetime, bytes, str, bytes]


class PostgresLog:
    """An `EventLog` over a libpq URL. `await PostgresLog(url).open()`, or `async with PostgresLog(url) as log`.

    `patience_s` is how long a call keeps trying while the server is away, before it raises `Unavailable`.
    """

    def __init__(self, url: str, *, patience_s: float = 10.0) -> None:
        self._url = url
        self._patience_s = patience_s
        self._readers = Readers(partial(connect, url), READERS_MAX)
        self._writer = Writer(partial(connect, url), self._committed, patience_s)
        self._tail = Tail(self.read_all, self.head)

    async def open(self) -> Self:
        """Make the table where there is none. Raises `Unavailable`."""
        schema = files("infra.eventlog").joinpath("schema.sql").read_bytes()
        give_up, pause = time.monotonic() + self._patience_s, RETRY_FIRST_S
        while True:
            try:
                async with self._readers.connection() as connection, connection.transaction():
                    await connection.execute(_ONE_AT_A_TIME)
                    await connection.execute(schema)
            except psycopg.OperationalError as error:
                if time.monotonic() >= give_up:
                    await self._readers.close()
                    raise Unavailable(str(error)) from error
            else:
                return self
            await asyncio.sleep(pause)
            pause = min(pause * 2, RETRY_MAX_S)

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Finish what was appended, then let go of everything."""
        await self._writer.close()
        await self._tail.close()
        await self._readers.close()

    async def append(self, stream: str, expected: int, facts: Sequence[Fact], cause: Cause, at: datetime) -> Position:
        if not facts:
            raise ValueError("nothing to append")
        return await self.append_encoded(
            stream,
            expected,
            [fact.stored_as for fact in facts],
            [encode(fact) for fact in facts],
            [event_id_bytes(cause, stream, n) for n in range(len(facts))],
            at,
            encode_cause(cause),
            (facts, cause, at),
        )

    async def append_encoded(
        self, stream: str, expected: int, topics: list[str], states: list[bytes], ids: list[bytes],
        at: datetime, cause: bytes, origin: tuple[Sequence[Fact], Cause, datetime] | None = None,
    ) -> Position:  # fmt: skip
        """As `append`, for facts in their stored form; `origin` is the same facts as objects, where they are known."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Position] = loop.create_future()
        deadline = loop.time() + self._patience_s
        self._writer.submit(Request(stream, expected, topics, states, ids, instant(at), cause, origin, done, deadline))
        return await done

    async def read(self, stream: str, after: int = NOT_WRITTEN, limit: int | None = None) -> list[Recorded[Any]]:
        return _recorded(await self.fetch(_STREAM, (stream, after, limit)))

    async def read_all(self, after: Position = BEGINNING, limit: int = 500) -> list[Recorded[Any]]:
        return _recorded(await self.fetch(_ALL, (after, limit)))

    async def skim(
        self, kinds: Collection[str], after: Position, limit: int = 50_000
    ) -> tuple[list[Recorded[Any]], Position]:
        until = min(after + limit, await self.head())
        return _recorded(await self.fetch(_SOME, (after, until, list(kinds)))), Position(max(after, until))

    def subscribe(self, after: Position = BEGINNING) -> AsyncIterator[Batch]:
        return self._tail.follow(after)

    async def head(self) -> Position:
        ((head,),) = await self.fetch(_HEAD, ())
        return Position(head)

    def wake(self) -> None:
        """Another process says that it wrote: look now rather than at the next turn."""
        self._tail.wake()

    async def fetch(self, query: LiteralString, parameters: tuple[Any, ...]) -> list[Any]:
        """The rows of any reading query. What fails is tried again for a while: reading twice is harmless."""
        give_up = time.monotonic() + self._patience_s
        pause = RETRY_FIRST_S
        source: Callable[[], AbstractAsyncContextManager[AsyncConnection[Any]]] = self._readers.connection
        while True:
            try:
                async with source() as connection:
                    return await ask(connection, query, parameters, self._patience_s / 2)
            except psycopg.OperationalError as error:
                if self._readers.closed or time.monotonic() >= give_up:
                    raise Unavailable(str(error)) from error
            source = self._fresh_connection  # what cut this connection has probably cut all those that lie ready
            await asyncio.sleep(pause)
            pause = min(pause * 2, RETRY_MAX_S)

    @asynccontextmanager
    async def _fresh_connection(self) -> AsyncIterator[AsyncConnection[Any]]:
        async with await connect(self._url) as connection:
            yield connection

    def _committed(self, first: int, requests: Sequence[Request]) -> None:
        if not self._tail.followed:
            return
        batch: list[Recorded[Any]] = []
        for request in requests:
            if request.origin is None:
                self._tail.wake()
                return
            facts, cause, at = request.origin
            for version, fact in enumerate(facts, request.expected + 1):
                batch.append(Recorded(Position(first + len(batch)), request.stream, version, at, cause, fact))
        self._tail.offer(first, batch)


def _recorded(rows: Sequence[Row]) -> list[Recorded[Any]]:
    return [
        Recorded(Position(position), stream, version, at, decode_cause(cause), decode(topic, state))
        for position, stream, version, at, cause, topic, state in rows
    ]
