"""Does a process that only stands by know how far the read models are, and does it take over?"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from domain.conversations.facts import ConversationDataSet
from domain.kernel import Position
from infra.database import reading
from infra.eventlog.memory import MemoryLog
from infra.eventlog.port import Unavailable
from infra.lease import lease
from infra.projector import Projector
from infra.views import Views
from projections.agents.projection import Agents
from projections.tasks.projection import Tasks
from tests.infra.test_projector import registered
from tests.projections.telling import play, told

pytestmark = pytest.mark.anyio
PROMPT_S = 2.0


@asynccontextmanager
async def a_process(log: MemoryLog, url: str) -> AsyncIterator[tuple[Projector, Views, asyncio.Task[None]]]:
    """As `infra.main` does it: the projector runs under a lease."""
    projector = Projector(log, url, [Agents, Tasks])

    async def project() -> None:
        async with lease(url, "projector"):
            await projector.run()

    async with reading(url) as pool:
        views = Views(projector, pool)
        tasks = [asyncio.create_task(project()), asyncio.create_task(views.run())]
        try:
            await views.exist()
            yield projector, views, tasks[0]
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_standby_knows_what_the_writer_has_written(postgres_url):
    log = MemoryLog()
    async with a_process(log, postgres_url) as (first, _, _), a_process(log, postgres_url) as (second, views, _):
        assert first.is_writing
        assert not second.is_writing
        for fact in told(*map(registered, range(20))):
            position = await play(log, [fact])
            async with asyncio.timeout(PROMPT_S):
                await views.wait_for(position, "agents")
            assert views.positions["agents"] >= position


async def test_what_concerns_a_read_model_not_moves_its_stored_position_soon_all_the_same(postgres_url):
    log = MemoryLog()
    async with a_process(log, postgres_url), a_process(log, postgres_url) as (_, views, _):
        for number in range(30):
            position = await play(log, told((1, "conversation-1", ConversationDataSet({"n": str(number)}))))
            await asyncio.sleep(0.01)
        async with asyncio.timeout(0.5):
            await views.wait_for(position)


async def test_a_standby_takes_over_and_whoever_waits_is_served(postgres_url):
    log = MemoryLog()
    async with a_process(log, postgres_url) as (_, theirs, leading), a_process(log, postgres_url) as (heir, ours, _):
        await play(log, told(registered(1)))
        waiting = [asyncio.create_task(views.wait_for(Position(2))) for views in (theirs, ours)]
        await asyncio.sleep(0.05)
        leading.cancel()
        await play(log, told(registered(1), registered(2))[1:])
        async with asyncio.timeout(5):
            await asyncio.gather(*waiting)
            while not heir.is_writing:
                await asyncio.sleep(0.01)
        assert ours.positions == {"agents": 2, "tasks": 2}


async def test_a_stopped_projector_tells_those_who_wait_and_may_start_again(postgres_url):
    log = MemoryLog()
    projector = Projector(log, postgres_url, [Agents])
    for number in (1, 2):
        await projector.start()
        waiting = asyncio.create_task(projector.wait_for(Position(10)))
        await play(log, told(*map(registered, range(1, number + 1)))[-1:])
        await projector.wait_for(Position(number))
        await projector.stop()
        with pytest.raises(Unavailable):
            await waiting
        assert not projector.is_writing
