import pytest

from tests.api.schema.office import Office, opened, staffed


@pytest.fixture
async def office(postgres_url: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("infra.users.COST", 2)  # six people sign in for every test
    async with opened(postgres_url) as office:
        await staffed(office)
        yield office


__all__ = ["Office", "office"]
