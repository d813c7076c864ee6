"""How many new chats per second find an agent, and how long until it rings?

    python -m bench.chats --spawn [--at-once 32] [--seconds 10] [--quick]
    python -m bench.chats --url http://127.0.0.1:8080

A customer opens a web chat on a channel without a bot and writes the first message; the clock stops when an agent's desk
is told of the offer, and the agent accepts. As many customers at once as `--at-once` says; the next one comes when a chat
has rung. Full durability. Exit code 1 when a chat rang nowhere, rang twice, or anything was refused.

`--whole-life`: agents also end each conversation and wrap up, as in a contact centre that does nothing else.
"""

import argparse
import asyncio
import gc
import sys
from pathlib import Path

import orjson
import uvloop

from bench.dialogues.customers import OPENED
from bench.dialogues.desks import Desk, Event, Item
from bench.dialogues.ledger import now
from bench.dialogues.play import Options, Outcome, Stage, staged
from bench.dialogues.server import Server, found, spawned
from bench.figures import Figure, Run, lines, rows_of

QUESTION = "How many new chats per second find an agent, and how long until it rings?"
FLOOR_PER_S, GOAL_PER_S = 250, 1_000
RANG, WRITTEN, CLOSED = "first post → told at a desk", "first post → first message stored", "first post → wrapped up"
WARM_S, LAST_S = 1.0, 15.0
SLOTS_MAX = 100
"""How many chats an agent may have at once, where nobody ends them."""
FIRST_MESSAGE = orjson.dumps({"id": "0", "text": "Hello, where is my parcel? It was due on Monday."})


class TakingDesk(Desk):
    """Takes every chat."""

    def _see(self, item: Item) -> None:
        if item.event is not None and item.event.kind == "TaskOffered":
            super()._see(item)

    def _accept(self, event: Event) -> None:
        self._do("acceptTask", taskId=event.task_id, offerId=event.offer_id)


class BriefDesk(TakingDesk):
    """Takes every chat and ends it as soon as it is in."""

    def _see(self, item: Item) -> None:
        event = item.event
        match event.kind if event is not None else "":
            case "AgentJoined" if event is not None and event.agent_id == self.agent_id:
                self._do("endConversation", conversationId=event.conversation_id)
            case "MessagePosted" | "SessionLeft":
                return
            case _:
                Desk._see(self, item)  # noqa: SLF001 - what every desk does, not only with offers


class Chats:
    """What happens to each chat, by its conversation: when it was opened, rang and was closed."""

    def __init__(self, stage: Stage, channel: str) -> None:
        self._stage, self._channel = stage, channel
        self._book = stage.book
        self.goes_on = True
        self._rang: dict[str, asyncio.Future[float]] = {}
        self.under_way: dict[str, float] = {}

    def offered(self, conversation: str) -> None:
        rang = self._future(conversation)
        if rang.done():
            self._book.error("a chat rang twice")
        else:
            rang.set_result(now())

    def closed(self, conversation: str) -> None:
        self._book.took(CLOSED, self.under_way.pop(conversation, None))
        self._rang.pop(conversation, None)

    async def one_after_the_other(self) -> None:
        while self.goes_on:
            await self._one()

    async def _one(self) -> None:
        begun = now()
        path = f"/webchat/{self._channel}"
        status, body = await self._stage.pool.ask("POST", f"{path}/sessions", b'{"name":"Customer"}')
        if status != 201:
            self._book.error(f"a session was answered with {status}: {body[:100].decode()}")
            return
        opened = OPENED.decode(body)
        self.under_way[opened.conversation_id] = begun
        rang = self._future(opened.conversation_id)
        status, body = await self._stage.pool.ask("POST", f"{path}/messages", FIRST_MESSAGE, bearer=opened.token)
        if status != 200:
            self._book.error(f"a first message was answered with {status}: {body[:100].decode()}")
        self._book.took(WRITTEN, begun)
        at = await rang
        self._book.counts["conversations"] += 1
        self._book.progress += 1
        if self._book.measuring:
            self._book.latencies[RANG].append((at - begun) * 1e3)

    def _future(self, conversation: str) -> "asyncio.Future[float]":
        if conversation not in self._rang:
            self._rang[conversation] = asyncio.get_running_loop().create_future()
        return self._rang[conversation]


