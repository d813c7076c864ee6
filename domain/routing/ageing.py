"""Who has waited so long that they go before others (routing 16)? Where a queue says so, each span of waiting adds one to a
request's priority, up to what anybody may ask for; nothing of it is stored, for it follows from the clock.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.configuration.priorities import PRIORITY_MAX
from domain.ids import TaskId
from domain.routing.agenda import FAR, Agenda
from domain.tasks.facts import Routing

SLACK = 64


def aged(priority: int, since: datetime, ageing_s: int, now: datetime) -> int:
    """How urgent whoever waits since then is by now."""
    if not ageing_s or priority >= PRIORITY_MAX:
        return priority
    return min(PRIORITY_MAX, priority + max(0, (now - since) // timedelta(seconds=ageing_s)))


@dataclass(slots=True)
class Age:
    """`spans`: how many it has waited when that was last looked at; `due`: when the next is over."""

    routing: Routing
    span: timedelta
    spans: int = 0
    due: datetime | None = None


class Ageing:
    __slots__ = ("_agenda", "_due", "known")

    def __init__(self, agenda: Agenda) -> None:
        self._agenda = agenda
        self._due: list[tuple[datetime, TaskId]] = []
        self.known: dict[TaskId, Age] = {}

    def enter(self, task_id: TaskId, routing: Routing, ageing_s: int) -> int:
        """How urgent is it, as far as is known? Its next span is waited for."""
        if routing.priority >= PRIORITY_MAX:
            return routing.priority
        age, span = self.known.get(task_id), timedelta(seconds=ageing_s)
        if age is None or age.span != span:
            age = self.known[task_id] = Age(routing, span)
        due = routing.first_enqueued_at + span * (age.spans + 1)
        if age.due != due and routing.priority + age.spans < PRIORITY_MAX:
            age.due = due
            heapq.heappush(self._due, (due, task_id))
            self._agenda.wake(due)
        return min(routing.priority + age.spans, PRIORITY_MAX)

    def stop(self, task_id: TaskId) -> None:
        self.known.pop(task_id, None)
        if len(self._due) > 2 * len(self.known) + SLACK:
            self._due = [entry for entry in self._due if self._is_awaited(entry)]
            heapq.heapify(self._due)

    def ring(self, now: datetime) -> Iterator[TaskId]:
        """Whoever has grown more urgent since, in order: they are to enter again."""
        while self._due and self._due[0][0] <= now:
            entry = heapq.heappop(self._due)
            if self._is_awaited(entry):
                age = self.known[entry[1]]
                age.due, age.spans = None, (now - age.routing.first_enqueued_at) // age.span
                yield entry[1]

    @property
    def bound(self) -> datetime:
        """Nothing rings before; perhaps nothing does then."""
        return self._due[0][0] if self._due else FAR

    def next_due(self) -> datetime | None:
        while self._due and not self._is_awaited(self._due[0]):
            heapq.heappop(self._due)
        return self._due[0][0] if self._due else None

    def _is_awaited(self, entry: tuple[datetime, TaskId]) -> bool:
        age = self.known.get(entry[1])
        return age is not None and age.due == entry[0]
