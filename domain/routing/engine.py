"""Which waiting request goes to which agent, now? Facts and the time go in, offers come out; nothing else is asked.

Deterministic and incremental: the work follows what changed, not what exists. It keeps, for each queue, who matches
which step, and who waits; for each agent, the domain's own `Agent` model. It enforces nothing: an offer is a wish that
the agent's own stream may still refuse (`forget`).
"""

import heapq
from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from domain.agents.agent import ROUTABLE, Agent
from domain.agents.facts import AgentFact, MrdMadeReady, SlotReleased, SlotReserved, SlotState
from domain.configuration.catalog import Catalog
from domain.configuration.entity import CATEGORIES
from domain.configuration.settings import AgentSelectionPolicy, Queue, StepMode
from domain.ids import AgentId, AttributeId, ConversationId, MrdId, OfferId, QueueId, TaskId
from domain.kernel import Recorded, derived_id
from domain.tasks.facts import Routing, StepReached, TaskAccepted, TaskClosed, TaskCreated, TaskQueued, TaskReserved

WorkKey = tuple[int, datetime, TaskId]
"""Order within a queue: task priority ↓, first enqueued ↑, id (routing 16)."""
WorkOrder = tuple[int, WorkKey]
"""Order over all queues: the queue's priority ↓ stands before it."""
Turn = tuple[WorkOrder, str]
"""A request that may find an agent now, and the freed agent for whom it is the best; none for one that asks itself."""


@dataclass(frozen=True, slots=True)
class Offer:
    task_id: TaskId
    mrd_id: MrdId
    agent_id: AgentId
    offer_id: OfferId
    step: int
    decision: dict[str, str]


@dataclass(frozen=True, slots=True)
class Widening:
    """The request has waited for its next step to begin (routing 7, 10)."""

    task_id: TaskId
    step: int


Move = Offer | Widening


@dataclass(slots=True)
class Request:
    """A request that waits, or rings: `ringing` while an offer of it is out."""

    routing: Routing
    step: int
    ringing: bool = False
    conversation_id: ConversationId | None = None

    def key(self, task_id: TaskId) -> WorkKey:
        return (-self.routing.priority, self.routing.first_enqueued_at, task_id)


@dataclass(slots=True)
class Line:
    """One queue as the engine keeps it: who matches which steps, and who waits in order."""

    queue: Queue
    ranks: dict[AgentId, tuple[int, ...]] = field(default_factory=dict)
    waiting: list[WorkKey] = field(default_factory=list)

    def admits(self, agent: AgentId, step: int) -> int | None:
        """The step by which this agent may have a request that reached `step`; none when they may not."""
        ranks = self.ranks.get(agent)
        if ranks is None:
            return None
        if self.queue.step_mode is StepMode.REPLACE:
            return step if step in ranks else None
        return ranks[0] if ranks[0] <= step else None


@dataclass(slots=True)
class State:
    """All that the engine has learned from the log; a snapshot is this."""

    agents: dict[AgentId, Agent] = field(default_factory=dict)
    since: dict[AgentId, dict[MrdId, datetime]] = field(default_factory=dict)
    requests: dict[TaskId, Request] = field(default_factory=dict)
    created: dict[TaskId, ConversationId] = field(default_factory=dict)
    talking: dict[ConversationId, set[AgentId]] = field(default_factory=dict)
    catalog: Catalog = field(default_factory=Catalog)


