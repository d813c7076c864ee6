"""Does our EventStoreDB behave like the real one, as far as esdbclient can tell? Rules read in server oss-v24.6.0."""

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise

import pytest
from esdbclient import AsyncEventStoreDBClient, EventStoreDBClient, NewEvent, StreamState
from esdbclient.exceptions import (
    ConsumerTooSlow,
    DeadlineExceeded,
    GrpcError,
    MaximumAppendSizeExceededError,
    NodeIsNotLeader,
    NotFound,
    ServiceUnavailable,
    StreamIsDeleted,
    WrongCurrentVersion,
)

from tests.standins.eventstoredb import Log, Node
from tests.standins.eventstoredb.gossip import FOLLOWER, LEADER
from tests.standins.eventstoredb.process import running

pytestmark = pytest.mark.anyio

NO_STREAM, ANY, EXISTS = StreamState.NO_STREAM, StreamState.ANY, StreamState.EXISTS


@pytest.fixture
async def node() -> AsyncIterator[Node]:
    async with Node() as node:
        yield node


@pytest.fixture
async def client(node: Node) -> AsyncIterator[AsyncEventStoreDBClient]:
    client = AsyncEventStoreDBClient(node.uri)
    client.grpc_options += (("grpc.initial_reconnect_backoff_ms", 50), ("grpc.min_reconnect_backoff_ms", 50))
    await client.connect()
    yield client
    await client.close()


def events(n: int, type: str = "happened") -> list[NewEvent]:
    return [NewEvent(type, b'{"n":%d}' % i) for i in range(n)]


async def revisions(client: AsyncEventStoreDBClient, stream: str, **how: object) -> list[int]:
    return [event.stream_position for event in await client.get_stream(stream, **how)]


async def some(subscription: object, n: int) -> list[object]:
    async with asyncio.timeout(5):
        return [await anext(subscription) for _ in range(n)]


# ── expectations ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_stream_is_begun_once(client):
    await client.append_to_stream("s-1", current_version=NO_STREAM, events=events(2))
    with pytest.raises(WrongCurrentVersion):
        await client.append_to_stream("s-1", current_version=NO_STREAM, events=events(1))


@pytest.mark.parametrize("expected", [0, 2, 7])
async def test_a_number_that_is_not_the_last_revision_is_refused(client, expected):
    await client.append_to_stream("s-1", current_version=NO_STREAM, events=events(2))
    with pytest.raises(WrongCurrentVersion, match="is 1 not"):
        await client.append_to_stream("s-1", current_version=expected, events=events(1))
    assert await revisions(client, "s-1") == [0, 1]


async def test_a_stream_that_ought_to_exist_exists_by_its_metadata_alone(client):
    with pytest.raises(WrongCurrentVersion, match="does not exist"):
        await client.append_to_stream("s-1", current_version=EXISTS, events=events(1))
    await client.set_stream_metadata("s-1", metadata={"owner": "me"})
    await client.append_to_stream("s-1", current_version=EXISTS, events=events(1))


async def test_an_append_answers_with_the_position_of_its_last_event(client):
    position = await client.append_to_stream("s-1", current_version=NO_STREAM, events=events(3))
    written = await client.get_stream("s-1")
    assert [event.commit_position < position for event in written] == [True, True, False]
    assert all(b.commit_position - a.commit_position > 1 for a, b in pairwise(written))
    assert written[-1].commit_position == position == await client.get_commit_position()


async def test_the_synchronous_client_appends_one_event_by_the_older_call(node):
    def use() -> tuple[int, list[str]]:
        client = EventStoreDBClient(node.uri)
        try:
            position = client.append_to_stream("s-1", current_version=NO_STREAM, events=NewEvent("a", b"{}"))
            with pytest.raises(WrongCurrentVersion):
                client.append_to_stream("s-1", current_version=NO_STREAM, events=NewEvent("b", b"{}"))
            return position, [event.type for event in client.get_stream("s-1")]
        finally:
            client.close()

    position, types = await asyncio.to_thread(use)
    assert (position, types) == (node.log.last_position, ["a"])


async def test_what_is_written_comes_back_whole(client):
    binary = NewEvent("raw", b"\x00\xff", metadata=b'{"why":1}', content_type="application/octet-stream")
    await client.append_to_stream("s-1", current_version=NO_STREAM, events=[binary])
    (event,) = await client.get_stream("s-1")
    assert (event.id, event.type, event.data, event.metadata) == (binary.id, "raw", b"\x00\xff", b'{"why":1}')
    assert event.content_type == "application/octet-stream"
    assert event.recorded_at is not None


