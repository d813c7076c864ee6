"""Who waits, and where? Each queue is a line; those who have reached the same step of it stand together.

Whoever stands at a step may be served by the same agents, so only the first of them has to be looked at. The firsts of
all steps stand in one order of work per media routing domain (routing 16).
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import accumulate, chain, combinations
from typing import TYPE_CHECKING

from domain.configuration.settings import AgentSelectionPolicy, Queue, SkipCondition, StepMode
from domain.ids import AgentId, MrdId, QueueId, TaskId
from domain.kernel import replace
from domain.routing.agenda import Agenda
from domain.routing.ranking import Ranking
from domain.routing.reach import Lane, Reach
from domain.routing.skills import Crowd, Matching, Scale, Skills, Union
from domain.routing.skipping import LastAgent, not_considered, why_left
from domain.tasks.facts import LAST_AGENT_STEP, StepReason

if TYPE_CHECKING:
    from domain.routing.staff import Chair, Seat

WorkKey = tuple[int, int, datetime, TaskId, int]
"""Queue priority ↓, task priority ↓, first enqueued ↑, id (routing 16); then the number of the step."""
Standing = tuple["Stage", WorkKey]
"""Where a request waits."""
Choice = tuple[int, Crowd, Scale | None]
"""A step that counts, whoever matches it, and how skilled they are for it, where that matters."""


FEW = 2
"""Different conditions of a queue's steps, up to which a line is opened for each way in which they may be met."""


class Pool:
    """One media routing domain: who could take one more, in the order of rule 13; what waits, in the order of rule 16;
    and what has changed since the last decision: `freed` agents, `fresh` requests that are not in any order yet, and the
    `stirred` steps to be looked at. `chairs`: everybody's, by their number. As sets: `staffed`: whoever works in it, so
    many as `staff_count`; `capable`: those who may have tasks at all; `willing`: those who want work here; `offered`:
    those to whom something is offered; `closed`: those who are cut off, or interrupted.
    """

    __slots__ = (
        "agenda",
        "capable",
        "chairs",
        "closed",
        "freed",
        "fresh",
        "mrd_id",
        "offered",
        "seats",
        "staff_count",
        "staffed",
        "stirred",
        "willing",
        "work",
    )

    def __init__(self, mrd_id: MrdId, agenda: Agenda) -> None:
        self.mrd_id, self.agenda = mrd_id, agenda
        self.seats, self.work = Ranking(), Ranking()
        self.chairs: dict[int, Chair] = {}
        self.freed: set[Seat] = set()
        self.fresh: dict[TaskId, Standing] = {}
        self.stirred = self.staffed = self.capable = self.willing = self.offered = self.closed = self.staff_count = 0

    def free(self, seat: "Seat") -> None:
        """They could take one more: that matters to those who wait already; whoever comes looks at everybody."""
        if self.work.members:
            self.freed.add(seat)
            self.agenda.work = True

    def line_up(self) -> None:
        """Whoever is fresh takes their place."""
        for stage, key in self.fresh.values():
            stage.add(key)
            self.stirred |= 1 << stage.number
        self.fresh.clear()


class Pools(dict[MrdId, Pool]):
    def __init__(self, agenda: Agenda) -> None:
        self._agenda = agenda

    def __missing__(self, mrd_id: MrdId) -> Pool:
        pool = self[mrd_id] = Pool(mrd_id, self._agenda)
        return pool


class Stage:
    """One step of one queue, and the requests that have reached it. `own`: the agents of this very step. `skip`: why it
    is left when none of them is there, or when `skip_when` holds.
    """

    __slots__ = ("_front", "_waiting", "admitted", "choices", "line", "number", "own", "skip", "skip_when")

    def __init__(
        self,
        line: "Line",
        number: int,
        choices: Sequence[Choice],
        admitted: Crowd,
        skip: StepReason | None = None,
        skip_when: tuple[SkipCondition, ...] = (),
    ) -> None:
        self.line, self.number, self.choices, self.admitted = line, number, choices, admitted
        self.skip, self.skip_when = skip, skip_when
        self.own: Crowd = choices[-1][1]
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
        if at < self._front:  # one that was passed over, and offered by another of its queues (routing 11)
            self._front -= 1
        elif at == self._front:
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
            work.put_later(self._waiting[self._front])
        else:
            work.drop(self.number)


