"""Does every projection keep up with the log, whatever happens: crashes, poison, lost connections, a second process?"""

import asyncio
import sys
from pathlib import Path

import pytest

from domain.agents.facts import AgentRegistered, LoggedIn, MrdMadeReady
from domain.kernel import Position
from domain.tasks.facts import StepReached
from infra.database import reading
from infra.eventlog.memory import MemoryLog
from infra.eventlog.port import Unavailable
from infra.projector import Projector
from projections.agents.projection import Agents
from projections.agents.reads import agent
from projections.conversations.projection import Conversations
from projections.tasks.projection import Tasks
from tests.projections.histories import history
from tests.projections.telling import ALL, TABLES, dump, log_of, play, query, told
from tests.projections.test_tasks import queued

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parents[2]


def registered(number: int):
    return (number, f"agent-{number}", AgentRegistered(f"user{number}", f"Agent {number}"))


async def shows(url: str, number: int) -> str | None:
    async with reading(url) as pool, pool.connection() as connection:
        found = await agent(connection, str(number))
    return found.state if found else None


async def writers(url: str) -> list[int]:
    """The database's processes that serve a projector."""
    async with reading(url) as pool, pool.connection() as connection:
        rows = await connection.execute(
            "select pid from pg_stat_activity where datname = current_database() and application_name = 'parley projector'"
        )
        return [pid for (pid,) in await rows.fetchall()]


async def test_you_read_your_writes(postgres_url):
    log = MemoryLog()
    async with (
        Projector(log, postgres_url, ALL) as projector,
        reading(postgres_url) as pool,
        pool.connection() as connection,
    ):
        for fact in told(*map(registered, range(100))):
            await projector.wait_for(await play(log, [fact]), "agents")
            assert (await agent(connection, fact.subject)).username == fact.fact.username


async def test_a_quiet_day_is_no_silence(postgres_url):
    log = MemoryLog()
    async with Projector(log, postgres_url, [Agents], lease_s=0.5) as projector:
        await projector.wait_for(await play(log, told(registered(1))))
        first = await writers(postgres_url)
        await asyncio.sleep(1.5)
        assert await writers(postgres_url) == first != []


async def test_waiting_for_the_future_waits(postgres_url):
    log = MemoryLog()
    async with Projector(log, postgres_url, [Agents, Tasks]) as projector:
        waiting = asyncio.create_task(projector.wait_for(Position(2)))
        await play(log, told(registered(1)))
        await projector.wait_for(Position(1))
        assert not waiting.done()
        await play(log, told(registered(1), registered(2))[1:])
        await waiting
        assert projector.positions == {"agents": 2, "tasks": 2}


async def test_facts_that_concern_nobody_move_the_position_too(postgres_url):
    log = MemoryLog()
    async with Projector(log, postgres_url, [Tasks]) as projector:
        await projector.wait_for(await play(log, told(registered(1))))
    assert query(postgres_url, "SELECT name, position FROM checkpoints") == [("tasks", 1)]


async def test_a_fact_that_cannot_be_folded_is_parked_and_holds_up_nobody(postgres_url):
    poison = (1, "agent-1", MrdMadeReady("never-granted"))
    facts = told(registered(1), poison, (2, "agent-1", LoggedIn()), registered(2), *queued("t1", 3))
    log = await log_of(facts)
    async with Projector(log, postgres_url, ALL) as projector:
        await projector.wait_for(await log.head())
    assert await shows(postgres_url, 1) == "NOT_READY"
    assert await shows(postgres_url, 2) == "LOGOUT"
    assert len(dump(postgres_url)["tasks.task"]) == 1
    assert query(postgres_url, "SELECT projection, position, stream, fact, error FROM parked") == [
        ("agents", 2, "agent-1", "agent.mrd-made-ready", "KeyError: 'never-granted'")
    ]


async def test_a_fact_that_the_database_refuses_is_found_among_many(postgres_url):
    lines = [line for n in range(20) for line in queued(f"t{n}", n)]
    lines.insert(21, (9, "task-t3", StepReached(2**40)))
    log = await log_of(told(*lines))
    async with Projector(log, postgres_url, [Tasks]) as projector:
        await projector.wait_for(await log.head())
    assert query(postgres_url, "SELECT position FROM parked") == [(22,)]
    assert query(postgres_url, "SELECT count(*), max(step) FROM tasks.task") == [(20, 0)]


