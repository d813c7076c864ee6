"""What every test may ask for."""

import pytest

from tests.standins.one_loop import one_loop

pytest_plugins = ["tests.postgres_server"]

__all__ = ["one_loop"]


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """Asynchronous tests run on the loop that production runs on."""
    return "asyncio", {"use_uvloop": True}
