"""Does a warm model always end up as what the log says, whoever wrote, failed, gave up or was first?"""

import asyncio
from dataclasses import dataclass, field
from random import Random

import pytest

from domain.kernel import NOT_WRITTEN, Cause, WrongState, replay
from infra.eventlog.port import Conflict, Unavailable
from infra.live import LiveLog
from infra.store import ATTEMPTS_MAX, CAUSES_MAX, WarmStore
from tests.infra.restless import NOON, Notebook, RestlessLog, a_cause, goes_away, hangs

pytestmark = pytest.mark.anyio


async def write(store: WarmStore, line: str, cause: Cause | None = None, *, newborn: bool = False) -> tuple[str, ...]:
    change = await store.change(Notebook, "1", lambda book: book.write(line), cause or a_cause(), NOON, newborn=newborn)
    return change.model.lines


async def lines(log: RestlessLog) -> tuple[str, ...]:
    return tuple(recorded.fact.text for recorded in await log.read("notebook-1"))


async def test_a_change_is_decided_on_what_is_true_and_appended() -> None:
    log = RestlessLog()
    store = WarmStore(log)
    assert await write(store, "a") == ("a",)
    assert await write(store, "b") == ("a", "b") == await lines(log)


async def test_a_warm_model_is_not_read_again() -> None:
    log = RestlessLog()
    store = WarmStore(log)
    for _ in range(5):
        await write(store, "a")
    assert log.reads == 1


async def test_who_was_second_decides_again_on_what_the_first_wrote() -> None:
    log = RestlessLog()
    mine, theirs = WarmStore(log), WarmStore(log)
    await write(mine, "a")
    await write(theirs, "b")
    change = await mine.change(Notebook, "1", lambda book: book.write(f"after {len(book.lines)}"), a_cause(), NOON)
    assert change.model.lines == ("a", "b", "after 2") == await lines(log)


async def test_a_change_gives_up_when_others_are_always_first() -> None:
    log = RestlessLog()
    mine, theirs = WarmStore(log), WarmStore(log)

    async def somebody_else_writes() -> None:
        await write(theirs, "theirs")
        log.before_append = somebody_else_writes

    log.before_append = somebody_else_writes
    with pytest.raises(Conflict):
        await write(mine, "mine")
    assert await lines(log) == ("theirs",) * ATTEMPTS_MAX


async def test_a_refusal_writes_nothing_and_leaves_the_model_warm() -> None:
    log = RestlessLog()
    store = WarmStore(log)
    with pytest.raises(WrongState):
        await store.change(Notebook, "1", lambda book: book.go_on("a"), a_cause(), NOON)
    assert await write(store, "b") == ("b",)
    assert log.reads == 1


# The newborn guess


async def test_a_newborn_stream_is_written_without_reading_it() -> None:
    log = RestlessLog()
    assert await write(WarmStore(log), "a", newborn=True) == ("a",)
    assert log.reads == 0


async def test_a_stream_wrongly_thought_newborn_is_read_and_decided_on() -> None:
    log = RestlessLog()
    await write(WarmStore(log), "a")
    assert await write(WarmStore(log), "b", newborn=True) == ("a", "b")


async def test_what_is_refused_on_a_guess_is_decided_again_on_the_truth() -> None:
    log = RestlessLog()
    await write(WarmStore(log), "a")
    change = await WarmStore(log).change(Notebook, "1", lambda book: book.go_on("b"), a_cause(), NOON, newborn=True)
    assert change.model.lines == ("a", "b")


async def test_what_is_refused_on_a_guess_and_on_the_truth_is_refused() -> None:
    with pytest.raises(WrongState):
        await WarmStore(RestlessLog()).change(
            Notebook, "1", lambda book: book.go_on("b"), a_cause(), NOON, newborn=True
        )


async def test_nothing_to_do_on_a_guess_is_not_believed() -> None:
    log = RestlessLog()
    await write(WarmStore(log), "a")
    change = await WarmStore(log).change(
        Notebook, "1", lambda book: book.write(*(f"after {line}" for line in book.lines)), a_cause(), NOON, newborn=True
    )
    assert change.model.lines == ("a", "after a")


