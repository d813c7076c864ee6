"""Where are the read models, and how do readers get at them? In PostgreSQL, whatever store the log is in."""

import select
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, LiteralString

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

READERS_MAX = 8
PATIENCE_S = 10.0
_SESSION: dict[str, Any] = {"autocommit": True, "connect_timeout": 3}


def read_pool(url: str, *, size_max: int = READERS_MAX) -> AsyncConnectionPool[AsyncConnection[Any]]:
    """Connections for reading, not open yet. They see UTC, cannot write, and give up a query after ten seconds."""
    options = "-c TimeZone=UTC -c default_transaction_read_only=on -c statement_timeout=10s"
    return AsyncConnectionPool(
        url,
        min_size=1,
        max_size=size_max,
        open=False,
        timeout=PATIENCE_S,
        check=alive,
        kwargs={**_SESSION, "options": options, "application_name": "parley reads"},
        name="read models",
    )


async def alive(connection: AsyncConnection[Any]) -> None:
    """For pools: does the server still hold this connection? Raises `psycopg.OperationalError`.

    A server that went away left word, or an end, to be read; where there is nothing to read, nobody is asked.
    """
    ready = select.poll()
    ready.register(connection.fileno(), select.POLLIN | select.POLLHUP)
    if ready.poll(0):
        await AsyncConnectionPool.check_connection(connection)


@asynccontextmanager
async def reading(url: str) -> AsyncIterator[AsyncConnectionPool[AsyncConnection[Any]]]:
    """An open `read_pool`, closed at the end."""
    async with read_pool(url) as pool:
        yield pool


async def connect_for_writing(url: str, silent_max_s: float) -> AsyncConnection[Any]:
    """A projector's own connection, which the database ends when it was silent for so long: then another may write.

    What it writes can be folded again, so it need not wait for the disk. It finds rows by their key and in no other way; a plan made while the tables were empty says the same.
    """
    settings = {
        "TimeZone": "UTC",
        "idle_session_timeout": round(silent_max_s * 1000),
        "synchronous_commit": "off",
        "plan_cache_mode": "force_generic_plan",
        "enable_seqscan": "off",
        "enable_hashjoin": "off",
        "enable_mergejoin": "off",
    }
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    return await AsyncConnection.connect(url, **_SESSION, options=options, application_name="parley projector")


async def make_tables(connection: AsyncConnection[Any], schema: LiteralString) -> None:
    """Where they are not there yet. Of processes that start together one makes them: PostgreSQL's `if not exists` looks too early."""
    async with connection.transaction():
        await connection.execute("select pg_advisory_xact_lock(7275939374)")
        await connection.execute(schema)
