"""A contact centre of any size in virtual time, seeded, that feeds the routing engine what the live system would write.

Every agent knows about 30 % of 50 attributes. All take calls (one at a time), some chats (three) and mail (two). A queue has
one to ten steps, from three terms to one; some are told in two expressions, some replace instead of adding, some want the
most or the least skilled. Requests come with priorities, and some leave agents out. With all rules (`routing_all_rules.py`)
the same centre has those besides that most queues do without.
"""

import heapq
from bisect import bisect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate, count
from random import Random
from typing import Any
from uuid import UUID

from bench.routing_all_rules import Rules
from domain.agents.facts import (
    AgentRegistered,
    AttributeAssigned,
    LoggedIn,
    LoggedOut,
    MadeReady,
    MrdGranted,
    MrdMadeNotReady,
    MrdMadeReady,
    SlotFilled,
    SlotReleased,
    SlotReserved,
)
from domain.configuration import settings as s
from domain.configuration.facts import CalendarConfigured, QueueConfigured
from domain.ids import AttributeId, ConversationId, CustomerId, MrdId, QueueId, SessionId, TaskId
from domain.kernel import Cause, Recorded
from domain.routing.decisions import UNTOLD
from domain.routing.engine import Diverting, Move, Offer, Widening
from domain.tasks.facts import (
    Routing,
    StepReached,
    TaskAccepted,
    TaskClosed,
    TaskCloseReason,
    TaskCreated,
    TaskDirection,
    TaskMode,
    TaskQueued,
    TaskReserved,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
CAUSE = Cause(UUID(int=1), "bench")
VOICE, CHAT, EMAIL = MrdId("voice"), MrdId("chat"), MrdId("email")
ATTRIBUTES = [AttributeId(f"a{number}") for number in range(50)]
SERVICE_S, BREAK_S, STEP_S = 180.0, 30.0, 10
AND, OR = s.Junction.AND, s.Junction.OR


@dataclass(frozen=True)
class Size:
    agents: int
    queues: int
    steps_max: int = 10

    def __str__(self) -> str:
        return f"{self.agents:,} x {self.queues:,}"


Facts = list[Recorded[Any]]
Event = tuple[str, Facts]


class Centre:
    """`events()` says what happens next; tell it with `carry_out` what was decided, and it answers with more facts."""

    def __init__(self, size: Size, load: float, seed: int = 1, *, all_rules: bool = False) -> None:
        self.size, self.load = size, load
        self.random = Random(seed)
        self.all_rules = all_rules
        self.rules = Rules(seed)
        self.now_s = 0.0
        self._position = count(1).__next__
        self._number = count(1).__next__
        self._agenda: list[tuple[float, int, str, Any]] = []
        self.mrds = [self._domains(number) for number in range(size.agents)]
        self.queues = [self._queue(number) for number in range(size.queues)]
        self.live: dict[str, tuple[str, str, MrdId]] = {}
        self._by_mrd = {
            mrd: [number for number, it in enumerate(self.queues) if it.mrd_id == mrd] for mrd in (VOICE, CHAT, EMAIL)
        }
        self._weights = {
            mrd: list(accumulate(1 / (rank + 1) ** 0.8 for rank in range(len(numbers))))
            for mrd, numbers in self._by_mrd.items()
        }
        self.capacity = {mrd: sum(it.get(mrd, 0) for it in self.mrds) for mrd in self._by_mrd}
        if all_rules:
            self.queues = self.rules.given_to(self.queues)

    @property
    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.now_s)

    # Who and what there is

    def _domains(self, number: int) -> dict[MrdId, int]:
        found = {VOICE: 1}
        if number % 5 < 2:
            found[CHAT] = 3
        if number % 10 < 3:
            found[EMAIL] = 2
        return found

    def _queue(self, number: int) -> s.Queue:
        random = self.random
        mrd = VOICE if number % 10 < 6 else CHAT if number % 10 < 9 else EMAIL
        steps_max = random.randint(1, self.size.steps_max)
        names = random.sample(ATTRIBUTES, 4)
        steps = tuple(self._step(names, 1 if steps_max == 1 else k / (steps_max - 1)) for k in range(steps_max))
        return s.Queue(
            f"q{number}",
            mrd,
            steps,
            step_mode=s.StepMode.REPLACE if random.random() < 0.2 else s.StepMode.CUMULATIVE,
            priority=random.choice((1, 1, 1, 1, 2, 3, 5, 10)),
            agent_selection=random.choices(list(s.AgentSelectionPolicy), (6, 3, 1))[0],
        )

    def _step(self, names: list[AttributeId], progress: float) -> s.Step:
        terms_max, level = max(1, round(3 - 2 * progress)), max(1, round(6 - 5 * progress))
        operator = s.RelationalOperator
        terms = tuple(s.Term(name, operator.HAS if level == 1 else operator.GE, level) for name in names[:terms_max])
        expressions = [s.Expression(terms)]
        if self.random.random() < 0.2:
            other = (s.Term(names[3], operator.GT, level + 2), s.Term(names[0], operator.NE, 10))
            expressions.append(s.Expression(other, OR))
        return s.Step(tuple(expressions), STEP_S)

    # Facts

    def fact(self, stream: str, fact: Any) -> Recorded[Any]:
        return Recorded(self._position(), stream, 0, self.now, CAUSE, fact)

    def configuration(self) -> Iterator[Recorded[Any]]:
        if self.all_rules:
            for name, calendar in self.rules.calendars.items():
                yield self.fact(f"calendar-{name}", CalendarConfigured(calendar))
        for number in range(self.size.queues):
            yield self.reconfigured(number)

    def reconfigured(self, number: int) -> Recorded[Any]:
        return self.fact(f"queue-q{number}", QueueConfigured(self.queues[number]))

    def introductions(self) -> Iterator[Recorded[Any]]:
        for number, mrds in enumerate(self.mrds):
            stream = f"agent-{number}"
            yield self.fact(stream, AgentRegistered(str(number), str(number)))
            for name in ATTRIBUTES:
                if self.random.random() < 0.3:
                    yield self.fact(stream, AttributeAssigned(name, self.random.randint(1, 10)))
            for mrd, tasks_max in mrds.items():
                yield self.fact(stream, MrdGranted(mrd, tasks_max))

    def login(self, number: int) -> Facts:
        stream = f"agent-{number}"
        self.now_s += 1e-6
        facts: list[Any] = [LoggedIn(), MadeReady(), *map(MrdMadeReady, self.mrds[number])]
        return [self.fact(stream, fact) for fact in facts]

    def logout(self, number: int) -> Facts:
        return [self.fact(f"agent-{number}", LoggedOut("home"))]

    def arrival(self, mrd: MrdId | None = None) -> Facts:
        random = self.random
        mrd = mrd or random.choices(list(self.capacity), list(self.capacity.values()))[0]
        weights = self._weights[mrd]
        queue = QueueId(f"q{self._by_mrd[mrd][bisect(weights, random.random() * weights[-1])]}")
        id_ = f"t{self._number():08}"
        left_out = range(random.randint(1, 2)) if random.random() < 0.03 else ()
        excluded = frozenset(str(random.randrange(self.size.agents)) for _ in left_out)
        routing = Routing(TaskId(id_), queue, mrd, self.now, None, random.choice((1, 1, 1, 2, 3)), excluded=excluded)
        if self.all_rules:
            routing = self.rules.asked(routing, self.size.agents)
        return self._queued(TaskId(id_), routing)

    def _queued(self, id_: TaskId, routing: Routing) -> Facts:
        created = TaskCreated(ConversationId(f"c{id_}"), CustomerId("c"), TaskDirection.INBOUND, TaskMode.QUEUE)
        return [self.fact(f"task-{id_}", fact) for fact in (created, TaskQueued(routing, SessionId("s")))]

    # Time

    def begin(self, arrivals: int, warm_up: int) -> None:
        """So many arrivals; the first `warm_up` of them in a hundredth of their time."""
        self._arrivals, self._warm_up = arrivals, warm_up
        self._push(0.0, "arrival", None)

    def _push(self, at_s: float, kind: str, about: Any) -> None:
        heapq.heappush(self._agenda, (at_s, self._number(), kind, about))

    def events(self, next_due: Callable[[], datetime | None]) -> Iterator[Event]:
        """Until the last arrival. Where the engine is due before the next event, a step begins: no facts, only time."""
        rate = self.load * sum(self.capacity.values()) / SERVICE_S
        arrived, random = 0, self.random
        while self._agenda:
            due = next_due()
            if due is not None and (due_s := (due - NOON).total_seconds()) <= self._agenda[0][0]:
                self.now_s = max(self.now_s, due_s)
                yield "step", []
                continue
            at_s, _, kind, about = heapq.heappop(self._agenda)
            self.now_s = max(self.now_s, at_s)
            match kind:
                case "arrival":
                    arrived += 1
                    if arrived > self._arrivals:
                        return
                    faster = 100 if arrived < self._warm_up * 0.6 else 1
                    self._push(at_s + random.expovariate(rate * faster), "arrival", None)
                    facts = self.arrival()
                    yield "arrival", facts
                case "end":
                    yield self._end(about)
                case "back":
                    agent, mrd = about
                    yield "back", [self.fact(f"agent-{agent}", MrdMadeReady(mrd))]
                case "learns":
                    agent, name, value = about
                    yield "attribute", [self.fact(f"agent-{agent}", AttributeAssigned(name, value))]

    def _end(self, about: tuple[str, str, MrdId]) -> Event:
        task, agent, mrd = about
        random = self.random
        conversation = ConversationId(f"c{task}")
        facts = [
            self.fact(f"task-{task}", TaskClosed(TaskCloseReason.DONE, conversation, agent)),
            self.fact(f"agent-{agent}", SlotReleased(mrd, TaskId(task), "DONE")),
        ]
        if random.random() < 0.02:
            learns = (random.randrange(self.size.agents), random.choice(ATTRIBUTES), random.randint(1, 10))
            self._push(self.now_s, "learns", learns)
        if random.random() < 0.05:
            self._push(self.now_s + BREAK_S, "back", (agent, mrd))
            return "break", [self.fact(f"agent-{agent}", MrdMadeNotReady(mrd, "break")), *facts]
        return "end", facts

    def carry_out(self, move: Move) -> Facts:
        if isinstance(move, Widening):
            fact = StepReached(move.step, move.reason, move.queue_id, move.condition, move.measured)
            return [self.fact(f"task-{move.task_id}", fact)]
        if isinstance(move, Diverting):
            facts, goes_on = self.rules.diverted(move, self.now)
            found = [self.fact(f"task-{move.task_id}", fact) for fact in facts]
            return found + (self._queued(TaskId(f"{move.task_id}+"), goes_on) if goes_on is not None else [])
        return self._accepted(move)

    def _accepted(self, offer: Offer) -> Facts:
        task, agent, conversation = offer.task_id, offer.agent_id, ConversationId(f"c{offer.task_id}")
        ends_s = self.now_s + self.random.expovariate(1 / SERVICE_S)
        self._push(ends_s, "end", (task, agent, offer.mrd_id))
        due, why = self.now + timedelta(seconds=20), UNTOLD  # what is not asked for costs nothing
        hold = self.rules.accepted(task, offer.mrd_id, self.mrds[int(agent)]) if self.all_rules else {}
        return [
            self.fact(f"agent-{agent}", SlotReserved(offer.mrd_id, task, offer.offer_id, offer.step, why, False, hold)),
            self.fact(f"task-{task}", TaskReserved(offer.offer_id, agent, due, offer.step)),
            self.fact(f"task-{task}", TaskAccepted(offer.offer_id, agent, conversation)),
            self.fact(f"agent-{agent}", SlotFilled(offer.mrd_id, task, conversation, False, hold)),
        ]
