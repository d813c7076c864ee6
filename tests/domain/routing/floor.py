"""A floor of agents and the requests that wait for them: the models decide what may happen, the engine hears of it."""

from collections.abc import Callable, Iterable
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from domain.agents.agent import Agent
from domain.configuration import settings as s
from domain.configuration.entity import ENTITY_OF
from domain.ids import AgentId, AttributeId, ConversationId, CustomerId, MrdId, QueueId, SessionId, TaskId
from domain.kernel import Cause, Decision, Fact, Position, Recorded, Refused
from domain.routing.engine import Diverting, Engine, Move, Offer
from domain.tasks.facts import Routing, StepReached, TaskCloseReason
from domain.tasks.task import REROUTE_PRIORITY, UNWANTED, Task

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
CHAT, EMAIL = MrdId("chat"), MrdId("email")
SPANISH, SENIOR = AttributeId("spanish"), AttributeId("senior")
SALES = QueueId("sales")
KEPT = {it.name for it in fields(Routing)} - {"queue_id", "mrd_id", "expires_at", "attempt"}
"""What a request keeps under its next task."""


def knows(attribute: AttributeId, value: int, timeout_s: int = 30) -> s.Step:
    term = s.Term(attribute, s.RelationalOperator.GE, value)
    return s.Step((s.Expression((term,)),), timeout_s)


ANYBODY = s.Step()


