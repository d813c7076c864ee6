"""Who leads? One process at a time routes, reacts and fires timers; another takes over when it is gone.

The lease is a session-level advisory lock: it ends with the connection, whatever ended that. A leader asks for a sign of
life now and then; of one that was silent for the length of the lease, paused or cut off, the database ends the session, and
another leads. Should the first wake up, both decide until it hears of that, which is harmless: every stream refuses what
somebody else has already decided (routing 18).
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
import structlog

LOCKS = 0x5061726C
"""The class of our locks in the database: arbitrary, and not those of the log or of the projections."""
LEASE_S = 10.0
"""How long a leader may be silent."""
CHECKS_PER_LEASE = 5
TRY_EVERY_S = 0.5

log = structlog.get_logger(__name__)


class LeaseLost(Exception):
    """The database ended our session: somebody else may lead now."""


@asynccontextmanager
async def lease(url: str, duty: str, lease_s: float = LEASE_S) -> AsyncIterator[asyncio.Future[None]]:
    """Waits until we may lead, also for a database that is away. The future fails with `LeaseLost` when we may not any more."""
    connection = await _granted(url, duty, lease_s)
    try:
        log.info("leading", duty=duty)
        lost = asyncio.ensure_future(_watch(connection, lease_s))
        try:
            yield lost
        finally:
            lost.cancel()
            await asyncio.gather(lost, return_exceptions=True)
    finally:
        await connection.close()


async def is_held(url: str, duty: str) -> bool:
    """Does anybody hold this lease now? Raises `psycopg.Error`."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        return not await _held(connection, duty)


def silence(lease_s: float) -> str:
    """libpq's option for a session that the database ends when nothing was heard for so long."""
    return f"-c idle_session_timeout={round(lease_s * 1000)}"


async def _granted(url: str, duty: str, lease_s: float) -> psycopg.AsyncConnection:
    """A connection that holds the lock."""
    connection: psycopg.AsyncConnection | None = None
    granted = False
    try:
        while True:
            try:
                if connection is None or connection.closed:
                    connection = await psycopg.AsyncConnection.connect(
                        url, autocommit=True, options=silence(lease_s), application_name="parley lease"
                    )
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


async def _watch(connection: psycopg.AsyncConnection, lease_s: float) -> None:
    while True:
        await asyncio.sleep(lease_s / CHECKS_PER_LEASE)
        try:
            async with asyncio.timeout(lease_s / 2):
                await connection.execute("select 1")
        except (psycopg.Error, TimeoutError) as error:
            raise LeaseLost(str(error) or "no answer") from None
