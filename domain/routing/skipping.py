"""Which requests need not wait for their step to end? Those at a step where nobody is there or
whose conditions hold, and those that a step is not for.

Nothing here costs anything to a request whose queue has none of it: `Engine` only comes here for those that are not plain.
"""

from bisect import bisect_left, insort
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from domain.configuration.settings import Measure, Queue, SkipIf, Step
from domain.configuration.skip_conditions import NOTHING_MEASURED, Measured, hold, written
from domain.ids import QueueId, TaskId
from domain.routing.moves import Widening
from domain.routing.state import Request
from domain.tasks.facts import StepReason

if TYPE_CHECKING:
    from domain.routing.lines import Line, Stage
    from domain.routing.staff import Seat, Staff

SECOND, NO_TIME = timedelta(seconds=1), timedelta()
Left = tuple[StepReason, str, Measured]
"""Why a step is left; by which conditions, and what was found of what they ask."""
REASONS = {SkipIf.NONE_LOGGED_IN: StepReason.NONE_LOGGED_IN, SkipIf.NONE_READY: StepReason.NONE_READY}
Expected = Callable[[QueueId], int | None]
"""How many seconds somebody would wait who came to a queue now, if anybody knows (routing 65)."""


def nobody_knows(queue_id: QueueId) -> int | None:
    return None


def why_left(step: Step) -> StepReason | None:
    """Why it is not waited for, where it may be left (routing 8)."""
    if step.skip_if is not None:
        return REASONS[step.skip_if]
    return StepReason.CONDITION_HELD if step.skip_when else None


def not_considered(queue: Queue, data: Mapping[str, str]) -> frozenset[int]:
    """The steps that are not for a request with these data: they take no time, and their agents do not count (routing 9)."""
    return frozenset(queue.left_out(data))


class LastAgent:
    """A crowd of one: the agent whom the customer talked with last, if they are good for any step of the queue
    (routing 12, 54).
    """

    __slots__ = ("_line", "seat")

    def __init__(self, line: "Line", seat: "Seat") -> None:
        self._line, self.seat = line, seat

    @property
    def members(self) -> int:
        number = self.seat.number
        return 1 << number if any(it.members >> number & 1 for it in self._line.matchings) else 0


class Skipping:
    """A step is left at once when nobody of it is there, or its conditions hold, on entry and whenever that may turn true
    (routing 8); and nobody waits for a last agent who is gone (routing 54). Of each request one move is under way at most.

    Conditions are looked at in each decision, after all that could be offered was: much of what they ask about changes with
    any task. `crowds`: who waits in queues that have such, the first first.
    """

    def __init__(self, staff: "Staff", expected: Expected) -> None:
        self._staff, self._expected = staff, expected
        self._there: dict[Stage, set[TaskId]] = {}
        self._conditional: set[Stage] = set()
        self._crowds: dict[QueueId, list[tuple[datetime, TaskId]]] = {}
        self._came: dict[TaskId, tuple[QueueId, datetime]] = {}
        self._looked_at: datetime | None = None
        self._at_once: dict[TaskId, StepReason] = {}
        self._under_way: set[TaskId] = set()
        self._stirred: set[Stage] = set()
        self._anew = False

    def watch(self, task_id: TaskId, stage: "Stage") -> None:
        """It stands at a step that may have to be left."""
        self._there.setdefault(stage, set()).add(task_id)
        (self._conditional if stage.skip_when else self._stirred).add(stage)

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

    def send_on(self, task_id: TaskId, reason: StepReason) -> None:
        self._at_once[task_id] = reason
        self._anew = True

    def leave(self, task_id: TaskId, stage: "Stage | None") -> bool:
        """Whether it was the last that stood there."""
        self._at_once.pop(task_id, None)
        self._under_way.discard(task_id)
        if stage is None or stage not in self._there:
            return False
        self._there[stage].discard(task_id)
        if self._there[stage]:
            return False
        del self._there[stage]
        self._conditional.discard(stage)
        return True

    def again(self, task_id: TaskId) -> None:
        """What was to be done came to nothing."""
        self._under_way.discard(task_id)
        self._anew = True

    @property
    def has_work(self) -> bool:
        return self._anew or bool(self._stirred) or bool(self._conditional) or self._staff.changed

    def moves(self, requests: Mapping[TaskId, Request], moving: set[TaskId], now: datetime) -> list[Widening]:
        """To the step after the one that each has reached. `moving`: those who move anyway."""
        everywhere = self._anew or self._staff.changed
        found: dict[TaskId, Left] = {task_id: (why, "", NOTHING_MEASURED) for task_id, why in self._at_once.items()}
        for stage in self._there if everywhere else (self._stirred | self._conditional) & self._there.keys():
            if left := self._left(stage, now):
                found.update(dict.fromkeys(self._there[stage], left))
        self._stirred.clear()
        self._anew = False
        self._looked_at = now
        moving |= self._under_way
        those = sorted(task_id for task_id in found if task_id not in moving)
        self._under_way.update(those)
        return [
            Widening(id_, requests[id_].step + 1, why, None, condition, measured)
            for id_ in those
            for why, condition, measured in (found[id_],)
        ]

    def next_due(self) -> datetime | None:
        """When somebody will have waited as long as a condition says."""
        moments = (
            self._crowds[stage.line.id][0][0] + condition.value * SECOND + more
            for stage in self._conditional
            for condition in stage.skip_when
            if condition.measure is Measure.OLDEST_WAIT_S and stage.line.id in self._crowds
            for more in (NO_TIME, SECOND)
        )
        return min((it for it in moments if self._looked_at is None or it > self._looked_at), default=None)

    def _left(self, stage: "Stage", now: datetime) -> "Left | None":
        """Why it is not waited for now, if it is not."""
        if stage.skip_when:
            measured = {it.measure: self._measured(it.measure, stage, now) for it in stage.skip_when}
            known = {measure: found for measure, found in measured.items() if found is not None}
            held = hold(stage.skip_when, known)
            return (StepReason.CONDITION_HELD, written(stage.skip_when), known) if held else None
        if stage.skip is not None and self._is_deserted(stage):
            return stage.skip, "", NOTHING_MEASURED
        return None

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

    def _is_deserted(self, stage: "Stage") -> bool:
        pool = stage.line.pool
        there = stage.own.members & self._staff.here & pool.capable
        return not there if stage.skip is StepReason.NONE_LOGGED_IN else not there & pool.willing
