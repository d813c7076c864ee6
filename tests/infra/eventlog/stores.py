"""Which event logs must keep the promises of the port? A store joins the contract suite by one line in `STORES`."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

import pytest

from infra.eventlog.eventstoredb import EventStoreDbLog
from infra.eventlog.memory import MemoryLog
from infra.eventlog.port import EventLog
from infra.eventlog.postgres import PostgresLog
from tests.infra.eventlog.corner import Corner
from tests.standins.eventstoredb import Node


@asynccontextmanager
async def memory(request: pytest.FixtureRequest) -> AsyncIterator[EventLog]:
    yield MemoryLog()


@asynccontextmanager
async def postgres(request: pytest.FixtureRequest) -> AsyncIterator[EventLog]:
    async with PostgresLog(request.getfixturevalue("postgres_url")) as log:
        yield log


@asynccontextmanager
async def eventstoredb(request: pytest.FixtureRequest) -> AsyncIterator[EventLog]:
    """The stand-in, or a corner of the real server that `PARLEY_TEST_ESDB_URI` names."""
    async with AsyncExitStack() as stack:
        real = os.environ.get("PARLEY_TEST_ESDB_URI")
        log = EventStoreDbLog(real or (await stack.enter_async_context(Node())).uri)
        stack.push_async_callback(log.close)
        yield await Corner.of(log) if real else log


STORES: dict[str, Callable[[pytest.FixtureRequest], AbstractAsyncContextManager[EventLog]]] = {
    "memory": memory,
    "postgres": postgres,
    "eventstoredb": eventstoredb,
}