async def test_an_append_of_more_than_a_megabyte_is_refused_whole(client):
    big = [NewEvent("big", b"x" * 600_000) for _ in range(2)]
    with pytest.raises(MaximumAppendSizeExceededError):
        await client.append_to_stream("s-1", current_version=NO_STREAM, events=big)
    with pytest.raises(NotFound):
        await client.get_stream("s-1")


async def test_a_deadline_that_has_passed_is_a_timeout(node, client):
    with pytest.raises(DeadlineExceeded):
        await client.append_to_stream("s-1", current_version=NO_STREAM, events=events(1), timeout=0)
    assert node.log.stream("s-1").records == []


# ── the same again ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("expected", [0, ANY, EXISTS])
async def test_the_same_events_again_get_the_first_answer_and_write_nothing(client, expected):
    await client.append_to_stream("s-1", current_version=NO_STREAM, events=events(1))
    again = events(2)
    first = await client.append_to_stream("s-1", current_version=expected, events=again)
    await client.append_to_stream("s-1", current_version=2, events=events(1))
    assert await client.append_to_stream("s-1", current_version=expected, events=again) == first
    assert await revisions(client, "s-1") == [0, 1, 2, 3]


async def test_known_events_at_another_place_are_a_wrong_version(client):
    again = events(1)
    await client.append_to_stream("s-1", current_version=NO_STREAM, events=again)
    await client.append_to_stream("s-1", current_version=0, events=events(2))
    with pytest.raises(WrongCurrentVersion):
        await client.append_to_stream("s-1", current_version=0, events=again)


@pytest.mark.parametrize("expected", [NO_STREAM, ANY])
async def test_a_known_event_followed_by_a_new_one_is_a_wrong_version(client, expected):
    again = events(1)
    await client.append_to_stream("s-1", current_version=NO_STREAM, events=again)
    with pytest.raises(WrongCurrentVersion):
        await client.append_to_stream("s-1", current_version=expected, events=again + events(1))


async def test_ids_are_known_within_one_stream_only(client):
    again = events(1)
    first = await client.append_to_stream("s-1", current_version=ANY, events=again)
    assert await client.append_to_stream("s-2", current_version=ANY, events=again) > first


# ── deletion and metadata ─────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_deleted_stream_is_gone_and_goes_on_when_written_again(client):
    await client.append_to_stream("s-1", current_version=NO_STREAM, events=events(3))
    await client.delete_stream("s-1", current_version=2)
    with pytest.raises(NotFound):
        await client.get_stream("s-1")
    await client.append_to_stream("s-1", current_version=NO_STREAM, events=events(2))
    assert await revisions(client, "s-1") == [3, 4]
    seen = [event.stream_position async for event in await client.read_all() if event.stream_name == "s-1"]
    assert seen == [0, 1, 2, 3, 4]


async def test_a_deleted_stream_does_not_exist(client):
    await client.append_to_stream("s-1", current_version=NO_STREAM, events=events(1))
    await client.delete_stream("s-1", current_version=ANY)
    with pytest.raises(StreamIsDeleted):
        await client.append_to_stream("s-1", current_version=EXISTS, events=events(1))
    with pytest.raises(StreamIsDeleted):
        await client.delete_stream("s-1", current_version=EXISTS)


async def test_a_stream_never_written_cannot_be_deleted(client):
    with pytest.raises(NotFound):
        await client.delete_stream("s-1", current_version=ANY)


async def test_a_stream_elsewhere_is_not_deleted(client):
    await client.append_to_stream("s-1", current_version=NO_STREAM, events=events(3))
    with pytest.raises(WrongCurrentVersion):
        await client.delete_stream("s-1", current_version=1)


async def test_a_tombstone_is_for_ever(client):
    await client.append_to_stream("s-1", current_version=NO_STREAM, events=events(1))
    await client.tombstone_stream("s-1", current_version=0)
    with pytest.raises(StreamIsDeleted):
        await client.get_stream("s-1")
    with pytest.raises(StreamIsDeleted):  # checked before the version
        await client.append_to_stream("s-1", current_version=99, events=events(1))
    with pytest.raises(StreamIsDeleted):
        await client.tombstone_stream("s-1", current_version=ANY)
    with pytest.raises(StreamIsDeleted):
        await client.get_stream_metadata("s-1")
    with pytest.raises(StreamIsDeleted):
        await client.subscribe_to_stream("s-1")


async def test_metadata_hides_old_events_from_readers_of_the_stream(client):
    await client.append_to_stream("s-1", current_version=NO_STREAM, events=events(5))
    await client.set_stream_metadata("s-1", metadata={"$maxCount": 2})
    assert await revisions(client, "s-1") == [3, 4]
    await client.set_stream_metadata("s-1", metadata={"$tb": 1})
    assert await revisions(client, "s-1") == [1, 2, 3, 4]
    assert await client.get_stream_metadata("s-1") == ({"$tb": 1}, 1)


