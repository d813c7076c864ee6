"""Who asked for an agent, what became of it, and how long each part of it took? From the facts of tasks alone."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from domain.configuration.diversions import DiversionAction
from domain.ids import AgentId, ConversationId, QueueId, TaskId
from domain.kernel import replace
from domain.tasks.facts import (
    Routing,
    StepReached,
    TaskAccepted,
    TaskClosed,
    TaskCloseReason,
    TaskCreated,
    TaskDirection,
    TaskDiverted,
    TaskQueued,
    TaskReserved,
    WrapUpStarted,
)
from domain.tasks.task import GOES_ON, UNWANTED


class End(StrEnum):
    """SENT_AWAY: its queue did not let it wait on, and no other took it (routing 57, 58)."""

    ANSWERED = "ANSWERED"
    GAVE_UP = "GAVE_UP"
    NOBODY_FREE = "NOBODY_FREE"
    SENT_AWAY = "SENT_AWAY"
    ENDED_BY_OTHERS = "ENDED_BY_OTHERS"
    WAITING = "WAITING"


ENDS = {TaskCloseReason.CANCELLED: End.GAVE_UP, TaskCloseReason.NO_AGENT_AVAILABLE: End.NOBODY_FREE}


@dataclass(slots=True)
class Request:
    """One request for an agent. `ended_at`: when it was answered or went; `over_at`: when its talk and wrap-up were over.
    `queue_id`: where that was; `passed`: the queues before, that sent it on. `routing`: as it came, or as it stood when the
    stretch began. `rings_at`: at whom it rang then. `alert_s`: how long it rang at whoever answered, or until it ended by
    itself, since then at the earliest.
    """

    id: TaskId
    queue_id: QueueId
    asked_at: datetime
    routing: Routing
    conversation_id: ConversationId
    end: End = End.WAITING
    ended_at: datetime | None = None
    alert_s: float = 0.0
    handle_s: float | None = None
    wrap_up_s: float = 0.0
    over_at: datetime | None = None
    missed: int = 0
    passed: list[QueueId] = field(default_factory=list)
    rings_at: AgentId | None = None

    def wait_s(self, now: datetime) -> float:
        return ((self.ended_at or now) - self.asked_at).total_seconds()

    @property
    def first_queue_id(self) -> QueueId:
        return self.passed[0] if self.passed else self.queue_id


@dataclass(slots=True)
class _Task:
    """What is known of a task that is not over: for which request it is, and when each part of it began."""

    request: Request | None = None
    reserved_at: datetime | None = None
    offered_to: AgentId | None = None
    accepted_at: datetime | None = None
    accepted: TaskAccepted | None = None
    wrapping_at: datetime | None = None
    sent_away: bool = False


class Requests:
    """`all`: by the id of their first task, without those that were over before the stretch. `of_task`: whose each task is.
    `talks`: who is in a conversation by a task that is not over.
    """

    def __init__(self, begins: datetime, ends: datetime) -> None:
        self._begins, self._ends = begins, ends
        self.all: dict[TaskId, Request] = {}
        self.of_task: dict[str, Request] = {}
        self.directions: Counter[TaskDirection] = Counter()
        self._tasks: dict[str, _Task] = {}
        self._created: dict[str, TaskCreated] = {}

    @property
    def talks(self) -> Mapping[str, TaskAccepted]:
        return {task_id: it.accepted for task_id, it in self._tasks.items() if it.accepted is not None}

    def feed(self, task_id: str, fact: Any, at: datetime) -> None:
        match fact:
            case TaskCreated():
                self._created[task_id] = fact
            case TaskQueued():
                self._enters(task_id, fact, at)
            case TaskDiverted():
                task = self._of(task_id)
                task.sent_away = fact.queue_id is None and fact.action is not DiversionAction.MESSAGE
                if task.request is not None and at < self._begins:
                    was = task.request.routing
                    task.request.routing = replace(was, diverted=was.diverted | {fact.rule})
            case TaskReserved():
                self._of(task_id).reserved_at, self._of(task_id).offered_to = at, fact.agent_id
            case StepReached() if at < self._begins:
                self._widens(self._of(task_id).request, fact)
            case TaskAccepted():
                self._accepts(task_id, fact, at)
            case WrapUpStarted():
                self._of(task_id).wrapping_at = at
            case TaskClosed():
                self._closes(task_id, fact, at)
            case _:
                return

    def open(self) -> None:
        """The stretch begins."""
        for it in self._tasks.values():
            if it.request is not None and it.request.end is End.WAITING and it.reserved_at is not None:
                it.request.rings_at, it.reserved_at = it.offered_to, self._begins

    def _widens(self, it: Request | None, fact: StepReached) -> None:
        if it is None:
            return
        if fact.queue_id is None:
            it.routing = replace(it.routing, step=fact.step)
        else:
            it.routing = replace(it.routing, steps={**it.routing.steps, fact.queue_id: fact.step})

    def _of(self, task_id: str) -> _Task:
        return self._tasks.setdefault(task_id, _Task())

    def _enters(self, task_id: str, fact: TaskQueued, at: datetime) -> None:
        routing, created = fact.routing, self._created.pop(task_id, None)
        it = self._of(task_id)
        known = self.all.get(routing.root_request_id)
        if known is not None and known.end is End.WAITING:  # it rang in vain, or was sent on, and waits on
            if at < self._begins:
                known.routing, known.queue_id = routing, routing.queue_id
            elif routing.queue_id != known.queue_id:
                known.passed.append(known.queue_id)
                known.queue_id = routing.queue_id
            it.request = self.of_task[task_id] = known
            return
        is_first = known is None and routing.attempt == 1
        id_ = routing.root_request_id if is_first else TaskId(task_id)
        asked_at = routing.first_enqueued_at if is_first else at  # who was answered before asks anew
        conversation_id = created.conversation_id if created else ConversationId(task_id)
        request = Request(id_, routing.queue_id, asked_at, routing, conversation_id)
        self.all[id_] = self.of_task[task_id] = it.request = request
        if self._begins <= asked_at < self._ends:
            self.directions[created.direction if created else TaskDirection.INBOUND] += 1

    def _accepts(self, task_id: str, fact: TaskAccepted, at: datetime) -> None:
        self._created.pop(task_id, None)
        task = self._of(task_id)
        task.accepted, task.accepted_at = fact, at
        it = task.request
        if it is not None and it.end is End.WAITING:
            it.end, it.ended_at = End.ANSWERED, at
            it.alert_s = (at - (task.reserved_at or at)).total_seconds()

    def _closes(self, task_id: str, fact: TaskClosed, at: datetime) -> None:
        task = self._tasks.pop(task_id, _Task())
        self._created.pop(task_id, None)
        it = task.request
        if it is None:
            return
        if task.accepted_at is not None:
            it.handle_s = ((task.wrapping_at or at) - task.accepted_at).total_seconds()
            it.wrap_up_s = (at - task.wrapping_at).total_seconds() if task.wrapping_at else 0.0
            it.over_at = at
        elif fact.reason in GOES_ON:
            it.missed += fact.reason in UNWANTED
        elif it.end is End.WAITING:
            end = End.SENT_AWAY if task.sent_away else ENDS.get(fact.reason, End.ENDED_BY_OTHERS)
            it.end, it.ended_at, it.over_at = end, at, at
            it.alert_s = (at - (task.reserved_at or at)).total_seconds()
        if it.over_at is not None and it.over_at < self._begins:  # years may lie before the stretch
            self.all.pop(it.id, None)
            self.of_task.pop(task_id, None)