class Engine:
    """`feed` facts, then ask `decide(now)`. `next_due` says when asking again makes sense without a new fact."""

    def __init__(self, state: State | None = None) -> None:
        self.state = state or State()
        self._lines: dict[QueueId, Line] = {}
        self._lines_of: dict[AgentId, set[QueueId]] = {}
        self._steps: list[tuple[datetime, TaskId, int]] = []
        self._asking: set[TaskId] = set()
        self._freed: set[AgentId] = set()
        self._pending: dict[TaskId, Offer] = {}
        self._free: dict[MrdId, dict[AgentId, int]] = {}  # who could take one more, and how many they have
        self._note_slots()
        self._rebuild()

    # What happened

    def feed(self, recorded: Recorded[Any]) -> None:
        match recorded.category:
            case "task":
                self._feed_task(TaskId(recorded.subject), recorded.fact)
            case "agent":
                self._feed_agent(AgentId(recorded.subject), recorded.fact, recorded.at)
            case category if category in CATEGORIES:
                self.state.catalog = self.state.catalog.evolve(recorded)
                if category in ("queue", "mrd"):
                    self._rebuild()
            case _:
                return

    def forget(self, move: Move) -> None:
        """That move came to nothing, say because the agent was not free (any more). Look again."""
        match move:
            case Offer(task_id=task_id) if self._pending.get(task_id) == move:
                self._let_go(task_id)
                self._asking.add(task_id)
            case Widening(task_id=task_id, step=step) if task_id in self.state.requests:
                heapq.heappush(self._steps, (self.state.requests[task_id].routing.first_enqueued_at, task_id, step))
            case _:
                return

    # What follows

    def decide(self, now: datetime) -> list[Move]:
        """Everything that is to be done now, in order. Each move is made once; `feed` or `forget` ends its waiting."""
        moves: list[Move] = list(self._widen(now))
        turns = [(self._work_order(task_id), "") for task_id in self._asking & self.state.requests.keys()]
        turns += [turn for agent_id in self._freed if (turn := self._turn_of(AgentId(agent_id)))]
        self._asking.clear()
        self._freed.clear()
        heapq.heapify(turns)
        while turns:  # the first in line first, whether it is new or an agent is (routing 16, 18)
            (_, (_, _, task_id)), agent_id = heapq.heappop(turns)
            moves += self._offer(task_id)
            if agent_id and (turn := self._turn_of(AgentId(agent_id))):
                heapq.heappush(turns, turn)
        return moves

    def next_due(self) -> datetime | None:
        return self._steps[0][0] if self._steps else None

    # Facts of tasks

    def _feed_task(self, task_id: TaskId, fact: Any) -> None:
        match fact:
            case TaskCreated(conversation_id=conversation_id):
                self.state.created[task_id] = conversation_id
            case TaskQueued(routing=routing):
                request = Request(routing, routing.step, conversation_id=self.state.created.pop(task_id, None))
                self.state.requests[task_id] = request
                self._enter(task_id, request)
            case StepReached(step=step) if task_id in self.state.requests:
                self.state.requests[task_id].step = step
                self._asking.add(task_id)
            case TaskReserved() if task_id in self.state.requests:
                self.state.requests[task_id].ringing = True
                self._let_go(task_id)
                self._leave_line(task_id)
            case TaskAccepted(agent_id=agent_id, conversation_id=conversation_id):
                self._forget_request(task_id)
                self.state.talking.setdefault(conversation_id, set()).add(agent_id)
            case TaskClosed(conversation_id=conversation_id, agent_id=agent_id):
                self._forget_request(task_id)
                if agent_id is not None and conversation_id in self.state.talking:
                    self.state.talking[conversation_id].discard(agent_id)
                    self._freed.add(agent_id)  # free for this conversation's next request, too (routing 12, 17)
                    if not self.state.talking[conversation_id]:
                        del self.state.talking[conversation_id]
            case _:
                return

    def _enter(self, task_id: TaskId, request: Request) -> None:
        line = self._lines.get(request.routing.queue_id)
        if line is None:
            return
        insort(line.waiting, request.key(task_id))
        self._asking.add(task_id)
        self._await_steps(task_id, request, line)

    def _await_steps(self, task_id: TaskId, request: Request, line: Line) -> None:
        """Deadlines of the steps to come: absolute from the first enqueue, whatever rings meanwhile (routing 10)."""
        due = request.routing.first_enqueued_at
        for number, step in enumerate(line.queue.steps[:-1]):
            due += timedelta(seconds=step.timeout_s)
            if number + 1 > request.step:
                heapq.heappush(self._steps, (due, task_id, number + 1))

    def _leave_line(self, task_id: TaskId) -> None:
        request = self.state.requests[task_id]
        line = self._lines.get(request.routing.queue_id)
        if line is None:
            return
        key = request.key(task_id)
        index = bisect_left(line.waiting, key)
        if index < len(line.waiting) and line.waiting[index] == key:
            del line.waiting[index]

    def _hold(self, offer: Offer) -> None:
        self._pending[offer.task_id] = offer
        self._free.get(offer.mrd_id, {}).pop(offer.agent_id, None)

    def _let_go(self, task_id: TaskId) -> None:
        offer = self._pending.pop(task_id, None)
        if offer is not None:
            self._seat(offer.agent_id)
            self._freed.add(offer.agent_id)

    def _forget_request(self, task_id: TaskId) -> None:
        self._let_go(task_id)
        self._asking.discard(task_id)
        if task_id in self.state.requests:
            self._leave_line(task_id)
            del self.state.requests[task_id]

    # Facts of agents

    def _feed_agent(self, agent_id: AgentId, fact: AgentFact, at: datetime) -> None:
        before = self.state.agents.get(agent_id) or Agent()
        after = before.evolve(fact)
        self.state.agents[agent_id] = after
        if after.attributes is not before.attributes or after.mrds.keys() != before.mrds.keys():
            self._match(agent_id)
        self._note_since(agent_id, before, after, fact, at)
        match fact:
            case MrdMadeReady():
                self._readmit(agent_id)
            case SlotReserved(mrd_id=mrd_id, task_id=task_id, offer_id=offer_id, step=step, decision=decision):
                self._note_slot(Offer(task_id, mrd_id, agent_id, offer_id, step, decision))
            case SlotReleased(task_id=task_id) if task_id in self._pending:
                if self._pending[task_id].agent_id == agent_id:
                    self.forget(self._pending[task_id])
            case _:
                pass
        self._seat(agent_id)
        self._freed.add(agent_id)

    def _seat(self, agent_id: AgentId) -> None:
        """Note in which domains this agent could take one more request (routing 12, 20)."""
        agent = self.state.agents[agent_id]
        ringing = {slot.mrd_id for slot in agent.slots.values() if slot.state is SlotState.RESERVED}
        ringing |= {offer.mrd_id for offer in self._pending.values() if offer.agent_id == agent_id}
        for mrd_id in agent.mrds:
            free = self._free.setdefault(mrd_id, {})
            if mrd_id not in ringing and agent.mrd_state(mrd_id) in ROUTABLE:
                free[agent_id] = agent.load(mrd_id)
            else:
                free.pop(agent_id, None)

    def _note_slot(self, offer: Offer) -> None:
        """A slot is held for a request that does not ring yet, perhaps by the choice of another engine."""
        request = self.state.requests.get(offer.task_id)
        if request is not None and not request.ringing and offer.task_id not in self._pending:
            self._hold(offer)

    def _note_slots(self) -> None:
        """A snapshot was taken: of the offers that were out, those that hold a slot are known by it."""
        for agent_id, agent in self.state.agents.items():
            for task_id, slot in agent.slots.items():
                if slot.state is SlotState.RESERVED:
                    self._note_slot(Offer(task_id, slot.mrd_id, agent_id, slot.offer_id, 0, {}))

    def _note_since(self, agent_id: AgentId, before: Agent, after: Agent, fact: AgentFact, at: datetime) -> None:
        """Available since: the latest of becoming routable and the end of the last task (routing 15)."""
        since = self.state.since.setdefault(agent_id, {})
        if isinstance(fact, SlotReleased):
            since[fact.mrd_id] = at
        for mrd_id in after.mrds:
            was, is_ = before.mrd_state(mrd_id) in ROUTABLE, after.mrd_state(mrd_id) in ROUTABLE
            if is_ and not was and before.load(mrd_id) <= after.load(mrd_id):
                since[mrd_id] = at

    def _readmit(self, agent_id: AgentId) -> None:
        """Whoever let a request ring and then came back ready may have it again (routing 26)."""
        for queue_id in self._lines_of.get(agent_id, ()):
            for _, _, task_id in self._lines[queue_id].waiting:
                request = self.state.requests[task_id]
                if agent_id in request.routing.excluded:
                    excluded = request.routing.excluded - {agent_id}
                    request.routing = replace(request.routing, excluded=excluded)

    def _match(self, agent_id: AgentId) -> None:
        for queue_id, line in self._lines.items():
            self._match_line(agent_id, queue_id, line)

    def _match_line(self, agent_id: AgentId, queue_id: QueueId, line: Line) -> None:
        agent = self.state.agents[agent_id]
        ranks = _ranks(line.queue, agent.attributes) if line.queue.mrd_id in agent.mrds else ()
        mine = self._lines_of.setdefault(agent_id, set())
        if ranks:
            line.ranks[agent_id] = ranks
            mine.add(queue_id)
        else:
            line.ranks.pop(agent_id, None)
            mine.discard(queue_id)

    def _rebuild(self) -> None:
        """The queues changed (or a snapshot was restored): everybody is matched anew."""
        self._lines = {queue_id: Line(queue) for queue_id, queue in self.state.catalog.queues.items()}
        self._lines_of.clear()
        self._steps.clear()
        for agent_id in self.state.agents:
            self._match(agent_id)
            self._seat(agent_id)
        for task_id, request in self.state.requests.items():
            if not request.ringing:
                self._enter(task_id, request)
        self._freed.update(self.state.agents)

    # Choices

    def _widen(self, now: datetime) -> Iterator[Widening]:
        while self._steps and self._steps[0][0] <= now:
            _, task_id, step = heapq.heappop(self._steps)
            request = self.state.requests.get(task_id)
            if request is not None and not request.ringing and step > request.step:
                yield Widening(task_id, step)  # in force when it is a fact

    def _offer(self, task_id: TaskId) -> list[Move]:
        request = self.state.requests.get(task_id)
        if request is None or request.ringing or task_id in self._pending:
            return []
        line = self._lines.get(request.routing.queue_id)
        choice = self._best_agent(line, request) if line is not None else None
        if line is None or choice is None:
            return []
        step, agent_id, decision = choice
        attempt = f"{task_id}/{agent_id}/{self.state.since.get(agent_id, {}).get(line.queue.mrd_id)}"
        offer = Offer(task_id, line.queue.mrd_id, agent_id, OfferId(derived_id("offer", attempt)), step, decision)
        self._hold(offer)
        return [offer]

    def _best_agent(self, line: Line, request: Request) -> tuple[int, AgentId, dict[str, str]] | None:
        """Earlier steps first, then the queue's policy, then how full, who waits longest, the id (routing 13)."""
        free = self._free.get(line.queue.mrd_id, {})
        candidates = [
            (rank, *self._agent_order(agent_id, line.queue, free[agent_id]), agent_id)
            for agent_id in (free if len(free) < len(line.ranks) else line.ranks)
            if agent_id in free
            and (rank := line.admits(agent_id, request.step)) is not None
            and self._eligible(agent_id, request)
        ]
        if not candidates:
            return None
        best = min(candidates)
        decision = {
            "queue": str(request.routing.queue_id),
            "step": str(request.step),
            "matched_step": str(best[0]),
            "policy": str(line.queue.agent_selection),
            "candidates": str(len(candidates)),
            "active_tasks": str(free[best[-1]]),
            "available_since": best[3].isoformat(),
            "configuration": str(self.state.catalog.version),
        }
        return best[0], best[-1], decision

    def _agent_order(self, agent_id: AgentId, queue: Queue, load: int) -> tuple[int, float, datetime]:
        agent, sign = self.state.agents[agent_id], _SIGN[queue.agent_selection]
        skill = sign * _skill(queue, agent) if sign else 0
        return skill, load / agent.mrds[queue.mrd_id].tasks_max, self.state.since[agent_id][queue.mrd_id]

    def _eligible(self, agent_id: AgentId, request: Request) -> bool:
        """Of those who are free: not left out of this request, and not in the conversation already (routing 12)."""
        if agent_id in request.routing.excluded:
            return False
        return agent_id not in self.state.talking.get(request.conversation_id or ConversationId(""), ())

    def _turn_of(self, agent_id: AgentId) -> Turn | None:
        """Queue priority ↓, task priority ↓, oldest, pooled over all the agent's queues (routing 16)."""
        best: WorkOrder | None = None
        for queue_id in self._lines_of.get(agent_id, ()):
            line = self._lines[queue_id]
            if not line.waiting or agent_id not in self._free.get(line.queue.mrd_id, ()):
                continue
            for key in line.waiting:
                candidate = (-line.queue.priority, key)
                if best is not None and candidate >= best:
                    break
                request = self.state.requests[key[2]]
                if key[2] in self._pending or line.admits(agent_id, request.step) is None:
                    continue
                if self._eligible(agent_id, request):
                    best = candidate
                    break
        return (best, agent_id) if best else None

    def _work_order(self, task_id: TaskId) -> WorkOrder:
        request = self.state.requests[task_id]
        line = self._lines.get(request.routing.queue_id)
        return (-line.queue.priority if line else 0, request.key(task_id))


_SIGN = {
    AgentSelectionPolicy.LONGEST_AVAILABLE: 0,
    AgentSelectionPolicy.MOST_SKILLED: -1,
    AgentSelectionPolicy.LEAST_SKILLED: 1,
}


def _ranks(queue: Queue, attributes: Any) -> tuple[int, ...]:
    """The steps of a queue that an agent with these attributes matches."""
    return tuple(number for number, step in enumerate(queue.steps) if step.matches(attributes))


def _skill(queue: Queue, agent: Agent) -> int:
    """The sum of the values of the attributes that the queue's steps name (routing 14)."""
    named: set[AttributeId] = {attribute for step in queue.steps for attribute in step.attribute_ids()}
    return sum(agent.attributes.get(attribute, 0) for attribute in named)
