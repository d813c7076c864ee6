"""Do rows depend on facts alone? Not on batches, restarts, warm rows or chance: rebuilt tables equal live ones."""

import random

import pytest

from infra.eventlog.memory import MemoryLog
from infra.projector import Projector
from projections.conversations.projection import Conversations
from projections.queues.projection import Queues
from projections.table import Table
from tests.projections.histories import history
from tests.projections.telling import ALL, TABLES, dump, log_of, play

pytestmark = pytest.mark.anyio
SEEDS = (1, 2, 3)


@pytest.fixture(params=SEEDS)
def facts(request):
    return history(request.param, conversations=60, agents=5, at_once=12)


async def live(log: MemoryLog, url: str, facts, die: random.Random) -> None:
    """Fold a history as it happens: in pieces of any size, with restarts."""
    done = 0
    while done < len(facts):
        async with Projector(log, url, ALL) as projector:
            for _ in range(die.randint(1, 8)):
                piece = facts[done : done + die.choice((1, 2, 7, 40, 300))]
                if piece:
                    await projector.wait_for(await play(log, piece))
                    done += len(piece)


async def test_rebuilt_tables_equal_live_ones_byte_for_byte(postgres_url, facts):
    log = MemoryLog()
    await live(log, postgres_url, facts, random.Random(len(facts)))
    as_lived = dump(postgres_url)
    async with Projector(log, postgres_url, ALL) as projector:
        for name in TABLES:
            await projector.rebuild(name)
    assert dump(postgres_url) == as_lived
    assert len(as_lived["conversations.conversation"]) > 30


async def test_cold_rows_are_found_again_as_they_were(postgres_url, facts, monkeypatch):
    whole = Table.written
    log = await log_of(facts)
    async with Projector(log, postgres_url, ALL) as projector:
        await projector.wait_for(await log.head())
    expected = dump(postgres_url)

    def nothing_stays_warm(table: Table) -> None:
        whole(table)
        table.forget()

    monkeypatch.setattr(Table, "written", nothing_stays_warm)
    monkeypatch.setattr("infra.projector.BATCH_MAX", 100)
    monkeypatch.setattr("infra.projector.REBUILD_PAGE", 100)
    async with Projector(log, postgres_url, ALL) as projector:
        for name in TABLES:
            await projector.rebuild(name)
    assert dump(postgres_url) == expected


async def test_only_so_many_rows_stay_warm(postgres_url, facts):
    class Small(Conversations):
        def __init__(self) -> None:
            super().__init__()
            self.conversations._warm_max = 10

    log, small = MemoryLog(), Small()
    async with Projector(log, postgres_url, [lambda: small]) as projector:
        for start in range(0, len(facts), 50):
            await projector.wait_for(await play(log, facts[start : start + 50]))
            assert len(small.conversations._rows) <= 25
    as_lived = dump(postgres_url, "conversations")
    async with Projector(log, postgres_url, [Conversations]) as projector:
        await projector.rebuild("conversations")
    assert dump(postgres_url, "conversations") == as_lived


async def test_what_is_open_now_and_what_is_over_add_up(postgres_url, facts):
    """Every request that came in is still here, or was answered, abandoned or given up once."""
    log = await log_of(facts)
    async with Projector(log, postgres_url, [Queues]) as projector:
        await projector.wait_for(await log.head())
    rows = dump(postgres_url, "queues")
    assert rows["queues.request"] == []
    assert rows["queues.quarter"]
