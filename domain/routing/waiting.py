"""Who waits, and in which lines do they stand? Requests get in line, are held for an offer, and leave.

A request stands in the line of its queue, and a shadow of it in each of its other queues (routing 11). One whose queue is
not there is astray until it is. One for which an offer is on its way is pending: it stands nowhere meanwhile.
"""

from collections.abc import Sequence
from datetime import datetime

from domain.ids import QueueId, TaskId
from domain.routing.ageing import Ageing
from domain.routing.agenda import Agenda
from domain.routing.clearing import Clearing
from domain.routing.clocks import Clocks
from domain.routing.lines import Lines, Standing
from domain.routing.moves import Diverting, Move, Offer, Widening
from domain.routing.siblings import Siblings
from domain.routing.staff import Chair, Staff
from domain.routing.state import Request, State
from domain.routing.watch import Watch
from domain.tasks.facts import QueueLeft


class Waiting:
    """`standing`: where those in line stand. `pending`: the offers that are neither a fact yet nor forgotten."""

    def __init__(
        self,
        state: State,
        staff: Staff,
        lines: Lines,
        clocks: Clocks,
        siblings: Siblings,
        watch: Watch,
        agenda: Agenda,
    ) -> None:
        self._state, self._staff, self._lines, self._clocks = state, staff, lines, clocks
        self._siblings, self._watch = siblings, watch
        self.ageing, self.clearing = Ageing(agenda), Clearing(state, agenda)
        self._agenda = agenda
        self.standing: dict[TaskId, Standing] = {}
        self.pending: dict[TaskId, tuple[Offer, Chair]] = {}
        self._astray: dict[QueueId, set[TaskId]] = {}

    # In line, and out of it

    def enter(self, task_id: TaskId, request: Request) -> None:
        routing = request.routing
        if routing.also_in and request.step >= 0:
            self._enter_others(task_id, request)
        line = self._lines.get(routing.queue_id)
        if line is None:
            self._astray.setdefault(routing.queue_id, set()).add(task_id)
            return
        ageing_s = line.queue.ageing_s
        priority = self.ageing.enter(task_id, routing, ageing_s) if ageing_s else routing.priority
        if not line.is_plain or request.step < 0:
            stage = self._watch.enter(task_id, request, line, priority)
            if stage is None:
                return
        else:
            stage = line.stage(request.step)
            if len(line.begins) > 1:
                self._clocks.wind(task_id, request.step, line.begins, routing.first_enqueued_at)
        key = (-line.queue.priority, -priority, routing.first_enqueued_at, task_id, stage.number)
        self.standing[task_id] = line.pool.fresh[task_id] = stage, key
        self._agenda.work = True

    def _enter_others(self, task_id: TaskId, request: Request) -> None:
        """The other queues in which it waits (routing 11)."""
        self._leave_others(task_id)
        for shadow, its_request in self._siblings.open(task_id, request):
            self.enter(shadow, its_request)

    def _leave_others(self, task_id: TaskId) -> None:
        for shadow in self._siblings.close(task_id):
            self.leave(shadow)
            self._clocks.stop(shadow)
            self.ageing.stop(shadow)
            for astray in self._astray.values():
                astray.discard(shadow)

    def leave(self, task_id: TaskId) -> None:
        if self._siblings.real:
            self._leave_others(task_id)
        standing = self.standing.pop(task_id, None)
        if standing is not None:
            stage, key = standing
            if stage.line.pool.fresh.pop(task_id, None) is None:
                stage.remove(key)
        if task_id in self._watch.tasks:
            self._watch.leave(task_id, standing[0] if standing else None)
        elif self._watch.leaving:
            self._watch.leaving.discard(task_id)

    def forget(self, task_id: TaskId) -> None:
        """It is accepted, or over."""
        request = self._state.requests.pop(task_id, None)
        if request is None:
            self._state.created.pop(task_id, None)
            return
        if self._state.flushed:
            self.clearing.over(task_id)
        if request.ringing and not self._astray:
            return  # it is in no line any more
        self.let_go(task_id)
        self.leave(task_id)
        self._clocks.stop(task_id)
        if self.ageing.known:
            self.ageing.stop(task_id)
        if self._astray:
            self._astray.get(request.routing.queue_id, set()).discard(task_id)

    # Held for an offer

    def hold(self, offer: Offer, chair: Chair) -> None:
        self.pending[offer.task_id] = offer, chair
        self.leave(offer.task_id)
        self._staff.promise(chair)

    def let_go(self, task_id: TaskId) -> None:
        pending = self.pending.pop(task_id, None)
        if pending is not None:
            self._staff.take_back(pending[1])

    def note_slot(self, offer: Offer) -> None:
        """A slot is held for a request that does not ring yet, perhaps by the choice of another engine."""
        request = self._state.requests.get(offer.task_id)
        if request is not None and not request.ringing and offer.task_id not in self.pending:
            self.hold(offer, self._staff.chair(self._staff.seat(offer.agent_id), offer.mrd_id))

    def send_away(self, moves: list[Diverting]) -> Sequence[Move]:
        """Whoever is to leave the queue is offered to nobody by it meanwhile. What a request's first queue has to say comes
        last, for it speaks to a customer who waits in no other one (routing 11).
        """
        told: Sequence[Move] = moves
        if moves and (real := self._siblings.real):
            moves.sort(key=lambda move: move.task_id not in real)
            told = [self._siblings.told(move) for move in moves]
        for move in moves:
            if move.diversion.leaves:
                self.leave(move.task_id)
                self._watch.leaving.add(move.task_id)
        return told

    def left(self, task_id: TaskId, fact: QueueLeft) -> None:
        """It waits on in its other queues (routing 11)."""
        request = self._state.requests[task_id]
        is_away = request.ringing or task_id in self.pending or task_id in self._watch.leaving
        if not is_away:
            self.leave(task_id)
        request.routing = request.routing.without(fact.queue_id, fact.rule, fact.instead)
        request.steps.pop(fact.queue_id, None)
        self.clearing.left(task_id, fact.queue_id)
        if not is_away:
            self.enter(task_id, request)

    def with_reason(self, move: Widening) -> Move:
        """As it is told outside; there is no more to it where nothing but time lets a request widen."""
        task_id = move.task_id
        is_plain = task_id in self.standing and task_id not in self._watch.tasks and task_id not in self._siblings.real
        return move if is_plain else self._watch.with_reason(move)

    # What changes without them

    def grow_urgent(self, now: datetime) -> None:
        """Who waits elsewhere, for an answer to an offer, is as urgent as they are by then when they enter again. Shadows of
        whoever enters again begin anew, and are looked at once more (routing 11).
        """
        while grown := list(self.ageing.ring(now)):
            for task_id in grown:
                request = self._state.requests.get(task_id) or self._siblings.shadows.get(task_id)
                if request is not None and (task_id in self.standing or task_id in self._watch.tasks):
                    self.leave(task_id)
                    self.enter(task_id, request)

    def open_anew(self, queue_id: QueueId) -> None:
        """The queue is another one now, or gone: its own line is made anew, and who waits in it enters again."""
        tasks = self._astray.pop(queue_id, set())
        watch = self._watch
        elsewhere = (*watch.tasks, *watch.leaving, *self.pending)
        tasks.update(task_id for task_id in elsewhere if self._waits_in(task_id, queue_id))
        for task_id in sorted(tasks & watch.tasks.keys()):
            self.leave(task_id)
        watch.open_anew(queue_id)
        those = self._lines.close(queue_id)
        for task_id in those:
            del self.standing[task_id]
        tasks.update(those)
        queue = self._state.catalog.queues.get(queue_id)
        line = self._lines.open(queue_id, queue) if queue is not None else None
        for task_id in sorted(tasks):
            self._clocks.stop(task_id)
            request = self._state.requests.get(task_id) or self._siblings.shadows[task_id]
            if task_id not in self.pending:
                self.enter(task_id, request)
            elif line is not None:
                watch.wind(task_id, request, line)

    def _waits_in(self, task_id: TaskId, queue_id: QueueId) -> bool:
        request = self._state.requests.get(task_id) or self._siblings.shadows.get(task_id)
        return request is not None and request.routing.queue_id == queue_id
