"""Who leads? One process at a time routes, reacts and fires timers; another takes over when it is gone.

The lease is a session-level advisory lock: it ends with the connection, whatever ended that. A leader that was paused
and wakes up late is harmless: every stream refuses what somebody else has already decided.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
import structlog

LOCK = 0x5061726C6579_0001
"""Arbitrary, and not the lock of the log's writers."""
CHECK_EVERY_S = 2.0
TRY_EVERY_S = 0.5

log = structlog.get_logger(__name__)


class LeaseLost(Exception):
    """The database ended our session: somebody else may lead now."""


@asynccontextmanager
async def lease(url: str) -> AsyncIterator[asyncio.Future[None]]:
    """Waits until we may lead. The future fails with `LeaseLost` when we may not any more."""
    connection = await psycopg.AsyncConnection.connect(url, autocommit=True)
    try:
        while not await _held(connection):
            await asyncio.sleep(TRY_EVERY_S)
        log.info("leading")
        lost = asyncio.ensure_future(_watch(connection))
        try:
            yield lost
        finally:
            lost.cancel()
            await asyncio.gather(lost, return_exceptions=True)
    finally:
        await connection.close()


async def _held(connection: psycopg.AsyncConnection) -> bool:
    cursor = await connection.execute("select pg_try_advisory_lock(%s)", (LOCK,))
    row = await cursor.fetchone()
    return bool(row and row[0])


async def _watch(connection: psycopg.AsyncConnection) -> None:
    while True:
        await asyncio.sleep(CHECK_EVERY_S)
        try:
            await connection.execute("select 1")
        except psycopg.Error as error:
            raise LeaseLost(str(error)) from None
