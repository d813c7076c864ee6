"""The routing engine's shell: facts go into the pure engine, its moves come out as commands.

Several engines may run: capacity is decided by the agent's own stream, and a refused move is thought over again.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from commands.agents import ReserveSlot
from commands.bus import Command, Commands
from commands.diversions import DivertTask, FlushTask
from commands.ports import Conflict, Unavailable
from commands.queues import RetireDrained
from commands.tasks import WidenTask
from domain.agents.agent import Agent
from domain.ids import AgentId, QueueId, TaskId
from domain.kernel import NAMESPACE, Recorded, Refused, uuid5
from domain.routing.conditions import Expected, nobody_knows
from domain.routing.decisions import Grounds
from domain.routing.engine import Diverting, Engine, Move, Offer, State, Widening
from domain.routing.moves import Emptied, Flushing

THINK_AGAIN_S = 0.02
"""Before a refused offer is thought over: what the agent's stream knew is then in the engine too."""
AFTER_A_BUG_S = 1.0
"""Before a move is thought over that failed as none may: it will most likely fail again."""

log = logging.getLogger(__name__)


class Router:
    """A fold of the log (`infra/folds.py`) that acts: feed it each batch, and let `run` follow."""

    name = "routing"
    shape = 5

    def __init__(self, commands: Commands, expected: Expected = nobody_knows) -> None:
        self._commands, self._expected = commands, expected
        self._engine = Engine(None, expected)
        self._fed = asyncio.Event()
        self._moves: dict[asyncio.Task[None], Move] = {}

    @property
    def agents(self) -> Mapping[AgentId, Agent]:
        """Everybody who was ever registered, with what they are good at."""
        return self._engine.state.agents

    def waiting(self, queue_id: QueueId) -> int:
        """How many requests wait or ring in a queue, be it their first or a further one (routing 11, 63)."""
        return sum(it.routing.waits_in(queue_id) for it in self._engine.state.requests.values())

    def why_waiting(self, task_id: TaskId) -> list[Grounds]:
        """Who could have a request now, and why nobody else, in each of its queues, as this process knows it."""
        return self._engine.why_waiting(task_id)

    def feed(self, recorded: Recorded[Any]) -> None:
        self._engine.feed(recorded)
        self._fed.set()

    def dump(self) -> bytes:
        return msgspec.json.encode(self._engine.state)

    def restore(self, state: bytes) -> None:
        self._engine = Engine(msgspec.json.decode(state, type=State), self._expected)

    async def run(self) -> None:
        """Decide whenever something happened or a step is due. Ends when cancelled."""
        try:
            while True:
                self._fed.clear()
                self._carry_out(self._engine.decide(self._commands.clock()))
                await self._something_to_decide()
        finally:
            for task, move in self._moves.items():
                task.cancel()
                self._engine.forget(move)

    async def _something_to_decide(self) -> None:
        due = self._engine.next_due()
        wait_s = None if due is None else max(0.0, (due - self._commands.clock()).total_seconds())
        try:
            async with asyncio.timeout(wait_s):
                await self._fed.wait()
        except TimeoutError:
            return

    def _carry_out(self, moves: Sequence[Move]) -> None:
        """Commands are made at once: why somebody was chosen is told from what the engine knows now."""
        for move in moves:
            task = asyncio.create_task(self._do(move, _command(move)))
            self._moves[task] = move
            task.add_done_callback(self._moves.pop)

    async def _do(self, move: Move, command: Command) -> None:
        """Whatever goes wrong, the request goes on: a move that is neither a fact nor forgotten would wait for ever."""
        try:
            await self._commands.send(command, _command_id(move), "engine")
        except (Refused, Conflict, Unavailable):
            await asyncio.sleep(THINK_AGAIN_S)
        except Exception:
            log.exception("a move failed, and is thought over: %r", move)
            await asyncio.sleep(AFTER_A_BUG_S)
        else:
            return
        self._engine.forget(move)
        self._fed.set()


def _command(move: Move) -> Command:
    match move:
        case Offer():
            return ReserveSlot(move.agent_id, move.mrd_id, move.task_id, move.offer_id, move.step, move.decision)
        case Widening():
            return WidenTask(move.task_id, move.step, move.reason, move.queue_id, move.condition, move.measured)
        case Diverting():
            return DivertTask(move.task_id, move.rule, move.diversion, move.measured, move.queue_id)
        case Flushing():
            return FlushTask(move.task_id, move.queue_id, move.words)
        case Emptied():
            return RetireDrained(move.queue_id)


def _command_id(move: Move) -> UUID:
    """The same from every engine and at every try: two may give other reasons for one offer, and it is made once."""
    match move:
        case Offer():
            return uuid5(NAMESPACE, f"reserve {move.offer_id}")
        case Widening():
            return uuid5(NAMESPACE, f"widen {move.task_id} {move.step} {move.queue_id or ''}")
        case Diverting():
            return uuid5(NAMESPACE, f"divert {move.task_id} {move.rule}")
        case Flushing():
            return uuid5(NAMESPACE, f"flush {move.task_id} {move.queue_id}")
        case Emptied():
            return uuid5(NAMESPACE, f"emptied {move.queue_id} {move.configuration}")
