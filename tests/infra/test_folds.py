"""Is a fold that started from a snapshot what it would be had it read everything?"""

import asyncio
from collections.abc import Sequence
from random import Random

import msgspec
import pytest
from psycopg_pool import AsyncConnectionPool

from domain.configuration.settings import ChannelMode, Expression, RelationalOperator, Step, Term
from domain.kernel import BEGINNING, Position, Recorded
from domain.tasks.facts import StepReached
from infra import folds as folds_module
from infra.centre import Centre
from infra.checkpoints import Checkpoints, MemoryCheckpoints, PostgresCheckpoints
from infra.database import connect_for_writing
from infra.eventlog.memory import MemoryLog
from infra.eventlog.port import Unavailable
from infra.folds import Fold, Folds
from projections.desk.audience import Audience
from tests.e2e.world import ENGLISH, Clock, World
from tests.infra.days import a_busy_day
from tests.infra.eventlog.notes import everything, note

pytestmark = pytest.mark.anyio
NOBODY = Step((Expression((Term(ENGLISH, RelationalOperator.EQ, 0),)),), timeout_s=2)


class Reader:
    """A fold that remembers what it was fed."""

    def __init__(self, name: str = "reader", shape: int = 1) -> None:
        self.name, self.shape = name, shape
        self.positions: list[int] = []

    def feed(self, recorded: Recorded) -> None:
        self.positions.append(recorded.position)

    def dump(self) -> bytes:
        return msgspec.json.encode(self.positions)

    def restore(self, state: bytes) -> None:
        self.positions = msgspec.json.decode(state)


def folds_of(centre: Centre) -> Sequence[Fold]:
    return centre._folds._folds


def states(folds: Sequence[Fold]) -> dict[str, object]:
    """What is in the folds, with sets in order."""
    return {fold.name: _sorted(msgspec.json.decode(fold.dump())) for fold in folds}


def _sorted(value: object) -> object:
    if isinstance(value, dict):
        return {key: _sorted(it) for key, it in sorted(value.items())}
    if isinstance(value, list):
        return sorted((_sorted(it) for it in value), key=repr)
    return value


async def all_read(log: MemoryLog, checkpoints: Checkpoints | None = None) -> Sequence[Fold]:
    centre = Centre(log, checkpoints or MemoryCheckpoints(), Clock(), (Audience(),))
    await centre._folds.catch_up(log)
    return folds_of(centre)


async def part_of(log: MemoryLog, upto: int) -> MemoryLog:
    """The log as it was."""
    earlier = MemoryLog()
    earlier._log = (await everything(log))[:upto]
    return earlier


@pytest.fixture(scope="module")
async def worlds(anyio_backend: object) -> list[World]:
    """Where some random days have passed; their first step is nobody's."""
    found = []
    for seed in range(3):
        async with World() as world:
            await world.configure(mode=ChannelMode.AGENT, offer_timeout_s=5, wrap_up_s=30, steps=(NOBODY, Step()))
            await a_busy_day(world, seed)
        found.append(world)
    return found


@pytest.fixture
def days(worlds: list[World]) -> list[MemoryLog]:
    """What happened on these days, as the log has it."""
    return [world.log for world in worlds]


async def test_a_snapshot_and_what_came_later_are_the_whole_history(days: list[MemoryLog]) -> None:
    random = Random(0)
    for log in days:
        whole, head = states(await all_read(log)), int(await log.head())
        for _ in range(10):
            checkpoints = MemoryCheckpoints()
            for upto in sorted(random.randrange(head) for _ in range(2)):
                earlier = Centre(await part_of(log, upto), checkpoints, Clock(), (Audience(),))
                await earlier._folds.catch_up(earlier.log)
                await earlier._folds.store()
            assert states(await all_read(log, checkpoints)) == whole


async def test_a_fold_that_was_fed_live_is_what_a_restart_reads(days: list[MemoryLog]) -> None:
    for log in days:
        live = Centre(log, MemoryCheckpoints(), Clock(), (Audience(),))
        for recorded in await everything(log):
            live._folds.observe([recorded])
        assert states(folds_of(live)) == states(await all_read(log))


