"""The rules that not every queue has, by looking at everybody each time: whom a step is left for, who is not to wait on."""

from collections.abc import Callable, Mapping
from datetime import datetime
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from domain.configuration import settings as s
from domain.configuration.diversions import Diversion, DiversionAction, Overflow, OverflowCondition
from domain.kernel import replace

COMPARED: Mapping[s.RelationalOperator, Callable[[int, int], bool]] = {
    s.RelationalOperator.EQ: eq,
    s.RelationalOperator.NE: ne,
    s.RelationalOperator.GT: gt,
    s.RelationalOperator.GE: ge,
    s.RelationalOperator.LT: lt,
    s.RelationalOperator.LE: le,
}
Plain = tuple[str, str, str, int]


class Rules:
    """What `Judge` knows is all that these need."""

    def __getattr__(self, name: str) -> Any: ...

    def stand_in_other_queues(self) -> None:
        """Each further queue of a request as a request of its own, which goes when any of them goes (routing 11)."""
        for task in list(self.queued):
            routing = self.tasks[task].routing
            if routing.step < 0 or task in self.out or task in self.leaving:  # on its way it stands nowhere
                continue
            for queue in (it for it in routing.also_in if it in self.queues):
                step = routing.steps.get(queue, 0)
                there = replace(routing, queue_id=queue, step=step, also_in=(), entered_at=None, waited_since=None)
                self.tasks[f"{task} in {queue}"] = replace(self.tasks[task], routing=there)
                self.queued[f"{task} in {queue}"] = None

    def gives(self, task: str, held: tuple[str, str]) -> None:
        root = task.partition(" in ")[0]
        self.out |= dict.fromkeys([root, *(f"{root} in {queue}" for queue in self.tasks[root].routing.also_in)], held)
        agent, mrd = held
        self.free(mrd).pop(agent, None)

    def is_gone(self, task: str) -> bool:
        """Whoever is to leave the first of their queues stands in none until they have, and goes on."""
        return bool(self.gone & {task, task.partition(" in ")[0]})

    def told(self, found: Plain) -> Plain:
        kind, task, what, number = found
        root, _, queue = task.partition(" in ")
        return (kind, root, f"{what} in {queue}" if queue and kind == "widen" else what, number)

    def skips(self) -> list[Plain]:
        """Those who stand where nobody is there (routing 8, 54)."""
        found, deserted = [], {}
        for task in self.queued:
            routing, at = self.tasks[task].routing, self._stands_at(task)
            steps = self._queue(task).steps
            if routing.step < 0:
                last = routing.last_agent_id
                gone = self.is_left_out(task, last) or not (
                    self._ranks(task, last) and self._is_there(task, last, True)
                )
                reason = "LAST_AGENT_GONE" if gone else None
            elif at is None or (steps[at].skip_if is None and not steps[at].skip_when):
                continue
            elif steps[at].skip_when:
                where = (routing.queue_id, at)
                if where not in deserted:
                    deserted[where] = self._is_left(task, at)
                reason = "CONDITION_HELD" if deserted[where] else None
            else:
                ready, where = steps[at].skip_if is s.SkipIf.NONE_READY, (routing.queue_id, at)
                if where not in deserted:
                    deserted[where] = not any(
                        self._is_there(task, a, ready) and at in self._ranks(task, a) for a in self.agents
                    )
                reason = steps[at].skip_if.value if deserted[where] else None
            if reason is not None and task not in self.out and not self.is_gone(task):
                found.append(("widen", task, reason, routing.step + 1))
        return found

    def _is_left(self, task: str, at: int) -> bool:
        """Do the conditions of a step hold, from left to right?"""
        queue_id, mrd = self.tasks[task].routing.queue_id, self._queue(task).mrd_id
        waiting = [
            self.tasks[t].routing.first_enqueued_at
            for t in self.queued
            if self.tasks[t].routing.queue_id == queue_id and t not in self.out and not self.is_gone(t)
        ]
        own = [a for a in self.agents if at in self._ranks(task, a)]
        found = {
            s.Measure.LOGGED_IN: sum(self._is_there(task, a, False) for a in own),
            s.Measure.READY: sum(self._is_there(task, a, True) for a in own),
            s.Measure.AVAILABLE: sum(a in self.free(mrd) for a in own),
            s.Measure.QUEUE_LENGTH: len(waiting),
            s.Measure.OLDEST_WAIT_S: int((self.now - min(waiting, default=self.now)).total_seconds()),
        }
        held = True
        for number, it in enumerate(self._queue(task).steps[at].skip_when):
            holds = it.measure in found and COMPARED[it.operator](found[it.measure], it.value)
            held = (held or holds) if number and it.junction is s.Junction.OR else (held and holds)
        return held

    def closed(self, now: datetime) -> list[Plain]:
        """Whose queue is closed (routing 57)."""
        found = []
        for task in self.queued:
            routing, opening = self.tasks[task].routing, self._queue(task).opening
            if opening is None or task in self.out or self.is_gone(task) or self.opened(opening.calendar_id, now):
                continue
            came_at = routing.waited_since or routing.entered_at or routing.first_enqueued_at
            came_open = self.opened(opening.calendar_id, came_at)
            diversion = opening.at_closing if came_open else opening.closed
            rule = f"{routing.queue_id}: {'closing' if came_open else 'closed'}"
            if diversion is not None and rule not in routing.diverted and self._is_for(task, diversion):
                found.append(("divert", task, rule, 0))
                if diversion.action is not DiversionAction.MESSAGE:
                    self.gone.add(task)
        return found

    def overflowing(self, now: datetime, told: set[str]) -> list[Plain]:
        """Before whom too many wait, who waits too long, for whom nobody is there (routing 58)."""
        found = []
        standing = [t for t in self.queued if t not in self.out and not self.is_gone(t)]
        places: dict[str, list[str]] = {}
        for task in standing:
            places.setdefault(self.tasks[task].routing.queue_id, []).append(task)
        befores = {
            task: before
            for queue, those in places.items()
            if self.queues[queue].overflow
            for before, task in enumerate(sorted(those, key=self._place))
        }
        for task in standing:
            if task in told:
                continue
            queue, before = self._queue(task), befores.get(task, 0)
            for rule in queue.overflow:
                holds, measured = self._overflows(task, rule, before, now)
                name = f"{self.tasks[task].routing.queue_id}: {rule.name}"
                applied = name in self.tasks[task].routing.diverted or not self._is_for(task, rule.diversion)
                if holds and not applied:
                    found.append(("divert", task, name, measured))
                    break
        leaving = {it[1] for it in found if self._leaves(it)}
        self.gone |= leaving
        return found

    def _leaves(self, found: Plain) -> bool:
        queue = self._queue(found[1])
        return any(
            found[2].endswith(rule.name) and rule.diversion.action is not DiversionAction.MESSAGE
            for rule in queue.overflow
        )

    def _overflows(self, task: str, rule: Overflow, before: int, now: datetime) -> tuple[bool, int]:
        match rule.condition:
            case OverflowCondition.QUEUE_LENGTH:
                return before >= rule.threshold, before
            case OverflowCondition.OLDEST_WAIT:
                waited = (now - self.tasks[task].routing.first_enqueued_at).total_seconds()
                return waited >= rule.threshold, int(waited)
            case OverflowCondition.ESTIMATED_WAIT:  # it is not the engine's to know
                return False, 0
        steps = self._queue(task).steps
        serves = (a for a in self.agents if self._is_there(task, a, False))
        return not any(any(step.matches(self.agents[a].attributes) for step in steps) for a in serves), 0

    def _is_for(self, task: str, diversion: Diversion) -> bool:
        """Further queues send people out of them, and tell them nothing (routing 11)."""
        return " in " not in task or diversion.action is not DiversionAction.MESSAGE

    def _is_there(self, task: str, agent: str, ready: bool) -> bool:
        it, mrd = self.agents[agent], self._queue(task).mrd_id
        here = it.logged_in and mrd in it.mrds and it.mrds[mrd].tasks_max > 0
        return here and (not ready or (it.ready and it.mrds[mrd].willing))
