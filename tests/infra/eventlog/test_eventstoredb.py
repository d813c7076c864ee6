"""What happens to the log when EventStoreDB is away, slow, elsewhere, or forgets to answer?"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from esdbclient import AsyncEventStoreDBClient, NewEvent, StreamState
from structlog.testing import capture_logs

from domain.agents.facts import AgentRegistered
from domain.kernel import BEGINNING, NOT_WRITTEN, Cause, Position
from infra.eventlog import eventstoredb
from infra.eventlog.codec import UnknownFact
from infra.eventlog.eventstoredb import EventStoreDbLog
from infra.eventlog.inbox import BATCH
from infra.eventlog.port import Conflict, Unavailable
from tests.standins.eventstoredb import Log, Node
from tests.standins.eventstoredb.gossip import FOLLOWER, LEADER
from tests.standins.eventstoredb.process import running

pytestmark = pytest.mark.anyio

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.fixture
async def node() -> AsyncIterator[Node]:
    async with Node() as node:
        yield node


@pytest.fixture
async def log(node: Node) -> AsyncIterator[EventStoreDbLog]:
    log = EventStoreDbLog(node.uri, patience_s=5)
    yield log
    await log.close()


def hello(n: int = 0) -> AgentRegistered:
    return AgentRegistered(username=f"agent{n}", name=f"Agent {n}")


def cause() -> Cause:
    return Cause(uuid4(), "supervisor", "conversation-1")


async def write(log: EventStoreDbLog, n: int, stream: str = "agent-1", start: int = NOT_WRITTEN) -> list[Position]:
    return [await log.append(stream, start + i, [hello(i)], cause(), NOON) for i in range(n)]


async def take(log: EventStoreDbLog, n: int, after: Position = BEGINNING) -> list[Position]:
    """The positions of the next n facts that a subscriber gets."""
    taken: list[Position] = []
    subscription = log.subscribe(after)
    async with asyncio.timeout(20):
        while len(taken) < n:
            taken += [recorded.position for recorded in await anext(subscription)]
    await subscription.aclose()
    return taken


async def later(seconds: float, change: Callable[[], object]) -> None:
    await asyncio.sleep(seconds)
    change()


# ── what is stored ────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_fact_is_stored_so_that_people_and_other_tools_can_read_it(log, node):
    why = Cause(UUID(int=7), "ada", "conversation-9")
    await log.append("agent-1", NOT_WRITTEN, [hello()], why, NOON)
    event = node.log.stream("agent-1").records[0].event
    assert (event.type, event.is_json) == ("agent.registered", True)
    assert event.data == b'{"username":"agent0","name":"Agent 0"}'
    assert event.metadata == (
        b'{"cause":{"command_id":"00000000-0000-0000-0000-000000000007","actor":"ada",'
        b'"correlation":"conversation-9"},"at":"2026-03-04T12:00:00Z"}'
    )


async def test_a_fact_comes_back_as_it_was(log):
    why = cause()
    position = await log.append("agent-1", NOT_WRITTEN, [hello()], why, NOON)
    (recorded,) = await log.read("agent-1")
    assert (recorded.position, recorded.version, recorded.at, recorded.cause) == (position, 0, NOON, why)
    assert (recorded.fact, recorded.category, recorded.subject) == (hello(), "agent", "1")


async def test_an_append_gives_the_position_of_its_last_fact(log):
    position = await log.append("agent-1", NOT_WRITTEN, [hello(n) for n in range(3)], cause(), NOON)
    positions = [recorded.position for recorded in await log.read("agent-1")]
    assert positions == sorted(set(positions))
    assert position == positions[-1] == await log.head()
    assert await take(log, 1, after=positions[1]) == [position]
    assert [recorded.position for recorded in await log.read_all(positions[0])] == positions[1:]


async def test_the_first_fact_of_a_server_that_counts_from_zero_is_not_lost():
    async with Node(Log(system_events=False)) as node:
        log = EventStoreDbLog(node.uri)
        assert await log.head() == BEGINNING
        first, second = await write(log, 2)
        assert node.log.records[0].position == 0
        assert BEGINNING < first < second
        assert await take(log, 2) == [first, second]
        assert await take(log, 1, after=first) == [second]
        assert [recorded.position for recorded in await log.read_all(first)] == [second]
        await log.close()


async def test_long_streams_and_long_logs_are_read_in_pages(log, monkeypatch):
    monkeypatch.setattr("infra.eventlog.eventstoredb.PAGE", 4)
    positions = await write(log, 11)
    assert [recorded.version for recorded in await log.read("agent-1", after=1)] == list(range(2, 11))
    assert [recorded.position for recorded in await log.read_all(positions[0], 8)] == positions[1:9]
    assert [recorded.position for recorded in await log.read_all(limit=100)] == positions


# ── the node is elsewhere, away, or slow ──────────────────────────────────────────────────────────────────────────────


async def test_a_follower_alone_takes_no_facts(log, node):
    node.faults.leader_elsewhere = "127.0.0.1:1"
    log._patience_s = 0.3
    with pytest.raises(Unavailable, match="NodeIsNotLeader"):
        await write(log, 1)
    assert node.log.stream("agent-1").records == []


async def test_an_election_is_waited_for(log, node):
    node.faults.leader_elsewhere = "127.0.0.1:1"
    election = asyncio.create_task(later(0.3, lambda: setattr(node.faults, "leader_elsewhere", "")))
    assert await write(log, 1) == [await log.head()]
    await election


async def test_the_log_follows_the_leader_of_a_cluster(node):
    async with Node(node.log) as other:
        node.members.update({other.target: FOLLOWER})
        other.members.update({node.target: LEADER, other.target: FOLLOWER})
        log = EventStoreDbLog(f"esdb://{node.target},{other.target}?Tls=false")
        first = await write(log, 1)
        for each in (node, other):
            each.members.update({node.target: FOLLOWER, other.target: LEADER})
        node.faults.leader_elsewhere = other.target
        second = await write(log, 1, "agent-2")
        assert await take(log, 2) == first + second
        await log.close()


async def test_a_node_that_is_unavailable_for_a_while_is_waited_for(log, node):
    node.faults.unavailable = 6
    (position,) = await write(log, 1)
    assert [recorded.position for recorded in await log.read("agent-1")] == [position]


async def test_a_node_that_restarts_is_waited_for(log, node):
    first = await write(log, 1)
    await node.stop()
    attempt = asyncio.create_task(write(log, 1, "agent-2"))
    await asyncio.sleep(0.5)
    assert not attempt.done()
    await node.start()
    assert first + await attempt == [recorded.position for recorded in await log.read_all()]


@pytest.mark.parametrize("call", ["append", "read", "read_all", "head"])
async def test_out_of_patience_every_call_says_unavailable(node, call):
    log = EventStoreDbLog(node.uri, patience_s=0.4)
    node.faults.unavailable = -1
    calls = {
        "append": lambda: write(log, 1),
        "read": lambda: log.read("agent-1"),
        "read_all": log.read_all,
        "head": log.head,
    }
    with pytest.raises(Unavailable):
        await calls[call]()
    await log.close()


async def test_a_node_that_was_never_there_is_unavailable():
    log = EventStoreDbLog("esdb://127.0.0.1:9?Tls=false", patience_s=0.4)
    with pytest.raises(Unavailable):
        await log.head()
    await log.close()


async def test_a_slow_node_is_slow_and_nothing_worse(log, node):
    node.faults.slow_s = 0.3
    (position,) = await write(log, 1)
    assert await log.head() == position


async def test_a_node_that_does_not_answer_is_unavailable_in_time(node):
    log = EventStoreDbLog(node.uri, patience_s=0.6, call_s=0.2)
    node.faults.slow_s = 5
    started = asyncio.get_running_loop().time()
    with pytest.raises(Unavailable):
        await write(log, 1)
    with pytest.raises(Unavailable):
        await log.read("agent-1")
    assert asyncio.get_running_loop().time() - started < 2
    node.faults.slow_s = 0
    assert await log.read("agent-1") == []
    await log.close()


async def test_cancelling_a_read_cancels_it(log, node):
    """The client alone would make an empty stream of it."""
    await write(log, 1)
    node.faults.slow_s = 1
    reading = asyncio.create_task(log.read("agent-1"))
    await asyncio.sleep(0.1)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading


async def test_a_read_is_whole_though_another_call_replaces_the_connection(log, node):
    positions = [await log.append("agent-1", NOT_WRITTEN, [hello(n) for n in range(300)], cause(), NOON)]
    for _ in range(5):
        reading = [asyncio.create_task(log.read("agent-1")) for _ in range(3)]
        await asyncio.sleep(0.005)
        node.faults.unavailable = 1
        await log.head()
        assert [len(facts) for facts in await asyncio.gather(*reading)] == [300] * 3
    assert positions == [await log.head()]


# ── the answer gets lost ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("times", [1, 4])
async def test_an_append_whose_answer_is_lost_is_stored_once(log, node, times):
    node.faults.dropped_appends = times
    position = await log.append("agent-1", NOT_WRITTEN, [hello(1), hello(2)], cause(), NOON)
    written = await log.read("agent-1")
    assert [recorded.fact for recorded in written] == [hello(1), hello(2)]
    assert position == written[-1].position


async def test_an_append_whose_answer_is_lost_may_be_sent_again_by_the_caller(node):
    log, why = EventStoreDbLog(node.uri, patience_s=0.3), cause()
    node.faults.dropped_appends = -1
    with pytest.raises(Unavailable):
        await log.append("agent-1", NOT_WRITTEN, [hello()], why, NOON)
    node.faults.dropped_appends = 0
    await write(log, 1, "agent-2")
    position = await log.append("agent-1", NOT_WRITTEN, [hello()], why, NOON)
    assert [recorded.position for recorded in await log.read("agent-1")] == [position]
    await log.close()


async def test_an_append_is_known_again_by_its_ids_though_the_server_forgot(log, node):
    """Servers look their ids up in a bounded cache first; the log does not rely on that."""
    why = cause()
    position = await log.append("agent-1", NOT_WRITTEN, [hello(1), hello(2)], why, NOON)
    await write(log, 1, start=1)
    node.log._by_id.clear()
    assert await log.append("agent-1", NOT_WRITTEN, [hello(1), hello(2)], why, NOON) == position
    assert len(await log.read("agent-1")) == 3


@pytest.mark.parametrize("expected", [NOT_WRITTEN, 0, 5])
async def test_somebody_elses_facts_are_a_conflict(log, expected):
    await write(log, 2)
    with pytest.raises(Conflict):
        await log.append("agent-1", expected, [hello()], cause(), NOON)


# ── subscriptions ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("too_slow", [False, True])
async def test_a_subscription_that_is_cut_goes_on_without_gap_or_repeat(log, node, too_slow):
    positions = await write(log, 30)
    node.faults.cut_after, node.faults.too_slow = [0, 3, 1, 7], too_slow
    assert await take(log, 30) == positions
    assert node.faults.cut_after == []


async def test_a_live_subscription_survives_cuts_restarts_and_new_connections(log, node):
    taking = asyncio.create_task(take(log, 60))
    positions = await write(log, 20)
    await node.cut_subscriptions()
    positions += await write(log, 20, "agent-2")
    await node.stop()
    await node.start()
    node.faults.unavailable = 1
    positions += await write(log, 20, "agent-3")
    assert await taking == positions


async def test_a_subscription_waits_for_a_node_that_is_not_there_yet(node):
    await node.stop()
    log = EventStoreDbLog(node.uri, patience_s=5)
    taking = asyncio.create_task(take(log, 1))
    await asyncio.sleep(0.3)
    await node.start()
    assert await write(log, 1) == await taking
    await log.close()


async def test_a_connection_that_dies_in_silence_is_noticed(monkeypatch):
    quick = {"grpc.keepalive_time_ms": 300, "grpc.http2.ping_timeout_ms": 300}
    channel = tuple({**dict(eventstoredb._CHANNEL), **quick}.items())
    monkeypatch.setattr(eventstoredb, "_CHANNEL", channel)
    with running() as process, capture_logs() as said:
        log = EventStoreDbLog(process.uri)
        taking = asyncio.create_task(take(log, 2))
        first = await write(log, 1)
        process.freeze()
        async with asyncio.timeout(10):
            while not any(line["event"] == "subscription interrupted" for line in said):
                await asyncio.sleep(0.05)
        process.thaw()
        assert first + await write(log, 1, "agent-2") == await taking
        await log.close()


async def test_history_comes_in_batches_and_news_at_once(log):
    await log.append("agent-1", NOT_WRITTEN, [hello(n) for n in range(BATCH + 50)], cause(), NOON)
    subscription = log.subscribe()
    sizes = [len(await anext(subscription))]
    while sum(sizes) < BATCH + 50:
        sizes.append(len(await anext(subscription)))
    assert max(sizes) > 50
    await write(log, 1, "agent-2")
    assert len(await asyncio.wait_for(anext(subscription), 2)) == 1
    await subscription.aclose()


async def test_a_reader_that_sleeps_misses_nothing(log):
    subscription = log.subscribe()
    positions = await write(log, 1)
    taken = list(await anext(subscription))
    for n in range(2, 5):
        facts = [hello(i) for i in range(700)]
        positions.append(await log.append(f"agent-{n}", NOT_WRITTEN, facts, cause(), NOON))
    await asyncio.sleep(0.3)
    while len(taken) < 1 + 3 * 700:
        taken += await anext(subscription)
    everything = [recorded.position for recorded in taken]
    assert everything == sorted(set(everything))
    assert everything[-1] == positions[-1]
    await subscription.aclose()


async def test_a_subscriber_can_be_cancelled_at_any_moment(log):
    await write(log, 5)
    before = asyncio.all_tasks()
    for delay_s in (0, 0.001, 0.01, 0.1):
        following = asyncio.create_task(take(log, 1000))
        await asyncio.sleep(delay_s)
        following.cancel()
        with pytest.raises(asyncio.CancelledError):
            await following
    await asyncio.sleep(0)
    assert {task for task in asyncio.all_tasks() - before if "_fill" in repr(task)} == set()


async def test_closing_ends_what_is_under_way(node):
    log = EventStoreDbLog(node.uri)
    taking = asyncio.create_task(take(log, 1))
    await log.head()
    await asyncio.sleep(0.05)
    await log.close()
    with pytest.raises(Unavailable):
        await asyncio.wait_for(taking, 5)
    with pytest.raises(Unavailable):
        await log.head()


# ── others in the same database ───────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
async def stranger(node: Node) -> AsyncIterator[AsyncEventStoreDBClient]:
    client = AsyncEventStoreDBClient(node.uri)
    await client.connect()
    yield client
    await client.close()


FOREIGN = [
    NewEvent("OrderPlaced", b'{"total":7}'),
    NewEvent("agent.registered", b'{"username":"x","name":"y"}', metadata=b'{"$correlationId":"z"}'),
    NewEvent("blob", b"\x00\x01", metadata=b"\xff", content_type="application/octet-stream"),
    NewEvent("$>", b"0@agent-1"),
]


async def test_foreign_events_are_passed_over(log, stranger):
    ours = await write(log, 1)
    await stranger.append_to_stream("order-1", current_version=StreamState.ANY, events=FOREIGN * 20)
    ours += await write(log, 1, "agent-2")
    await stranger.append_to_stream("agent-3", current_version=StreamState.ANY, events=FOREIGN)
    await stranger.set_stream_metadata("agent-1", metadata={"$maxAge": 10**9})
    await stranger.tombstone_stream("order-1", current_version=StreamState.ANY)
    assert await take(log, 2) == ours
    assert [recorded.position for recorded in await log.read_all(limit=2)] == ours
    assert await log.read("agent-3") == []
    assert await log.head() == ours[-1]


async def test_a_fact_of_a_newer_parley_is_not_passed_over(log, node, stranger):
    await write(log, 1)
    why = node.log.stream("agent-1").records[0].event.metadata
    newer = NewEvent("agent.enlightened", b"{}", metadata=why)
    await stranger.append_to_stream("agent-1", current_version=0, events=[newer])
    with pytest.raises(UnknownFact):
        await take(log, 2)


# ── a real server, where there is one ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.skipif("PARLEY_TEST_ESDB_URI" not in os.environ, reason="PARLEY_TEST_ESDB_URI names no real server")
async def test_a_real_server_keeps_the_same_promises():
    log, why, streams = EventStoreDbLog(os.environ["PARLEY_TEST_ESDB_URI"]), cause(), [f"agent-{uuid4()}" for _ in "ab"]
    start = await log.head()
    first = await log.append(streams[0], NOT_WRITTEN, [hello(1), hello(2)], why, NOON)
    second = await log.append(streams[1], NOT_WRITTEN, [hello(3)], why, NOON)
    assert await log.append(streams[0], NOT_WRITTEN, [hello(1), hello(2)], why, NOON) == first
    with pytest.raises(Conflict):
        await log.append(streams[0], 0, [hello()], cause(), NOON)
    ours = [recorded.position for stream in streams for recorded in await log.read(stream)]
    assert ours[1:] == [first, second]
    assert [recorded.position for recorded in await log.read_all(start)][:3] == ours
    assert (await take(log, 3, after=start))[:3] == ours
    assert (await take(log, 2, after=ours[0]))[:2] == ours[1:]
    assert await log.head() >= second
    await log.close()
