"""The routing rules once more, by looking at everybody each time: slow, plain, and the judge of the engine's decisions.

A new or widened request is compared with every agent, a freed agent with every request that waits. It shares no code with the
engine, neither the expressions (compiled to Python here) nor the states.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from domain.agents import facts as a
from domain.configuration import settings as s
from domain.configuration.facts import QueueConfigured
from domain.kernel import Recorded
from domain.routing.moves import Move, Offer
from domain.tasks import facts as t

Plain = tuple[str, str, int]
"""Task, agent, by which step."""
Matches = Callable[[Mapping[str, int]], bool]


class Person:
    def __init__(self) -> None:
        self.attributes: dict[str, int] = {}
        self.here = self.ready = False
        self.most: dict[str, int] = {}
        self.load: dict[str, int] = {}
        self.willing: set[str] = set()
        self.ringing: set[str] = set()
        self.since: dict[str, datetime] = {}
        self.readied: dict[str, int] = {}

    def may_work(self, mrd: str) -> bool:
        return self.here and self.ready and mrd in self.willing and self.load.get(mrd, 0) < self.most[mrd]


class Rescan:
    def __init__(self) -> None:
        self.people: dict[str, Person] = {}
        self.queues: dict[str, tuple[s.Queue, list[Matches]]] = {}
        self.waiting: dict[str, tuple[t.Routing, int, int]] = {}  # routing, step reached, position when queued
        self.asking: set[str] = set()
        self.freed: set[str] = set()

    def feed(self, recorded: Recorded[Any]) -> None:
        subject, fact = recorded.subject, recorded.fact
        match recorded.category:
            case "agent":
                self._person(self.people.setdefault(subject, Person()), subject, fact, recorded)
            case "task":
                self._task(subject, fact, recorded)
            case "queue" if isinstance(fact, QueueConfigured):
                queue = fact.settings
                self.queues[subject] = queue, [compiled(step) for step in queue.steps]
                self.asking.update(task for task, (routing, *_) in self.waiting.items() if routing.queue_id == subject)

    def _task(self, subject: str, fact: Any, recorded: Recorded[Any]) -> None:
        match fact:
            case t.TaskQueued(routing=routing):
                self.waiting[subject] = routing, routing.step, recorded.position
                self.asking.add(subject)
            case t.StepReached(step=step):
                routing, _, position = self.waiting[subject]
                self.waiting[subject] = routing, step, position
                self.asking.add(subject)
            case t.TaskReserved() | t.TaskClosed():
                self.waiting.pop(subject, None)

    def _person(self, it: Person, subject: str, fact: Any, recorded: Recorded[Any]) -> None:
        before = {mrd for mrd in it.most if it.may_work(mrd)}
        match fact:
            case a.AttributeAssigned(attribute_id=name, value=value):
                it.attributes[name] = value
            case a.MrdGranted(mrd_id=mrd, tasks_max=most):
                it.most[mrd] = most
            case a.LoggedIn():
                it.here, it.ready = True, False
            case a.LoggedOut():
                it.here, it.ready, it.willing = False, False, set()
            case a.MadeReady():
                it.ready = True
            case a.MrdMadeReady(mrd_id=mrd):
                it.willing.add(mrd)
                it.readied[mrd] = recorded.position
            case a.MrdMadeNotReady(mrd_id=mrd):
                it.willing.discard(mrd)
            case a.SlotReserved(mrd_id=mrd):
                it.load[mrd] = it.load.get(mrd, 0) + 1
                it.ringing.add(mrd)
            case a.SlotFilled(mrd_id=mrd):
                it.ringing.discard(mrd)
            case a.SlotReleased(mrd_id=mrd):
                it.load[mrd] -= 1
                it.since[mrd] = recorded.at
        if not isinstance(fact, a.SlotReleased):
            for mrd in it.most:
                if mrd not in before and it.may_work(mrd):
                    it.since[mrd] = recorded.at
        self.freed.add(subject)

    def skip(self) -> None:
        """Nothing is to be remembered of what is not compared."""
        self.asking.clear()
        self.freed.clear()

    def plain(self, moves: list[Move]) -> list[Plain]:
        return [(it.task_id, it.agent_id, it.step) for it in moves if isinstance(it, Offer)]

    def decide(self, _: datetime) -> list[Plain]:
        asking, freed = self.asking & self.waiting.keys(), self.freed
        self.asking, self.freed = set(), set()
        may_have = {task: them for task in self.waiting if (them := {it for it in freed if self._may_have(task, it)})}
        taken: set[tuple[str, str]] = set()
        moves = []
        for task in sorted(asking | may_have.keys(), key=self._order):
            mrd = self.waiting[task][0].mrd_id
            if task in asking or any((agent, mrd) not in taken for agent in may_have[task]):
                moves.append(self._best(task, taken))
        return [move for move in moves if move is not None]

    def _may_have(self, task: str, agent: str) -> bool:
        return self._key(task, agent, self.people[agent]) is not None

    def _best(self, task: str, taken: set[tuple[str, str]]) -> Plain | None:
        mrd = self.waiting[task][0].mrd_id
        able = [
            (key, agent)
            for agent, person in self.people.items()
            if (key := self._key(task, agent, person)) is not None and (agent, mrd) not in taken
        ]
        if not able:
            return None
        (_, rank, *_), agent = min(able)  # whoever was left out and came back only if there is nobody else
        taken.add((agent, mrd))
        return task, agent, rank

    def _key(self, task: str, agent: str, it: Person) -> tuple[Any, ...] | None:
        routing, reached, queued_at = self.waiting[task]
        mrd = routing.mrd_id
        if mrd not in it.most or mrd in it.ringing or not it.may_work(mrd):
            return None
        left_out = agent in routing.excluded
        if left_out and it.readied.get(mrd, 0) <= queued_at:
            return None
        queue, steps = self.queues[routing.queue_id]
        if queue.step_mode is s.StepMode.REPLACE:
            rank = reached if steps[reached](it.attributes) else None
        else:
            rank = next((number for number in range(reached + 1) if steps[number](it.attributes)), None)
        if rank is None:
            return None
        skill = 0
        if queue.agent_selection is not s.AgentSelectionPolicy.LONGEST_AVAILABLE:
            skill = sum(it.attributes.get(name, 0) for name in set(queue.steps[rank].attribute_ids()))
            if queue.agent_selection is s.AgentSelectionPolicy.MOST_SKILLED:
                skill = -skill
        return left_out, rank, skill, it.load.get(mrd, 0) / it.most[mrd], it.since[mrd], agent

    def _order(self, task: str) -> tuple[Any, ...]:
        routing = self.waiting[task][0]
        return -self.queues[routing.queue_id][0].priority, -routing.priority, routing.first_enqueued_at, task


def compiled(step: s.Step) -> Matches:
    """A step as one Python expression, so that the rescan is as quick as it can be."""
    text = ""
    for number, expression in enumerate(step.expressions):
        inner = ""
        for index, term in enumerate(expression.terms):
            name = repr(str(term.attribute_id))
            one = f"{name} in a"
            if term.operator is not s.RelationalOperator.HAS:
                one += f" and a[{name}] {term.operator.value} {term.value}"
            one = f"({one})"
            inner = one if index == 0 else f"({inner} {term.junction.value.lower()} {one})"
        text = inner if number == 0 else f"({text} {expression.junction.value.lower()} {inner})"
    found: Matches = eval(f"lambda a: bool({text or True})")
    return found
