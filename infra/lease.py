"""Who leads? One process at a time routes, reacts and fires timers; another takes over when it is gone.

The lease is a session-level advisory lock: it ends with the connection, whatever ended that. A leader that was paused
and wakes up late is harmless: every stream refuses what somebody else has already decided.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
import structlog

LOCKS = 0x5061726C
"""The class of our locks in the database: arbitrary, and not those of the log or of the projections."""
CHECK_EVERY_S = 2.0
ANSWER_WITHIN_S = 5.0
TRY_EVERY_S = 0.5

log = structlog.get_logger(__name__)


class LeaseLost(Exception):
    """The database ended our session: somebody else may lead now."""


@asynccontextmanager
async def lease(url: str, duty: str) -> AsyncIterator[asyncio.Future[None]]:
    """Waits until we may lead, also for a database that is away. The future fails with `LeaseLost` when we may not any more."""
    connection = await _granted(url, duty)
    try:
        log.info("leading", duty=duty)
        lost = asyncio.ensure_future(_watch(connection))
        try:
            yield lost
        finally:
            lost.cancel()
            await asyncio.gather(lost, return_exceptions=True)
    finally:
        await connection.close()


async def _granted(url: str, duty: str) -> psycopg.AsyncConnection:
    """A connection that holds the lock."""
    connection: psycopg.AsyncConnection | None = None
    granted = False
    try:
        while True:
            try:
                if connection is None or connection.closed:
                    connection = await psycopg.AsyncConnection.connect(url, autocommit=True)
                granted = await _held(connection, duty)
            except psycopg.OperationalError as error:
                log.warning("no lease to be had", duty=duty, error=str(error))
            else:
                if granted:
                    return connection
            await asyncio.sleep(TRY_EVERY_S)
    finally:
        if connection is not None and not granted:
            await connection.close()


async def _held(connection: psycopg.AsyncConnection, duty: str) -> bool:
    cursor = await connection.execute("select pg_try_advisory_lock(%s, hashtext(%s))", (LOCKS, duty))
    row = await cursor.fetchone()
    return bool(row and row[0])


async def _watch(connection: psycopg.AsyncConnection) -> None:
    while True:
        await asyncio.sleep(CHECK_EVERY_S)
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                await connection.execute("select 1")
        except (psycopg.Error, TimeoutError) as error:
            raise LeaseLost(str(error) or "no answer") from None
