"""Which waiting request goes to which agent, now? Facts and the time go in, offers come out; nothing else is asked.

Deterministic and incremental: the work follows what changed, not what exists. It enforces nothing: an offer is a wish that
the agent's own stream may still refuse (`forget`). How it is found (`docs/adr/0013`):

    state.py     what was learned from the log      staff.py    who could take one more, in order
    lines.py     who waits at which step, in order  skills.py   who may be given what waits at a step
    ranking.py   the first of those in a set        reach.py    which steps an agent serves
    choices.py   which of them gets which           todo.py     what is looked at where much is new
    clocks.py    when the next step begins          reasons.py  why this one, for whoever asks
    skipping.py  which steps are not waited for     diversions.py  who is not to wait on here
    agenda.py    whether there is anything to decide  conditions.py  what steps are left by
    watch.py     both, for those whom they concern  siblings.py  one request in several queues
    ageing.py    who goes before others in the end  clearing.py  which queues are being emptied
    waiting.py   who waits, and who is held for an offer

How long somebody may still wait is a fold of its own (`waits.py`), and so is what people are told (`story.py`).
"""

from datetime import datetime
from itertools import islice
from typing import Any

from domain.agents.facts import (
    AgentFact,
    SlotFilled,
    SlotReleased,
    SlotReserved,
    SlotState,
    SlotWrappingUp,
)
from domain.configuration.entity import CATEGORIES
from domain.ids import AgentId, QueueId, TaskId
from domain.kernel import Recorded, replace
from domain.lines.facts import LineFlushed
from domain.routing.agenda import Agenda
from domain.routing.choices import Choices, Found
from domain.routing.clocks import Clocks
from domain.routing.conditions import Expected, nobody_knows
from domain.routing.decisions import Grounds
from domain.routing.handlers import Handler, Handlers
from domain.routing.lines import Lines, Pools, WorkKey
from domain.routing.moves import Diverting, Emptied, Flushing, Move, Offer, Widening
from domain.routing.reach import Reach
from domain.routing.reasons import Reasons
from domain.routing.siblings import Siblings, meant_by, shadow_id
from domain.routing.skills import Skills
from domain.routing.staff import Staff
from domain.routing.state import Request, State
from domain.routing.waiting import Waiting
from domain.routing.watch import Watch
from domain.tasks.facts import (
    QueueLeft,
    StepReached,
    TaskAccepted,
    TaskClosed,
    TaskCloseReason,
    TaskCreated,
    TaskDiverted,
    TaskQueued,
    TaskReserved,
)

__all__ = ["Diverting", "Engine", "Move", "Offer", "Request", "State", "Widening"]

OF_TASK = len("task-")
"""Where the id of a task begins in the name of its stream."""
RONA, DECLINED, REROUTE = TaskCloseReason.RONA, TaskCloseReason.DECLINED, TaskCloseReason.REROUTE  # looked up slowly
MISSED_MAX = 10_000
"""Requests that rang out and whose re-routing the engine awaits; it comes within moments."""


