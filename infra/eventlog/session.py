"""How does the log talk over one connection, and how does it end a talk with a server that fell silent?"""

import asyncio
import os
import socket
from collections.abc import Sequence
from typing import Any, LiteralString

from psycopg import AsyncConnection, AsyncCursor

from infra.eventlog.columns import teach

SESSION: dict[str, Any] = {
    "autocommit": True,
    "connect_timeout": 3,
    "options": "-c TimeZone=UTC",
    "application_name": "parley event log",
}


async def connect(url: str) -> AsyncConnection[Any]:
    """A connection that takes whole columns as parameters. Raises `psycopg.OperationalError`."""
    connection = await AsyncConnection.connect(url, **SESSION)
    teach(connection)
    return connection


async def ask(
    connection: AsyncConnection[Any], query: LiteralString, values: Sequence[Any], silence_s: float
) -> list[Any]:
    """The rows of a query. After a silence we hang up, and the query ends as it does on any lost connection.

    Cancelling instead would ask the silent server to cancel, and wait for it.
    """
    cursor: AsyncCursor[Any] = connection.cursor(binary=True)
    watch = asyncio.get_running_loop().call_later(silence_s, _hang_up, connection)
    try:
        await cursor.execute(query, values, prepare=True)
        return await cursor.fetchall()
    finally:
        watch.cancel()


def _hang_up(connection: AsyncConnection[Any]) -> None:
    if not connection.closed:
        with socket.socket(fileno=os.dup(connection.fileno())) as line:
            line.shutdown(socket.SHUT_RDWR)