async def test_a_newborn_cause_sent_again_after_a_restart_finds_all_that_followed() -> None:
    log, cause = RestlessLog(), a_cause()
    before = WarmStore(log)
    await write(before, "a", cause, newborn=True)
    await write(before, "b")
    after = WarmStore(log)
    assert await write(after, "a", cause, newborn=True) == ("a", "b")
    assert (await after.load(Notebook, "1")).lines == ("a", "b") == await lines(log)


async def test_a_guess_that_ended_in_a_bug_is_not_believed_afterwards() -> None:
    log = RestlessLog()
    await write(WarmStore(log), "a")
    store = WarmStore(log)
    with pytest.raises(IndexError):
        await store.change(Notebook, "1", lambda book: book.write(book.lines[0]), a_cause(), NOON, newborn=True)
    assert (await store.load(Notebook, "1")).lines == ("a",)


# Causes


async def test_a_cause_sent_again_does_nothing() -> None:
    log, cause = RestlessLog(), a_cause()
    store = WarmStore(log)
    first = await store.change(Notebook, "1", lambda book: book.write("a"), cause, NOON)
    await write(store, "b")
    again = await store.change(Notebook, "1", lambda book: book.write("a"), cause, NOON)
    assert (first.facts, again.facts) == (tuple(Notebook().write("a")), ())
    assert again.model.lines == ("a", "b") == await lines(log)


async def test_a_cause_sent_again_after_a_restart_does_nothing() -> None:
    log, cause = RestlessLog(), a_cause()
    await write(WarmStore(log), "a", cause)
    await write(WarmStore(log), "b")
    assert await write(WarmStore(log), "a", cause) == ("a", "b") == await lines(log)


async def test_a_cause_that_another_process_carried_out_is_not_carried_out_again() -> None:
    log, cause = RestlessLog(), a_cause()
    mine, theirs = WarmStore(log), WarmStore(log)
    await write(mine, "a")
    await write(theirs, "b", cause)
    await write(theirs, "c")
    await write(mine, "b", cause)
    mine.observe(await log.read("notebook-1"))
    assert (await mine.load(Notebook, "1")).lines == ("a", "b", "c") == await lines(log)


async def test_only_the_latest_causes_are_kept() -> None:
    store = WarmStore(RestlessLog())
    for _ in range(CAUSES_MAX + 5):
        await write(store, "a")
    assert len(store._warm["notebook-1"].causes) == CAUSES_MAX


# Outcomes that nobody knows


@pytest.mark.parametrize("moment", ["before_append", "after_append"])
async def test_after_an_outage_the_log_alone_is_believed(moment: str) -> None:
    log, cause = RestlessLog(), a_cause()
    store = WarmStore(log)
    await write(store, "a")
    setattr(log, moment, goes_away)
    with pytest.raises(Unavailable):
        await write(store, "b", cause)
    assert (await store.load(Notebook, "1")).lines == await lines(log)
    assert await write(store, "b", cause) == ("a", "b") == await lines(log)


@pytest.mark.parametrize("newborn", [False, True])
@pytest.mark.parametrize("moment", ["before_append", "after_append"])
async def test_after_a_cancelled_append_the_log_alone_is_believed(moment: str, newborn: bool) -> None:
    log, cause = RestlessLog(), a_cause()
    store = WarmStore(log)
    setattr(log, moment, hangs)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(write(store, "a", cause, newborn=newborn), 0.01)
    setattr(log, moment, None)  # on a busy machine the time may be over before anything happened
    assert (await store.load(Notebook, "1")).lines == await lines(log)
    assert await write(store, "a", cause, newborn=newborn) == ("a",) == await lines(log)


# What others write


async def test_what_others_write_is_heard_of() -> None:
    log = RestlessLog()
    mine, theirs = WarmStore(log), WarmStore(log)
    await write(mine, "a")
    await write(theirs, "b")
    mine.observe(await log.read("notebook-1"))
    assert (await mine.load(Notebook, "1")).lines == ("a", "b")
    assert log.reads == 3  # mine, theirs, this test


async def test_a_hole_in_what_was_heard_leads_to_reading() -> None:
    log = RestlessLog()
    mine, theirs = WarmStore(log), WarmStore(log)
    await write(mine, "a")
    await write(theirs, "b")
    await write(theirs, "c")
    mine.observe((await log.read("notebook-1"))[-1:])
    assert (await mine.load(Notebook, "1")).lines == ("a", "b", "c")


