"""Is a model that was kept the same as one that is folded from the first fact, whatever log it comes from?"""

import inspect
from contextlib import suppress
from dataclasses import fields
from random import Random
from types import ModuleType
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.agents.agent import Agent
from domain.kernel import FACTS, Cause, Position
from infra.checkpoints import MemoryCheckpoints
from infra.eventlog.memory import MemoryLog
from infra.eventlog.port import EventLog, Unavailable
from infra.live import LiveLog
from infra.snapshots import Snapshot, Snapshots, _shape_of, shape_of
from infra.store import CAUSES_MAX, WarmStore
from tests.domain.stored.samples import a_sample_of
from tests.infra.eventlog.notes import NOON
from tests.infra.restless import Notebook

pytestmark = pytest.mark.anyio
STREAM = "notebook-1"


def snapshots(kept: MemoryCheckpoints, every: int = 5) -> Snapshots:
    return Snapshots(kept, (Notebook,), every)


async def write(store: WarmStore, *lines: str, cause: Cause | None = None) -> tuple[str, ...]:
    change = await store.change(Notebook, "1", lambda it: it.write(*lines), cause or Cause(uuid4()), NOON)
    return change.model.lines


async def hear_all(log: EventLog, store: WarmStore) -> None:
    live = LiveLog(log)
    async for batch in live.history(Position(0), await log.head()):
        store.observe(batch)


async def test_a_kept_model_is_the_model_of_all_facts(log: EventLog) -> None:
    random, kept = Random(7), MemoryCheckpoints()
    for _ in range(12):  # each time another process, which begins with what the one before has kept
        keeping = snapshots(kept)
        store = WarmStore(log, snapshots=keeping)
        for _ in range(random.randint(1, 6)):
            await write(store, *(str(random.random()) for _ in range(random.randint(1, 3))))
            if random.random() < 0.5:
                await hear_all(log, store)
        await keeping.settled()
        fresh = await WarmStore(log).load(Notebook, "1")
        assert await WarmStore(log, snapshots=snapshots(kept)).load(Notebook, "1") == fresh
    assert await snapshots(kept).load(Notebook, STREAM) is not None


async def test_whoever_begins_with_a_snapshot_knows_what_was_done_already(log: EventLog) -> None:
    kept, causes = MemoryCheckpoints(), [Cause(uuid4()) for _ in range(CAUSES_MAX + 20)]
    keeping = snapshots(kept)
    store = WarmStore(log, snapshots=keeping)
    for n, cause in enumerate(causes):
        await write(store, str(n), cause=cause)
    await hear_all(log, store)
    await keeping.settled()
    later = WarmStore(log, snapshots=snapshots(kept))
    for cause in causes[-CAUSES_MAX:]:
        assert len(await write(later, "again", cause=cause)) == len(causes)


async def test_what_is_kept_is_what_the_log_told_and_not_what_was_decided(log: EventLog) -> None:
    kept = MemoryCheckpoints()
    keeping = snapshots(kept)
    store = WarmStore(log, snapshots=keeping)
    await write(store, *"abcdefgh")
    await keeping.settled()
    assert await keeping.load(Notebook, STREAM) is None
    await hear_all(log, store)
    await keeping.settled()
    snapshot = await keeping.load(Notebook, STREAM)
    assert snapshot is not None
    assert snapshot.model.lines == tuple("abcdefgh")


async def test_what_was_kept_of_another_log_or_by_other_code_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    log, kept = MemoryLog(), MemoryCheckpoints()
    await write(WarmStore(log), *"abcdefgh")
    for wrong in (Snapshot(Notebook(("x",)), 9, Position(10)), Snapshot(Notebook(("x",)), 3, Position(3))):
        keeping = snapshots(kept)
        keeping.keep(STREAM, wrong)
        await keeping.settled()
        assert (await WarmStore(log, snapshots=keeping).load(Notebook, "1")).lines == tuple("abcdefgh")
    keeping.keep(STREAM, Snapshot(Notebook(("right place",)), 3, Position(4)))
    await keeping.settled()
    assert (await WarmStore(log, snapshots=keeping).load(Notebook, "1")).lines == ("right place", *"efgh")
    monkeypatch.setattr("infra.snapshots.shape_of", lambda _: 1)
    assert (await WarmStore(log, snapshots=keeping).load(Notebook, "1")).lines == tuple("abcdefgh")


async def test_what_cannot_be_kept_is_read_again_next_time() -> None:
    class Away(MemoryCheckpoints):
        async def save(self, name: str, position: Position, shape: int = 0, state: bytes = b"") -> None:
            raise Unavailable("away")

    log, keeping = MemoryLog(), snapshots(Away())
    store = WarmStore(log, snapshots=keeping)
    await write(store, *"abcdefgh")
    await hear_all(log, store)
    await keeping.settled()
    assert (await WarmStore(log, snapshots=keeping).load(Notebook, "1")).lines == tuple("abcdefgh")


AGENT_FACTS = [a_sample_of(fact) for name, fact in FACTS.items() if name.startswith("agent.")]
GRANTED = a_sample_of(FACTS["agent.mrd-granted"])


def lived(agent: Agent, facts: list[Any]) -> Agent:
    """What can follow of these facts."""
    for fact in facts:
        with suppress(KeyError):
            agent = agent.evolve(fact)
    return agent


@given(st.lists(st.sampled_from(AGENT_FACTS), max_size=30), st.integers(0, 30))
def test_an_agent_who_was_kept_lives_on_as_the_same(facts: list[Any], kept_after: int) -> None:
    """At every place of any history, in the very form in which it is stored."""
    known = lived(Agent(), [GRANTED, *facts[:kept_after]])
    revived = msgspec.json.decode(msgspec.json.encode(known), type=Agent)
    assert revived == known
    assert lived(revived, facts[kept_after:]) == lived(Agent(), [GRANTED, *facts])
    assert all(type(getattr(revived, it.name)) is type(getattr(known, it.name)) for it in fields(Agent))


def test_the_shape_of_a_model_is_that_of_all_code_that_folds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    source = inspect.getsource

    def reading(module: ModuleType) -> str:
        read.append(module.__name__)
        return source(module)

    monkeypatch.setattr("infra.snapshots.inspect.getsource", reading)
    _shape_of.cache_clear()
    shape = shape_of(Agent)
    assert {"domain.agents.agent", "domain.agents.facts", "domain.agents.standing", "domain.kernel"} <= set(read)
    monkeypatch.setattr(
        "infra.snapshots.inspect.getsource",
        lambda it: source(it) + ("# other code" if it.__name__ == "domain.agents.standing" else ""),
    )
    _shape_of.cache_clear()
    assert shape_of(Agent) != shape
    _shape_of.cache_clear()
