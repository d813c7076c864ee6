"""The parts of a run: customers and desks come together, talk, part, and are judged."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any

from bench.dialogues.corpus import Dialogue, Script, shuffled, turn
from bench.dialogues.customers import AGENT_TO_CUSTOMER, POST_TO_DESK, Customer, Manner, Talk
from bench.dialogues.desks import Desk, Talks
from bench.dialogues.ledger import Ledger, Pace, now
from bench.dialogues.server import Cost, Server
from bench.dialogues.wire import Pool
from bench.dialogues.world import World

STUCK_AFTER_S, WARM_S, CONNECTIONS = 10.0, 2.0, 64
WANTS_A_HUMAN = turn(True, "I want to talk to a human, please")


@dataclass(frozen=True, slots=True)
class Options:
    """`rate`: messages per second of both sides together; `in_flight`: messages that one customer posts unanswered."""

    corpus: Sequence[Dialogue]
    customers: int
    desks: int
    rate: float | None = None
    in_flight: int = 1
    waits_for_agent: bool = True
    confirms: bool = False
    channel: str | None = None
    seed: int = 1

    def at(self, rate: float) -> "Options":
        return replace(self, rate=rate)

    @property
    def manner(self) -> Manner:
        return Manner(self.in_flight, self.waits_for_agent, self.confirms, self.channel is not None)


@dataclass(slots=True)
class Outcome:
    """What one part found. `messages` and `seconds` are of the time that was measured."""

    name: str
    ledger: Ledger
    began: Cost
    ended: Cost
    messages: int
    stuck: list[str] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        return self.ended.at - self.began.at

    @property
    def per_s(self) -> float:
        return self.messages / self.seconds

    @property
    def good(self) -> bool:
        return not (self.faults() or self.ledger.errors or self.stuck)

    def faults(self) -> dict[str, int]:
        return {name: count for name, count in self.ledger.faults.items() if count}

    def totals(self) -> dict[str, float]:
        told = {"conversations": self.ledger.counts["conversations"], "messages": self.ledger.counts["messages"]}
        measured = {"seconds": self.seconds, "messages/s": self.per_s}
        return {**told, **measured, **self.ended.per_unit(self.began, self.messages)}

    def rows(self) -> list[dict[str, Any]]:
        return [
            {"measure": name, "count": len(took), **{f"p{p} ms": _percentile(took, p) for p in (50, 95, 99)}}
            for name, took in sorted(self.ledger.latencies.items())
            if took
        ]


def _percentile(values: list[float], percent: int) -> float:
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, len(ordered) * percent // 100)], 2)


class Stage:
    """Desks that are ready and customers who may come; `book` has what happens."""

    def __init__(self, server: Server, options: Options, world: World, kind: type[Desk]) -> None:
        self.server, self.options, self._world, self._kind = server, options, world, kind
        self.book = Ledger()
        self.talks = Talks(self.book)
        self.pace = Pace(options.rate)
        self.pool = Pool(server.address, CONNECTIONS)
        self.desks: list[Desk] = []

    async def begin(self) -> None:
        for agent_id, token in await self._world.set_up():
            desk = self._kind(self.server.address, token, agent_id, self.book, self.pace, self.talks)
            await desk.begin()
            self.desks.append(desk)

    @property
    def channel(self) -> str:
        return self._world.channel

    async def end(self) -> None:
        await asyncio.gather(*(desk.end() for desk in self.desks))
        self.pool.close()

    def customer(self, more: Any = lambda _: False) -> Customer:
        manner = self.options.manner
        return Customer(
            self.server.address, self.pool, self._world.channel, self.book, self.pace, manner, more, self.talks.add
        )

    def script(self, dialogue: Dialogue, *, one_way: bool = False) -> Script:
        script = Script()
        if self.options.channel is not None:
            script.append((WANTS_A_HUMAN,))
        script.append(dialogue, one_way=one_way)
        return script

    async def part(self, customer: Customer, talk: Talk) -> None:
        """Until both sides are done; then it is judged and forgotten."""
        await customer.leave()
        talk.stage = "waiting for the desk's wrap-up"
        await talk.desk_done.wait()
        self.book.judge((talk.customer, talk.agent))
        self.book.counts["conversations"] += 1
        del self.talks.by_id[talk.conversation_id]

    async def watched(self, work: Awaitable[Any]) -> list[str]:
        """Do it; when nothing moves for too long, give up and say who is stuck."""
        task, last, since = asyncio.ensure_future(work), -1, now()
        while not task.done():
            await asyncio.wait({task}, timeout=0.5)
            if self.book.progress != last:
                last, since = self.book.progress, now()
            elif not task.done() and now() - since > STUCK_AFTER_S:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
                for talk in self.talks.by_id.values():
                    self.book.judge((talk.customer, talk.agent))
                return [str(talk) for talk in self.talks.by_id.values()] or ["before any conversation began"]
        await task
        return []


@asynccontextmanager
async def staged(server: Server, options: Options, kind: type[Desk] = Desk) -> AsyncIterator[Stage]:
    """`kind`: of desk."""
    stage = Stage(server, options, World(server, options.desks, options.customers, options.channel), kind)
    await stage.begin()
    try:
        yield stage
    finally:
        with suppress(TimeoutError):
            await asyncio.wait_for(stage.end(), 5)


async def conversations(server: Server, options: Options, count: int) -> Outcome:
    """`count` dialogues, each a conversation of its own; as many at once as there are customers."""
    async with staged(server, options) as stage:
        todo = itertools.islice(shuffled(options.corpus, options.seed), count)
        began = server.cost()

        async def one_after_the_other() -> None:
            for dialogue in todo:
                customer, talk = stage.customer(), Talk(stage.script(dialogue))
                await customer.open(talk)
                customer.talk()
                await stage.part(customer, talk)

        stuck = await stage.watched(asyncio.gather(*(one_after_the_other() for _ in range(options.customers))))
        return Outcome("dialogues", stage.book, began, server.cost(), stage.book.counts["messages"], stuck)


async def steady(server: Server, options: Options, seconds: float, *, one_way: bool) -> Outcome:
    """Everybody is connected first; then they talk, one dialogue after the other, until the time is over."""
    async with staged(server, options) as stage:
        steadily = Steadily(stage, one_way)
        stuck = await stage.watched(steadily.gather())
        stage.book.latencies.clear()
        stage.book.measuring = False
        for customer in steadily.customers:
            customer.talk()
        if not stuck:
            await asyncio.sleep(min(WARM_S, seconds))
        stage.book.measuring, began = True, server.cost()
        if not stuck:
            stuck = await stage.watched(asyncio.sleep(seconds))
        ended, stage.book.measuring = server.cost(), False
        steadily.goes_on = False
        if not stuck:
            stuck = await stage.watched(steadily.part())
        took = stage.book.latencies
        messages = len(took[POST_TO_DESK]) + len(took[AGENT_TO_CUSTOMER])
        return Outcome("throughput" if one_way else "latency", stage.book, began, ended, messages, stuck)


class Steadily:
    """Conversations that go on from one dialogue to the next while `goes_on`."""

    def __init__(self, stage: Stage, one_way: bool) -> None:
        self._stage, self._one_way = stage, one_way
        self._dialogues: Iterator[Dialogue] = shuffled(stage.options.corpus, stage.options.seed)
        self.goes_on = True
        self.customers: list[Customer] = []
        self._talks: list[Talk] = []

    async def gather(self) -> None:
        for _ in range(self._stage.options.customers):
            customer = self._stage.customer(self._more)
            talk = Talk(self._stage.script(next(self._dialogues), one_way=self._one_way))
            await customer.open(talk)
            if self._stage.options.channel is not None:
                customer.talk()
            self.customers.append(customer)
            self._talks.append(talk)
        await asyncio.gather(*(talk.joined.wait() for talk in self._talks))

    async def part(self) -> None:
        pairs = zip(self.customers, self._talks, strict=True)
        await asyncio.gather(*(self._stage.part(customer, talk) for customer, talk in pairs))

    def _more(self, talk: Talk) -> bool:
        if self.goes_on:
            talk.script.append(next(self._dialogues), one_way=self._one_way)
            if talk.desk is not None:
                talk.desk.speak(talk)
        return self.goes_on
