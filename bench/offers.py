"""How long until a request rings at a desk, and how many can ring per second, with a thousand agents at work?

    python -m bench.offers --spawn [--agents 1000] [--rate 20 --rate 100] [--seconds 10] [--quick]

A server and its PostgreSQL, at full durability; every agent is signed in, READY, and follows their desk over a GraphQL
subscription of their own. A customer opens a web chat on a channel without a bot, which asks for an agent; the clock stops
when an agent's desk is told of the offer. The agent accepts, ends the talk and finishes the wrap-up, so that slots come back.

    at a rate    so many requests per second, whatever becomes of the ones before: the latency that a customer meets
    flat out     as many at once as `--at-once`, the next one when one has rung: offers per second

Exit code 1 when a request rang nowhere or twice, or anything was refused.
"""

import argparse
import asyncio
import gc
import random
import sys
from collections.abc import Sequence
from pathlib import Path

import uvloop

from bench.chats import BriefDesk
from bench.dialogues.customers import OPENED
from bench.dialogues.ledger import Ledger, now
from bench.dialogues.play import Options, Outcome, Stage, staged
from bench.dialogues.server import Server, found, spawned
from bench.figures import Figure, Run, lines, rows_of

QUESTION = "How long until a request rings at a desk, and how many can ring per second, with a thousand agents at work?"
REQUEST, OPENED_IN, ENDED = "request → offer at a desk", "request → answered", "request → wrapped up"
GOAL_P99_MS = 50.0
RATES = (20.0, 50.0, 100.0)
AT_ONCE = 32
SLOTS_MAX = 3
WARM_S, LAST_S = 2.0, 20.0


class Requests:
    """What becomes of each request, by its conversation."""

    def __init__(self, stage: Stage) -> None:
        self._stage, self._book = stage, stage.book
        self._rang: dict[str, asyncio.Future[float]] = {}
        self.under_way: dict[str, float] = {}
        stage.talks.offered, stage.talks.closed = self._offered, self._closed  # type: ignore[method-assign]

    async def one(self) -> None:
        """Returns when it has rung."""
        begun = now()
        status, body = await self._stage.pool.ask("POST", f"/webchat/{self._stage.channel}/sessions", b'{"name":"C"}')
        if status != 201:
            self._book.error(f"a request was answered with {status}: {body[:100].decode()}")
            return
        self._book.took(OPENED_IN, begun)
        conversation = OPENED.decode(body).conversation_id
        self.under_way[conversation] = begun
        rang = await self._future(conversation)
        self._book.progress += 1
        if self._book.measuring:
            self._book.latencies[REQUEST].append((rang - begun) * 1e3)
            self._book.counts["offers"] += 1

    async def at(self, rate: float, seconds: float, chance: random.Random) -> None:
        """They come by chance, as customers do, so several at once now and then."""
        ends, next_ = now() + seconds, now()
        async with asyncio.TaskGroup() as coming:
            while next_ < ends:
                coming.create_task(self.one())
                next_ += chance.expovariate(rate)
                await asyncio.sleep(max(0.0, next_ - now()))

    async def flat_out(self, at_once: int, seconds: float) -> None:
        ends = now() + seconds

        async def one_after_the_other() -> None:
            while now() < ends:
                await self.one()

        await asyncio.gather(*(one_after_the_other() for _ in range(at_once)))

    async def settled(self) -> list[str]:
        for _ in range(int(LAST_S * 10)):
            if not self.under_way:
                return []
            await asyncio.sleep(0.1)
        return [f"{id}: asked for {now() - at:.1f} s ago, and not closed" for id, at in self.under_way.items()]

    def _offered(self, conversation: str) -> None:
        rang = self._future(conversation)
        if rang.done():
            self._book.error("a request rang twice")
        else:
            rang.set_result(now())

    def _closed(self, conversation: str) -> None:
        self._book.took(ENDED, self.under_way.pop(conversation, None))
        self._rang.pop(conversation, None)

    def _future(self, conversation: str) -> "asyncio.Future[float]":
        if conversation not in self._rang:
            self._rang[conversation] = asyncio.get_running_loop().create_future()
        return self._rang[conversation]


