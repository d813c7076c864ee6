"""Which steps are left by what is asked of those who are there and of what waits (routing 8)?

They are looked at in each decision, after all that could be offered was: much of what they ask about changes with any task.
So whoever waits at such a step is known here, and whoever waits in its queue; all others cost nothing.
"""

from bisect import bisect_left, insort
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from domain.configuration.settings import Measure
from domain.configuration.skip_conditions import Measured, hold, written
from domain.ids import QueueId, TaskId

if TYPE_CHECKING:
    from domain.routing.lines import Stage
    from domain.routing.staff import Staff

SECOND, NO_TIME = timedelta(seconds=1), timedelta()
Expected = Callable[[QueueId], int | None]
"""How many seconds somebody would wait who came to a queue now, if anybody knows (routing 65)."""


def nobody_knows(queue_id: QueueId) -> int | None:
    return None


class Conditions:
    """`stages`: those that have conditions, and somebody who waits there."""

    def __init__(self, staff: "Staff", expected: Expected) -> None:
        self._staff, self._expected = staff, expected
        self.stages: set[Stage] = set()
        self._crowds: dict[QueueId, list[tuple[datetime, TaskId]]] = {}
        self._came: dict[TaskId, tuple[QueueId, datetime]] = {}
        self._looked_at: datetime | None = None

    def come(self, queue_id: QueueId, task_id: TaskId, first_enqueued_at: datetime) -> None:
        """It waits in a queue that has conditions."""
        self._came[task_id] = queue_id, first_enqueued_at
        insort(self._crowds.setdefault(queue_id, []), (first_enqueued_at, task_id))

    def go(self, task_id: TaskId) -> None:
        """It waits there no more, if it did."""
        if task_id in self._came:
            queue_id, first_enqueued_at = self._came.pop(task_id)
            crowd = self._crowds[queue_id]
            del crowd[bisect_left(crowd, (first_enqueued_at, task_id))]
            if not crowd:
                del self._crowds[queue_id]

    def held(self, stage: "Stage", now: datetime) -> tuple[str, Measured] | None:
        """The conditions and what was found of all that they ask, where they hold."""
        measured = {it.measure: self._measured(it.measure, stage, now) for it in stage.skip_when}
        known = {measure: found for measure, found in measured.items() if found is not None}
        self._looked_at = now
        return (written(stage.skip_when), known) if hold(stage.skip_when, known) else None

    def next_due(self) -> datetime | None:
        """When somebody will have waited as long as a condition says."""
        moments = (
            self._crowds[stage.line.id][0][0] + condition.value * SECOND + more
            for stage in self.stages
            for condition in stage.skip_when
            if condition.measure is Measure.OLDEST_WAIT_S and stage.line.id in self._crowds
            for more in (NO_TIME, SECOND)
        )
        return min((it for it in moments if self._looked_at is None or it > self._looked_at), default=None)

    def _measured(self, measure: Measure, stage: "Stage", now: datetime) -> int | None:
        pool, queue_id = stage.line.pool, stage.line.id
        there = stage.own.members & self._staff.here & pool.capable
        crowd = self._crowds.get(queue_id, ())
        match measure:
            case Measure.LOGGED_IN:
                return there.bit_count()
            case Measure.READY:
                return (there & pool.willing).bit_count()
            case Measure.AVAILABLE:
                return (stage.own.members & pool.seats.members).bit_count()
            case Measure.QUEUE_LENGTH:
                return len(crowd)
            case Measure.OLDEST_WAIT_S:
                return (now - crowd[0][0]) // SECOND if crowd else 0
            case Measure.ESTIMATED_WAIT_S:
                return self._expected(queue_id)
