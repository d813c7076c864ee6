"""Where are facts and read models kept? The settings say; the embedded PostgreSQL is the answer when they do not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import psycopg
from psycopg_pool import AsyncConnectionPool

from infra.checkpoints import PostgresCheckpoints
from infra.embedded_postgres import EmbeddedPostgres
from infra.eventlog.eventstoredb import EventStoreDbLog
from infra.eventlog.port import EventLog
from infra.eventlog.postgres import PostgresLog
from infra.settings import Settings

POOL_MIN, POOL_MAX = 2, 8


@dataclass(frozen=True, slots=True)
class Storage:
    """An open log, and the database of everything that is not the log."""

    log: EventLog
    database_url: str
    pool: AsyncConnectionPool
    checkpoints: PostgresCheckpoints


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Storage]:
    """The storage while it is needed. An embedded database that we started is stopped at the end, unless somebody else
    has come to use it meanwhile. Raises `PostgresFailed`, `Unavailable`."""
    embedded = None if settings.database_url else EmbeddedPostgres(settings.data_dir / "postgres")
    found_running = embedded is not None and embedded.is_running
    if embedded is None:
        url = settings.database_url.get_secret_value() if settings.database_url else ""
    else:
        url = await asyncio.to_thread(embedded.start)
    try:
        async with _log(settings, url) as log, AsyncConnectionPool(
            url, min_size=POOL_MIN, max_size=POOL_MAX, open=False, kwargs={"autocommit": True}
        ) as pool:
            checkpoints = PostgresCheckpoints(pool)
            await checkpoints.prepare()
            yield Storage(log, url, pool, checkpoints)
    finally:
        if embedded is not None and not found_running and not await _in_use(url):
            await asyncio.to_thread(embedded.stop)


async def _in_use(url: str) -> bool:
    """Does anybody else talk to this database server?"""
    async with await psycopg.AsyncConnection.connect(url) as connection:
        cursor = await connection.execute(
            "select count(*) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()"
        )
        return await cursor.fetchone() != (0,)


@asynccontextmanager
async def _log(settings: Settings, database_url: str) -> AsyncIterator[EventLog]:
    log: EventLog
    if settings.esdb_uri is not None:
        log = EventStoreDbLog(settings.esdb_uri.get_secret_value())
    else:
        log = await PostgresLog(database_url).open()
    try:
        yield log
    finally:
        await log.close()
