import pytest

from tests.api.schema.office import Office, opened, staffed


@pytest.fixture
async def office(postgres_url: str):
    async with opened(postgres_url) as office:
        await staffed(office)
        yield office


__all__ = ["Office", "office"]
