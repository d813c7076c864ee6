"""Two servers start at once; whichever leads is paused for longer than its lease, and wakes up: do both agree on who does what?

`PARLEY_TEST_PAUSE_S=60` pauses for a minute, under the lease that is in force by default (`make pause`).
"""

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import httpx2
import pytest

from domain.configuration import entity  # noqa: F401 - its facts can be read
from domain.kernel import BEGINNING
from infra.eventlog.postgres import PostgresLog
from tests.e2e.server.client import PASSWORD, Centre, Json, Refused, Visitor, until
from tests.e2e.server.people import CHAT, Desk, private_line
from tests.e2e.server.process import Server
from tests.postgres_server import database_in
from tests.simulation.checker import Checker

PAUSE_S = float(os.environ.get("PARLEY_TEST_PAUSE_S", "4"))
IS_LONG = PAUSE_S >= 30
LEASE_S = 10.0 if IS_LONG else 2.0
PAUSES = 2
TASKS_MAX = 2
LINE, MORE = "steady", ("ines", "omar", "lena", "juri", "noor")
QUIET_S = 30.0
NOTICES_S = 5.0
pytestmark = [pytest.mark.anyio, pytest.mark.timeout(600)]


async def test_a_leader_that_is_paused_is_replaced_and_does_no_harm_when_it_wakes(
    postgres_server: str, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        url, servers = await stack.enter_async_context(_started_at_once(postgres_server, tmp_path))
        centres = [await stack.enter_async_context(Centre(it.url)) for it in servers]
        helpers = await _agents(centres)
        async with _at_work(helpers):
            took_s = [await _one_is_paused(servers, centres) for _ in range(PAUSES)]
        checker = await _when_all_is_done(url)
        assert checker.faults == []  # routing 18, 67: one offer of a request, nobody over their maximum, one end
        print(
            f"\n{PAUSES} pauses of {PAUSE_S:g} s under a lease of {LEASE_S:g} s: {len(checker.life)} tasks,"
            f" {sum(checker.answered.values())} accepted, {int(checker.position)} facts;"
            f" the other led after {', '.join(f'{it:.1f}' for it in took_s)} s"
        )


@asynccontextmanager
async def _started_at_once(postgres_server: str, home: Path) -> AsyncIterator[tuple[str, list[Server]]]:
    """Over an empty database: both make its tables, both tell the demo world."""
    with database_in(postgres_server) as url:
        common = {"rate_limits": "false", "database_url": url, "public_url": "http://parley.test"}
        servers = [Server(home, **common, lease_s=str(LEASE_S), log_level="INFO") for _ in range(2)]
        try:
            await asyncio.gather(*(it.start() for it in servers))
            yield url, servers
        finally:
            for server in servers:
                server.stop()
        for server in servers:
            assert "Traceback" not in server.said, server.said[-6_000:]


async def _one_is_paused(servers: list[Server], centres: list[Centre]) -> float:
    """Whichever routes is paused, and wakes up, while customers come to both; returns how long nobody led."""
    leads = await until(lambda: _leader(servers), why="one of them leads")
    here = centres[servers.index(leads)]
    shoppers = [Shopper(it, f"{n}") for it in centres for n in range(3 if it is here else 9)]
    async with _at_work(shoppers) as helped:
        await until(lambda: helped() >= 6, why="all goes well")
        took_s = await _paused(leads, next(it for it in servers if it is not leads), helped)
        for shopper in shoppers:
            shopper.enough.set()
        await until(lambda: helped() and all(it.is_out for it in shoppers), QUIET_S, "everybody was helped")
    return took_s


async def _paused(leads: Server, other: Server, helped: Callable[[], int]) -> float:
    before, began = len(_led(other)), time.monotonic()
    leads.pause()
    await until(lambda: len(_led(other)) > before, LEASE_S + NOTICES_S, "another leads")
    took_s = time.monotonic() - began
    await _all_goes_on(helped)
    await asyncio.sleep(max(0.0, PAUSE_S - (time.monotonic() - began)))
    lost = _lost(leads)
    leads.wake()
    await until(lambda: _lost(leads) > lost, why="it hears that it leads no more")
    await _all_goes_on(helped)
    return took_s


async def _all_goes_on(helped: Callable[[], int]) -> None:
    before = helped()
    await until(lambda: helped() >= before + 5, QUIET_S, "agents and customers go on")


def _led(server: Server) -> list[str]:
    """When it began to route, by its own log."""
    return [line["timestamp"] for line in _said(server) if line["event"] == "leading"]


def _lost(server: Server) -> int:
    return sum("standing by" in line["event"] for line in _said(server))


def _said(server: Server) -> Iterator[Json]:
    for line in server.said.splitlines(keepends=True):
        if line.startswith("{") and line.endswith("\n") and (told := json.loads(line)).get("duty") == "engine":
            yield told


def _leader(servers: list[Server]) -> Server | None:
    """Whoever was the last to begin."""
    return max((it for it in servers if _led(it)), key=lambda it: _led(it)[-1], default=None)


async def _agents(centres: list[Centre]) -> list["Helper"]:
    """Six who may have two talks each, half of them at each server: more than can wait for customers of a paused one."""
    first = await private_line(centres[0], LINE, offerTimeoutS=2, wrapUpS=1)
    admin = await centres[0].staff("admin")
    for name in MORE:
        person = {"username": name, "name": name.title()}
        await admin.do("createUser", id=name, password=PASSWORD, roles=["AGENT"], **person)
        await admin.do("registerAgent", agentId=name, **person)
        await admin.do("assignAttribute", agentId=name, attributeId=LINE, value=1)
    helpers = []
    for n, name in enumerate((first.username, *MORE)):
        await admin.do("grantMrd", agentId=name, mrdId=CHAT, tasksMax=TASKS_MAX)
        helpers.append(await Helper.of(await centres[n % 2].staff(name)))
    return helpers


class Helper(Desk):
    """Takes what is offered, answers, and ends the talk when the customer has had enough."""

    async def _react(self, event: Json) -> None:
        await super()._react(event)
        if event["__typename"] == "MessagePosted" and event["message"]["body"]["markdownText"] == "Bye":
            with suppress(Refused):  # the customer may have gone meanwhile
                await self.agent.do_surely("endConversation", conversationId=event["message"]["conversationId"])


@dataclass
class Shopper:
    """Comes again and again, each time with a new question, until `enough`."""

    centre: Centre
    name: str
    enough: asyncio.Event = field(default_factory=asyncio.Event)
    is_out: bool = False
    helped: int = 0

    async def run(self) -> None:
        for visit in count():
            if self.enough.is_set():
                break
            visitor = await self._come(f"{self.name}-{visit}")
            await visitor.say_surely("An agent, please", "0")
            await visitor.first("agentJoined", within_s=PAUSE_S + QUIET_S)
            self.helped += 1
            await visitor.say_surely("Where is my parcel?", "1")
            await visitor.say_surely("Bye", "2")
            await visitor.first("sessionEnded", within_s=PAUSE_S + QUIET_S)
        self.is_out = True

    async def _come(self, name: str) -> Visitor:
        while True:
            with suppress(httpx2.TransportError, AssertionError):
                return await (await self.centre.visitor(LINE).open(name)).listen()
            await asyncio.sleep(0.1)


@asynccontextmanager
async def _at_work(people: Sequence[Helper | Shopper]) -> AsyncIterator[Callable[[], int]]:
    working = [asyncio.create_task(it.run()) for it in people]

    def helped() -> int:
        for task in working:
            if task.done():
                task.result()  # nobody's work ends in an error
        return sum(it.helped for it in people if isinstance(it, Shopper))

    try:
        yield helped
        helped()
    finally:
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)


async def _when_all_is_done(url: str) -> Checker:
    """An auditor's look at the log itself, once nothing is left to do: each request has ended once, nobody holds a slot."""
    async with PostgresLog(url) as log:

        async def done() -> Checker | None:
            checker, after = Checker(), BEGINNING
            while page := await log.read_all(after):
                checker.feed_all(page)
                after = page[-1].position
            return None if checker.unfinished() else checker

        return await until(done, QUIET_S, "each request has one end, and no slot is held")