# ── reading ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_streams_are_read_both_ways_from_anywhere(client):
    await client.append_to_stream("s-1", current_version=NO_STREAM, events=events(5))
    assert await revisions(client, "s-1", stream_position=3) == [3, 4]
    assert await revisions(client, "s-1", stream_position=9) == []
    assert await revisions(client, "s-1", backwards=True, limit=2) == [4, 3]
    assert await revisions(client, "s-1", backwards=True, stream_position=1) == [1, 0]


async def test_the_whole_log_is_read_forwards_with_a_position_and_backwards_without(client):
    positions = [await client.append_to_stream(f"s-{n}", current_version=ANY, events=events(1)) for n in range(3)]
    forwards = await client.read_all(commit_position=positions[1])
    backwards = await client.read_all(commit_position=positions[1], backwards=True)
    assert [event.commit_position async for event in forwards] == positions[1:]
    assert [event.commit_position async for event in backwards] == positions[:1]


async def test_several_patterns_bind_only_at_their_ends(client):
    for stream in ("task-1", "multitask-1", "agent-1", "agent-1-log", "other"):
        await client.append_to_stream(stream, current_version=ANY, events=events(1))
    loose = await client.read_all(filter_include=["task-1", "agent-1"], filter_by_stream_name=True)
    assert [event.stream_name async for event in loose] == ["task-1", "agent-1"]
    inside = await client.read_all(filter_include=["task-1", "gent", "x"], filter_by_stream_name=True)
    assert [event.stream_name async for event in inside] == ["task-1", "agent-1", "agent-1-log"]


async def test_system_events_are_there_and_left_out_by_default(node, client):
    await client.append_to_stream("s-1", current_version=ANY, events=events(1))
    everything = [event.type async for event in await client.read_all(filter_exclude=())]
    assert everything == ["$metadata", "happened"]
    assert [event.type async for event in await client.read_all()] == ["happened"]


async def test_links_are_resolved_when_asked_for(client):
    await client.append_to_stream("s-1", current_version=ANY, events=events(2))
    await client.append_to_stream("links", current_version=ANY, events=[NewEvent("$>", b"1@s-1")])
    (event,) = await client.get_stream("links", resolve_links=True)
    assert (event.stream_name, event.stream_position, event.link.stream_name) == ("s-1", 1, "links")


# ── subscriptions ─────────────────────────────────────────────────────────────────────────────────────────────────────


def kinds(received: list) -> list[str]:
    return ["caught up" if e.is_caught_up else "checkpoint" if e.is_checkpoint else e.stream_name for e in received]


async def test_history_then_a_checkpoint_then_caught_up_then_live(client):
    await client.append_to_stream("s-1", current_version=ANY, events=events(1))
    async with await client.subscribe_to_all(include_checkpoints=True, include_caught_up=True) as subscription:
        history = await some(subscription, 3)
        await client.append_to_stream("s-2", current_version=ANY, events=events(1))
        live = await some(subscription, 1)
    assert kinds(history + live) == ["s-1", "checkpoint", "caught up", "s-2"]
    assert history[1].commit_position == history[0].commit_position


async def test_an_unfiltered_subscription_has_no_checkpoints(client):
    await client.append_to_stream("s-1", current_version=ANY, events=events(1))
    how = {"filter_exclude": (), "include_checkpoints": True, "include_caught_up": True}
    async with await client.subscribe_to_all(**how) as subscription:
        assert kinds(await some(subscription, 3)) == ["$$$stats", "s-1", "caught up"]


async def test_checkpoints_come_every_so_many_events_looked_at_and_never_go_back(client):
    how = {"window_size": 2, "checkpoint_interval_multiplier": 3, "include_checkpoints": True}
    async with await client.subscribe_to_all(filter_include=["nothing"], **how) as subscription:
        await some(subscription, 1)
        for n in range(12):
            await client.append_to_stream(f"s-{n}", current_version=ANY, events=events(1))
        marks = await some(subscription, 2)
    written = [event.commit_position async for event in await client.read_all()]
    assert [mark.commit_position for mark in marks] == [written[5], written[11]]


async def test_a_subscription_begins_after_its_position(client):
    positions = [await client.append_to_stream(f"s-{n}", current_version=ANY, events=events(1)) for n in range(3)]
    async with await client.subscribe_to_all(commit_position=positions[0]) as subscription:
        assert kinds(await some(subscription, 2)) == ["s-1", "s-2"]
    async with await client.subscribe_to_all(from_end=True) as subscription:
        await client.append_to_stream("new", current_version=ANY, events=events(1))
        assert kinds(await some(subscription, 1)) == ["new"]


