"""Which requests need not wait for their step to end? Those at a step where nobody is there or
whose conditions hold, and those that a step is not for.

Nothing here costs anything to a request whose queue has none of it: `Engine` only comes here for those that are not plain.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from domain.configuration.settings import Queue, SkipIf, Step
from domain.configuration.skip_conditions import NOTHING_MEASURED, Measured
from domain.ids import TaskId
from domain.routing.agenda import Agenda
from domain.routing.conditions import Conditions, Expected
from domain.routing.moves import Widening
from domain.routing.state import Request
from domain.tasks.facts import StepReason

if TYPE_CHECKING:
    from domain.routing.lines import Line, Stage
    from domain.routing.staff import Seat, Staff

Left = tuple[StepReason, str, Measured]
"""Why a step is left; by which conditions, and what was found of what they ask."""
REASONS = {SkipIf.NONE_LOGGED_IN: StepReason.NONE_LOGGED_IN, SkipIf.NONE_READY: StepReason.NONE_READY}


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

    __slots__ = ("_bit", "_line", "seat")

    def __init__(self, line: "Line", seat: "Seat") -> None:
        self._line, self.seat, self._bit = line, seat, 1 << seat.number

    @property
    def members(self) -> int:
        return self._bit if any(crowd.members & self._bit for crowd in self._line.crowds) else 0


class Skipping:
    """A step is left at once when nobody of it is there, or its conditions hold, on entry and whenever that may turn true
    (routing 8); and nobody waits for a last agent who is gone (routing 54). Of each request one move is under way at most.
    """

    def __init__(self, staff: "Staff", agenda: Agenda, expected: Expected) -> None:
        self._staff, self._agenda = staff, agenda
        self.conditions = Conditions(staff, expected)
        self._there: dict[Stage, set[TaskId]] = {}
        self._watched = 0
        self._at_once: dict[TaskId, StepReason] = {}
        self._under_way: set[TaskId] = set()
        self._stirred: set[Stage] = set()
        self._anew = False

    def watch(self, task_id: TaskId, stage: "Stage") -> None:
        """It stands at a step that may have to be left."""
        if stage in self._there:
            self._there[stage].add(task_id)
        else:
            self._there[stage] = {task_id}
            self._watched |= 1 << stage.number
        (self.conditions.stages if stage.skip_when else self._stirred).add(stage)
        self._agenda.rules = True

    def send_on(self, task_id: TaskId, reason: StepReason) -> None:
        self._at_once[task_id] = reason
        self._anew = self._agenda.rules = True

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
        self._watched ^= 1 << stage.number
        self.conditions.stages.discard(stage)
        return True

    def again(self, task_id: TaskId) -> None:
        """What was to be done came to nothing."""
        self._under_way.discard(task_id)
        self._anew = self._agenda.rules = True

    @property
    def has_work(self) -> bool:
        return self._anew or bool(self._stirred or self.conditions.stages) or bool(self._staff.left & self._watched)

    def moves(self, request: Callable[[TaskId], Request | None], moving: set[TaskId], now: datetime) -> list[Widening]:
        """To the step after the one that each has reached. `moving`: those who move anyway."""
        found: dict[TaskId, Left] = {task_id: (why, "", NOTHING_MEASURED) for task_id, why in self._at_once.items()}
        for stage in self.conditions.stages:
            self._agenda.rules = True  # and in the next decision
            if held := self.conditions.held(stage, now):
                found.update(dict.fromkeys(self._there[stage], (StepReason.CONDITION_HELD, *held)))
        left = self._staff.left & self._watched
        stages: Iterable[Stage] = self._stirred & self._there.keys()
        if self._anew or left:
            stages = [it for it in self._there if self._anew or it in self._stirred or left >> it.number & 1]
        for stage in stages:
            if stage.skip is not None and not stage.skip_when and self._is_deserted(stage):
                found.update(dict.fromkeys(self._there[stage], (stage.skip, "", NOTHING_MEASURED)))
        self._stirred.clear()
        self._anew = False
        moving |= self._under_way
        found = {task_id: left for task_id, left in found.items() if task_id not in moving}
        self._under_way.update(found)
        those = ((request(task_id), task_id, *found[task_id]) for task_id in sorted(found))
        return [
            Widening(task_id, it.step + 1, why, None, condition, measured)
            for it, task_id, why, condition, measured in those
            if it is not None
        ]

    def _is_deserted(self, stage: "Stage") -> bool:
        pool = stage.line.pool
        there = stage.own.members & self._staff.here & pool.capable
        return not there if stage.skip is StepReason.NONE_LOGGED_IN else not there & pool.willing
