"""The server is killed again and again while people talk. What was promised is kept, and everybody sees everything once.

`PARLEY_TEST_KILLS=60` kills more often, `PARLEY_TEST_SEED` draws the same moments again.
"""

import asyncio
import os
import random
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from statistics import median

import pytest

from tests.e2e.server.client import Centre, Staff, Subscription, until
from tests.e2e.server.people import CHAT, Chatter, Desk, Log, chatters, private_line
from tests.e2e.server.process import Database, Server, data_dir_with_database
from tests.standins.one_loop import one_loop  # noqa: F401

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]
KILLS = int(os.environ.get("PARLEY_TEST_KILLS", "6"))
SEED = int(os.environ.get("PARLEY_TEST_SEED", "20261120"))
CUSTOMERS, TASKS_MAX = 20, 8
RESTART_S = 5.0
"""For a machine that imports the program in a second: a start is mostly imports, and the clock tells of the machine."""
QUIET_S = 60.0
ACCEPTABLE = {"OFFER_GONE"}


@dataclass
class Durable:
    server: Server
    database: Database


@pytest.fixture(scope="module")
async def durable(one_loop: None) -> AsyncIterator[Durable]:  # noqa: F811
    """A server over a database that waits for the disk, as in production."""
    with data_dir_with_database(durable=True) as (home, database):
        server = Server(home, rate_limits="false")
        try:
            await server.start()
            yield Durable(server, database)
        finally:
            server.stop()


async def test_nothing_is_lost_or_doubled_when_the_server_is_killed_under_load(durable: Durable) -> None:
    chance = random.Random(SEED)
    async with Centre(durable.server.url) as centre:
        desks = await _staffed(centre)
        customers = await chatters(centre, CUSTOMERS)
        async with _at_work(desks, customers, chance):
            await asyncio.sleep(1.0)
            restarts_s = [await _kill_and_restart(durable, chance) for _ in range(KILLS)]
            database_back_s = await _kill_the_database(durable, customers)
        audrey = await centre.staff("audrey")
        log = await _when_quiet(audrey, desks, customers)
        log.is_whole()
        for customer in customers:
            log.keeps_what_was_promised(customer.visitor)
            log.was_shown_to_customer(customer.visitor)
        for desk in desks:
            log.was_shown_to_desk(desk, await _subject(desk.agent))
            assert set(desk.refused) <= ACCEPTABLE
        _answers_stand_once(log, desks)
        log.offers_are_sound(TASKS_MAX)
        await _nobody_is_over_their_maximum(centre)
        imports_s = await _imports_s()
        print(
            f"\n{KILLS} kills of the server and one of the database under load: {len(log.facts)} facts,"
            f" {sum(len(it.visitor.acknowledged) for it in customers)} customers' and"
            f" {sum(len(it.answered) for it in desks)} agents' messages promised; the server back after"
            f" {median(restarts_s):.1f} s (at most {max(restarts_s):.1f}), the database after {database_back_s:.1f} s"
        )
        assert median(restarts_s) < RESTART_S * max(1.0, imports_s)
        for desk in desks:
            await desk.agent.do("logOut")


async def test_what_was_due_while_the_server_was_down_happens_when_it_is_back(durable: Durable) -> None:
    async with Centre(durable.server.url) as centre:
        audrey = await centre.staff("audrey")
        hana = await private_line(centre, "hasty", offerTimeoutS=5, wrapUpS=5)
        desk = await hana.desk()
        await hana.do("logIn")
        await hana.do("makeReady")

        first = await centre.visitor("hasty").open("First")
        await first.say("Is somebody there?")
        missed = await desk.first("TaskOffered")
        durable.server.kill()
        await durable.server.start()
        ended = await desk.first("OfferEnded", taskId=missed["taskId"])
        assert ended["taskCloseReason"] == "RONA"
        await until(lambda: _mrd_state(desk) == "NOT_READY", why="whoever misses an offer rests")

        await hana.do("makeReady")
        taken = await _another_offer(desk, missed["taskId"])
        await hana.do("acceptTask", taskId=taken)
        await desk.first("AgentJoined", conversationId=first.conversation)
        await hana.do("leaveConversation", conversationId=first.conversation)
        await desk.first("WrapUpStarted", taskId=taken)
        durable.server.kill()
        await durable.server.start()
        closed = await desk.first("TaskClosed", taskId=taken)
        assert closed["taskCloseReason"] == "WRAP_UP_EXPIRED"
        (await Log.read(audrey)).offers_are_sound(TASKS_MAX)
        await hana.do("logOut")


