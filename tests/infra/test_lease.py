"""Does one lead at a time, and does another take over when the first is gone?"""

import asyncio
from contextlib import AsyncExitStack

import psycopg
import pytest

from infra import lease as lease_module
from infra.lease import LeaseLost, lease

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease_module, "TRY_EVERY_S", 0.02)
    monkeypatch.setattr(lease_module, "CHECKS_PER_LEASE", 200)


async def end_all_sessions(url: str) -> None:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )


class Standby:
    """Somebody else who wants to lead, and does until told otherwise."""

    def __init__(self, url: str, duty: str = "engine") -> None:
        self.leads = asyncio.Event()
        self.task = asyncio.create_task(self._stand_by(url, duty))

    async def _stand_by(self, url: str, duty: str) -> None:
        async with lease(url, duty):
            self.leads.set()
            await asyncio.Event().wait()

    async def leads_within(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self.leads.wait(), seconds)
        except TimeoutError:
            return False
        return True

    async def stop(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


async def test_one_leads_and_the_other_waits_until_it_ends(postgres_url: str) -> None:
    async with lease(postgres_url, "engine"):
        other = Standby(postgres_url)
        assert not await other.leads_within(0.2)
    assert await other.leads_within(5)
    await other.stop()


async def test_different_duties_do_not_wait_for_each_other(postgres_url: str) -> None:
    async with lease(postgres_url, "engine"):
        other = Standby(postgres_url, "delivery")
        assert await other.leads_within(5)
        await other.stop()


async def test_whoever_loses_the_connection_hears_of_it_and_the_other_takes_over(postgres_url: str) -> None:
    async with lease(postgres_url, "engine") as lost:
        await end_all_sessions(postgres_url)
        other = Standby(postgres_url)
        with pytest.raises(LeaseLost):
            await asyncio.wait_for(lost, 5)
        assert await other.leads_within(5)
        await other.stop()


async def test_a_leader_who_fails_lets_go(postgres_url: str) -> None:
    with pytest.raises(KeyError):
        async with lease(postgres_url, "engine"):
            raise KeyError
    other = Standby(postgres_url)
    assert await other.leads_within(5)
    await other.stop()


async def test_whoever_stands_by_outlives_an_outage_of_the_database(postgres_url: str) -> None:
    async with AsyncExitStack() as first:
        lost = await first.enter_async_context(lease(postgres_url, "engine"))
        other = Standby(postgres_url)
        assert not await other.leads_within(0.1)
        await end_all_sessions(postgres_url)
        with pytest.raises(LeaseLost):
            await asyncio.wait_for(lost, 5)
    assert await other.leads_within(5)
    await other.stop()


async def test_whoever_is_silent_for_the_length_of_the_lease_leads_no_more(postgres_url: str) -> None:
    async with lease(postgres_url, "engine", 0.5) as lost:
        other = Standby(postgres_url)
        assert not await other.leads_within(1.0)  # checks are signs of life
        lost.cancel()  # as in a process that is paused
        assert await other.leads_within(5)
        await other.stop()


async def test_a_database_that_does_not_answer_is_a_lost_lease(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with lease(postgres_url, "engine", 1.0) as lost:

        async def says_nothing(*_: object) -> None:
            await asyncio.Event().wait()

        monkeypatch.setattr(psycopg.AsyncConnection, "execute", says_nothing)
        with pytest.raises(LeaseLost):
            await asyncio.wait_for(lost, 5)
        monkeypatch.undo()
