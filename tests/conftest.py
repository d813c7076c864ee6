"""What every test may ask for."""

import pytest


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """Asynchronous tests run on the loop that production runs on."""
    return "asyncio", {"use_uvloop": True}
