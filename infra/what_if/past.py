"""What happened in a stretch of time? Who asked for an agent and what became of it, and who was there: from the log alone.

reading = Reading(begins, ends)
for recorded in history:          # the whole log: what was configured, and how it ended, stands outside the stretch
    reading.feed(recorded)
past = reading.past()
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from math import inf
from typing import Any

from domain.agents.agent import Agent
from domain.agents.facts import AttributeAssigned, AttributeWithdrawn, MrdGranted
from domain.configuration.catalog import FIELD_OF, Catalog
from domain.configuration.entity import CATEGORIES, ENTITY_OF
from domain.ids import AgentId, MrdId, QueueId, TaskId
from domain.kernel import Recorded
from domain.tasks.facts import (
    TaskAccepted,
    TaskClosed,
    TaskCloseReason,
    TaskCreated,
    TaskDirection,
    TaskQueued,
    TaskReserved,
    WrapUpStarted,
)
from domain.tasks.task import GOES_ON, UNWANTED
from infra.simulation.plan import Span


class CannotReplay(Exception):
    """There is nothing to be replayed, and the text says why."""


class WindowReversed(CannotReplay):
    pass


class NothingHappened(CannotReplay):
    pass


class NobodyAnswered(CannotReplay):
    """Without a single talk nobody knows how long one takes."""


SKILLS = (AttributeAssigned, AttributeWithdrawn, MrdGranted)


class End(StrEnum):
    ANSWERED = "ANSWERED"
    GAVE_UP = "GAVE_UP"
    NOBODY_FREE = "NOBODY_FREE"
    ENDED_BY_OTHERS = "ENDED_BY_OTHERS"
    WAITING = "WAITING"


@dataclass(slots=True)
class Request:
    """One request for an agent. `ended_at`: when it was answered or went; `over_at`: when its talk and wrap-up were over."""

    id: TaskId
    queue_id: QueueId
    mrd_id: MrdId
    asked_at: datetime
    priority: int
    end: End = End.WAITING
    ended_at: datetime | None = None
    alert_s: float = 0.0
    handle_s: float | None = None
    wrap_up_s: float = 0.0
    over_at: datetime | None = None
    missed: int = 0

    def wait_s(self, now: datetime) -> float:
        return ((self.ended_at or now) - self.asked_at).total_seconds()


@dataclass(frozen=True, slots=True)
class Person:
    """An agent as they were configured, and when they took offers: moments in seconds since the epoch."""

    agent: Agent
    present: Sequence[Span]


@dataclass(frozen=True, slots=True)
class Past:
    """`requests`: those of the stretch, and before it those who came since `warm_from`, while some of them were still there.
    `changes`: how often something was configured otherwise in the stretch. `head`: the newest moment in the log.
    """

    begins: datetime
    ends: datetime
    head: datetime
    warm_from: datetime
    requests: Sequence[Request]
    people: Mapping[AgentId, Person]
    catalog: Catalog
    changes: int
    directions: Counter[TaskDirection]

    @property
    def of_stretch(self) -> Sequence[Request]:
        return [it for it in self.requests if self.begins <= it.asked_at]


@dataclass(slots=True)
class _Standing:
    """What an agent was, and since when they take offers."""

    agent: Agent = field(default_factory=Agent)
    since: float | None = None
    spans: list[Span] = field(default_factory=list)


class Reading:
    """Raises `WindowReversed` for a stretch that ends before it begins."""

    def __init__(self, begins: datetime, ends: datetime) -> None:
        if ends <= begins:
            raise WindowReversed(f"--from {begins.isoformat()} is not before --to {ends.isoformat()}.")
        self._begins, self._ends, self._head = begins, ends, begins
        self._catalog, self._then = Catalog(), Catalog()
        self._frozen: dict[AgentId, Agent] | None = None
        self._changes = 0
        self._standing: dict[AgentId, _Standing] = {}
        self._requests: dict[TaskId, Request] = {}
        self._task: dict[str, Request] = {}
        self._reserved: dict[str, datetime] = {}
        self._accepted: dict[str, datetime] = {}
        self._wrapping: dict[str, datetime] = {}
        self._direction: dict[str, TaskDirection] = {}
        self._directions: Counter[TaskDirection] = Counter()

    def feed(self, recorded: Recorded[Any]) -> None:
        self._head = max(self._head, recorded.at)
        if recorded.category == "task":
            self._tell(recorded.subject, recorded.fact, recorded.at)
        elif recorded.at < self._ends and recorded.category in CATEGORIES:
            self._catalog = self._catalog.evolve(recorded)
            self._changes += recorded.subject in getattr(self._then, FIELD_OF[recorded.category])
        if recorded.category == "agent":
            self._lives(AgentId(recorded.subject), recorded)

    def past(self) -> Past:
        """Raises `NothingHappened`, `NobodyAnswered`."""
        came = [it for it in self._requests.values() if it.asked_at < self._ends]
        if not any(self._begins <= it.asked_at for it in came):
            raise NothingHappened(
                f"Nobody asked for an agent between {self._begins.isoformat()} and {self._ends.isoformat()}."
            )
        if not any(it.end is End.ANSWERED for it in came):
            raise NobodyAnswered("Nobody was answered in this time, so nobody knows how long a talk would have taken.")
        there = [it.asked_at for it in came if it.asked_at < self._begins and self._was_there(it)]
        warm_from = min(there, default=self._begins)
        return Past(
            self._begins,
            self._ends,
            self._head,
            warm_from,
            sorted((it for it in came if warm_from <= it.asked_at), key=lambda it: (it.asked_at, it.id)),
            {id_: self._person(id_, it) for id_, it in sorted(self._standing.items())},
            _with_newcomers(self._then, self._catalog),
            self._changes,
            self._directions,
        )

    def _was_there(self, it: Request) -> bool:
        """Did it wait, or was it talked about, when the stretch began?"""
        return (it.over_at or self._head) > self._begins

    def _person(self, id_: AgentId, standing: _Standing) -> Person:
        open_ = [(standing.since, inf)] if standing.since is not None else []
        return Person((self._frozen or {}).get(id_, standing.agent), [*standing.spans, *open_])

    # Agents

    def _lives(self, id_: AgentId, recorded: Recorded[Any]) -> None:
        if isinstance(recorded.fact, SKILLS) and id_ in (self._frozen or ()) and recorded.at < self._ends:
            self._changes += 1
        standing = self._standing.setdefault(id_, _Standing())
        agent = standing.agent = standing.agent.evolve(recorded.fact)
        willing = agent.takes_offers and any(mrd.willing and mrd.tasks_max for mrd in agent.mrds.values())
        at = recorded.at.timestamp()
        if willing and standing.since is None:
            standing.since = at
        elif not willing and standing.since is not None:
            standing.spans.append((standing.since, at))
            standing.since = None

    # Tasks

    def _tell(self, task_id: str, fact: Any, at: datetime) -> None:
        match fact:
            case TaskCreated():
                self._direction[task_id] = fact.direction
            case TaskQueued():
                self._enters(task_id, fact, at)
            case TaskReserved():
                self._reserved[task_id] = at
            case TaskAccepted() if (it := self._task.get(task_id)) is not None and it.end is End.WAITING:
                it.end, it.ended_at = End.ANSWERED, at
                it.alert_s = (at - self._reserved.get(task_id, at)).total_seconds()
                self._accepted[task_id] = at
            case WrapUpStarted() if task_id in self._accepted:
                self._wrapping[task_id] = at
            case TaskClosed():
                self._closes(task_id, fact, at)
            case _:
                return

    def _enters(self, task_id: str, fact: TaskQueued, at: datetime) -> None:
        routing, direction = fact.routing, self._direction.pop(task_id, TaskDirection.INBOUND)
        known = self._requests.get(routing.root_request_id)
        if known is not None and known.end is End.WAITING:
            self._task[task_id] = known  # it rang in vain, and waits on
            return
        if self._frozen is None and at >= self._begins:
            self._then = self._catalog
            self._frozen = {id_: it.agent for id_, it in self._standing.items()}
        is_first = known is None and routing.attempt == 1
        id_ = routing.root_request_id if is_first else TaskId(task_id)
        asked_at = routing.first_enqueued_at if is_first else at  # who was answered before asks anew
        self._requests[id_] = self._task[task_id] = Request(
            id_, routing.queue_id, routing.mrd_id, asked_at, routing.priority
        )
        if self._begins <= asked_at < self._ends:
            self._directions[direction] += 1

    def _closes(self, task_id: str, fact: TaskClosed, at: datetime) -> None:
        it = self._task.pop(task_id, None)
        self._reserved.pop(task_id, None)
        began, wrapping = self._accepted.pop(task_id, None), self._wrapping.pop(task_id, None)
        if it is None:
            return
        if began is not None:
            it.handle_s = ((wrapping or at) - began).total_seconds()
            it.wrap_up_s = (at - wrapping).total_seconds() if wrapping else 0.0
            it.over_at = at
        elif fact.reason in GOES_ON:
            it.missed += fact.reason in UNWANTED
        elif it.end is End.WAITING:
            ends = {TaskCloseReason.CANCELLED: End.GAVE_UP, TaskCloseReason.NO_AGENT_AVAILABLE: End.NOBODY_FREE}
            it.end, it.ended_at, it.over_at = ends.get(fact.reason, End.ENDED_BY_OTHERS), at, at
        if it.over_at is not None and it.over_at < self._begins:
            del self._requests[it.id]  # years may lie before the stretch


def _with_newcomers(then: Catalog, later: Catalog) -> Catalog:
    """The configuration as it was, and what came into being afterwards."""
    fields = [FIELD_OF[entity.category] for entity, _ in ENTITY_OF.values()]
    return Catalog(then.version, **{name: {**getattr(later, name), **getattr(then, name)} for name in fields})
