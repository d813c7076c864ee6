"""Why do tests with gRPC share one event loop? gRPC completes calls late, and fails loudly when their loop is gone."""

from collections.abc import AsyncIterator

import pytest


@pytest.fixture(scope="session", autouse=True)
async def one_loop(anyio_backend: object) -> AsyncIterator[None]:
    """Import this into a `conftest.py`: from then on asynchronous tests run on one loop, until the session ends."""
    yield  # noqa: PT022 (the loop lives while this waits)