async def _imports_s() -> float:
    """How long this machine takes now to load the program, with the least bad luck of three."""
    took = []
    for _ in range(3):
        begun = time.monotonic()
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", "import infra.main")
        assert await process.wait() == 0
        took.append(time.monotonic() - begun)
    return min(took)


async def _staffed(centre: Centre) -> list[Desk]:
    """Four agents, each with enough slots."""
    admin = await centre.staff("admin")
    person = {"username": "mary-ann", "name": "Mary-Ann Agent"}
    await admin.do("createUser", id="mary-ann", password="parley-demo", roles=["AGENT"], **person)
    await admin.do("registerAgent", agentId="mary-ann", **person)
    await admin.do("assignAttribute", agentId="mary-ann", attributeId="english", value=1)
    desks = []
    for name in ("ada", "grace", "alan", "mary-ann"):
        agent = await centre.staff(name)
        await admin.do("grantMrd", agentId=await _subject(agent), mrdId=CHAT, tasksMax=TASKS_MAX)
        desks.append(await Desk.of(agent))
    return desks


@asynccontextmanager
async def _at_work(desks: list[Desk], customers: list[Chatter], chance: random.Random) -> AsyncIterator[None]:
    """In the end customers have sent what they began to send, and agents have answered what they were told."""
    async with asyncio.TaskGroup() as people:
        working = [people.create_task(desk.run()) for desk in desks]
        talking = [people.create_task(customer.run(chance)) for customer in customers]
        yield
        for customer in customers:
            customer.enough.set()
        await asyncio.wait(talking, timeout=QUIET_S)
        await until(lambda: all(_has_answered(desk) for desk in desks), QUIET_S, "all is answered")
        for task in working:
            task.cancel()


def _has_answered(desk: Desk) -> bool:
    asked = [it for it in desk.subscription.of("MessagePosted") if it["message"]["sender"]["type"] == "CUSTOMER"]
    return len(desk.answered) + sum(desk.refused.values()) >= len(asked)


async def _kill_and_restart(durable: Durable, chance: random.Random) -> float:
    await asyncio.sleep(chance.uniform(0.2, 1.5))
    durable.server.kill()
    return await durable.server.start()


async def _kill_the_database(durable: Durable, customers: list[Chatter]) -> float:
    """The server stays up, and brings its database back by itself."""
    await asyncio.sleep(0.5)
    began = time.monotonic()
    await asyncio.to_thread(durable.database.kill)
    promised = [len(customer.visitor.acknowledged) for customer in customers]
    for customer, before in zip(customers, promised, strict=True):
        await until(lambda: len(customer.visitor.acknowledged) > before, QUIET_S, "messages are taken again")  # noqa: B023
    assert durable.server.is_running
    assert "the embedded database has ended" in durable.server.said
    return time.monotonic() - began


async def _when_quiet(auditor: Staff, desks: list[Desk], customers: list[Chatter]) -> Log:
    """The log once nothing rings and everybody was told what is in it."""

    async def quiet() -> Log | None:
        log = await Log.read(auditor)
        shown = all(len(it.visitor.of("message")) >= len(log.said_in(it.visitor.conversation)) for it in customers)
        return log if shown and not log.still_ringing() and log.of("task.accepted") else None

    return await until(quiet, QUIET_S, "it is quiet")


async def _subject(agent: Staff) -> str:
    return (await agent.ask("{ me { subject } }"))["me"]["subject"]


def _answers_stand_once(log: Log, desks: list[Desk]) -> None:
    ids = [fact["data"]["message_id"] for fact in log.of("conversation.message-posted")]
    assert len(set(ids)) == len(ids)
    for desk in desks:
        assert set(desk.answered) <= set(ids)


async def _nobody_is_over_their_maximum(centre: Centre) -> None:
    sam = await centre.staff("sam")
    found = await sam.ask(
        "{ agents(first: 50) { nodes { mrds { load tasksMax } } } tasks(first: 100, filter: {mediaStates: [RESERVED]}) { nodes { id } } }"
    )
    assert all(mrd["load"] <= mrd["tasksMax"] for agent in found["agents"]["nodes"] for mrd in agent["mrds"])
    assert found["tasks"]["nodes"] == []


def _mrd_state(desk: Subscription) -> str:
    return desk.of("PresenceChanged")[-1]["agent"]["mrds"][0]["state"]


async def _another_offer(desk: Subscription, not_this: str) -> str:
    def found() -> str | None:
        return next((it["taskId"] for it in desk.of("TaskOffered") if it["taskId"] != not_this), None)

    return await until(found, why="the customer is offered again")
