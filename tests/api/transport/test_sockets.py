"""Is a socket bounded in every direction: time, operations, rights, and how far its reader may fall behind?"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from api.graphql.limits import Limits, Profile, Sockets
from tests.api.transport.conftest import Client, client, serving
from tests.api.transport.toy import ToyLog, transport

pytestmark = pytest.mark.anyio

FOREVER = "subscription { count(to: 9, delay: 60) }"
ENTRIES = "subscription ($after: String) { entries(after: $after) { ... on Entry { cursor text } } }"


def bounded(log: ToyLog | None = None, **bounds: Any) -> Any:
    return transport(log, Profile.development(limits=Limits(), sockets=Sockets(**bounds)))


async def test_a_socket_that_is_never_initialised_is_closed() -> None:
    async with serving(bounded(init_timeout_s=0.1)) as address, client(address, init=False) as late:
        assert await late.closed() == (4408, "Connection initialisation timeout")


async def test_a_wrong_token_is_refused_in_a_way_that_the_stock_client_tries_again() -> None:
    async with serving(transport()) as address, client(address, init=False) as mallory:
        await mallory.send({"type": "connection_init", "payload": {"authorization": "Bearer mallory"}})
        assert await mallory.closed() == (4403, "Mallory may not.")


async def test_a_token_that_expires_ends_the_socket() -> None:
    async with serving(transport()) as address, client(address, token="ada:1") as ada:
        await ada.subscribe("1", "{ who }")
        assert (await ada.receive())["payload"] == {"data": {"who": "ada"}}
        assert await ada.closed() == (4403, "Token expired")


async def test_a_socket_holds_so_many_operations_and_no_more() -> None:
    async with serving(bounded(operations=2)) as address, client(address) as greedy:
        for id in "123":
            await greedy.subscribe(id, FOREVER)
        answers = [await greedy.receive() for _ in range(3)]
        refused = next(answer for answer in answers if answer["type"] == "error")
        assert (refused["id"], refused["payload"][0]["extensions"]["code"]) == ("3", "TOO_MANY_OPERATIONS")


async def test_the_server_pings_and_ends_a_socket_that_never_answers() -> None:
    async with serving(bounded(heartbeat_s=0.05)) as address, client(address) as deaf:
        assert [await deaf.receive() for _ in range(3)] == [{"type": "ping"}] * 3
        assert await deaf.closed() == (1001, "No answer to pings")


async def test_a_client_that_answers_pings_stays() -> None:
    async with serving(bounded(heartbeat_s=0.2)) as address, client(address) as alive:
        for _ in range(6):
            assert await alive.receive() == {"type": "ping"}
            await alive.send({"type": "pong"})


async def test_pages_of_other_origins_are_turned_away() -> None:
    async with serving(transport()) as address:
        with pytest.raises(InvalidStatus, match="403"):
            async with connect(f"ws://{address}/graphql", origin="https://evil.example"):  # type: ignore[arg-type]
                pass


@pytest.mark.parametrize("origin", ["https://desk.example", "own"])
async def test_pages_of_known_origins_are_welcome(origin: str) -> None:
    async with serving(bounded(origins=frozenset({"https://desk.example"}))) as address:
        page = f"http://{address}" if origin == "own" else origin
        async with client(address, origin=page):
            pass


async def test_a_restart_closes_with_1012() -> None:
    async with AsyncExitStack() as held:
        async with serving(transport()) as address:
            desk = await held.enter_async_context(client(address))
            await desk.subscribe("1", FOREVER)
            await desk.receive()
        assert (await desk.closed())[0] == 1012


async def test_a_slow_reader_is_ended_with_1013_and_the_others_miss_nothing() -> None:
    log, text = ToyLog(), "x" * 5_000
    app = bounded(log, backlog_items=50)
    async with serving(app) as address, client(address, max_queue=1) as slow, client(address) as quick:
        for desk in (slow, quick):
            await desk.subscribe("1", ENTRIES)
            await desk.receive()
        for n in range(3_000):
            log.append("en", text)
            assert cursor(await quick.receive()) == n + 1
        seen = [cursor(message) async for message in rest(slow)]
        assert seen == list(range(1, len(seen) + 1))
        assert 0 < len(seen) < 3_000
        assert await slow.closed() == (1013, "Too slow a reader")


async def test_a_reader_who_stopped_for_good_is_dropped() -> None:
    log = ToyLog()
    app = bounded(log, backlog_items=10, farewell_s=0.1)
    async with serving(app) as address, client(address, max_queue=1, close_timeout=0.1) as dead:
        await dead.subscribe("1", ENTRIES)
        await dead.receive()
        for _ in range(3_000):
            log.append("en", "x" * 5_000)
            await asyncio.sleep(0)
        while app.fanout.groups:
            await asyncio.sleep(0.01)


async def test_a_message_over_the_limit_is_refused() -> None:
    async with serving(bounded(message_bytes=1_000)) as address, client(address) as loud:
        await loud.subscribe("1", "{ hello }" + " " * 1_000)
        assert await loud.closed() == (4400, "Message too large")


async def test_a_mutation_whose_client_leaves_is_finished() -> None:
    log = ToyLog()
    async with serving(transport(log)) as address:
        async with client(address) as hasty:
            await hasty.subscribe("1", 'mutation { appendLater(text: "said") }')
            await hasty.subscribe("2", "{ hello }")  # its answer shows that the mutation has begun
            await hasty.receive()
        while not log.entries:
            await asyncio.sleep(0.01)


async def test_a_bug_in_a_query_is_hidden(caplog: pytest.LogCaptureFixture) -> None:
    async with serving(transport()) as address, client(address) as desk:
        await desk.subscribe("1", "{ crash }")
        answer = await desk.receive()
    assert "secret" not in str(answer)
    assert answer["payload"]["errors"][0]["extensions"]["code"] == "INTERNAL"
    assert len(caplog.records) == 1


async def rest(desk: Client) -> AsyncIterator[Any]:
    """What is left to read until the close frame."""
    with suppress(ConnectionClosed):
        while True:
            yield await desk.receive()


def cursor(message: Any) -> int:
    return int(message["payload"]["data"]["entries"]["cursor"])
