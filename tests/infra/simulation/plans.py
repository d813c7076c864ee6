"""Small plans, and routers that look on while the engine works."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from math import inf
from typing import Any

from domain.agents.agent import Agent
from domain.agents.facts import (
    LoggedIn,
    LoggedOut,
    MadeNotReady,
    MadeReady,
    SlotFilled,
    SlotReleased,
    SlotReserved,
    SlotWrappingUp,
)
from domain.configuration import settings as s
from domain.ids import AgentId, AttributeId, MrdId, QueueId
from domain.kernel import Recorded
from domain.routing.engine import Engine
from domain.tasks.facts import (
    StepReached,
    TaskAccepted,
    TaskClosed,
    TaskCloseReason,
    TaskQueued,
    TaskReserved,
    WrapUpStarted,
)
from domain.tasks.task import Task
from infra.simulation.plan import AgentPlan, Call, Plan, QueuePlan, Span

VOICE = MrdId("voice")
DAY_S = 3600.0


def skilled(**levels: int) -> s.Step:
    terms = tuple(s.Term(AttributeId(name), s.RelationalOperator.GE, level) for name, level in levels.items())
    return s.Step((s.Expression(terms),), timeout_s=30)


def queue(calls: Iterable[Call], name: str = "phone", *steps: s.Step, ttl_s: float = inf, **more: Any) -> QueuePlan:
    return QueuePlan(QueueId(name), s.Queue(name, VOICE, steps or (s.Step(),), **more), calls, ttl_s)


def agent(name: str, *present: Span, tasks_max: int = 1, **skills: int) -> AgentPlan:
    levels = {AttributeId(name): level for name, level in skills.items()}
    return AgentPlan(AgentId(name), {VOICE: tasks_max}, present or [(0.0, inf)], levels)


def plan(queues: Sequence[QueuePlan], agents: Sequence[AgentPlan], *, holds_slot: bool = True, **more: Any) -> Plan:
    attributes = {name: s.AttributeType.PROFICIENCY_LEVEL for it in agents for name in it.attributes}
    media = {VOICE: s.MediaRoutingDomain("voice", wrap_up_holds_slot=holds_slot)}
    return Plan(media, attributes, queues, agents, more.pop("horizon_s", DAY_S), more.pop("interval_s", 900.0), **more)


class Watched(Engine):
    """The engine, and somebody who looks at every fact before it does."""

    def __init__(self, look: Callable[[Recorded[Any]], None]) -> None:
        super().__init__()
        self._look = look

    def feed(self, recorded: Recorded[Any]) -> None:
        self._look(recorded)
        super().feed(recorded)


class Auditor:
    """Would the agents' and tasks' own models have decided what the world tells?"""

    def __init__(self) -> None:
        self.agents: dict[str, Agent] = {}
        self.tasks: dict[str, Task] = {}
        self.heard: list[str] = []
        self.last: datetime | None = None

    def __call__(self, recorded: Recorded[Any]) -> None:
        assert self.last is None or recorded.at >= self.last, "time runs backwards"
        self.last = recorded.at
        self.heard.append(type(recorded.fact).__name__)
        if recorded.category == "agent":
            agent = self.agents.get(recorded.subject, Agent())
            assert recorded.fact in self._agent_would(agent, recorded.fact)
            self.agents[recorded.subject] = agent.evolve(recorded.fact)
        if recorded.category == "task":
            task = self.tasks.get(recorded.subject, Task())
            assert recorded.fact in self._task_would(task, recorded.fact, recorded.at)
            self.tasks[recorded.subject] = task.evolve(recorded.fact)

    def _agent_would(self, agent: Agent, fact: Any) -> Sequence[Any]:
        match fact:
            case SlotReserved():
                return [*agent.reserve(fact.mrd_id, fact.task_id, fact.offer_id, fact.step, fact.decision)]
            case SlotFilled():
                return [*agent.fill(fact.task_id, fact.conversation_id)]
            case SlotReleased():
                return [*agent.release(fact.task_id, fact.reason)]
            case SlotWrappingUp():
                return [*agent.wrap_up(fact.task_id, holds_slot=True)]
            case LoggedIn():
                return [*agent.log_in()]
            case LoggedOut():
                return [*agent.log_out(fact.reason)]
            case MadeNotReady():
                return [*agent.make_not_ready(fact.reason)]
            case MadeReady():
                return [*agent.make_ready()]
            case _:
                return [fact]

    def _task_would(self, task: Task, fact: Any, at: datetime) -> Sequence[Any]:
        match fact:
            case TaskReserved():
                return [*task.reserve(fact.offer_id, fact.agent_id, fact.due, fact.step, fact.queue_id)]
            case TaskAccepted():
                return [*task.accept(fact.agent_id, fact.offer_id)]
            case TaskClosed(reason=TaskCloseReason.CANCELLED):
                return [*task.cancel()]
            case TaskClosed(reason=TaskCloseReason.NO_AGENT_AVAILABLE):
                return [*task.expire(at + timedelta(milliseconds=1))]
            case TaskClosed(reason=TaskCloseReason.DONE):
                return [*task.begin_wrap_up(at, None)]
            case TaskClosed():
                return [*task.finish_wrap_up(fact.agent_id)]
            case WrapUpStarted():
                return [*task.begin_wrap_up(at, 0)]
            case StepReached(step=step):
                return [*task.widen(StepReached(step))]
            case _:
                return [fact]


class QueueLength:
    """Customers in line times the seconds that they stand there, from the facts alone."""

    def __init__(self) -> None:
        self.waiting: set[str] = set()
        self.area_s = 0.0
        self._last: datetime | None = None

    def __call__(self, recorded: Recorded[Any]) -> None:
        if self._last is not None:
            self.area_s += len(self.waiting) * (recorded.at - self._last).total_seconds()
        self._last = recorded.at
        if isinstance(recorded.fact, TaskQueued):
            self.waiting.add(recorded.subject)
        elif isinstance(recorded.fact, TaskAccepted | TaskClosed):
            self.waiting.discard(recorded.subject)
