"""Does everybody see exactly the log after their cursor, whoever they share the work with?"""

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from tests.api.transport.conftest import Client, client, serving
from tests.api.transport.toy import ToyLog, Visitor, transport

pytestmark = pytest.mark.anyio

ENTRIES = """subscription ($queue: String, $after: String) {
  entries(queue: $queue, after: $after) { ... on Entry { cursor text } ... on Resync { resync: cursor } }
}"""
MINE = "subscription { mine { ... on Entry { cursor viewer } } }"


@pytest.fixture
async def log() -> ToyLog:
    return ToyLog()


@pytest.fixture
async def app(log: ToyLog) -> AsyncIterator[Any]:
    shared = transport(log)
    yield shared
    await shared.close()


class Recorder:
    """A member that remembers what it was given."""

    def __init__(self) -> None:
        self.items: list[dict[str, Any]] = []
        self.over: Any = None

    def next(self, tail: str) -> None:
        self.items.append(orjson.loads(tail[:-1])["data"]["entries"])

    def complete(self) -> None:
        self.over = "complete"

    def error(self, errors: list[Any]) -> None:
        self.over = errors

    async def drained(self) -> None:
        await asyncio.sleep(0)

    @property
    def cursors(self) -> list[int]:
        return [int(item["cursor"]) for item in self.items]


async def joined(app: Any, member: Recorder, after: int | None, queue: str | None = None) -> Any:
    operation = app.engine.prepare(ENTRIES)
    variables = {"queue": queue, "after": None if after is None else str(after)}
    wanted = await app.fanout.subscription(operation, variables, Visitor("ada"))
    return await app.fanout.join(wanted, member)


async def quiet(app: Any, log: ToyLog) -> None:
    """Wait until every group has delivered the whole log (all toy groups here see every queue)."""
    while any(group.position < len(log.entries) for group in app.fanout.groups.values()):
        await asyncio.sleep(0)


@pytest.mark.parametrize("seed", range(40))
async def test_whoever_joins_at_any_cursor_sees_the_log_after_it_without_gap_or_repeat(
    seed: int, log: ToyLog, app: Any
) -> None:
    chance = random.Random(seed)
    for _ in range(chance.randrange(60)):
        log.append("en", "history")
    joining: list[tuple[int | None, Recorder, asyncio.Task[Any]]] = []
    for _ in range(200):
        if chance.random() < 0.7:
            log.append("en", "live")
        if chance.random() < 0.2:
            after = chance.choice([None, 0, len(log.entries), chance.randint(0, len(log.entries))])
            member = Recorder()
            joining.append((after, member, asyncio.create_task(joined(app, member, after))))
        if joining and chance.random() < 0.05:
            _, leaver, task = joining.pop(chance.randrange(len(joining)))
            task.cancel()
            if task.done() and not task.cancelled():
                task.result().leave(leaver)
        for _ in range(chance.randrange(4)):
            await asyncio.sleep(0)
    await asyncio.gather(*(task for _, _, task in joining))
    await quiet(app, log)
    for after, member, _ in joining:
        begin = member.cursors[0] if after is None else after + 1  # the marker carries the cursor to begin after
        assert member.cursors == list(range(begin, len(log.entries) + 1)), after
    assert len(app.fanout.groups) <= 1


async def test_a_cursor_ahead_of_the_group_waits_for_its_place(log: ToyLog, app: Any) -> None:
    first, early = Recorder(), Recorder()
    await joined(app, first, None)
    await joined(app, early, 3)
    for n in range(5):
        log.append("en", str(n))
    await quiet(app, log)
    assert (first.cursors, early.cursors) == ([0, 1, 2, 3, 4, 5], [4, 5])


async def test_an_event_is_executed_once_for_all_members(log: ToyLog, app: Any) -> None:
    members = [Recorder() for _ in range(50)]
    for n, member in enumerate(members):
        await joined(app, member, 0 if n % 2 else None)
    for _ in range(10):
        log.append("en", "x")
    await quiet(app, log)
    assert (len(app.fanout.groups), log.reads) == (1, 10)
    assert all(member.cursors[-10:] == list(range(1, 11)) for member in members)


