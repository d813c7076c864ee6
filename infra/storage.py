"""Where are facts and read models kept? The settings say; the embedded PostgreSQL is the answer when they do not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import psycopg
import structlog
from psycopg_pool import AsyncConnectionPool

from infra.checkpoints import PostgresCheckpoints
from infra.database import alive
from infra.embedded_postgres import EmbeddedPostgres, PostgresFailed
from infra.eventlog.port import EventLog
from infra.eventlog.postgres import PostgresLog
from infra.settings import Settings

POOL_MIN, POOL_MAX = 2, 8
LOOK_EVERY_S = 0.5

log = structlog.get_logger(__name__)


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
    has come to use it meanwhile. Raises `PostgresFailed`, `Unavailable`.
    """
    embedded = None if settings.database_url else EmbeddedPostgres(settings.data_dir / "postgres")
    found_running = embedded is not None and embedded.is_running
    if embedded is None:
        url = settings.database_url.get_secret_value() if settings.database_url else ""
    else:
        url = await asyncio.to_thread(embedded.start)
    try:
        async with (
            _kept_running(embedded),
            _log(settings, url) as event_log,
            AsyncConnectionPool(
                url, min_size=POOL_MIN, max_size=POOL_MAX, open=False, check=alive, kwargs={"autocommit": True}
            ) as pool,
        ):
            checkpoints = PostgresCheckpoints(pool)
            await checkpoints.prepare()
            yield Storage(event_log, url, pool, checkpoints)
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
async def _kept_running(embedded: EmbeddedPostgres | None) -> AsyncIterator[None]:
    """Nobody else looks after our own database: one that was killed comes back, and with it what waits for it."""
    if embedded is None:
        yield
        return
    watching = asyncio.create_task(_revive(embedded), name="embedded database")
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def _revive(embedded: EmbeddedPostgres) -> None:
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        if not embedded.is_running:
            log.error("the embedded database has ended; starting it again")
            try:
                await asyncio.to_thread(embedded.start)
            except PostgresFailed as failed:  # its orphans may take a moment to notice
                log.warning("the embedded database does not start", error=str(failed))


@asynccontextmanager
async def _log(settings: Settings, database_url: str) -> AsyncIterator[EventLog]:
    event_log: EventLog
    if settings.esdb_uri is not None:
        from infra.eventlog.eventstoredb import EventStoreDbLog  # gRPC: a tenth of a start, for those who use it

        event_log = EventStoreDbLog(settings.esdb_uri.get_secret_value())
    else:
        event_log = await PostgresLog(database_url).open()
    try:
        yield event_log
    finally:
        await event_log.close()