async def test_position_zero_is_the_very_start(client):
    async with await client.subscribe_to_all(commit_position=0, filter_exclude=()) as subscription:
        assert kinds(await some(subscription, 1)) == ["$$$stats"]


async def test_a_subscription_to_a_missing_stream_waits_for_it(client):
    async with await client.subscribe_to_stream("s-1", include_caught_up=True) as subscription:
        (caught_up,) = await some(subscription, 1)
        await client.append_to_stream("s-1", current_version=NO_STREAM, events=events(2))
        written = await some(subscription, 2)
    assert caught_up.is_caught_up
    assert [event.stream_position for event in written] == [0, 1]
    async with await client.subscribe_to_stream("s-1", stream_position=0) as subscription:
        assert [event.stream_position for event in await some(subscription, 1)] == [1]


# ── faults ────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_follower_says_who_leads(node, client):
    node.faults.leader_elsewhere = "127.0.0.1:4242"
    with pytest.raises(NodeIsNotLeader) as refused:
        await client.append_to_stream("s-1", current_version=ANY, events=events(1))
    assert refused.value.leader_grpc_target == "127.0.0.1:4242"


async def test_a_client_finds_the_leader_of_a_small_cluster(node):
    async with Node(node.log) as leader:
        node.members.update({node.target: FOLLOWER, leader.target: LEADER})
        node.faults.leader_elsewhere = leader.target
        client = AsyncEventStoreDBClient(f"esdb://{node.target},{leader.target}?Tls=false")
        await client.connect()
        await client.append_to_stream("s-1", current_version=ANY, events=events(1))
        assert client.connection_target == leader.target
        await client.close()


async def test_so_many_calls_are_unavailable(node, client):
    node.faults.unavailable = 4  # the client asks four times: it reconnects once, and does all of that twice
    with pytest.raises(GrpcError):  # UNAVAILABLE, or INTERNAL from gRPC itself if it was still sending
        await client.append_to_stream("s-1", current_version=ANY, events=events(1))
    await client.append_to_stream("s-1", current_version=ANY, events=events(1))
    assert await revisions(client, "s-1") == [0]


async def test_a_dropped_append_is_stored_once(node, client):
    node.faults.dropped_appends = 1
    position = await client.append_to_stream("s-1", current_version=NO_STREAM, events=events(2))
    assert node.faults.dropped_appends == 0
    assert [event.commit_position for event in await client.get_stream("s-1")][-1] == position
    assert await revisions(client, "s-1") == [0, 1]


async def test_a_slow_node_answers_late(node, client):
    node.faults.slow_s = 0.2
    started = asyncio.get_running_loop().time()
    await client.append_to_stream("s-1", current_version=ANY, events=events(1))
    assert asyncio.get_running_loop().time() - started >= 0.2


@pytest.mark.parametrize(("too_slow", "error"), [(True, ConsumerTooSlow), (False, ServiceUnavailable)])
async def test_a_subscription_is_cut_after_so_many_events(node, client, too_slow, error):
    node.faults.cut_after, node.faults.too_slow = [2], too_slow
    await client.append_to_stream("s-1", current_version=ANY, events=events(5))
    subscription = await client.subscribe_to_all()
    assert [event.stream_position for event in await some(subscription, 2)] == [0, 1]
    with pytest.raises(error):
        await anext(subscription)


async def test_everybody_subscribed_is_cut_at_once(node, client):
    subscription = await client.subscribe_to_all()
    waiting = asyncio.create_task(anext(subscription))
    await asyncio.sleep(0.05)
    await node.cut_subscriptions()
    with pytest.raises(ServiceUnavailable):
        await waiting


async def test_a_node_that_comes_back_has_forgotten_nothing(node, client):
    await client.append_to_stream("s-1", current_version=NO_STREAM, events=events(1))
    await node.stop()
    with pytest.raises(ServiceUnavailable):
        await client.append_to_stream("s-1", current_version=0, events=events(1))
    await node.start()
    await asyncio.sleep(0.2)
    assert await revisions(client, "s-1") == [0]


async def test_a_log_may_begin_with_the_first_event_at_position_zero():
    async with Node(Log(system_events=False)) as node:
        client = AsyncEventStoreDBClient(node.uri)
        await client.connect()
        assert await client.append_to_stream("s-1", current_version=NO_STREAM, events=events(1)) == 0
        await client.close()


def test_it_runs_as_a_process_with_knobs():
    with running("--fault", "slow_s=0.1") as process:
        assert '"slow_s": 0.1' in process.turn(unavailable=4, cut_after="1,2")
        client = EventStoreDBClient(process.uri)
        with pytest.raises(GrpcError):
            client.append_to_stream("s-1", current_version=ANY, events=events(2))
        client.append_to_stream("s-1", current_version=ANY, events=events(2))
        client.close()