async def test_a_literal_after_is_no_reason_for_another_group() -> None:
    log = ToyLog()
    app = transport(log)
    async with serving(app) as address, client(address) as desk:
        for after in ("null", '"0"'):
            query = f"subscription {{ entries(after: {after}) {{ ... on Entry {{ cursor }} }} }}"
            await desk.subscribe(after, query)
        assert (await desk.receive())["id"] == "null"
        log.append("en", "x")
        assert {(await desk.receive())["id"] for _ in range(2)} == {"null", '"0"'}
        assert len(app.fanout.groups) == 1


async def test_other_arguments_are_a_reason_for_another_group(log: ToyLog, app: Any) -> None:
    english, german = Recorder(), Recorder()
    await joined(app, english, 0, "en")
    await joined(app, german, 0, "de")
    for queue in ("en", "de", "en"):
        log.append(queue, "x")
    while english.cursors != [1, 3] or german.cursors != [2]:
        await asyncio.sleep(0)
    assert len(app.fanout.groups) == 2


async def test_nothing_is_shared_across_rights() -> None:
    log = ToyLog()
    async with serving(transport(log)) as address, client(address, "ada") as ada, client(address, "bob") as bob:
        for desk in (ada, bob):
            await desk.subscribe("1", MINE)
            await desk.receive()
        log.append("en", "x")
        assert [(await desk.receive())["payload"]["data"]["mine"]["viewer"] for desk in (ada, bob)] == ["ada", "bob"]


async def test_beginners_are_told_the_current_cursor_first() -> None:
    log = ToyLog([(1, "en", "old")])
    async with serving(transport(log)) as address, client(address) as desk:
        await desk.subscribe("1", ENTRIES)
        assert await entry(desk) == {"cursor": "1", "text": None}
        log.append("en", "new")
        assert await entry(desk) == {"cursor": "2", "text": "new"}


async def test_a_cursor_that_is_too_old_is_answered_with_a_typed_item_and_the_end() -> None:
    log = ToyLog([(n, "en", "x") for n in range(1, 10)], kept_from=5)
    async with serving(transport(log)) as address, client(address) as desk:
        await desk.subscribe("1", ENTRIES, after="2")
        assert await entry(desk) == {"resync": "9"}
        assert await desk.receive() == {"id": "1", "type": "complete"}


async def test_a_refused_feed_fails_its_own_operation() -> None:
    async with serving(transport()) as address, client(address) as desk:
        await desk.subscribe("1", ENTRIES, queue="secret")
        refused = await desk.receive()
        assert (refused["type"], refused["payload"][0]["extensions"]["code"]) == ("error", "NOT_ALLOWED")
        await still_works(desk)


async def test_an_event_that_fails_is_an_item_with_errors_and_the_stream_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    log = ToyLog()
    async with serving(transport(log)) as address, client(address) as desk:
        await desk.subscribe("1", "subscription { entries { ... on Entry { cursor fragile } } }")
        await desk.receive()
        log.append("en", "poison")
        log.append("en", "x")
        failed = (await desk.receive())["payload"]
        assert (failed["data"], failed["errors"][0]["extensions"]) == (None, {"code": "INTERNAL"})
        assert (await entry(desk))["cursor"] == "2"
    assert len(caplog.records) == 1


async def test_a_feed_that_breaks_ends_its_subscriptions_and_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    log = ToyLog()
    app = transport(log)
    async with serving(app) as address, client(address) as desk:
        await desk.subscribe("1", ENTRIES)
        await desk.receive()
        log.append("en", "burst the feed")
        broken = await desk.receive()
        assert (broken["type"], broken["payload"][0]["extensions"]["code"]) == ("error", "INTERNAL")
        assert app.fanout.groups == {}
        await still_works(desk)
    assert len(caplog.records) == 1


async def test_a_group_ends_with_its_last_member() -> None:
    app = transport()
    async with serving(app) as address, client(address) as stays:
        async with client(address) as leaves:
            for desk in (stays, leaves):
                await desk.subscribe("1", ENTRIES)
                await desk.receive()
        assert len(app.fanout.groups) == 1
        await stays.send({"id": "1", "type": "complete"})
        await still_works(stays)
        assert app.fanout.groups == {}


async def still_works(desk: Client) -> None:
    await desk.subscribe("again", "{ hello }")
    assert (await desk.receive())["payload"] == {"data": {"hello": "Hello world"}}


async def entry(desk: Client) -> Any:
    return (await desk.receive())["payload"]["data"]["entries"]
