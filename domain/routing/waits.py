"""Who is how far from an agent? The lines of all queues, as they stand, and what is to be expected (routing 65).

A fold of its own beside the engine's, which never asks it: the engine orders the agents' work, this tells people.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from domain.configuration.catalog import Catalog
from domain.configuration.diversions import OverflowCondition
from domain.configuration.entity import CATEGORIES
from domain.ids import ConversationId, QueueId, TaskId
from domain.kernel import Recorded, replace
from domain.routing.ageing import aged
from domain.routing.diversions import rule_name
from domain.routing.moves import Diverting
from domain.routing.pace import Method, Pace, clamped
from domain.tasks.facts import QueueLeft, Routing, TaskAccepted, TaskClosed, TaskCreated, TaskDiverted, TaskQueued
from domain.tasks.task import GOES_ON

Key = tuple[int, datetime, TaskId]


@dataclass(frozen=True, slots=True)
class Estimate:
    """`position`: from 1, in the order in which the queue gives its work (routing 16); who rings is still in line.
    `wait_s`: from now, as the queue lets it be told; none where nothing is known. Of a request in several queues: its place
    in the first, and the shortest wait (routing 11).
    """

    queue_id: QueueId
    position: int
    wait_s: float | None
    method: Method


@dataclass(slots=True)
class Waiting:
    """A request that nobody has answered. `was_first`: when it came; `foretold_s`: what it would have been told then."""

    routing: Routing
    conversation_id: ConversationId
    was_first: bool
    foretold_s: float | None

    @property
    def key(self) -> Key:
        routing = self.routing
        return -routing.priority, routing.first_enqueued_at, routing.root_request_id

    @property
    def queues(self) -> tuple[QueueId, ...]:
        return self.routing.queue_id, *self.routing.also_in


@dataclass(slots=True)
class Waits:
    """`requests` by the task under which they are now; `moved`: those that an offer came to nothing of, by their first.
    `lines`: who waits in each queue, in order but for their age; `paces`: what each queue got done of what came to it first.
    """

    paces: dict[QueueId, Pace] = field(default_factory=dict)
    requests: dict[TaskId, Waiting] = field(default_factory=dict)
    tasks: dict[TaskId, TaskId] = field(default_factory=dict)
    moved: dict[TaskId, Waiting] = field(default_factory=dict)
    served: dict[TaskId, tuple[QueueId, datetime]] = field(default_factory=dict)
    created: dict[TaskId, ConversationId] = field(default_factory=dict)
    lines: dict[QueueId, list[Key]] = field(default_factory=dict)
    catalog: Catalog = field(default_factory=Catalog)

    def feed(self, recorded: Recorded[Any]) -> None:
        task_id = TaskId(recorded.subject)
        match recorded.fact:
            case TaskCreated(conversation_id=conversation_id):
                self.created[task_id] = conversation_id
            case TaskQueued(routing=routing):
                self._entered(task_id, routing)
            case TaskDiverted(rule=rule) if task_id in self.requests:
                it = self.requests[task_id]
                it.routing = replace(it.routing, diverted=it.routing.diverted | {rule})
            case QueueLeft(queue_id=queue_id, rule=rule, instead=instead) if task_id in self.requests:
                it = self.requests[task_id]
                self._stand(it, away=True)
                it.routing = it.routing.without(queue_id, rule, instead)
                self._stand(it)
            case TaskAccepted():
                self._answered(task_id, recorded.at)
            case TaskClosed(reason=reason):
                self.created.pop(task_id, None)
                self._closed(task_id, recorded.at, goes_on=reason in GOES_ON)
            case _:
                if recorded.category in CATEGORIES:
                    self.catalog = self.catalog.evolve(recorded)

    # What is to be expected

    def of(self, task_id: TaskId, now: datetime) -> Estimate | None:
        """Of a request that nobody has answered yet."""
        it = self.requests.get(task_id)
        if it is None:
            return None
        several = [self._estimate(queue_id, self._place(queue_id, it.key, now)) for queue_id in it.queues]
        known = [estimate for estimate in several if estimate.wait_s is not None]
        soonest = min(known, key=lambda estimate: estimate.wait_s or 0.0, default=several[0])
        return replace(several[0], wait_s=soonest.wait_s, method=soonest.method)

    def of_request(self, first_task: TaskId, now: datetime) -> Estimate | None:
        """The same, by the task that the request began with."""
        return self.of(self.tasks.get(first_task, first_task), now)

    def of_newcomer(self, queue_id: QueueId) -> Estimate:
        return self._estimate(queue_id, len(self.lines.get(queue_id, ())) + 1)

    def expected_s(self, queue_id: QueueId) -> int | None:
        """How long a newcomer would wait, without the limits for telling (routing 8)."""
        seconds, _ = self.pace(queue_id).estimate(len(self.lines.get(queue_id, ())) + 1)
        return None if seconds is None else int(seconds)

    def overflowing(self, now: datetime) -> Iterator[Diverting]:
        """Who would have to wait too long, by the rules of their queue (routing 58); each rule is applied once. What further
        queues have to say is not for the customer (routing 11).
        """
        for queue_id, queue in self.catalog.queues.items():
            rules = [it for it in queue.overflow if it.condition is OverflowCondition.ESTIMATED_WAIT]
            for position, (_, _, root) in enumerate(self._in_order(queue_id, now) if rules else (), 1):
                task_id, (seconds, _) = self.tasks[root], self.pace(queue_id).estimate(position)
                routing = self.requests[task_id].routing
                further = None if routing.queue_id == queue_id else queue_id
                for rule in rules:
                    applied = (name := rule_name(queue_id, rule)) in routing.diverted
                    if further is not None and not rule.diversion.leaves:
                        continue
                    if seconds is not None and seconds >= rule.threshold and not applied:
                        yield Diverting(task_id, name, rule.diversion, int(seconds), further)
                        break

    def pace(self, queue_id: QueueId) -> Pace:
        return self.paces.get(queue_id) or Pace()

    def _in_order(self, queue_id: QueueId, now: datetime) -> list[Key]:
        """As the queue gives its work now: some have grown more urgent (routing 16)."""
        queue, line = self.catalog.queues.get(queue_id), self.lines.get(queue_id, [])
        return sorted(_aged(key, queue.ageing_s, now) for key in line) if queue and queue.ageing_s else line

    def _place(self, queue_id: QueueId, key: Key, now: datetime) -> int:
        queue, line = self.catalog.queues.get(queue_id), self.lines[queue_id]
        if queue is None or not queue.ageing_s:
            return bisect_left(line, key) + 1
        mine = _aged(key, queue.ageing_s, now)
        return 1 + sum(_aged(other, queue.ageing_s, now) < mine for other in line)

    def _stand(self, it: Waiting, *, away: bool = False) -> None:
        """In the lines of all its queues, or no more."""
        for queue_id in it.queues:
            line = self.lines.setdefault(queue_id, [])
            if away:
                del line[bisect_left(line, it.key)]
            else:
                insort(line, it.key)

    def _estimate(self, queue_id: QueueId, position: int) -> Estimate:
        seconds, method = self.pace(queue_id).estimate(position)
        queue = self.catalog.queues.get(queue_id)
        told = clamped(seconds, queue.ewt_min_s, queue.ewt_max_s) if queue else seconds
        return Estimate(queue_id, position, told, method)

    # What happened

    def _entered(self, task_id: TaskId, routing: Routing) -> None:
        pace = self.paces.setdefault(routing.queue_id, Pace())
        before = self.moved.pop(routing.root_request_id, None)
        if before is not None and before.routing.queue_id != routing.queue_id:  # another queue (routing 58)
            self.paces[before.routing.queue_id].gave_up()
            before = None
        if before is None:
            was_first = not pace.waiting
            foretold_s = pace.entered()
        else:  # an offer of it came to nothing: it stayed in line
            was_first, foretold_s = before.was_first, before.foretold_s
        conversation_id = self.created.pop(task_id, ConversationId(""))
        it = self.requests[task_id] = Waiting(routing, conversation_id, was_first, foretold_s)
        self.tasks[routing.root_request_id] = task_id
        self._stand(it)

    def _answered(self, task_id: TaskId, at: datetime) -> None:
        it = self._leaves(task_id)
        if it is not None:
            queue_id, entered_at = it.routing.queue_id, it.routing.entered_at or it.routing.first_enqueued_at
            self.paces[queue_id].answered(at, entered_at, was_first=it.was_first, foretold_s=it.foretold_s)
            self.served[task_id] = queue_id, at

    def _closed(self, task_id: TaskId, at: datetime, *, goes_on: bool) -> None:
        if task_id in self.served:
            queue_id, answered_at = self.served.pop(task_id)
            self.paces[queue_id].served(answered_at, at)
        elif (it := self._leaves(task_id)) is not None:
            if goes_on:
                self.moved[it.routing.root_request_id] = it
            else:
                self.paces[it.routing.queue_id].gave_up()

    def _leaves(self, task_id: TaskId) -> Waiting | None:
        it = self.requests.pop(task_id, None)
        if it is not None:
            self.tasks.pop(it.routing.root_request_id, None)
            self._stand(it, away=True)
        return it


def _aged(key: Key, ageing_s: int, now: datetime) -> Key:
    return -aged(-key[0], key[1], ageing_s, now), key[1], key[2]
