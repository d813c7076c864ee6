"""Which requests have more to them than steps that follow one another? They are watched; all others cost nothing here.

`skipping.py` says which steps are not waited for, `diversions.py` who is not to wait on in their queue.
"""

from collections import ChainMap
from datetime import datetime

from domain.ids import QueueId, TaskId
from domain.kernel import replace
from domain.routing.agenda import Agenda
from domain.routing.clocks import Clocks
from domain.routing.conditions import Expected
from domain.routing.diversions import Diversions
from domain.routing.lines import Line, Lines, Stage
from domain.routing.moves import Diverting, Move, Widening
from domain.routing.siblings import Siblings, meant_by
from domain.routing.skipping import Skipping, not_considered
from domain.routing.staff import Staff
from domain.routing.state import Request, State
from domain.tasks.facts import StepReason

BY_THE_CLOCK = frozenset({StepReason.WAITED, StepReason.NOT_CONSIDERED})


class Watch:
    """`tasks`: those that are watched, by their queue."""

    def __init__(
        self,
        state: State,
        staff: Staff,
        lines: Lines,
        clocks: Clocks,
        siblings: Siblings,
        agenda: Agenda,
        expected: Expected,
    ) -> None:
        self._state, self._staff, self._lines, self._clocks = state, staff, lines, clocks
        self._skipping = Skipping(staff, agenda, expected)
        self._siblings = siblings
        requests = ChainMap(siblings.shadows, state.requests)
        self._diversions = Diversions(state, staff, requests, siblings, agenda)
        self.tasks: dict[TaskId, QueueId] = {}

    @property
    def leaving(self) -> set[TaskId]:
        return self._diversions.leaving

    # Coming and going

    def enter(self, task_id: TaskId, request: Request, line: Line, priority: int) -> Stage | None:
        """Where it stands; nowhere yet if no step so far is for it (routing 8, 9, 54). `priority`: with its age."""
        self._diversions.ended(task_id)
        self.tasks[task_id] = line.id
        if line.has_gate:
            self._diversions.enter(task_id, request, line, priority)
        if line.has_conditions:
            self._skipping.conditions.come(line.id, task_id, request.routing.first_enqueued_at)
        line = self._lines.considered(line, request.routing.data)
        if request.step < 0:
            stage = self._stage_of_last_agent(request, line)
            if stage is None:
                self._skipping.send_on(task_id, StepReason.LAST_AGENT_GONE)
        else:
            stage = line.considered_stage(request.step)
        if stage is not None and stage.skip is not None:
            self._skipping.watch(task_id, stage)
        self.wind(task_id, request, line)
        return stage

    def leave(self, task_id: TaskId, stage: Stage | None) -> None:
        queue_id = self.tasks.pop(task_id)
        self._diversions.leave(task_id, queue_id)
        self._skipping.conditions.go(task_id)
        if self._skipping.leave(task_id, stage) and stage is not None:
            self._lines.drop_stage_of_last_agent(stage)

    def over(self, task_id: TaskId) -> None:
        self._diversions.ended(task_id)

    def told(self, task_id: TaskId, request: Request) -> None:
        """A rule was applied to it, and it waits on."""
        self._diversions.look_again(task_id, request.routing.queue_id)

    def open_anew(self, queue_id: QueueId) -> None:
        self._diversions.close(queue_id)

    def wind(self, task_id: TaskId, request: Request, line: Line) -> None:
        routing = request.routing
        line = self._lines.considered(line, routing.data)
        if request.step < 0:
            until = routing.last_agent_until or routing.first_enqueued_at
            self._clocks.wind_until(until, task_id, line.begins, routing.first_enqueued_at)
        elif len(line.begins) > 1:
            self._clocks.wind(task_id, request.step, line.begins, routing.first_enqueued_at)

    def _stage_of_last_agent(self, request: Request, line: Line) -> Stage | None:
        """None if they let it ring, or were never heard of."""
        agent_id = request.routing.last_agent_id
        if agent_id is None or agent_id in request.missed or agent_id not in self._state.agents:
            return None
        return self._lines.stage_of_last_agent(line, self._staff.seat(agent_id))

    # What follows

    def ring(self, now: datetime) -> None:
        self._diversions.ring(now)

    def turned_away(self, now: datetime) -> list[Diverting]:
        return self._diversions.turned_away(now)

    def overflowing(self, now: datetime) -> list[Diverting]:
        return self._diversions.overflowing(now)

    def skips(self, moves: list[Move], now: datetime) -> list[Move]:
        """Besides the moves that there are already."""
        if not self._skipping.has_work:
            return []
        widening = {meant_by(move) for move in moves if isinstance(move, Widening)}
        return [self._siblings.told(move) for move in self._skipping.moves(self._request, widening, now)]

    @property
    def bound(self) -> datetime:
        return self._diversions.bound

    def next_due(self) -> datetime | None:
        due, conditions = self._diversions.next_due(), self._skipping.conditions
        more = conditions.next_due() if conditions.stages else None
        return more if due is None or (more is not None and more < due) else due

    def _request(self, task_id: TaskId) -> Request | None:
        return self._siblings.shadows.get(task_id) or self._state.requests.get(task_id)

    def with_reason(self, move: Widening) -> Move:
        """As it is told outside. A step that was never for the request is not waited for (routing 9)."""
        request = self._request(move.task_id)
        line = self._lines.get(request.routing.queue_id) if request is not None else None
        if request is None or line is None or not line.considers:
            return self._siblings.told(move)
        left = move.step - 1 in not_considered(line.whole, request.routing.data)
        return self._siblings.told(replace(move, reason=StepReason.NOT_CONSIDERED) if left else move)

    def try_again(self, move: Widening) -> None:
        task_id = meant_by(move)
        request = self._request(task_id)
        line = self._lines.get(request.routing.queue_id) if request is not None else None
        if request is None or line is None or request.ringing or move.step <= request.step:
            return
        if move.reason in BY_THE_CLOCK:
            line = self._lines.considered(line, request.routing.data)
            self._clocks.again(replace(move, task_id=task_id), line.begins, request.routing.first_enqueued_at)
        else:
            self._skipping.again(task_id)
