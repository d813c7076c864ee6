"""An empty log of each store."""

from collections.abc import AsyncIterator

import pytest

from infra.eventlog.port import EventLog
from tests.infra.eventlog.stores import STORES

__all__ = ["log"]


@pytest.fixture(params=STORES)
async def log(request: pytest.FixtureRequest, anyio_backend: object) -> AsyncIterator[EventLog]:
    async with STORES[request.param](request) as log:
        yield log
