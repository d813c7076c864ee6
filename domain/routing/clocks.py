"""When does which request widen? One clock for each request that waits and has a step before it (routing 7, 10)."""

import heapq
from collections.abc import Sequence
from datetime import datetime, timedelta

from domain.ids import TaskId
from domain.routing.agenda import FAR, Agenda
from domain.routing.moves import Widening

SLACK = 64

Begins = Sequence[timedelta]
"""How long after the first enqueue each step of a queue begins."""


Entry = tuple[datetime, TaskId, int]


class Clocks:
    """Entries that nobody waits for any more are skipped, and swept out when they are the most: a process that only
    follows and never decides keeps no more of them than requests. The newest entry lies beside the others: most requests
    are served at once, and it is gone before it is needed.
    """

    def __init__(self, agenda: Agenda) -> None:
        self._agenda = agenda
        self._due: list[Entry] = []
        self._newest: Entry | None = None
        self._awaits: dict[TaskId, tuple[int, datetime, Begins, datetime]] = {}

    def wind(self, task_id: TaskId, reached: int, begins: Begins, first_enqueued_at: datetime) -> None:
        """It has reached this step; deadlines are absolute from the first enqueue, whatever rings meanwhile."""
        awaited = self._awaits.get(task_id)
        if awaited is not None and awaited[0] > reached:
            return
        step = reached + 1
        if step < len(begins):
            self._set(task_id, step, first_enqueued_at + begins[step], begins, first_enqueued_at)
        elif awaited is not None:
            del self._awaits[task_id]

    def wind_until(self, due: datetime, task_id: TaskId, begins: Begins, first_enqueued_at: datetime) -> None:
        """It waits for somebody until then; its first step begins afterwards (routing 54)."""
        if task_id not in self._awaits:
            self._set(task_id, 0, due, begins, first_enqueued_at)

    def reached(self, task_id: TaskId, step: int) -> None:
        """It came so far without the clock, so the clock goes on from there."""
        awaited = self._awaits.get(task_id)
        if awaited is not None and awaited[0] <= step:
            self.wind(task_id, step, *awaited[2:])

    def again(self, move: Widening, begins: Begins, first_enqueued_at: datetime) -> None:
        """That step could not be written: it is due at once."""
        self._set(move.task_id, move.step, first_enqueued_at, begins, first_enqueued_at)

    def stop(self, task_id: TaskId) -> None:
        if self._awaits.pop(task_id, None) is None:
            return
        if self._newest is not None and self._newest[1] == task_id:
            self._newest = None
        if len(self._due) > 2 * len(self._awaits) + SLACK:
            self._due = [entry for entry in self._due if self._is_awaited(entry)]
            heapq.heapify(self._due)

    def next_due(self) -> datetime | None:
        if self._newest is not None:
            self._put_by()
        while self._due and not self._is_awaited(self._due[0]):
            heapq.heappop(self._due)
        return self._due[0][0] if self._due else None

    def ring(self, now: datetime) -> list[Widening]:
        """Every step that has begun, in order; each once, and in force when it is a fact."""
        if self._newest is not None and self._newest[0] <= now:
            self._put_by()
        rung: list[Widening] = []
        while self._due and self._due[0][0] <= now:
            entry = heapq.heappop(self._due)
            if self._is_awaited(entry):
                _, task_id, step = entry
                _, _, begins, first_enqueued_at = self._awaits.pop(task_id)
                self.wind(task_id, step, begins, first_enqueued_at)
                if self._newest is not None and self._newest[0] <= now:
                    self._put_by()
                rung.append(Widening(task_id, step))
        first = self._due[0][0] if self._due else FAR  # perhaps nobody waits for it any more
        self._agenda.step_due = first if self._newest is None else min(first, self._newest[0])
        return rung

    def _set(self, task_id: TaskId, step: int, due: datetime, begins: Begins, first_enqueued_at: datetime) -> None:
        self._awaits[task_id] = (step, due, begins, first_enqueued_at)
        if self._newest is not None:
            self._put_by()
        self._newest = due, task_id, step
        self._agenda.step_due = min(self._agenda.step_due, due)

    def _put_by(self) -> None:
        """The newest among the others."""
        if self._newest is not None and self._is_awaited(self._newest):
            heapq.heappush(self._due, self._newest)
        self._newest = None

    def _is_awaited(self, entry: tuple[datetime, TaskId, int]) -> bool:
        awaited = self._awaits.get(entry[1])
        return awaited is not None and awaited[0] == entry[2] and awaited[1] == entry[0]
