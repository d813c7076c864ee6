"""Who may read over which connection? Several readers share a few connections, first come, first served.

psycopg's own pool takes a lock to hand out a connection and another to take it back, and asyncio passes a lock on once
per turn of the event loop: under load that was a hundred reads or two per second, whatever the number of connections.
Here a connection goes from hand to hand, and nobody waits while one is free.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from psycopg import AsyncConnection, OperationalError

Connection = AsyncConnection[Any]


class Readers:
    """Up to `size_max` connections, made when they are first wanted. `closed` ones are forgotten when they come back."""

    def __init__(self, connect: Callable[[], Awaitable[Connection]], size_max: int) -> None:
        self._connect, self._size_max = connect, size_max
        self._idle: list[Connection] = []
        self._waiting: deque[asyncio.Future[Connection | None]] = deque()
        self._size = 0
        self.closed = False

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Raises `psycopg.OperationalError` where none can be made, or after `close`."""
        connection = await self._taken()
        try:
            yield connection
        finally:
            await self._give_back(connection)

    async def close(self) -> None:
        """Those in use are closed when they come back."""
        self.closed = True
        while self._idle:
            await self._idle.pop().close()

    async def _taken(self) -> Connection:
        if self.closed:
            raise OperationalError("the log is closed")
        while not (self._idle or self._size < self._size_max):
            handed: asyncio.Future[Connection | None] = asyncio.get_running_loop().create_future()
            self._waiting.append(handed)
            try:
                if connection := await handed:
                    return connection
            except asyncio.CancelledError:
                if handed.done() and not handed.cancelled():
                    self._hand_on(handed.result())
                raise
        if self._idle:
            return self._idle.pop()
        self._size += 1
        try:
            return await self._connect()
        except BaseException:
            self._size -= 1
            self._hand_on(None)
            raise

    async def _give_back(self, connection: Connection) -> None:
        if self.closed:
            await connection.close()
        elif connection.closed:
            self._size -= 1
            self._hand_on(None)
        else:
            self._hand_on(connection)

    def _hand_on(self, connection: Connection | None) -> None:
        """To whoever waits the longest; none says that there is room to make one."""
        while self._waiting:
            handed = self._waiting.popleft()
            if not handed.done():
                handed.set_result(connection)
                return
        if connection is not None:
            self._idle.append(connection)
