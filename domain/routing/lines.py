"""Who waits, and where? Each queue is a line; those who have reached the same step of it stand together.

Whoever stands at a step may be served by the same agents, so only the first of them has to be looked at. The firsts of
all steps stand in one order of work per media routing domain (routing 16).
"""

from bisect import bisect_left, insort
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from typing import TYPE_CHECKING

from domain.configuration.settings import AgentSelectionPolicy, Queue, StepMode
from domain.ids import MrdId, QueueId, TaskId
from domain.routing.ranking import Ranking
from domain.routing.reach import Lane, Reach
from domain.routing.skills import Crowd, Matching, Scale, Skills, Union

if TYPE_CHECKING:
    from domain.routing.staff import Seat

WorkKey = tuple[int, int, datetime, TaskId, int]
"""Queue priority ↓, task priority ↓, first enqueued ↑, id (routing 16); then the number of the step."""
Standing = tuple["Stage", WorkKey]
"""Where a request waits."""
Choice = tuple[int, Matching, Scale | None]
"""A step that counts, whoever matches it, and how skilled they are for it, where that matters."""


class Pool:
    """One media routing domain: who could take one more, in the order of rule 13; what waits, in the order of rule 16;
    and what has changed since the last decision: `freed` agents, `fresh` requests that are not in any order yet, and the
    `stirred` steps to be looked at. `staffed`: whoever works in it; `willing`: those of them who want work here.
    """

    __slots__ = ("freed", "fresh", "mrd_id", "seats", "staffed", "stirred", "willing", "work")

    def __init__(self, mrd_id: MrdId) -> None:
        self.mrd_id = mrd_id
        self.seats, self.work = Ranking(), Ranking()
        self.freed: set[Seat] = set()
        self.fresh: dict[TaskId, Standing] = {}
        self.stirred = self.staffed = self.willing = 0

    def line_up(self) -> None:
        """Whoever is fresh takes their place."""
        for stage, key in self.fresh.values():
            stage.add(key)
            self.stirred |= 1 << stage.number
        self.fresh.clear()


class Pools(dict[MrdId, Pool]):
    def __missing__(self, mrd_id: MrdId) -> Pool:
        pool = self[mrd_id] = Pool(mrd_id)
        return pool


class Stage:
    """One step of one queue, and the requests that have reached it."""

    __slots__ = ("_front", "_waiting", "admitted", "choices", "line", "number")

    def __init__(self, line: "Line", step: int) -> None:
        self.line, self.number = line, line.lane.numbers[step]
        steps = range(step + 1) if line.queue.step_mode is StepMode.CUMULATIVE else (step,)
        self.choices: Sequence[Choice] = [(it, line.matchings[it], line.scales[it]) for it in steps]
        self.admitted: Crowd = line.admitted[step]
        self._waiting: list[WorkKey] = []
        self._front = 0

    @property
    def front(self) -> WorkKey:
        """The first, of those that were not passed over."""
        return self._waiting[self._front]

    @property
    def tasks(self) -> list[TaskId]:
        return [key[3] for key in self._waiting]

    def add(self, key: WorkKey) -> None:
        waiting = self._waiting
        if not waiting or key > waiting[-1]:
            waiting.append(key)
            if len(waiting) > 1:
                return
        else:
            insort(waiting, key)
        self._show_front()

    def remove(self, key: WorkKey) -> None:
        at = bisect_left(self._waiting, key)
        del self._waiting[at]
        if at <= self._front:
            self._show_front()

    def pass_over(self) -> None:
        """For the rest of this decision: nobody is there for the first, but there may be for the next."""
        self._front += 1
        self._show_front()

    def start_again(self) -> None:
        self._front = 0
        self._show_front()

    def _show_front(self) -> None:
        work = self.line.pool.work
        if self._front < len(self._waiting):
            work.put(self._waiting[self._front])
        else:
            work.drop(self.number)


class Line:
    def __init__(self, queue_id: QueueId, queue: Queue, pool: Pool, lane: Lane, skills: Skills) -> None:
        self.id, self.queue, self.pool, self.lane = queue_id, queue, pool, lane
        policy = queue.agent_selection
        self.most = policy is AgentSelectionPolicy.MOST_SKILLED
        by_skill = policy is not AgentSelectionPolicy.LONGEST_AVAILABLE
        waits = accumulate((step.timeout_s for step in queue.steps[:-1]), initial=0)
        self.begins = [timedelta(seconds=seconds) for seconds in waits]
        self.matchings = [Matching(skills, step) for step in queue.steps]
        self.scales = [Scale(skills, step) if by_skill else None for step in queue.steps]
        self.admitted: list[Matching | Union] = list(self.matchings)
        if queue.step_mode is StepMode.CUMULATIVE:
            for step in range(1, len(queue.steps)):
                self.admitted[step] = Union(self.admitted[step - 1], self.matchings[step])
        self.stages = [Stage(self, step) for step in range(len(queue.steps))]

    def stage(self, step: int) -> Stage:
        """Where a request that has reached `step` stands; a queue that got shorter keeps them at its last step."""
        return self.stages[min(step, len(self.stages) - 1)]


class Lines:
    def __init__(self, pools: Pools, skills: Skills) -> None:
        self.reach = Reach()
        self.stages: dict[int, Stage] = {}
        self._lines: dict[QueueId, Line] = {}
        self._pools, self._skills = pools, skills

    def get(self, queue_id: QueueId) -> Line | None:
        return self._lines.get(queue_id)

    def open(self, queue_id: QueueId, queue: Queue) -> Line:
        lane = self.reach.open(queue)
        line = self._lines[queue_id] = Line(queue_id, queue, self._pools[queue.mrd_id], lane, self._skills)
        for stage in line.stages:
            self.stages[stage.number] = stage
        return line

    def close(self, queue_id: QueueId) -> list[TaskId]:
        """The queue is gone, or will be opened anew as it now is; returns who waited."""
        line = self._lines.pop(queue_id, None)
        if line is None:
            return []
        line.pool.line_up()
        for stage in line.stages:
            line.pool.work.drop(stage.number)
            line.pool.stirred &= ~(1 << stage.number)
            del self.stages[stage.number]
        for step, matching, scale in zip(line.queue.steps, line.matchings, line.scales, strict=True):
            self._skills.leave(step, matching, scale)
        self.reach.close(line.lane)
        return [task_id for stage in line.stages for task_id in stage.tasks]