class Floor:
    def __init__(self, engine: Engine | None = None) -> None:
        self.engine = engine or Engine()
        self.now = NOON
        self.history: list[Recorded[Any]] = []
        self.agents: dict[AgentId, Agent] = {}
        self.tasks: dict[TaskId, Task] = {}
        self.interruptible: set[MrdId] = set()

    # What happens

    def tell(self, stream: str, fact: Fact) -> None:
        recorded = Recorded(Position(len(self.history) + 1), stream, 0, self.now, Cause(UUID(int=1)), fact)
        self.history.append(recorded)
        self.engine.feed(recorded)

    def configure(self, id: str, settings: s.Settings) -> None:
        entity, fact = ENTITY_OF[type(settings)]
        self.tell(f"{entity.category}-{id}", fact(settings))

    def queue(self, id: str = "sales", mrd: MrdId = CHAT, *steps: s.Step, **more: Any) -> None:
        self.configure(id, s.Queue(id, mrd, steps=steps or (ANYBODY,), **more))

    def agent(self, id: str, decide: Callable[[Agent], Decision]) -> None:
        for fact in tuple(decide(self.agents.get(AgentId(id), Agent()))):
            self.agents[AgentId(id)] = self.agents.get(AgentId(id), Agent()).evolve(fact)
            self.tell(f"agent-{id}", fact)
        self._pass(0.001)

    def staff(self, *ids: str, tasks_max: int = 1, mrds: Iterable[MrdId] = (CHAT,), **skills: int) -> None:
        """Agents who become ready one after the other."""
        for id in ids:
            self.agent(id, partial(Agent.register, username=id, name=id))
            for name, value in skills.items():
                self.agent(id, partial(Agent.assign_attribute, attribute=AttributeId(name), value=value))
            for mrd in mrds:
                self.agent(id, partial(Agent.grant_mrd, mrd=mrd, tasks_max=tasks_max))
            self.agent(id, lambda agent: agent.log_in())
            self.agent(id, lambda agent: agent.make_ready())

    def task(self, id: str, decide: Callable[[Task], Decision]) -> None:
        for fact in tuple(decide(self.tasks.get(TaskId(id), Task()))):
            self.tasks[TaskId(id)] = self.tasks.get(TaskId(id), Task()).evolve(fact)
            self.tell(f"task-{id}", fact)
        self._pass(0.001)

    def ask(self, id: str, queue: str = "sales", mrd: MrdId = CHAT, conversation: str = "", **routing: Any) -> None:
        """A request gets in line."""
        at = routing.pop("first_enqueued_at", self.now)
        root = routing.pop("root_request_id", TaskId(id))
        wanted = Routing(root, QueueId(queue), mrd, at, None, **routing)
        self.task(
            id,
            lambda task: task.enqueue(
                ConversationId(conversation or f"talk about {id}"), CustomerId("c"), SessionId("s"), wanted
            ),
        )

    def accept(self, id: str) -> None:
        task = self.tasks[TaskId(id)]
        agent = task.offer.agent_id
        self.task(id, lambda task: task.accept(agent))
        self.agent(agent, lambda it: it.fill(TaskId(id), task.created.conversation_id))

    def let_it_ring(self, id: str) -> str:
        """Nobody picks up: the agent rests, the request goes on as another task; returns which (routing 24)."""
        self.miss(id)
        return self.ask_again(id)

    def miss(self, id: str) -> None:
        agent = self.tasks[TaskId(id)].offer.agent_id
        self.task(id, lambda task: task.expire_offer(task.offer.offer_id, self.now))
        self.agent(agent, lambda it: it.miss(TaskId(id)))

    def withdraw(self, id: str) -> str:
        """Taken back from whoever it rings at, without blame; returns the task under which it goes on (routing 37)."""
        agent = self.tasks[TaskId(id)].offer.agent_id
        self.task(id, lambda task: task.withdraw(self.now))
        self.agent(agent, lambda it: it.release(TaskId(id), "REROUTE"))
        return self.ask_again(id)

    def ask_again(self, id: str) -> str:
        task = self.tasks[TaskId(id)]
        agent, routing = task.offer.agent_id, task.routing
        self.ask(
            f"{id}'",
            routing.queue_id,
            routing.mrd_id,
            task.created.conversation_id,
            priority=REROUTE_PRIORITY,
            attempt=routing.attempt + 1,
            **{name: getattr(routing, name) for name in KEPT - {"excluded", "priority"}},
            excluded=routing.excluded | ({agent} if task.closed in UNWANTED else set()),
        )
        return f"{id}'"

    def cancel(self, id: str) -> None:
        held = self.tasks[TaskId(id)].offer
        self.task(id, lambda task: task.cancel())
        if held is not None:
            self.agent(held.agent_id, lambda it: it.release(TaskId(id), "CANCELLED"))

    def finish(self, id: str) -> None:
        agent = self.tasks[TaskId(id)].agent_id
        self.task(id, lambda task: task.take_away(TaskCloseReason.DONE))
        self.agent(agent, lambda it: it.release(TaskId(id), "DONE"))

    # What follows

    def decide(self) -> list[Move]:
        return self.engine.decide(self.now)

    def carry_out(self, move: Move) -> bool:
        """As the shell and the policies do; whether it was not refused."""
        if isinstance(move, Diverting):
            return self.divert(move)
        if not isinstance(move, Offer):
            self.task(
                move.task_id,
                lambda task: task.widen(
                    StepReached(move.step, move.reason, move.queue_id, move.condition, move.measured)
                ),
            )
            return True
        try:
            self.agent(
                move.agent_id,
                lambda it: it.reserve(
                    move.mrd_id,
                    move.task_id,
                    move.offer_id,
                    move.step,
                    move.decision,
                    **self.interruption(it, move.mrd_id),
                ),
            )
        except Refused:
            self.engine.forget(move)
            return False
        self.ring(move)
        return True

    def divert(self, move: Diverting) -> bool:
        """As it is done in the office: under a new task, where it goes to another queue."""
        self.task(move.task_id, lambda task: task.divert(move.rule, move.diversion, move.measured, move.queue_id))
        task = self.tasks[move.task_id]
        if task.moves_to is not None:
            routing = task.routing.moved(task.moves_to, self.now)
            more = {name: getattr(routing, name) for name in KEPT}
            self.ask(f"{move.task_id}+", task.moves_to, routing.mrd_id, task.created.conversation_id, **more)
        return True

    def interruption(self, agent: Agent, mrd: MrdId) -> dict[str, Any]:
        gives_way = {other: s.InterruptionAction.HOLD for other in agent.mrds if other in self.interruptible - {mrd}}
        return {"interruptible": mrd in self.interruptible, "interrupts": gives_way}

    def ring(self, offer: Offer) -> None:
        due = self.now + timedelta(seconds=20)
        try:
            self.task(
                offer.task_id,
                lambda it: it.reserve(offer.offer_id, offer.agent_id, due, offer.step, offer.decision.queue_id),
            )
        except Refused:
            self.agent(offer.agent_id, lambda it: it.release(offer.task_id, "gone"))

    def settle(self) -> dict[str, str]:
        """Decide and carry out until nothing follows; returns which request was offered to whom."""
        offers: dict[str, str] = {}
        while moves := self.decide():
            for move in moves:
                if self.carry_out(move) and isinstance(move, Offer):
                    offers[move.task_id] = move.agent_id
        return offers

    def wait(self, seconds: float) -> dict[str, str]:
        self._pass(seconds)
        return self.settle()

    def _pass(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def a_floor(*steps: s.Step, **queue: object) -> Floor:
    """One queue, and nobody there yet."""
    floor = Floor()
    floor.queue("sales", CHAT, *steps, **queue)
    return floor