async def test_what_was_parked_is_folded_when_the_projection_is_rebuilt(postgres_url, monkeypatch):
    log = await log_of(told(registered(1), registered(2)))
    fold = Agents.fold
    with monkeypatch.context() as broken:
        broken.setattr(Agents, "fold", lambda self, event: fold(self, event) if event.position != 1 else 1 / 0)
        async with Projector(log, postgres_url, [Agents]) as projector:
            await projector.wait_for(Position(2))
            assert await shows(postgres_url, 1) is None
    async with Projector(log, postgres_url, [Agents]) as projector:
        await projector.rebuild("agents")
        assert await shows(postgres_url, 1) == "LOGOUT"
    assert query(postgres_url, "SELECT * FROM parked") == []


async def test_a_projection_of_another_version_begins_anew(postgres_url):
    log = await log_of(told(registered(1), registered(2)))
    async with Projector(log, postgres_url, [Agents]) as projector:
        await projector.wait_for(Position(2))
    query(postgres_url, "ALTER TABLE agents.agent DROP COLUMN username CASCADE")

    class Newer(Agents):
        version = Agents.version + 1

    async with Projector(log, postgres_url, [Newer]) as projector:
        await projector.wait_for(Position(2))
    assert query(postgres_url, "SELECT username FROM agents.agent ORDER BY 1") == [("user1",), ("user2",)]
    assert query(postgres_url, "SELECT version FROM checkpoints") == [(Newer.version,)]


async def test_a_rebuild_tells_how_far_it_is_while_readers_and_the_log_go_on(postgres_url, monkeypatch):
    monkeypatch.setattr("infra.projector.REBUILD_PAGE", 200)
    facts = history(4, conversations=40)
    log = await log_of(facts[:1000])
    told_of: list[tuple[int, int]] = []
    async with Projector(log, postgres_url, ALL) as projector:
        await projector.wait_for(Position(1000))
        rows = len(dump(postgres_url)["conversations.conversation"])

        def progress(done: Position, of: Position) -> None:
            told_of.append((done, of))
            assert len(dump(postgres_url)["conversations.conversation"]) >= rows

        rebuilding = asyncio.create_task(projector.rebuild("conversations", progress))
        for start in range(1000, len(facts), 100):
            await play(log, facts[start : start + 100])
            await asyncio.sleep(0)
        await rebuilding
        await projector.wait_for(await log.head())
        as_lived = dump(postgres_url)
        await projector.rebuild("conversations")
    assert dump(postgres_url) == as_lived
    assert told_of[0][0] == 200
    assert told_of == sorted(told_of)
    assert query(postgres_url, "SELECT nspname::text FROM pg_namespace WHERE nspname LIKE '%next'") == []


async def test_a_projection_goes_on_after_a_rebuild(postgres_url):
    log = await log_of(told(registered(1)))
    async with Projector(log, postgres_url, [Agents]) as projector:
        await projector.wait_for(Position(1))
        for _ in range(8):  # statements that were prepared before the tables were exchanged still find them
            await projector.rebuild("agents")
        await projector.wait_for(await play(log, told(registered(1), registered(2), (3, "agent-1", LoggedIn()))[1:]))
    assert (await shows(postgres_url, 1), await shows(postgres_url, 2)) == ("NOT_READY", "LOGOUT")


async def test_an_empty_log_can_be_rebuilt(postgres_url):
    async with Projector(MemoryLog(), postgres_url, [Agents]) as projector:
        await projector.rebuild("agents")


async def test_a_lost_connection_is_made_again(postgres_url):
    log = await log_of(told(registered(1)))
    async with Projector(log, postgres_url, ALL) as projector:
        await projector.wait_for(Position(1))
        query(
            postgres_url,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'parley projector'",
        )
        await projector.wait_for(await play(log, told(registered(1), registered(2))[1:]), "agents")
    assert await shows(postgres_url, 2) == "LOGOUT"


