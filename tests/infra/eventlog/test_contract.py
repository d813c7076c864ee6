"""What every event log promises (`infra/eventlog/port.py`), asked of each store in turn."""

import asyncio
import random
from datetime import timedelta
from itertools import pairwise

import pytest
from uuid_utils.compat import uuid7

from domain.kernel import BEGINNING, Position
from infra.eventlog.eventstoredb import EventStoreDbLog
from infra.eventlog.port import Before, Conflict, EventLog
from tests.infra.eventlog.notes import (
    NOON,
    Noted,
    Tagged,
    a_cause,
    everything,
    note,
    texts,
    the_next,
    write_in_competition,
    write_in_turn,
)

pytestmark = pytest.mark.anyio


async def test_an_empty_log_knows_nothing(log: EventLog) -> None:
    assert await log.head() == BEGINNING
    assert await log.read("task-1") == []
    assert await log.read_all() == []


async def test_the_first_fact_of_a_stream_has_version_0_and_the_next_follow(log: EventLog) -> None:
    await note(log, "task-1", "a", "b")
    await note(log, "task-1", "c", expected=1)
    assert [(event.version, event.fact.text) for event in await log.read("task-1")] == [(0, "a"), (1, "b"), (2, "c")]


async def test_a_fact_comes_back_as_it_was_written(log: EventLog) -> None:
    fact, cause = Tagged(uuid7(), ("vip", "späť")), a_cause()
    position = await log.append("task-1", -1, [fact], cause, NOON + timedelta(microseconds=1))
    (event,) = await log.read("task-1")
    assert (event.position, event.stream, event.version) == (position, "task-1", 0)
    assert (event.at, event.cause, event.fact) == (NOON + timedelta(microseconds=1), cause, fact)
    assert await log.read_all() == [event]


async def test_a_live_reader_and_a_late_reader_get_the_same(log: EventLog) -> None:
    live = log.subscribe()
    first = asyncio.create_task(the_next(live, 2))
    await asyncio.sleep(0.1)
    await log.append("task-1", -1, [Tagged(uuid7()), Noted("x")], a_cause(), NOON)
    assert await first == await everything(log) == await log.read("task-1")


async def test_an_append_returns_the_position_of_its_last_fact(log: EventLog) -> None:
    position = await note(log, "task-1", "a", "b", "c")
    assert position == await log.head() == (await log.read("task-1"))[-1].position


async def test_whoever_skims_gets_some_kinds_and_where_they_are(log: EventLog) -> None:
    for n in range(6):
        await note(log, f"task-{n}", "a")
        await log.append(f"tag-{n}", -1, [Tagged(uuid7())], a_cause(), NOON)
    found, position = [], BEGINNING
    while position < await log.head():
        page, position = await log.skim({Tagged.stored_as}, position, 5)
        found += page
    assert [event.stream for event in found] == [f"tag-{n}" for n in range(6)]
    assert found == [event for event in await everything(log) if event.stream.startswith("tag-")]
    assert await log.skim({Tagged.stored_as}, position) == ([], position)


async def test_positions_grow_with_every_append(log: EventLog) -> None:
    positions = [await note(log, f"task-{n}", "a") for n in range(10)]
    assert all(earlier < later for earlier, later in pairwise(positions))


@pytest.mark.parametrize("expected", [-1, 0, 2, 7])
async def test_an_append_at_another_version_is_a_conflict_and_writes_nothing(log: EventLog, expected: int) -> None:
    await note(log, "task-1", "a", "b")
    with pytest.raises(Conflict):
        await note(log, "task-1", "c", "d", expected=expected)
    assert texts(await everything(log)) == ["a", "b"]


async def test_an_append_to_a_stream_that_nobody_wrote_yet_must_say_so(log: EventLog) -> None:
    with pytest.raises(Conflict):
        await note(log, "task-1", "a", expected=0)
    assert await log.read("task-1") == []


async def test_a_repeated_append_gets_its_first_position_and_writes_nothing(log: EventLog) -> None:
    cause = a_cause()
    first = await note(log, "task-1", "a", "b", cause=cause)
    await note(log, "task-1", "later", expected=1)
    again = await note(log, "task-1", "a", "b", cause=cause)
    assert (again, isinstance(first, Before)) == (first, False)
    assert isinstance(again, Before) or isinstance(log, EventStoreDbLog)  # that server repeats its first answer
    assert texts(await everything(log)) == ["a", "b", "later"]


async def test_an_append_repeated_while_the_first_is_under_way_counts_once(log: EventLog) -> None:
    cause = a_cause()
    positions = await asyncio.gather(*(note(log, "task-1", "a", cause=cause) for _ in range(5)))
    assert len(set(positions)) == 1
    assert texts(await everything(log)) == ["a"]


async def test_a_cause_may_write_to_two_streams(log: EventLog) -> None:
    cause = a_cause()
    assert await note(log, "task-1", "a", cause=cause) < await note(log, "task-2", "a", cause=cause)
    assert len(await everything(log)) == 2


async def test_another_cause_at_a_taken_version_is_no_repeat(log: EventLog) -> None:
    await note(log, "task-1", "a")
    with pytest.raises(Conflict):
        await note(log, "task-1", "a")