async def test_what_a_working_centre_has_in_its_head_is_nothing_but_the_log(worlds: list[World]) -> None:
    for world in worlds:
        folds = world.centre._folds
        history = await part_of(world.log, folds.position)
        mine = {fold.name: fold for fold in folds_of(world.centre)}
        read = {fold.name: fold for fold in await all_read(history)}
        assert states([mine["routing"], mine["catalog"]]) == states([read["routing"], read["catalog"]])
        assert any(isinstance(recorded.fact, StepReached) for recorded in history._log)
        assert set(mine["timers"]._due.items()) <= set(read["timers"]._due.items())  # some have fired


async def test_snapshots_of_different_ages_are_each_read_on_from_their_own() -> None:
    log, checkpoints = MemoryLog(), MemoryCheckpoints()
    await note(log, "task-1", *"abcdef")
    await checkpoints.save("fold old", Position(2), 1, b"[1,2]")
    await checkpoints.save("fold new", Position(4), 1, b"[1,2,3,4]")
    readers = [Reader("old"), Reader("new"), Reader("never stored")]
    assert await Folds(readers, checkpoints).catch_up(log) == 6
    assert [reader.positions for reader in readers] == [[1, 2, 3, 4, 5, 6]] * 3


async def test_a_fold_whose_shape_changed_begins_at_the_beginning() -> None:
    log, checkpoints = MemoryLog(), MemoryCheckpoints()
    await note(log, "task-1", *"abc")
    folds = Folds([Reader(), Reader("other")], checkpoints)
    await folds.catch_up(log)
    await folds.store()
    newer, other = Reader(shape=2), Reader("other")
    newer.restore = lambda state: pytest.fail("a snapshot of another shape")
    await Folds([newer, other], checkpoints).catch_up(log)
    assert newer.positions == other.positions == [1, 2, 3]


async def test_a_kill_between_snapshots_costs_reading_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folds_module, "SNAPSHOT_EVERY", 10)
    log, checkpoints = MemoryLog(), MemoryCheckpoints()
    folds = Folds([Reader()], checkpoints)
    await folds.catch_up(log)
    for number in range(25):
        await note(log, f"task-{number}", "x")
        folds.observe(await log.read_all(folds.position))
        await asyncio.sleep(0)
    assert (await checkpoints.load("fold reader", 1))[0] == 20
    again = Reader()
    await Folds([again], checkpoints).catch_up(log)
    assert again.positions == list(range(1, 26))


async def test_a_snapshot_that_cannot_be_stored_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    class Away(MemoryCheckpoints):
        async def save(self, name: str, position: Position, shape: int = 0, state: bytes = b"") -> None:
            raise Unavailable("away")

    await Folds([Reader()], Away()).store()


# Where snapshots and positions are kept


async def test_what_is_kept_in_postgresql_comes_back(postgres_url: str) -> None:
    async with AsyncConnectionPool(postgres_url, min_size=1, open=False, kwargs={"autocommit": True}) as pool:
        checkpoints = PostgresCheckpoints(pool)
        await checkpoints.prepare()
        await checkpoints.prepare()
        assert await checkpoints.load("a") == (BEGINNING, b"")
        await checkpoints.save("a", Position(1), 1, b"one")
        await checkpoints.save("a", Position(2**40), 2, b"\x00two")
        await checkpoints.save("b", Position(7))
        assert await checkpoints.load("a", 2) == (2**40, b"\x00two")
        assert await checkpoints.load("a", 1) == (BEGINNING, b"")
        assert await checkpoints.load("b") == (7, b"")


async def test_a_database_that_is_away_is_unavailable(postgres_url: str) -> None:
    async with AsyncConnectionPool(
        postgres_url, min_size=1, max_size=1, open=False, timeout=0.2, kwargs={"autocommit": True}
    ) as pool:
        checkpoints = PostgresCheckpoints(pool)
        await checkpoints.prepare()
        async with await connect_for_writing(postgres_url, 10.0) as other:
            await other.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
            )
        with pytest.raises(Unavailable):
            await checkpoints.save("a", Position(1))
        await checkpoints.save("a", Position(2))
        assert await checkpoints.load("a") == (2, b"")