class Engine:
    """`feed` facts, then ask `decide(now)`. `next_due` says when asking again makes sense without a new fact. `expected`: how
    long a wait would be, for steps that ask about it (routing 8).
    """

    def __init__(self, state: State | None = None, expected: Expected = nobody_knows) -> None:
        self.state = state or State()
        self._agenda = agenda = Agenda()
        self._pools, self._skills, self._clocks = Pools(agenda), Skills(), Clocks(agenda)
        reach = Reach()
        self._staff = Staff(self.state, self._pools, self._skills, reach, agenda)
        self._lines = Lines(self._pools, self._skills, reach)
        self._siblings = Siblings()
        about = self.state, self._staff, self._lines, self._clocks, self._siblings
        self._watch = Watch(*about, agenda, expected)
        self._waiting = Waiting(*about, self._watch, agenda)
        self._reasons = Reasons(self.state, self._staff)
        self._choices = Choices(self.state, self._staff, self._lines, self._siblings, self._waiting.hold, self._reasons)
        self._handlers = _handlers(self)
        self._restore()

    def _restore(self) -> None:
        """Of the offers that were out when a snapshot was taken, those that hold a slot are known by it."""
        for queue_id, queue in self.state.catalog.queues.items():
            self._lines.open(queue_id, queue)
        for task_id, request in self.state.requests.items():
            if not request.ringing:
                self._waiting.enter(task_id, request)
        for agent_id, slots in self.state.slots.items():
            for task_id, slot in slots.items():
                if slot.state is SlotState.RESERVED:
                    self._waiting.note_slot(Offer(task_id, slot.mrd_id, agent_id, slot.offer_id, 0))

    # What happened

    def feed(self, recorded: Recorded[Any]) -> None:
        self.state.position = recorded.position
        self._handlers[type(recorded.fact)](recorded)

    def _rare(self, recorded: Recorded[Any]) -> None:
        """What does not come with every task: it concerns a person, or the configuration, or it is not for us."""
        if recorded.category == "agent":
            self._agent_lives(recorded)
        elif isinstance(recorded.fact, LineFlushed):
            self._waiting.clearing.flush(QueueId(recorded.subject), recorded.fact.words)
        elif recorded.category in CATEGORIES:
            self._configure(recorded)

    def forget(self, move: Move) -> None:
        """That move came to nothing, say because the agent was not free (any more). Look again."""
        if isinstance(move, Flushing | Emptied):
            self._waiting.clearing.forget(move)
            return
        request = self.state.requests.get(move.task_id)
        match move:
            case Offer(task_id=task_id, offer_id=offer_id):
                if task_id in self._waiting.pending and self._waiting.pending[task_id][0].offer_id == offer_id:
                    self._waiting.let_go(task_id)
                    if request is not None:
                        self._waiting.enter(task_id, request)
            case Widening():
                self._watch.try_again(move)
            case Diverting(task_id=task_id) if request is not None:
                if meant_by(move) in self._watch.leaving:
                    self._waiting.leave(task_id)
                    self._waiting.enter(task_id, request)
                elif move.queue_id is None:
                    self._watch.told(task_id, request)
            case _:
                return

    # What follows

    def decide(self, now: datetime) -> list[Move]:
        """Everything that is to be done now, in order. Each move is made once; `feed` or `forget` ends its waiting."""
        agenda = self._agenda
        moves: list[Move] = []
        if now >= agenda.step_due:
            moves += map(self._waiting.with_reason, self._clocks.ring(now))
        if now >= agenda.due:
            self._waiting.grow_urgent(now)
            self._watch.ring(now)
            agenda.due = min(self._waiting.ageing.bound, self._watch.bound)
        if agenda.clearing:
            moves += self._waiting.clearing.moves(now)
        if agenda.rules:
            moves += self._waiting.send_away(self._watch.turned_away(now))
        if agenda.work:
            agenda.work = False
            moves += self._offers()
        if agenda.rules:
            agenda.rules = False
            moves += self._waiting.send_away(self._watch.overflowing(now))
            moves += self._watch.skips(moves, now)
            self._staff.left = 0
        return moves

    def _offers(self) -> list[Move]:
        found: list[Found] = []
        for pool in self._pools.values():
            if pool.freed or pool.fresh or pool.stirred:
                found += self._choices.serve(pool)
        if len(found) > 1:
            found.sort(key=_work_key)
        return [offer for _, offer in found]

    def next_due(self) -> datetime | None:
        first = self._clocks.next_due()
        for due in (
            self._waiting.ageing.next_due(),
            self._waiting.clearing.next_due(),
            self._watch.next_due() if self._watch.tasks else None,
        ):
            if due is not None and (first is None or due < first):
                first = due
        return first

    def why_waiting(self, task_id: TaskId) -> list[Grounds]:
        """Who could have a request now, and why nobody else, in each of its queues; empty for one that does not wait."""
        request, shadows = self.state.requests.get(task_id), self._siblings.shadows
        if request is None or request.ringing or task_id in self._waiting.pending:
            return []
        ids = (shadow_id(task_id, queue_id) for queue_id in request.routing.also_in)
        lines = {task_id: request} | {shadow: shadows[shadow] for shadow in ids if shadow in shadows}
        return self._reasons.everywhere(lines, self._waiting.standing)

    # Facts of tasks

    def _task_created(self, recorded: Recorded[TaskCreated]) -> None:
        task_id: Any = recorded.stream[OF_TASK:]  # here and below: the types of ids are calls, too
        self.state.created[task_id] = recorded.fact.conversation_id

    def _task_queued(self, recorded: Recorded[TaskQueued]) -> None:
        task_id: Any = recorded.stream[OF_TASK:]
        routing, state = recorded.fact.routing, self.state
        request = Request(routing, routing.step, False, state.created.pop(task_id, None), {})
        if routing.excluded:
            known = state.missed.pop(routing.root_request_id, {})
            request.missed = {agent: known.get(agent, recorded.position) for agent in sorted(routing.excluded)}
        if routing.also_in:
            request.steps = dict(routing.steps)
        state.requests[task_id] = request
        self._waiting.enter(task_id, request)

    def _step_reached(self, recorded: Recorded[StepReached]) -> None:
        task_id: Any = recorded.stream[OF_TASK:]
        request = self.state.requests.get(task_id)
        if request is not None and recorded.fact.queue_id is not None:
            request.steps[recorded.fact.queue_id] = recorded.fact.step
            task_id = shadow_id(task_id, recorded.fact.queue_id)
            request = self._siblings.shadows.get(task_id)
        if request is not None:
            request.step = recorded.fact.step
            self._clocks.reached(task_id, request.step)
            if task_id in self._waiting.standing or task_id in self._watch.tasks:
                self._waiting.leave(task_id)
                self._waiting.enter(task_id, request)

    def _task_diverted(self, recorded: Recorded[TaskDiverted]) -> None:
        task_id: Any = recorded.stream[OF_TASK:]
        request, fact = self.state.requests.get(task_id), recorded.fact
        if request is not None:
            request.routing = replace(request.routing, diverted=request.routing.diverted | {fact.rule})
            self._watch.told(task_id, request)

    def _queue_left(self, recorded: Recorded[QueueLeft]) -> None:
        task_id: Any = recorded.stream[OF_TASK:]
        if task_id in self.state.requests:
            self._waiting.left(task_id, recorded.fact)

    def _task_reserved(self, recorded: Recorded[TaskReserved]) -> None:
        task_id: Any = recorded.stream[OF_TASK:]
        request = self.state.requests.get(task_id)
        if request is not None:
            request.ringing = True
            self._waiting.let_go(task_id)
            self._waiting.leave(task_id)
            self._clocks.stop(task_id)

    def _task_accepted(self, recorded: Recorded[TaskAccepted]) -> None:
        task_id: Any = recorded.stream[OF_TASK:]
        self._waiting.forget(task_id)
        fact, talking = recorded.fact, self.state.talking
        if fact.conversation_id in talking:
            talking[fact.conversation_id][task_id] = fact.agent_id
        else:
            talking[fact.conversation_id] = {task_id: fact.agent_id}

    def _task_closed(self, recorded: Recorded[TaskClosed]) -> None:
        task_id: Any = recorded.stream[OF_TASK:]
        fact, state = recorded.fact, self.state
        goes_on = fact.reason is RONA or fact.reason is DECLINED or fact.reason is REROUTE
        if goes_on and task_id in state.requests:
            self._note_missed(state.requests[task_id], recorded)
        self._waiting.forget(task_id)
        talking = state.talking.get(fact.conversation_id)
        if fact.agent_id is not None and talking is not None:
            was_there = talking.pop(task_id, None) is not None  # whoever only listened may be no agent
            held_up = self._choices.held_up
            if was_there and fact.conversation_id in held_up:
                self._staff.seat(fact.agent_id).free()  # for this conversation's next request, too (routing 12, 17)
            if not talking:
                del state.talking[fact.conversation_id]
                held_up.discard(fact.conversation_id)

    def _note_missed(self, request: Request, recorded: Recorded[TaskClosed]) -> None:
        """Whoever let it ring or declined is left out from now on (routing 21, 24); of earlier ones stays known since when."""
        missed, agent_id = self.state.missed, recorded.fact.agent_id
        more = {} if agent_id is None or recorded.fact.reason is REROUTE else {agent_id: recorded.position}
        if not (request.missed or more):
            return
        missed[request.routing.root_request_id] = {**request.missed, **more}
        for oldest in list(islice(missed, max(0, len(missed) - MISSED_MAX))):
            del missed[oldest]

    # Facts of agents

    def _agent_lives(self, recorded: Recorded[AgentFact]) -> None:
        self._staff.live(AgentId(recorded.subject), recorded.fact, recorded.at, recorded.position)

    def _slot_reserved(self, recorded: Recorded[SlotReserved]) -> None:
        self._staff.reserved(recorded)
        fact = recorded.fact
        if fact.task_id not in self._waiting.pending:
            agent_id = AgentId(recorded.subject)
            self._waiting.note_slot(Offer(fact.task_id, fact.mrd_id, agent_id, fact.offer_id, fact.step, fact.decision))

    def _slot_released(self, recorded: Recorded[SlotReleased]) -> None:
        self._staff.released(recorded)
        pending = self._waiting.pending.get(recorded.fact.task_id)
        if pending is not None and pending[0].agent_id == recorded.subject:
            self.forget(pending[0])

    # Facts of configuration

    def _configure(self, recorded: Recorded[Any]) -> None:
        self.state.catalog = self.state.catalog.evolve(recorded)
        if recorded.category == "queue":
            self._waiting.open_anew(QueueId(recorded.subject))
            self._waiting.clearing.configured(QueueId(recorded.subject))
        elif recorded.category == "calendar":
            for queue_id, queue in self.state.catalog.queues.items():
                if queue.opening is not None and queue.opening.calendar_id == recorded.subject:
                    self._waiting.open_anew(queue_id)


def _work_key(found: Found) -> WorkKey:
    return found[0]


def _handlers(engine: Engine) -> Handlers:
    """The facts that come with every task; all others are rare."""
    staff = engine._staff  # noqa: SLF001 - its own table
    often: dict[type, Handler] = {
        TaskCreated: engine._task_created,  # noqa: SLF001 - its own table
        TaskQueued: engine._task_queued,  # noqa: SLF001
        StepReached: engine._step_reached,  # noqa: SLF001
        TaskDiverted: engine._task_diverted,  # noqa: SLF001
        QueueLeft: engine._queue_left,  # noqa: SLF001
        TaskReserved: engine._task_reserved,  # noqa: SLF001
        TaskAccepted: engine._task_accepted,  # noqa: SLF001
        TaskClosed: engine._task_closed,  # noqa: SLF001
        SlotReserved: engine._slot_reserved,  # noqa: SLF001
        SlotFilled: staff.filled,
        SlotWrappingUp: staff.wrapping_up,
        SlotReleased: engine._slot_released,  # noqa: SLF001
    }
    return Handlers(often, engine._rare)  # noqa: SLF001