async def test_reading_a_stream_begins_after_a_version(log: EventLog) -> None:
    await note(log, "task-1", "a", "b", "c")
    assert texts(await log.read("task-1", after=0)) == ["b", "c"]
    assert await log.read("task-1", after=2) == []


async def test_a_single_fact_of_a_stream_is_read_by_its_version(log: EventLog) -> None:
    await note(log, "task-1", "a", "b", "c")
    assert texts(await log.read("task-1", after=0, limit=1)) == ["b"]
    assert texts(await log.read("task-1", limit=9)) == ["a", "b", "c"]


async def test_the_whole_log_reads_in_pages_in_commit_order(log: EventLog) -> None:
    for n in range(11):
        await note(log, f"task-{n % 3}", str(n), expected=n // 3 - 1)
    assert texts(await everything(log, page=4)) == [str(n) for n in range(11)]


async def test_a_subscription_begins_after_a_position(log: EventLog) -> None:
    position = await note(log, "task-1", "a")
    await note(log, "task-2", "b", "c")
    assert texts(await the_next(log.subscribe(position), 2)) == ["b", "c"]


async def test_a_subscription_waits_for_what_comes(log: EventLog) -> None:
    position = await note(log, "task-1", "a")
    following = log.subscribe(position)
    waiting = asyncio.create_task(the_next(following, 1))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    await note(log, "task-2", "b")
    assert texts(await waiting) == ["b"]


async def test_an_ended_subscription_disturbs_nobody(log: EventLog) -> None:
    ended, stays = log.subscribe(), log.subscribe()
    waiting = [asyncio.create_task(the_next(following, 1)) for following in (ended, stays)]
    await asyncio.sleep(0.1)
    waiting[0].cancel()
    await note(log, "task-1", "a")
    assert texts(await waiting[1]) == ["a"]


@pytest.mark.parametrize("seed", range(5))
async def test_history_and_live_meet_without_gap_or_repeat(log: EventLog, seed: int) -> None:
    """Readers join at random moments, at random places, while eight writers are at work."""
    chance = random.Random(seed)
    writers = [asyncio.create_task(write_in_turn(log, f"task-{n}", 100)) for n in range(8)]
    readers = []
    for _ in range(8):
        await asyncio.sleep(chance.random() * 0.02)
        known = await everything(log)
        start = chance.randint(0, len(known))
        after = known[start - 1].position if start else BEGINNING
        readers.append((start, asyncio.create_task(the_next(log.subscribe(after), 800 - start))))
    await asyncio.gather(*writers)
    written = await everything(log)
    assert len(written) == 800
    for start, reader in readers:
        assert await reader == written[start:]


async def test_every_one_of_many_subscribers_sees_everything(log: EventLog) -> None:
    readers = [asyncio.create_task(the_next(log.subscribe(), 200)) for _ in range(50)]
    await asyncio.gather(*(write_in_turn(log, f"task-{n}", 20) for n in range(10)))
    written = await everything(log)
    assert all(seen == written for seen in await asyncio.gather(*readers))


async def test_a_slow_reader_misses_nothing_and_holds_nobody_up(log: EventLog) -> None:
    slow = asyncio.create_task(the_next(log.subscribe(), 1000, pause_s=0.02))
    quick = asyncio.create_task(the_next(log.subscribe(), 1000))
    await asyncio.gather(*(write_in_turn(log, f"task-{n}", 100) for n in range(10)))
    assert await quick == await slow == await everything(log)


async def test_of_concurrent_writers_exactly_one_wins_each_version(log: EventLog) -> None:
    await asyncio.gather(*(write_in_competition(log, "task-1", 10) for _ in range(10)))
    events = await log.read("task-1")
    assert [event.version for event in events] == list(range(100))
    assert len({event.cause.command_id for event in events}) == 100


async def test_of_concurrent_appends_at_one_version_one_succeeds(log: EventLog) -> None:
    answers = await asyncio.gather(*(note(log, "task-1", str(n), "more") for n in range(20)), return_exceptions=True)
    assert sorted(type(answer) for answer in answers if not isinstance(answer, Conflict)) == [int]
    assert len(await everything(log)) == 2


async def test_positions_follow_the_versions_of_each_stream(log: EventLog) -> None:
    await asyncio.gather(*(write_in_turn(log, f"task-{n}", 50) for n in range(10)))
    for n in range(10):
        positions = [event.position for event in await log.read(f"task-{n}")]
        assert positions == sorted(positions)


async def test_a_caller_who_gives_up_leaves_the_log_in_order(log: EventLog) -> None:
    callers = [asyncio.create_task(note(log, f"task-{n}", "a")) for n in range(30)]
    await asyncio.sleep(0)
    for caller in callers[::3]:
        caller.cancel()
    answers = await asyncio.gather(*callers, return_exceptions=True)
    given = {answer for answer in answers if isinstance(answer, int)}
    assert len(given) >= 20
    assert given <= {event.position for event in await everything(log)}
    assert await note(log, "task-99", "on we go") == await log.head()


async def test_an_append_of_nothing_is_a_mistake(log: EventLog) -> None:
    with pytest.raises(ValueError, match="nothing"):
        await log.append("task-1", -1, [], a_cause(), NOON)


async def test_a_reader_ahead_of_the_log_waits_for_the_log_to_pass(log: EventLog) -> None:
    head = await note(log, "task-1", "a")
    future = Position(head + 10_000_000)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await anext(log.subscribe(future))