async def test_a_projection_whose_tables_are_away_holds_up_nobody_and_catches_up(postgres_url, monkeypatch):
    monkeypatch.setattr("infra.projector.WAITING_MAX", 100)
    monkeypatch.setattr("infra.projector.RETRY_MAX_S", 0.1)
    facts = history(8, conversations=30)
    log = await log_of(facts[:300])
    async with Projector(log, postgres_url, ALL) as projector:
        await projector.wait_for(Position(300))
        query(postgres_url, "ALTER TABLE agents.agent RENAME TO hidden")
        head = await play(log, facts[300:900])
        await projector.wait_for(head, "conversations", "tasks", "queues", "customers")
        assert projector.positions["agents"] < head
        query(postgres_url, "ALTER TABLE agents.hidden RENAME TO agent")
        await projector.wait_for(await play(log, facts[900:]))
        as_lived = dump(postgres_url)
        await projector.rebuild("agents")
    assert dump(postgres_url) == as_lived
    assert query(postgres_url, "SELECT * FROM parked") == []


async def test_a_second_projector_waits_for_the_first(postgres_url):
    log = await log_of(told(registered(1)))
    second = Projector(log, postgres_url, [Agents])
    async with Projector(log, postgres_url, [Agents]) as first:
        await first.wait_for(Position(1))
        starting = asyncio.create_task(second.start())
        await asyncio.wait([starting], timeout=0.3)
        assert not starting.done()
    await starting
    await second.wait_for(await play(log, told(registered(1), registered(2))[1:]))
    await second.stop()
    assert await shows(postgres_url, 2) == "LOGOUT"


async def test_when_the_log_ends_whoever_waits_is_told(postgres_url):
    class Broken(MemoryLog):
        async def subscribe(self, after: Position = Position(0)):
            yield self._log[:1]
            raise RuntimeError("the log has a gap")

    log = Broken()
    await play(log, told(registered(1)))
    async with Projector(log, postgres_url, [Agents]) as projector:
        with pytest.raises(Unavailable):
            await projector.wait_for(Position(2))
        with pytest.raises(Unavailable):
            await projector.wait_for(Position(3))


VICTIM = """
import asyncio, sys
from infra.projector import Projector
from infra.read_model import ReadModel
from tests.projections.histories import history
from tests.projections.telling import ALL, log_of

class Talkative(ReadModel):
    async def apply(self, events, until):
        await super().apply(events, until)
        print(self.name, until, flush=True)

async def main(url):
    infra.projector.ReadModel, infra.projector.BATCH_MAX = Talkative, 300
    log = await log_of(history(5, conversations=250))
    async with Projector(log, url, ALL) as projector:
        await projector.wait_for(await log.head())

import infra.projector
asyncio.run(main(sys.argv[1]))
"""


@pytest.mark.parametrize("batches", [1, 23, 48])
async def test_a_kill_in_mid_batch_leaves_rows_and_position_of_one_moment(postgres_url, batches):
    victim = await asyncio.create_subprocess_exec(
        sys.executable, "-c", VICTIM, postgres_url, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    for _ in range(batches):
        assert await victim.stdout.readline()
    victim.kill()
    await victim.communicate()  # reads what is left, so that nothing of it stays open
    facts = history(5, conversations=250)
    left = dump(postgres_url)
    positions = dict(query(postgres_url, "SELECT name, position FROM checkpoints"))
    assert 0 < sum(positions.values()) < len(ALL) * len(facts)
    for make in ALL:
        name = make().name
        async with Projector(await log_of(facts[: positions[name]]), postgres_url, [make]) as projector:
            await projector.rebuild(name)
    assert dump(postgres_url) == left
    log = await log_of(facts)
    async with Projector(log, postgres_url, ALL) as projector:
        await projector.wait_for(await log.head())
        resumed = dump(postgres_url)
        for name in TABLES:
            await projector.rebuild(name)
    assert dump(postgres_url) == resumed


async def test_projections_that_begin_anew_do_not_hold_up_the_rest(postgres_url):
    facts = history(6, conversations=30)
    log = await log_of(facts)
    async with Projector(log, postgres_url, [Conversations]) as projector:
        await projector.wait_for(await log.head())
    async with Projector(log, postgres_url, ALL) as projector:
        assert projector.positions["conversations"] == await log.head()
        await projector.wait_for(await log.head())
        assert set(projector.positions.values()) == {await log.head()}