class Line:
    """`steps`: the numbers of those that count, of all steps of the `whole` queue; the others are not for the requests that
    wait here (routing 9). `crowds`: whoever is in one of them may have what waits here, sooner or later. `is_plain`: there
    is nothing about it but steps that follow one another.
    """

    def __init__(
        self, queue_id: QueueId, whole: Queue, steps: Sequence[int], pool: Pool, lane: Lane, skills: Skills
    ) -> None:
        self.id, self.whole, self.steps, self.pool, self.lane = queue_id, whole, steps, pool, lane
        self.queue = queue = of_steps(whole, steps)
        policy = queue.agent_selection
        self.most = policy is AgentSelectionPolicy.MOST_SKILLED
        by_skill = policy is not AgentSelectionPolicy.LONGEST_AVAILABLE
        self.considers = any(step.consider_if for step in whole.steps)
        self.has_gate = whole.opening is not None or bool(whole.overflow)
        self.is_plain = not (self.considers or self.has_gate or any(step.may_be_left for step in whole.steps))
        self.has_conditions = any(step.skip_when for step in whole.steps)
        counted = (step.timeout_s if number in steps else 0 for number, step in enumerate(whole.steps[:-1]))
        waits = accumulate(counted, initial=0)
        self.begins = [timedelta(seconds=seconds) for seconds in waits]
        self.matchings = [Matching(skills, step) for step in queue.steps]
        self.scales = [Scale(skills, step) if by_skill else None for step in queue.steps]
        self.admitted: list[Matching | Union] = list(self.matchings)
        if queue.step_mode is StepMode.CUMULATIVE:
            for step in range(1, len(queue.steps)):
                self.admitted[step] = Union(self.admitted[step - 1], self.matchings[step])
            self.crowds = self.admitted[-1:]
        else:
            self.crowds = self.admitted
        self.stages = [self._stage(step) for step in range(len(queue.steps))]
        self.last_agents: dict[AgentId, Stage] = {}

    def _stage(self, step: int) -> Stage:
        cumulative = self.queue.step_mode is StepMode.CUMULATIVE
        those = range(step + 1) if cumulative else (step,)
        choices = [(self.steps[it], self.matchings[it], self.scales[it]) for it in those]
        number, when = self.lane.numbers[step], self.queue.steps[step].skip_when
        return Stage(self, number, choices, self.admitted[step], why_left(self.queue.steps[step]), when)

    def stage(self, step: int) -> Stage:
        """Where a request that has reached `step` stands; a queue that got shorter keeps them at its last step."""
        return self.stages[min(step, len(self.stages) - 1)]

    def considered_stage(self, step: int) -> Stage | None:
        """The same where some steps do not count: at the last of them that does, or nowhere yet (routing 9)."""
        at = bisect_right(self.steps, step) - 1
        return self.stages[at] if at >= 0 else None


class Lines:
    def __init__(self, pools: Pools, skills: Skills, reach: Reach) -> None:
        self.reach = reach
        self.stages: dict[int, Stage] = {}
        self._lines: dict[QueueId, Line] = {}
        self._reduced: dict[QueueId, dict[frozenset[int], Line]] = {}
        self._pools, self._skills = pools, skills

    def get(self, queue_id: QueueId) -> Line | None:
        return self._lines.get(queue_id)

    def considered(self, line: Line, data: Mapping[str, str]) -> Line:
        """Where a request with these data waits: the same queue without the steps that are not for it (routing 9)."""
        left_out = not_considered(line.whole, data) if line.considers else None
        return self._without(line, left_out) if left_out else line

    def _without(self, line: Line, left_out: frozenset[int]) -> Line:
        reduced = self._reduced.setdefault(line.id, {})
        if left_out not in reduced:
            steps = [number for number in range(len(line.whole.steps)) if number not in left_out]
            reduced[left_out] = self._line(line.id, line.whole, steps)
        return reduced[left_out]

    def stage_of_last_agent(self, line: Line, seat: "Seat") -> Stage:
        """Before the first step: whoever waits for that agent (routing 54)."""
        stage = line.last_agents.get(seat.id)
        if stage is None:
            one = LastAgent(line, seat)
            choices: Sequence[Choice] = [(LAST_AGENT_STEP, one, None)]
            stage = Stage(line, self.reach.take_number(), choices, one, StepReason.LAST_AGENT_GONE)
            line.last_agents[seat.id] = self.stages[stage.number] = stage
            seat.own |= 1 << stage.number
        return stage

    def drop_stage_of_last_agent(self, stage: Stage) -> None:
        """Nobody waits for them any more."""
        if isinstance(stage.own, LastAgent):
            seat = stage.own.seat
            seat.own &= ~(1 << stage.number)
            del stage.line.last_agents[seat.id], self.stages[stage.number]
            stage.line.pool.stirred &= ~(1 << stage.number)
            self.reach.give_back(stage.number)

    def open(self, queue_id: QueueId, queue: Queue) -> Line:
        line = self._lines[queue_id] = self._line(queue_id, queue, range(len(queue.steps)))
        if line.considers:
            conditions = dict.fromkeys(step.consider_if for step in queue.steps if step.consider_if)
            if len(conditions) <= FEW:  # now, rather than when somebody waits for it; of more, those that come to be
                for refused in chain(*(combinations(conditions, number + 1) for number in range(FEW))):
                    of_those = (number for number, step in enumerate(queue.steps) if step.consider_if in refused)
                    self._without(line, frozenset(of_those))
        return line

    def _line(self, queue_id: QueueId, whole: Queue, steps: Sequence[int]) -> Line:
        lane = self.reach.open(of_steps(whole, steps))
        line = Line(queue_id, whole, steps, self._pools[whole.mrd_id], lane, self._skills)
        for stage in line.stages:
            self.stages[stage.number] = stage
        return line

    def close(self, queue_id: QueueId) -> list[TaskId]:
        """The queue is gone, or will be opened anew as it now is; returns who waited."""
        line = self._lines.pop(queue_id, None)
        if line is None:
            return []
        line.pool.line_up()
        reduced = self._reduced.pop(queue_id, {}).values()
        return [task_id for each in (line, *reduced) for task_id in self._close(each)]

    def _close(self, line: Line) -> list[TaskId]:
        tasks = [task_id for stage in (*line.stages, *line.last_agents.values()) for task_id in stage.tasks]
        for stage in tuple(line.last_agents.values()):
            line.pool.work.drop(stage.number)
            self.drop_stage_of_last_agent(stage)
        for stage in line.stages:
            line.pool.work.drop(stage.number)
            line.pool.stirred &= ~(1 << stage.number)
            del self.stages[stage.number]
        for step, matching, scale in zip(line.queue.steps, line.matchings, line.scales, strict=True):
            self._skills.leave(step, matching, scale)
        self.reach.close(line.lane)
        return tasks


def of_steps(queue: Queue, steps: Sequence[int]) -> Queue:
    return queue if len(steps) == len(queue.steps) else replace(queue, steps=tuple(queue.steps[it] for it in steps))