async def measured(stage: Stage, requests: Requests, name: str, rate: float | None, seconds: float) -> Outcome:
    """One part; `rate` is none for flat out. Between parts everything is wrapped up."""

    async def coming(seconds: float) -> None:
        await (requests.at(rate, seconds, random.Random(1)) if rate else requests.flat_out(AT_ONCE, seconds))

    book = stage.book
    book.measuring = False
    await coming(min(WARM_S, seconds))
    part = Ledger()
    book.latencies, book.errors, book.measuring, began = part.latencies, part.errors, True, stage.server.cost()
    stuck = await stage.watched(coming(seconds))
    ended, offers = stage.server.cost(), len(part.latencies[REQUEST])
    book.measuring = False
    return Outcome(name, part, began, ended, offers, stuck + await requests.settled())


async def play(server: Server, agents: int, rates: Sequence[float], seconds: float) -> list[Outcome]:
    print(f"{agents} agents sign in …", flush=True)
    async with staged(server, Options([], agents * SLOTS_MAX // 2, agents), BriefDesk) as stage:
        print("… and are READY at their desks; measuring", flush=True)
        requests = Requests(stage)
        outcomes = []
        for rate in (*rates, None):
            name = f"{rate:g} requests a second" if rate else f"flat out, {AT_ONCE} at once"
            outcomes.append(await measured(stage, requests, name, rate, seconds))
            show(outcomes[-1])
        return outcomes


def show(outcome: Outcome) -> None:
    print(f"\n{outcome.name}: {', '.join(f'{key} {value:,.0f}' for key, value in totals(outcome).items())}")
    print(*lines(outcome.rows()), sep="\n")
    for what, count in outcome.ledger.errors.most_common(12):
        print(f"  ✗ {count} × {what}")
    for stuck in outcome.stuck[:20]:
        print(f"  ✗ stuck: {stuck}")


def totals(outcome: Outcome) -> dict[str, float]:
    return {
        "offers": outcome.messages,
        "offers/s": outcome.per_s,
        **outcome.ended.per_unit(outcome.began, outcome.messages),
    }


def figures(agents: int, outcomes: Sequence[Outcome]) -> list[Figure]:
    found = []
    *paced, flat_out = outcomes
    for outcome in paced:
        row = next(row for row in outcome.rows() if row["measure"] == REQUEST)
        for percent, goal in ((50, None), (99, GOAL_P99_MS)):
            what = f"{REQUEST}, {agents:,} agents, {outcome.name}: p{percent}"
            found.append(Figure(what, row[f"p{percent} ms"], "ms", goal=goal, less_is_better=True))
    return [*found, Figure(f"offers sustained, {agents:,} agents", flat_out.per_s)]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.offers", description=QUESTION)
    parser.add_argument("--url", default="http://127.0.0.1:8080", help="a server that runs")
    parser.add_argument("--spawn", action="store_true", help="start one instead")
    parser.add_argument("--server-pid", type=int, help="whose CPU to read; none: whoever listens on the port")
    parser.add_argument("--agents", type=int, default=1_000)
    parser.add_argument(
        "--rate", type=float, action="append", help="requests a second; several times for several parts"
    )
    parser.add_argument("--seconds", type=float, default=10.0, help="of each part")
    parser.add_argument("--quick", action="store_true", help="a tenth of the agents, for two seconds")
    parser.add_argument("--profile", type=Path, help="with --spawn: where to leave the server's cProfile")
    return parser.parse_args()


async def main() -> int:
    given = arguments()
    gc.set_threshold(100_000, 50, 1_000)
    run = Run("offers", QUESTION, quick=given.quick)
    agents, seconds = (given.agents // 10, 2.0) if given.quick else (given.agents, given.seconds)
    rates = given.rate or RATES
    if given.spawn:
        async with spawned(given.profile) as server:
            outcomes = await play(server, agents, rates, seconds)
    else:
        outcomes = await play(found(given.url, given.server_pid), agents, rates, seconds)
    shown = figures(agents, outcomes)
    print("", *lines(rows_of(shown)), sep="\n")
    table = [{"part": it.name, **row} for it in outcomes for row in it.rows()]
    parts = [{"part": it.name, **totals(it), "errors": dict(it.ledger.errors)} for it in outcomes]
    run.save(shown, table, parts=parts)
    return 0 if all(outcome.good for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(uvloop.run(main()))