async def measured(server: Server, at_once: int, desks: int, seconds: float, *, whole_life: bool) -> Outcome:
    options = Options([], at_once * 10 if whole_life else desks * SLOTS_MAX, desks)
    async with staged(server, options, BriefDesk if whole_life else TakingDesk) as stage:
        chats = Chats(stage, stage.channel)
        stage.talks.offered, stage.talks.closed = chats.offered, chats.closed  # type: ignore[method-assign]
        stage.book.measuring = False
        coming = asyncio.gather(*(chats.one_after_the_other() for _ in range(at_once)))
        await asyncio.sleep(min(WARM_S, seconds))
        stage.book.measuring, began = True, server.cost()
        stuck = await stage.watched(asyncio.sleep(seconds))
        stage.book.measuring, ended = False, server.cost()
        count = len(stage.book.latencies[RANG])
        chats.goes_on = False
        if whole_life:
            stuck += await _last_ones(stage, chats, coming)
        else:
            await asyncio.wait_for(coming, LAST_S)
        return Outcome("chats", stage.book, began, ended, count, stuck)


async def _last_ones(stage: Stage, chats: Chats, coming: "asyncio.Future[list[None]]") -> list[str]:
    try:
        await asyncio.wait_for(coming, LAST_S)
        for _ in range(int(LAST_S * 10)):
            if not chats.under_way:
                return []
            await asyncio.sleep(0.1)
    except TimeoutError:
        pass
    return [f"{id}: opened {now() - at:.1f} s ago, and not closed" for id, at in chats.under_way.items()]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.chats", description=QUESTION)
    parser.add_argument("--url", default="http://127.0.0.1:8080", help="a server that runs")
    parser.add_argument("--spawn", action="store_true", help="start one instead")
    parser.add_argument("--server-pid", type=int, help="whose CPU to read; none: whoever listens on the port")
    parser.add_argument(
        "--at-once", type=int, action="append", help="customers at once; several times for several runs"
    )
    parser.add_argument("--whole-life", action="store_true", help="agents also end each chat and wrap up")
    parser.add_argument("--desks", type=int, default=80)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--profile", type=Path, help="with --spawn: where to leave the server's cProfile")
    return parser.parse_args()


async def main() -> int:
    given = arguments()
    gc.set_threshold(100_000, 50, 1_000)
    run = Run("chats", QUESTION, quick=given.quick)
    seconds = 2.0 if given.quick else given.seconds
    outcomes: dict[int, Outcome] = {}

    async def play(server: Server) -> None:
        for at_once in given.at_once or [1, 8, 64]:
            outcomes[at_once] = await measured(server, at_once, given.desks, seconds, whole_life=given.whole_life)
            show(at_once, outcomes[at_once])

    if given.spawn:
        async with spawned(given.profile) as server:
            await play(server)
    else:
        await play(found(given.url, given.server_pid))
    best = max(outcomes.values(), key=lambda it: it.per_s)
    figures = [Figure("new chats told to an agent", best.per_s, floor=FLOOR_PER_S, goal=GOAL_PER_S)]
    print("", *lines(rows_of(figures)), sep="\n")
    table = [{"at once": n, **row} for n, it in outcomes.items() for row in it.rows()]
    parts = [{"at once": n, **totals(it), "errors": dict(it.ledger.errors)} for n, it in outcomes.items()]
    run.save(figures, table, parts=parts)
    return 0 if all(outcome.good for outcome in outcomes.values()) else 1


def totals(outcome: Outcome) -> dict[str, float]:
    return {
        "chats": outcome.messages,
        "chats/s": outcome.per_s,
        **outcome.ended.per_unit(outcome.began, outcome.messages),
    }


def show(at_once: int, outcome: Outcome) -> None:
    print(f"\n{at_once} at once: {', '.join(f'{key} {value:,.0f}' for key, value in totals(outcome).items())}")
    print(*lines(outcome.rows()), sep="\n")
    for what, count in outcome.ledger.errors.most_common(12):
        print(f"  ✗ {count} × {what}")
    for stuck in outcome.stuck[:20]:
        print(f"  ✗ stuck: {stuck}")


if __name__ == "__main__":
    sys.exit(uvloop.run(main()))
