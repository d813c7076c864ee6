"""When does which request widen? One clock for each request that waits and has a step before it (routing 7, 10)."""

import heapq
from collections.abc import Iterator
from datetime import datetime, timedelta

from domain.configuration.settings import Queue
from domain.ids import TaskId
from domain.routing.moves import Widening

SLACK = 64


class Clocks:
    """Entries that nobody waits for any more are skipped, and swept out when they are the most: a process that only
    follows and never decides keeps no more of them than requests.
    """

    def __init__(self) -> None:
        self._due: list[tuple[datetime, TaskId, int]] = []
        self._awaits: dict[TaskId, tuple[int, datetime, Queue, datetime]] = {}

    def wind(self, task_id: TaskId, reached: int, queue: Queue, first_enqueued_at: datetime) -> None:
        """It has reached this step; deadlines are absolute from the first enqueue, whatever rings meanwhile."""
        if task_id in self._awaits and self._awaits[task_id][0] > reached:
            return
        step = reached + 1
        if step >= len(queue.steps):
            self._awaits.pop(task_id, None)
            return
        seconds = sum(it.timeout_s for it in queue.steps[:step])
        self._set(task_id, step, queue, first_enqueued_at, first_enqueued_at + timedelta(seconds=seconds))

    def again(self, move: Widening, queue: Queue, first_enqueued_at: datetime) -> None:
        """That step could not be written: it is due at once."""
        self._set(move.task_id, move.step, queue, first_enqueued_at, first_enqueued_at)

    def stop(self, task_id: TaskId) -> None:
        self._awaits.pop(task_id, None)
        if len(self._due) > 2 * len(self._awaits) + SLACK:
            self._due = [entry for entry in self._due if self._is_awaited(entry)]
            heapq.heapify(self._due)

    def next_due(self) -> datetime | None:
        while self._due and not self._is_awaited(self._due[0]):
            heapq.heappop(self._due)
        return self._due[0][0] if self._due else None

    def ring(self, now: datetime) -> Iterator[Widening]:
        """Every step that has begun, in order; each once."""
        while (due := self.next_due()) is not None and due <= now:
            _, task_id, step = heapq.heappop(self._due)
            _, _, queue, first_enqueued_at = self._awaits.pop(task_id)
            self.wind(task_id, step, queue, first_enqueued_at)
            yield Widening(task_id, step)  # in force when it is a fact

    def _set(self, task_id: TaskId, step: int, queue: Queue, first_enqueued_at: datetime, due: datetime) -> None:
        self._awaits[task_id] = (step, due, queue, first_enqueued_at)
        heapq.heappush(self._due, (due, task_id, step))

    def _is_awaited(self, entry: tuple[datetime, TaskId, int]) -> bool:
        awaited = self._awaits.get(entry[1])
        return awaited is not None and awaited[0] == entry[2] and awaited[1] == entry[0]
