"""Where was each reader of the log when it stopped, and what did it have in its head?"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Protocol

import psycopg
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from commands.ports import Unavailable
from domain.kernel import BEGINNING, Position
from infra.database import make_tables

SCHEMA = """
create table if not exists readers (
    name text primary key,
    position bigint not null,
    shape int not null default 0,
    state bytea not null default ''
)
"""


class Checkpoints(Protocol):
    """Both raise `Unavailable`."""

    async def load(self, name: str, shape: int = 0) -> tuple[Position, bytes]:
        """The stored position and state; the beginning and nothing for a name or a shape that was never stored."""
        ...

    async def save(self, name: str, position: Position, shape: int = 0, state: bytes = b"") -> None: ...


class MemoryCheckpoints:
    def __init__(self) -> None:
        self._stored: dict[tuple[str, int], tuple[Position, bytes]] = {}

    async def load(self, name: str, shape: int = 0) -> tuple[Position, bytes]:
        return self._stored.get((name, shape), (BEGINNING, b""))

    async def save(self, name: str, position: Position, shape: int = 0, state: bytes = b"") -> None:
        self._stored[name, shape] = (position, state)


class PostgresCheckpoints:
    def __init__(self, pool: AsyncConnectionPool) -> None:
        self._pool = pool

    async def prepare(self) -> None:
        async with self._pool.connection() as connection:
            await make_tables(connection, SCHEMA)

    async def load(self, name: str, shape: int = 0) -> tuple[Position, bytes]:
        async with self._connection() as connection:
            cursor = await connection.execute(
                "select position, state from readers where name = %s and shape = %s", (name, shape)
            )
            row = await cursor.fetchone()
        return (Position(row[0]), bytes(row[1])) if row else (BEGINNING, b"")

    async def save(self, name: str, position: Position, shape: int = 0, state: bytes = b"") -> None:
        async with self._connection() as connection:
            await connection.execute(
                "insert into readers (name, position, shape, state) values (%s, %s, %s, %s)"
                " on conflict (name) do update set position = excluded.position, shape = excluded.shape,"
                " state = excluded.state",
                (name, position, shape, state),
            )

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[AsyncConnection[Any]]:
        try:
            async with self._pool.connection() as connection:
                yield connection
        except (psycopg.OperationalError, PoolTimeout) as error:
            raise Unavailable(str(error)) from error
