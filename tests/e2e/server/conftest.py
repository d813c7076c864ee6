"""One server process per module, and people who use it over the network."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.e2e.server.client import Centre
from tests.e2e.server.process import Server
from tests.postgres_server import database_in
from tests.standins.one_loop import one_loop

__all__ = ["one_loop"]


@pytest.fixture(scope="module")
async def server(one_loop: None, database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """With the demo world. What it says at the end must hold no traceback."""
    server = Server(tmp_path_factory.mktemp("data"), rate_limits="false", database_url=database_url)
    try:
        await server.start()
        yield server
    finally:
        server.stop()
    assert "Traceback" not in server.said, server.said[-6_000:]


@pytest.fixture(scope="module")
def database_url(postgres_server: str) -> Iterator[str]:
    """An empty database of this module."""
    with database_in(postgres_server) as url:
        yield url


@pytest.fixture
async def centre(server: Server) -> AsyncIterator[Centre]:
    async with Centre(server.url) as centre:
        yield centre