async def test_what_others_write_while_we_wait_for_our_answer_is_not_missed() -> None:
    log = RestlessLog()
    mine, theirs = WarmStore(log), WarmStore(log)
    await write(mine, "a")

    async def they_go_on_and_we_hear_of_it() -> None:
        await write(theirs, "theirs")
        mine.observe(await log.read("notebook-1"))

    log.after_append = they_go_on_and_we_hear_of_it
    assert await write(mine, "mine") == ("a", "mine")
    assert (await mine.load(Notebook, "1")).lines == ("a", "mine", "theirs")


async def test_what_others_write_while_we_read_is_not_missed() -> None:
    class Late(RestlessLog):
        async def read(self, stream: str, after: int = NOT_WRITTEN, limit: int | None = None) -> list:
            found = list(await super().read(stream, after, limit))
            if store is not None and not found[1:]:
                await write(others, "b")
                store.observe([(await super().read(stream, 0))[0]])
            return found

    store, log = None, Late()
    others = WarmStore(log)
    await write(others, "a")
    store = WarmStore(log)
    assert (await store.load(Notebook, "1")).lines == ("a", "b")


# Room


async def test_the_longest_warm_are_forgotten_first_and_come_back_from_the_log() -> None:
    log = RestlessLog()
    store = WarmStore(log, warm_max=10)
    for number in range(25):
        await store.change(Notebook, str(number), lambda book: book.write("a"), a_cause(), NOON)
    assert len(store._warm) == 10
    assert "notebook-0" not in store._warm
    assert (await store.load(Notebook, "0")).lines == ("a",)


@pytest.mark.parametrize("warm_max", [1, 3])
async def test_little_room_is_enough(warm_max: int) -> None:
    store = WarmStore(RestlessLog(), warm_max=warm_max)
    for number in range(10):
        await store.change(Notebook, str(number), lambda book: book.write("a"), a_cause(), NOON)
    assert len(store._warm) <= warm_max


async def test_a_stream_in_use_is_not_forgotten() -> None:
    log = RestlessLog()
    store = WarmStore(log, warm_max=2)
    log.before_append = hangs
    waiting = asyncio.create_task(write(store, "a"))
    await asyncio.sleep(0.01)
    for number in range(2, 9):
        await store.load(Notebook, str(number))
    assert "notebook-1" in store._warm
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)


# Everything at once


@dataclass
class Process:
    """A store, and the live log that keeps it fresh."""

    log: RestlessLog
    store: WarmStore = field(init=False)

    def __post_init__(self) -> None:
        self.store, self.live = WarmStore(self.log, warm_max=3), LiveLog(self.log)
        self.live.observers = (self.store.observe,)
        self.following = asyncio.create_task(self.live.run(0))


@pytest.mark.parametrize("seed", range(25))
async def test_whatever_two_processes_do_at_once_each_change_counts_once(seed: int) -> None:
    random, log = Random(seed), RestlessLog(seed)
    processes = [Process(log), Process(log)]
    acknowledged: set[str] = set()

    async def one_change(line: str) -> None:
        subject, cause, decide = str(random.randrange(4)), a_cause(), random.choice(["write", "go_on", "begin"])
        for _ in range(random.choice([1, 1, 2, 3])):  # sent again, perhaps to the other process
            store = random.choice(processes).store
            changing = store.change(
                Notebook,
                subject,
                lambda book: getattr(book, decide)(line),
                cause,
                NOON,
                newborn=random.random() < 0.4,
            )
            if random.random() < 0.2:
                log.before_append, log.after_append = random.choice([(goes_away, None), (None, goes_away)])
            try:
                change = await (asyncio.wait_for(changing, 0) if random.random() < 0.05 else changing)
            except (Unavailable, WrongState, TimeoutError):
                continue
            if change.facts:
                acknowledged.add(line)

    await asyncio.gather(*(one_change(str(number)) for number in range(60)))
    written = [recorded.fact.text for recorded in log._log]
    assert len(set(written)) == len(written)
    assert acknowledged <= set(written)
    for process in processes:
        async with asyncio.timeout(5):
            await process.live.reached(await log.head())
        for subject in map(str, range(4)):
            history = (recorded.fact for recorded in await log.read(f"notebook-{subject}"))
            assert await process.store.load(Notebook, subject) == replay(Notebook(), history)
        process.following.cancel()
    await asyncio.gather(*(process.following for process in processes), return_exceptions=True)
